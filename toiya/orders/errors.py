"""What carts, orders and order requests refuse."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal
from toiya.core.reader import day
from toiya.directory.models import Tenant


# ---------------------------------------------------------------- who may buy for whom
class PartnershipMissing(Refusal):
    """A provider orders for a reseller's customer only while the two are partners (S-069)."""

    code = "partnership_missing"

    def __init__(self, *, provider: str, reseller: str) -> None:
        super().__init__(
            _(
                "A partnership is missing: %(provider)s and %(reseller)s are not partners in the programme at present, "
                "so nothing can be ordered through %(reseller)s."
            )
            % {"provider": provider, "reseller": reseller}
        )


class RelationshipMissing(Refusal):
    """Whoever sells to a customer needs a reseller relationship of its own with it (S-069, S-076, S-078, S-096)."""

    code = "relationship_missing"

    def __init__(self, *, partner: str, customer: str) -> None:
        super().__init__(
            _(
                "A reseller relationship is missing: %(partner)s has none with %(customer)s at present. A partnership "
                "does not replace it. Request the relationship first; the customer has to accept it."
            )
            % {"partner": partner, "customer": customer}
        )


class AccountMissing(Refusal):
    """A customer trades only with an account (S-077)."""

    code = "account_missing"

    def __init__(self, *, customer: str) -> None:
        super().__init__(
            _(
                "A customer account is missing: %(customer)s has none yet. Enter its company and billing data on the "
                "account page first."
            )
            % {"customer": customer}
        )


class AgreementNotConfirmed(Refusal):
    """Nothing is ordered for a customer that has not accepted the customer agreement, where the operator wants that."""

    code = "customer_agreement_missing"

    def __init__(self, *, provider: str, customer: str) -> None:
        super().__init__(
            _(
                "The customer agreement is missing: %(customer)s has not accepted it, and %(provider)s has not "
                "confirmed that it has. %(provider)s confirms it on the customer's account page, or %(customer)s "
                "accepts it in its own portal, under “Customer agreement”."
            )
            % {"provider": provider, "customer": customer}
        )


class CustomerIsPartner(Refusal):
    """Nobody in the programme resells to a programme partner's trading tenant (N-16)."""

    code = "customer_is_partner"

    def __init__(self, *, customer: str) -> None:
        super().__init__(
            _(
                "%(customer)s is itself a partner of the programme with this organization. Partners do not resell to "
                "each other; for its own use it needs another organization."
            )
            % {"customer": customer}
        )


class MarketClosed(Refusal):
    """A provider sells in the sales region of its own country, and where the programme is open (N-44)."""

    code = "market_closed"

    def __init__(self, *, found: str, expected: str, field: str | None = None) -> None:
        super().__init__(
            _(
                "The customer is in “%(found)s”. The seller may sell in its own sales region, “%(expected)s”, and only "
                "where the programme is open."
            )
            % {"found": found, "expected": expected},
            field=field,
        )


class SupportNeedsAccess(Refusal):
    """A reseller supports a customer only with administrator access to it (N-34)."""

    code = "support_needs_access"
    status = 400
    message = gettext_lazy(
        "A reseller can be the support contact only together with administrator access. Tick at least one role for it."
    )

    def __init__(self) -> None:
        super().__init__(field="is_support_contact")


class TaxDeclaredTooLate(Refusal):
    """Tax exemption is declared before customers and subscriptions are added (N-08)."""

    code = "tax_declared_too_late"

    def __init__(self, *, customers: int, subscriptions: int) -> None:
        super().__init__(
            _(
                "Tax exemption has to be declared before customers and subscriptions are added. Your organization has "
                "%(customers)s customer(s) and %(subscriptions)s subscription(s) already; write to the operator."
            )
            % {"customers": customers, "subscriptions": subscriptions},
            field="is_tax_exempt",
        )


class WrongTaxNumber(Refusal):
    """The number does not follow the rules of the partner's country (N-41)."""

    code = "wrong_tax_number"
    status = 400

    def __init__(self, *, found: str, country: str) -> None:
        super().__init__(
            _("“%(found)s” is not a valid tax number of %(country)s. Check its digits; one is a check digit.")
            % {"found": found, "country": country},
            field="tax_number",
        )


# ---------------------------------------------------------------- one line
class TwiceInCart(Refusal):
    """One line enlarges a subscription."""

    code = "twice_in_cart"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            _("Another line adds to “%(name)s” already. Put the quantities together.") % {"name": name}
        )


class ParentMissing(Refusal):
    """An add-on belongs to a subscription."""

    code = "parent_missing"

    def __init__(self, *, offer: str) -> None:
        super().__init__(
            _(
                "“%(offer)s” is an add-on: choose the subscription, or the line of this cart, that it belongs to."
            )
            % {"offer": offer},
            field="parent",
        )


class WrongParent(Refusal):
    """The chosen parent is not one that the add-on fits."""

    code = "wrong_parent"

    def __init__(self, *, offer: str, needed: str) -> None:
        super().__init__(
            _("“%(offer)s” can belong only to a running subscription of: %(needed)s.")
            % {"offer": offer, "needed": needed},
            field="parent",
        )


class NotEnlargeable(Refusal):
    """Licences are added to running subscriptions that are sold by quantity, by their seller (S-099)."""

    code = "not_enlargeable"

    def __init__(self, *, name: str, found: str) -> None:
        super().__init__(
            _(
                "Nothing can be added to “%(name)s” (%(found)s). Licenses are added to active license-based "
                "subscriptions of the same seller."
            )
            % {"name": name, "found": found}
        )


class WrongEnd(Refusal):
    """A term of one's own ends together with another subscription, inside the offer's term."""

    code = "wrong_end"

    def __init__(self, *, found: dt.date, latest: dt.date | None) -> None:
        super().__init__(
            _(
                "The end date %(found)s is not possible. Choose the end date of another subscription of this "
                "customer, at the latest %(latest)s."
            )
            % {"found": day(found), "latest": day(latest) or "–"},
            field="custom_term_end",
        )


class PromotionNotGiven(Refusal):
    """The line names a promotion that this sale does not get (N-31)."""

    code = "promotion_not_given"

    def __init__(self, *, reasons: Sequence[str]) -> None:
        super().__init__(
            _("The promotion that the line names does not apply: %(reasons)s")
            % {"reasons": " ".join(reasons)},
            field="promotion",
        )


class AttributesMissing(Refusal):
    """What a customer's provisioning context may hold."""

    code = "attributes_wrong"
    message = gettext_lazy(
        "Write one attribute a line as name: value, at most 20 lines and 200 characters for each."
    )


# ---------------------------------------------------------------- carts and submission
class CartEmpty(Refusal):
    """There is nothing to buy."""

    code = "cart_empty"
    message = gettext_lazy("The cart is empty. Add something first.")


class CartExpired(Refusal):
    """A cart lives seven days; expiry is the comparison of two instants at this request."""

    code = "cart_expired"
    status = 410

    def __init__(self, *, on: dt.date) -> None:
        super().__init__(
            _("This cart expired on %(on)s; prices and offers may have changed. Start a new one.")
            % {"on": day(on)}
        )


class CartUsed(Refusal):
    """One cart becomes one order."""

    code = "cart_used"
    message = gettext_lazy("This cart has been ordered already. You find the order in the list of orders.")


class NothingOrdered(Refusal):
    """Not one line can be ordered, so there is no order."""

    code = "nothing_ordered"

    def __init__(self, *, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            _("Nothing was ordered, because no line of it can be ordered: %(reasons)s")
            % {"reasons": " ".join(dict.fromkeys(reasons))}
        )


class LineNotPossible(Refusal):
    """An order that is placed whole is placed with all its lines or not at all."""

    code = "line_not_possible"

    def __init__(self, *, position: int, problem: str, reason: str) -> None:
        self.position, self.problem, self.reason = position, problem, reason
        super().__init__(
            _("Nothing was ordered, because of line %(position)s: %(problem)s")
            % {"position": position, "problem": problem}
        )


class NotCancellable(Refusal):
    """An order is undone by giving back what it bought; what is gone already, or enlarged something, is not."""

    code = "not_cancellable"
    message = gettext_lazy(
        "This order cannot be canceled: nothing of it runs any more, or it added licenses to a subscription. Cancel or "
        "change the subscription instead."
    )


class LinesNotPossible(Refusal):
    """A request is sent, or offered back, only when every line of it could be ordered."""

    code = "lines_not_possible"

    def __init__(self, *, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            _("Change or remove what cannot be ordered first: %(reasons)s")
            % {"reasons": " ".join(dict.fromkeys(reasons))}
        )


class SubmissionKeyReused(Refusal):
    """The key of a submission belongs to what was submitted with it (G-32)."""

    code = "submission_key_reused"
    status = 422
    message = gettext_lazy(
        "This submission key was used for another order already. Open the page again and submit once more."
    )


class CustomerAddedBefore(Refusal):
    """The same submission came a second time; the first one made the customer."""

    code = "customer_added_before"
    message = gettext_lazy("This customer has been added by this submission already.")

    def __init__(self, *, customer: Tenant) -> None:
        self.customer = customer
        super().__init__()


# ---------------------------------------------------------------- order requests
class RequestSettled(Refusal):
    """The request has been answered or withdrawn already."""

    code = "request_settled"

    def __init__(self, *, found: str) -> None:
        super().__init__(
            _("This order request is “%(found)s” already, so nothing was changed.") % {"found": found}
        )


class PriceRose(Refusal):
    """What the reseller agreed to pay has risen since; it has to agree again."""

    code = "price_rose"

    def __init__(self, *, offer: str) -> None:
        super().__init__(
            _(
                "The price of “%(offer)s” for the reseller has risen since the request. Send the request back changed, "
                "so that the reseller can accept the new price."
            )
            % {"offer": offer}
        )


class ReasonMissing(Refusal):
    """A refusal to a partner gives its reason."""

    code = "reason_missing"
    status = 400
    message = gettext_lazy("Give the reason; the other side reads it.")

    def __init__(self, field: str = "reason") -> None:
        super().__init__(field=field)

"""What subscriptions refuse."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core import errors
from toiya.core.errors import Refusal
from toiya.core.reader import day

ChangedMeanwhile = errors.ChangedMeanwhile  # raised by lifecycle.change


class NotInThisState(Refusal):
    """The state machine has no such arrow from where the subscription is."""

    code = "not_in_this_state"

    def __init__(self, *, found: str, expected: str) -> None:
        super().__init__(
            _("The subscription is “%(found)s”; this is possible only while it is “%(expected)s”.")
            % {"found": found, "expected": expected}
        )


class PartnershipMissing(Refusal):
    """A reseller manages through its provider, so the two must be partners now."""

    code = "partnership_missing"
    status = 403

    def __init__(self, *, provider: str, reseller: str) -> None:
        super().__init__(
            _("%(provider)s and %(reseller)s have no partnership; without one only %(provider)s can do this.")
            % {"provider": provider, "reseller": reseller}
        )


class RelationshipMissing(Refusal):
    """The other partner has no live reseller relationship with the customer."""

    code = "relationship_missing"

    def __init__(self, *, partner: str, customer: str, field: str | None = None) -> None:
        super().__init__(
            _("%(partner)s has no reseller relationship with %(customer)s.")
            % {"partner": partner, "customer": customer},
            field=field,
        )


class ProviderOrders(Refusal):
    """Whatever changes money is the provider's to order; a reseller asks by an order request (S-099)."""

    code = "provider_orders"
    status = 403

    def __init__(self, *, provider: str) -> None:
        super().__init__(
            _("Only %(provider)s can do this, because it changes what is paid. Ask it with an order request.")
            % {"provider": provider}
        )


class SellsNothingNew(Refusal):
    """A suspended partner keeps managing what runs and sells nothing new (N-40)."""

    code = "sells_nothing_new"
    status = 403
    message = gettext_lazy(
        "Your organization is suspended: what runs can still be managed, but nothing new can be sold."
    )


class PartnerStopped(Refusal):
    """A suspended partner manages what runs and sells nothing new (N-40)."""

    code = "partner_stopped"

    def __init__(self, *, partner: str) -> None:
        super().__init__(
            _(
                "%(partner)s is suspended or not approved in the programme at present. Existing services stay "
                "manageable; nothing new can be sold."
            )
            % {"partner": partner}
        )


class WindowClosed(Refusal):
    """Giving back is possible only in the days after activation, renewal or an addition."""

    code = "window_closed"

    def __init__(self, *, until: dt.datetime | None, least: int | None = None) -> None:
        if least is not None:
            text = _(
                "Until %(until)s the quantity can go down to %(least)s, to what it was before the addition."
            )
        elif until is not None:
            text = _(
                "The window for giving licenses back closed on %(until)s. Schedule it for the renewal instead."
            )
        else:
            text = _("This subscription has no window for giving anything back.")
        super().__init__(text % {"until": day(until), "least": least}, field="quantity")


class QuantityFixed(Refusal):
    """What is paid once or by usage has no quantity to change."""

    code = "quantity_fixed"

    def __init__(self, *, kind: str) -> None:
        super().__init__(
            _("The quantity cannot be changed: this is “%(kind)s”.") % {"kind": kind}, field="quantity"
        )


class QuantityUnchanged(Refusal):
    """It is that already."""

    code = "quantity_unchanged"

    def __init__(self, *, quantity: int) -> None:
        super().__init__(
            _("The quantity is %(quantity)s already.") % {"quantity": quantity}, field="quantity"
        )


class ChangeUnderWay(Refusal):
    """The vendor's system is still busy with an earlier change."""

    code = "change_under_way"
    message = gettext_lazy(
        "An earlier change is still being carried out by the vendor. Wait until it is done."
    )


class ParentNotActive(Refusal):
    """An add-on follows the subscription that it belongs to."""

    code = "parent_not_active"

    def __init__(self, *, parent: str, found: str) -> None:
        super().__init__(
            _("This add-on belongs to “%(parent)s”, which is “%(found)s”.")
            % {"parent": parent, "found": found}
        )


class SuspendedByAnother(Refusal):
    """Who suspended a subscription reactivates it, or the party above (N-28)."""

    code = "suspended_by_another"

    def __init__(self, *, who: str) -> None:
        super().__init__(_("%(who)s suspended this subscription; only it can reactivate it.") % {"who": who})


class TermOver(Refusal):
    """The term ended while it was suspended, and it was not to renew."""

    code = "term_over"

    def __init__(self, *, on: dt.date) -> None:
        super().__init__(_("The term ended on %(on)s and is not renewed automatically.") % {"on": day(on)})


class DoesNotRenew(Refusal):
    """Trials and one-time purchases have no next term."""

    code = "does_not_renew"

    def __init__(self, *, kind: str) -> None:
        super().__init__(_("There is no renewal: this is “%(kind)s”.") % {"kind": kind})


class NothingScheduled(Refusal):
    """The schedule would repeat what is there, or there is none to remove."""

    code = "nothing_scheduled"
    message = gettext_lazy("Nothing would be different at the renewal.")


class WrongEndDate(Refusal):
    """Subscriptions end together on the end date of another one of the same customer and seller."""

    code = "wrong_end_date"

    def __init__(self, *, found: dt.date, after: dt.date, until: dt.date) -> None:
        super().__init__(
            _(
                "%(found)s is not the end of another subscription of this customer, after %(after)s and not "
                "after %(until)s."
            )
            % {"found": day(found), "after": day(after), "until": day(until)},
            field="term_end",
        )


class NotATarget(Refusal):
    """The offer is no way on from this subscription."""

    code = "not_a_target"

    def __init__(self, *, offer: str, field: str = "availability") -> None:
        super().__init__(
            _("“%(offer)s” cannot be chosen for this subscription.") % {"offer": offer}, field=field
        )


class NothingAbove(Refusal):
    """The catalogue names no product as the upgrade of this one, for this term and billing (N-29)."""

    code = "nothing_above"

    def __init__(self, *, offer: str) -> None:
        super().__init__(
            _("The catalog has no upgrade of “%(offer)s” with this term and billing.") % {"offer": offer}
        )


class TargetOwned(Refusal):
    """Upgrades lead to something that the customer does not have yet (N-29)."""

    code = "target_owned"

    def __init__(self, *, offer: str) -> None:
        super().__init__(
            _("The customer has “%(offer)s” already. Add licenses there instead.") % {"offer": offer},
            field="availability",
        )


class AccessMissing(Refusal):
    """The act needs administrator access to the customer (N-29, N-34)."""

    code = "access_missing"

    def __init__(self, *, partner: str, customer: str, field: str | None = None) -> None:
        super().__init__(
            _("%(partner)s holds no administrator access to %(customer)s; ask the customer for it first.")
            % {"partner": partner, "customer": customer},
            field=field,
        )


class AddOnInTheWay(Refusal):
    """An add-on would lose the product that it needs."""

    code = "add_on_in_the_way"

    def __init__(self, *, add_on: str, target: str) -> None:
        super().__init__(
            _("The add-on “%(add_on)s” does not work with “%(target)s”.")
            % {"add_on": add_on, "target": target}
        )


class NotAPartner(Refusal):
    """The organisation cannot have this part in the subscription."""

    code = "not_a_partner"
    message = gettext_lazy("Choose one of the listed organizations.")


class StillActive(Refusal):
    """A relationship ends only after its subscriptions are suspended (N-20)."""

    code = "still_active"

    def __init__(self, *, count: int) -> None:
        super().__init__(
            _("Suspend every active subscription first; there are %(count)s.") % {"count": count}
        )


class NameUnfit(Refusal):
    """A subscription is called something, in at most so many characters."""

    code = "name_unfit"
    status = 400

    def __init__(self, *, found: int, limit: int) -> None:
        super().__init__(
            _("A name has 1 to %(limit)s characters; this one has %(found)s.")
            % {"limit": limit, "found": found},
            field="friendly_name",
        )


class ReasonTooLong(Refusal):
    """The reason stands in a notice, not in a report."""

    code = "reason_too_long"
    status = 400

    def __init__(self, *, found: int, limit: int) -> None:
        super().__init__(
            _("A reason has at most %(limit)s characters; this one has %(found)s.")
            % {"limit": limit, "found": found},
            field="reason",
        )


class StateNotChosen(Refusal):
    """Some states come about, nobody sets them."""

    code = "state_not_chosen"
    status = 400

    def __init__(self, *, found: str, wanted: str, expected: str) -> None:
        super().__init__(
            _("Nobody sets “%(wanted)s”: the subscription is “%(found)s” and can become %(expected)s.")
            % {"wanted": wanted, "found": found, "expected": expected},
            field="status",
        )


class OnlyAtRenewal(Refusal):
    """Term, billing and product of a running term are agreed; the next one may have others."""

    code = "only_at_renewal"
    status = 400

    def __init__(self, *, what: str, found: str, wanted: str, field: str) -> None:
        super().__init__(
            _("%(what)s is “%(found)s” until the term ends; schedule “%(wanted)s” for the renewal.")
            % {"what": what, "found": found, "wanted": wanted},
            field=field,
        )


class RenewalOff(Refusal):
    """Without a next term there is nothing to schedule."""

    code = "renewal_off"
    status = 400
    message = gettext_lazy(
        "Automatic renewal is off, so there is no next term. Switch it on, then schedule the change."
    )


class TransferClosed(Refusal):
    """It was answered, withdrawn, or has lapsed."""

    code = "transfer_closed"

    def __init__(self, *, found: str) -> None:
        super().__init__(_("This transfer is closed: %(found)s.") % {"found": found})


class OtherPartyAnswers(Refusal):
    """The act belongs to another of the three parties of a transfer."""

    code = "other_party_answers"
    status = 403
    message = gettext_lazy(
        "The present provider and the customer answer this request; the new provider withdraws it."
    )


class AlreadyAnswered(Refusal):
    """The organisation has accepted already and waits for the other one."""

    code = "already_answered"
    message = gettext_lazy("Your organization has accepted already. The others have not answered yet.")


class NothingToTransfer(Refusal):
    """Only active subscriptions move, each with its add-ons, none twice at once."""

    code = "nothing_to_transfer"
    message = gettext_lazy(
        "Choose at least one active subscription of this customer and provider that is in no other open transfer."
    )


class TransferOpen(Refusal):
    """The same was asked already."""

    code = "transfer_open"
    message = gettext_lazy("You have an open request for this customer and provider already.")

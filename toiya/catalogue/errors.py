"""What the catalogue refuses. Each sentence names the rule, what was found and what is expected."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from toiya.core.errors import Refusal


class NotOnSale(Refusal):
    """The product is a draft, or it, the SKU or the availability was withdrawn."""

    code = "not_on_sale"

    def __init__(self, *, offer: str) -> None:
        super().__init__(_("“%(offer)s” is not on sale.") % {"offer": offer}, field="availability")


class OtherCountry(Refusal):
    """The customer's country decides what it may buy, and in which currency (N-44)."""

    code = "other_country"

    def __init__(self, *, offer: str, found: str, expected: str) -> None:
        super().__init__(
            _("“%(offer)s” is sold in %(found)s; the customer is in %(expected)s.")
            % {"offer": offer, "found": found, "expected": expected},
            field="availability",
        )


class OutsideRegion(Refusal):
    """A partner sells in its own sales region (N-44)."""

    code = "outside_region"

    def __init__(self, *, seller: str, found: str, expected: str) -> None:
        super().__init__(
            _("%(seller)s sells in the region %(expected)s; the customer is in the region %(found)s.")
            % {"seller": seller, "found": found, "expected": expected},
            field="availability",
        )


class OtherSegment(Refusal):
    """The offer is for another kind of customer (N-27)."""

    code = "other_segment"

    def __init__(self, *, offer: str, found: str, expected: str) -> None:
        super().__init__(
            _("“%(offer)s” is for customers of the segment %(expected)s; this one is %(found)s.")
            % {"offer": offer, "found": found, "expected": expected},
            field="availability",
        )


class LimitReached(Refusal):
    """Some SKUs may be had only so many times by one customer (N-27)."""

    code = "limit_reached"

    def __init__(self, *, offer: str, found: int, expected: int) -> None:
        super().__init__(
            ngettext(
                "A customer may have “%(offer)s” at most once; this one has had it.",
                "A customer may have “%(offer)s” at most %(expected)s times; this one has had it %(found)s times.",
                expected,
            )
            % {"offer": offer, "found": found, "expected": expected},
            field="availability",
        )


class PrerequisiteMissing(Refusal):
    """The SKU needs another one that the customer does not have from the same seller."""

    code = "prerequisite_missing"

    def __init__(self, *, offer: str, needs: str) -> None:
        super().__init__(
            _("“%(offer)s” needs a subscription to %(needs)s from the same provider; the customer has none.")
            % {"offer": offer, "needs": needs},
            field="availability",
        )


class QuantityOutOfBounds(Refusal):
    """The SKU is sold in other quantities."""

    code = "quantity_out_of_bounds"

    def __init__(self, *, offer: str, found: int, least: int, most: int) -> None:
        text = (
            _("“%(offer)s” is sold in exactly %(least)s units; %(found)s were asked for.")
            if least == most
            else _("“%(offer)s” is sold in %(least)s to %(most)s units; %(found)s were asked for.")
        )
        super().__init__(
            text % {"offer": offer, "found": found, "least": least, "most": most}, field="quantity"
        )


class CodeTaken(Refusal):
    """Codes name things in files; two things of a kind cannot share one."""

    code = "code_taken"

    def __init__(self, *, code: str) -> None:
        super().__init__(
            _("The code “%(code)s” is used already. Choose another.") % {"code": code}, field="code"
        )


class NothingToSell(Refusal):
    """A product is published with at least one SKU that can be bought somewhere."""

    code = "nothing_to_sell"
    message = gettext_lazy("The product has no SKU with an availability yet. Add one, then publish it.")


class NotInThisPhase(Refusal):
    """What is published cannot be published again, what is withdrawn cannot be withdrawn again."""

    code = "not_in_this_phase"

    def __init__(self, *, name: str, found: str) -> None:
        super().__init__(
            _("“%(name)s” is %(found)s already. Nothing was changed.") % {"name": name, "found": found}
        )


class WrongBounds(Refusal):
    """The least quantity is above the largest one."""

    code = "wrong_bounds"

    def __init__(self, *, least: int, most: int) -> None:
        super().__init__(
            _("The largest quantity (%(most)s) must not be below the least one (%(least)s).")
            % {"least": least, "most": most},
            field="max_quantity",
        )


class WrongCombination(Refusal):
    """The term has no such billing cycle, or the kind of SKU no such term."""

    code = "wrong_combination"

    def __init__(self, *, term: str, cycle: str, kind: str, expected: str) -> None:
        super().__init__(
            _(
                "%(kind)s: the term “%(term)s” is not sold with the billing “%(cycle)s”. Possible: %(expected)s."
            )
            % {"kind": kind, "term": term, "cycle": cycle, "expected": expected},
            field="billing_cycle",
        )


class WrongTarget(Refusal):
    """A trial converts into a licence, and only a trial converts."""

    code = "wrong_target"
    message = gettext_lazy(
        "A trial is converted into a license-based SKU of the same catalog, and nothing else is."
    )


class TooManyPinned(Refusal):
    """Five products fit at the top of the catalogue (N-32)."""

    code = "too_many_pinned"

    def __init__(self, *, most: int) -> None:
        super().__init__(
            _("You have pinned %(most)s products already; that is the most. Unpin one first.")
            % {"most": most}
        )

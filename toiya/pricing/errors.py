"""What prices refuse."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal


class NotPriced(Refusal):
    """No price list in force names the offer, so nobody may sell it today."""

    code = "not_priced"

    def __init__(self, *, offer: str, country: str, on: str) -> None:
        super().__init__(
            _("“%(offer)s” has no price in the price list of %(country)s that is in force on %(on)s.")
            % {"offer": offer, "country": country, "on": on}
        )


class ListIsPublished(Refusal):
    """Published price lists never change; a later one replaces them."""

    code = "list_is_published"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            _("“%(name)s” is published and stays as it is. Draft a list for a later day to change prices.")
            % {"name": name}
        )


class ListExists(Refusal):
    """A country has one list for a day."""

    code = "list_exists"

    def __init__(self, *, name: str, on: str) -> None:
        super().__init__(
            _("For %(on)s there is “%(name)s” in this country already. Choose another day.")
            % {"name": name, "on": on},
            field="valid_from",
        )


class BeginsTooEarly(Refusal):
    """A list counts from a day on that has not passed, so that no price changes afterwards."""

    code = "begins_too_early"

    def __init__(self, *, found: str, expected: str) -> None:
        super().__init__(
            _("A published list begins on %(expected)s at the earliest; this one would begin on %(found)s.")
            % {"found": found, "expected": expected},
            field="valid_from",
        )


class EmptyList(Refusal):
    """A list without lines would take every offer of the country off sale."""

    code = "empty_list"
    message = gettext_lazy("The list has no prices yet. Enter or import some, then publish it.")


class DatesReversed(Refusal):
    """The last day lies before the first."""

    code = "dates_reversed"

    def __init__(self, *, first: str, last: str) -> None:
        super().__init__(
            _("The last day (%(last)s) must not be before the first day (%(first)s).")
            % {"first": first, "last": last},
            field="last_day",
        )


class PromotionIsPublished(Refusal):
    """What partners have seen of a promotion does not change; it can be ended."""

    code = "promotion_is_published"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            _("“%(name)s” is published and stays as it is. End it and draft another one.") % {"name": name}
        )


class PromotionNotRunning(Refusal):
    """Only what is published and has not ended can be ended."""

    code = "promotion_not_running"

    def __init__(self, *, name: str) -> None:
        super().__init__(_("“%(name)s” is not running, so it cannot be ended.") % {"name": name})


class UnknownBuyer(Refusal):
    """Prices are set for one's own buyers."""

    code = "unknown_buyer"

    def __init__(self, *, domain: str) -> None:
        super().__init__(
            _("None of your partners and customers has the domain “%(domain)s”.") % {"domain": domain},
            field="buyer",
        )


class RuleIncomplete(Refusal):
    """A fixed price is one of a single offer."""

    code = "rule_incomplete"
    message = gettext_lazy(
        "A fixed price needs one offer and an amount. Choose the offer with its term and billing."
    )


class RuleRemoved(Refusal):
    """Somebody removed the rule already, or brought it back."""

    code = "rule_removed"
    message = gettext_lazy("This price rule was removed or restored meanwhile. Nothing was changed.")


class SameCurrency(Refusal):
    """A rate is one of two currencies."""

    code = "same_currency"

    def __init__(self, *, currency: str) -> None:
        super().__init__(
            _("A rate joins two different currencies; both are %(currency)s.") % {"currency": currency},
            field="quoted",
        )


class NotOwnRegion(Refusal):
    """A partner sells in the countries of its own sales region (N-44)."""

    code = "not_own_region"
    status = 403

    def __init__(self, *, found: str, expected: Sequence[str]) -> None:
        super().__init__(
            _("You sell in these countries or regions: %(expected)s. “%(found)s” is not one of them.")
            % {"found": found, "expected": ", ".join(expected)},
            field="country",
        )

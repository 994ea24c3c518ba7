"""What prices refuse."""

from django.utils.translation import gettext as _

from toiya.core.errors import Refusal


class NotPriced(Refusal):
    """No price list in force names the offer, so nobody may sell it today."""

    code = "not_priced"

    def __init__(self, *, offer: str, country: str, on: str) -> None:
        super().__init__(
            _("“%(offer)s” has no price in the price list of %(country)s that is in force on %(on)s.")
            % {"offer": offer, "country": country, "on": on}
        )

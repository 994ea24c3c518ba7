"""What licences refuse."""

from django.utils.translation import gettext as _

from toiya.core.errors import Refusal


class SeatsInUse(Refusal):
    """Fewer seats than are assigned: licences have to be revoked first."""

    code = "seats_in_use"

    def __init__(self, *, assigned: int, wanted: int) -> None:
        super().__init__(
            _(
                "%(assigned)s licenses are assigned to users, so the seats cannot go down to %(wanted)s. "
                "Revoke licenses first."
            )
            % {"assigned": assigned, "wanted": wanted},
            field="quantity",
        )


class NoSeatFree(Refusal):
    """Every seat that is not suspended has a user."""

    code = "no_seat_free"

    def __init__(self, *, product: str, seats: int) -> None:
        super().__init__(
            _("All %(seats)s licenses of “%(product)s” are in use. Order more, or revoke one first.")
            % {"product": product, "seats": seats}
        )

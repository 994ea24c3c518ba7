"""What licences and a customer's users refuse."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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


class NoSuchSeats(Refusal):
    """The organisation has never had a seat of it."""

    code = "no_such_seats"
    message = gettext_lazy("The organization has no licenses of this product. Order some first.")


class UserDisabled(Refusal):
    """A disabled user holds no licence (I-10)."""

    code = "user_disabled"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            _("“%(name)s” is disabled, and a disabled user holds no licenses. Enable the user first.")
            % {"name": name}
        )


class PlansNotPossible(Refusal):
    """Switched off are service plans that the product has, and never all of them."""

    code = "plans_not_possible"

    def __init__(self, *, product: str, found: Iterable[str], expected: Iterable[str]) -> None:
        super().__init__(
            _("“%(product)s” has these service plans: %(expected)s. “%(found)s” is none of them.")
            % {"product": product, "found": ", ".join(found), "expected": ", ".join(expected)},
            field="plans",
        )


class NoPlanLeft(Refusal):
    """A licence without any service plan would occupy a seat for nothing."""

    code = "no_plan_left"

    def __init__(self, *, product: str) -> None:
        super().__init__(
            _("Leave at least one service plan of “%(product)s” on, or revoke the license instead.")
            % {"product": product},
            field="plans",
        )


class TooManyAtOnce(Refusal):
    """More users than one page changes; a file takes thousands."""

    code = "too_many_at_once"

    def __init__(self, *, found: int, limit: int) -> None:
        super().__init__(
            _("%(found)s users are selected. Change at most %(limit)s at a time, or hand in a file.")
            % {"found": found, "limit": limit}
        )


class NameTooLong(Refusal):
    """Names of a customer's users have at most 50 characters, on pages and in files (N-25)."""

    code = "name_too_long"

    def __init__(self, *, found: int, limit: int, field: str = "name") -> None:
        super().__init__(
            _("A name has at most %(limit)s characters; this one has %(found)s.")
            % {"limit": limit, "found": found},
            field=field,
        )


class NameMissing(Refusal):
    """A user without a name cannot be found in any list."""

    code = "name_missing"
    status = 400
    message = gettext_lazy("A user needs a name.")


class CountryNotOpen(Refusal):
    """Users are where the programme is open."""

    code = "country_not_open"
    status = 400

    def __init__(self, *, found: str) -> None:
        super().__init__(
            _("“%(found)s” is not the code of a country or region in which the programme is open.")
            % {"found": found},
            field="usage_country",
        )


class RoleHeld(Refusal):
    """A user holds one administrator role at a time (N-02)."""

    code = "role_held"

    def __init__(self, *, name: str, role: str | Promise) -> None:
        super().__init__(
            _(
                "“%(name)s” holds the role “%(role)s”, and a user holds one administrator role. Take it away first."
            )
            % {"name": name, "role": role}
        )


class RoleNotLent(Refusal):
    """A partner gives and takes only roles that its access contains, and never the global administrator's (T-14)."""

    code = "role_not_lent"
    status = 403

    def __init__(self, *, role: str | Promise) -> None:
        super().__init__(
            _(
                "Administrator access by a partner does not let you give or take the role “%(role)s”. "
                "A global administrator of the organization can do this."
            )
            % {"role": role}
        )

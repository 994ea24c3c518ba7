"""Refusals: what the business says no to. Doors turn them into pages or answers.

Each class carries a literal ``code`` that never changes. The message names the rule, the value found and the value
expected, in the reader's language.
"""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """The request cannot be carried out; nothing has changed."""

    code = "refused"
    status = 409
    message: str | Promise = _("This request cannot be carried out.")

    def __init__(self, message: str | Promise | None = None, *, field: str | None = None) -> None:
        self.text = message if message is not None else self.message
        self.field = field
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.text)


class NotVisible(Refusal):
    """To this actor the thing does not exist (404): another tenant's row looks exactly like none at all."""

    code = "not_found"
    status = 404
    message = _("There is no such page or entry.")


class ChangedMeanwhile(Refusal):
    """Somebody else changed it since the page was read (G-31); what was typed is kept."""

    code = "changed_meanwhile"
    status = 412
    message = _(
        "Somebody changed this while you were editing. Look at what is different now, then save again."
    )


class RoleMissing(Refusal):
    """The actor sees the thing but no role of theirs allows the act (403)."""

    code = "role_missing"
    status = 403

    def __init__(self, *, act: str | Promise, roles: Sequence[str | Promise]) -> None:
        self.act = act
        self.roles = tuple(roles)
        super().__init__(
            _("“%(act)s” needs one of these roles: %(roles)s.")
            % {"act": act, "roles": ", ".join(str(role) for role in roles)}
        )


class CapacityMissing(Refusal):
    """The actor's organisation is not enrolled, not yet approved, or suspended in the capacity that the act needs."""

    code = "capacity_missing"
    status = 403
    message = _("Your organization is not approved for this, or is suspended.")


class SecondFactorStale(Refusal):
    """The act needs a second factor given within the last 15 minutes."""

    code = "second_factor_stale"
    status = 403
    message = _("Confirm it is you: this step needs your second factor, given less than 15 minutes ago.")


class PersonMissing(Refusal):
    """An application tries what only a person may do, on a page."""

    code = "person_missing"
    status = 403
    message = _("Only a person can do this, on the page for it; an application cannot.")


class NotFromSandbox(Refusal):
    """The act would change what real organisations share with the sandbox: programme, countries, agreements."""

    code = "not_from_sandbox"
    status = 403
    message = _("This is shared with real organizations. It cannot be changed from inside a sandbox.")


class TooManyAttempts(Refusal):
    """The limit of attempts is used up; later attempts are not evaluated."""

    code = "too_many_attempts"
    status = 429
    message = _("Too many attempts. Wait a while, then try again.")


class InvalidLink(Refusal):
    """The link was altered, or belongs to something else."""

    code = "invalid_link"
    status = 404
    message = _("This link is not complete. Open it again from the original message, in full.")

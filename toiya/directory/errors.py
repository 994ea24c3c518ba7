"""What the directory refuses."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toiya.core.errors import Refusal


class DomainTaken(Refusal):
    """Another organisation holds the domain."""

    code = "domain_taken"
    message = _("This domain already belongs to a work account. Sign in with it, or choose another domain.")


class SandboxFull(Refusal):
    """A sandbox is for trying things out, not for keeping a business in; the operator sets how much is in it."""

    code = "sandbox_full"

    def __init__(
        self, *, partners: int = 0, customers: int = 0, subscriptions: int = 0, licences: int = 0
    ) -> None:
        if partners:
            words = gettext(
                "A sandbox has at most %(most)s providers and %(most)s resellers. Delete one, or reset the sandbox."
            )
        elif customers:
            words = gettext("A sandbox has at most %(most)s customers. Delete some, or reset the sandbox.")
        elif subscriptions:
            words = gettext(
                "A customer in a sandbox has at most %(most)s subscriptions. Cancel some, or reset the sandbox."
            )
        else:
            words = gettext("A subscription in a sandbox has at most %(most)s licenses.")
        super().__init__(words % {"most": partners or customers or subscriptions or licences})


class DomainNotVerified(Refusal):
    """User names lie in a verified domain of the organisation (Q-22)."""

    code = "domain_not_verified"


class UserNameNotPossible(Refusal):
    """What stands before the @ of a user name is plain Latin letters, digits and a few signs (N-24)."""

    code = "user_name_not_possible"
    status = 400

    def __init__(self, *, found: str) -> None:
        super().__init__(
            gettext(
                "“%(found)s” cannot be a user name. Before the @ it has at most 64 characters: letters a to z,"
                " digits, and . _ - in between."
            )
            % {"found": found},
            field="local_part",
        )


class UserNameTaken(Refusal):
    """User names are unique."""

    code = "user_name_taken"


class EmailTaken(Refusal):
    """A contact address is unique within an organisation, whatever its case (S-049)."""

    code = "email_taken"


class LastGlobalAdministrator(Refusal):
    """Every organisation keeps at least one active global administrator (I-08)."""

    code = "last_global_administrator"
    message = _(
        "This is the only active global administrator. Give another active user that role first; "
        "the organization must keep at least one."
    )


class AlreadySuspended(Refusal):
    """The partner is suspended in this capacity."""

    code = "already_suspended"
    message = _("This partner is already suspended.")


class NotSuspended(Refusal):
    """There is nothing to restore."""

    code = "not_suspended"
    message = _("This partner is not suspended.")


class NotAPartner(Refusal):
    """The organisation does not hold the capacity."""

    code = "not_a_partner"
    message = _("This organization is not a partner in this capacity.")


class AlreadyFounded(Refusal):
    """An installation has one operator."""

    code = "already_founded"
    message = _("This installation has an operator already.")

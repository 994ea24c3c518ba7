"""What programs, and those who register them, are refused."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from toiya.core.errors import Refusal


class Reason(StrEnum):
    """Why a token opens nothing."""

    MISSING = "missing"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WRONG_AUDIENCE = "wrong audience"


SENTENCES = {
    Reason.MISSING: _("This address needs an access token in the header “Authorization: Bearer …”."),
    Reason.MALFORMED: _("This is no access token of this installation."),
    Reason.EXPIRED: _("The access token has expired. Ask for a new one."),
    Reason.REVOKED: _("The access token is no longer valid. Ask for a new one."),
    Reason.WRONG_AUDIENCE: _("The token was made for another recipient. Ask for one for this installation."),
}


NO_TOKEN = 800001
WIRE_CODES = {Reason.WRONG_AUDIENCE: 900420}  # conventions.md section 13


class TokenRefused(Refusal):
    """The request comes without a token that opens anything (401)."""

    code = "token_refused"
    status = 401

    def __init__(self, reason: Reason = Reason.MISSING) -> None:
        self.reason = reason
        self.wire_code = WIRE_CODES.get(reason, NO_TOKEN)
        super().__init__(SENTENCES[reason])


class TooManySecrets(Refusal):
    """Two secrets let one be changed while the other works; a third would only be one more to lose."""

    code = "too_many_secrets"
    message = _("An application has at most two secrets. Remove one first.")


class NoSecretsNeeded(Refusal):
    """A program that everybody can take apart keeps no secret."""

    code = "no_secrets_needed"
    message = _("A public application has no secrets: everybody who has the application could read them.")


class RedirectNotAllowed(Refusal):
    """Where a browser may not be sent with a code."""

    code = "redirect_not_allowed"


class FlowNotPossible(Refusal):
    """A way to get tokens that this kind of application, or this installation, does not have."""

    code = "flow_not_possible"


class RolesNotPossible(Refusal):
    """Roles that the application cannot hold, or that the actor cannot give."""

    code = "application_roles_not_possible"


class SecretLifeNotPossible(Refusal):
    """Secrets end."""

    code = "secret_life_not_possible"
    message = _("A secret lasts at least one day and at most two years.")


class UnknownUserCode(Refusal):
    """No program of the organisation waits with this code."""

    code = "unknown_user_code"
    message = _(
        "No application waits with this code. Compare it with the one that the application shows; it lasts 15 minutes."
    )

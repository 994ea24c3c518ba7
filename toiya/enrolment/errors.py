"""What the enrolment refuses."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from toiya.core.errors import Refusal


class IncompleteDetails(Refusal):
    """Some answers are missing or wrong; ``problems`` has a sentence for each field (S-017)."""

    code = "incomplete_details"
    status = 400
    message = _("Some details are missing or not accepted.")

    def __init__(self, problems: Mapping[str, str | Promise]) -> None:
        self.problems = dict(problems)
        super().__init__()


class StateChanged(Refusal):
    """The application is not in a state in which this can be done."""

    code = "application_state"

    def __init__(self, *, found: str | Promise, expected: str | Promise) -> None:
        super().__init__(
            _("This application is “%(found)s”; this needs “%(expected)s”.")
            % {"found": found, "expected": expected}
        )


class SeenAnotherVersion(Refusal):
    """Somebody changed the application after the applicant looked at it."""

    code = "application_changed"
    message = _("The application was changed in the meantime. Check it again, then enroll.")


class AlreadyEnrolled(Refusal):
    """The organisation is an indirect reseller already."""

    code = "already_enrolled"
    message = _("Your organization is already enrolled as an indirect reseller.")


class ProfileInactive(Refusal):
    """Only an active organisation profile can be linked (S-034)."""

    code = "profile_inactive"
    message = _("This organization profile is inactive. Choose an active one, or renew the membership first.")


class ProfileElsewhere(Refusal):
    """Real membership IDs stay out of sandboxes, and made-up ones in theirs."""

    code = "profile_elsewhere"
    message = _(
        "This membership ID cannot be used here: real ones stay out of sandboxes, made-up ones in theirs."
    )


class ProfileInOtherCountry(Refusal):
    """The profile and the tenant must be in the same country (S-035, Q-15)."""

    code = "profile_country"

    def __init__(self, *, found: str, expected: str) -> None:
        super().__init__(
            _(
                "The country or region of this organization profile is %(found)s, that of your work account "
                "%(expected)s. Choose a profile in the same country or region."
            )
            % {"found": found, "expected": expected}
        )


class AgreementMissing(Refusal):
    """The agreement in force must be accepted, by version."""

    code = "agreement_missing"
    message = _("Accept the agreement to enroll.")


class AgreementChanged(Refusal):
    """A newer version was published while the applicant was reading."""

    code = "agreement_changed"
    message = _("A newer version of the agreement was published. Read it, then accept it.")


class OwnApplication(Refusal):
    """Nobody reviews the application of the own organisation (reliability.md section 3, rule e)."""

    code = "own_application"
    status = 403
    message = _("This is your own organization's application. Somebody else must review it.")


class ContactNotVerified(Refusal):
    """The review goes on only after the primary contact confirmed by the mailed link (S-042)."""

    code = "contact_not_verified"

    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("The primary contact has not confirmed %(email)s yet. The review continues after that.")
            % {"email": email}
        )


class ContactDenied(Refusal):
    """The primary contact said “this was not us”; the applicant cannot go on alone (S-040)."""

    code = "contact_denied"
    message = _("The primary contact denied this application. The operator looks into it.")


class ChecksMissing(Refusal):
    """Both checks must have passed for the present submission (S-018)."""

    code = "checks_missing"

    def __init__(self, *, missing: str) -> None:
        super().__init__(
            _("These checks have not passed for the present submission: %(missing)s.") % {"missing": missing}
        )


class ReasonMissing(Refusal):
    """What the applicant is told must say something."""

    code = "reason_missing"
    status = 400
    message = _("Write at least one sentence.")


class LinkUsed(Refusal):
    """The primary contact has answered already; the link works once (S-041)."""

    code = "link_used"
    message = _("This link was used already; it works only once.")


class LinkOutdated(Refusal):
    """A newer mail was sent, or the application moved on."""

    code = "link_outdated"
    message = _("This link is no longer valid. Use the link in the latest mail.")


class LinkExpired(Refusal):
    """The contact answered too late."""

    code = "link_expired"
    message = _("This link has expired. Ask the applicant to have the mail sent again.")

"""What the membership site, the partner profile and the provider directory refuse."""

from django.utils.translation import gettext_lazy as _

from toiya.core.errors import Refusal


class WrongCredentials(Refusal):
    """User name or password of the membership site is wrong; which of the two is not told (S-028)."""

    code = "wrong_credentials"
    status = 400
    message = _("The user name or the password of the membership site is not right.")


class ProfileTaken(Refusal):
    """The organisation profile was moved to another dashboard account (S-032)."""

    code = "profile_taken"
    message = _(
        "This organization profile is linked to another dashboard account and cannot be linked again."
    )


class ProfileChanged(Refusal):
    """Somebody else saved a newer version meanwhile (T-47)."""

    code = "profile_changed"
    status = 412
    message = _(
        "Somebody else changed this while you had it open. Nothing of yours was saved, and what you typed "
        "is still below. Look at the changes, then save again."
    )


class WebMailAddress(Refusal):
    """An address of a web-based mail service cannot be a primary contact's (S-039)."""

    code = "web_mail_address"
    status = 400


class NoEntry(Refusal):
    """Only an indirect provider has an entry in the directory."""

    code = "no_entry"
    status = 404


class LogoWrong(Refusal):
    """A logo is a small PNG picture (N-09)."""

    code = "logo_wrong"
    status = 400
    message = _("This file is not a complete PNG picture. Choose a picture in the PNG format.")


class NothingToApprove(Refusal):
    """The entry holds no change that waits for the operator."""

    code = "nothing_to_approve"
    message = _(
        "There is no change that waits for approval. Load the page again to see the entry as it stands."
    )


class NotListed(Refusal):
    """The entry is not in the public directory."""

    code = "not_listed"
    message = _("This entry is not in the public directory.")

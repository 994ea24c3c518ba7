"""What relations refuse."""

from django.utils.translation import gettext_lazy as _

from toiya.core.errors import NotVisible, Refusal


class ConsentMissing(Refusal):
    """Only an active global administrator of the granting organisation can consent (I-05)."""

    code = "consent_missing"
    status = 403
    message = _(
        "Only an active global administrator of the organization can consent to administrator access."
    )


class GrantMissing(NotVisible):
    """No live grant: what is inside the organisation does not exist for this partner; pages say so in the same words.

    A class of its own, so that the API can tell somebody who sees the customer what is missing.
    """


class GrantTooLong(Refusal):
    """Administrator access lasts from one day to 730 days (I-07)."""

    code = "grant_too_long"


class GrantNotLive(Refusal):
    """The access was removed already, or has expired."""

    code = "grant_not_live"
    message = _("This administrator access is no longer in force: it was removed or has expired.")


class NotInGrant(Refusal):
    """Only the roles of the grant can be assigned, and only to groups of agents."""

    code = "not_in_grant"
    status = 400
    message = _("Choose only roles that this access contains, and only agent groups.")


class BeyondReach(Refusal):
    """Rule (d): a delegated role never touches somebody who may do more than the role itself."""

    code = "beyond_reach"
    status = 403
    message = _(
        "Administrator access by a partner does not reach this user, because the user's roles allow more "
        "than the access does. A global administrator of the organization can do this."
    )


class NoSuchOrganization(Refusal):
    """No work account has the domain."""

    code = "no_such_organization"
    status = 400


class NotRegistrable(Refusal):
    """The register of older relationships does not take this entry."""

    code = "not_registrable"


class AlreadyImported(Refusal):
    """The entry became a reseller relationship when the partner was approved."""

    code = "already_imported"
    message = _("This entry was imported when the partner was approved; it stays as evidence.")

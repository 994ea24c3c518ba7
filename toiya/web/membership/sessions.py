"""The membership site's own cookie: it has nothing to do with work accounts."""

from django.http import HttpRequest

from toiya.membership.models import MembershipLogin


def membership_login(request: HttpRequest) -> MembershipLogin | None:
    """The login that this browser is signed in with on the membership site."""
    del request
    return None

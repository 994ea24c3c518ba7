"""Sessions of the membership site that are over."""

from toiya.core.clock import real_now
from toiya.membership.models import MembershipSession


def forget_old_sessions() -> int:
    """Remove the sessions that nobody can use any more."""
    return MembershipSession.objects.filter(expires_at__lt=real_now()).delete()[0]

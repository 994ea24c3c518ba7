"""Organisation profiles of the membership site: who administers them, and where one moves on approval."""

from collections.abc import Sequence

from django.db.models import Q

from toiya.directory.models import Tenant
from toiya.membership.errors import ProfileTaken
from toiya.membership.models import MembershipLogin, OrganizationProfile


def profiles_of(login: MembershipLogin) -> Sequence[OrganizationProfile]:
    """Every profile that the login may administer, whatever its state or country (S-030)."""
    return list(
        OrganizationProfile.objects.filter(administrators=login)
        .prefetch_related("holdings")
        .order_by("membership_id")
    )


def move_profile(profile: OrganizationProfile, tenant: Tenant) -> None:
    """The profile belongs to this dashboard account from now on and to no other (S-032). Raises ProfileTaken.

    The conditional update decides between two approvals at the same moment.
    """
    free = Q(owner__isnull=True) | Q(owner=tenant)
    if not OrganizationProfile.objects.filter(free, pk=profile.pk).update(owner=tenant):
        raise ProfileTaken
    profile.owner = tenant

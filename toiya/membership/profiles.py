"""Organisation profiles of the membership site: who administers them, and where one moves on approval."""

import uuid
from collections.abc import Collection, Sequence

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


def membership_ids_of(tenants: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The membership ID of each organisation that has one; of several the oldest that is still current. One statement.

    It is a public number: it stands in the purchases of customers and providers, and gives no right.
    """
    rows = OrganizationProfile.objects.filter(owner_id__in=tenants, inactive_since__isnull=True)
    found: dict[uuid.UUID, str] = {}
    for owner_id, membership_id in rows.order_by("membership_id").values_list("owner_id", "membership_id"):
        found.setdefault(owner_id, membership_id)
    return found


def holder_of(membership_id: str, *, family_id: uuid.UUID) -> Tenant | None:
    """The organisation of the family to which a membership ID belongs since it moved there, or None.

    A sandbox makes up IDs of its own: the same text may be another organisation's in another family.
    """
    found = OrganizationProfile.objects.select_related("owner").filter(membership_id=membership_id)
    profile = found.filter(owner__family_id=family_id).first()
    return profile.owner if profile else None

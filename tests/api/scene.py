"""What several stories of the API begin with."""

import datetime as dt

from tests.cast import Cast, actor_of
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.directory.models import Tenant
from toiya.relations.grants import grant_administration
from toiya.relations.models import AdministrationGrant


def lend(cast: Cast, grantee: Tenant, capacity: Capacity, *roles: DirectoryRole) -> AdministrationGrant:
    """Aoba's Emi lets the partner use these roles in Aoba."""
    emi = actor_of(cast.emi)
    return grant_administration(
        emi,
        tenant=cast.aoba,
        grantee=grantee,
        capacity=capacity,
        roles=roles,
        expires_at=emi.now + dt.timedelta(days=30),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )

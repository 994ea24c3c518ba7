"""What the operator stops by suspending a partner: numbers, never names (T-15)."""

import uuid
from dataclasses import dataclass

from django.db.models import Q

from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.customers.models import RelationshipInvitation
from toiya.partnerships.models import InvitationState, PartnerInvitation
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship


@dataclass(frozen=True, slots=True)
class SuspensionImpact:
    """How much hangs on a partner in one capacity."""

    open_invitations: int
    partnerships: int
    customers: int
    grants: int


def impact_of_suspension(actor: Actor, *, tenant_id: uuid.UUID, capacity: Capacity) -> SuspensionImpact:
    """What cannot be accepted, used or started while the partner is suspended, counted now."""
    actor.must(Permission.PROGRAMME_VIEW)
    side = "provider_id" if capacity == Capacity.PROVIDER else "reseller_id"
    waiting = Q(state=InvitationState.OPEN, expires_at__gt=actor.now)
    invitations = RelationshipInvitation.objects.filter(waiting, **{side: tenant_id}).count()
    if capacity == Capacity.PROVIDER:
        invitations += PartnerInvitation.objects.filter(waiting, tenant_id=tenant_id).count()
    return SuspensionImpact(
        open_invitations=invitations,
        partnerships=Partnership.objects.live().filter(**{side: tenant_id}).count(),
        customers=ResellerRelationship.objects.live().filter(partner_id=tenant_id).count(),
        grants=AdministrationGrant.objects.live(actor.now)
        .filter(grantee_id=tenant_id, capacity=capacity)
        .count(),
    )

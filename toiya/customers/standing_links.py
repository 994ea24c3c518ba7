"""The link that a partner shows to all its customers: on its website, in its programs (Q-06).

An invitation is for one customer and lapses; a standing link is for whoever opens it, again and again, until it is
revoked. It asks for the relationship alone and never for administrator access, and whoever accepts it has read who
asks, as with any invitation.
"""

import datetime as dt
import uuid

from django.db import transaction

from toiya.core.actor import Actor
from toiya.core.errors import CapacityMissing, NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.customers.models import RelationshipInvitation
from toiya.customers.relationship_requests import keep_draft, record_issue
from toiya.directory.models import Person, Tenant
from toiya.partnerships.models import InvitationState
from toiya.partnerships.standing import may_still
from toiya.programme.models import Programme
from toiya.relations.models import Channel, Partnership

NEVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


@transaction.atomic
def standing_link(
    actor: Actor, *, provider_id: uuid.UUID | None = None, reseller_id: uuid.UUID | None = None
) -> RelationshipInvitation:
    """The standing link of the actor's organisation, always the same; made where there is none.

    With the other partner's id it asks for both relationships at once (S-097). Whoever asks for it stands behind it
    where the person who did so before may not any more. Raises NotVisible for somebody who is no partner,
    CapacityMissing.
    """
    parties, permission = _parties(actor, provider_id, reseller_id)
    own = Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant_id)
    present = RelationshipInvitation.objects.visible_to(actor).filter(
        is_standing=True,
        state=InvitationState.OPEN,
        reseller_id=parties.get(Capacity.RESELLER),
        provider_id=parties.get(Capacity.PROVIDER),
    )
    if found := present.select_related("inviter").first():
        if not may_still(found.inviter, permission):
            found.inviter = Person.accounts.get(pk=actor.person_id)
            found.save(update_fields=["inviter"])
            record_issue(actor, found)
        return found
    programme = Programme.objects.get()
    made = RelationshipInvitation.objects.create(
        tenant=own,
        inviter_id=actor.person_id,
        is_standing=True,
        reseller_id=parties.get(Capacity.RESELLER),
        provider_id=parties.get(Capacity.PROVIDER),
        language=own.language,
        channel=Channel.OWN_MARKETING,
        grant_days=programme.grant_days,
        created_at=actor.now,
        expires_at=NEVER,
    )
    keep_draft(made)
    record_issue(actor, made)
    return made


def _parties(
    actor: Actor, provider_id: uuid.UUID | None, reseller_id: uuid.UUID | None
) -> tuple[dict[Capacity, uuid.UUID], Permission]:
    """Who is to be authorised, and what it takes to ask for it."""
    own = actor.tenant_id
    named = {Capacity.PROVIDER: provider_id, Capacity.RESELLER: reseller_id}
    if set(named.values()) <= {None, own}:
        actor.must(Permission.RELATIONSHIPS_REQUEST)
        wished = [capacity for capacity, party in named.items() if party == own] or list(named)
        capacity = next((capacity for capacity in wished if capacity in actor.capacities), None)
        if capacity is None:
            raise CapacityMissing
        return {capacity: own}, Permission.RELATIONSHIPS_REQUEST
    provider, reseller = provider_id or own, reseller_id or own
    live = Partnership.objects.visible_to(actor).live()
    if not live.filter(provider_id=provider, reseller_id=reseller).exists():
        raise NotVisible
    actor.must(Permission.RELATIONSHIPS_INVITE_BOTH)
    if (Capacity.PROVIDER if provider == own else Capacity.RESELLER) not in actor.capacities:
        raise CapacityMissing
    return {Capacity.PROVIDER: provider, Capacity.RESELLER: reseller}, Permission.RELATIONSHIPS_INVITE_BOTH

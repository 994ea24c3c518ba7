"""The link that a partner shows to all its customers: on its website, in its programs (Q-06).

An invitation is for one customer and lapses; a standing link is for whoever opens it, again and again, until it is
revoked. It asks for the relationship alone and never for administrator access, and whoever accepts it has read who
asks, as with any invitation.

Every partner has its links from the moment at which it is one: a link names the organisation or the partnership and the
generation, sealed like every other (core/links.py). The first answer to it makes the invitation that answers are kept
with; reading makes nothing.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import CapacityMissing, InvalidLink, NotVisible
from toiya.core.links import Purpose, link_url, read_link_token
from toiya.core.permissions import RULES, Capacity, Permission
from toiya.customers.errors import InviterGone
from toiya.customers.models import (
    RelationshipInvitation,
    RelationshipInvitationQuerySet,
    StandingGeneration,
)
from toiya.customers.relationship_requests import keep_draft
from toiya.directory.models import Person, PersonQuerySet, Tenant
from toiya.partnerships.models import InvitationState
from toiya.programme.models import Programme
from toiya.relations.models import Channel, Partnership

NEVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
ALONE = {
    Capacity.RESELLER: Purpose.STANDING_AS_RESELLER,
    Capacity.PROVIDER: Purpose.STANDING_AS_PROVIDER,
}
FOR_BOTH = {
    Capacity.RESELLER: Purpose.STANDING_FOR_BOTH_BY_RESELLER,
    Capacity.PROVIDER: Purpose.STANDING_FOR_BOTH_BY_PROVIDER,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What one link asks for: who issued it, and whom it authorises."""

    purpose: Purpose
    subject: uuid.UUID
    tenant_id: uuid.UUID
    reseller_id: uuid.UUID | None
    provider_id: uuid.UUID | None

    @property
    def rows(self) -> RelationshipInvitationQuerySet:
        """The invitations that answers to it were kept with: one that is open, and those that were revoked."""
        return RelationshipInvitation.objects.filter(
            is_standing=True,
            tenant_id=self.tenant_id,
            reseller_id=self.reseller_id,
            provider_id=self.provider_id,
        )

    @property
    def generation(self) -> int:
        """How often it was replaced, and the present one."""
        of_all = StandingGeneration.objects.filter(tenant_id=self.tenant_id).values_list("number", flat=True)
        return 1 + (of_all.first() or 0) + self.rows.filter(state=InvitationState.REVOKED).count()

    @property
    def url(self) -> str:
        """The address that customers open."""
        return link_url(self.purpose, self.subject, self.generation)


def standing_link(
    actor: Actor, *, provider_id: uuid.UUID | None = None, reseller_id: uuid.UUID | None = None
) -> str:
    """The address of the standing link of the actor's organisation, the same until it is revoked.

    With the other partner's id it asks for both relationships at once (S-097). Raises NotVisible for somebody who is
    no partner, CapacityMissing.
    """
    own = actor.tenant_id
    named = {Capacity.PROVIDER: provider_id, Capacity.RESELLER: reseller_id}
    if set(named.values()) <= {None, own}:
        actor.must(Permission.RELATIONSHIPS_REQUEST)
        wished = [capacity for capacity, party in named.items() if party == own] or list(named)
        capacity = next((capacity for capacity in wished if capacity in actor.capacities), None)
        if capacity is None:
            raise CapacityMissing
        return _alone(own, capacity).url
    live = Partnership.objects.visible_to(actor).live()
    partnership = live.filter(provider_id=provider_id or own, reseller_id=reseller_id or own).first()
    if partnership is None:
        raise NotVisible
    actor.must(Permission.RELATIONSHIPS_INVITE_BOTH)
    capacity = Capacity.PROVIDER if partnership.provider_id == own else Capacity.RESELLER
    if capacity not in actor.capacities:
        raise CapacityMissing
    return _for_both(partnership, capacity).url


def own_standing_links(actor: Actor) -> Mapping[Capacity, str]:
    """The links by which the actor's organisation asks for itself, by what it is authorised as."""
    if not actor.may(Permission.RELATIONSHIPS_REQUEST):
        return {}
    return {
        capacity: _alone(actor.tenant_id, capacity).url for capacity in ALONE if capacity in actor.capacities
    }


def _alone(tenant_id: uuid.UUID, capacity: Capacity) -> Standing:
    return Standing(
        ALONE[capacity],
        tenant_id,
        tenant_id,
        reseller_id=tenant_id if capacity is Capacity.RESELLER else None,
        provider_id=tenant_id if capacity is Capacity.PROVIDER else None,
    )


def _for_both(partnership: Partnership, capacity: Capacity) -> Standing:
    provider, reseller = partnership.provider_id, partnership.reseller_id
    return Standing(
        FOR_BOTH[capacity],
        partnership.pk,
        provider if capacity is Capacity.PROVIDER else reseller,
        reseller_id=reseller,
        provider_id=provider,
    )


def read_standing(token: str) -> tuple[Standing, int] | None:
    """What a standing link asks for, and of which generation it is; None for the link of an invitation and for what
    Toiya did not make.
    """
    for capacity, alone in ALONE.items():
        for purpose in (alone, FOR_BOTH[capacity]):
            try:
                subject, generation = read_link_token(purpose, token)
            except InvalidLink:
                continue
            if purpose is alone:
                return _alone(subject, capacity), generation
            partnership = Partnership.objects.filter(pk=subject).first()
            return None if partnership is None else (_for_both(partnership, capacity), generation)
    return None


def shown(standing: Standing) -> RelationshipInvitation:
    """The invitation as the customer reads it: the open one, or one that the first answer will make. Raises
    InvalidLink.
    """
    rows = standing.rows.filter(state=InvitationState.OPEN)
    rows = rows.select_related("tenant__family", "reseller__country", "provider__country", "inviter")
    return rows.prefetch_related("requested_roles").first() or _drawn_up(standing)


def _drawn_up(standing: Standing) -> RelationshipInvitation:
    own = Tenant.objects.select_related("family").filter(pk=standing.tenant_id).first()
    if own is None:
        raise InvalidLink
    return RelationshipInvitation(
        tenant=own,
        inviter=who_stands_behind(own.pk, is_for_both=standing.purpose in FOR_BOTH.values()),
        is_standing=True,
        reseller_id=standing.reseller_id,
        provider_id=standing.provider_id,
        language=own.language,
        channel=Channel.OWN_MARKETING,
        grant_days=Programme.objects.get().grant_days,
        created_at=own.family.clock.now(),
        expires_at=NEVER,
    )


def kept(standing: Standing) -> RelationshipInvitation:
    """In the transaction of an answer: the open invitation, locked; made by the first answer. Raises InviterGone,
    InvalidLink.
    """
    rows = standing.rows.filter(state=InvitationState.OPEN).select_for_update()
    if found := rows.first():
        return found
    made = _drawn_up(standing)
    if made.inviter_id is None:
        raise InviterGone
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            keep_draft(made)
    except IntegrityError:
        return rows.get()  # another customer's answer was first
    return made


def who_stands_behind(tenant_id: uuid.UUID, *, is_for_both: bool) -> Person | None:
    """Whoever of the organisation may ask customers and has been there longest: the link is the organisation's, and
    lives as long as there is somebody.
    """
    permission = Permission.RELATIONSHIPS_INVITE_BOTH if is_for_both else Permission.RELATIONSHIPS_REQUEST
    able: PersonQuerySet = Person.objects.filter(role_assignments__role__in=RULES[permission].roles)
    return able.active().filter(tenant_id=tenant_id).order_by("created_at", "id").first()


@transaction.atomic
def replace_standing_links(actor: Actor) -> int:
    """All standing links of the actor's organisation are dead from now on, for whoever opens them; it has new ones.
    Says of which generation they are.
    """
    actor.must(Permission.RELATIONSHIPS_INVITE_BOTH)
    own = Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant_id)
    generation, _is_new = StandingGeneration.objects.get_or_create(tenant=own)
    generation.number += 1
    generation.save(update_fields=["number"])
    RelationshipInvitation.objects.filter(tenant=own, is_standing=True, state=InvitationState.OPEN).update(
        state=InvitationState.REVOKED,
        version=F("version") + 1,
        answered_at=actor.now,
        answered_by_id=actor.person_id,
        answered_by_tenant_id=own.pk,
    )
    record(
        actor,
        AuditAction.REPLACE_STANDING_LINKS,
        own,
        tenant_id=own.pk,
        before={"generation": generation.number - 1},
        after={"generation": generation.number},
    )
    return generation.number

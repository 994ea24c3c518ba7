"""A partner's customers: the list, one of them, and the end of a relationship."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import DirectoryRole, Permission
from toiya.core.prepared import know, prepared
from toiya.core.text import fold
from toiya.customers.errors import NoSuchRelationship
from toiya.customers.notices import tell_removed
from toiya.directory.models import Domain, Person
from toiya.relations.grants import remove_grant
from toiya.relations.models import (
    AdministrationGrant,
    Partnership,
    PartnershipQuerySet,
    ResellerRelationship,
    ResellerRelationshipQuerySet,
)


def customers_of(
    actor: Actor, *, search: str = "", reseller_id: uuid.UUID | None = None
) -> ResellerRelationshipQuerySet:
    """``live_relationships`` with the customers, found by name, reading, Latin name or domain (N-21)."""
    rows = (
        live_relationships(actor, reseller_id=reseller_id)
        .select_related("customer__country")
        .prefetch_related("customer__domains")
    )
    folded = fold(search)
    return rows.filter(customer_search_key__contains=folded) if folded else rows


def live_relationships(
    actor: Actor, *, reseller_id: uuid.UUID | None = None, provider_id: uuid.UUID | None = None
) -> ResellerRelationshipQuerySet:
    """The live relationships of the actor's organisation.

    ``reseller_id`` and ``provider_id`` keep those that a partnered reseller or provider serves as well; it must be a
    live partner of the actor's, else NotVisible.
    """
    must_be_partnered(actor, reseller_id=reseller_id, provider_id=provider_id)
    return shared_relationships(actor, reseller_id, provider_id)


def must_be_partnered(
    actor: Actor, *, reseller_id: uuid.UUID | None = None, provider_id: uuid.UUID | None = None
) -> None:
    """Whoever the list is narrowed to is a live partner of the actor's organisation. Raises NotVisible."""
    own = actor.tenant_id
    if reseller_id and not _partnered(actor, own, reseller_id):
        raise NotVisible
    if provider_id and not _partnered(actor, provider_id, own):
        raise NotVisible


@prepared
def _partnered(actor: Actor, provider_id: uuid.UUID, reseller_id: uuid.UUID) -> QuerySet[Partnership, Any]:
    rows = (
        Partnership.objects.visible_to(actor).live().filter(provider_id=provider_id, reseller_id=reseller_id)
    )
    return rows.values_list("id")[:1]


def shared_relationships(actor: Actor, *partner_ids: uuid.UUID | None) -> ResellerRelationshipQuerySet:
    """The live relationships of the actor's organisation with customers that each of these serves as well."""
    rows = ResellerRelationship.objects.of_partner(actor).live()
    for partner_id in partner_ids:
        if partner_id is not None:
            served = ResellerRelationship.objects.live().filter(
                partner_id=partner_id, customer=OuterRef("customer")
            )
            rows = rows.filter(Exists(served))
    return rows


def relationship_with(actor: Actor, customer_id: uuid.UUID) -> ResellerRelationship:
    """The live relationship with this customer. Raises NotVisible: without one, the customer does not exist
    here.
    """
    found = _relationship(actor, customer_id)
    if not found:
        raise NotVisible
    know(found[0].customer, "domains", _domains(customer_id))
    return found[0]


@prepared
def _relationship(actor: Actor, customer_id: uuid.UUID) -> QuerySet[ResellerRelationship]:
    rows = live_relationships(actor).filter(customer_id=customer_id)
    return rows.select_related("customer__country", "partner__country")


@prepared
def _domains(tenant_id: uuid.UUID) -> QuerySet[Domain]:
    return Domain.objects.filter(tenant_id=tenant_id)


def partnerships_serving(actor: Actor, customer_id: uuid.UUID) -> PartnershipQuerySet:
    """The live partnerships of the actor's organisation in which both partners serve the customer."""
    serving = ResellerRelationship.objects.live().filter(customer_id=customer_id)
    return (
        Partnership.objects.visible_to(actor)
        .live()
        .filter(
            Exists(serving.filter(partner=OuterRef("provider"))),
            Exists(serving.filter(partner=OuterRef("reseller"))),
        )
    )


@prepared
def _held_in(actor: Actor, customer_id: uuid.UUID) -> QuerySet[AdministrationGrant]:
    return _held(actor, customer_id)


def _held(actor: Actor, customer_id: uuid.UUID) -> QuerySet[AdministrationGrant]:
    held = AdministrationGrant.objects.visible_to(actor).live(actor.now)
    return held.filter(tenant_id=customer_id, grantee_id=actor.tenant_id).order_by("expires_at", "id")


def grants_from(actor: Actor, customer_id: uuid.UUID) -> list[AdministrationGrant]:
    """The administrator access in this customer that the actor's organisation holds now."""
    held = _held_in(actor, customer_id)
    prefetch_related_objects(held, "roles")
    return held


class HeldAccess(NamedTuple):
    """What a page says of administrator access: its roles, the weakest first, and from when until when it lasts."""

    directory_roles: list[DirectoryRole]
    starts_at: dt.datetime
    expires_at: dt.datetime


def access_held_in(actor: Actor, customer_id: uuid.UUID) -> list[HeldAccess]:
    """The same as ``grants_from``, by one statement, for those who only read it."""
    held: dict[uuid.UUID, HeldAccess] = {}
    for pk, starts_at, expires_at, role in _roles_held_in(actor, customer_id):
        access = held.setdefault(pk, HeldAccess([], starts_at, expires_at))
        if role:
            access.directory_roles.append(DirectoryRole(role))
    for access in held.values():
        access.directory_roles.sort(key=list(DirectoryRole).index)
    return list(held.values())


@prepared
def _roles_held_in(actor: Actor, customer_id: uuid.UUID) -> QuerySet[AdministrationGrant, tuple[Any, ...]]:
    return _held(actor, customer_id).values_list("id", "starts_at", "expires_at", "roles__role")


@dataclass(frozen=True, slots=True)
class GivenAccess:
    """Administrator access with the person who consented to it."""

    roles: list[DirectoryRole]
    since: dt.datetime
    until: dt.datetime
    consented_by: str


def consents_of(grants: Collection[AdministrationGrant]) -> list[GivenAccess]:
    """Who consented to what, for the partner that holds the access; nobody where it came with the organisation."""
    people = Person.objects.filter(
        pk__in=[grant.consented_by_id for grant in grants], tenant__in=[grant.tenant_id for grant in grants]
    )
    names = dict(people.values_list("pk", "name"))
    return [
        GivenAccess(
            grant.directory_roles, grant.starts_at, grant.expires_at, names.get(grant.consented_by_id, "")
        )
        for grant in grants
    ]


@dataclass(frozen=True, slots=True)
class Impact:
    """What the end of a relationship takes away, and what stays unless it is ticked."""

    grants: list[AdministrationGrant]
    partners_who_stay: int


def preview_removal(actor: Actor, *, relationship: ResellerRelationship) -> Impact:
    """Look before the end: administrator access stays (rule (a)), and so do other partners of the customer
    (rule (b)).
    """
    others = partnerships_serving(actor, relationship.customer_id)
    return Impact(grants_from(actor, relationship.customer_id), others.count())


@transaction.atomic
def remove_relationship(
    actor: Actor,
    *,
    relationship: ResellerRelationship,
    reason: str,
    give_up_grants: Collection[uuid.UUID] = (),
) -> ResellerRelationship:
    """The partner stops serving the customer: gone from the list, nothing more to buy; a new request starts
    anew.

    Administrator access ends only where it is named in ``give_up_grants`` (rule (a)). Raises NotVisible,
    NoSuchRelationship when it has ended already.
    """
    if relationship.partner_id != actor.tenant_id:
        raise NotVisible
    actor.must(Permission.RELATIONSHIPS_REMOVE)
    ended = (
        ResellerRelationship.objects.live()
        .filter(pk=relationship.pk)
        .update(ended_at=actor.now, ended_by_tenant_id=actor.tenant_id, end_reason=reason.strip())
    )
    if not ended:
        raise NoSuchRelationship
    relationship.refresh_from_db()
    record(
        actor,
        AuditAction.REMOVE_RESELLER_RELATIONSHIP,
        relationship,
        tenant_id=relationship.partner_id,
        counterparty_id=relationship.customer_id,
        customer_id=relationship.customer_id,
        before={"since": relationship.since.isoformat(), "origin": relationship.origin},
        after={"reason": relationship.end_reason},
    )
    named = [grant for grant in grants_from(actor, relationship.customer_id) if grant.pk in give_up_grants]
    for grant in named:
        remove_grant(actor, grant=grant)
    tell_removed(actor, relationship, grants_removed=len(named))
    return relationship

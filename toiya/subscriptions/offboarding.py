"""The safe end of a relationship and of a partnership: who loses what, and nothing by surprise (C-13, N-19, N-20).

A relationship ends only after every active subscription is suspended. Administrator access is a thing of its own and
ends only where it is named; a support contact stays one without access (N-19), but not without a relationship.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from toiya.audit.actions import AuditAction
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.customers.relationships import grants_from, remove_relationship
from toiya.directory.models import Tenant
from toiya.licences.pools import hold_pools
from toiya.partnerships.ending import end_partnership
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship
from toiya.subscriptions.errors import StillActive
from toiya.subscriptions.lifecycle import change, lock, note
from toiya.subscriptions.models import (
    LIVE,
    EventKind,
    Subscription,
    SubscriptionQuerySet,
    SubscriptionState,
    Transfer,
)
from toiya.subscriptions.notices import tell, tell_partnership_ended
from toiya.subscriptions.states import suspend_subscription
from toiya.subscriptions.transfers import decline_transfer, open_transfers_of, withdraw_transfer

UNDER_WAY = (SubscriptionState.PENDING, SubscriptionState.ACTIVE)


def sold_or_resold(partner_id: uuid.UUID, customer_id: uuid.UUID) -> SubscriptionQuerySet:
    """The customer's live subscriptions in whose chain the partner stands."""
    chain = Q(tenant_id=partner_id) | Q(reseller_id=partner_id)
    return Subscription.objects.filter(chain, customer_id=customer_id, state__in=LIVE)


@dataclass(frozen=True, slots=True)
class Effects:
    """What the end of a relationship takes, needs and leaves."""

    active: Sequence[Subscription]
    suspended: Sequence[Subscription]
    supported: Sequence[Subscription]
    grants: Sequence[AdministrationGrant]
    transfers: Sequence[Transfer]

    @property
    def may_end(self) -> bool:
        """Whether nothing active is left (N-20)."""
        return not self.active


def preview_end(actor: Actor, *, relationship: ResellerRelationship) -> Effects:
    """Look before the end; nothing changes."""
    if relationship.partner_id != actor.tenant_id:
        raise NotVisible
    customer_id = relationship.customer_id
    rows = list(
        sold_or_resold(actor.tenant_id, customer_id)
        .select_related("sku", "tenant", "reseller")
        .order_by("created_at", "id")
    )
    return Effects(
        active=[row for row in rows if row.state in UNDER_WAY],
        suspended=[row for row in rows if row.state == SubscriptionState.SUSPENDED],
        supported=[row for row in rows if _falls_back(row, actor.tenant_id)],
        grants=grants_from(actor, customer_id),
        transfers=open_transfers_of(actor, customer_id),
    )


def _falls_back(subscription: Subscription, partner_id: uuid.UUID) -> bool:
    return subscription.support_contact_id == partner_id != subscription.tenant_id


@transaction.atomic
def suspend_all(actor: Actor, *, relationship: ResellerRelationship, reason: str) -> int:
    """The step before the end: every active subscription of the relationship is suspended. How many were.

    One that is still being provided is left; the end waits for it.
    """
    if relationship.partner_id != actor.tenant_id:
        raise NotVisible
    rows = sold_or_resold(actor.tenant_id, relationship.customer_id).filter(state=SubscriptionState.ACTIVE)
    count = 0
    held = [lock(row) for row in rows.parents_first()]
    if len(held) > 1:
        hold_pools(relationship.customer_id)
    for row in held:
        row.refresh_from_db(fields=["state"])
        if row.state == SubscriptionState.ACTIVE:  # an add-on has followed its parent already
            suspend_subscription(actor, subscription=row, reason=reason, version=None)
            count += 1
    return count


@transaction.atomic
def end_relationship(
    actor: Actor,
    *,
    relationship: ResellerRelationship,
    reason: str,
    give_up_grants: Collection[uuid.UUID] = (),
) -> ResellerRelationship:
    """The partner stops serving the customer, once nothing of it is active (N-20); everybody concerned is told.

    Where it was a support contact, the provider is from now on; open transfers of it are closed. Raises StillActive,
    and what ``remove_relationship`` raises.
    """
    if relationship.partner_id != actor.tenant_id:
        raise NotVisible
    actor.must(Permission.RELATIONSHIPS_REMOVE)
    effects = preview_end(actor, relationship=relationship)
    if not effects.may_end:
        raise StillActive(count=len(effects.active))
    for row in effects.supported:
        _fall_back(actor, row)
    for transfer in effects.transfers:
        if transfer.target_id == actor.tenant_id:
            withdraw_transfer(actor, transfer=transfer)
        else:
            decline_transfer(actor, transfer=transfer, reason=reason)
    return remove_relationship(actor, relationship=relationship, reason=reason, give_up_grants=give_up_grants)


def _fall_back(actor: Actor, subscription: Subscription) -> None:
    """The provider has the duty to support (S-003)."""
    locked = lock(subscription)
    before = locked.support_contact.name
    change(actor, locked, EventKind.SUPPORT_CONTACT_CHANGED, support_contact=locked.tenant)
    note(
        actor,
        AuditAction.UPDATE_SUBSCRIPTION,
        locked,
        before={"support_contact": before},
        after={"support_contact": locked.tenant.name},
    )
    tell(actor, locked, "support_contact")


@dataclass(frozen=True, slots=True)
class PartnershipEffects:
    """What the end of a partnership does to subscriptions: they run on with the provider."""

    subscriptions: int
    customers: Sequence[tuple[Tenant, int]]
    supported: int


def _between(partnership: Partnership) -> SubscriptionQuerySet:
    return Subscription.objects.filter(
        tenant_id=partnership.provider_id, reseller_id=partnership.reseller_id, state__in=LIVE
    )


def preview_partnership_end(actor: Actor, *, partnership: Partnership) -> PartnershipEffects:
    """Customers and subscriptions that the two share, for the page before the end."""
    if actor.tenant_id not in {partnership.provider_id, partnership.reseller_id}:
        raise NotVisible
    rows = list(_between(partnership).values_list("customer_id", "support_contact_id"))
    counts: dict[uuid.UUID, int] = {}
    for customer_id, _support in rows:
        counts[customer_id] = counts.get(customer_id, 0) + 1
    customers = Tenant.objects.filter(pk__in=counts).order_by("sort_key", "id")
    return PartnershipEffects(
        subscriptions=len(rows),
        customers=[(customer, counts[customer.pk]) for customer in customers],
        supported=sum(support == partnership.reseller_id for _customer, support in rows),
    )


@transaction.atomic
def end_partnership_safely(
    actor: Actor, *, partnership: Partnership, reason: str, removes_access: bool
) -> Partnership:
    """The two work together no longer. Subscriptions run on with the provider, which supports them from now on; every
    customer concerned is told. Raises what ``end_partnership`` raises.
    """
    rows = list(_between(partnership).select_related("customer").order_by("customer_id", "id"))
    ended = end_partnership(actor, partnership=partnership, reason=reason, removes_access=removes_access)
    counts: dict[Tenant, int] = {}
    for row in rows:
        counts[row.customer] = counts.get(row.customer, 0) + 1
        if row.support_contact_id == partnership.reseller_id:
            _fall_back(actor, row)
    for customer, count in counts.items():
        tell_partnership_ended(
            actor,
            customer=customer,
            provider=partnership.provider,
            reseller=partnership.reseller,
            subscriptions=count,
        )
    return ended

"""What a subscription is called, who stands behind it, and whether it renews by itself."""

import uuid

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.catalogue.models import SkuKind
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.membership.profiles import holder_of
from toiya.relations.models import Partnership
from toiya.relations.rights import are_partners
from toiya.subscriptions.errors import (
    AccessMissing,
    DoesNotRenew,
    NameUnfit,
    NotAPartner,
    PartnershipMissing,
    RelationshipMissing,
)
from toiya.subscriptions.lifecycle import change, lock, must_be, note
from toiya.subscriptions.models import LIVE, EventKind, Subscription, SubscriptionState
from toiya.subscriptions.notices import tell
from toiya.subscriptions.rights import holds_access, must_manage, must_order, serves

LONGEST_NAME = 200
NEVER_RENEWS = frozenset({SkuKind.TRIAL, SkuKind.ONE_TIME, SkuKind.USAGE})


@transaction.atomic
def rename_subscription(
    actor: Actor, *, subscription: Subscription, friendly_name: str, version: int | None
) -> Subscription:
    """A name that partner and customer recognise it by. Raises NameUnfit."""
    must_manage(actor, subscription)
    name = friendly_name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise NameUnfit(found=len(name), limit=LONGEST_NAME)
    locked = lock(subscription, version)
    before = locked.friendly_name
    change(actor, locked, EventKind.RENAMED, friendly_name=name)
    note(
        actor,
        AuditAction.UPDATE_SUBSCRIPTION,
        locked,
        before={"friendly_name": before},
        after={"friendly_name": locked.friendly_name},
    )
    return locked


def must_renew(subscription: Subscription) -> None:
    """Raises NotInThisState, DoesNotRenew where there is no next term."""
    must_be(subscription, SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED)
    if subscription.sku.kind in NEVER_RENEWS or subscription.term_end is None:
        raise DoesNotRenew(kind=subscription.sku.get_kind_display())


@transaction.atomic
def set_auto_renew(
    actor: Actor, *, subscription: Subscription, auto_renew: bool, version: int | None
) -> Subscription:
    """Whether another term follows by itself; off, it expires at the end of the term."""
    must_manage(actor, subscription)
    locked = lock(subscription, version)
    must_renew(locked)
    before = locked.auto_renew
    change(actor, locked, EventKind.AUTO_RENEW_CHANGED, auto_renew=auto_renew)
    note(
        actor,
        AuditAction.UPDATE_SUBSCRIPTION,
        locked,
        before={"auto_renew": before},
        after={"auto_renew": auto_renew, "subscription": locked.friendly_name},
    )
    return locked


def possible_supporters(actor: Actor, subscription: Subscription) -> list[Tenant]:
    """The provider always; the reseller where it could do the work (N-34)."""
    found = [subscription.tenant]
    reseller = subscription.reseller
    if (
        reseller is not None
        and are_partners(subscription.tenant_id, reseller.pk)
        and serves(reseller.pk, subscription.customer_id)
        and holds_access(actor, reseller.pk, subscription.customer_id)
    ):
        found.append(reseller)
    return found


def supporter_named(
    subscription: Subscription, *, tenant_id: uuid.UUID | None = None, membership_id: str = ""
) -> Tenant:
    """The organisation of the chain with this id or membership ID. Raises NotAPartner for everybody else."""
    for tenant in (subscription.tenant, subscription.reseller):
        if tenant is not None and tenant_id == tenant.pk:
            return tenant
    holder = None
    if membership_id and tenant_id is None:
        holder = holder_of(membership_id, family_id=subscription.tenant.family_id)
    if holder is None or holder.pk not in {subscription.tenant_id, subscription.reseller_id}:
        raise NotAPartner(field="contact")
    return holder


@transaction.atomic
def choose_support_contact(
    actor: Actor, *, subscription: Subscription, contact: Tenant, version: int | None
) -> Subscription:
    """Who helps the customer with it; shown to the customer (N-15, N-34). Choosing gives no right of any other kind.

    Raises NotAPartner, PartnershipMissing, RelationshipMissing, and AccessMissing for a reseller that could not help.
    """
    must_manage(actor, subscription, Permission.SUPPORT_CONTACT_CHOOSE)
    locked = lock(subscription, version)
    must_be(locked, *LIVE)
    if contact.pk not in {locked.tenant_id, locked.reseller_id}:
        raise NotAPartner(field="contact")
    if contact.pk != locked.tenant_id:
        _must_be_able_to_support(actor, locked, contact)
    before = locked.support_contact.name
    change(actor, locked, EventKind.SUPPORT_CONTACT_CHANGED, support_contact=contact)
    note(
        actor,
        AuditAction.UPDATE_SUBSCRIPTION,
        locked,
        before={"support_contact": before},
        after={"support_contact": contact.name, "subscription": locked.friendly_name},
    )
    tell(actor, locked, "support_contact")
    return locked


def _must_be_able_to_support(actor: Actor, subscription: Subscription, contact: Tenant) -> None:
    customer = subscription.customer
    if not are_partners(subscription.tenant_id, contact.pk):
        raise PartnershipMissing(provider=reader_name(subscription.tenant), reseller=reader_name(contact))
    if not serves(contact.pk, customer.pk):
        raise RelationshipMissing(
            partner=reader_name(contact), customer=reader_name(customer), field="contact"
        )
    if not holds_access(actor, contact.pk, customer.pk):
        raise AccessMissing(partner=reader_name(contact), customer=reader_name(customer), field="contact")


def possible_resellers(subscription: Subscription) -> list[Tenant]:
    """The provider's live partners, in the order of their reading."""
    live = Partnership.objects.live().filter(
        provider_id=subscription.tenant_id, reseller__tenant_capacities__capacity=Capacity.RESELLER
    )
    return [row.reseller for row in live.select_related("reseller").order_by("reseller__sort_key", "id")]


@transaction.atomic
def choose_reseller_of_record(
    actor: Actor, *, subscription: Subscription, reseller: Tenant | None, version: int | None
) -> Subscription:
    """Whom the sale is credited to (N-12, N-15); changes neither price nor rights. None: nobody (N-37)."""
    must_order(actor, subscription)
    locked = lock(subscription, version)
    must_be(locked, *LIVE)
    if reseller is not None and not are_partners(locked.tenant_id, reseller.pk):
        raise NotAPartner(field="reseller")
    before = locked.reseller_of_record
    change(actor, locked, EventKind.RESELLER_OF_RECORD_CHANGED, reseller_of_record=reseller)
    note(
        actor,
        AuditAction.UPDATE_SUBSCRIPTION,
        locked,
        before={"reseller_of_record": before.name if before else ""},
        after={"reseller_of_record": reseller.name if reseller else ""},
    )
    return locked

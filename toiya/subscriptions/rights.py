"""Who may do what with a subscription, asked of the database at each act.

Provider and reseller manage it while they have a live reseller relationship with the customer, the reseller only with
a partnership to the provider as well. What changes money is the provider's alone (S-099); what sells anything new needs
a provider that is not suspended (N-40).
"""

import uuid

from django.db.models import Q

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.relations.models import AdministrationGrant, ResellerRelationship
from toiya.relations.rights import are_partners
from toiya.subscriptions.errors import PartnershipMissing, ProviderOrders, SellsNothingNew
from toiya.subscriptions.lifecycle import WITH_CHAIN
from toiya.subscriptions.models import Subscription, SubscriptionQuerySet


def managed_by(actor: Actor) -> SubscriptionQuerySet:
    """What the actor's organisation sells or resells to customers that it serves now."""
    served = ResellerRelationship.objects.of_partner(actor).live().values("customer_id")
    return sold_by(actor).filter(customer_id__in=served)


def sold_by(actor: Actor) -> SubscriptionQuerySet:
    """What the actor's organisation sells or resells, one branch of an index each; also to customers that it serves no
    longer, which nobody may see.
    """
    own, held = actor.tenant_id, actor.capacities | actor.suspended
    chain = Q()
    if Capacity.PROVIDER in held:
        chain |= Q(tenant_id=own)
    if Capacity.RESELLER in held:
        chain |= Q(reseller_id=own)
    if not chain:
        return Subscription.objects.none()
    return Subscription.objects.filter(chain)


def subscription_for(actor: Actor, subscription_id: uuid.UUID) -> Subscription:
    """The subscription, if the actor's organisation sells or resells it. Raises NotVisible."""
    return _one(managed_by(actor), subscription_id)


def own_subscription(actor: Actor, subscription_id: uuid.UUID) -> Subscription:
    """The subscription, if the actor's organisation is its customer. Raises NotVisible."""
    return _one(Subscription.objects.visible_to(actor).filter(customer_id=actor.tenant_id), subscription_id)


def _one(rows: SubscriptionQuerySet, subscription_id: uuid.UUID) -> Subscription:
    found = rows.select_related(*WITH_CHAIN).filter(pk=subscription_id).first()
    if found is None:
        raise NotVisible
    return found


def serves(partner_id: uuid.UUID, customer_id: uuid.UUID) -> bool:
    """Whether the partner has a live reseller relationship with the customer."""
    return ResellerRelationship.objects.live().filter(partner_id=partner_id, customer_id=customer_id).exists()


def must_manage(
    actor: Actor, subscription: Subscription, permission: Permission = Permission.SUBSCRIPTIONS_MANAGE
) -> None:
    """Raises NotVisible to strangers, RoleMissing or CapacityMissing, PartnershipMissing."""
    if actor.tenant_id == subscription.customer_id:
        actor.must(permission)
    if actor.tenant_id not in {subscription.tenant_id, subscription.reseller_id} or not serves(
        actor.tenant_id, subscription.customer_id
    ):
        raise NotVisible
    actor.must(permission)
    reseller = subscription.reseller
    if (
        reseller is not None
        and actor.tenant_id == reseller.pk
        and not are_partners(subscription.tenant_id, reseller.pk)
    ):
        raise PartnershipMissing(provider=reader_name(subscription.tenant), reseller=reader_name(reseller))


def must_order(actor: Actor, subscription: Subscription) -> None:
    """The act changes what is paid. Raises ProviderOrders for everybody but the provider (S-099)."""
    must_manage(actor, subscription)
    if actor.tenant_id != subscription.tenant_id:
        raise ProviderOrders(provider=reader_name(subscription.tenant))


def must_sell(actor: Actor, subscription: Subscription) -> None:
    """The act sells something new. Raises SellsNothingNew while the provider is suspended (N-40)."""
    must_order(actor, subscription)
    if Capacity.PROVIDER not in actor.capacities:
        raise SellsNothingNew


def holds_access(actor: Actor, partner_id: uuid.UUID | None, customer_id: uuid.UUID) -> bool:
    """Whether the partner holds administrator access to the customer now."""
    live = AdministrationGrant.objects.live(actor.now)
    return live.filter(tenant_id=customer_id, grantee_id=partner_id).exists()

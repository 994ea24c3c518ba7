"""What a customer may be sold by the actor's organisation, and why not the rest."""

import uuid

from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.orders.carts import buying_permission, own_tenant, sellers_for
from toiya.pricing.offers import Offer, sellable_offers
from toiya.subscriptions.holdings import holdings_of


def supplier_for(actor: Actor, customer_id: uuid.UUID) -> Tenant | None:
    """The provider whose offers the customer would get: the actor's own organisation, or a reseller's first partner."""
    if buying_permission(actor) is Permission.ORDERS_SUBMIT:
        return own_tenant(actor)
    return next(iter(sellers_for(actor, customer_id)), None)


def offers_for(actor: Actor, *, customer: Tenant, sku_id: uuid.UUID | None = None) -> list[Offer]:
    """Everything on sale in the customer's country, or one SKU of it, judged for this customer (N-27, N-44)."""
    provider = supplier_for(actor, customer.pk)
    if provider is None:
        return []
    return sellable_offers(
        provider=provider,
        reseller=None if provider.pk == actor.tenant_id else own_tenant(actor),
        customer=customer,
        holdings=holdings_of(customer.pk, provider_id=provider.pk),
        on=customer.country.local_date(actor.now),
        sku_id=sku_id,
    )

"""The seats of a subscription that has become another number, or another product."""

from toiya.catalogue.models import Sku
from toiya.core.actor import By
from toiya.licences.models import SeatPool
from toiya.licences.moving import move_licences
from toiya.licences.pools import change_seats, hold_pools, shrink_seats
from toiya.subscriptions.models import Subscription, SubscriptionState


def exchange_seats(by: By, subscription: Subscription, *, old_sku: Sku, old_quantity: int) -> int:
    """The pools follow the row, users move to the new product as far as it has seats. How many lost theirs.

    The new seats are there before the old ones go, so that nobody is without in between.
    """
    customer_id, sku, quantity = subscription.customer_id, subscription.sku, subscription.quantity
    is_suspended = subscription.state == SubscriptionState.SUSPENDED
    if sku.pk == old_sku.pk and quantity == old_quantity:
        return 0
    hold_pools(customer_id)
    if sku.pk == old_sku.pk:
        more = quantity - old_quantity
        if more >= 0:
            change_seats(customer_id, sku, seats=more, suspended=more if is_suspended else 0)
            return 0
        return len(shrink_seats(by, customer_id, sku, -more, suspended=-more if is_suspended else 0))
    change_seats(customer_id, sku, seats=quantity, suspended=quantity if is_suspended else 0)
    move_licences(by, customer_id=customer_id, old=old_sku, new=sku, count=min(quantity, old_quantity))
    gone = shrink_seats(by, customer_id, old_sku, old_quantity, suspended=old_quantity if is_suspended else 0)
    return len(gone)


def pool_behind(subscription: Subscription) -> SeatPool | None:
    """The customer's seats of the product, from all its subscriptions together; None where it has none."""
    return SeatPool.objects.filter(tenant_id=subscription.customer_id, sku_id=subscription.sku_id).first()

"""What was bought once and is the customer's since, with the line of the order that bought it."""

import uuid
from dataclasses import dataclass

from toiya.catalogue.models import SkuKind
from toiya.core.actor import Actor
from toiya.orders.models import OrderLine
from toiya.subscriptions.lists import of_customer
from toiya.subscriptions.models import Subscription, SubscriptionState


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Something bought once; ``position`` of its line in the order, None where no order line made it."""

    purchase: Subscription
    position: int | None


def entitlements_of(actor: Actor, customer_id: uuid.UUID) -> list[Entitlement]:
    """What the customer bought once through the actor's organisation and still has; two statements."""
    rows = of_customer(actor, customer_id).filter(sku__kind=SkuKind.ONE_TIME, state=SubscriptionState.ACTIVE)
    found = list(rows.order_by("created_at", "id"))
    lines = OrderLine.objects.filter(subscription__in=found, is_addition=False)
    positions = dict(lines.values_list("subscription_id", "position"))
    return [Entitlement(row, positions.get(row.pk)) for row in found]

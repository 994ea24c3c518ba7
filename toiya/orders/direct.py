"""Orders without a cart, as programs place and take them back: every line or none."""

import uuid
from collections.abc import Mapping

from django.db import transaction

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.ids import new_id
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.orders.carts import MOST_LINES, Wanted, check_shape, columns_of, own_tenant, resellers_for
from toiya.orders.checkout import Purchase, digest_of, place_order
from toiya.orders.errors import CartEmpty, NotCancellable
from toiya.orders.models import CartLine, Line, Order
from toiya.subscriptions.errors import ProviderOrders
from toiya.subscriptions.models import LIVE, Subscription
from toiya.subscriptions.states import cancel_subscription


def lines_from(lines: Mapping[int, Wanted], *, customer: Tenant, buyer_id: uuid.UUID) -> list[Line]:
    """What is wanted as lines that nobody keeps. Raises CartEmpty and what ``carts.check_shape`` raises."""
    if not 0 < len(lines) <= MOST_LINES:
        raise CartEmpty
    for wanted in lines.values():
        check_shape(wanted, customer_id=customer.pk, buyer_id=buyer_id)
    return [CartLine(position=position, **columns_of(wanted)) for position, wanted in lines.items()]


@transaction.atomic
def create_order(
    actor: Actor, *, customer: Tenant, reseller: Tenant | None, lines: Mapping[int, Wanted]
) -> Order:
    """The provider orders for a customer at once (S-069, S-076, S-099).

    Raises NotVisible for a reseller that is no partner serving the customer, LineNotPossible, and what
    ``place_order`` and ``lines_from`` raise.
    """
    actor.must(Permission.ORDERS_SUBMIT)
    if reseller is not None and reseller not in resellers_for(actor, customer.pk):
        raise NotVisible
    made = lines_from(lines, customer=customer, buyer_id=actor.tenant_id)
    key = str(new_id())
    return place_order(
        actor,
        Purchase(
            provider=own_tenant(actor),
            reseller=reseller,
            customer=customer,
            lines=made,
            key=key,
            digest=digest_of(key),
            is_whole=True,
        ),
    )


@transaction.atomic
def cancel_order(actor: Actor, *, order: Order) -> Order:
    """Everything that the order bought is given back, inside the window of each (``cancel_subscription``).

    Raises ProviderOrders, NotCancellable, WindowClosed, NotInThisState; then nothing is given back.
    """
    if actor.tenant_id != order.tenant_id:
        raise ProviderOrders(provider=reader_name(order.tenant))
    lines = list(order.lines.exclude(subscription=None))
    bought = Subscription.objects.visible_to(actor).filter(
        pk__in=[line.subscription_id for line in lines], state__in=LIVE
    )
    held = list(bought.parents_first())
    if not held or any(line.is_addition for line in lines):
        raise NotCancellable
    for subscription in held:
        subscription.refresh_from_db()
        if subscription.state in LIVE:  # an add-on went along with its parent
            cancel_subscription(actor, subscription=subscription, version=None)
    return order

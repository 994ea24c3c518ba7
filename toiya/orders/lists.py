"""Orders and order requests as each side finds them."""

import uuid
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.text import fold
from toiya.directory.models import Person
from toiya.orders.models import Order, OrderLine, OrderQuerySet, OrderRequest, OrderRequestQuerySet

LONGEST_NUMBER = 9


def orders_of(
    actor: Actor, *, search: str = "", state: str = "", customer_id: uuid.UUID | None = None
) -> OrderQuerySet:
    """The orders that the actor's organisation may see, found by number or by a name of the chain."""
    rows = Order.objects.visible_to(actor).select_related("tenant", "reseller", "customer", "operator")
    if state:
        rows = rows.filter(state=state)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    return rows.filter(_found(search, ("customer", "reseller", "tenant")))


def requests_of(
    actor: Actor, *, search: str = "", state: str = "", side: str = "", customer_id: uuid.UUID | None = None
) -> OrderRequestQuerySet:
    """Requests made and received, found by number or by a name; ``side`` is ``made`` or ``received``."""
    rows = OrderRequest.objects.visible_to(actor).select_related(
        "tenant", "provider", "customer", "requested_by"
    )
    if side == "made":
        rows = rows.filter(tenant_id=actor.tenant_id)
    elif side == "received":
        rows = rows.filter(provider_id=actor.tenant_id)
    if state:
        rows = rows.filter(state=state)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    return rows.filter(_found(search, ("customer", "tenant", "provider")))


def order_request(actor: Actor, request_id: uuid.UUID) -> OrderRequest:
    """One request with everything that its examination reads, for its two sides. Raises NotVisible."""
    found = requests_of(actor).select_related("provider__country", "customer__country", "partnership")
    shown = found.filter(pk=request_id).first()
    if shown is None:
        raise NotVisible
    return shown


def _found(search: str, parties: Sequence[str]) -> Q:
    """A number that is typed whole, or names that contain what is typed."""
    typed = search.strip()
    if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER:
        return Q(number=int(typed))
    folded = fold(typed)
    condition = Q()
    for party in parties if folded else ():
        condition |= Q(**{f"{party}__search_key__contains": folded})
    return condition


def name_of_colleague(actor: Actor, person_id: uuid.UUID | None) -> str:
    """The name of somebody of the actor's own organisation, also after leaving it; empty for everybody else."""
    found = Person.accounts.filter(pk=person_id, tenant_id=actor.tenant_id).values_list("name", flat=True)
    return str(found.first() or "")


def lines_of_orders(orders: OrderQuerySet) -> QuerySet[OrderLine]:
    """Every line of the orders that were found, for a file."""
    return (
        OrderLine.objects.filter(order__in=orders)
        .select_related("order__tenant", "order__reseller", "order__customer", "availability__sku")
        .order_by("-order__created_at", "order_id", "position")
    )

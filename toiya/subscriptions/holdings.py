"""What a customer has, as the catalogue's rules count it."""

import uuid
from collections import Counter
from typing import Any

from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, TextField, When
from django.db.models.fields.json import KT

from toiya.catalogue.models import SkuKind
from toiya.catalogue.offers import Holdings
from toiya.core.prepared import prepared
from toiya.subscriptions.models import LIVE, EventKind, Subscription, SubscriptionEvent


def holdings_of(
    customer_id: uuid.UUID, *, provider_id: uuid.UUID, also: frozenset[uuid.UUID] = frozenset()
) -> Holdings:
    """The customer's subscriptions, from whomever; one statement.

    ``also``: SKUs in the same cart, that count as prerequisites. Limits count what every seller sold: they are the
    operator's. A trial counts also when it has ended or has become something else: nobody tries a thing out twice.
    """
    counts: Counter[uuid.UUID] = Counter()
    here, products = set(also), set()
    for sku_id, kind, product_id, seller_id, state, was_trial in _held(customer_id):
        is_trial = kind == SkuKind.TRIAL
        if state in LIVE or is_trial:
            counts[sku_id] += 1
        if was_trial:
            counts[uuid.UUID(was_trial)] += 1
        if state in LIVE and seller_id == provider_id:
            here.add(sku_id)
        if not is_trial:
            products.add(product_id)
    return Holdings(counts, frozenset(here), frozenset(products))


@prepared
def _held(customer_id: uuid.UUID) -> QuerySet[Subscription, tuple[Any, ...]]:
    """SKU, kind, product, seller and state of each; and the trial that it was ordered as, where it became another."""
    events = SubscriptionEvent.objects.filter(subscription=OuterRef("pk"))
    converted = Exists(events.filter(kind=EventKind.CONVERTED))
    ordered = Subquery(events.filter(sequence=1).values(sku=KT("set_fields__sku_id")))
    return Subscription.objects.filter(customer_id=customer_id).values_list(
        "sku_id",
        "sku__kind",
        "sku__product_id",
        "tenant_id",
        "state",
        Case(When(converted, then=ordered), output_field=TextField()),
    )

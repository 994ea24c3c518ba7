"""What a customer has, as the catalogue's rules count it."""

import uuid
from collections import Counter

from django.db.models import Case, Exists, OuterRef, Subquery, TextField, When
from django.db.models.fields.json import KT

from toiya.catalogue.models import SkuKind
from toiya.catalogue.offers import Holdings
from toiya.subscriptions.models import LIVE, EventKind, Subscription, SubscriptionEvent


def holdings_of(
    customer_id: uuid.UUID, *, provider_id: uuid.UUID, also: frozenset[uuid.UUID] = frozenset()
) -> Holdings:
    """The customer's subscriptions, from whomever; one statement.

    ``also``: SKUs in the same cart, that count as prerequisites. Limits count what every seller sold: they are the
    operator's. A trial counts also when it has ended or has become something else: nobody tries a thing out twice.
    """
    events = SubscriptionEvent.objects.filter(subscription=OuterRef("pk"))
    converted = Exists(events.filter(kind=EventKind.CONVERTED))
    ordered = Subquery(events.filter(sequence=1).values(sku=KT("set_fields__sku_id")))
    rows = Subscription.objects.filter(customer_id=customer_id).values_list(
        "sku_id",
        "sku__kind",
        "sku__product_id",
        "tenant_id",
        "state",
        Case(When(converted, then=ordered), output_field=TextField()),
    )
    counts: Counter[uuid.UUID] = Counter()
    here, products = set(also), set()
    for sku_id, kind, product_id, seller_id, state, was_trial in rows:
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

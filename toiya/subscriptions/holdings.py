"""What a customer has, as the catalogue's rules count it."""

import uuid
from collections import Counter

from toiya.catalogue.models import SkuKind
from toiya.catalogue.offers import Holdings
from toiya.subscriptions.models import LIVE, Subscription


def holdings_of(
    customer_id: uuid.UUID, *, provider_id: uuid.UUID, also: frozenset[uuid.UUID] = frozenset()
) -> Holdings:
    """The customer's subscriptions, from whomever; one statement.

    ``also``: SKUs in the same cart, that count as prerequisites. Limits count what every seller sold: they are the
    operator's.
    """
    rows = Subscription.objects.filter(customer_id=customer_id).values_list(
        "sku_id", "sku__kind", "sku__product_id", "tenant_id", "state"
    )
    counts: Counter[uuid.UUID] = Counter()
    here, products = set(also), set()
    for sku_id, kind, product_id, seller_id, state in rows:
        is_trial = kind == SkuKind.TRIAL
        if state in LIVE or is_trial:
            counts[sku_id] += 1
        if state in LIVE and seller_id == provider_id:
            here.add(sku_id)
        if not is_trial:
            products.add(product_id)
    return Holdings(counts, frozenset(here), frozenset(products))

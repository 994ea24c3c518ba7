"""Telling the system that provides a service what became of a subscription, in the transaction of the change.

What takes something away, and what a renewal does, holds here at once and the vendor follows. Licences added in the
middle of a term hold when the vendor has provided them: ``is_busy`` until then.
"""

import uuid

from toiya.core.actor import By
from toiya.fulfilment.models import FulfilmentTask, TaskKind
from toiya.fulfilment.queue import post_task
from toiya.subscriptions.models import Subscription

ASKED_QUANTITY = "asked_quantity"


def tell_vendor(by: By, subscription: Subscription, kind: TaskKind, **more: object) -> FulfilmentTask:
    """Post the task that belongs to the subscription's latest event."""
    return post_task(
        by,
        connector=subscription.sku.connector,
        kind=kind,
        subscription_id=subscription.pk,
        sequence=subscription.sequence,
        provider_id=subscription.tenant_id,
        reseller_id=subscription.reseller_id,
        customer_id=subscription.customer_id,
        payload={**payload_of(subscription), **more},
    )


def payload_of(subscription: Subscription) -> dict[str, object]:
    """What the other system is told of a subscription; no price and no person."""
    sku, customer = subscription.sku, subscription.customer
    return {
        "subscription": str(subscription.pk),
        "product": sku.product.code,
        "sku": sku.code,
        "reference": sku.connector_reference,
        "quantity": subscription.quantity,
        "term": subscription.term,
        "billing_cycle": subscription.billing_cycle,
        "term_end": subscription.term_end.isoformat() if subscription.term_end else None,
        "parent": str(subscription.parent_id) if subscription.parent_id else None,
        "customer": {
            "id": str(customer.pk),
            "name": customer.name,
            "domain": customer.domain,
            "country": customer.country_id,
        },
    }


def asked_quantity(subscription: Subscription) -> int | None:
    """The quantity that the vendor is still busy providing; None where it is not."""
    waiting = FulfilmentTask.objects.unfinished().filter(
        subscription_id=subscription.pk, kind=TaskKind.UPDATE, payload__has_key=ASKED_QUANTITY
    )
    task = waiting.first()
    return int(task.payload[ASKED_QUANTITY]) if task else None


def busy_of(customer_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """The customer's subscriptions for which the vendor is still busy providing a quantity; one statement."""
    waiting = FulfilmentTask.objects.unfinished().filter(
        customer_id=customer_id, kind=TaskKind.UPDATE, payload__has_key=ASKED_QUANTITY
    )
    return frozenset(waiting.values_list("subscription_id", flat=True))

"""Finding subscriptions: a partner's list, a customer's, and what the list of customers says about each."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Count, Min, Q

from toiya.core.actor import Actor
from toiya.core.text import fold
from toiya.relations.models import ResellerRelationship
from toiya.subscriptions.models import LIVE, Subscription, SubscriptionQuerySet, SubscriptionState
from toiya.subscriptions.rights import managed_by


def find_subscriptions(
    actor: Actor,
    *,
    search: str = "",
    state: str = "",
    product_id: uuid.UUID | None = None,
    reseller_id: uuid.UUID | None = None,
    ends_before: dt.date | None = None,
) -> SubscriptionQuerySet:
    """What the actor's organisation sells or resells, by customer (name, reading, domain), state, product, reseller of
    the chain, or end of term. ``live`` is every state that has not ended.
    """
    rows = managed_by(actor)
    folded = fold(search)
    if folded:
        customers = ResellerRelationship.objects.of_partner(actor).live()
        found = customers.filter(customer__search_key__contains=folded).values("customer_id")
        rows = rows.filter(customer_id__in=found)
    if state == "live":
        rows = rows.live()
    elif state:
        rows = rows.filter(state=state)
    if product_id is not None:
        rows = rows.filter(sku__product_id=product_id)
    if reseller_id is not None:
        rows = rows.filter(reseller_id=reseller_id)
    if ends_before is not None:
        rows = rows.filter(term_end__lt=ends_before, state=SubscriptionState.ACTIVE)
    return rows.select_related("customer", "sku", "reseller", "reseller_of_record")


def of_customer(actor: Actor, customer_id: uuid.UUID) -> SubscriptionQuerySet:
    """What the actor's organisation sells or resells to one customer, those that have not ended first."""
    rows = managed_by(actor).filter(customer_id=customer_id)
    return rows.select_related("sku__product", "tenant", "reseller", "support_contact", "parent__sku")


def own_subscriptions(actor: Actor) -> SubscriptionQuerySet:
    """What the actor's organisation uses, from whomever."""
    rows = Subscription.objects.visible_to(actor).filter(customer_id=actor.tenant_id)
    return rows.select_related("sku__product", "tenant", "reseller", "support_contact", "parent__sku")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a customer has, in the opened row of the list of customers."""

    services: int
    next_renewal: dt.date | None


def summary_of(actor: Actor, customer_id: uuid.UUID) -> Summary:
    """How many subscriptions have not ended, and when the next of them renews."""
    found = (
        managed_by(actor)
        .filter(customer_id=customer_id, state__in=LIVE)
        .aggregate(
            services=Count("pk"),
            next_renewal=Min("term_end", filter=Q(state=SubscriptionState.ACTIVE, auto_renew=True)),
        )
    )
    return Summary(found["services"], found["next_renewal"])

"""The state machine of a subscription, in one place.

    pending -> active -> suspended -> active
    pending -> deleted              (provisioning failed)
    active, suspended -> deleted    (cancelled inside the window, transferred, or kept data expired)
    active, suspended -> expired    (the term ended without renewal)

Every change is one event with the fields that it sets; the row is the fold of its events (I-11). Whoever changes a
subscription goes through ``change``: it compares the version, so that of two changes at once exactly one wins (G-31).
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import Values, record
from toiya.catalogue.models import Availability, Sku, SkuKind
from toiya.core.actor import By
from toiya.core.ids import new_id
from toiya.core.money import UnitPrice
from toiya.core.prepared import insert
from toiya.core.terms import cycle_days, term_end
from toiya.directory.models import Tenant
from toiya.events.models import Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.licences.pools import change_seats
from toiya.pricing.models import Promotion
from toiya.pricing.quote import Quote
from toiya.relations.events import raise_events
from toiya.subscriptions.errors import ChangedMeanwhile, NotInThisState
from toiya.subscriptions.models import EventKind, Subscription, SubscriptionEvent, SubscriptionState

ARROWS: dict[SubscriptionState, frozenset[SubscriptionState]] = {
    SubscriptionState.PENDING: frozenset({SubscriptionState.ACTIVE, SubscriptionState.DELETED}),
    SubscriptionState.ACTIVE: frozenset(
        {SubscriptionState.SUSPENDED, SubscriptionState.DELETED, SubscriptionState.EXPIRED}
    ),
    SubscriptionState.SUSPENDED: frozenset(
        {SubscriptionState.ACTIVE, SubscriptionState.DELETED, SubscriptionState.EXPIRED}
    ),
    SubscriptionState.DELETED: frozenset(),
    SubscriptionState.EXPIRED: frozenset(),
}


WITH_CHAIN = (
    "tenant",
    "reseller",
    "customer__country",
    "sku__connector",
    "sku__product",
    "availability__sku",
    "parent__sku",
    "support_contact",
    "reseller_of_record",
)


def must_be(subscription: Subscription, *states: SubscriptionState) -> None:
    """Raises NotInThisState with the state found and those that would do."""
    if subscription.state not in states:
        raise NotInThisState(
            found=str(SubscriptionState(subscription.state).label),
            expected=" / ".join(str(state.label) for state in states),
        )


def name_with(subscription: Subscription, sku: Sku) -> str:
    """What it is called as this product: its own name stays, that of the former product goes."""
    return subscription.friendly_name if subscription.has_own_name or sku == subscription.sku else sku.name


def lock(subscription: Subscription, version: int | None = None) -> Subscription:
    """The row as it is now, locked until the transaction ends. ChangedMeanwhile: the page showed another."""
    fresh = (
        Subscription.objects.select_for_update(no_key=True, of=("self",))
        .select_related(*WITH_CHAIN)
        .get(pk=subscription.pk)
    )
    if version is not None and version != fresh.version:
        raise ChangedMeanwhile
    return fresh


def note(
    by: By,
    action: AuditAction,
    subscription: Subscription,
    *,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Record the act in the log of provider and reseller, and in that of the customer. Never with a price (G-05)."""
    chain = subscription.tenant_id, subscription.reseller_id or subscription.customer_id
    own = (subscription.customer_id, None)
    for tenant_id, counterparty_id in (chain, own) if subscription.reseller_id else (chain,):
        record(
            by,
            action,
            subscription,
            tenant_id=tenant_id,
            counterparty_id=counterparty_id,
            customer_id=subscription.customer_id,
            before=before,
            after=after,
        )


def change(
    by: By, subscription: Subscription, kind: EventKind, *, version: int | None = None, **fields: Any
) -> SubscriptionEvent:
    """Write the fields and the event that set them, if the subscription is still as it was read.

    ``version`` is the one that the caller's page showed, where it showed one. Raises ChangedMeanwhile, and
    NotInThisState where ``state`` is set to one that has no arrow from here.
    """
    state = fields.get("state")
    if state is not None and state not in ARROWS[SubscriptionState(subscription.state)]:
        must_be(subscription, *(origin for origin, targets in ARROWS.items() if state in targets))
    expected = subscription.version if version is None else version
    written = Subscription.objects.filter(pk=subscription.pk, version=expected).update(
        version=F("version") + 1, sequence=F("sequence") + 1, **fields
    )
    if not written:
        raise ChangedMeanwhile
    for name, value in fields.items():
        setattr(subscription, name, value)
    subscription.version, subscription.sequence = expected + 1, subscription.sequence + 1
    _tell_partners(by, subscription)
    return _write_event(by, subscription, kind, fields)


def _tell_partners(by: By, subscription: Subscription) -> None:
    """The programs of provider and reseller hear of every change, by whatever way it came about."""
    customer_id = subscription.customer_id
    raise_events(
        by,
        Happening(
            name=EventName.SUBSCRIPTION_UPDATED,
            object_id=subscription.pk,
            tenants=(subscription.tenant_id, subscription.reseller_id),
            tie=Tie.CUSTOMER,
            other_id=customer_id,
        ),
    )


def _write_event(
    by: By, subscription: Subscription, kind: EventKind, fields: Mapping[str, object]
) -> SubscriptionEvent:
    event = SubscriptionEvent(
        tenant_id=subscription.tenant_id,
        subscription=subscription,
        sequence=subscription.sequence,
        kind=kind,
        at=by.now,
        actor_tenant_id=by.tenant_id,
        actor_id=by.person_id,
        set_fields={name: event_value(value) for name, value in fields.items()},
    )
    insert(event)
    return event


def event_value(value: object) -> object:
    """The value as an event keeps it: JSON, with dates, instants and ids as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(getattr(value, "pk", value))


def price_fields(edge: str, price: UnitPrice | None) -> dict[str, object]:
    """The three columns of an edge's price."""
    return {
        f"{edge}_units": price.units if price else None,
        f"{edge}_scale": price.scale if price else None,
        f"{edge}_currency": price.currency if price else "",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What is sold to whom, through whom."""

    provider: Tenant
    reseller: Tenant | None
    customer: Tenant
    availability: Availability
    quantity: int
    friendly_name: str
    prices: Quote
    parent: Subscription | None = None
    promotion: Promotion | None = None
    auto_renew: bool = True
    custom_term_end: dt.date | None = None
    more: Mapping[str, object] = field(default_factory=dict)


def open_subscription(by: By, *, order_id: uuid.UUID, sale: Sale) -> Subscription:
    """A sold subscription that is still being provisioned; no seat yet. Rights and bounds are the caller's to check.

    The provider is the biller and the support contact until somebody chooses another (S-003, N-34).
    """
    sku = sale.availability.sku
    subscription = Subscription(
        id=new_id(),
        tenant=sale.provider,
        operator_id=sale.availability.tenant_id,
        reseller=sale.reseller,
        customer=sale.customer,
        reseller_of_record=sale.reseller,
        support_contact=sale.provider,
        order_id=order_id,
        sku=sku,
        availability=sale.availability,
        parent=sale.parent,
        friendly_name=sale.friendly_name,
        quantity=sale.quantity,
        term=sale.availability.term,
        billing_cycle=sale.availability.billing_cycle,
        term_end=sale.custom_term_end,
        auto_renew=sale.auto_renew and sku.kind not in {SkuKind.TRIAL, SkuKind.ONE_TIME},
        created_at=by.now,
        promotion=sale.promotion,
        price_list_id=sale.prices.price_list_id,
        sequence=1,
        **price_fields("cost", sale.prices.cost),
        **price_fields("resale", sale.prices.resale),
        **price_fields("retail", sale.prices.retail),
    )
    insert(subscription)
    _write_event(by, subscription, EventKind.ORDERED, folded_fields(subscription))
    return subscription


NOT_FOLDED = frozenset({"id", "tenant_id", "version", "sequence", "created_at", "order_id"})


def folded_fields(subscription: Subscription) -> dict[str, object]:
    """Every column that events set."""
    return {
        column.attname: getattr(subscription, column.attname)
        for column in Subscription._meta.concrete_fields
        if column.attname not in NOT_FOLDED
    }


def fold(subscription: Subscription) -> dict[str, object]:
    """What the recorded events make of the subscription; equals its row (I-11)."""
    names = {column.name: column.attname for column in Subscription._meta.concrete_fields}
    folded: dict[str, object] = {}
    for event in subscription.events.order_by("sequence"):
        folded.update({names.get(name, name): value for name, value in event.set_fields.items()})
    return folded


def customer_today(subscription: Subscription, now: dt.datetime) -> dt.date:
    """The date where the customer is; terms are local dates."""
    return subscription.customer.country.local_date(now)


def billing_period(subscription: Subscription, on: dt.date) -> tuple[dt.date, dt.date] | None:
    """The billing period of the term in which the date lies, the last one where the term is over; None without one."""
    if subscription.term_start is None or subscription.term_end is None:
        return None
    periods = cycle_days(
        subscription.term_start,
        subscription.term_end,
        subscription.billing_cycle,
        anchor_day=subscription.anchor_day,
    )
    return next((period for period in periods if on < period[1]), periods[-1] if periods else None)


def activate_subscription(by: By, subscription: Subscription) -> SubscriptionEvent:
    """The service is there: the term begins today, the seats can be used, the window for cancelling opens."""
    must_be(subscription, SubscriptionState.PENDING)
    sku = subscription.sku
    today = customer_today(subscription, by.now)
    end = subscription.term_end or (
        today + dt.timedelta(days=sku.trial_days)
        if sku.kind == SkuKind.TRIAL
        else term_end(today, subscription.term)
    )
    event = change(
        by,
        subscription,
        EventKind.ACTIVATED,
        state=SubscriptionState.ACTIVE,
        activated_at=by.now,
        term_start=today,
        term_end=end,
        anchor_day=today.day,
        cancel_until=by.now + dt.timedelta(days=sku.cancel_days),
    )
    change_seats(subscription.customer_id, sku, seats=subscription.quantity)
    return event

"""From one product to a better one: a trial becomes paid, a subscription is upgraded with all its users."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from toiya.audit.actions import AuditAction
from toiya.catalogue.models import Availability, SkuKind, SkuLink, SkuLinkKind
from toiya.catalogue.offers import prerequisites_of, quantity_must_fit
from toiya.core.actor import Actor
from toiya.core.errors import Refusal
from toiya.core.reader import reader_name
from toiya.core.terms import term_end
from toiya.fulfilment.models import TaskKind
from toiya.licences.errors import SeatsInUse
from toiya.licences.pools import pool_of
from toiya.pricing.promotions import best_promotion
from toiya.pricing.quote import quote
from toiya.subscriptions.errors import (
    AccessMissing,
    AddOnInTheWay,
    ChangeUnderWay,
    NotATarget,
    NothingAbove,
    TargetOwned,
)
from toiya.subscriptions.holdings import holdings_of
from toiya.subscriptions.lifecycle import change, customer_today, lock, must_be, name_with, note, price_fields
from toiya.subscriptions.models import LIVE, EventKind, Subscription, SubscriptionState
from toiya.subscriptions.notices import tell
from toiya.subscriptions.particulars import must_renew
from toiya.subscriptions.rights import holds_access, must_sell
from toiya.subscriptions.schedule import offers_at_renewal
from toiya.subscriptions.seats import exchange_seats
from toiya.subscriptions.states import why
from toiya.subscriptions.vendor import asked_quantity, tell_vendor


def _offers(subscription: Subscription) -> QuerySet[Availability]:
    now = subscription.availability
    return (
        Availability.objects.filter(
            country_id=now.country_id,
            segment=now.segment,
            withdrawn_at__isnull=True,
            sku__withdrawn_at__isnull=True,
            sku__product__withdrawn_at__isnull=True,
            sku__product__published_at__isnull=False,
        )
        .select_related("sku__product__category", "sku__connector")
        .order_by("sku__code", "term", "billing_cycle", "id")
    )


def upgrade_offers(subscription: Subscription) -> QuerySet[Availability]:
    """The upgrade targets of the product, for the same term and billing cycle (N-29)."""
    targets = SkuLink.objects.filter(sku_id=subscription.sku_id, kind=SkuLinkKind.UPGRADE).values("other_id")
    return _offers(subscription).filter(
        sku_id__in=targets, term=subscription.term, billing_cycle=subscription.billing_cycle
    )


def conversion_offers(subscription: Subscription) -> QuerySet[Availability]:
    """What the trial may become, for every term and billing frequency (N-30)."""
    target = subscription.sku.converts_to_id
    if target is None:
        return Availability.objects.none()
    return _offers(subscription).filter(sku_id=target).exclude(term="")


def _price_fields(
    actor: Actor, subscription: Subscription, availability: Availability, quantity: int
) -> Mapping[str, Any]:
    """Today's prices of the new offer, with the best promotion for it."""
    today = customer_today(subscription, actor.now)
    holdings = holdings_of(subscription.customer_id, provider_id=subscription.tenant_id)
    choice = best_promotion(
        availability=availability,
        quantity=quantity,
        segment=availability.segment,
        on=today,
        is_new_customer=availability.sku.product_id not in holdings.products,
    )
    prices = quote(
        availability=availability,
        provider_id=subscription.tenant_id,
        reseller_id=subscription.reseller_id,
        customer_id=subscription.customer_id,
        on=today,
        discount_basis_points=choice.discount_basis_points,
    )
    return {
        "promotion": choice.best,
        "price_list_id": prices.price_list_id,
        **price_fields("cost", prices.cost),
        **price_fields("resale", prices.resale),
        **price_fields("retail", prices.retail),
    }


def must_be_upgradable(actor: Actor, subscription: Subscription) -> None:
    """Active, not busy, with something to become, and one of its partners holds administrator access (N-29)."""
    must_be(subscription, SubscriptionState.ACTIVE)
    if not upgrade_offers(subscription).exists():
        raise NothingAbove(offer=subscription.sku.name)
    if asked_quantity(subscription) is not None:
        raise ChangeUnderWay
    customer_id = subscription.customer_id
    if not (
        holds_access(actor, subscription.tenant_id, customer_id)
        or holds_access(actor, subscription.reseller_id, customer_id)
    ):
        partner = subscription.reseller or subscription.tenant
        raise AccessMissing(partner=reader_name(partner), customer=reader_name(subscription.customer))


@dataclass(frozen=True, slots=True)
class WayOn:
    """An offer that the subscription may become, and what keeps it from that now; None: nothing does."""

    availability: Availability
    refusal: Refusal | None


def ways_on(actor: Actor, subscription: Subscription) -> list[WayOn]:
    """What it may become in the middle of its term: upgrades, or for a trial what it converts to."""
    is_trial = subscription.sku.kind == SkuKind.TRIAL
    offers = list((conversion_offers if is_trial else upgrade_offers)(subscription))
    if not offers:
        return []
    against = why(must_sell, actor, subscription)
    if is_trial:
        against = against or why(must_be_convertible, subscription)
        return [WayOn(offer, against) for offer in offers]
    against = against or why(must_be_upgradable, actor, subscription)
    around = _around(subscription)
    return [WayOn(offer, against or why(_must_become, subscription, offer, around)) for offer in offers]


def ways_at_renewal(actor: Actor, subscription: Subscription) -> list[WayOn]:
    """The other products that the next term may be of."""
    offers = (
        offers_at_renewal(subscription).exclude(sku_id=subscription.sku_id).select_related("sku__product")
    )
    against = why(must_sell, actor, subscription) or why(must_renew, subscription)
    return [
        WayOn(offer, against or why(quantity_must_fit, offer.sku, subscription.quantity)) for offer in offers
    ]


@transaction.atomic
def upgrade_subscription(
    actor: Actor, *, subscription: Subscription, availability: Availability, version: int | None
) -> Subscription:
    """The whole subscription becomes the target, for the rest of its term; users move along with their seats.

    Raises AccessMissing, NotATarget, TargetOwned, AddOnInTheWay, NotPriced, and what ``rights.must_sell`` raises.
    """
    must_sell(actor, subscription)
    locked = lock(subscription, version)
    must_be_upgradable(actor, locked)
    target = upgrade_offers(locked).filter(pk=availability.pk).first()
    if target is None:
        raise NotATarget(offer=availability.sku.name)
    _must_become(locked, target, _around(locked))
    old_sku = locked.sku
    change(
        actor,
        locked,
        EventKind.UPGRADED,
        sku=target.sku,
        availability=target,
        friendly_name=name_with(locked, target.sku),
        **_price_fields(actor, locked, target, locked.quantity),
    )
    exchange_seats(actor, locked, old_sku=old_sku, old_quantity=locked.quantity)
    tell_vendor(actor, locked, TaskKind.UPDATE)
    note(
        actor,
        AuditAction.UPGRADE_SUBSCRIPTION,
        locked,
        before={"sku": old_sku.code},
        after={"sku": target.sku.code, "quantity": locked.quantity},
    )
    tell(actor, locked, "upgraded", before=old_sku, now=target.sku)
    return locked


@dataclass(frozen=True, slots=True)
class _Around:
    """What the customer has beside the subscription: SKUs, and the add-ons with the SKUs of which each needs one."""

    owned: frozenset[uuid.UUID]
    add_ons: tuple[tuple[Subscription, frozenset[uuid.UUID]], ...]


def _around(subscription: Subscription) -> _Around:
    others = Subscription.objects.filter(customer_id=subscription.customer_id, state__in=LIVE)
    owned = others.exclude(pk=subscription.pk).values_list("sku_id", flat=True)
    add_ons = list(subscription.add_ons.filter(state__in=LIVE).select_related("sku").order_by("id"))
    needed = prerequisites_of([add_on.sku_id for add_on in add_ons]) if add_ons else {}
    return _Around(
        frozenset(owned),
        tuple((row, frozenset(sku.pk for sku in needed.get(row.sku_id, ()))) for row in add_ons),
    )


def _must_become(subscription: Subscription, target: Availability, around: _Around) -> None:
    """The target must suit customer, add-ons, quantity. Raises TargetOwned, AddOnInTheWay, QuantityOutOfBounds."""
    if target.sku_id in around.owned:
        raise TargetOwned(offer=target.sku.name)
    for add_on, needed in around.add_ons:
        if needed and target.sku_id not in needed:
            raise AddOnInTheWay(add_on=add_on.title, target=target.sku.name)
    quantity_must_fit(target.sku, subscription.quantity)


def must_be_convertible(subscription: Subscription) -> None:
    """An active trial that may become something. Raises NotInThisState, NotATarget."""
    must_be(subscription, SubscriptionState.ACTIVE)
    if subscription.sku.kind != SkuKind.TRIAL or subscription.sku.converts_to_id is None:
        raise NotATarget(offer=subscription.sku.name)


@transaction.atomic
def convert_trial(
    actor: Actor,
    *,
    subscription: Subscription,
    availability: Availability,
    quantity: int,
    version: int | None,
) -> Subscription:
    """The trial is paid from today, with a quantity and a billing frequency; its users keep their seats (N-30).

    Raises NotATarget, QuantityOutOfBounds, SeatsInUse where more users have a seat than would be left, NotPriced.
    """
    must_sell(actor, subscription)
    locked = lock(subscription, version)
    must_be_convertible(locked)
    target = conversion_offers(locked).filter(pk=availability.pk).first()
    if target is None:
        raise NotATarget(offer=availability.sku.name)
    quantity_must_fit(target.sku, quantity)
    assigned = pool_of(locked.customer_id, locked.sku).assigned
    if quantity < assigned:
        raise SeatsInUse(assigned=assigned, wanted=quantity)
    today = customer_today(locked, actor.now)
    old_sku, old_quantity = locked.sku, locked.quantity
    change(
        actor,
        locked,
        EventKind.CONVERTED,
        sku=target.sku,
        availability=target,
        friendly_name=name_with(locked, target.sku),
        quantity=quantity,
        term=target.term,
        billing_cycle=target.billing_cycle,
        term_start=today,
        term_end=term_end(today, target.term),
        anchor_day=today.day,
        auto_renew=True,
        cancel_until=actor.now + dt.timedelta(days=target.sku.cancel_days),
        **_price_fields(actor, locked, target, quantity),
    )
    exchange_seats(actor, locked, old_sku=old_sku, old_quantity=old_quantity)
    tell_vendor(actor, locked, TaskKind.UPDATE)
    note(
        actor,
        AuditAction.CONVERT_SUBSCRIPTION,
        locked,
        before={"sku": old_sku.code, "quantity": old_quantity},
        after={"sku": target.sku.code, "quantity": quantity, "term": target.term},
    )
    tell(actor, locked, "converted", quantity=quantity)
    return locked

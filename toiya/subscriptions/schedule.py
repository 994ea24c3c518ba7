"""What the renewal will do instead of repeating the term: quantity, term, billing cycle, product, end date.

The schedule is a row of its own beside the subscription, so that no other edit deletes it (C-09).
"""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Q, QuerySet

from toiya.audit.actions import AuditAction
from toiya.catalogue.models import Availability, SkuLink, SkuLinkKind
from toiya.catalogue.offers import quantity_must_fit
from toiya.core.actor import Actor
from toiya.core.reader import reader_name
from toiya.core.terms import term_end
from toiya.directory.models import Tenant
from toiya.subscriptions.errors import NotATarget, NothingScheduled, ProviderOrders, WrongEndDate
from toiya.subscriptions.lifecycle import change, lock, note
from toiya.subscriptions.models import (
    LIVE,
    EventKind,
    ScheduledChange,
    Subscription,
)
from toiya.subscriptions.particulars import NEVER_RENEWS, must_renew
from toiya.subscriptions.rights import managed_by, must_manage, must_sell


def offers_at_renewal(subscription: Subscription) -> QuerySet[Availability]:
    """The same product for other terms and billing cycles, and its upgrade targets, where and for whom it was sold."""
    now = subscription.availability
    targets = SkuLink.objects.filter(sku_id=subscription.sku_id, kind=SkuLinkKind.UPGRADE).values("other_id")
    rows = Availability.objects.filter(
        Q(sku_id=subscription.sku_id) | Q(sku_id__in=targets),
        country_id=now.country_id,
        segment=now.segment,
        withdrawn_at__isnull=True,
        sku__withdrawn_at__isnull=True,
        sku__product__withdrawn_at__isnull=True,
        sku__product__published_at__isnull=False,
    )
    return rows.exclude(term="").select_related("sku").order_by("sku__code", "term", "billing_cycle", "id")


def offer_at_renewal(
    subscription: Subscription,
    *,
    sku_id: uuid.UUID | None = None,
    availability_id: uuid.UUID | None = None,
    term: str | None = None,
    billing_cycle: str | None = None,
) -> Availability:
    """The offer that is meant: the one that is there with what was said put in its place. Raises NotATarget.

    A term or a billing cycle that was said counts more than the availability, whose only one it may not be elsewhere.
    """
    now = subscription.availability
    offers = {row.pk: row for row in [now, *offers_at_renewal(subscription)]}
    named = offers.get(availability_id) if availability_id else None
    if availability_id is not None and named is None:
        raise NotATarget(offer=str(availability_id))
    base = named or now
    wanted_sku = sku_id or base.sku_id
    wanted = (term or base.term, billing_cycle or base.billing_cycle)
    same = [row for row in offers.values() if row.sku_id == wanted_sku]
    found = [row for row in same if (row.term, row.billing_cycle) == wanted]
    if not found or (named is not None and named.sku_id != wanted_sku):
        raise NotATarget(offer=same[0].sku.name if same else str(wanted_sku))
    return named if named in found else found[0]


def common_ends(subscription: Subscription) -> list[dt.date]:
    """End dates of the customer's other subscriptions of the same seller with which its next term could end."""
    if subscription.term_end is None:
        return []
    latest = regular_end(subscription.term_end, subscription.availability, subscription.anchor_day)
    others = Subscription.objects.filter(
        customer_id=subscription.customer_id, tenant_id=subscription.tenant_id, state__in=LIVE
    ).exclude(pk=subscription.pk)
    ends = others.filter(term_end__gt=subscription.term_end, term_end__lt=latest).values_list(
        "term_end", flat=True
    )
    return sorted({end for end in ends if end is not None})


def ends_to_join(
    actor: Actor, customer: Tenant, *, term: str, start: dt.date | None = None
) -> dict[dt.date, list[uuid.UUID]]:
    """The days on which a new term could end together with something that the customer has through the actor's
    organisation, and what ends then. ``start``: today where the customer is, unless told otherwise.
    """
    begin = start or customer.country.local_date(actor.now)
    latest = term_end(begin, term)
    if latest is None:
        return {}
    running = managed_by(actor).filter(
        customer_id=customer.pk, state__in=LIVE, term_end__gt=begin, term_end__lte=latest
    )
    found: dict[dt.date, list[uuid.UUID]] = {}
    rows = running.exclude(sku__kind__in=NEVER_RENEWS).order_by("term_end", "id")
    for end, subscription_id in rows.values_list("term_end", "pk"):
        found.setdefault(end, []).append(subscription_id)  # type: ignore[arg-type]
    return found


def regular_end(begin: dt.date, availability: Availability, anchor_day: int) -> dt.date:
    """The day on which a term of this offer ends that begins on the day; that day where nothing is committed."""
    return term_end(begin, availability.term, anchor_day=anchor_day) or begin


@transaction.atomic
def schedule_change(
    actor: Actor,
    *,
    subscription: Subscription,
    version: int | None,
    quantity: int | None = None,
    availability: Availability | None = None,
    end: dt.date | None = None,
) -> ScheduledChange:
    """Replace the schedule. None: as it is. A reseller may schedule less; more is the provider's to order (S-099).

    Raises QuantityOutOfBounds, NotATarget, WrongEndDate, NothingScheduled, DoesNotRenew, ProviderOrders.
    """
    must_manage(actor, subscription)
    locked = lock(subscription, version)
    must_renew(locked)
    if availability is not None and availability.pk == locked.availability_id:
        availability = None
    if quantity == locked.quantity:
        quantity = None
    if quantity is None and availability is None and end is None:
        raise NothingScheduled
    if availability is not None or (quantity or 0) > locked.quantity:
        if actor.tenant_id != locked.tenant_id:
            raise ProviderOrders(provider=reader_name(locked.tenant))
        must_sell(actor, locked)
    _must_fit(locked, quantity, availability, end)
    made, _created = ScheduledChange.objects.update_or_create(
        subscription=locked,
        defaults={
            "tenant_id": locked.tenant_id,
            "quantity": quantity,
            "availability": availability,
            "term_end": end,
            "at": actor.now,
            "by_id": actor.person_id,
        },
    )
    change(actor, locked, EventKind.CHANGE_SCHEDULED)
    note(
        actor,
        AuditAction.SCHEDULE_CHANGE,
        locked,
        after={
            "quantity": quantity or locked.quantity,
            "sku": (availability or locked.availability).sku.code,
            "term": (availability or locked.availability).term,
            "billing_cycle": (availability or locked.availability).billing_cycle,
            "term_end": end.isoformat() if end else "",
        },
    )
    return made


def _must_fit(
    subscription: Subscription,
    quantity: int | None,
    availability: Availability | None,
    end: dt.date | None,
) -> None:
    if availability is not None and not offers_at_renewal(subscription).filter(pk=availability.pk).exists():
        raise NotATarget(offer=availability.sku.name)
    offer = availability or subscription.availability
    quantity_must_fit(offer.sku, quantity or subscription.quantity)
    begin = subscription.term_end
    if end is not None and begin is not None and end not in common_ends(subscription):
        until = regular_end(begin, offer, subscription.anchor_day)
        raise WrongEndDate(found=end, after=begin, until=until)


@transaction.atomic
def remove_schedule(actor: Actor, *, subscription: Subscription, version: int | None) -> Subscription:
    """The renewal repeats the term after all. Raises NothingScheduled."""
    must_manage(actor, subscription)
    locked = lock(subscription, version)
    if not ScheduledChange.objects.filter(subscription=locked).delete()[0]:
        raise NothingScheduled
    change(actor, locked, EventKind.SCHEDULE_REMOVED)
    note(actor, AuditAction.SCHEDULE_CHANGE, locked, after={"quantity": locked.quantity})
    return locked


def scheduled_for(subscription: Subscription) -> ScheduledChange | None:
    """What the renewal will do, if anything is scheduled."""
    rows = ScheduledChange.objects.select_related("availability__sku")
    return rows.filter(subscription=subscription).first()

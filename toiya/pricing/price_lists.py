"""The operator's price lists: drafted, filled, published from a day on; published lists never change."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, TextChoices
from django.utils.translation import gettext_lazy as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.money import UnitPrice
from toiya.core.permissions import Permission
from toiya.core.reader import day
from toiya.pricing.errors import BeginsTooEarly, EmptyList, ListExists, ListIsPublished
from toiya.pricing.models import PriceLine, PriceList
from toiya.programme.models import Country

PREVIEW = dt.timedelta(days=30)


class Mark(TextChoices):
    """What a line is against the list before; the words are the field's."""

    ADD = "ADD", _("New")
    CHG = "CHG", _("Changed")
    DEL = "DEL", _("No longer sold")
    UNC = "UNC", _("Unchanged")


@dataclass(frozen=True, slots=True)
class Pair:
    """List price and estimated retail price of an offer."""

    list_price: UnitPrice
    retail_price: UnitPrice


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """An offer of a list, its prices now and in the list before."""

    availability: Availability
    mark: Mark
    now: Pair | None
    before: Pair | None


def _must_keep(actor: Actor, price_list: PriceList) -> None:
    actor.must(Permission.CATALOGUE_MANAGE)
    if price_list.tenant_id != actor.tenant_id:
        raise NotVisible


def _must_be_draft(price_list: PriceList) -> None:
    if price_list.published_at is not None:
        raise ListIsPublished(name=price_list.name)


@transaction.atomic
def create_price_list(
    actor: Actor, *, country: str, name: str, valid_from: dt.date, like: PriceList | None = None
) -> PriceList:
    """A draft for the country, in its currency (N-44); ``like``: it begins with the prices of that list.

    Raises ListExists, NotVisible.
    """
    actor.must(Permission.CATALOGUE_MANAGE)
    place = Country.objects.filter(pk=country).first()
    if place is None or (
        like is not None and (like.tenant_id, like.country_id) != (actor.tenant_id, country)
    ):
        raise NotVisible
    _day_must_be_free(actor, country, valid_from)
    made = PriceList.objects.create(
        tenant_id=actor.tenant_id,
        country=place,
        currency=place.currency,
        name=name,
        valid_from=valid_from,
        created_at=actor.now,
    )
    if like is not None and like.currency == made.currency:
        _copy_lines(like, made)
    record(
        actor,
        AuditAction.CREATE_PRICE_LIST,
        made,
        tenant_id=actor.tenant_id,
        after={"title": name, "country": country, "valid_from": valid_from, "lines": made.lines.count()},
    )
    return made


def _day_must_be_free(actor: Actor, country: str, first: dt.date, own: PriceList | None = None) -> None:
    same = PriceList.objects.filter(tenant_id=actor.tenant_id, country_id=country, valid_from=first)
    other = (same.exclude(pk=own.pk) if own else same).first()
    if other is not None:
        raise ListExists(name=other.name, on=day(first))


def _copy_lines(origin: PriceList, target: PriceList) -> None:
    live = Availability.objects.filter(sku__tenant_id=target.tenant_id, withdrawn_at__isnull=True)
    PriceLine.objects.bulk_create(
        PriceLine(
            tenant_id=target.tenant_id,
            price_list=target,
            availability_id=line.availability_id,
            list_units=line.list_units,
            list_scale=line.list_scale,
            retail_units=line.retail_units,
            retail_scale=line.retail_scale,
        )
        for line in origin.lines.filter(availability__in=live)
    )


@transaction.atomic
def update_price_list(
    actor: Actor, *, price_list: PriceList, version: int, name: str, valid_from: dt.date
) -> PriceList:
    """Another name or day for a draft. Raises ListIsPublished, ListExists, ChangedMeanwhile."""
    _must_keep(actor, price_list)
    _must_be_draft(price_list)
    _day_must_be_free(actor, price_list.country_id, valid_from, price_list)
    _touch(price_list, version, name=name, valid_from=valid_from)
    record(
        actor,
        AuditAction.UPDATE_PRICE_LIST,
        price_list,
        tenant_id=actor.tenant_id,
        before={"title": price_list.name, "valid_from": price_list.valid_from},
        after={"title": name, "valid_from": valid_from, "version": version + 1},
    )
    return PriceList.objects.get(pk=price_list.pk)


def _touch(price_list: PriceList, version: int, **fields: object) -> None:
    """Whoever publishes and whoever edits at the same moment: exactly one of them wins."""
    drafts = PriceList.objects.filter(pk=price_list.pk, version=version, published_at__isnull=True)
    if not drafts.update(version=F("version") + 1, **fields):
        fresh = PriceList.objects.get(pk=price_list.pk)
        _must_be_draft(fresh)
        raise ChangedMeanwhile


@transaction.atomic
def set_lines(
    actor: Actor,
    *,
    price_list: PriceList,
    version: int,
    lines: Mapping[Availability, Pair | None],
) -> dict[Mark, int]:
    """Prices of a draft; None takes the offer off the list. Returns how many lines changed in which way.

    Raises ListIsPublished, ChangedMeanwhile, NotVisible for an offer of another country. Prices are not logged: the
    list itself keeps them.
    """
    _must_keep(actor, price_list)
    _must_be_draft(price_list)
    if any((row.tenant_id, row.country_id) != (price_list.tenant_id, price_list.country_id) for row in lines):
        raise NotVisible
    _touch(price_list, version)
    counts = _write_lines(price_list, lines)
    record(
        actor,
        AuditAction.UPDATE_PRICE_LIST,
        price_list,
        tenant_id=actor.tenant_id,
        after={"title": price_list.name, "version": version + 1}
        | {f"lines_{mark.value.lower()}": count for mark, count in counts.items() if count},
    )
    return counts


def _write_lines(price_list: PriceList, lines: Mapping[Availability, Pair | None]) -> dict[Mark, int]:
    present = {
        line.availability_id: line
        for line in price_list.lines.filter(availability__in=[row.pk for row in lines])
    }
    counts = dict.fromkeys(Mark, 0)
    new: list[PriceLine] = []
    changed: list[PriceLine] = []
    gone: list[int] = []
    for availability, pair in lines.items():
        line = present.get(availability.pk)
        mark = mark_of(_pair(line, price_list.currency), pair)
        if mark is None:
            continue
        counts[mark] += 1
        if mark is Mark.DEL and line is not None:
            gone.append(line.pk)
        elif pair is not None and mark in {Mark.ADD, Mark.CHG}:
            target = line or PriceLine(
                tenant_id=price_list.tenant_id, price_list=price_list, availability=availability
            )
            target.list_units, target.list_scale = pair.list_price.units, pair.list_price.scale
            target.retail_units, target.retail_scale = pair.retail_price.units, pair.retail_price.scale
            (changed if line else new).append(target)
    PriceLine.objects.bulk_create(new)
    PriceLine.objects.bulk_update(changed, ["list_units", "list_scale", "retail_units", "retail_scale"])
    PriceLine.objects.filter(pk__in=gone).delete()
    return counts


def _pair(line: PriceLine | None, currency: str) -> Pair | None:
    if line is None:
        return None
    return Pair(
        UnitPrice(line.list_units, line.list_scale, currency),
        UnitPrice(line.retail_units, line.retail_scale, currency),
    )


def mark_of(before: Pair | None, after: Pair | None) -> Mark | None:
    """What happened to an offer between two lists; None where neither names it. 12.50 and 12.5 are one price."""
    if before is None or after is None:
        return None if before is after else Mark.ADD if before is None else Mark.DEL
    prices = [(pair.list_price.decimal, pair.retail_price.decimal) for pair in (before, after)]
    return Mark.UNC if prices[0] == prices[1] else Mark.CHG


@transaction.atomic
def publish_price_list(actor: Actor, *, price_list: PriceList, version: int) -> PriceList:
    """It counts from its day on, and providers see it 30 days before (N-33). It never changes again.

    Raises ListIsPublished, EmptyList, BeginsTooEarly, ChangedMeanwhile.
    """
    _must_keep(actor, price_list)
    _must_be_draft(price_list)
    if not price_list.lines.exists():
        raise EmptyList
    today = price_list.country.local_date(actor.now)
    others = PriceList.objects.filter(
        tenant_id=actor.tenant_id, country_id=price_list.country_id, published_at__isnull=False
    )
    if others.exists() and price_list.valid_from < today:
        raise BeginsTooEarly(found=day(price_list.valid_from), expected=day(today))
    _touch(price_list, version, published_at=actor.now)
    record(
        actor,
        AuditAction.PUBLISH_PRICE_LIST,
        price_list,
        tenant_id=actor.tenant_id,
        after={
            "title": price_list.name,
            "country": price_list.country_id,
            "valid_from": price_list.valid_from,
            "lines": price_list.lines.count(),
        },
    )
    return PriceList.objects.get(pk=price_list.pk)


@transaction.atomic
def delete_price_list(actor: Actor, *, price_list: PriceList) -> None:
    """A draft that nobody needs is thrown away. Raises ListIsPublished."""
    _must_keep(actor, price_list)
    name = price_list.name
    locked = PriceList.objects.select_for_update().get(pk=price_list.pk)
    _must_be_draft(locked)
    record(actor, AuditAction.DELETE_PRICE_LIST, locked, tenant_id=actor.tenant_id, before={"title": name})
    locked.delete()


def list_before(price_list: PriceList) -> PriceList | None:
    """The published list of the country that this one follows."""
    earlier = PriceList.objects.filter(
        tenant_id=price_list.tenant_id,
        country_id=price_list.country_id,
        published_at__isnull=False,
        valid_from__lt=price_list.valid_from,
    )
    return earlier.order_by("-valid_from").first()


def last_day(price_list: PriceList) -> dt.date | None:
    """The day before the next published list of the country begins; None where none is known yet."""
    later = PriceList.objects.filter(
        tenant_id=price_list.tenant_id,
        country_id=price_list.country_id,
        published_at__isnull=False,
        valid_from__gt=price_list.valid_from,
    )
    following = later.order_by("valid_from").values_list("valid_from", flat=True).first()
    return following - dt.timedelta(days=1) if following else None


def coming_list(price_list: PriceList, today: dt.date) -> PriceList | None:
    """The next list of the country where it begins within 30 days (N-33)."""
    coming = PriceList.objects.filter(
        tenant_id=price_list.tenant_id,
        country_id=price_list.country_id,
        published_at__isnull=False,
        valid_from__gt=today,
        valid_from__lte=today + PREVIEW,
    )
    return coming.order_by("valid_from").first()


def pairs_of(
    price_list: PriceList | None, offers: Iterable[uuid.UUID] | None = None
) -> dict[uuid.UUID, Pair]:
    """The prices of a list by offer; one statement."""
    if price_list is None:
        return {}
    rows = (
        price_list.lines.all() if offers is None else price_list.lines.filter(availability__in=list(offers))
    )
    found = {}
    for line in rows:
        pair = _pair(line, price_list.currency)
        if pair is not None:
            found[line.availability_id] = pair
    return found


def marked_lines(price_list: PriceList, *, before: PriceList | None) -> list[MarkedLine]:
    """Every offer of a list and of the one before, with what changed; three statements."""
    now, then = pairs_of(price_list), pairs_of(before)
    offers = offers_of(price_list, {*now, *then})
    return [
        MarkedLine(row, mark, now.get(row.pk), then.get(row.pk))
        for row in offers
        if (mark := mark_of(then.get(row.pk), now.get(row.pk))) is not None
    ]


def offers_of(price_list: PriceList, ids: Iterable[uuid.UUID] | None = None) -> Sequence[Availability]:
    """The offers that a list of this country can name, in the order of the catalogue."""
    rows = Availability.objects.filter(tenant_id=price_list.tenant_id, country_id=price_list.country_id)
    rows = rows.filter(withdrawn_at__isnull=True) if ids is None else rows.filter(pk__in=list(ids))
    return list(
        rows.select_related("sku__product__category").order_by(
            "sku__product__category__position",
            "sku__product__code",
            "sku__code",
            "segment",
            "term",
            "billing_cycle",
        )
    )

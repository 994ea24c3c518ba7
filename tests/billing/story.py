"""How stories of billing go: Hinode sells to Aoba through Kawase, months pass, and Tsubame writes invoices."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from tests.cast import Cast, partner, relate
from tests.commerce import Shop, build_shop, subscribed
from toiya.billing.issuing import Run, _run, operator_of
from toiya.billing.models import Invoice
from toiya.core.actor import Bystander
from toiya.core.terms import add_months
from toiya.directory.actors import bystander_for
from toiya.directory.models import Tenant
from toiya.pricing.models import PriceList
from toiya.programme.models import Country
from toiya.subscriptions.models import Subscription

JAPAN = ZoneInfo("Asia/Tokyo")
NEW_YEAR = dt.date(2027, 1, 1)


def market(cast: Cast) -> Shop:
    """Hinode and Kawase serve Aoba, Midori and Yamabuki too; prices hold for years; consumption tax is 10 %."""
    partner(cast.hinode, cast.kawase)
    for partner_ in (cast.hinode, cast.kawase, cast.midori, cast.yamabuki):
        relate(partner_, cast.aoba)
    Country.objects.filter(pk="JP").update(tax_basis_points=1000)
    shop = build_shop(cast)
    PriceList.objects.filter(pk=shop.price_list.pk).update(valid_from=dt.date(2020, 1, 1))
    return shop


def it_is(cast: Cast, day: dt.date, hour: int = 10) -> None:
    """The clock of the story stands at this hour of this day in Japan."""
    cast.family.clock_stopped_at = dt.datetime.combine(day, dt.time(hour), JAPAN).astimezone(dt.UTC)
    cast.family.save()


def worker(tenant: Tenant) -> Bystander:
    """Nobody in particular, acting for the organisation at the story's time."""
    fresh = Tenant.objects.select_related("family").get(pk=tenant.pk)
    return bystander_for(fresh, kind="test")


def bought(
    cast: Cast,
    shop: Shop,
    day: dt.date,
    *,
    offer: str = "office",
    quantity: int = 10,
    hour: int = 10,
    **more: Tenant,
) -> Subscription:
    """Aoba has a subscription since the day."""
    it_is(cast, day, hour)
    provider = more.get("provider", cast.hinode)
    return subscribed(
        cast,
        shop,
        cast.aoba,
        offer=offer,
        quantity=quantity,
        by=worker(provider),
        **more,  # type: ignore[arg-type]
    )


def month_is_over(cast: Cast, month: dt.date) -> Run:
    """The first morning after the month: the invoices are written."""
    it_is(cast, add_months(month.replace(day=1), 1))
    return _run(worker(cast.operator), operator_of(cast.operator.pk), month.replace(day=1))


def at(by: Bystander, day: dt.date) -> Bystander:
    """The same at another time."""
    return replace(by, now=dt.datetime.combine(day, dt.time(10), JAPAN).astimezone(dt.UTC))


def told(invoice: Invoice) -> list[tuple[str, str, int, int]]:
    """The lines in short: kind, day from which, quantity, amount."""
    return [
        (line.kind, f"{line.day:%m-%d}", line.quantity, line.amount_minor)
        for line in invoice.lines.order_by("position")
    ]

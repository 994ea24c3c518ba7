"""An invoice before it is issued: everything that is due for a month and was not invoiced yet.

What is due is worked out anew each time from all events up to the end of the month; what issued invoices hold is taken
off. So running again adds nothing, and what became known late comes onto the next invoice, as a charge or as a credit.
"""

import datetime as dt
import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Max, Sum

from toiya.billing.charges import (
    TELLING,
    Charge,
    ChargeKind,
    Period,
    Term,
    charges_of,
    cost_of,
    periods_of,
    terms_of,
)
from toiya.billing.errors import DoesNotAddUp
from toiya.billing.models import InvoiceLine
from toiya.catalogue.models import Sku, SkuKind
from toiya.core.money import BASIS_POINTS, Money, divide_half_up
from toiya.core.terms import add_months
from toiya.directory.models import Tenant
from toiya.membership.models import PartnerProfile
from toiya.orders.models import Order
from toiya.subscriptions.models import Subscription, SubscriptionEvent

Days = tuple[dt.date, dt.date]


@dataclass(frozen=True, slots=True)
class Invoiced:
    """What issued invoices hold for one billing period of a subscription: amounts by currency, revisions by kind."""

    amounts: dict[str, int] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Correction:
    """A period comes to something else than what was invoiced for it."""

    period: Period
    revision: int
    costs: int
    invoiced: int
    sku_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax of one rate, in minor units."""

    basis_points: int
    net: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be invoiced. Lines are not saved; they have no invoice and no position."""

    recipient: Tenant
    currency: str
    lines: list[InvoiceLine]
    taxes: list[Tax]

    @property
    def net(self) -> Money:
        """Before tax."""
        return Money(sum(line.amount_minor for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        """All taxes."""
        return Money(sum(tax.tax.minor for tax in self.taxes), self.currency)

    @property
    def total(self) -> Money:
        """What would be to pay."""
        return self.net + self.tax


def end_of(month: dt.date) -> dt.date:
    """The first day after the month."""
    return add_months(month.replace(day=1), 1)


def draft_invoice(
    *, operator: Tenant, recipient: Tenant, currency: str, month: dt.date, now: dt.datetime
) -> Draft | None:
    """Everything due from the provider in this currency that begins or happened by the end of the month (by now, where
    the month is not over) and is on no invoice yet; None where that is nothing. A fixed number of statements.

    Raises PriceMissing and, where the safety bound is reached, DoesNotAddUp.
    """
    until = end_of(month)
    cutoff = min(operator.country.midnight(until), now)
    day = min(until, operator.country.local_date(now) + dt.timedelta(days=1))
    sold = list(
        Subscription.objects.filter(tenant=recipient, operator=operator)
        .select_related("customer__country", "reseller", "tenant")
        .order_by("created_at", "id")
    )
    events = _events(sold, cutoff)
    free = frozenset(Sku.objects.filter(tenant=operator, kind=SkuKind.TRIAL).values_list("pk", flat=True))
    invoiced = _invoiced(operator, recipient)
    due: list[tuple[Subscription, list[Charge | Correction]]] = []
    for subscription in sold:
        local_date = subscription.customer.country.local_date
        terms = terms_of(events.get(subscription.pk, ()), day_of=local_date, free=free)
        found = _not_invoiced(subscription, terms, day, currency, invoiced.get(subscription.pk, {}))
        if found:
            due.append((subscription, found))
    if not due:
        return None
    rate = tax_rate(operator, recipient)
    lines = _lines(operator, currency, rate, due)
    return Draft(recipient, currency, lines, taxes_of(lines, currency))


def _events(
    sold: Sequence[Subscription], cutoff: dt.datetime
) -> Mapping[uuid.UUID, Iterable[SubscriptionEvent]]:
    """What happened to each before the cutoff, in the order in which it was recorded."""
    rows = SubscriptionEvent.objects.filter(
        tenant_id__in={row.tenant_id for row in sold}, kind__in=TELLING
    ).order_by("subscription_id", "sequence")
    return {
        key: list(itertools.takewhile(lambda event: event.at < cutoff, group))
        for key, group in itertools.groupby(rows, key=lambda event: event.subscription_id)
    }


def _invoiced(operator: Tenant, recipient: Tenant) -> Mapping[uuid.UUID, Mapping[Days, Invoiced]]:
    rows = (
        InvoiceLine.objects.filter(tenant=operator, invoice__recipient=recipient)
        .values_list("subscription_id", "period_start", "period_end", "currency", "kind")
        .annotate(latest=Max("revision"), together=Sum("amount_minor"))
        .order_by()
    )
    found: dict[uuid.UUID, dict[Days, Invoiced]] = defaultdict(lambda: defaultdict(Invoiced))
    for subscription_id, start, end, currency, kind, latest, amount in rows:
        period = found[subscription_id][start, end]
        period.amounts[currency] = period.amounts.get(currency, 0) + amount
        period.revisions[kind] = max(period.revisions.get(kind, 0), latest)
    return found


def _not_invoiced(
    subscription: Subscription,
    terms: Sequence[Term],
    until: dt.date,
    currency: str,
    invoiced: Mapping[Days, Invoiced],
) -> list[Charge | Correction]:
    """The charges of this currency that no invoice holds, and a correction wherever a period still comes to something
    else than what it costs: something about it became known late.
    """
    costs = _costs(terms, until)
    charges: dict[Days, list[Charge]] = defaultdict(list)
    for charge in charges_of(terms, until):
        charges[charge.period.start, charge.period.end].append(charge)
    _must_not_overlap(subscription, [period for period, _costs_ in costs.values()])
    found: list[Charge | Correction] = []
    for days in sorted({*costs, *invoiced}):
        before = invoiced.get(days) or Invoiced()
        all_of_it = [charge for charge in charges[days] if charge.price.currency == currency]
        new = [row for row in all_of_it if row.revision > before.revisions.get(row.kind, 0)]
        period, by_currency = costs.get(days, (Period(*days, (days[1] - days[0]).days), {}))
        cost, most = by_currency.get(currency, (0, 0))
        already = before.amounts.get(currency, 0)
        _must_come_to(subscription, period, sum(row.amount for row in all_of_it), cost, most)
        found += new
        if sum(row.amount for row in new) + already != cost:
            revision = before.revisions.get(ChargeKind.CORRECTION, 0) + 1
            sku_id = all_of_it[-1].sku_id if all_of_it else subscription.sku_id
            found.append(Correction(period, revision, cost - sum(row.amount for row in new), already, sku_id))
    return found


def _costs(terms: Sequence[Term], until: dt.date) -> dict[Days, tuple[Period, dict[str, tuple[int, int]]]]:
    """The periods that cost something; a trial has none."""
    return {
        (period.start, period.end): (period, cost)
        for term in terms
        for period in periods_of(term, until)
        if (cost := cost_of(term, period))
    }


def _must_not_overlap(subscription: Subscription, periods: Iterable[Period]) -> None:
    """No day is paid for twice (I-14)."""
    last: Period | None = None
    for period in sorted(periods, key=lambda row: row.start):
        if last is not None and period.start < last.end:
            raise DoesNotAddUp(subject=f"{subscription.pk}, {period.start}", found=2, expected=1)
        last = period


def _must_come_to(subscription: Subscription, period: Period, found: int, cost: int, most: int) -> None:
    """The safety bound: the charges of a period come to what its days cost, not below nothing and not above the dearest
    day for the whole of it (G-34).
    """
    expected = min(max(cost, 0), most)
    if not found == cost == expected:
        raise DoesNotAddUp(
            subject=f"{subscription.friendly_name} ({subscription.pk}), {period.start}",
            found=found,
            expected=expected,
        )


# ---------------------------------------------------------------- lines
def _lines(
    operator: Tenant,
    currency: str,
    rate: int,
    due: Sequence[tuple[Subscription, list[Charge | Correction]]],
) -> list[InvoiceLine]:
    skus = Sku.objects.in_bulk({row.sku_id for _sold, rows in due for row in rows})
    orders = dict(
        Order.objects.filter(pk__in={sold.order_id for sold, _rows in due}).values_list("pk", "number")
    )
    return [
        InvoiceLine(
            tenant=operator,
            subscription=sold,
            customer=sold.customer,
            reseller=sold.reseller,
            order_id=sold.order_id if sold.order_id in orders else None,
            order_number=orders.get(sold.order_id),
            subscription_name=sold.friendly_name,
            sku=skus[row.sku_id],
            sku_ja=skus[row.sku_id].name_ja,
            sku_en=skus[row.sku_id].name_en,
            customer_name=sold.customer.name,
            customer_latin=sold.customer.latin_name,
            reseller_name=sold.reseller.name if sold.reseller else "",
            reseller_latin=sold.reseller.latin_name if sold.reseller else "",
            revision=row.revision,
            period_start=row.period.start,
            period_end=row.period.end,
            currency=currency,
            tax_basis_points=rate,
            **_amounts(row),
        )
        for sold, rows in due
        for row in rows
    ]


def _amounts(row: Charge | Correction) -> dict[str, object]:
    if isinstance(row, Correction):
        return {
            "kind": ChargeKind.CORRECTION,
            "day": row.period.start,
            "costs_minor": row.costs,
            "invoiced_minor": row.invoiced,
            "amount_minor": row.costs - row.invoiced,
        }
    return {
        "kind": row.kind,
        "day": row.day,
        "days": row.days,
        "whole_days": row.period.whole,
        "quantity": row.quantity,
        "price_units": row.price.units,
        "price_scale": row.price.scale,
        "amount_minor": row.amount,
    }


# ---------------------------------------------------------------- tax
def tax_rate(operator: Tenant, recipient: Tenant) -> int:
    """The rate in hundredths of a percent: that of the country where both are; none across a border, and none for a
    provider that declared that it is exempt (N-08).
    """
    if recipient.country_id != operator.country_id:
        return 0
    if PartnerProfile.objects.filter(pk=recipient.pk, is_tax_exempt=True).exists():
        return 0
    return recipient.country.tax_basis_points


def taxes_of(lines: Iterable[InvoiceLine], currency: str) -> list[Tax]:
    """Once for each rate, rounded once (design.md 9)."""
    nets: dict[int, int] = defaultdict(int)
    for line in lines:
        nets[line.tax_basis_points] += line.amount_minor
    return [
        Tax(rate, Money(net, currency), Money(divide_half_up(net * rate, BASIS_POINTS), currency))
        for rate, net in sorted(nets.items())
    ]

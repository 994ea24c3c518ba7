"""Price rules and exchange rates: how a seller prices for its buyers, in the currency of that edge.

A rule and its figures are the seller's secret: the log keeps what it is about, never how much (G-05).
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from babel import Locale
from django.db import transaction
from django.db.models import F, Q

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Availability, AvailabilityQuerySet, Category, Product, Sku
from toiya.core.actor import Actor
from toiya.core.errors import CapacityMissing, ChangedMeanwhile, NotVisible
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import day
from toiya.core.spreadsheets import Line, Sheet
from toiya.directory.models import Tenant
from toiya.pricing.errors import DatesReversed, RuleIncomplete, RuleRemoved, SameCurrency, UnknownBuyer
from toiya.pricing.models import ExchangeRate, PriceBasis, PriceRule, PriceRuleQuerySet
from toiya.pricing.price_files import (
    NAMING,
    DryRun,
    Key,
    RowResult,
    judge_rows,
    key_of,
    label_of,
    must_have_columns,
    price_in,
)
from toiya.pricing.price_lists import Mark, Pair, mark_of
from toiya.relations.models import Partnership, ResellerRelationship

SELLERS = (Capacity.PROVIDER, Capacity.RESELLER)
FIXED_COLUMNS = (*NAMING, "country", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """What a rule says. At most one of category, product, SKU and availability; none: everything."""

    sells_as: Capacity
    buyer_domain: str = ""
    category: Category | None = None
    product: Product | None = None
    sku: Sku | None = None
    availability: Availability | None = None
    basis: PriceBasis
    percent: int = 0
    fixed: UnitPrice | None = None
    currency: str
    valid_from: dt.date
    valid_until: dt.date | None = None


def capacities_to_sell(actor: Actor) -> list[Capacity]:
    """As what the actor's organisation sets prices."""
    return [capacity for capacity in SELLERS if capacity in actor.capacities | actor.suspended]


def buyer_by_domain(actor: Actor, sells_as: Capacity, domain: str) -> Tenant | None:
    """The buyer with this domain among one's own; None for an empty domain. Raises UnknownBuyer.

    A provider sells to resellers that are its partners and to its customers, a reseller to its customers.
    """
    if not domain.strip():
        return None
    customers = ResellerRelationship.objects.of_partner(actor).live().values("customer_id")
    mine = Q(pk__in=customers)
    if sells_as is Capacity.PROVIDER:
        partners = Partnership.objects.live().filter(provider_id=actor.tenant_id).values("reseller_id")
        mine |= Q(pk__in=partners)
    found = Tenant.objects.filter(mine, domains__name__iexact=domain.strip()).first()
    if found is None:
        raise UnknownBuyer(domain=domain.strip())
    return found


def _fields(actor: Actor, terms: RuleTerms) -> dict[str, object]:
    actor.must(Permission.PRICE_RULES_MANAGE)
    if terms.sells_as not in actor.capacities:
        raise CapacityMissing
    if terms.valid_until is not None and terms.valid_until <= terms.valid_from:
        last = terms.valid_until - dt.timedelta(days=1)
        raise DatesReversed(first=day(terms.valid_from), last=day(last))
    fixed = terms.fixed
    if terms.basis == PriceBasis.FIXED and (fixed is None or terms.availability is None):
        raise RuleIncomplete(field="target" if terms.availability is None else "fixed")
    if terms.basis != PriceBasis.FIXED:
        fixed = None
    return {
        "sells_as": terms.sells_as,
        "buyer": buyer_by_domain(actor, terms.sells_as, terms.buyer_domain),
        "category": terms.category,
        "product": terms.product,
        "sku": terms.sku,
        "availability": terms.availability,
        "basis": terms.basis,
        "percent": 0 if fixed else terms.percent,
        "fixed_units": fixed.units if fixed else None,
        "fixed_scale": fixed.scale if fixed else None,
        "currency": terms.currency,
        "valid_from": terms.valid_from,
        "valid_until": terms.valid_until,
    }


def _logged(rule: PriceRule) -> dict[str, object]:
    """What the rule is about; its figures stay out of the log."""
    target = rule.availability.sku if rule.availability else rule.sku or rule.product or rule.category
    return {
        "sells_as": rule.sells_as,
        "buyer": str(rule.buyer_id or ""),
        "target": target.code if target else "",
        "basis": rule.basis,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
    }


RELATED = ("buyer", "category", "product", "sku__product", "availability__sku__product")


def price_rules(actor: Actor, *, is_removed: bool = False) -> PriceRuleQuerySet:
    """The seller's own rules with what they are about; those in use, or those that were removed."""
    rows = PriceRule.objects.visible_to(actor).filter(removed_at__isnull=not is_removed)
    return rows.select_related(*RELATED).prefetch_related("buyer__domains")


def price_rule(actor: Actor, rule_id: uuid.UUID) -> PriceRule:
    """One of the seller's own rules, also a removed one. Raises NotVisible."""
    found = (
        PriceRule.objects.visible_to(actor)
        .select_related(*RELATED)
        .prefetch_related("buyer__domains")
        .filter(pk=rule_id)
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def is_currency(code: str) -> bool:
    """Whether there is a currency with these three letters."""
    return code in Locale("en").currencies


@transaction.atomic
def create_price_rule(actor: Actor, *, terms: RuleTerms) -> PriceRule:
    """One more rule; the narrowest that fits an offer and a buyer counts.

    Raises UnknownBuyer, RuleIncomplete, DatesReversed, CapacityMissing.
    """
    fields = _fields(actor, terms)
    rule = PriceRule.objects.create(tenant_id=actor.tenant_id, created_at=actor.now, **fields)
    record(actor, AuditAction.CREATE_PRICE_RULE, rule, tenant_id=actor.tenant_id, after=_logged(rule))
    return rule


@transaction.atomic
def update_price_rule(actor: Actor, *, rule: PriceRule, version: int, terms: RuleTerms) -> PriceRule:
    """The rule says something else from now on; what was sold keeps its price. Raises ChangedMeanwhile as well."""
    fields = _fields(actor, terms)
    if rule.tenant_id != actor.tenant_id:
        raise NotVisible
    before = _logged(PriceRule.objects.get(pk=rule.pk))
    rows = PriceRule.objects.filter(pk=rule.pk, version=version, removed_at__isnull=True)
    if not rows.update(version=F("version") + 1, **fields):
        raise ChangedMeanwhile
    fresh = PriceRule.objects.get(pk=rule.pk)
    record(
        actor,
        AuditAction.UPDATE_PRICE_RULE,
        fresh,
        tenant_id=actor.tenant_id,
        before=before,
        after={**_logged(fresh), "version": fresh.version},
    )
    return fresh


@transaction.atomic
def remove_price_rule(actor: Actor, *, rule: PriceRule) -> None:
    """It no longer counts; it can be brought back. Raises RuleRemoved."""
    actor.must(Permission.PRICE_RULES_MANAGE)
    _switch(actor, rule, was_there=True)
    record(actor, AuditAction.REMOVE_PRICE_RULE, rule, tenant_id=actor.tenant_id, before=_logged(rule))


@transaction.atomic
def restore_price_rule(actor: Actor, *, rule: PriceRule) -> None:
    """Undo of the removal. Raises RuleRemoved."""
    actor.must(Permission.PRICE_RULES_MANAGE)
    _switch(actor, rule, was_there=False)
    record(actor, AuditAction.CREATE_PRICE_RULE, rule, tenant_id=actor.tenant_id, after=_logged(rule))


def _switch(actor: Actor, rule: PriceRule, *, was_there: bool) -> None:
    if rule.tenant_id != actor.tenant_id:
        raise NotVisible
    rows = PriceRule.objects.filter(pk=rule.pk, removed_at__isnull=was_there)
    if not rows.update(removed_at=actor.now if was_there else None, version=F("version") + 1):
        raise RuleRemoved


@transaction.atomic
def set_exchange_rate(
    actor: Actor, *, base: str, quoted: str, rate: UnitPrice, valid_from: dt.date
) -> ExchangeRate:
    """One major unit of ``base`` is so much of ``quoted`` from the day on; the same day again replaces it.

    Raises SameCurrency.
    """
    actor.must(Permission.PRICE_RULES_MANAGE)
    if base == quoted:
        raise SameCurrency(currency=base)
    row, _made = ExchangeRate.objects.update_or_create(
        tenant_id=actor.tenant_id,
        base=base,
        quoted=quoted,
        valid_from=valid_from,
        defaults={"units": rate.units, "scale": rate.scale},
    )
    record(
        actor,
        AuditAction.SET_EXCHANGE_RATE,
        row,
        tenant_id=actor.tenant_id,
        after={"base": base, "quoted": quoted, "valid_from": valid_from},
    )
    return row


# ---------------------------------------------------------------- fixed prices as a file
def on_sale(actor: Actor) -> AvailabilityQuerySet:
    """What is on sale in the seller's own sales region (N-44)."""
    region = Tenant.objects.filter(pk=actor.tenant_id).values("country__sales_region")
    return Availability.objects.visible_to(actor).live().filter(country__sales_region__in=region)


def sellable_availabilities(actor: Actor) -> list[Availability]:
    """Everything on sale in the seller's own sales region, in the order of the catalogue."""
    return list(
        on_sale(actor)
        .select_related("sku__product__category")
        .order_by(
            "country",
            "sku__product__category__position",
            "sku__product__code",
            "sku__code",
            "segment",
            "term",
            "billing_cycle",
        )
    )


def fixed_prices(
    actor: Actor, *, sells_as: Capacity, buyer: Tenant | None, on: dt.date
) -> dict[uuid.UUID, PriceRule]:
    """The fixed price in force for each offer, for one buyer or for all; the youngest of several."""
    rules = PriceRule.objects.visible_to(actor).in_force(on)
    rules = rules.filter(sells_as=sells_as, buyer=buyer, basis=PriceBasis.FIXED, availability__isnull=False)
    return {rule.availability_id: rule for rule in rules.order_by("created_at", "id") if rule.availability_id}


def fixed_price(rule: PriceRule | None) -> UnitPrice | None:
    """The amount of a fixed rule."""
    if rule is None or rule.fixed_units is None or rule.fixed_scale is None:
        return None
    return UnitPrice(rule.fixed_units, rule.fixed_scale, rule.currency)


def dry_run_fixed(  # noqa: PLR0917
    actor: Actor, sheet: Sheet, sells_as: Capacity, buyer: Tenant | None, currency: str, on: dt.date
) -> DryRun:
    """What a file of fixed prices would change for the buyer; nothing is written. An empty price removes.

    Raises ColumnsMissing, TooManyRows.
    """
    must_have_columns(sheet, FIXED_COLUMNS)
    offers = sellable_availabilities(actor)
    present = fixed_prices(actor, sells_as=sells_as, buyer=buyer, on=on)

    def judge(line: Line, availability: Availability) -> RowResult:
        before, after = fixed_price(present.get(availability.pk)), None
        if line.cells.get("price", ""):
            after = price_in(line, "price", currency)
        pairs = [Pair(price, price) if price else None for price in (before, after)]
        mark = mark_of(*pairs) or Mark.UNC
        if before and after and before.currency != after.currency:
            mark = Mark.CHG
        label = f"{availability.country_id} · {label_of(availability)}"
        return RowResult(line.number, label, mark, "", availability, *pairs)

    rows: list[RowResult] = []
    for country in sorted({line.cells.get("country", "").upper() for line in sheet.lines}):
        here: Mapping[Key, Availability] = {key_of(row): row for row in offers if row.country_id == country}
        lines = [line for line in sheet.lines if line.cells.get("country", "").upper() == country]
        rows += judge_rows(lines, here, judge)
    return DryRun(sorted(rows, key=lambda row: row.number), sheet.encoding)


@transaction.atomic
def set_fixed_prices(
    actor: Actor,
    *,
    sells_as: Capacity,
    buyer: Tenant | None,
    rows: Iterable[RowResult],
    on: dt.date,
) -> int:
    """Carry out the good rows: each is a rule of its own, the one before is removed. Returns how many changed."""
    actor.must(Permission.PRICE_RULES_MANAGE)
    present = fixed_prices(actor, sells_as=sells_as, buyer=buyer, on=on)
    moving: Sequence[RowResult] = [row for row in rows if row.mark in {Mark.ADD, Mark.CHG, Mark.DEL}]
    for row in moving:
        if row.availability is None:
            continue
        former = present.get(row.availability.pk)
        if former is not None:
            remove_price_rule(actor, rule=former)
        if row.after is not None:
            terms = RuleTerms(
                sells_as=sells_as,
                buyer_domain=buyer.domain if buyer else "",
                availability=row.availability,
                basis=PriceBasis.FIXED,
                fixed=row.after.list_price,
                currency=row.after.list_price.currency,
                valid_from=on,
            )
            create_price_rule(actor, terms=terms)
    return len(moving)

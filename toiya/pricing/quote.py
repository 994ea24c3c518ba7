"""What one unit costs at each edge on a day: provider to operator, reseller to provider, customer to its seller.

Each party sees its own edges only (G-05): this module answers with all of them, its callers show what is theirs.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Availability
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
from toiya.core.prepared import prepared
from toiya.core.reader import day
from toiya.pricing.errors import NotPriced
from toiya.pricing.models import ExchangeRate, PriceBasis, PriceLine, PriceList, PriceRule


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices of one unit and billing period. None: the seller has set no price, or has no rate for the currency."""

    price_list_id: uuid.UUID
    cost: UnitPrice
    resale: UnitPrice | None
    retail: UnitPrice | None


def price_list_on(tenant_id: uuid.UUID, country: str, on: dt.date) -> PriceList | None:
    """The operator's list for the country that is in force on the day: the latest one that has begun."""
    lists = PriceList.objects.filter(tenant_id=tenant_id, country_id=country, published_at__isnull=False)
    return lists.filter(valid_from__lte=on).order_by("-valid_from").first()


def line_on(availability: Availability, on: dt.date) -> PriceLine:
    """The operator's price of the offer on the day. Raises NotPriced."""
    found = price_list_on(availability.tenant_id, availability.country_id, on)
    line = (
        PriceLine.objects.select_related("price_list")
        .filter(price_list=found, availability=availability)
        .first()
        if found
        else None
    )
    if line is None:
        raise NotPriced(offer=availability.sku.name, country=availability.country_id, on=day(on))
    return line


def _narrowness(rule: PriceRule) -> tuple[bool, int, dt.datetime]:
    fields = (rule.availability_id, rule.sku_id, rule.product_id, rule.category_id)
    depth = next((4 - place for place, value in enumerate(fields) if value), 0)
    return rule.buyer_id is not None, depth, rule.created_at


def rule_for(
    rules: Iterable[PriceRule], availability: Availability, buyer_id: uuid.UUID | None
) -> PriceRule | None:
    """The narrowest of a seller's rules that fits the offer and the buyer."""
    sku = availability.sku
    fitting = [
        rule
        for rule in rules
        if rule.buyer_id in {None, buyer_id}
        and rule.availability_id in {None, availability.pk}
        and rule.sku_id in {None, sku.pk}
        and rule.product_id in {None, sku.product_id}
        and rule.category_id in {None, sku.product.category_id}
    ]
    return max(fitting, key=_narrowness, default=None)


class Obstacle(TextChoices):
    """Why a seller has no price for a buyer."""

    NO_RULE = "no_rule", _("No price rule fits")
    NO_BASIS = "no_basis", _("The price that it starts from is missing")
    NO_RATE = "no_rate", _("No exchange rate")


@dataclass(frozen=True, slots=True)
class Price:
    """What a rule makes for a buyer, and how: the rule, what it starts from, the rate where currencies differ."""

    price: UnitPrice | None
    rule: PriceRule | None = None
    basis: UnitPrice | None = None
    rate: ExchangeRate | None = None
    obstacle: Obstacle | None = None


Seller = tuple[uuid.UUID, Capacity]


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Everything that prices of a day are made of, read at once so that a whole catalogue can be priced."""

    on: dt.date
    lines: Mapping[uuid.UUID, PriceLine]
    rules: Mapping[Seller, Sequence[PriceRule]]
    rates: Mapping[tuple[uuid.UUID, str, str], ExchangeRate]


def lines_on(availabilities: Collection[Availability], on: dt.date) -> dict[uuid.UUID, PriceLine]:
    """The operator's price of each offer on the day, where it has one; one statement."""
    lines = _lines_on(sorted({row.pk for row in availabilities}), on)
    return {line.availability_id: line for line in lines}


@prepared
def _lines_on(availabilities: list[uuid.UUID], on: dt.date) -> QuerySet[PriceLine]:
    """The lines of the lists that nothing has followed on the day."""
    begun = PriceList.objects.filter(published_at__isnull=False, valid_from__lte=on)
    later = begun.filter(
        tenant_id=OuterRef("tenant_id"),
        country_id=OuterRef("country_id"),
        valid_from__gt=OuterRef("valid_from"),
    )
    latest = begun.filter(~Exists(later))
    lines = PriceLine.objects.filter(availability_id__in=availabilities, price_list__in=latest)
    return lines.select_related("price_list")


def read_book(
    availabilities: Collection[Availability], sellers: Collection[Seller], on: dt.date
) -> PriceBook:
    """Lines and rules for these offers and sellers, and rates where there are several currencies; two statements or
    three, however many they are.
    """
    ids = sorted({seller for seller, _sells_as in sellers})
    rules: dict[Seller, list[PriceRule]] = {seller: [] for seller in sellers}
    in_force, lines = _rules_on(ids, on), lines_on(availabilities, on)
    for rule in in_force:
        rules.setdefault((rule.tenant_id, Capacity(rule.sells_as)), []).append(rule)
    currencies = {rule.currency for rule in in_force} | {line.price_list.currency for line in lines.values()}
    rates = _rates_on(ids, on) if len(currencies) > 1 else []
    latest = {(rate.tenant_id, rate.base, rate.quoted): rate for rate in rates}
    return PriceBook(on, lines, rules, latest)


@prepared
def _rules_on(sellers: list[uuid.UUID], on: dt.date) -> QuerySet[PriceRule]:
    return PriceRule.objects.filter(tenant_id__in=sellers).in_force(on).order_by("created_at", "id")


@prepared
def _rates_on(sellers: list[uuid.UUID], on: dt.date) -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.filter(tenant_id__in=sellers, valid_from__lte=on).order_by("valid_from")


def price_at(
    book: PriceBook,
    seller: Seller,
    availability: Availability,
    *,
    buyer_id: uuid.UUID | None,
    paid: UnitPrice | None,
) -> Price:
    """What the seller asks of the buyer for one unit; ``paid`` is what the seller pays for it itself."""
    rule = rule_for(book.rules.get(seller, ()), availability, buyer_id)
    if rule is None:
        return Price(None, obstacle=Obstacle.NO_RULE)
    if rule.basis == PriceBasis.FIXED:
        return Price(UnitPrice(rule.fixed_units or 0, rule.fixed_scale or 0, rule.currency), rule)
    line = book.lines.get(availability.pk)
    basis = paid if rule.basis == PriceBasis.COST else line.retail_price if line else None
    if basis is None:
        return Price(None, rule, obstacle=Obstacle.NO_BASIS)
    if basis.currency == rule.currency:
        return Price(basis.changed_by(rule.percent), rule, basis)
    rate = book.rates.get((rule.tenant_id, basis.currency, rule.currency))
    if rate is None:
        return Price(None, rule, basis, obstacle=Obstacle.NO_RATE)
    converted = basis.converted(rate.units, rate.scale, rule.currency)
    return Price(converted.changed_by(rule.percent), rule, basis, rate)


def quote_from(
    book: PriceBook,
    availability: Availability,
    *,
    provider_id: uuid.UUID,
    reseller_id: uuid.UUID | None,
    customer_id: uuid.UUID | None,
    discount_basis_points: int = 0,
) -> Quote | None:
    """The prices at every edge of a chain; None where no price list in force names the offer."""
    line = book.lines.get(availability.pk)
    if line is None:
        return None
    cost = line.list_price.changed_by(-discount_basis_points) if discount_basis_points else line.list_price
    provider, resale, paid = (provider_id, Capacity.PROVIDER), None, cost
    if reseller_id is None:
        retail = price_at(book, provider, availability, buyer_id=customer_id, paid=cost).price
        return Quote(line.price_list_id, cost, None, retail)
    resale = price_at(book, provider, availability, buyer_id=reseller_id, paid=paid).price
    reseller = (reseller_id, Capacity.RESELLER)
    retail = price_at(book, reseller, availability, buyer_id=customer_id, paid=resale).price
    return Quote(line.price_list_id, cost, resale, retail)


def sellers_of(provider_id: uuid.UUID, reseller_id: uuid.UUID | None) -> list[Seller]:
    """Those of a chain who set prices."""
    provider = (provider_id, Capacity.PROVIDER)
    return [provider, (reseller_id, Capacity.RESELLER)] if reseller_id else [provider]


def quote(
    *,
    availability: Availability,
    provider_id: uuid.UUID,
    reseller_id: uuid.UUID | None,
    customer_id: uuid.UUID,
    on: dt.date,
    discount_basis_points: int = 0,
) -> Quote:
    """The prices at every edge of a chain. ``discount_basis_points`` is the operator's promotion. Raises NotPriced.

    Where there is no reseller, the customer buys from the provider and there is no resale edge.
    """
    book = read_book([availability], sellers_of(provider_id, reseller_id), on)
    found = quote_from(
        book,
        availability,
        provider_id=provider_id,
        reseller_id=reseller_id,
        customer_id=customer_id,
        discount_basis_points=discount_basis_points,
    )
    if found is None:
        raise NotPriced(offer=availability.sku.name, country=availability.country_id, on=day(on))
    return found

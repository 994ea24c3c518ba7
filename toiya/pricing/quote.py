"""What one unit costs at each edge on a day: provider to operator, reseller to provider, customer to its seller.

Each party sees its own edges only (G-05): this module answers with all of them, its callers show what is theirs.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from toiya.catalogue.models import Availability
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
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
        raise NotPriced(offer=availability.sku.name, country=availability.country_id, on=on.isoformat())
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


def in_currency(tenant_id: uuid.UUID, price: UnitPrice, currency: str, on: dt.date) -> UnitPrice | None:
    """The price in another currency at the seller's rate of the day; None where it has set none."""
    if price.currency == currency:
        return price
    rate = (
        ExchangeRate.objects.filter(
            tenant_id=tenant_id, base=price.currency, quoted=currency, valid_from__lte=on
        )
        .order_by("-valid_from")
        .first()
    )
    return price.converted(rate.units, rate.scale, currency) if rate else None


def price_by(
    rule: PriceRule | None, *, paid: UnitPrice | None, retail: UnitPrice, on: dt.date
) -> UnitPrice | None:
    """What the rule makes of what the seller pays, or of the estimated retail price."""
    if rule is None:
        return None
    if rule.basis == PriceBasis.FIXED:
        return UnitPrice(rule.fixed_units or 0, rule.fixed_scale or 0, rule.currency)
    basis = paid if rule.basis == PriceBasis.COST else retail
    if basis is None:
        return None
    converted = in_currency(rule.tenant_id, basis, rule.currency, on)
    return converted.changed_by(rule.percent) if converted else None


def _rules(seller_id: uuid.UUID, sells_as: Capacity, on: dt.date) -> list[PriceRule]:
    return list(PriceRule.objects.filter(tenant_id=seller_id, sells_as=sells_as).in_force(on))


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
    line = line_on(availability, on)
    cost = line.list_price.changed_by(-discount_basis_points) if discount_basis_points else line.list_price
    resale = None
    paid: UnitPrice | None = cost
    if reseller_id is not None:
        rule = rule_for(_rules(provider_id, Capacity.PROVIDER, on), availability, reseller_id)
        paid = resale = price_by(rule, paid=cost, retail=line.retail_price, on=on)
    seller, sells_as = (reseller_id, Capacity.RESELLER) if reseller_id else (provider_id, Capacity.PROVIDER)
    rule = rule_for(_rules(seller, sells_as, on), availability, customer_id)
    retail = price_by(rule, paid=paid, retail=line.retail_price, on=on)
    return Quote(line.price_list_id, cost, resale, retail)

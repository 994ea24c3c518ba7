"""Toiya's own: the price rules of a partner, and what they make: what it pays and what it asks (N-33).

A rule is its seller's secret, and a price belongs to the two sides of its edge (G-05).
"""

import dataclasses
import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType, Party, Price, price_text, within
from toiya.api.errors import WireError
from toiya.api.items import SEGMENT_WORDS, availability_id_in, catalog_item_id
from toiya.api.operations import Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.wire import Link, Links, Resource, SeekCollection, Wire, attributes_of
from toiya.catalogue.models import Category, Product, Sku
from toiya.core.money import WrongPrice, read_price
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.text import fold
from toiya.pricing.models import PriceBasis, PriceRule
from toiya.pricing.own_prices import OwnLine, own_lines
from toiya.pricing.rules import (
    RuleTerms,
    buyer_by_domain,
    create_price_rule,
    fixed_price,
    is_currency,
    on_sale,
    price_rule,
    price_rules,
    remove_price_rule,
    restore_price_rule,
    update_price_rule,
)
from toiya.pricing.shelves import shelf_in, shelf_of

RULES = "/v1/toiya/priceRules"
RULE = f"{RULES}/{{rule_id}}"
ONE_DAY = dt.timedelta(days=1)
LONGEST_DOMAIN = 253
LONGEST_SEARCH = 200
LEAST_PERCENT, MOST_PERCENT = -100, 10_000
HUNDREDTHS = 100
NOBODY = uuid.UUID(int=0)
FIELDS = {
    "categoryId": "category",
    "productId": "product",
    "skuId": "sku",
    "catalogItemId": "availability",
}
ORDER = ("sku__product__code", "sku__code", "segment", "term", "billing_cycle", "id")


class RulesQuery(SeekQuery):
    """``removed`` true: those that no longer count and can be brought back."""

    removed: bool | None = None


class PriceRuleItem(Resource):
    """A rule: for which buyer (``buyerDomain``; none: for all), about what, and how the price is made.

    At most one of ``categoryId``, ``productId``, ``skuId`` and ``catalogItemId``; none: everything. ``percent`` on
    the basis, with at most two decimals; ``fixed`` is decimal text, of a catalogue item. ``currency`` is that of
    the resulting price. ``lastDay`` counts still.
    """

    id: uuid.UUID | None = None
    sells_as: Capacity | None = None
    buyer: Party | None = None
    buyer_domain: str | None = None
    category_id: uuid.UUID | None = None
    product_id: uuid.UUID | None = None
    sku_id: uuid.UUID | None = None
    catalog_item_id: str | None = None
    basis: PriceBasis | None = None
    percent: Decimal | None = None
    fixed: str | None = None
    currency: str | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    created_date: dt.datetime | None = None
    removed_date: dt.datetime | None = None


def _rule(rule: PriceRule) -> PriceRuleItem:
    buyer, fixed = rule.buyer, price_text(fixed_price(rule))
    return PriceRuleItem(
        id=rule.pk,
        sells_as=Capacity(rule.sells_as),
        buyer=Party(id=buyer.pk, name=buyer.name, latin_name=buyer.latin_name or None) if buyer else None,
        buyer_domain=buyer.domain if buyer else None,
        category_id=rule.category_id,
        product_id=rule.product_id,
        sku_id=rule.sku_id,
        catalog_item_id=catalog_item_id(rule.availability) if rule.availability else None,
        basis=PriceBasis(rule.basis),
        percent=None if fixed else Decimal(rule.percent) / HUNDREDTHS,
        fixed=fixed.amount if fixed else None,
        currency=rule.currency,
        first_day=rule.valid_from,
        last_day=rule.valid_until - ONE_DAY if rule.valid_until else None,
        created_date=rule.created_at,
        removed_date=rule.removed_at,
        links=Links(self=Link(uri=f"/toiya/priceRules/{rule.pk}")),
        attributes=attributes_of("PriceRule", rule.version),
    )


@operation("toiya.price_rules.list", "GET", RULES, needs=Permission.CATALOGUE_VIEW)
def list_price_rules(call: Call, query: RulesQuery) -> SeekCollection[PriceRuleItem]:
    """The organisation's own rules, the youngest first."""
    page = page_by_key(
        price_rules(call.actor, is_removed=bool(query.removed)),
        fields=("created_at", "id"),
        cursor=place_of(call, query),
        size=size_of(query),
        descending=True,
    )
    return seek_collection(
        page,
        _rule,
        at="/toiya/priceRules",
        size=query.size,
        removed="true" if query.removed else None,
    )


@operation("toiya.price_rules.get", "GET", RULE, needs=Permission.CATALOGUE_VIEW, errors=(1000,))
def get_price_rule(call: Call, rule_id: uuid.UUID) -> PriceRuleItem:
    """One of the organisation's own rules, also a removed one."""
    return _rule(price_rule(call.actor, rule_id))


@operation(
    "toiya.price_rules.create",
    "POST",
    RULES,
    needs=Permission.PRICE_RULES_MANAGE,
    status=201,
    required=("sellsAs", "basis", "currency", "firstDay"),
    example={
        "sellsAs": "provider",
        "buyerDomain": "reseller.example.com",
        "basis": "cost",
        "percent": 20,
        "currency": "JPY",
        "firstDay": "2026-04-01",
    },
)
def create_rule(call: Call, body: PriceRuleItem) -> PriceRuleItem:
    """One more rule; the narrowest that fits an offer and a buyer counts."""
    made = create_price_rule(call.actor, terms=_terms(call, body))
    return _rule(price_rule(call.actor, made.pk))


@operation(
    "toiya.price_rules.update",
    "PUT",
    RULE,
    needs=Permission.PRICE_RULES_MANAGE,
    required=("sellsAs", "basis", "currency", "firstDay"),
    errors=(1000, 2055),
)
def update_rule(call: Call, rule_id: uuid.UUID, body: PriceRuleItem) -> PriceRuleItem:
    """The whole rule anew. What was sold keeps its price; a ``lastDay`` ends the rule on that day."""
    rule = price_rule(call.actor, rule_id)
    version = call.version(body, current=rule.version)
    update_price_rule(call.actor, rule=rule, version=version, terms=_terms(call, body, present=rule))
    return _rule(price_rule(call.actor, rule_id))


@operation(
    "toiya.price_rules.delete",
    "DELETE",
    RULE,
    needs=Permission.PRICE_RULES_MANAGE,
    status=204,
    errors=(1000,),
)
def delete_rule(call: Call, rule_id: uuid.UUID) -> None:
    """It no longer counts, from now on; it can be brought back."""
    remove_price_rule(call.actor, rule=price_rule(call.actor, rule_id))


@operation(
    "toiya.price_rules.restore",
    "POST",
    f"{RULE}/restore",
    needs=Permission.PRICE_RULES_MANAGE,
    errors=(1000,),
)
def restore_rule(call: Call, rule_id: uuid.UUID) -> PriceRuleItem:
    """A removed rule counts again."""
    restore_price_rule(call.actor, rule=price_rule(call.actor, rule_id))
    return _rule(price_rule(call.actor, rule_id))


def _terms(call: Call, body: PriceRuleItem, present: PriceRule | None = None) -> RuleTerms:
    currency = (body.currency or "").upper()
    if not is_currency(currency):
        text = _("“%(code)s” is not the three-letter code of a currency, like JPY.")
        raise WireError(400, 800002, text % {"code": body.currency}, "currency")
    basis, last = body.basis or PriceBasis.COST, body.last_day
    try:
        fixed = read_price(body.fixed, currency) if body.fixed and basis is PriceBasis.FIXED else None
    except WrongPrice as refusal:
        raise WireError(400, 800002, str(refusal), refusal.code, "fixed") from refusal
    if last == dt.date.max:
        raise WireError(400, 800002, _("This day cannot be the last one."), "lastDay")
    terms = RuleTerms(
        sells_as=body.sells_as or Capacity.PROVIDER,
        buyer_domain=within(body.buyer_domain, LONGEST_DOMAIN, "buyerDomain"),
        basis=basis,
        percent=_percent(body.percent),
        fixed=fixed,
        currency=currency,
        valid_from=body.first_day or dt.date.min,
        valid_until=last + ONE_DAY if last else None,
    )
    return _aimed(call, body, terms, present)


def _percent(given: Decimal | None) -> int:
    """Hundredths of a percent."""
    if given is None:
        return 0
    if not given.is_finite() or not LEAST_PERCENT <= given <= MOST_PERCENT or given * HUNDREDTHS % 1:
        text = _("percent is %(found)s; it must be %(least)s to %(most)s, with at most two decimals.")
        values = {"found": given, "least": LEAST_PERCENT, "most": MOST_PERCENT}
        raise WireError(400, 800002, text % values, "percent")
    return int(given * HUNDREDTHS)


def _aimed(call: Call, body: PriceRuleItem, terms: RuleTerms, present: PriceRule | None) -> RuleTerms:
    """The terms with what the rule is about; what it was about already may be withdrawn from sale."""
    named = {
        "categoryId": body.category_id,
        "productId": body.product_id,
        "skuId": body.sku_id,
        "catalogItemId": body.catalog_item_id,
    }
    given = [name for name, value in named.items() if value]
    if not given:
        return terms
    if len(given) > 1:
        text = _("A rule is about one of %(names)s.")
        raise WireError(400, 800002, text % {"names": ", ".join(given)}, *given)
    name = given[0]
    found = _target(call, body, present, name)
    if found is None:
        text = _("%(name)s: there is no “%(found)s” that you sell.")
        raise WireError(400, 800002, text % {"name": name, "found": named[name]}, name, str(named[name]))
    return dataclasses.replace(terms, **found)


def _target(call: Call, body: PriceRuleItem, present: PriceRule | None, name: str) -> dict[str, Any] | None:
    actor = call.actor
    found: Any = None
    if name == "categoryId":
        found = Category.objects.visible_to(actor).filter(pk=body.category_id or NOBODY).first()
    elif name == "productId":
        found = Product.objects.visible_to(actor).live().filter(pk=body.product_id or NOBODY).first()
    elif name == "skuId":
        found = Sku.objects.visible_to(actor).live().filter(pk=body.sku_id or NOBODY).first()
    else:
        wanted = availability_id_in(body.catalog_item_id) or NOBODY
        if present is not None and present.availability_id == wanted:
            found = present.availability
        else:
            found = on_sale(actor).select_related("sku__product").filter(pk=wanted).first()
    return {FIELDS[name]: found} if found else None


# ---------------------------------------------------------------- what the rules make
class PricesQuery(SeekQuery):
    """``country`` of the own sales region (one's own, where none is named); ``buyer``: what is asked of the partner or
    customer with this domain, else of everybody; ``q``: words of the product's name.
    """

    country: str | None = None
    buyer: str | None = None
    q: str | None = None


class OwnPrice(Wire, kw_only=True):
    """An offer as the organisation trades it. ``supplier``: the provider that it is bought from; none: the operator.

    ``obstacle``: why there is no ``youAsk``. ``suggested``: the estimated retail price, for providers.
    """

    catalog_item_id: str
    product_name: str
    sku_name: str
    country: str
    segment: str
    term_duration: str | None = None
    billing_cycle: BillingCycleType
    supplier: Party | None = None
    you_pay: Price | None = None
    suggested: Price | None = None
    you_ask: Price | None = None
    obstacle: str | None = None


@operation(
    "toiya.prices.list", "GET", "/v1/toiya/prices", needs=Permission.CATALOGUE_VIEW, errors=(2030, 800002)
)
def list_own_prices(call: Call, query: PricesQuery) -> SeekCollection[OwnPrice]:
    """What the organisation pays for each offer, and what it asks, of everybody or of one buyer.

    ``size`` counts offers; a reseller reads one line for each offer and provider that confirmed it.
    """
    country = query.country
    shelf = shelf_in(call.actor, country) if country else shelf_of(call.actor, "")
    buyer = buyer_by_domain(call.actor, shelf.capacity, within(query.buyer, LONGEST_DOMAIN, "buyer"))
    rows = shelf.offers().select_related("sku__product")
    for word in fold(within(query.q, LONGEST_SEARCH, "q")).split():
        rows = rows.filter(sku__product__search_key__contains=word)
    offers = page_by_key(rows, fields=ORDER, cursor=place_of(call, query), size=size_of(query))
    lines = own_lines(
        call.actor,
        list(offers.rows),
        capacity=shelf.capacity,
        suppliers=shelf.suppliers,
        buyer_id=buyer.pk if buyer else None,
        on=shelf.on,
    )
    return seek_collection(
        offers.showing(lines),
        _own_price,
        at="/toiya/prices",
        size=query.size,
        country=country,
        buyer=query.buyer,
        q=query.q,
    )


def _own_price(line: OwnLine) -> OwnPrice:
    row, supplier, asked = line.availability, line.supplier, line.asked
    return OwnPrice(
        catalog_item_id=catalog_item_id(row),
        product_name=row.sku.product.name,
        sku_name=row.sku.name,
        country=row.country_id,
        segment=SEGMENT_WORDS.get(row.segment, row.segment),
        term_duration=row.term or None,
        billing_cycle=BillingCycleType(row.billing_cycle),
        supplier=Party(id=supplier.pk, name=supplier.name, latin_name=supplier.latin_name or None)
        if supplier
        else None,
        you_pay=price_text(line.paid),
        suggested=price_text(line.suggested),
        you_ask=price_text(asked.price),
        obstacle=asked.obstacle.value if asked.obstacle else None,
    )

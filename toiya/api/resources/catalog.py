"""What may be bought: products, their SKUs, and where and how each may be had (availabilities).

For a country of the partner's sales region, or for one customer: then its country and segment decide. An availability
of Toiya is one term with one billing cycle, so ``terms`` has one entry.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType
from toiya.api.errors import WireError
from toiya.api.items import (
    ANYBODY,
    RENEWS,
    SEGMENT_WORDS,
    CurrencyInfo,
    catalog_item_id,
    currency_symbol,
    pascal,
    segments_in,
    shelf_for,
)
from toiya.api.operations import Call, as_id, operation
from toiya.api.reach import NO_SUCH_CUSTOMER, found_or, relationship_in
from toiya.api.wire import Attributes, Link, Links, Resource, Wire, attributes_of, collection
from toiya.api.wire import Collection as Page
from toiya.catalogue import models
from toiya.catalogue.errors import NotOnSale
from toiya.catalogue.models import AvailabilityQuerySet, SkuKind, SkuLinkKind
from toiya.catalogue.offers import segment_of
from toiya.core.permissions import Permission
from toiya.core.terms import BillingCycle, Term
from toiya.directory.models import Tenant
from toiya.orders.choosing import offers_for
from toiya.pricing.quote import lines_on
from toiya.pricing.shelves import shelf_in

NO_SUCH_PRODUCT, NO_SUCH_SKU, NO_SUCH_AVAILABILITY = 400013, 400018, 400019
ORDER = ("sku__product__code", "sku__code", "segment", "term", "billing_cycle", "id")
SEATS = frozenset({SkuKind.LICENSE, SkuKind.TRIAL, SkuKind.ADD_ON})
# The views of the language, and the kinds of SKU in each; what Toiya's catalogue has no kind for is empty.
VIEWS: dict[str, frozenset[SkuKind]] = {
    "azure": frozenset({SkuKind.USAGE}),
    "azurereservations": frozenset(),
    "azurereservationsvm": frozenset(),
    "azurereservationssql": frozenset(),
    "azurereservationscosmosdb": frozenset(),
    "microsoftazure": frozenset({SkuKind.USAGE}),
    "onlineservices": SEATS,
    "software": frozenset({SkuKind.ONE_TIME}),
    "softwaresuselinux": frozenset(),
    "softwareperpetual": frozenset({SkuKind.ONE_TIME}),
    "softwaresubscriptions": frozenset(),
    "marketplacesaas": frozenset(),
}


class ItemType(Wire):
    """What kind of product it is."""

    id: str | None = None
    display_name: str | None = None
    sub_type: "ItemType | None" = None


ONLINE_SERVICES = ItemType(id="OnlineServicesNCE", display_name="OnlineServicesNCE")
AZURE = ItemType(id="Azure", display_name="Azure")
SOFTWARE = ItemType(id="Software", display_name="Software")


class ProductLinks(Links):
    """The product, and its SKUs."""

    skus: Link | None = None


class Product(Wire):
    """A product of the catalogue."""

    id: str | None = None
    title: str | None = None
    description: str | None = None
    product_type: ItemType | None = None
    is_microsoft_product: bool | None = None
    publisher_name: str | None = None
    links: ProductLinks | None = None
    attributes: Attributes | None = None


class Sku(Resource):
    """One form in which a product is sold. ``dynamicAttributes`` says what belongs together."""

    id: str | None = None
    product_id: str | None = None
    title: str | None = None
    description: str | None = None
    minimum_quantity: int | None = None
    maximum_quantity: int | None = None
    is_trial: bool | None = None
    supported_billing_cycles: list[BillingCycleType] | None = None
    purchase_prerequisites: list[str] | None = None
    inventory_variables: list[str] | None = None
    provisioning_variables: list[str] | None = None
    dynamic_attributes: dict[str, Any] | None = None
    consumption_type: str | None = None


class CancellationRefundOption(Wire):
    """How much comes back until when."""

    sequence_id: int | None = None
    type: str | None = None
    expires_after: str | None = None


class CancellationPolicy(Wire):
    """Until when a purchase may be given back."""

    refund_options: list[CancellationRefundOption] | None = None


class RenewalOption(Wire):
    """A term that may follow."""

    term_duration: str | None = None
    description: str | None = None


class AvailabilityTerm(Wire):
    """How long, and how often it is paid for."""

    id: str | None = None
    duration: str | None = None
    description: str | None = None
    billing_cycle: str | None = None
    renewal_options: list[RenewalOption] | None = None
    cancellation_policies: list[CancellationPolicy] | None = None


class RenewalInstructionOption(Wire):
    """What a term may renew to."""

    renew_to_id: str | None = None
    is_auto_renewable: bool | None = None


class RenewalInstruction(Wire):
    """What terms may renew to."""

    applicable_term_ids: list[str] | None = None
    renewal_options: list[RenewalInstructionOption] | None = None


class Availability(Resource):
    """A SKU as it may be bought in a country, by a segment. ``catalogItemId`` goes into carts and orders."""

    id: str | None = None
    product_id: str | None = None
    sku_id: str | None = None
    catalog_item_id: str | None = None
    default_currency: CurrencyInfo | None = None
    segment: str | None = None
    country: str | None = None
    is_purchasable: bool | None = None
    is_renewable: bool | None = None
    renewal_instructions: list[RenewalInstruction] | None = None
    terms: list[AvailabilityTerm] | None = None
    product: Product | None = None
    sku: Sku | None = None


class CountryQuery(Wire):
    """``country``: two letters, one of the partner's sales region. ``reservationScope`` selects nothing here."""

    country: str | None = None
    reservation_scope: str | None = None


class SegmentQuery(CountryQuery):
    """``targetSegment``: commercial, education, government or nonprofit; without it, all but nonprofit."""

    target_segment: str | None = None


class ProductsQuery(SegmentQuery):
    """``targetView``: which part of the catalogue, as OnlineServices, Azure, Software."""

    target_view: str | None = None


class CustomerQuery(Wire):
    """The customer's country and segment decide. ``reservationScope`` selects nothing here."""

    reservation_scope: str | None = None


class CustomerSegmentQuery(CustomerQuery):
    """``targetSegment``: another one than the customer's own has nothing for it."""

    target_segment: str | None = None


class CustomerProductsQuery(CustomerSegmentQuery):
    """``targetView``: which part of the catalogue, as OnlineServices, Azure, Software."""

    target_view: str | None = None


# ---------------------------------------------------------------- one row as the wire has it
class Place:
    """Where the catalogue is read from: the addresses of its resources, for a country or for a customer."""

    def __init__(self, base: str, query: str) -> None:
        self.base, self.query = base, query

    def link(self, *parts: object) -> Link:
        """The address of a resource."""
        return Link(uri=f"{self.base}/products/{'/'.join(str(part) for part in parts)}{self.query}")


def place_for(country: str) -> Place:
    """A country, for the partner."""
    return Place("", f"?{urlencode({'country': country})}")


def place_of_customer(customer_id: uuid.UUID) -> Place:
    """A customer."""
    return Place(f"/customers/{customer_id}", "")


def type_of(kinds: Iterable[str]) -> ItemType:
    """The kind of a product by the kinds of its SKUs: seats, usage, or bought once."""
    found = set(kinds)
    if found & SEATS:
        return ONLINE_SERVICES
    return AZURE if SkuKind.USAGE in found else SOFTWARE


def product_resource(product: models.Product, kinds: Iterable[str], place: Place) -> Product:
    """A product."""
    return Product(
        id=str(product.pk),
        title=product.name,
        description=product.description,
        product_type=type_of(kinds),
        is_microsoft_product=False,
        publisher_name=product.publisher,
        links=ProductLinks(skus=place.link(product.pk, "skus"), self=place.link(product.pk)),
        attributes=attributes_of("Product"),
    )


def sku_resource(sku: models.Sku, cycles: Collection[str], place: Place) -> Sku:
    """A SKU; ``cycles``: how it may be paid for there. Its links to others must have been read with it."""
    links = list(sku.links.all())
    return Sku(
        id=str(sku.pk),
        product_id=str(sku.product_id),
        title=sku.name,
        description=sku.product.description,
        minimum_quantity=sku.min_quantity,
        maximum_quantity=sku.max_quantity,
        is_trial=sku.kind == SkuKind.TRIAL,
        supported_billing_cycles=[
            BillingCycleType(cycle.value) for cycle in BillingCycle if cycle.value in cycles
        ],
        purchase_prerequisites=[],
        inventory_variables=[],
        provisioning_variables=[],
        dynamic_attributes={
            "isAddon": sku.kind == SkuKind.ADD_ON,
            "prerequisiteSkus": [
                sku_path(link.other) for link in links if link.kind == SkuLinkKind.PREREQUISITE
            ],
            "upgradeTargetProductSkus": [
                sku_path(link.other) for link in links if link.kind == SkuLinkKind.UPGRADE
            ],
            "convertibleSkus": [sku_path(sku.converts_to)] if sku.converts_to else [],
            "unitOfMeasure": sku.unit,
        },
        links=Links(self=place.link(sku.product_id, "skus", sku.pk)),
        attributes=attributes_of("Sku"),
    )


def sku_path(sku: models.Sku) -> str:
    """``{product}:{sku}``, as the language names another SKU."""
    return f"{sku.product_id}:{sku.pk}"


def term_words(availability: models.Availability) -> str:
    """Term and billing for people."""
    return f"{Term(availability.term).label} / {BillingCycle(availability.billing_cycle).label}"


def _term(availability: models.Availability) -> AvailabilityTerm:
    sku, term = availability.sku, availability.term
    renews = term if sku.kind in RENEWS else ""
    return AvailabilityTerm(
        id=str(availability.pk),
        duration=term or None,
        description=term_words(availability),
        billing_cycle=pascal(availability.billing_cycle),
        renewal_options=[RenewalOption(term_duration=renews, description=str(Term(renews).label))]
        if renews
        else [],
        cancellation_policies=[
            CancellationPolicy(
                refund_options=[
                    CancellationRefundOption(sequence_id=0, type="Full", expires_after=f"P{sku.cancel_days}D")
                ]
            )
        ]
        if sku.cancel_days
        else [],
    )


def availability_resource(
    call: Call,
    row: models.Availability,
    place: Place,
    *,
    cycles: Collection[str],
    kinds: Iterable[str],
    sold: bool,
) -> Availability:
    """An availability; ``sold``: whether it can be bought now."""
    sku = row.sku
    is_renewable = sku.kind in RENEWS
    return Availability(
        id=str(row.pk),
        product_id=str(sku.product_id),
        sku_id=str(sku.pk),
        catalog_item_id=catalog_item_id(row),
        default_currency=CurrencyInfo(code=row.currency, symbol=currency_symbol(call, row.currency)),
        segment=SEGMENT_WORDS[row.segment],
        country=row.country_id,
        is_purchasable=sold,
        is_renewable=is_renewable,
        renewal_instructions=[
            RenewalInstruction(
                applicable_term_ids=[str(row.pk)],
                renewal_options=[RenewalInstructionOption(renew_to_id=sku_path(sku), is_auto_renewable=True)],
            )
        ]
        if is_renewable
        else [],
        terms=[_term(row)],
        product=product_resource(sku.product, kinds, place),
        sku=sku_resource(sku, cycles, place),
        links=Links(self=place.link(sku.product_id, "skus", sku.pk, "availabilities", row.pk)),
        attributes=attributes_of("Availability"),
    )


# ---------------------------------------------------------------- what is read
def whole(rows: AvailabilityQuerySet) -> list[models.Availability]:
    """The rows with everything that their resources say; three statements."""
    related = rows.select_related("sku__product", "sku__converts_to").prefetch_related("sku__links__other")
    return list(related.order_by(*ORDER))


def of_product(rows: AvailabilityQuerySet, product_id: str) -> list[models.Availability]:
    """Everything of a product there. Raises WireError (404, 400013) where there is nothing."""
    wanted = as_id(product_id)
    found = whole(rows.filter(sku__product_id=wanted)) if wanted else []
    found_or(NO_SUCH_PRODUCT, found)
    return found


def of_sku(rows: Sequence[models.Availability], sku_id: str) -> list[models.Availability]:
    """Those of one SKU. Raises WireError (404, 400018) where there is none."""
    wanted = as_id(sku_id)
    found = [row for row in rows if row.sku_id == wanted]
    found_or(NO_SUCH_SKU, found)
    return found


def view_in(text: str | None) -> frozenset[SkuKind]:
    """The kinds of a view. Raises WireError (800002) without one, (403, 400036) for one that does not exist."""
    if not text:
        told = _("Name the part of the catalog: ?targetView=OnlineServices, Azure or Software.")
        raise WireError(400, 800002, told, "targetView")
    kinds = VIEWS.get(text.lower())
    if kinds is None:
        told = _("There is no view “%(found)s” of this catalog.") % {"found": text}
        raise WireError(403, 400036, told, text, "targetView")
    return kinds


def _kinds(rows: Iterable[models.Availability]) -> set[str]:
    return {row.sku.kind for row in rows}


def _products(
    rows: AvailabilityQuerySet, kinds: frozenset[SkuKind], segments: frozenset[str], place: Place
) -> list[Product]:
    by_product: dict[uuid.UUID, list[models.Availability]] = {}
    for row in rows.select_related("sku__product").order_by(*ORDER):
        by_product.setdefault(row.sku.product_id, []).append(row)
    return [
        product_resource(found[0].sku.product, _kinds(found), place)
        for found in by_product.values()
        if any(row.sku.kind in kinds and row.segment in segments for row in found)
    ]


def _skus(rows: Sequence[models.Availability], segments: frozenset[str], place: Place) -> list[Sku]:
    by_sku: dict[uuid.UUID, list[models.Availability]] = {}
    for row in rows:
        if row.segment in segments:
            by_sku.setdefault(row.sku_id, []).append(row)
    return [_sku(found, place) for found in by_sku.values()]


def _sku(rows: Sequence[models.Availability], place: Place) -> Sku:
    return sku_resource(rows[0].sku, {row.billing_cycle for row in rows}, place)


def _availabilities(
    call: Call,
    rows: Sequence[models.Availability],
    of_whole: Sequence[models.Availability],
    place: Place,
    sold: Collection[uuid.UUID],
) -> list[Availability]:
    cycles, kinds = {row.billing_cycle for row in rows}, _kinds(of_whole)
    return [
        availability_resource(call, row, place, cycles=cycles, kinds=kinds, sold=row.pk in sold)
        for row in rows
    ]


def _one(rows: Sequence[Availability], availability_id: str) -> Availability:
    wanted = str(as_id(availability_id))
    return found_or(NO_SUCH_AVAILABILITY, [row for row in rows if row.id == wanted])


# ---------------------------------------------------------------- for a country
@operation(
    "catalog.list_products",
    "GET",
    "/v1/products",
    needs=Permission.CATALOGUE_VIEW,
    errors=(400030, 400036),
)
def list_products(call: Call, query: ProductsQuery) -> Page[Product]:
    """The products of a view that are sold in a country, to a segment or to anybody."""
    kinds, segments = view_in(query.target_view), segments_in(query.target_segment)
    shelf = shelf_for(call, query.country)
    place = place_for(shelf.country.code)
    asked = {"country": shelf.country.code, "targetView": query.target_view}
    if query.target_segment:
        asked["targetSegment"] = query.target_segment
    return collection(_products(shelf.offers(), kinds, segments, place), at=f"/products?{urlencode(asked)}")


@operation(
    "catalog.get_product",
    "GET",
    "/v1/products/{product_id}",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_PRODUCT,),
)
def get_product(call: Call, product_id: str, query: CountryQuery) -> Product:
    """One product that is sold in a country."""
    shelf = shelf_for(call, query.country)
    rows = of_product(shelf.offers(), product_id)
    return product_resource(rows[0].sku.product, _kinds(rows), place_for(shelf.country.code))


@operation(
    "catalog.list_skus",
    "GET",
    "/v1/products/{product_id}/skus",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_PRODUCT, 400030),
)
def list_skus(call: Call, product_id: str, query: SegmentQuery) -> Page[Sku]:
    """The forms in which a product is sold in a country."""
    segments, shelf = segments_in(query.target_segment), shelf_for(call, query.country)
    place, rows = place_for(shelf.country.code), of_product(shelf.offers(), product_id)
    at = place.link(rows[0].sku.product_id, "skus").uri
    return collection(_skus(rows, segments, place), at=at)


@operation(
    "catalog.get_sku",
    "GET",
    "/v1/products/{product_id}/skus/{sku_id}",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_PRODUCT, NO_SUCH_SKU),
)
def get_sku(call: Call, product_id: str, sku_id: str, query: CountryQuery) -> Sku:
    """One SKU that is sold in a country."""
    shelf = shelf_for(call, query.country)
    rows = of_sku(of_product(shelf.offers(), product_id), sku_id)
    return _sku(rows, place_for(shelf.country.code))


def _in_country(
    call: Call, product_id: str, sku_id: str, country: str | None, segments: frozenset[str]
) -> tuple[Link, list[Availability]]:
    shelf = shelf_for(call, country)
    place, rows = place_for(shelf.country.code), of_product(shelf.offers(), product_id)
    found = of_sku(rows, sku_id)
    priced = lines_on(found, shelf.on)
    wanted = [row for row in found if row.segment in segments]
    at = place.link(found[0].sku.product_id, "skus", found[0].sku_id, "availabilities")
    return at, _availabilities(call, wanted, rows, place, priced)


@operation(
    "catalog.list_availabilities",
    "GET",
    "/v1/products/{product_id}/skus/{sku_id}/availabilities",
    needs=Permission.CATALOGUE_VIEW,
    errors=(400030,),
)
def list_availabilities(call: Call, product_id: str, sku_id: str, query: SegmentQuery) -> Page[Availability]:
    """Each term and billing with which a SKU may be bought in a country; purchasable: it has a price today."""
    segments = segments_in(query.target_segment)
    at, items = _in_country(call, product_id, sku_id, query.country, segments)
    return collection(items, at=at.uri)


@operation(
    "catalog.get_availability",
    "GET",
    "/v1/products/{product_id}/skus/{sku_id}/availabilities/{availability_id}",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_PRODUCT, NO_SUCH_SKU, NO_SUCH_AVAILABILITY),
)
def get_availability(
    call: Call, product_id: str, sku_id: str, availability_id: str, query: CountryQuery
) -> Availability:
    """One availability of a SKU in a country."""
    _at, items = _in_country(call, product_id, sku_id, query.country, ANYBODY)
    return _one(items, availability_id)


# ---------------------------------------------------------------- for a customer
def _for_customer(call: Call, customer_id: uuid.UUID) -> tuple[Tenant, AvailabilityQuerySet, Place]:
    """The customer, what is sold where it is and to its segment, and the addresses. Raises WireError, NotOwnRegion."""
    customer = relationship_in(call, customer_id).customer
    shelf = shelf_in(call.actor, customer.country_id)
    rows = shelf.offers().filter(segment=segment_of(customer))
    return customer, rows, place_of_customer(customer_id)


@operation(
    "catalog.list_customer_products",
    "GET",
    "/v1/customers/{customer_id}/products",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER, 400036),
)
def list_customer_products(call: Call, customer_id: uuid.UUID, query: CustomerProductsQuery) -> Page[Product]:
    """The products of a view that are sold in the customer's country to its segment."""
    kinds, segments = view_in(query.target_view), segments_in(query.target_segment, unless=ANYBODY)
    _customer, rows, place = _for_customer(call, customer_id)
    at = f"{place.base}/products?{urlencode({'targetView': query.target_view})}"
    return collection(_products(rows, kinds, segments, place), at=at)


@operation(
    "catalog.get_customer_product",
    "GET",
    "/v1/customers/{customer_id}/products/{product_id}",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER, NO_SUCH_PRODUCT),
)
def get_customer_product(
    call: Call, customer_id: uuid.UUID, product_id: str, query: CustomerQuery
) -> Product:
    """One product that is sold to the customer."""
    del query
    _customer, offers, place = _for_customer(call, customer_id)
    rows = of_product(offers, product_id)
    return product_resource(rows[0].sku.product, _kinds(rows), place)


@operation(
    "catalog.list_customer_skus",
    "GET",
    "/v1/customers/{customer_id}/products/{product_id}/skus",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER, NO_SUCH_PRODUCT),
)
def list_customer_skus(
    call: Call, customer_id: uuid.UUID, product_id: str, query: CustomerSegmentQuery
) -> Page[Sku]:
    """The forms in which a product is sold to the customer."""
    segments = segments_in(query.target_segment, unless=ANYBODY)
    _customer, offers, place = _for_customer(call, customer_id)
    rows = of_product(offers, product_id)
    return collection(_skus(rows, segments, place), at=place.link(rows[0].sku.product_id, "skus").uri)


@operation(
    "catalog.get_customer_sku",
    "GET",
    "/v1/customers/{customer_id}/products/{product_id}/skus/{sku_id}",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER, NO_SUCH_PRODUCT, NO_SUCH_SKU),
)
def get_customer_sku(
    call: Call, customer_id: uuid.UUID, product_id: str, sku_id: str, query: CustomerQuery
) -> Sku:
    """One SKU that is sold to the customer."""
    del query
    _customer, offers, place = _for_customer(call, customer_id)
    return _sku(of_sku(of_product(offers, product_id), sku_id), place)


def _at_customer(
    call: Call, customer_id: uuid.UUID, product_id: str, sku_id: str, segments: frozenset[str]
) -> tuple[Link, list[Availability]]:
    customer, offers, place = _for_customer(call, customer_id)
    rows = of_product(offers, product_id)
    found = of_sku(rows, sku_id)
    judged = offers_for(call.actor, customer=customer, sku_id=found[0].sku_id)
    sold = {offer.availability.pk for offer in judged if offer.is_sellable}
    wanted = [row for row in found if row.segment in segments]
    at = place.link(found[0].sku.product_id, "skus", found[0].sku_id, "availabilities")
    return at, _availabilities(call, wanted, rows, place, sold)


@operation(
    "catalog.list_customer_availabilities",
    "GET",
    "/v1/customers/{customer_id}/products/{product_id}/skus/{sku_id}/availabilities",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER, NO_SUCH_PRODUCT),
)
def list_customer_availabilities(
    call: Call, customer_id: uuid.UUID, product_id: str, sku_id: str, query: CustomerSegmentQuery
) -> Page[Availability]:
    """Each term and billing of a SKU for the customer; purchasable: nothing stands against it now."""
    segments = segments_in(query.target_segment, unless=ANYBODY)
    at, items = _at_customer(call, customer_id, product_id, sku_id, segments)
    return collection(items, at=at.uri)


@operation(
    "catalog.get_customer_availability",
    "GET",
    "/v1/customers/{customer_id}/products/{product_id}/skus/{sku_id}/availabilities/{availability_id}",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER, NO_SUCH_PRODUCT, NO_SUCH_SKU, NO_SUCH_AVAILABILITY),
)
def get_customer_availability(
    call: Call, customer_id: uuid.UUID, product_id: str, sku_id: str, availability_id: str
) -> Availability:
    """One availability of a SKU for the customer."""
    _at, items = _at_customer(call, customer_id, product_id, sku_id, ANYBODY)
    return _one(items, availability_id)


# ---------------------------------------------------------------- whether it can be had
class InventoryRestriction(Wire):
    """Why something cannot be had."""

    reason_code: str | None = None
    description: str | None = None
    properties: dict[str, str] | None = None


class InventoryItem(Wire):
    """A SKU that was asked about; in the answer with what stands against it."""

    product_id: str | None = None
    sku_id: str | None = None
    is_restricted: bool | None = None
    restrictions: list[InventoryRestriction] | None = None


class InventoryCheckRequest(Wire):
    """``targetItems``: what is asked about; ``inventoryContext``: for which customer (``customerId``)."""

    target_items: list[InventoryItem] | None = None
    inventory_context: dict[str, str] | None = None


class InventoryQuery(Wire):
    """``country``: two letters, one of the partner's sales region."""

    country: str | None = None


@operation(
    "catalog.check_inventory",
    "POST",
    "/v1/extensions/product/checkInventory",
    needs=Permission.CATALOGUE_VIEW,
    required=("targetItems",),
    replays=False,
    errors=(NO_SUCH_CUSTOMER,),
    example={
        "targetItems": [{"productId": "1d0d…", "skuId": "7c2f…"}],
        "inventoryContext": {"customerId": "a1b2…"},
    },
)
def check_inventory(call: Call, query: InventoryQuery, body: InventoryCheckRequest) -> list[InventoryItem]:
    """Whether SKUs can be bought in the country, and by the customer where one is named; with the reasons if not."""
    shelf = shelf_for(call, query.country)
    context = {name.lower(): value for name, value in (body.inventory_context or {}).items()}
    against: dict[uuid.UUID, list[InventoryRestriction]]
    if context.get("customerid"):
        customer_id = as_id(context["customerid"])
        customer = relationship_in(call, customer_id or uuid.UUID(int=0)).customer
        against = _against_customer(call, customer) if customer.country_id == shelf.country.code else {}
    else:
        against = {row.sku_id: [] for row in shelf.offers()}
    return [_checked(item, against) for item in body.target_items or []]


def _against_customer(call: Call, customer: Tenant) -> dict[uuid.UUID, list[InventoryRestriction]]:
    """For each SKU what stands against its best offer; an empty list: it can be bought."""
    least: dict[uuid.UUID, Sequence[Any]] = {}
    for offer in offers_for(call.actor, customer=customer):
        sku_id = offer.availability.sku_id
        if sku_id not in least or len(offer.refusals) < len(least[sku_id]):
            least[sku_id] = offer.refusals
    return {
        sku_id: [
            InventoryRestriction(reason_code=pascal(refusal.code), description=str(refusal), properties={})
            for refusal in refusals
        ]
        for sku_id, refusals in least.items()
    }


def _checked(item: InventoryItem, against: dict[uuid.UUID, list[InventoryRestriction]]) -> InventoryItem:
    sku_id = as_id(item.sku_id or "")
    found = against.get(sku_id) if sku_id else None
    if found is None:
        refusal = NotOnSale(offer=f"{item.product_id or '–'}:{item.sku_id or '–'}")
        found = [
            InventoryRestriction(reason_code=pascal(refusal.code), description=str(refusal), properties={})
        ]
    return InventoryItem(
        product_id=item.product_id, sku_id=item.sku_id, is_restricted=bool(found), restrictions=found
    )

"""The legacy view of the catalogue: an offer is an availability, a SKU with its term and billing.

Orders name an offer by its id alone. Prerequisites, add-ons and upgrade targets are offers of the same country and
segment.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType, BillingType
from toiya.api.errors import WireError
from toiya.api.items import RENEWS, SEGMENT_WORDS, locale_of, shelf_for
from toiya.api.operations import Call, OffsetQuery, as_id, operation
from toiya.api.paging import USUAL, offset_collection
from toiya.api.reach import NO_SUCH_CUSTOMER, found_or, relationship_in
from toiya.api.resources.catalog import ORDER, term_words
from toiya.api.wire import Attributes, Collection, Link, Links, Resource, Wire, attributes_of, collection
from toiya.catalogue import models
from toiya.catalogue.models import AvailabilityQuerySet, SkuKind, SkuLinkKind
from toiya.catalogue.offers import links_around, segment_of
from toiya.core.permissions import Permission
from toiya.core.terms import Segment
from toiya.pricing.shelves import Shelf, shelf_in

NOT_LEGACY, NO_SUCH_OFFER = 2100, 1000
PARENTS = frozenset({SkuKind.LICENSE, SkuKind.TRIAL})


class OfferCategory(Wire):
    """A kind of offers."""

    id: str | None = None
    name: str | None = None
    rank: int | None = None
    locale: str | None = None
    country: str | None = None
    attributes: Attributes | None = None


class OfferProduct(Wire):
    """What the offer is a form of."""

    id: str | None = None
    name: str | None = None
    unit: str | None = None


class Offer(Resource):
    """Something that can be bought. The name says the term and how it is paid."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    minimum_quantity: int | None = None
    maximum_quantity: int | None = None
    rank: int | None = None
    uri: str | None = None
    locale: str | None = None
    country: str | None = None
    category: OfferCategory | None = None
    prerequisite_offers: list[str] | None = None
    is_add_on: bool | None = None
    is_available_for_purchase: bool | None = None
    billing: BillingType | None = None
    supported_billing_cycles: list[BillingCycleType] | None = None
    is_auto_renewable: bool | None = None
    upgrade_target_offers: list[str] | None = None
    conversion_target_offers: list[str] | None = None
    has_add_ons: bool | None = None
    resellee_qualifications: list[str] | None = None
    reseller_qualifications: list[str] | None = None
    is_trial: bool | None = None
    is_internal: bool | None = None
    product: OfferProduct | None = None
    unit_type: str | None = None


class CategoriesQuery(Wire):
    """``country``: two letters, one of the partner's sales region."""

    country: str | None = None


class CustomerOffersQuery(OffsetQuery):
    """``offer_category_id`` keeps one category."""

    offer_category_id: str | None = None


class OffersQuery(CustomerOffersQuery):
    """``country``: two letters; ``offer_category_id`` and ``product_id`` keep one category, one product."""

    country: str | None = None
    product_id: str | None = None


class OfferQuery(OffsetQuery):
    """``country``: two letters, one of the partner's sales region."""

    country: str | None = None


# ---------------------------------------------------------------- one row as the wire has it
@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the offers of a page: links between SKUs, and the offers of the SKUs that are linked."""

    links: Sequence[models.SkuLink]
    free_add_ons: frozenset[uuid.UUID]
    offers: Mapping[uuid.UUID, Sequence[models.Availability]]

    def targets(self, offer: models.Availability, kind: SkuLinkKind) -> list[str]:
        """The offers of the same segment to which the SKU's links of a kind lead."""
        skus = [link.other_id for link in self.links if link.sku_id == offer.sku_id and link.kind == kind]
        return [one for sku_id in skus for one in self.of_sku(sku_id, offer)]

    def of_sku(self, sku_id: uuid.UUID | None, offer: models.Availability) -> list[str]:
        """The offers of another SKU in the same segment."""
        rows = self.offers.get(sku_id, ()) if sku_id else ()
        return [str(row.pk) for row in rows if row.segment == offer.segment]

    def has_add_ons(self, offer: models.Availability) -> bool:
        """Whether something can be added to it."""
        if offer.sku.kind not in PARENTS:
            return False
        needing = {link.sku_id for link in self.links if link.other_id == offer.sku_id}
        return any(
            row.segment == offer.segment and row.sku.kind == SkuKind.ADD_ON
            for sku_id in needing | self.free_add_ons
            for row in self.offers.get(sku_id, ())
        )


def around(shelf: Shelf, rows: Iterable[models.Availability]) -> Around:
    """Read for all offers of a page; three statements."""
    skus = {row.sku_id for row in rows} | {row.sku.converts_to_id for row in rows if row.sku.converts_to_id}
    links, free = links_around(skus, tenants={row.tenant_id for row in rows})
    wanted = {*skus, *free, *(link.sku_id for link in links), *(link.other_id for link in links)}
    offers: dict[uuid.UUID, list[models.Availability]] = {}
    for row in shelf.offers().filter(sku_id__in=wanted).select_related("sku").order_by(*ORDER):
        offers.setdefault(row.sku_id, []).append(row)
    return Around(links, free, offers)


def category_resource(call: Call, category: models.Category, country: str) -> OfferCategory:
    """A category as it is told in a country."""
    return OfferCategory(
        id=str(category.pk),
        name=category.name,
        rank=category.position,
        locale=locale_of(call),
        country=country,
        attributes=attributes_of("OfferCategory"),
    )


def offer_resource(call: Call, offer: models.Availability, known: Around) -> Offer:
    """An offer."""
    sku, product = offer.sku, offer.sku.product
    billing = {SkuKind.USAGE: BillingType.USAGE, SkuKind.ONE_TIME: BillingType.NONE}
    qualifications = [] if offer.segment == Segment.COMMERCIAL else [SEGMENT_WORDS[offer.segment]]
    return Offer(
        id=str(offer.pk),
        name=f"{sku.name} ({term_words(offer)})",
        description=product.description,
        minimum_quantity=sku.min_quantity,
        maximum_quantity=sku.max_quantity,
        rank=product.category.position,
        uri=f"/offers/{offer.pk}",
        locale=locale_of(call),
        country=offer.country_id,
        category=category_resource(call, product.category, offer.country_id),
        prerequisite_offers=known.targets(offer, SkuLinkKind.PREREQUISITE),
        is_add_on=sku.kind == SkuKind.ADD_ON,
        is_available_for_purchase=True,
        billing=billing.get(SkuKind(sku.kind), BillingType.LICENSE),
        supported_billing_cycles=[BillingCycleType(offer.billing_cycle)],
        is_auto_renewable=sku.kind in RENEWS,
        upgrade_target_offers=known.targets(offer, SkuLinkKind.UPGRADE),
        conversion_target_offers=known.of_sku(sku.converts_to_id, offer),
        has_add_ons=known.has_add_ons(offer),
        resellee_qualifications=qualifications,
        reseller_qualifications=[],
        is_trial=sku.kind == SkuKind.TRIAL,
        is_internal=False,
        product=OfferProduct(id=str(product.pk), name=product.name, unit=sku.unit),
        unit_type=sku.unit,
        links=Links(self=Link(uri=f"/offers/{offer.pk}?country={offer.country_id}")),
        attributes=attributes_of("Offer"),
    )


# ---------------------------------------------------------------- what is read
def whole(rows: AvailabilityQuerySet) -> list[models.Availability]:
    """The offers in the order of the catalogue; one statement."""
    return list(rows.select_related("sku__product__category").order_by(*ORDER))


def _page(
    call: Call, shelf: Shelf, rows: AvailabilityQuerySet, query: OffsetQuery, *, at: str, **kept: str | None
) -> Collection[Offer]:
    found = whole(rows)
    known: list[Around] = []

    def item(row: models.Availability) -> Offer:
        if not known:
            known.append(around(shelf, found))
        return offer_resource(call, row, known[0])

    return offset_collection(found, item, query, at=at, usual=USUAL, **kept)


def _in_category(rows: AvailabilityQuerySet, category_id: str | None) -> AvailabilityQuerySet:
    if not category_id:
        return rows
    wanted = as_id(category_id)
    return rows.filter(sku__product__category_id=wanted) if wanted else rows.none()


def _offer(shelf_rows: AvailabilityQuerySet, offer_id: str) -> models.Availability:
    """The offer that the address names. Raises WireError: 2100 for a catalogue item id, 404 where there is none."""
    if ":" in offer_id:
        text = _("“%(found)s” is a catalog item; offers are named by their own id here.")
        raise WireError(400, NOT_LEGACY, text % {"found": offer_id}, offer_id)
    wanted = as_id(offer_id)
    return found_or(NO_SUCH_OFFER, whole(shelf_rows.filter(pk=wanted)) if wanted else [])


def _add_ons(rows: AvailabilityQuerySet, offer: models.Availability) -> AvailabilityQuerySet:
    """What may be added to the offer: add-ons that need its SKU, and those that need nothing certain."""
    if offer.sku.kind not in PARENTS:
        return rows.none()
    links, free = links_around({offer.sku_id}, tenants={offer.tenant_id})
    needing = {link.sku_id for link in links if link.other_id == offer.sku_id}
    return rows.filter(sku_id__in=needing | free, sku__kind=SkuKind.ADD_ON, segment=offer.segment)


def _categories(call: Call, shelf: Shelf, rows: AvailabilityQuerySet, at: str) -> Collection[OfferCategory]:
    found = models.Category.objects.visible_to(call.actor).filter(
        pk__in=rows.values("sku__product__category")
    )
    ordered = found.order_by("position", "code")
    return collection([category_resource(call, row, shelf.country.code) for row in ordered], at=at)


# ---------------------------------------------------------------- for a country
@operation("offers.list_categories", "GET", "/v1/offercategories", needs=Permission.CATALOGUE_VIEW)
def list_categories(call: Call, query: CategoriesQuery) -> Collection[OfferCategory]:
    """The kinds of offers that there are in a country."""
    shelf = shelf_for(call, query.country)
    return _categories(call, shelf, shelf.offers(), f"/offercategories?country={shelf.country.code}")


@operation("offers.list", "GET", "/v1/offers", needs=Permission.CATALOGUE_VIEW)
def list_offers(call: Call, query: OffersQuery) -> Collection[Offer]:
    """Everything that is sold in a country, of one category or product where they are named."""
    shelf = shelf_for(call, query.country)
    rows = _in_category(shelf.offers(), query.offer_category_id)
    if query.product_id:
        product_id = as_id(query.product_id)
        rows = rows.filter(sku__product_id=product_id) if product_id else rows.none()
    return _page(
        call,
        shelf,
        rows,
        query,
        at="/offers",
        country=shelf.country.code,
        offer_category_id=query.offer_category_id,
        product_id=query.product_id,
    )


@operation(
    "offers.get", "GET", "/v1/offers/{offer_id}", needs=Permission.CATALOGUE_VIEW, errors=(NOT_LEGACY,)
)
def get_offer(call: Call, offer_id: str, query: CategoriesQuery) -> Offer:
    """One offer."""
    shelf = shelf_for(call, query.country)
    found = _offer(shelf.offers(), offer_id)
    return offer_resource(call, found, around(shelf, [found]))


@operation(
    "offers.list_addons",
    "GET",
    "/v1/offers/{offer_id}/addons",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NOT_LEGACY,),
)
def list_add_ons(call: Call, offer_id: str, query: OfferQuery) -> Collection[Offer]:
    """What may be added to an offer."""
    shelf = shelf_for(call, query.country)
    offer = _offer(shelf.offers(), offer_id)
    rows = _add_ons(shelf.offers(), offer)
    at = f"/offers/{offer.pk}/addons"
    return _page(call, shelf, rows, query, at=at, country=shelf.country.code)


# ---------------------------------------------------------------- for a customer
def _for_customer(call: Call, customer_id: uuid.UUID) -> tuple[Shelf, AvailabilityQuerySet]:
    customer = relationship_in(call, customer_id).customer
    shelf = shelf_in(call.actor, customer.country_id)
    return shelf, shelf.offers().filter(segment=segment_of(customer))


@operation(
    "offers.list_customer",
    "GET",
    "/v1/customers/{customer_id}/offers",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_customer_offers(call: Call, customer_id: uuid.UUID, query: CustomerOffersQuery) -> Collection[Offer]:
    """Everything that is sold in the customer's country to its segment."""
    shelf, rows = _for_customer(call, customer_id)
    rows = _in_category(rows, query.offer_category_id)
    at = f"/customers/{customer_id}/offers"
    return _page(call, shelf, rows, query, at=at, offer_category_id=query.offer_category_id)


@operation(
    "offers.list_customer_categories",
    "GET",
    "/v1/customers/{customer_id}/offercategories",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_customer_categories(call: Call, customer_id: uuid.UUID) -> Collection[OfferCategory]:
    """The kinds of offers that there are for the customer."""
    shelf, rows = _for_customer(call, customer_id)
    return _categories(call, shelf, rows, f"/customers/{customer_id}/offercategories")


@operation(
    "offers.list_customer_addons",
    "GET",
    "/v1/customers/{customer_id}/offers/{offer_id}/addons",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CUSTOMER, NOT_LEGACY),
)
def list_customer_add_ons(
    call: Call, customer_id: uuid.UUID, offer_id: str, query: OffsetQuery
) -> Collection[Offer]:
    """What may be added to an offer for the customer."""
    shelf, rows = _for_customer(call, customer_id)
    offer = _offer(rows, offer_id)
    at = f"/customers/{customer_id}/offers/{offer.pk}/addons"
    return _page(call, shelf, _add_ons(rows, offer), query, at=at)

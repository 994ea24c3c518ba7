"""Promotions: what the operator sells cheaper for a while, and whether a sale gets it (N-31)."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType, midnight
from toiya.api.items import availability_id_in, catalog_item_id, pascal, segments_in, shelf_for
from toiya.api.lines import UNSAID
from toiya.api.operations import Call, as_id, operation
from toiya.api.reach import NO_SUCH_CUSTOMER, found_or, relationship_in
from toiya.api.wire import Attributes, Collection, Wire, attributes_of, collection
from toiya.catalogue.models import Availability
from toiya.catalogue.offers import buyer_of
from toiya.core.money import BASIS_POINTS
from toiya.core.permissions import Permission
from toiya.orders.choosing import supplier_for
from toiya.pricing.models import Promotion, PromotionQuerySet
from toiya.pricing.promotions import Hurdle, Verdict, best_promotion, promotions_for
from toiya.pricing.shelves import Shelf, shelf_in
from toiya.subscriptions.holdings import holdings_of

NO_SUCH_PROMOTION = 1000
ERRORS = {
    Hurdle.DAYS: "InvalidPromotion",
    Hurdle.OFFER: "InvalidPromotion",
    Hurdle.TERM: "Term",
    Hurdle.QUANTITY: "SeatCount",
    Hurdle.NEW_CUSTOMER: "OfferPurchasedPreviously",
}


class ProductPromotionProperties(Wire):
    """How it is given."""

    is_auto_applicable: bool | None = None


class ProductPromotionTerm(Wire):
    """For which term and billing; every one where nothing is said."""

    duration: str | None = None
    billing_cycle: str | None = None


class ProductPromotionPricingPolicy(Wire):
    """What it takes off: ``value`` 0.1 is ten percent of the list price."""

    policy_type: str | None = None
    value: str | None = None


class ProductPromotionRequiredProduct(Wire):
    """What must be bought for it."""

    product_id: str | None = None
    sku_id: str | None = None
    term: ProductPromotionTerm | None = None
    pricing_policies: list[ProductPromotionPricingPolicy] | None = None


class SeatConstraint(Wire):
    """How many units must be bought."""

    min_seats: int | None = None
    max_seats: int | None = None
    type: str | None = None


class EligibilityConstraint(Wire):
    """Who gets it."""

    is_applicable: bool | None = None
    type: str | None = None


class PromotionConstraints(Wire):
    """What else it asks for."""

    seat_constraints: list[SeatConstraint] | None = None
    eligibility_constraints: list[EligibilityConstraint] | None = None


class ProductPromotion(Wire):
    """A promotion; its last day is the day of ``endDate``."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None
    properties: ProductPromotionProperties | None = None
    required_products: list[ProductPromotionRequiredProduct] | None = None
    promotion_constraints: PromotionConstraints | None = None
    attributes: Attributes | None = None


class PromotionsQuery(Wire):
    """``country``: two letters; ``segment``: commercial, education, government or nonprofit."""

    country: str | None = None
    segment: str | None = None


class PromotionQuery(Wire):
    """``country``: two letters, one of the partner's sales region."""

    country: str | None = None


class PromotionTerm(Wire):
    """A term for which it is given."""

    billing_cycle: BillingCycleType | None = None
    duration: str | None = None


class PromotionEligibilityError(Wire):
    """What keeps a sale from it; beside the sentence what is expected, by the kind of error."""

    type: str | None = None
    description: str | None = None
    minimum_required_seats: int | None = None
    maximum_required_seats: int | None = None
    available_seats: int | None = None
    eligible_terms: list[PromotionTerm] | None = None


class PromotionEligibility(Wire):
    """Whether a sale gets a promotion."""

    promotion_id: str | None = None
    is_eligible: bool | None = None
    errors: list[PromotionEligibilityError] | None = None


class PromotionEligibilitiesRequestItem(Wire):
    """A sale that is thought of; ``promotionId`` asks about one promotion alone."""

    id: int | None = None
    catalog_item_id: str | None = None
    quantity: int | None = None
    billing_cycle: BillingCycleType | None = None
    term_duration: str | None = None
    promotion_id: str | None = None


class PromotionEligibilitiesRequest(Wire):
    """Sales that are thought of."""

    items: list[PromotionEligibilitiesRequestItem] | None = None
    attributes: Attributes | None = None


class PromotionEligibilities(Wire):
    """A sale that is thought of, with what each promotion of its SKU says to it."""

    id: int | None = None
    catalog_item_id: str | None = None
    quantity: int | None = None
    billing_cycle: BillingCycleType | None = None
    term_duration: str | None = None
    eligibilities: list[PromotionEligibility] | None = None
    attributes: Attributes | None = None


def promotion_resource(promotion: Promotion) -> ProductPromotion:
    """A promotion."""
    discount = Decimal(promotion.discount_basis_points) / BASIS_POINTS
    return ProductPromotion(
        id=str(promotion.pk),
        name=promotion.name,
        description=promotion.description,
        start_date=midnight(promotion.valid_from),
        end_date=_last_instant(promotion.valid_until),
        properties=ProductPromotionProperties(is_auto_applicable=True),
        required_products=[
            ProductPromotionRequiredProduct(
                product_id=str(promotion.sku.product_id),
                sku_id=str(promotion.sku_id),
                term=ProductPromotionTerm(
                    duration=promotion.term or None,
                    billing_cycle=pascal(promotion.billing_cycle) or None,
                ),
                pricing_policies=[
                    ProductPromotionPricingPolicy(
                        policy_type="PercentDiscount", value=f"{discount.normalize():f}"
                    )
                ],
            )
        ],
        promotion_constraints=PromotionConstraints(
            seat_constraints=[
                SeatConstraint(min_seats=promotion.min_quantity, max_seats=promotion.max_quantity)
            ],
            eligibility_constraints=[
                EligibilityConstraint(
                    is_applicable=promotion.new_customers_only, type="OfferPurchasedPreviously"
                )
            ],
        ),
        attributes=attributes_of("ProductPromotion"),
    )


def _last_instant(end: dt.date) -> dt.datetime:
    """The documents' promotions end with the last second of their last day."""
    return dt.datetime(end.year, end.month, end.day, tzinfo=dt.UTC) - dt.timedelta(seconds=1)


def _running(call: Call, shelf: Shelf) -> PromotionQuerySet:
    """What is published, not over, and for the country."""
    country = shelf.country.code
    rows = Promotion.objects.visible_to(call.actor).filter(valid_until__gt=shelf.on)
    return rows.filter(Q(country=None) | Q(country=country)).select_related("sku")


@operation(
    "promotions.list", "GET", "/v1/productpromotions", needs=Permission.CATALOGUE_VIEW, errors=(400030,)
)
def list_promotions(call: Call, query: PromotionsQuery) -> Collection[ProductPromotion]:
    """What is published and not over in a country for a segment; coming ones with their first day."""
    shelf = shelf_for(call, query.country)
    segments = segments_in(query.segment)
    rows = (
        _running(call, shelf).filter(Q(segment="") | Q(segment__in=segments)).order_by("valid_from", "code")
    )
    return collection([promotion_resource(row) for row in rows])


@operation("promotions.get", "GET", "/v1/productpromotions/{promotion_id}", needs=Permission.CATALOGUE_VIEW)
def get_promotion(call: Call, promotion_id: str, query: PromotionQuery) -> ProductPromotion:
    """One promotion of a country."""
    shelf = shelf_for(call, query.country)
    wanted = as_id(promotion_id)
    found = list(_running(call, shelf).filter(pk=wanted)) if wanted else []
    return promotion_resource(found_or(NO_SUCH_PROMOTION, found))


@operation(
    "promotions.verify_eligibility",
    "POST",
    "/v1/customers/{customer_id}/promotionEligibilities",
    needs=Permission.CATALOGUE_VIEW,
    required=("items",),
    replays=False,
    errors=(NO_SUCH_CUSTOMER,),
    example={
        "items": [
            {
                "id": 0,
                "catalogItemId": "{product}:{sku}:{availability}",
                "quantity": 10,
                "billingCycle": "monthly",
                "termDuration": "P1Y",
            }
        ]
    },
)
def verify_eligibility(
    call: Call, customer_id: uuid.UUID, body: PromotionEligibilitiesRequest
) -> Collection[PromotionEligibilities]:
    """For each sale that is thought of: which promotions it gets, and what keeps it from the others."""
    customer = relationship_in(call, customer_id).customer
    shelf = shelf_in(call.actor, customer.country_id)
    items = body.items or []
    named = [one for item in items if (one := availability_id_in(item.catalog_item_id)) is not None]
    rows = shelf.offers().filter(pk__in=named).select_related("sku__product")
    offers = {row.pk: row for row in rows}
    promotions = promotions_for({row.sku_id for row in offers.values()})
    supplier = supplier_for(call.actor, customer_id)
    provider_id = supplier.pk if supplier else call.actor.tenant_id
    buyer = buyer_of(customer, holdings_of(customer_id, provider_id=provider_id))

    def verdicts(item: PromotionEligibilitiesRequestItem) -> Sequence[Verdict] | None:
        offer = offers.get(availability_id_in(item.catalog_item_id) or uuid.UUID(int=0))
        if offer is None or not _is_meant(offer, item):
            return None
        choice = best_promotion(
            availability=offer,
            quantity=item.quantity or 0,
            segment=buyer.segment,
            on=shelf.on,
            is_new_customer=offer.sku.product_id not in buyer.holdings.products,
            promotions=promotions,
        )
        return choice.verdicts

    return collection([_eligibilities(item, verdicts(item)) for item in items])


def _is_meant(offer: Availability, item: PromotionEligibilitiesRequestItem) -> bool:
    """Whether the item names the offer whole, and no other term and billing than the offer's."""
    same_item = catalog_item_id(offer) == (item.catalog_item_id or "").lower()
    same_term = item.term_duration is None or item.term_duration.upper() == offer.term
    said = item.billing_cycle is not None and item.billing_cycle not in UNSAID
    same_cycle = not said or (
        item.billing_cycle is not None and item.billing_cycle.value == offer.billing_cycle
    )
    return same_item and same_term and same_cycle


def _eligibilities(
    item: PromotionEligibilitiesRequestItem, verdicts: Sequence[Verdict] | None
) -> PromotionEligibilities:
    if verdicts is None:
        text = _("There is no catalog item “%(found)s” that can be bought.")
        wrong = PromotionEligibilityError(
            type="InvalidCatalogItemId", description=text % {"found": item.catalog_item_id or "–"}
        )
        told = [PromotionEligibility(promotion_id=item.promotion_id, is_eligible=False, errors=[wrong])]
    else:
        told = [_eligibility(verdict, item) for verdict in _asked_about(verdicts, item)]
        if item.promotion_id and not told:
            text = _("There is no promotion “%(found)s”.") % {"found": item.promotion_id}
            wrong = PromotionEligibilityError(type="InvalidPromotion", description=text)
            told = [PromotionEligibility(promotion_id=item.promotion_id, is_eligible=False, errors=[wrong])]
    return PromotionEligibilities(
        id=item.id,
        catalog_item_id=item.catalog_item_id,
        quantity=item.quantity,
        billing_cycle=item.billing_cycle,
        term_duration=item.term_duration,
        eligibilities=told,
        attributes=attributes_of("PromotionEligibilities"),
    )


def _asked_about(verdicts: Iterable[Verdict], item: PromotionEligibilitiesRequestItem) -> Iterator[Verdict]:
    wanted = (item.promotion_id or "").lower()
    return (verdict for verdict in verdicts if wanted in {"", str(verdict.promotion.pk)})


def _eligibility(verdict: Verdict, item: PromotionEligibilitiesRequestItem) -> PromotionEligibility:
    promotion = verdict.promotion
    errors = []
    for reason in verdict.reasons:
        error = PromotionEligibilityError(type=ERRORS[reason.hurdle], description=str(reason))
        if reason.hurdle is Hurdle.QUANTITY:
            error.minimum_required_seats = promotion.min_quantity
            error.maximum_required_seats = promotion.max_quantity
            error.available_seats = item.quantity
        elif reason.hurdle is Hurdle.TERM:
            cycle = promotion.billing_cycle
            error.eligible_terms = [
                PromotionTerm(
                    duration=promotion.term or None, billing_cycle=BillingCycleType(cycle) if cycle else None
                )
            ]
        errors.append(error)
    return PromotionEligibility(
        promotion_id=str(promotion.pk), is_eligible=verdict.is_eligible, errors=errors
    )

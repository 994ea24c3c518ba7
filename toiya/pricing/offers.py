"""What may be sold to a customer, for how much, with which promotion: the catalogue's rules and the prices together.

Callers show of a quote only the edges that are theirs (G-05).
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from toiya.catalogue.models import Availability, Sku
from toiya.catalogue.offers import (
    Buyer,
    Holdings,
    buyer_of,
    prerequisites_of,
    quantity_must_fit,
    refusals,
)
from toiya.core.errors import Refusal
from toiya.core.reader import day
from toiya.directory.models import Tenant
from toiya.pricing.errors import NotPriced
from toiya.pricing.models import Promotion
from toiya.pricing.promotions import Choice, best_promotion, promotions_for
from toiya.pricing.quote import PriceBook, Quote, quote_from, read_book, sellers_of


@dataclass(frozen=True, slots=True)
class Offer:
    """An availability as one customer may buy it from one seller. No refusals: it may."""

    availability: Availability
    refusals: Sequence[Refusal]
    quote: Quote | None
    promotion: Choice

    @property
    def is_sellable(self) -> bool:
        """Whether it may be put into a cart."""
        return not self.refusals


@dataclass(frozen=True, slots=True)
class Chain:
    """Who sells to whom through whom."""

    provider: Tenant
    reseller: Tenant | None
    buyer: Buyer

    def book(self, availabilities: Collection[Availability], on: dt.date) -> PriceBook:
        """The prices of the chain on a day."""
        return read_book(
            availabilities, sellers_of(self.provider.pk, self.reseller.pk if self.reseller else None), on
        )


def offers_in(
    country: str,
    *,
    family_id: uuid.UUID,
    term: str | None,
    billing_cycle: str,
    sku_id: uuid.UUID | None = None,
) -> list[Availability]:
    """What is on sale in a country, with everything that judging it reads; one statement.

    ``term`` and ``sku_id`` None, ``billing_cycle`` empty: every one.
    """
    rows = Availability.objects.filter(tenant__family_id=family_id, country_id=country).live()
    if term is not None:
        rows = rows.filter(term=term)
    if billing_cycle:
        rows = rows.filter(billing_cycle=billing_cycle)
    if sku_id is not None:
        rows = rows.filter(sku_id=sku_id)
    return list(
        rows.select_related("sku__product__category").order_by(
            "sku__product__category__position", "sku__product__code", "sku__code", "segment", "term", "id"
        )
    )


def sellable_offers(
    *,
    provider: Tenant,
    reseller: Tenant | None,
    customer: Tenant,
    holdings: Holdings,
    on: dt.date,
    term: str | None = None,
    billing_cycle: str = "",
    quantity: int | None = None,
    sku_id: uuid.UUID | None = None,
) -> list[Offer]:
    """Everything on sale in the customer's country, with the reasons for what this customer cannot buy (N-27, N-44).

    ``holdings`` comes from subscriptions/holdings.py. The billing frequency is chosen first (N-27). Seven statements,
    however large the catalogue. ``quantity`` None: promotions are judged at the SKU's least quantity.
    """
    availabilities = offers_in(
        customer.country_id,
        family_id=customer.family_id,
        term=term,
        billing_cycle=billing_cycle,
        sku_id=sku_id,
    )
    chain = Chain(provider, reseller, buyer_of(customer, holdings))
    skus = {row.sku_id for row in availabilities}
    needed, promotions = prerequisites_of(skus), promotions_for(skus)
    book = chain.book(availabilities, on)
    return [
        judge(
            row,
            chain,
            book,
            needed=needed.get(row.sku_id, []),
            promotions=promotions,
            quantity=quantity or row.sku.min_quantity,
        )
        for row in availabilities
    ]


def judge(
    availability: Availability,
    chain: Chain,
    book: PriceBook,
    *,
    needed: Sequence[Sku],
    promotions: Sequence[Promotion],
    quantity: int,
) -> Offer:
    """One offer of a chain, from what was read before; asks the database nothing."""
    buyer = chain.buyer
    reasons = refusals(availability, buyer=buyer, provider=chain.provider, needed=needed)
    choice = best_promotion(
        availability=availability,
        quantity=quantity,
        segment=buyer.segment,
        on=book.on,
        is_new_customer=availability.sku.product_id not in buyer.holdings.products,
        promotions=promotions,
    )
    quoted = quote_from(
        book,
        availability,
        provider_id=chain.provider.pk,
        reseller_id=chain.reseller.pk if chain.reseller else None,
        customer_id=buyer.customer.pk,
        discount_basis_points=choice.discount_basis_points,
    )
    if quoted is None:
        country = availability.country_id
        reasons.append(NotPriced(offer=availability.sku.name, country=country, on=day(book.on)))
    return Offer(availability, reasons, quoted, choice)


def judge_offer(
    *,
    availability: Availability,
    quantity: int,
    provider: Tenant,
    reseller: Tenant | None,
    customer: Tenant,
    holdings: Holdings,
    on: dt.date,
) -> Offer:
    """One offer with its quantity: reasons against it, its quote, its promotion."""
    chain = Chain(provider, reseller, buyer_of(customer, holdings))
    return judge(
        availability,
        chain,
        chain.book([availability], on),
        needed=prerequisites_of([availability.sku_id]).get(availability.sku_id, []),
        promotions=promotions_for([availability.sku_id]),
        quantity=quantity,
    )


def must_be_sellable(
    *,
    availability: Availability,
    quantity: int,
    provider: Tenant,
    reseller: Tenant | None,
    customer: Tenant,
    holdings: Holdings,
    on: dt.date,
) -> tuple[Quote, Promotion | None]:
    """The quote, and the promotion that is in it. Raises the first reason against the sale: NotOnSale, OtherCountry,
    OutsideRegion, OtherSegment, LimitReached, PrerequisiteMissing, NotPriced, QuantityOutOfBounds.
    """
    found = judge_offer(
        availability=availability,
        quantity=quantity,
        provider=provider,
        reseller=reseller,
        customer=customer,
        holdings=holdings,
        on=on,
    )
    if found.refusals:
        raise found.refusals[0]
    quantity_must_fit(availability.sku, quantity)
    if found.quote is None:
        raise NotPriced(offer=availability.sku.name, country=availability.country_id, on=day(on))
    return found.quote, found.promotion.best

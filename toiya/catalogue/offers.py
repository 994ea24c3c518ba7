"""What a customer may buy, and why not the rest: country, region, segment, limit, prerequisites (N-27, N-44).

The catalogue stands below subscriptions: what the customer holds is told to it (``Holdings``;
subscriptions/holdings.py counts it). Whether there is a price is asked in pricing/offers.py.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from toiya.catalogue.errors import (
    LimitReached,
    NotOnSale,
    OtherCountry,
    OtherSegment,
    OutsideRegion,
    PrerequisiteMissing,
    QuantityOutOfBounds,
)
from toiya.catalogue.models import Availability, Sku, SkuKind, SkuLink, SkuLinkKind
from toiya.core.errors import Refusal
from toiya.core.prepared import prepared
from toiya.core.reader import reader_name
from toiya.core.terms import Segment
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Tenant
from toiya.programme.countries import country_name


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a customer has. ``counts``: live subscriptions of a SKU, from any seller; trials also after their end.
    ``here``: SKUs that it has live from the seller in question, or that are in the same cart. ``products``: those of
    which it has ever paid for something.
    """

    counts: Mapping[uuid.UUID, int] = field(default_factory=dict)
    here: frozenset[uuid.UUID] = frozenset()
    products: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as the catalogue sees it."""

    customer: Tenant
    segment: Segment
    holdings: Holdings


def segment_of(customer: Tenant) -> Segment:
    """The segment that decides which offers the customer may buy; commercial until it is said otherwise."""
    told = CustomerAccount.objects.filter(pk=customer.pk).values_list("segment", flat=True).first()
    return Segment(told) if told else Segment.COMMERCIAL


def buyer_of(customer: Tenant, holdings: Holdings) -> Buyer:
    """The customer with its segment; one statement."""
    return Buyer(customer, segment_of(customer), holdings)


def prerequisites_of(skus: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Sku]]:
    """For each SKU those of which the customer needs one; SKUs without any are missing. One statement."""
    found: dict[uuid.UUID, list[Sku]] = {}
    for link in _prerequisites(sorted(skus)):
        found.setdefault(link.sku_id, []).append(link.other)
    return found


@prepared
def _prerequisites(skus: list[uuid.UUID]) -> QuerySet[SkuLink]:
    links = SkuLink.objects.filter(sku_id__in=skus, kind=SkuLinkKind.PREREQUISITE)
    return links.select_related("other").order_by("other__code")


def links_around(
    skus: Collection[uuid.UUID], *, tenants: Collection[uuid.UUID]
) -> tuple[list[SkuLink], frozenset[uuid.UUID]]:
    """The links from and to these SKUs, and the catalogue's add-ons that need no certain SKU; two statements."""
    links = SkuLink.objects.filter(Q(sku_id__in=skus) | Q(other_id__in=skus))
    needing = SkuLink.objects.filter(kind=SkuLinkKind.PREREQUISITE).values("sku_id")
    free = Sku.objects.filter(tenant_id__in=tenants, kind=SkuKind.ADD_ON).exclude(pk__in=needing)
    return list(links.order_by("other__code", "sku__code")), frozenset(free.values_list("pk", flat=True))


def refusals(
    availability: Availability, *, buyer: Buyer, provider: Tenant, needed: Iterable[Sku]
) -> list[Refusal]:
    """Every reason why the customer cannot buy the offer from the provider; empty where it can.

    ``needed``: the SKU's prerequisites. Asks the database nothing, so a whole catalogue can be judged.
    """
    sku, customer = availability.sku, buyer.customer
    reasons: list[Refusal] = []
    if not is_on_sale(availability):
        reasons.append(NotOnSale(offer=sku.name))
    if availability.country_id != customer.country_id:
        found, expected = country_name(availability.country_id), country_name(customer.country_id)
        reasons.append(OtherCountry(offer=sku.name, found=found, expected=expected))
    home, there = provider.country.sales_region, customer.country.sales_region
    if home != there:
        reasons.append(OutsideRegion(seller=reader_name(provider), found=there, expected=home))
    if availability.segment != buyer.segment:
        expected = str(Segment(availability.segment).label)
        reasons.append(OtherSegment(offer=sku.name, found=str(buyer.segment.label), expected=expected))
    had = buyer.holdings.counts.get(sku.pk, 0)
    if sku.max_per_customer is not None and had >= sku.max_per_customer:
        reasons.append(LimitReached(offer=sku.name, found=had, expected=sku.max_per_customer))
    others = list(needed)
    if others and not any(other.pk in buyer.holdings.here for other in others):
        reasons.append(PrerequisiteMissing(offer=sku.name, needs=" / ".join(other.name for other in others)))
    return reasons


def is_on_sale(availability: Availability) -> bool:
    """Whether anybody may buy it: published, and nothing of it withdrawn."""
    sku = availability.sku
    withdrawn = availability.withdrawn_at or sku.withdrawn_at or sku.product.withdrawn_at
    return sku.product.published_at is not None and withdrawn is None


def quantity_must_fit(sku: Sku, quantity: int) -> None:
    """Raises QuantityOutOfBounds."""
    if not sku.min_quantity <= quantity <= sku.max_quantity:
        raise QuantityOutOfBounds(
            offer=sku.name, found=quantity, least=sku.min_quantity, most=sku.max_quantity
        )

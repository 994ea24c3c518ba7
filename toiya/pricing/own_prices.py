"""What an organisation pays and asks, and nothing of anybody else's (G-05).

A provider pays the operator's list price. A reseller pays each provider the price that this provider's rules make for
it; it sees those of providers that have confirmed the partnership, and of no others (S-058, T-06).
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
from toiya.directory.models import Tenant
from toiya.pricing.quote import Price, PriceBook, price_at, read_book
from toiya.programme.models import Country
from toiya.relations.models import Partnership


@dataclass(frozen=True, slots=True)
class OwnLine:
    """An offer as one organisation trades it. ``supplier`` None: bought from the operator."""

    availability: Availability
    supplier: Tenant | None
    paid: UnitPrice | None
    suggested: UnitPrice | None
    asked: Price


def suppliers_of(actor: Actor) -> list[Tenant]:
    """The providers whose catalogue a reseller sees: live partners that have confirmed it; one statement."""
    partnerships = Partnership.objects.visible_to(actor).live()
    confirmed = partnerships.filter(reseller_id=actor.tenant_id, confirmed_at__isnull=False)
    rows = confirmed.select_related("provider").order_by("provider__sort_key", "provider_id")
    return [row.provider for row in rows]


def buys_as(actor: Actor) -> Capacity | None:
    """From whom the organisation buys: a provider from the operator, a reseller from its providers."""
    held = actor.capacities | actor.suspended
    return next((one for one in (Capacity.PROVIDER, Capacity.RESELLER) if one in held), None)


def countries_to_sell(actor: Actor) -> list[Country]:
    """The countries of the organisation's own sales region, its own first (N-44)."""
    own = Country.objects.filter(pk__in=Tenant.objects.filter(pk=actor.tenant_id).values("country"))
    home = own.get()
    others = Country.objects.filter(sales_region=home.sales_region).exclude(pk=home.pk).order_by("code")
    return [home, *others]


def own_lines(
    actor: Actor,
    availabilities: Sequence[Availability],
    *,
    capacity: Capacity,
    suppliers: Sequence[Tenant],
    buyer_id: uuid.UUID | None,
    on: dt.date,
) -> list[OwnLine]:
    """What the organisation pays for each offer, and what it asks of the buyer (None: of everybody).

    One line an offer for a provider, one an offer and supplier for a reseller; four statements.
    """
    own = (actor.tenant_id, capacity)
    supplying = [(row.pk, Capacity.PROVIDER) for row in suppliers]
    book = read_book(availabilities, [own, *supplying], on)
    lines = []
    for availability in availabilities:
        line = book.lines.get(availability.pk)
        if capacity is Capacity.PROVIDER:
            cost = line.list_price if line else None
            suggested = line.retail_price if line else None
            asked = price_at(book, own, availability, buyer_id=buyer_id, paid=cost)
            lines.append(OwnLine(availability, None, cost, suggested, asked))
            continue
        for supplier in suppliers:
            paid = _resale(book, supplier, availability, actor.tenant_id)
            asked = price_at(book, own, availability, buyer_id=buyer_id, paid=paid)
            lines.append(OwnLine(availability, supplier, paid, None, asked))
    return lines


def _resale(
    book: PriceBook, supplier: Tenant, availability: Availability, buyer_id: uuid.UUID
) -> UnitPrice | None:
    line = book.lines.get(availability.pk)
    seller = (supplier.pk, Capacity.PROVIDER)
    paid = line.list_price if line else None
    return price_at(book, seller, availability, buyer_id=buyer_id, paid=paid).price if line else None


def is_supplied(capacity: Capacity, suppliers: Collection[Tenant]) -> bool:
    """Whether there is anything to buy at all: a reseller without a confirmed partnership has no catalogue."""
    return capacity is Capacity.PROVIDER or bool(suppliers)

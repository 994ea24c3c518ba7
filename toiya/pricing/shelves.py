"""What stands before a partner: the offers of one country of its sales region, as buyer from its suppliers (N-44)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from toiya.catalogue.models import Availability, AvailabilityQuerySet
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity
from toiya.directory.models import Tenant
from toiya.pricing.errors import NotOwnRegion
from toiya.pricing.own_prices import buys_as, countries_to_sell, is_supplied, suppliers_of
from toiya.programme.models import Country


@dataclass(frozen=True)
class Shelf:
    """From whom a partner buys, where it sells, as what, on which day."""

    actor: Actor
    capacity: Capacity
    suppliers: Sequence[Tenant]
    countries: Sequence[Country]
    country: Country
    on: dt.date

    @property
    def is_supplied(self) -> bool:
        """Whether there is anything on it: a reseller without a confirmed partnership has no catalogue."""
        return is_supplied(self.capacity, self.suppliers)

    def offers(self) -> AvailabilityQuerySet:
        """What may be bought in the country at all, by whichever customer."""
        rows = Availability.objects.visible_to(self.actor).live().filter(country=self.country)
        return rows if self.is_supplied else rows.none()


def shelf_of(actor: Actor, country: str) -> Shelf:
    """The partner's shelf in a country of its region; its own where it names none or another region's."""
    return _shelf(actor, country, is_strict=False)


def shelf_in(actor: Actor, country: str) -> Shelf:
    """The partner's shelf in this country. Raises NotOwnRegion."""
    return _shelf(actor, country, is_strict=True)


def _shelf(actor: Actor, country: str, *, is_strict: bool) -> Shelf:
    capacity = buys_as(actor)
    if capacity is None:
        raise NotVisible
    countries = countries_to_sell(actor)
    chosen = next((row for row in countries if row.code == country.upper()), None)
    if chosen is None and is_strict:
        raise NotOwnRegion(found=country, expected=[row.code for row in countries])
    there = chosen or countries[0]
    suppliers = suppliers_of(actor) if capacity is Capacity.RESELLER else []
    return Shelf(actor, capacity, suppliers, countries, there, there.local_date(actor.now))

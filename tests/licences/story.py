"""What the stories of licences start from: Aoba has ten seats of Office, sold by Kawase through Hinode."""

import datetime as dt
import uuid
from dataclasses import dataclass

from tests.cast import Cast, actor_of, hire, partner, relate
from tests.commerce import Shop, build_shop, subscribed
from toiya.catalogue.models import Sku
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.directory.models import Person, Tenant
from toiya.licences.models import Licence, SeatPool
from toiya.relations.grants import grant_administration
from toiya.relations.models import AdministrationGrant

USERS = "/dashboard/customers/{}/users/"
LICENCES = "/dashboard/customers/{}/licences/"


@dataclass(frozen=True)
class Office:
    """The customer's subscription and what belongs to it."""

    cast: Cast
    shop: Shop
    grant: AdministrationGrant

    @property
    def users(self) -> str:
        """Where Kawase sees Aoba's users."""
        return USERS.format(self.cast.aoba.pk)

    @property
    def licences(self) -> str:
        """Where Kawase sees Aoba's licences."""
        return LICENCES.format(self.cast.aoba.pk)


def lend(cast: Cast, *roles: DirectoryRole, days: int = 365) -> AdministrationGrant:
    """Aoba's Emi lends these roles in Aoba to Kawase."""
    emi = actor_of(cast.emi)
    return grant_administration(
        emi,
        tenant=cast.aoba,
        grantee=cast.kawase,
        capacity=Capacity.RESELLER,
        roles=roles or (DirectoryRole.GLOBAL_ADMINISTRATOR,),
        expires_at=emi.now + dt.timedelta(days=days),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )


def open_office(cast: Cast, *roles: DirectoryRole, seats: int = 10) -> Office:
    """Aoba bought seats of Office from Hinode through Kawase, and lends Kawase these roles."""
    shop = build_shop(cast)
    partner(cast.hinode, cast.kawase)
    for one in (cast.hinode, cast.kawase):
        relate(one, cast.aoba)
    subscribed(cast, shop, cast.aoba, quantity=seats)
    return Office(cast, shop, lend(cast, *roles))


def staff(tenant: Tenant, count: int) -> list[Person]:
    """So many people without roles."""
    return [hire(tenant, f"Staff{number:03}") for number in range(count)]


def pool(tenant: Tenant, sku: Sku) -> SeatPool:
    """The seats as they are now."""
    return SeatPool.objects.get(tenant=tenant, sku=sku)


def holders(tenant: Tenant, sku: Sku) -> list[uuid.UUID]:
    """Who has a licence of it, the latest last."""
    return list(
        Licence.objects.filter(tenant=tenant, pool__sku=sku)
        .order_by("assigned_at", "id")
        .values_list("person_id", flat=True)
    )

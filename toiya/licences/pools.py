"""The pool of seats per customer and SKU: conditional updates only, so that no seat is ever sold or used twice (G-30).

Nothing here reads a number and writes it back; the database compares and counts.
"""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Sku
from toiya.core.actor import By
from toiya.directory.models import Person
from toiya.licences.errors import NoSeatFree, SeatsInUse
from toiya.licences.models import Licence, SeatPool


def pool_of(customer_id: uuid.UUID, sku: Sku) -> SeatPool:
    """The customer's pool of a SKU; made when the first seats come. Seats never make two pools (constraint)."""
    pool, _made = SeatPool.objects.get_or_create(tenant_id=customer_id, sku=sku)
    return pool


def change_seats(customer_id: uuid.UUID, sku: Sku, *, seats: int = 0, suspended: int = 0) -> None:
    """More or fewer seats, and more or fewer of them suspended. Raises SeatsInUse where more are assigned."""
    if not sku.has_seats or not (seats or suspended):
        return
    enough = SeatPool.objects.filter(
        tenant_id=customer_id, sku=sku, seats__gte=F("assigned") - seats, assigned__gte=0
    )
    change = {"seats": F("seats") + seats, "suspended": F("suspended") + suspended}
    if enough.update(**change):
        return
    pool = pool_of(customer_id, sku)  # made now, where these are the first seats
    if not enough.update(**change):
        pool.refresh_from_db()
        raise SeatsInUse(assigned=pool.assigned, wanted=pool.seats + seats)


def hold_pools(customer_id: uuid.UUID) -> dict[uuid.UUID, SeatPool]:
    """The customer's pools by SKU, nobody else's to change until the transaction ends.

    For whoever is about to change more than one, before the first and after every other row that is to be held: all
    take them in the order of their ids, so that nobody waits in a circle. Who changes a single pool has no need of it.
    """
    pools = SeatPool.objects.select_for_update(no_key=True).filter(tenant_id=customer_id).order_by("pk")
    return {pool.sku_id: pool for pool in pools}


def take_seat(pool: SeatPool) -> None:
    """One more seat is in use. Raises NoSeatFree."""
    free = SeatPool.objects.filter(pk=pool.pk, assigned__lt=F("seats") - F("suspended"))
    if not free.update(assigned=F("assigned") + 1):
        pool.refresh_from_db()
        raise NoSeatFree(product=pool.sku.name, seats=pool.seats - pool.suspended)


def give_seat_back(pool: SeatPool, count: int = 1) -> None:
    """So many seats are free again."""
    SeatPool.objects.filter(pk=pool.pk).update(assigned=F("assigned") - count)


@dataclass(frozen=True, slots=True)
class LostLicence:
    """A user whose seat went away with the seats of a subscription."""

    person: Person
    sku: Sku
    disabled_plans: list[str]


@transaction.atomic
def shrink_seats(
    by: By, customer_id: uuid.UUID, sku: Sku, seats: int, *, suspended: int = 0
) -> list[LostLicence]:
    """So many seats end (``suspended`` of them were suspended), also where they are in use.

    Licences beyond what remains are revoked, the latest first, and recorded; the answer says who lost one. For the end
    of a subscription, and for a smaller quantity that takes effect at a renewal. The caller tells the customer.
    """
    if not sku.has_seats or seats <= 0:
        return []
    pool = SeatPool.objects.select_for_update(no_key=True).get(pk=pool_of(customer_id, sku).pk)
    excess = max(pool.assigned - (pool.seats - seats), 0)
    latest = Licence.objects.filter(pool=pool).select_related("person").order_by("-assigned_at", "-id")
    lost = list(latest[:excess])
    Licence.objects.filter(pk__in=[licence.pk for licence in lost]).delete()
    give_seat_back(pool, len(lost))
    change_seats(customer_id, sku, seats=-seats, suspended=-suspended)
    for licence in lost:
        before = {
            "product": sku.name_en,
            "user_name": licence.person.user_name,
            "disabled_plans": licence.disabled_plans,
        }
        record(
            by,
            AuditAction.REVOKE_LICENSE,
            licence,
            tenant_id=customer_id,
            counterparty_id=by.tenant_id,
            before=before,
            after={"reason": "seats_ended"},
        )
    return [LostLicence(licence.person, sku, licence.disabled_plans) for licence in lost]

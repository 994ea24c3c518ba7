"""The pool of seats per customer and SKU: conditional updates only, so that no seat is ever sold or used twice (G-30).

Nothing here reads a number and writes it back; the database compares and counts.
"""

import uuid

from django.db.models import F

from toiya.catalogue.models import Sku
from toiya.licences.errors import NoSeatFree, SeatsInUse
from toiya.licences.models import SeatPool


def pool_of(customer_id: uuid.UUID, sku: Sku) -> SeatPool:
    """The customer's pool of a SKU; made when the first seats come. Seats never make two pools (constraint)."""
    pool, _made = SeatPool.objects.get_or_create(tenant_id=customer_id, sku=sku)
    return pool


def change_seats(customer_id: uuid.UUID, sku: Sku, *, seats: int = 0, suspended: int = 0) -> None:
    """More or fewer seats, and more or fewer of them suspended. Raises SeatsInUse where more are assigned."""
    if not sku.has_seats or not (seats or suspended):
        return
    pool = pool_of(customer_id, sku)
    changed = SeatPool.objects.filter(pk=pool.pk, seats__gte=F("assigned") - seats, assigned__gte=0).update(
        seats=F("seats") + seats, suspended=F("suspended") + suspended
    )
    if not changed:
        pool.refresh_from_db()
        raise SeatsInUse(assigned=pool.assigned, wanted=pool.seats + seats)


def take_seat(pool: SeatPool) -> None:
    """One more seat is in use. Raises NoSeatFree."""
    free = SeatPool.objects.filter(pk=pool.pk, assigned__lt=F("seats") - F("suspended"))
    if not free.update(assigned=F("assigned") + 1):
        pool.refresh_from_db()
        raise NoSeatFree(product=pool.sku.name, seats=pool.seats - pool.suspended)


def give_seat_back(pool: SeatPool, count: int = 1) -> None:
    """So many seats are free again."""
    SeatPool.objects.filter(pk=pool.pk).update(assigned=F("assigned") - count)

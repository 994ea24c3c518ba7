"""What stories of subscriptions are made of."""

import datetime as dt

from tests.cast import Cast, actor_of, hire, partner, relate
from tests.commerce import Shop, build_shop, subscribed
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.directory.models import Person, Tenant
from toiya.licences.models import Licence, SeatPool
from toiya.licences.pools import pool_of, take_seat
from toiya.relations.grants import grant_administration
from toiya.relations.models import AdministrationGrant
from toiya.subscriptions.lifecycle import event_value, fold, folded_fields
from toiya.subscriptions.models import Subscription


def chain(cast: Cast) -> Shop:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    partner(cast.hinode, cast.kawase)
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    return build_shop(cast)


def sold(cast: Cast, **more: object) -> tuple[Shop, Subscription]:
    """Hinode sold Aoba ten licences through Kawase; all three know each other."""
    shop = chain(cast)
    return shop, subscribed(cast, shop, cast.aoba, **more)  # type: ignore[arg-type]


def granted(cast: Cast, grantee: Tenant, capacity: Capacity = Capacity.RESELLER) -> AdministrationGrant:
    """Aoba lets the partner administer its licences for a month."""
    return grant_administration(
        actor_of(cast.emi),
        tenant=cast.aoba,
        grantee=grantee,
        capacity=capacity,
        roles=[DirectoryRole.LICENSE_ADMINISTRATOR],
        expires_at=cast.family.clock.now() + dt.timedelta(days=30),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )


def days_pass(cast: Cast, days: int) -> None:
    """The clock of the story moves on, for everybody in it."""
    cast.family.clock_offset_seconds += days * 86_400
    cast.family.save()


def use_seats(subscription: Subscription, count: int) -> list[Person]:
    """So many new users of the customer have a licence, one a minute."""
    pool = pool_of(subscription.customer_id, subscription.sku)
    people = []
    for number in range(count):
        person = hire(subscription.customer, f"User{pool.assigned + number}")
        take_seat(pool)
        at = real_now() + dt.timedelta(minutes=number)
        Licence.objects.create(tenant=subscription.customer, pool=pool, person=person, assigned_at=at)
        people.append(person)
    return people


def users_of(subscription: Subscription) -> list[Person]:
    """Who has a licence of the subscription's product, the earliest first."""
    rows = Licence.objects.filter(pool__tenant=subscription.customer, pool__sku=subscription.sku)
    return [row.person for row in rows.select_related("person").order_by("assigned_at")]


def seats_of(subscription: Subscription) -> tuple[int, int, int]:
    """Seats, suspended ones and assigned ones of the pool."""
    pool = SeatPool.objects.get(tenant=subscription.customer, sku=subscription.sku)
    return pool.seats, pool.suspended, pool.assigned


def must_equal_its_events(subscription: Subscription) -> Subscription:
    """I-11: the row is the fold of its events, and its version counts them."""
    row = Subscription.objects.get(pk=subscription.pk)
    assert fold(row) == {name: event_value(value) for name, value in folded_fields(row).items()}
    assert row.version == row.sequence == row.events.count()
    return row

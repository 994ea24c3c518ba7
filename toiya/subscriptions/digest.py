"""A mail a week about what renews soon, to the agents who want it (C-09)."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable

from babel.numbers import format_currency
from django.db import transaction

from toiya.core.actor import Actor
from toiya.core.money import Money
from toiya.core.permissions import Capacity, Permission, Role
from toiya.directory.actors import actor_for, person_for_request
from toiya.directory.models import Family, Person
from toiya.mail import outbox
from toiya.subscriptions.models import RenewalDigest
from toiya.subscriptions.radar import Renewal, described, renewals_sold, today_of, with_names

READERS = (Role.ADMIN_AGENT, Role.SALES_AGENT)
AHEAD = dt.timedelta(days=30)
WEEK = dt.timedelta(days=7)
MOST_LINES = 10
LONGEST = 1000


def wants_digest(actor: Actor) -> bool:
    """Whether the person gets the weekly mail; everybody does until they say otherwise."""
    return not RenewalDigest.objects.filter(person_id=actor.person_id, is_wanted=False).exists()


@transaction.atomic
def choose_digest(actor: Actor, *, is_wanted: bool) -> RenewalDigest:
    """The person wants the weekly mail, or no longer."""
    actor.must(Permission.SUBSCRIPTIONS_VIEW)
    choice, _created = RenewalDigest.objects.update_or_create(
        person_id=actor.person_id, defaults={"tenant_id": actor.tenant_id, "is_wanted": is_wanted}
    )
    return choice


def week_of(day: dt.date) -> dt.date:
    """The Monday of the week."""
    return day - dt.timedelta(days=day.weekday())


def digests_due(family: Family) -> list[uuid.UUID]:
    """Agents of partners that have not had this week's mail and have not declined it."""
    monday = week_of(family.clock.now().date())
    had = RenewalDigest.objects.filter(sent_week=monday).values("person_id")
    declined = RenewalDigest.objects.filter(is_wanted=False).values("person_id")
    partners = [Capacity.PROVIDER, Capacity.RESELLER]
    people = Person.objects.active().filter(
        tenant__family=family,
        role_assignments__role__in=READERS,
        tenant__tenant_capacities__capacity__in=partners,
    )
    rows = people.exclude(pk__in=had).exclude(pk__in=declined).values_list("pk", flat=True)
    return sorted(set(rows))


def next_digest(family: Family) -> dt.datetime:
    """The beginning of the family's next week."""
    monday = week_of(family.clock.now().date()) + WEEK
    return dt.datetime.combine(monday, dt.time(), dt.UTC)


def send_digests(family: Family) -> int:
    """Every mail of this week that is due in the family; says how many."""
    return sum(send_digest(person) for person in digests_due(family))


@transaction.atomic
def send_digest(person_id: uuid.UUID) -> bool:
    """The person's mail of this week, with the rights of this moment; nothing where nothing renews soon."""
    person = person_for_request(person_id)
    if person is None:
        return False
    actor = actor_for(person, language=person.language, second_factor_at=None)
    monday = week_of(today_of(actor))
    RenewalDigest.objects.get_or_create(person=person, defaults={"tenant_id": person.tenant_id})
    waiting = RenewalDigest.objects.filter(person=person, is_wanted=True).exclude(sent_week=monday)
    if not waiting.update(sent_week=monday) or not actor.may(Permission.SUBSCRIPTIONS_VIEW):
        return False
    until = today_of(actor) + AHEAD
    soon = renewals_sold(actor).filter(term_end__gte=today_of(actor), term_end__lte=until)
    found = described(actor, with_names(soon).order_by("term_end", "id")[:LONGEST])
    if not found:
        return False
    outbox.post(
        actor,
        "radar/digest",
        to=person.contact_email,
        language=person.language,
        subject_id=person.pk,
        context={
            "person_name": person.name,
            "count": len(found),
            "until_on": until.isoformat(),
            "unused": _unused(found),
            "without_renewal": sum(not row.subscription.auto_renew for row in found),
            "stakes": [_money(money, person.language) for money in at_stake(found)],
            "renewals": [_line(row, person.language) for row in found[:MOST_LINES]],
            "more": max(len(found) - MOST_LINES, 0),
            "radar_link": {"path": "/dashboard/renewals/"},
        },
    )
    return True


def at_stake(rows: Iterable[Renewal]) -> list[Money]:
    """What the seller receives for them in each currency."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.receives is not None:
            sums[row.receives.currency] += row.receives.minor
    return [Money(sums[code], code) for code in sorted(sums)]


def _unused(rows: Iterable[Renewal]) -> int:
    """Seats of one pool count once, however many subscriptions fill it."""
    pools = {(row.subscription.customer_id, row.subscription.sku_id): row.unused or 0 for row in rows}
    return sum(pools.values())


def _money(money: Money, language: str) -> str:
    return str(format_currency(money.decimal, money.currency, locale=language))


def _line(row: Renewal, language: str) -> dict[str, object]:
    customer = row.subscription.customer
    return {
        "customer": customer.name_in(language),
        "subscription": row.subscription.title_in(language),
        "quantity": row.quantity_then,
        "last_on": row.last_day.isoformat(),
        "unused": row.unused or 0,
    }

"""The clock of a sandbox moves, and what falls due on the way happens in its order."""

import datetime as dt

import pytest

from tests.cast import Cast, actor_of
from tests.commerce import build_shop
from tests.sandbox.story import DAY, bought, made_by, part, snapshot, travel
from tests.subscriptions.story import must_equal_its_events
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible, RoleMissing
from toiya.core.permissions import Capacity
from toiya.customers.drafts import with_link
from toiya.customers.relationship_requests import Wish, request_relationship
from toiya.customers.sending import send_invitation
from toiya.directory.models import Family
from toiya.mail.models import OutgoingMail
from toiya.partnerships.invitations import invite_reseller
from toiya.partnerships.invitations import send_invitation as send_partner_invitation
from toiya.relations.models import AdministrationGrant, Channel
from toiya.sandbox.clock import foresee, move_clock, sandbox_of, start_clock, stop_clock
from toiya.sandbox.errors import ClockIsMoving, OnlyForward, TooFar
from toiya.sandbox.travel import move_clocks
from toiya.subscriptions.models import EventKind, SubscriptionEvent


def test_thirteen_months_renew_a_monthly_subscription_thirteen_times_on_their_days(cast: Cast) -> None:
    """Planted fault: ``next_term_end`` says None, so that the renewals are made up at the end, on one day."""
    build_shop(cast)
    mei = actor_of(cast.mei)
    sandbox = made_by(cast.mei).sandbox
    subscription = bought(sandbox)
    begun = sandbox_of(mei).family.clock.now()

    travel(mei, begun + dt.timedelta(days=400))

    events = SubscriptionEvent.objects.filter(subscription=subscription, kind=EventKind.RENEWED).order_by(
        "sequence"
    )
    renewed = must_equal_its_events(subscription)
    days = [event.at.astimezone(renewed.customer.country.zone).date() for event in events]
    assert len(days) == 13
    assert days == [dt.date.fromisoformat(event.set_fields["term_start"]) for event in events]
    assert renewed.term_end is not None
    assert renewed.term_end > (begun + dt.timedelta(days=400)).date()


def test_grants_end_invitations_lapse_and_people_are_told(cast: Cast) -> None:
    build_shop(cast)
    mei = actor_of(cast.mei)
    sandbox = made_by(cast.mei).sandbox
    bought(sandbox)
    provider, reseller = actor_of(part(sandbox, "provider")), actor_of(part(sandbox, "reseller"))
    wish = Wish(
        language="en",
        channel=Channel.OWN_MARKETING,
        grant_days=30,
        valid_days=30,
        customer_name="Sumire",
        email="info@sumire.example",
    )
    asked = request_relationship(reseller, capacity=Capacity.RESELLER, wish=wish)
    send_invitation(reseller, invitation=asked, text=with_link(asked), email=wish.email)
    offered = invite_reseller(provider, language="en", email="info@tsuru.example")
    send_partner_invitation(provider, invitation=offered, email="info@tsuru.example")
    grants = AdministrationGrant.objects.filter(tenant__family=sandbox.family)
    begun = provider.now
    foreseen = foresee(mei, to=begun + 370 * DAY, language="en")

    family = travel(mei, begun + 370 * DAY)

    asked.refresh_from_db()
    offered.refresh_from_db()
    now = family.clock.now()
    assert asked.reminded_at is not None
    assert abs(asked.reminded_at - (asked.expires_at - 7 * DAY)) < dt.timedelta(seconds=1)
    assert offered.reminded_at is not None
    assert abs(offered.reminded_at - (offered.expires_at - 7 * DAY)) < dt.timedelta(seconds=1)
    assert max(asked.expires_at, offered.expires_at) < now
    assert grants.count() > 0
    assert not grants.filter(expires_at__gt=now).exists()
    mails = OutgoingMail.objects.filter(family_id=family.pk)
    digests = mails.filter(message="radar/digest", to=part(sandbox, "provider").contact_email)
    assert digests.count() == len({mail.posted_at.date() for mail in digests}) > 45
    assert {"info@sumire.example", "info@tsuru.example"} <= {happening.subject for happening in foreseen}
    assert sorted(happening.at for happening in foreseen) == [happening.at for happening in foreseen]


def test_production_keeps_its_time(cast: Cast) -> None:
    """Planted fault: ``renew_family`` forgets the family."""
    build_shop(cast)
    mei = actor_of(cast.mei)
    sandbox = made_by(cast.mei).sandbox
    bought(sandbox)
    other = made_by(cast.yui).sandbox
    bought(other)
    ours = {str(key) for key in sandbox.family.tenants.values_list("pk", flat=True)}
    before = snapshot()

    travel(mei, sandbox.family.clock.now() + 90 * DAY)

    after = snapshot()
    changed = {key for key in before if after.get(key) != before[key]}
    assert changed
    allowed = {("directory.Family", sandbox.family.pk), ("sandbox.Sandbox", sandbox.pk)}
    assert [key for key in changed - allowed if not any(str(tenant) in before[key] for tenant in ours)] == []
    told = (
        AuditRecord.objects.filter(tenant_id=cast.hinode.pk).order_by("pk").values_list("action", flat=True)
    )
    assert list(told) == ["make_sandbox", "move_clock"]
    assert abs(Family.objects.get(pk=cast.family.pk).clock.now() - real_now()) < dt.timedelta(minutes=1)


def test_who_may_move_it_and_where_to(cast: Cast) -> None:
    mei = actor_of(cast.mei)
    sandbox = made_by(cast.mei).sandbox
    now = sandbox.family.clock.now()

    with pytest.raises(OnlyForward):
        move_clock(mei, to=now - DAY)
    with pytest.raises(TooFar):
        move_clock(mei, to=now + 6 * 366 * DAY)
    with pytest.raises(RoleMissing):
        move_clock(actor_of(cast.sora), to=now + DAY)
    with pytest.raises(NotVisible):
        move_clock(actor_of(cast.yui), to=now + DAY)
    move_clock(actor_of(part(sandbox, "reseller")), to=now + DAY)
    with pytest.raises(ClockIsMoving):
        move_clock(mei, to=now + 2 * DAY)
    move_clocks()
    assert sandbox_of(mei).family.clock.now() >= now + DAY


def test_it_stops_and_runs_on(cast: Cast) -> None:
    mei = actor_of(cast.mei)
    made_by(cast.mei)

    stopped = stop_clock(mei).family
    assert stopped.clock.now() == stopped.clock.now() == stopped.clock_stopped_at
    still = travel(mei, stopped.clock.now() + DAY)
    assert still.clock_stopped_at == stopped.clock.now() + DAY

    family = start_clock(mei).family
    assert family.clock_stopped_at is None
    assert abs(family.clock.now() - still.clock.now()) < dt.timedelta(seconds=30)


def test_the_way_is_done_in_pieces_by_one_worker_at_a_time(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: ``travel`` takes no lease. A worker whose time is up leaves the rest of the way to the next."""
    mei = actor_of(cast.mei)
    sandbox = made_by(cast.mei).sandbox
    to = sandbox.family.clock.now() + 30 * DAY
    monkeypatch.setattr("toiya.sandbox.travel.AT_MOST", dt.timedelta(microseconds=1))
    move_clock(mei, to=to)

    positions = []
    while sandbox_of(mei).moving_to is not None:
        assert move_clocks() == 1
        positions.append(sandbox_of(mei).family.clock.now())
    assert len(positions) >= 4
    assert positions == sorted(positions)
    assert positions[-1] >= to

    move_clock(mei, to=to + 90 * DAY)
    type(sandbox).objects.filter(pk=sandbox.pk).update(leased_until=real_now() + DAY)
    assert move_clocks() == 0

"""An event reaches the partner's program: signed, in order, until it is accepted, and never after the relation."""

import datetime as dt
import re
import uuid

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from tests.cast import Cast, actor_of, partner, relate
from tests.webhooks.receiver import Posted, Receiver, documented
from tests.webhooks.story import download, fresh, happen, listen, said, told, work
from toiya.core.clock import real_now
from toiya.events.models import Event, EventState, Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.relations.events import raise_events
from toiya.webhooks.delivery import KEPT, forget_old_events, pause_after, undelivered_events
from toiya.webhooks.keys import renew_own_key
from toiya.webhooks.models import DeliveryAttempt, SigningCertificate, WebhookRegistration
from toiya.webhooks.registration import rotate_webhook_secret

HOUR, MINUTE, SECOND = dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(seconds=1)
TOIYA = "http://localhost:8000"


def _trusted() -> set[str]:
    return {row.thumbprint for row in SigningCertificate.objects.all()}


def test_an_event_has_the_fields_form_to_the_letter(cast: Cast, receiver: Receiver) -> None:
    """Planted faults that this test finds: six digits of a second; camelCase; a relative address."""
    listen(cast.mei, receiver)
    event = happen(cast.mei)
    work()

    (posted,) = receiver.posted
    assert list(said(posted)) == [
        "EventName",
        "ResourceUri",
        "ResourceName",
        "AuditUri",
        "ResourceChangeUtcDate",
    ]
    at = said(posted).pop("ResourceChangeUtcDate")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", at)
    assert dt.datetime.fromisoformat(at.replace("0+00:00", "+00:00")) == event.at
    assert said(posted) == {
        "EventName": "order-request-created",
        "ResourceUri": f"{TOIYA}/v1/toiya/orderRequests/{event.object_id}",
        "ResourceName": "orderRequest",
        "AuditUri": None,
        "ResourceChangeUtcDate": at,
    }
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["webhook-id"] == str(event.event_id)
    assert posted.headers["x-ms-signature-algorithm"] == "rsa-sha256"
    done = fresh(event)
    assert (done.state, done.attempts, told(event)) == (EventState.DELIVERED, 1, ["200"])


@pytest.mark.goal("G-36")
@pytest.mark.parametrize("own_header", [False, True])
def test_the_documented_receiver_takes_what_is_genuine_and_refuses_what_is_not(
    cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, *, own_header: bool
) -> None:
    """The code of docs/webhooks.md, with the certificate from the address in the message. Planted faults: a signature
    over the parsed body; a timestamp that no signature covers; any certificate trusted.
    """
    listen(cast.mei, receiver, has_own_header=own_header)
    secret = rotate_webhook_secret(actor_of(cast.mei)).secret
    happen(cast.mei)
    work()
    (posted,) = receiver.posted
    code = documented()
    monkeypatch.setattr(code, "download", download)

    def by_certificate(
        headers: dict[str, str], body: bytes = posted.body, trusted: set[str] | None = None
    ) -> None:
        code.check_certificate(
            headers, body, toiya=TOIYA, thumbprints=_trusted() if trusted is None else trusted
        )

    assert ("x-ms-signature" in posted.headers, "authorization" in posted.headers) == (
        own_header,
        not own_header,
    )
    by_certificate(posted.headers)
    code.check_secret(posted.headers, posted.body, secrets=[secret])

    header = "x-ms-signature" if own_header else "authorization"
    other = posted.headers[header][:-8] + "AAAAAAA="
    later = str(int(posted.headers["webhook-timestamp"]) + 200)
    forged = [
        (posted.headers, posted.body.replace(b"created", b"updated")),
        (posted.headers | {header: other}, posted.body),
        (posted.headers | {header: ""}, posted.body),
        (posted.headers | {"webhook-timestamp": later}, posted.body),
        (posted.headers | {"webhook-id": str(uuid.uuid4())}, posted.body),
        (posted.headers | {"webhook-signature": ""}, posted.body),
        (posted.headers | {"x-ms-certificate-url": "http://elsewhere.example/a.cer"}, posted.body),
        (posted.headers | {"x-ms-signature-algorithm": "rsa-md5"}, posted.body),
    ]
    for headers, body in forged:
        with pytest.raises(code.Refused):
            by_certificate(headers, body)
    with pytest.raises(code.Refused):
        by_certificate(posted.headers, trusted={"0" * 64})
    for headers, body in [*forged[:1], *forged[3:6]]:
        with pytest.raises(code.Refused):
            code.check_secret(headers, body, secrets=[secret])
    for age in (-310, 301):
        with time_machine.travel(real_now() + age * SECOND), pytest.raises(code.Refused, match="too old"):
            by_certificate(posted.headers)
    taken: set[str] = set()
    assert [code.is_new(posted.headers, taken) for _time in range(2)] == [True, False]


@pytest.mark.goal("G-36")
def test_after_a_rotation_both_secrets_are_good_for_a_day(cast: Cast, receiver: Receiver) -> None:
    listen(cast.mei, receiver)
    code = documented()
    old = rotate_webhook_secret(actor_of(cast.mei)).secret
    new = rotate_webhook_secret(actor_of(cast.mei)).secret

    def good(posted: Posted, secret: str) -> bool:
        try:
            code.check_secret(posted.headers, posted.body, secrets=[secret])
        except code.Refused:
            return False
        return True

    happen(cast.mei)
    work()
    assert [good(receiver.posted[0], secret) for secret in (old, new)] == [True, True]

    with time_machine.travel(real_now() + 25 * HOUR):
        happen(cast.mei)
        work()
        assert [good(receiver.posted[1], secret) for secret in (old, new)] == [False, True]


def test_what_fails_is_tried_again_under_the_same_id_with_growing_pauses(
    cast: Cast, receiver: Receiver
) -> None:
    """500, a redirect, 401, 404, then it works. Planted faults: a redirect followed; a pause that does not grow; a 4xx
    that ends it.
    """
    listen(cast.mei, receiver)
    event = happen(cast.mei)
    receiver.answer = lambda number: (
        [500, 307, 401, 404, 204][number],
        {"Location": f"{receiver.url}/elsewhere"} if number == 1 else {},
    )
    pauses, travelled = [], dt.timedelta()
    for _turn in range(4):
        with time_machine.travel(real_now() + travelled):
            before = real_now()
            work()
            pauses.append(fresh(event).due_at - before)
            work()  # not due yet
        travelled += pauses[-1] + SECOND
    work(after=travelled)

    assert told(event) == ["500 receiver_error", "307 redirect", "401 not_let_in", "404 refused", "204"]
    assert receiver.ids == [str(event.event_id)] * 5
    assert len({one.body for one in receiver.posted}) == 1
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == 4
    assert pause_after(40) <= 1.2 * 6 * HOUR
    assert {pause_after(9) for _try in range(9)} != {pause_after(9)}


def test_a_pause_that_the_receiver_asks_for_is_kept_up_to_an_hour(cast: Cast, receiver: Receiver) -> None:
    listen(cast.mei, receiver)
    event = happen(cast.mei)
    receiver.answer = lambda _number: (429, {"Retry-After": "1800"})
    before = real_now()
    work()

    assert 29 * MINUTE < fresh(event).due_at - before < 31 * MINUTE


@pytest.mark.goal("G-36")
def test_it_is_tried_for_three_days_then_given_up_and_kept(cast: Cast, receiver: Receiver) -> None:
    """Planted faults that this test finds: a limit of attempts instead of time; a last attempt long before the end."""
    listen(cast.mei, receiver)
    event = happen(cast.mei)
    begun = real_now()
    receiver.answer = lambda _number: (500, {})
    attempts = []
    with time_machine.travel(begun, tick=False) as clock:
        while fresh(event).state == EventState.WAITING:
            clock.move_to(fresh(event).due_at)
            work()
            attempts.append(real_now() - begun)
            assert len(attempts) < 60
            receiver.answer = lambda _number: (500, {})

    left = fresh(event)
    assert left.state == EventState.PARKED
    assert 72 * HOUR - MINUTE <= attempts[-1] <= 72 * HOUR + MINUTE
    assert 18 < len(attempts) < 40
    assert left.attempts == len(attempts)
    with time_machine.travel(begun + 80 * HOUR):
        work()
    assert len(receiver.posted) == len(attempts)


@pytest.mark.goal("G-36")
def test_events_of_an_object_come_in_order_and_others_do_not_wait(cast: Cast, receiver: Receiver) -> None:
    """Planted fault that this test finds: events taken by due time alone."""
    listen(cast.mei, receiver)
    object_id = uuid.uuid4()
    mine = [happen(cast.mei, object_id=object_id) for _number in range(3)]
    other = happen(cast.mei)
    first = str(mine[0].event_id)
    receiver.answer = lambda _number: (500, {})
    work()
    assert sorted(receiver.ids) == sorted([first, str(other.event_id)])

    receiver.answers()
    work(after=MINUTE)
    later = [one for one in receiver.ids[2:] if one != str(other.event_id)]
    assert later == [str(event.event_id) for event in mine]


def test_an_event_that_is_refused_for_long_hides_nothing_after_it(cast: Cast, receiver: Receiver) -> None:
    listen(cast.mei, receiver)
    object_id = uuid.uuid4()
    first, second = (happen(cast.mei, object_id=object_id) for _number in range(2))
    Event.objects.filter(pk=first.pk).update(attempts=7)
    receiver.answers(500)
    work()
    work()

    assert fresh(first).state == EventState.WAITING
    assert fresh(second).state == EventState.DELIVERED


@pytest.mark.goal("G-36")
def test_after_the_relation_has_ended_nothing_is_sent_what_was_queued_included(
    cast: Cast, receiver: Receiver
) -> None:
    """Planted faults: the relation asked when it happens only; the relation asked when it is sent only (T-53, I-19)."""
    listen(cast.mei, receiver)
    listen(cast.yui, receiver)
    served = relate(cast.hinode, cast.aoba)
    works = partner(cast.hinode, cast.kawase)
    of_customer = _raise(cast, EventName.SUBSCRIPTION_UPDATED, "customer", cast.aoba.pk)
    of_partner = _raise(cast, EventName.PARTNERSHIP_ACCEPTED, "partnership", cast.kawase.pk)
    assert (len(of_customer), len(of_partner)) == (1, 1)
    served.ended_at = works.ended_at = real_now()
    served.save()
    works.save()

    work()
    assert receiver.posted == []
    assert {fresh(event).state for event in (*of_customer, *of_partner)} == {EventState.DROPPED}
    assert not DeliveryAttempt.objects.exists()
    assert _raise(cast, EventName.SUBSCRIPTION_UPDATED, "customer", cast.aoba.pk) == []
    assert _raise(cast, EventName.PARTNERSHIP_ACCEPTED, "partnership", cast.kawase.pk) == []
    relate(cast.hinode, cast.aoba)
    work(after=HOUR)
    assert receiver.posted == []


def _raise(cast: Cast, name: EventName, tie: str, other_id: uuid.UUID) -> list[Event]:
    return raise_events(
        actor_of(cast.mei),
        Happening(
            name=name,
            object_id=uuid.uuid4(),
            tenants=(cast.hinode.pk, cast.yamabuki.pk, None),
            tie=Tie(tie),
            other_id=other_id,
        ),
    )


def test_a_program_that_does_not_answer_holds_nobody_up(
    cast: Cast, receiver: Receiver, settings: LazySettings
) -> None:
    """Planted fault that this test finds: every event of a dead address tried before anybody else's."""
    listen(cast.mei, receiver)
    listen(cast.kai, receiver)
    WebhookRegistration.objects.filter(tenant=cast.hinode).update(url="http://127.0.0.1:9/")
    settings.OUTBOUND_ALLOW = settings.OUTBOUND_ALLOW | {("127.0.0.1", 9)}
    waiting = [happen(cast.mei) for _number in range(30)]
    alive = happen(cast.kai)
    work()

    assert fresh(alive).state == EventState.DELIVERED
    assert sum(fresh(event).attempts for event in waiting) <= 8
    assert told(waiting[0]) == ["- no_answer"]


def test_an_address_that_calls_may_not_go_to_is_never_called(
    cast: Cast, receiver: Receiver, settings: LazySettings
) -> None:
    """The name is looked at again at every attempt, whatever it was when it was registered (T-35)."""
    listen(cast.mei, receiver)
    event = happen(cast.mei)
    settings.OUTBOUND_ALLOW = frozenset()
    work()

    assert receiver.posted == []
    assert told(event) == ["- not_allowed"]


def test_a_dead_workers_events_go_out_again_and_nobody_elses_hand_is_forced(
    cast: Cast, receiver: Receiver
) -> None:
    listen(cast.mei, receiver)
    event = happen(cast.mei)
    Event.objects.filter(pk=event.pk).update(leased_until=real_now() + 20 * SECOND, attempts=1)
    work()
    assert receiver.posted == []
    work(after=21 * SECOND)
    assert receiver.ids == [str(event.event_id)]
    assert undelivered_events(real_now()) == (0, 0)


def test_the_log_goes_back_thirty_days(cast: Cast, receiver: Receiver) -> None:
    listen(cast.mei, receiver)
    done, waits = happen(cast.mei), happen(cast.mei)
    Event.objects.filter(pk=waits.pk).update(due_at=real_now() + 90 * 24 * HOUR)
    work()
    with time_machine.travel(real_now() + KEPT - HOUR):
        assert forget_old_events() == 0
        assert undelivered_events(real_now()) == (1, 1)
    with time_machine.travel(real_now() + KEPT + HOUR):
        assert forget_old_events() == 2
    assert list(Event.objects.values_list("pk", flat=True)) == [waits.pk]
    assert done.pk != waits.pk


def test_the_certificate_is_public_and_former_ones_stay(
    cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(cast.mei, receiver)
    happen(cast.mei)
    work()
    renew_own_key()
    happen(cast.mei)
    work()

    urls = [one.headers["x-ms-certificate-url"] for one in receiver.posted]
    assert len(set(urls)) == 2
    code = documented()
    monkeypatch.setattr(code, "download", download)
    for one in receiver.posted:
        code.check_certificate(one.headers, one.body, toiya=TOIYA, thumbprints=_trusted())
    assert Client().get(f"/certificates/{'0' * 64}.cer").status_code == 404
    assert SigningCertificate.objects.exclude(encrypted_key="").count() == 1

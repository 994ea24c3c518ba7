"""Webhooks over the API: what one operation wrote, another one, a page or the receiver reads."""

import datetime as dt
import re
import uuid

import pytest
import time_machine
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Api, api_of, api_of_application
from tests.cast import Cast, browser_of
from tests.webhooks.receiver import Receiver
from tests.webhooks.story import EVERYTHING, happen, said, work
from toiya.core.clock import real_now
from toiya.core.permissions import Role
from toiya.directory.models import Tenant
from toiya.events.models import Event, EventState

REGISTRATION = "/webhooks/v1/registration"
TESTS = f"{REGISTRATION}/validationEvents"
DELIVERIES = "/v1/toiya/webhooks/deliveries"


def registered(api: Api, receiver: Receiver, *events: str) -> None:
    told = api.post(REGISTRATION, {"WebhookUrl": receiver.url, "WebhookEvents": list(events or EVERYTHING)})
    assert told.status == 200, told.body


@pytest.mark.operation(
    "webhooks.list_events",
    "webhooks.get_registration",
    "webhooks.create_registration",
    "webhooks.update_registration",
    "toiya.webhooks.remove_registration",
)
def test_a_program_registers_changes_and_removes_its_address(
    cast: Cast, receiver: Receiver, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """As the documents' samples write it, and with names in another case; others have nothing to do with it."""
    api = api_of_application(Tenant.objects.get(pk=cast.hinode.pk), Role.ADMIN_AGENT)
    assert api.get(f"{REGISTRATION}/events").body == list(EVERYTHING)
    nothing = api.get(REGISTRATION)
    assert (nothing.status, nothing.body["code"]) == (404, 1000)

    made = api.post(
        REGISTRATION,
        {
            "WebhookUrl": receiver.url,
            "WebhookEvents": ["test-created", "subscription-updated"],
            "SignatureTokenToMsSignatureHeader": None,
            "Properties": {"environment": "blue"},
        },
    )
    assert made.status == 200
    told = made.body
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", told.pop("LastModifiedTimestamp"))
    assert told == {
        "SubscriberId": str(cast.hinode.pk),
        "WebhookUrl": receiver.url,
        "WebhookEvents": ["test-created", "subscription-updated"],
        "SignatureTokenToMsSignatureHeader": False,
        "Properties": {"environment": "blue"},
    }
    again = api.post(REGISTRATION, {"WebhookUrl": receiver.url, "WebhookEvents": ["test-created"]})
    assert again.status == 409

    changed = api.put(
        REGISTRATION,
        {
            "webhookUrl": receiver.url + "/2",
            "webhookEvents": ["order-completed"],
            "signatureTokenToMsSignatureHeader": True,
        },
    )
    assert changed.status == 200
    with django_assert_num_queries(1 + 2):
        read = api.get(REGISTRATION).body
    assert (read["WebhookUrl"], read["WebhookEvents"]) == (receiver.url + "/2", ["order-completed"])
    assert read["SignatureTokenToMsSignatureHeader"] is True
    page = browser_of(cast.mei).get(reverse("webhooks:settings")).content.decode()
    assert receiver.url + "/2" in page
    assert api_of(cast.yui).get(REGISTRATION).status == 404

    assert api.delete("/v1/toiya/webhooks/registration").status == 204
    assert api.get(REGISTRATION).status == 404
    assert (
        api.put(REGISTRATION, {"WebhookUrl": receiver.url, "WebhookEvents": ["test-created"]}).status == 404
    )
    assert api.delete("/v1/toiya/webhooks/registration").status == 404


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({"WebhookEvents": ["test-created"]}, ["WebhookUrl"]),
        ({"WebhookUrl": "https://receiver.example/"}, ["WebhookEvents"]),
        (
            {"WebhookUrl": "http://receiver.example/", "WebhookEvents": ["test-created"]},
            ["address_not_allowed"],
        ),
        ({"WebhookUrl": "https://10.0.0.1/", "WebhookEvents": ["test-created"]}, ["address_not_allowed"]),
        ({"WebhookUrl": "https://receiver.example/", "WebhookEvents": ["invoice-paid"]}, ["unknown_events"]),
        ({"WebhookUrl": "https://receiver.example/", "WebhookEvents": []}, ["no_events"]),
        (
            {
                "WebhookUrl": "https://receiver.example/",
                "WebhookEvents": ["test-created"],
                "Properties": {"a": "b" * 2001},
            },
            ["properties_too_large"],
        ),
    ],
)
def test_what_is_wrong_with_a_registration_is_named(cast: Cast, body: object, data: list[str]) -> None:
    told = api_of(cast.mei).post(REGISTRATION, body)

    assert (told.status, told.body["code"]) == (400, 800002)
    assert told.body["data"][: len(data)] == data
    assert api_of(cast.mei).get(REGISTRATION).status == 404


def test_who_may_read_may_not_change(cast: Cast, receiver: Receiver) -> None:
    """Agents and billing admins read (webhooks.md section 1); who holds no such role does not."""
    registered(api_of(cast.mei), receiver)
    sales, nobody = api_of(cast.sora), api_of(cast.riku)

    assert sales.get(REGISTRATION).body["WebhookUrl"] == receiver.url
    assert sales.get(DELIVERIES).status == 200
    for told in (
        sales.put(REGISTRATION, {"WebhookUrl": receiver.url, "WebhookEvents": ["test-created"]}),
        sales.post(TESTS),
        sales.delete("/v1/toiya/webhooks/registration"),
        sales.post("/v1/toiya/webhooks/registration/secret"),
        nobody.get(REGISTRATION),
        nobody.get(DELIVERIES),
    ):
        assert (told.status, told.body["code"]) == (403, 900150)


@pytest.mark.operation("webhooks.create_validation_event", "webhooks.get_validation_event")
def test_a_test_event_is_sent_and_its_attempts_can_be_read_for_a_week(cast: Cast, receiver: Receiver) -> None:
    """Planted fault that this test finds: somebody else's test told."""
    api = api_of(cast.mei)
    assert api.post(TESTS).status == 404
    registered(api, receiver, "order-completed")
    unwanted = api.post(TESTS)
    assert (unwanted.status, unwanted.body["data"]) == (400, ["test_not_wanted"])
    api.put(REGISTRATION, {"WebhookUrl": receiver.url, "WebhookEvents": ["test-created"]})

    known = str(uuid.uuid4())
    asked = api.post(TESTS, MS_CorrelationId=known)
    assert (asked.status, asked.body) == (200, {"correlationId": known})
    pending = api.get(f"{TESTS}/{known}").body
    assert (pending["status"], pending["results"]) == ("pending", [])

    receiver.answers(500)
    work()
    work(after=dt.timedelta(minutes=1))
    told = api.get(f"{TESTS}/{known}").body
    assert {name: told[name] for name in ("correlationId", "partnerId", "status", "callbackUrl")} == {
        "correlationId": known,
        "partnerId": str(cast.hinode.pk),
        "status": "completed",
        "callbackUrl": receiver.url,
    }
    first, second = told["results"]
    assert (first["responseCode"], first["systemError"]) == ("InternalServerError", False)
    assert (second["responseCode"], second["responseMessage"], second["systemError"]) == ("OK", "", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}", first["dateTimeUtc"])
    assert said(receiver.posted[0])["ResourceUri"].endswith(f"{TESTS}/{known}")
    assert api_of(cast.jun).get(f"{TESTS}/{known}").status == 404
    with time_machine.travel(real_now() + dt.timedelta(days=7, minutes=1)):
        assert api_of(cast.mei).get(f"{TESTS}/{known}").status == 404


def test_two_tests_a_minute_are_sent_exactly(cast: Cast, receiver: Receiver) -> None:
    """Planted fault that this test finds: windows that begin at full minutes, which let four through."""
    api = api_of(cast.mei)
    registered(api, receiver)
    known = str(uuid.uuid4())
    assert api.post(TESTS, MS_CorrelationId=known).body["correlationId"] == known
    assert api.post(TESTS, MS_CorrelationId=known).body["correlationId"] != known
    third = api.post(TESTS)
    assert third.status == 429
    assert 0 < int(third.headers["Retry-After"]) <= 60
    with time_machine.travel(real_now() + dt.timedelta(seconds=50)):
        assert api.post(TESTS).status == 429
    with time_machine.travel(real_now() + dt.timedelta(minutes=1)):
        assert [api.post(TESTS).status for _time in range(3)] == [200, 200, 429]


@pytest.mark.operation("toiya.webhooks.list_deliveries", "toiya.webhooks.get_delivery")
def test_the_log_is_read_in_pages(
    cast: Cast, receiver: Receiver, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    api = api_of(cast.mei)
    registered(api, receiver)
    receiver.answer = lambda number: (404 if number == 0 else 200, {})
    failed = happen(cast.mei)
    work()
    Event.objects.filter(pk=failed.pk).update(state=EventState.PARKED, finished_at=real_now())
    for _number in range(3):
        happen(cast.mei)
    work()

    with django_assert_num_queries(1 + 1):
        api.get(f"{DELIVERIES}?size=1")
    with django_assert_num_queries(1 + 1):
        page = api.get(f"{DELIVERIES}?size=3").body
    assert [one["state"] for one in page["items"]] == ["delivered"] * 3
    following = page["links"]["next"]
    token = {header["key"]: header["value"] for header in following["headers"]}
    last = api.call(following["method"], f"/v1{following['uri']}", **token).body
    assert [one["id"] for one in last["items"]] == [str(failed.event_id)]
    only = api.get(f"{DELIVERIES}?state=given_up&eventName=order-request-created").body["items"]
    assert [one["id"] for one in only] == [str(failed.event_id)]
    assert api.get(f"{DELIVERIES}?state=lost").body["code"] == 800002
    (attempt,) = api.get(f"{DELIVERIES}/{failed.event_id}").body["attempts"]
    assert (attempt["statusCode"], attempt["problem"]) == (404, "refused")


@pytest.mark.operation("toiya.webhooks.replay_delivery", "toiya.webhooks.replay_deliveries")
def test_events_are_sent_again_one_or_all_of_a_span_of_time(cast: Cast, receiver: Receiver) -> None:
    """Planted fault that this test finds: somebody else's events sent again."""
    api = api_of(cast.mei)
    registered(api, receiver)
    failed, *_others = (happen(cast.mei) for _number in range(4))
    work()
    Event.objects.filter(pk=failed.pk).update(state=EventState.PARKED)
    again = api.post(f"{DELIVERIES}/{failed.event_id}/replay").body
    assert (again["state"], again["attemptCount"]) == ("waiting", 0)
    work()
    assert receiver.ids.count(str(failed.event_id)) == 2
    span = {
        "startDate": (real_now() - dt.timedelta(hours=1)).isoformat(),
        "endDate": (real_now() + dt.timedelta(hours=1)).isoformat(),
    }
    assert api.post(f"{DELIVERIES}/replay", {**span, "onlyGivenUp": True}).body["code"] == 800002
    told = api.post(f"{DELIVERIES}/replay", span)
    assert (told.status, told.body) == (202, {"totalCount": 4})
    work()
    assert len(receiver.posted) == 4 + 1 + 4

    other = api_of(cast.jun)
    registered(other, receiver)
    assert other.get(DELIVERIES).body["items"] == []
    assert other.get(f"{DELIVERIES}/{failed.event_id}").status == 404
    assert other.post(f"{DELIVERIES}/{failed.event_id}/replay").status == 404
    assert other.post(f"{DELIVERIES}/replay", span).status == 409


@pytest.mark.operation("toiya.webhooks.rotate_secret")
def test_a_secret_is_told_once_and_the_same_request_gets_it_again(cast: Cast, receiver: Receiver) -> None:
    api = api_of(cast.mei)
    registered(api, receiver)
    key = str(uuid.uuid4())
    made = api.post("/v1/toiya/webhooks/registration/secret", MS_RequestId=key)
    same = api.post("/v1/toiya/webhooks/registration/secret", MS_RequestId=key)
    other = api.post("/v1/toiya/webhooks/registration/secret")

    assert made.status == 201
    assert made.body["secret"].startswith("whsec_")
    assert same.body == made.body
    assert other.body["secret"] != made.body["secret"]
    assert "previousSecretUntil" in other.body
    assert made.body["secret"] not in str(api.get(REGISTRATION).body)

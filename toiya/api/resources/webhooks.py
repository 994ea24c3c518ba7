"""Webhooks: where a partner's program listens, tests of it (webhooks.md section 1), and the log, which is ours."""

import datetime as dt
import http
import math
import uuid

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.operations import Answer, Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.wire import Resource, SeekCollection, Wire, attributes_of, utc
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.events.models import Event, EventState
from toiya.events.names import EventName
from toiya.webhooks.errors import TooManyTests
from toiya.webhooks.log import ORDER, attempts_at, event_for, log_of
from toiya.webhooks.message import resource_uri
from toiya.webhooks.models import DeliveryAttempt, Trouble, WebhookRegistration
from toiya.webhooks.registration import (
    WebhookDetails,
    change_webhook,
    names_of,
    register_webhook,
    registration_of,
    remove_webhook,
    rotate_webhook_secret,
)
from toiya.webhooks.replay import replay_event, replay_events
from toiya.webhooks.validation import request_validation_event, validation_event

VIEW, MANAGE = Permission.WEBHOOKS_VIEW, Permission.WEBHOOKS_MANAGE
NOT_FOUND, INVALID_INPUT = 1000, 800002
REQUIRED = ("WebhookUrl", "WebhookEvents")
STATES = {
    EventState.WAITING: "waiting",
    EventState.DELIVERED: "delivered",
    EventState.PARKED: "given_up",
    EventState.DROPPED: "not_sent",
}


class Registration(Wire, rename="pascal"):
    """Where events are sent, and which. Names as in the documents' samples; requests may write them in any case."""

    subscriber_id: str | None = None
    webhook_url: str | None = None
    webhook_events: list[str] | None = None
    signature_token_to_ms_signature_header: bool | None = None
    properties: dict[str, str] | None = None
    last_modified_timestamp: dt.datetime | None = None


class ValidationEventRef(Wire):
    """By what a test can be asked for."""

    correlation_id: str | None = None


class ValidationResult(Wire):
    """What came of one attempt: the receiver's status in words, or what kept it from answering."""

    response_code: str | None = None
    response_message: str | None = None
    system_error: bool | None = None
    date_time_utc: str | None = None


class WebhookValidationEvent(Wire):
    """A test of the last seven days."""

    correlation_id: str | None = None
    partner_id: str | None = None
    status: str | None = None
    callback_url: str | None = None
    results: list[ValidationResult] | None = None


class WebhookSecret(Wire):
    """A secret for receivers that check an HMAC. It is told once."""

    secret: str | None = None
    previous_secret_until: dt.datetime | None = None


class WebhookAttempt(Wire):
    """One call to the receiver."""

    date: dt.datetime | None = None
    callback_url: str | None = None
    status_code: int | None = None
    milliseconds: int | None = None
    problem: str | None = None


class WebhookDelivery(Resource):
    """An event and how far its delivery is."""

    id: str | None = None
    event_name: str | None = None
    resource_uri: str | None = None
    resource_change_utc_date: dt.datetime | None = None
    state: str | None = None
    attempt_count: int | None = None
    next_attempt_date: dt.datetime | None = None
    finished_date: dt.datetime | None = None
    attempts: list[WebhookAttempt] | None = None


class DeliveriesQuery(SeekQuery):
    """``state``: waiting, delivered, given_up, not_sent; ``eventName``: one of those that can be registered for."""

    state: str | None = None
    event_name: str | None = None


class ReplayRequest(Wire):
    """A span of time; with ``onlyGivenUp`` only what was never accepted."""

    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None
    only_given_up: bool | None = None


class ReplayResult(Wire):
    """How many events are on their way again."""

    total_count: int | None = None


DELIVERY = attributes_of("WebhookDelivery")
EXAMPLE = {
    "WebhookUrl": "https://receiver.example.com/events",
    "WebhookEvents": ["subscription-updated", "test-created"],
    "SignatureTokenToMsSignatureHeader": False,
}


@operation("webhooks.list_events", "GET", "/webhooks/v1/registration/events", needs=VIEW)
def list_events(call: Call) -> list[str]:
    """The names of the events that can be registered for."""
    del call
    return [name.value for name in EventName]


@operation("webhooks.get_registration", "GET", "/webhooks/v1/registration", needs=VIEW, errors=(NOT_FOUND,))
def get_registration(call: Call) -> Registration:
    """Where the partner's events are sent."""
    return _registration(registration_of(call.actor))


@operation(
    "webhooks.create_registration",
    "POST",
    "/webhooks/v1/registration",
    needs=MANAGE,
    required=REQUIRED,
    errors=(INVALID_INPUT,),
    example=EXAMPLE,
)
def create_registration(call: Call, body: Registration) -> Registration:
    """Send events there from now on. 409 when there is a registration already."""
    return _registration(register_webhook(call.actor, details=_details(body)))


@operation(
    "webhooks.update_registration",
    "PUT",
    "/webhooks/v1/registration",
    needs=MANAGE,
    required=REQUIRED,
    errors=(INVALID_INPUT, NOT_FOUND),
    example=EXAMPLE,
)
def update_registration(call: Call, body: Registration) -> Registration:
    """Send events elsewhere, or others. What waits goes to the new address."""
    return _registration(change_webhook(call.actor, details=_details(body)))


def _details(body: Registration) -> WebhookDetails:
    return WebhookDetails(
        url=body.webhook_url or "",
        events=body.webhook_events or [],
        has_own_header=bool(body.signature_token_to_ms_signature_header),
        properties=body.properties or {},
    )


def _registration(found: WebhookRegistration) -> Registration:
    return Registration(
        subscriber_id=str(found.tenant_id),
        webhook_url=found.url,
        webhook_events=[name.value for name in names_of(found)],
        signature_token_to_ms_signature_header=found.has_own_header,
        properties=found.properties or None,
        last_modified_timestamp=found.changed_at,
    )


@operation(
    "webhooks.create_validation_event",
    "POST",
    "/webhooks/v1/registration/validationEvents",
    needs=MANAGE,
    errors=(INVALID_INPUT, NOT_FOUND),
)
def create_validation_event(call: Call) -> ValidationEventRef:
    """Send a test event. Two a minute; ``test-created`` must be registered for."""
    try:
        event = request_validation_event(call.actor)
    except TooManyTests as refusal:
        seconds = str(math.ceil(refusal.wait.total_seconds()))
        raise WireError(429, 429, str(refusal), headers={"Retry-After": seconds}) from refusal
    return ValidationEventRef(correlation_id=str(event.object_id))


@operation(
    "webhooks.get_validation_event",
    "GET",
    "/webhooks/v1/registration/validationEvents/{correlation_id}",
    needs=VIEW,
    errors=(NOT_FOUND,),
)
def get_validation_event(call: Call, correlation_id: uuid.UUID) -> WebhookValidationEvent:
    """What came of a test, attempt by attempt."""
    found = validation_event(call.actor, correlation_id=correlation_id)
    return WebhookValidationEvent(
        correlation_id=str(correlation_id),
        partner_id=str(found.event.tenant_id),
        status="completed" if found.is_completed else "pending",
        callback_url=found.url,
        results=[_result(attempt) for attempt in found.attempts],
    )


def _result(attempt: DeliveryAttempt) -> ValidationResult:
    return ValidationResult(
        response_code=_word(attempt.status),
        response_message=str(Trouble(attempt.trouble).label),
        system_error=attempt.status is None,
        date_time_utc=f"{utc(attempt.at):%Y-%m-%dT%H:%M:%S}.{attempt.at.microsecond:06d}0",
    )


def _word(status: int | None) -> str | None:
    """``OK``, ``InternalServerError``: the status in the words of the documents' samples."""
    if status is None:
        return None
    try:
        return http.HTTPStatus(status).phrase.title().replace(" ", "").replace("Ok", "OK")
    except ValueError:
        return str(status)


# ---------------------------------------------------------------- ours
@operation(
    "toiya.webhooks.remove_registration",
    "DELETE",
    "/v1/toiya/webhooks/registration",
    needs=MANAGE,
    status=204,
    errors=(NOT_FOUND,),
)
def remove_registration(call: Call) -> None:
    """Send nothing more, what waits included."""
    remove_webhook(call.actor)


@operation(
    "toiya.webhooks.rotate_secret",
    "POST",
    "/v1/toiya/webhooks/registration/secret",
    needs=MANAGE,
    status=201,
    errors=(NOT_FOUND,),
)
def rotate_secret(call: Call) -> WebhookSecret:
    """A new secret for the HMAC of deliveries. A former one is used beside it for a day."""
    made = rotate_webhook_secret(call.actor)
    return WebhookSecret(secret=made.secret, previous_secret_until=made.registration.previous_secret_until)


@operation(
    "toiya.webhooks.list_deliveries",
    "GET",
    "/v1/toiya/webhooks/deliveries",
    needs=VIEW,
    errors=(INVALID_INPUT,),
)
def list_deliveries(call: Call, query: DeliveriesQuery) -> SeekCollection[WebhookDelivery]:
    """The partner's events of the last thirty days, the latest first."""
    states = {word: state for state, word in STATES.items()}
    if query.state and query.state not in states:
        expected = ", ".join(states)
        text = _("state is “%(found)s”; it must be one of %(expected)s.")
        raise WireError(
            400, INVALID_INPUT, text % {"found": query.state, "expected": expected}, "state", query.state
        )
    page = page_by_key(
        log_of(call.actor, state=states.get(query.state or "", ""), name=query.event_name or ""),
        fields=ORDER,
        cursor=place_of(call, query),
        size=size_of(query),
        descending=True,
    )
    return seek_collection(
        page,
        _delivery,
        at="/toiya/webhooks/deliveries",
        size=query.size,
        state=query.state,
        eventName=query.event_name,
    )


@operation(
    "toiya.webhooks.get_delivery",
    "GET",
    "/v1/toiya/webhooks/deliveries/{event_id}",
    needs=VIEW,
    errors=(NOT_FOUND,),
)
def get_delivery(call: Call, event_id: uuid.UUID) -> WebhookDelivery:
    """One event with every attempt."""
    event = event_for(call.actor, event_id=event_id)
    delivery = _delivery(event)
    delivery.attempts = [
        WebhookAttempt(
            date=attempt.at,
            callback_url=attempt.url,
            status_code=attempt.status,
            milliseconds=attempt.milliseconds,
            problem=attempt.trouble or None,
        )
        for attempt in attempts_at(event)
    ]
    return delivery


@operation(
    "toiya.webhooks.replay_delivery",
    "POST",
    "/v1/toiya/webhooks/deliveries/{event_id}/replay",
    needs=MANAGE,
    errors=(INVALID_INPUT, NOT_FOUND),
)
def replay_delivery(call: Call, event_id: uuid.UUID) -> WebhookDelivery:
    """Send one event again, under the same id."""
    return _delivery(replay_event(call.actor, event_id=event_id))


@operation(
    "toiya.webhooks.replay_deliveries",
    "POST",
    "/v1/toiya/webhooks/deliveries/replay",
    needs=MANAGE,
    required=("startDate", "endDate"),
    errors=(INVALID_INPUT, NOT_FOUND),
    example={"startDate": "2026-11-01T00:00:00Z", "endDate": "2026-11-02T00:00:00Z", "onlyGivenUp": True},
)
def replay_deliveries(call: Call, body: ReplayRequest) -> Answer[ReplayResult]:
    """Send everything of a span of time again, under the same ids."""
    count = replay_events(
        call.actor,
        begin=utc(body.start_date or call.actor.now),
        end=utc(body.end_date or call.actor.now),
        only_parked=bool(body.only_given_up),
    )
    return Answer(ReplayResult(total_count=count), status=202)


def _delivery(event: Event) -> WebhookDelivery:
    is_waiting = event.state == EventState.WAITING
    return WebhookDelivery(
        id=str(event.event_id),
        event_name=event.name,
        resource_uri=resource_uri(event),
        resource_change_utc_date=event.at,
        state=STATES[EventState(event.state)],
        attempt_count=event.attempts,
        next_attempt_date=event.due_at if is_waiting else None,
        finished_date=event.finished_at,
        attributes=DELIVERY,
    )

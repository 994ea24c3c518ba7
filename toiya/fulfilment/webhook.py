"""The connector ``webhook``: a signed call to the vendor's system, which answers at once or calls back."""

import json

from django.conf import settings

from toiya.core.cipher import Unreadable
from toiya.core.clock import real_now
from toiya.core.outbound import OutboundFailed, OutboundRefused, call
from toiya.fulfilment.models import CallKind, CallOutcome, Connector, FulfilmentTask, TaskKind, Trouble
from toiya.fulfilment.outcomes import (
    ACCEPTED,
    CREATED,
    OK,
    Outcome,
    Way,
    accepted,
    done,
    not_done,
    object_of,
    text_in,
)
from toiya.fulfilment.outcomes import without_answer as _without_answer
from toiya.fulfilment.signatures import signed_headers

NO_CONTENT = 204
HAPPENED = frozenset({OK, CREATED, NO_CONTENT})


def call_back_url(task: FulfilmentTask) -> str:
    """Where the vendor says how the task ended."""
    return f"{settings.ORIGIN}/call-backs/tasks/{task.pk}/"


def _message(task: FulfilmentTask, kind: str) -> dict[str, object]:
    return {
        "type": kind,
        "task": str(task.pk),
        "subscription": str(task.subscription_id),
        "sequence": task.sequence,
        "customer": str(task.customer_id),
        "attempt": task.attempts,
        "data": task.payload,
        "call_back": call_back_url(task),
    }


def _post(connector: Connector, kind: CallKind, *, message_id: str, content: dict[str, object]) -> Outcome:
    body = json.dumps(
        {**content, "sent_at": real_now().isoformat()}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    try:
        signed = signed_headers(connector, message_id=message_id, body=body)
        answer = call(
            "POST", connector.url, headers={"Content-Type": "application/json", **signed}, body=body
        )
    except Unreadable:
        return Outcome(kind=kind, outcome=CallOutcome.AGAIN, trouble=Trouble.SECRET)
    except (OutboundFailed, OutboundRefused) as error:
        return _without_answer(kind, error)
    reference = text_in(object_of(answer.body), "reference")
    if answer.status in HAPPENED:
        return done(kind, answer, reference=reference)
    if answer.status == ACCEPTED:
        return accepted(kind, answer, reference=reference)
    return not_done(kind, answer)


def _send(connector: Connector, task: FulfilmentTask) -> Outcome:
    return _post(connector, CallKind.SEND, message_id=str(task.pk), content=_message(task, task.kind))


def _ask(connector: Connector, task: FulfilmentTask) -> Outcome:
    """A vendor that has accepted calls back; nobody asks it. The deadline is the next thing that happens."""
    del connector, task
    return Outcome(kind=CallKind.ASK, outcome=CallOutcome.ACCEPTED)


def _clean_up(connector: Connector, task: FulfilmentTask) -> Outcome:
    """The same as a removal, under a key of its own."""
    message = {**_message(task, TaskKind.DEPROVISION), "clean_up": True}
    return _post(connector, CallKind.CLEAN_UP, message_id=f"{task.pk}.clean-up", content=message)


def _try_out(connector: Connector) -> Outcome:
    """A call that asks for nothing."""
    return _post(connector, CallKind.SEND, message_id=f"test.{connector.pk}", content={"type": "test"})


WEBHOOK = Way(_send, _ask, _clean_up, _try_out)

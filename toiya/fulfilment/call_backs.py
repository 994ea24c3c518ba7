"""Call-backs of vendors: signed, recent, and taken once."""

import uuid
from dataclasses import dataclass

from django.db import transaction

from toiya.core.cipher import Unreadable
from toiya.core.clock import real_now
from toiya.core.signatures import is_genuine, is_recent, new_secret
from toiya.fulfilment.errors import (
    CallBackForged,
    CallBackNotUnderstood,
    CallBackRepeated,
    CallBackTooOld,
    TaskNotSent,
)
from toiya.fulfilment.models import (
    UNFINISHED,
    CallKind,
    CallOutcome,
    ConnectorKind,
    FulfilmentTask,
    ReceivedCallBack,
    TaskKind,
    TaskState,
    Trouble,
)
from toiya.fulfilment.outcomes import Outcome, object_of, text_in
from toiya.fulfilment.signatures import secrets_of
from toiya.fulfilment.speaking import note_call

LONGEST_ID = 100
STATES = {"succeeded": True, "failed": False}


@dataclass(frozen=True, slots=True)
class Envelope:
    """The three headers of a signed message."""

    message_id: str
    timestamp: str
    signatures: str


@dataclass(frozen=True, slots=True)
class CallBack:
    """What the vendor says about a task; ``is_in_time`` is whether the task still waits for it."""

    task: FulfilmentTask
    succeeded: bool
    error: str
    reference: str
    is_in_time: bool


@transaction.atomic
def take_call_back(task_id: uuid.UUID, *, envelope: Envelope, body: bytes) -> CallBack:
    """The call-back, if it is genuine, recent, and the first with its id. Raises CallBackRefused.

    One that comes after the end is noted and changes nothing; if it says that something was provisioned after all,
    that is removed again.
    """
    task = FulfilmentTask.objects.select_related("connector").filter(pk=task_id).first()
    _must_be_genuine(task, envelope, body)
    assert task is not None  # noqa: S101  (an unknown task has no genuine signature)
    if not is_recent(envelope.timestamp):
        raise CallBackTooOld
    said = object_of(body)
    succeeded = STATES.get(str(said.get("state")))
    if succeeded is None:
        raise CallBackNotUnderstood
    _receipt, is_new = ReceivedCallBack.objects.get_or_create(
        connector_id=task.connector_id,
        message_id=envelope.message_id,
        defaults={"tenant_id": task.tenant_id, "at": real_now()},
    )
    if not is_new:
        raise CallBackRepeated
    if not task.attempts:
        raise TaskNotSent
    error = "" if succeeded else text_in(said, "error", "description")
    outcome = Outcome(
        kind=CallKind.CALL_BACK,
        outcome=CallOutcome.DONE if succeeded else CallOutcome.FAILED,
        trouble=Trouble.NONE if succeeded else Trouble.REPORTED,
        said=error,
    )
    note_call(task, outcome)
    is_in_time = task.state in UNFINISHED
    if (
        succeeded
        and task.kind == TaskKind.PROVISION
        and task.state in {TaskState.FAILED, TaskState.CANCELLED}
    ):
        FulfilmentTask.objects.filter(pk=task.pk).update(clean_up_at=real_now(), clean_up_tries=0)
    return CallBack(task, succeeded, error, text_in(said, "reference"), is_in_time)


def _must_be_genuine(task: FulfilmentTask | None, envelope: Envelope, body: bytes) -> None:
    """A task that does not exist is answered, and takes, like a wrong signature."""
    is_known = task is not None and task.connector.kind == ConnectorKind.WEBHOOK
    try:
        known = secrets_of(task.connector) if task is not None and is_known else [new_secret()]
    except Unreadable as error:
        raise CallBackForged from error
    fits = is_genuine(
        known,
        message_id=envelope.message_id,
        timestamp=envelope.timestamp,
        given=envelope.signatures,
        body=body,
    )
    if not fits or not is_known or not 0 < len(envelope.message_id) <= LONGEST_ID:
        raise CallBackForged

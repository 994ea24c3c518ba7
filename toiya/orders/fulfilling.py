"""What other systems were asked for comes back to the orders and subscriptions that wait for it."""

import uuid

from django.db import transaction
from django.utils import translation

from toiya.core.actor import Actor, By
from toiya.directory.actors import bystander_for
from toiya.directory.models import Tenant
from toiya.fulfilment.call_backs import CallBack, Envelope, take_call_back
from toiya.fulfilment.models import CallOutcome, FulfilmentTask, Trouble
from toiya.fulfilment.outcomes import Outcome
from toiya.fulfilment.queue import claim_task, finish_task, give_up_task, note_trouble
from toiya.fulfilment.speaking import keep_task, note_call, speak
from toiya.orders.provisioning import settle_task

ENDS = frozenset({CallOutcome.DONE, CallOutcome.FAILED})


def carry_out_task(task_id: uuid.UUID) -> bool:
    """Take the task, speak with the other system outside any transaction, and settle what came of it in one.

    A worker that dies in between leaves a lease: the task is repeated under the same idempotency key.
    """
    task = claim_task(task_id)
    if task is None:
        return False
    outcome = speak(task)
    note_call(task, outcome)
    if outcome.outcome in ENDS:
        end_task(task, outcome)
    else:
        keep_task(task, outcome)
    return True


@transaction.atomic
def end_task(task: FulfilmentTask, outcome: Outcome) -> None:
    """Tell whoever waits for the task how it ended."""
    succeeded, trouble = outcome.outcome == CallOutcome.DONE, Trouble(outcome.trouble)
    note_trouble(task, trouble)
    error = "" if succeeded else sentence(task, trouble, outcome.said)
    by = bystander_for(task.tenant, kind="worker")
    _end(by, task, succeeded=succeeded, error=error, reference=outcome.reference)


def _end(by: By, task: FulfilmentTask, *, succeeded: bool, error: str = "", reference: str = "") -> None:
    """A task ends once; whoever ends it tells the order."""
    if finish_task(by, task, succeeded=succeeded, error=error, reference=reference):
        settle_task(by, task, succeeded=succeeded, error=error, reference=reference)


def sentence(task: FulfilmentTask, trouble: Trouble, said: str) -> str:
    """Why it failed, in the language of the provider that reads it beside its order."""
    with translation.override(Tenant.objects.get(pk=task.provider_id).language):
        return f"{trouble.label}: {said}" if said else str(trouble.label)


@transaction.atomic
def receive_call_back(task_id: uuid.UUID, *, envelope: Envelope, body: bytes) -> bool:
    """A vendor says how a task ended. False where the task had ended already. Raises CallBackRefused."""
    said = take_call_back(task_id, envelope=envelope, body=body)
    if said.is_in_time:
        _settle(said)
    return said.is_in_time


def _settle(said: CallBack) -> None:
    task = said.task
    trouble = Trouble.NONE if said.succeeded else Trouble.REPORTED
    note_trouble(task, trouble)
    error = "" if said.succeeded else sentence(task, trouble, said.error)
    by = bystander_for(task.tenant, kind="vendor")
    _end(by, task, succeeded=said.succeeded, error=error, reference=said.reference)


@transaction.atomic
def cancel_task(actor: Actor, *, task_id: uuid.UUID) -> FulfilmentTask:
    """Give a task up, where that is safe: its order line fails, and what was provisioned meanwhile is removed."""
    task = give_up_task(actor, task_id=task_id)
    _end(actor, task, succeeded=False, error=sentence(task, Trouble.CANCELLED, ""))
    task.refresh_from_db()
    return task

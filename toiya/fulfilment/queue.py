"""The queue: a task is a row of the change that asks for it; the worker carries it out, or nobody has to."""

import datetime as dt
import uuid
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import By
from toiya.core.clock import real_now
from toiya.fulfilment.models import (
    NOTHING_LEFT,
    UNFINISHED,
    Connector,
    ConnectorKind,
    FulfilmentTask,
    FulfilmentTaskQuerySet,
    TaskKind,
    TaskState,
)
from toiya.fulfilment.notices import tell_failed

LEASE = dt.timedelta(minutes=1)
BATCH = 50
LONGEST_ERROR = 500
LONGEST_REFERENCE = 200


def is_instant(connector: Connector) -> bool:
    """Whether what is asked has happened by asking: there is no other system (the embedded default)."""
    return connector.kind == ConnectorKind.INSTANT


def post_task(
    by: By,
    *,
    connector: Connector,
    kind: TaskKind,
    subscription_id: uuid.UUID,
    sequence: int,
    provider_id: uuid.UUID,
    reseller_id: uuid.UUID | None,
    customer_id: uuid.UUID,
    payload: Mapping[str, object],
) -> FulfilmentTask:
    """Ask the system behind the connector for something, in the transaction of the change that needs it.

    ``sequence`` is the number of the subscription's event; a subscription's tasks go out in that order. A task of an
    instant connector is done as soon as it is posted. What ``payload`` may hold stands in docs/connectors.md.
    """
    instant = is_instant(connector)
    now = real_now()
    return FulfilmentTask.objects.create(
        tenant_id=connector.tenant_id,
        connector=connector,
        provider_id=provider_id,
        reseller_id=reseller_id,
        customer_id=customer_id,
        subscription_id=subscription_id,
        sequence=sequence,
        kind=kind,
        payload=dict(payload),
        state=TaskState.DONE if instant else TaskState.WAITING,
        due_at=now,
        posted_at=now,
        created_at=by.now,
        deadline_at=now + dt.timedelta(hours=connector.timeout_hours),
        finished_at=now if instant else None,
    )


def due_tasks() -> list[uuid.UUID]:
    """What a worker may take now, the longest due first; nothing of a connector that is paused or rests."""
    now = real_now()
    return list(
        _takable(now)
        .filter(
            Q(connector__rests_until__isnull=True) | Q(connector__rests_until__lte=now),
            connector__paused_at__isnull=True,
        )
        .order_by("due_at")
        .values_list("pk", flat=True)[:BATCH]
    )


def _takable(now: dt.datetime) -> FulfilmentTaskQuerySet:
    """Due, in nobody's hands, and with no unfinished task of the same subscription before it.

    Conditions on the row itself alone, so that of two workers at once one finds it changed (no join, no lock).
    """
    earlier = FulfilmentTask.objects.unfinished().filter(
        subscription_id=OuterRef("subscription_id"), sequence__lt=OuterRef("sequence")
    )
    return FulfilmentTask.objects.unfinished().filter(
        Q(leased_until__isnull=True) | Q(leased_until__lt=now), ~Exists(earlier), due_at__lte=now
    )


def claim_task(task_id: uuid.UUID) -> FulfilmentTask | None:
    """The task is this worker's until the lease is over; None when another was quicker.

    A worker that dies leaves the lease to run out; the task then goes out again under the same idempotency key.
    """
    now = real_now()
    if not _takable(now).filter(pk=task_id).update(leased_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    return FulfilmentTask.objects.select_related("connector").get(pk=task_id)


@transaction.atomic
def finish_task(
    by: By, task: FulfilmentTask, *, succeeded: bool, error: str = "", reference: str = ""
) -> bool:
    """The task is over. Says whether this call ended it: a task ends once, whoever hears of it how often.

    A provisioning that is given up may have happened all the same: what it left is removed by the worker.
    """
    now = real_now()
    state = TaskState.DONE if succeeded else TaskState.CANCELLED if task.cancelled_at else TaskState.FAILED
    may_have_left = (
        not succeeded
        and task.kind == TaskKind.PROVISION
        and task.attempts > 0
        and task.trouble not in NOTHING_LEFT
    )
    fields: dict[str, object] = {
        "state": state,
        "finished_at": now,
        "leased_until": None,
        "last_error": error[:LONGEST_ERROR],
        "reference": (reference or task.reference)[:LONGEST_REFERENCE],
        "trouble": "" if succeeded else task.trouble,
        "clean_up_at": now if may_have_left else None,
    }
    if not FulfilmentTask.objects.filter(pk=task.pk, state__in=UNFINISHED).update(**fields):
        return False
    for name, value in fields.items():
        setattr(task, name, value)
    record(
        by,
        AuditAction.FINISH_TASK,
        task,
        tenant_id=task.tenant_id,
        counterparty_id=task.provider_id,
        after={"kind": task.kind, "state": str(state), "sequence": task.sequence},
    )
    if state == TaskState.FAILED:
        tell_failed(by, task)
    return True

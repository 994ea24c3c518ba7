"""The queue: a task is a row of the change that asks for it; the worker carries it out, or nobody has to."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.core.prepared import insert
from toiya.directory.models import Tenant
from toiya.fulfilment.errors import NotCancellable, NotRepeatable
from toiya.fulfilment.models import (
    NOTHING_LEFT,
    UNFINISHED,
    Connector,
    ConnectorKind,
    FulfilmentTask,
    FulfilmentTaskQuerySet,
    TaskKind,
    TaskState,
    Trouble,
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
    task = FulfilmentTask(
        tenant_id=connector.tenant_id,
        connector=connector,
        provider_id=provider_id,
        reseller_id=reseller_id,
        customer_id=customer_id,
        subscription_id=subscription_id,
        sequence=sequence,
        kind=kind,
        payload=dict(payload),
        asked_by_id=by.person_id,
        asked_by_tenant_id=by.tenant_id if by.person_id else None,
        state=TaskState.DONE if instant else TaskState.WAITING,
        due_at=now,
        posted_at=now,
        created_at=by.now,
        deadline_at=now + dt.timedelta(hours=connector.timeout_hours),
        finished_at=now if instant else None,
    )
    insert(task)
    return task


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


def customers_of(tasks: Iterable[FulfilmentTask]) -> dict[uuid.UUID, Tenant]:
    """The customers whom the tasks are about, as the other system is told of them; for readers of these tasks."""
    found = Tenant.objects.filter(pk__in={task.customer_id for task in tasks}).prefetch_related("domains")
    return {tenant.pk: tenant for tenant in found}


def unfinished_tasks(now: dt.datetime) -> tuple[int, int]:
    """How many tasks are not done, and how many of them are in trouble or late, everywhere."""
    tasks = FulfilmentTask.objects.all()
    return tasks.unfinished().count(), tasks.stuck(now).count()


def note_trouble(task: FulfilmentTask, trouble: Trouble) -> None:
    """Why the task is about to end, before whoever waits for it is told."""
    task.trouble = trouble
    FulfilmentTask.objects.unfinished().filter(pk=task.pk).update(trouble=trouble)


def claim_task(task_id: uuid.UUID) -> FulfilmentTask | None:
    """The task is this worker's until the lease is over; None when another was quicker.

    A worker that dies leaves the lease to run out; the task then goes out again under the same idempotency key.
    """
    now = real_now()
    if FulfilmentTask.objects.filter(pk=task_id, connector__rests_until__gt=now).exists():
        return None  # the system stopped answering while the list of due tasks was gone through
    if not _takable(now).filter(pk=task_id).update(leased_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    return FulfilmentTask.objects.select_related("connector").get(pk=task_id)


def _may_have_left_something(task: FulfilmentTask) -> bool:
    """Whether the other system may hold what nobody has any more. A vendor that reports a failure has cleared up
    after itself; a broker has not (it is told to, by the specification).
    """
    if task.kind != TaskKind.PROVISION or not task.attempts or task.trouble in NOTHING_LEFT:
        return False
    return task.trouble != Trouble.REPORTED or task.connector.kind == ConnectorKind.SERVICE_BROKER


@transaction.atomic
def finish_task(
    by: By, task: FulfilmentTask, *, succeeded: bool, error: str = "", reference: str = ""
) -> bool:
    """The task is over. Says whether this call ended it: a task ends once, whoever hears of it how often.

    A provisioning that is given up may have happened all the same: what it left is removed by the worker.
    """
    now = real_now()
    state = TaskState.DONE if succeeded else TaskState.CANCELLED if task.cancelled_at else TaskState.FAILED
    may_have_left = not succeeded and _may_have_left_something(task)
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
        after={"task_kind": task.kind, "task_state": str(state), "sequence": task.sequence},
    )
    if state == TaskState.FAILED:
        tell_failed(by, task)
    return True


# ---------------------------------------------------------------- what the operator does to a task
REPEATABLE = frozenset({TaskKind.SUSPEND, TaskKind.RESUME, TaskKind.DEPROVISION, TaskKind.UPDATE})


def is_repeatable(task: FulfilmentTask) -> bool:
    """Whether it may be sent again: unfinished, or failed after what it announces had happened here already.

    A failed provisioning has ended its order, and so has a failed increase; a later task says more than this one.
    """
    if task.state in UNFINISHED:
        return True
    if task.state != TaskState.FAILED or task.kind not in REPEATABLE or "asked_quantity" in task.payload:
        return False
    later = FulfilmentTask.objects.filter(subscription_id=task.subscription_id, sequence__gt=task.sequence)
    return not later.exists()


def is_cancellable(task: FulfilmentTask) -> bool:
    """Whether giving it up leaves both sides agreeing: what was never sent, or a provisioning, whose leftovers are
    removed. Suspensions and removals follow what has happened here and cannot be taken back.
    """
    if task.state not in UNFINISHED or (task.leased_until is not None and task.leased_until > real_now()):
        return False
    if task.kind == TaskKind.PROVISION:
        return True
    return task.kind == TaskKind.UPDATE and "asked_quantity" in task.payload and not task.attempts


@transaction.atomic
def retry_task(actor: Actor, *, task_id: uuid.UUID) -> FulfilmentTask:
    """Due at once, under the same idempotency key; a failed one gets the connector's whole time again."""
    actor.must(Permission.FULFILMENT_MANAGE)
    task = locked_task(actor, task_id)
    if not is_repeatable(task):
        raise NotRepeatable(state=task.get_state_display())
    now, before = real_now(), task.state
    asks_again = before == TaskState.SENT and task.connector.kind == ConnectorKind.SERVICE_BROKER
    fields: dict[str, object] = {
        "state": TaskState.SENT if asks_again else TaskState.WAITING,
        "due_at": now,
        "finished_at": None,
    }
    if before == TaskState.FAILED:
        fields["deadline_at"] = now + dt.timedelta(hours=task.connector.timeout_hours)
    FulfilmentTask.objects.filter(pk=task.pk).update(**fields)
    Connector.objects.filter(pk=task.connector_id).update(rests_until=None)
    record(
        actor,
        AuditAction.RETRY_TASK,
        task,
        tenant_id=task.tenant_id,
        counterparty_id=task.provider_id,
        before={"task_state": before},
        after={"task_kind": task.kind, "task_state": str(fields["state"]), "sequence": task.sequence},
    )
    task.refresh_from_db()
    return task


@transaction.atomic
def give_up_task(actor: Actor, *, task_id: uuid.UUID) -> FulfilmentTask:
    """Mark the task as given up; the caller, which knows whom it concerns, ends it in the same transaction."""
    actor.must(Permission.FULFILMENT_MANAGE)
    task = locked_task(actor, task_id)
    if not is_cancellable(task):
        raise NotCancellable(state=task.get_state_display())
    now = real_now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    marked = (
        FulfilmentTask.objects.unfinished()
        .filter(free, pk=task.pk)
        .update(cancelled_at=now, trouble=Trouble.CANCELLED)
    )
    if not marked:
        raise NotCancellable(state=task.get_state_display())
    record(
        actor,
        AuditAction.CANCEL_TASK,
        task,
        tenant_id=task.tenant_id,
        counterparty_id=task.provider_id,
        before={"task_state": task.state},
        after={"task_kind": task.kind, "sequence": task.sequence},
    )
    task.cancelled_at, task.trouble = now, Trouble.CANCELLED
    return task


def locked_task(actor: Actor, task_id: uuid.UUID) -> FulfilmentTask:
    """The task as it is now, locked. Raises NotVisible."""
    found = (
        FulfilmentTask.objects.visible_to(actor)
        .filter(pk=task_id, tenant_id=actor.tenant_id)
        .select_related("connector")
        .select_for_update(of=("self",))
        .first()
    )
    if found is None:
        raise NotVisible
    return found

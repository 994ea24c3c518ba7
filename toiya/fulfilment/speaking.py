"""Speaking with the system behind a connector: outside any transaction, and noting what came of it."""

import datetime as dt
import random
import uuid

from django.db.models import F, Q

from toiya.core.clock import real_now
from toiya.core.signatures import TOLERANCE
from toiya.fulfilment.models import (
    CallKind,
    CallOutcome,
    Connector,
    ConnectorKind,
    FulfilmentTask,
    ReceivedCallBack,
    TaskCall,
    TaskState,
    Trouble,
)
from toiya.fulfilment.outcomes import LONGEST_PAUSE, Outcome, Way
from toiya.fulfilment.queue import BATCH, LEASE
from toiya.fulfilment.service_broker import SERVICE_BROKER
from toiya.fulfilment.webhook import WEBHOOK

FIRST_PAUSE = dt.timedelta(seconds=5)
MOST_DOUBLINGS = 12
FIRST_POLL = dt.timedelta(seconds=5)
REST = dt.timedelta(seconds=15)
MOST_CLEAN_UPS = 40
LONGEST_SAID = 500
AILING = frozenset({Trouble.NO_ANSWER, Trouble.SYSTEM_ERROR, Trouble.NOT_ALLOWED})


def _at_once(connector: Connector, task: FulfilmentTask) -> Outcome:
    """There is no other system: it has happened."""
    del connector, task
    return Outcome(kind=CallKind.SEND, outcome=CallOutcome.DONE)


INSTANT = Way(
    _at_once, _at_once, _at_once, lambda _connector: Outcome(kind=CallKind.SEND, outcome=CallOutcome.DONE)
)
WAYS = {
    ConnectorKind.INSTANT: INSTANT,
    ConnectorKind.WEBHOOK: WEBHOOK,
    ConnectorKind.SERVICE_BROKER: SERVICE_BROKER,
}


def way_of(connector: Connector) -> Way:
    """How this connector speaks."""
    return WAYS[ConnectorKind(connector.kind)]


def speak(task: FulfilmentTask) -> Outcome:
    """Send the claimed task, or ask how far it is. When its time is over, that is the outcome."""
    way = way_of(task.connector)
    is_late = real_now() >= task.deadline_at
    if task.state == TaskState.SENT:
        outcome = way.ask(task.connector, task)
        is_open = outcome.outcome in {CallOutcome.ACCEPTED, CallOutcome.AGAIN}
        return _too_late(CallKind.ASK, outcome.said) if is_late and is_open else outcome
    return _too_late(CallKind.SEND, task.last_error) if is_late else way.send(task.connector, task)


def _too_late(kind: CallKind, said: str) -> Outcome:
    return Outcome(kind=kind, outcome=CallOutcome.FAILED, trouble=Trouble.TOO_LATE, said=said)


def note_call(task: FulfilmentTask, outcome: Outcome) -> TaskCall:
    """A line of the task's history; and a system that seems to be down is left alone for a moment."""
    if outcome.trouble in AILING:
        Connector.objects.filter(pk=task.connector_id).update(rests_until=real_now() + REST)
    return TaskCall.objects.create(
        tenant_id=task.tenant_id,
        task=task,
        at=real_now(),
        kind=outcome.kind,
        status=outcome.status,
        outcome=outcome.outcome,
        trouble=outcome.trouble,
        said=outcome.said[:LONGEST_SAID],
    )


def keep_task(task: FulfilmentTask, outcome: Outcome) -> bool:
    """The task is not over: when it is due again. False when somebody else has it, or has ended it, by now."""
    now = real_now()
    has_begun = task.state == TaskState.SENT or outcome.outcome == CallOutcome.ACCEPTED
    fields: dict[str, object] = {
        "state": TaskState.SENT if has_begun else TaskState.WAITING,
        "leased_until": None,
        "due_at": min(max(_next(task, outcome, now), now), max(task.deadline_at, now)),
        "trouble": outcome.trouble,
        "last_error": outcome.said[:LONGEST_SAID],
    }
    if outcome.reference:
        fields["reference"] = outcome.reference
    if outcome.operation:
        fields["operation"] = outcome.operation
    mine = FulfilmentTask.objects.unfinished().filter(pk=task.pk, leased_until=task.leased_until)
    return bool(mine.update(**fields))


def _next(task: FulfilmentTask, outcome: Outcome, now: dt.datetime) -> dt.datetime:
    if outcome.outcome == CallOutcome.ACCEPTED and task.connector.kind == ConnectorKind.WEBHOOK:
        return task.deadline_at  # it calls back
    first = FIRST_POLL if outcome.outcome == CallOutcome.ACCEPTED else FIRST_PAUSE
    return now + (outcome.pause or pause_after(task.attempts, first))


def pause_after(attempts: int, first: dt.timedelta = FIRST_PAUSE) -> dt.timedelta:
    """Ever longer, an hour at most, and never quite the same for two tasks that failed together."""
    doubled: dt.timedelta = first * (1 << min(max(attempts - 1, 0), MOST_DOUBLINGS))
    return min(doubled, LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311  (spreads load, guards nothing)


# ---------------------------------------------------------------- what a given-up provisioning left
def tasks_to_clean_up() -> list[uuid.UUID]:
    """Given-up provisionings whose leftovers are to be removed now."""
    now = real_now()
    return list(
        FulfilmentTask.objects.filter(
            Q(leased_until__isnull=True) | Q(leased_until__lt=now),
            Q(connector__rests_until__isnull=True) | Q(connector__rests_until__lte=now),
            clean_up_at__lte=now,
            connector__paused_at__isnull=True,
        )
        .order_by("clean_up_at")
        .values_list("pk", flat=True)[:BATCH]
    )


def clean_up(task_id: uuid.UUID) -> bool:
    """Ask the other system to remove what may be there. Says whether it is gone; otherwise it is asked again."""
    now = real_now()
    free = FulfilmentTask.objects.filter(
        Q(leased_until__isnull=True) | Q(leased_until__lt=now), pk=task_id, clean_up_at__lte=now
    )
    if not free.update(leased_until=now + LEASE, clean_up_tries=F("clean_up_tries") + 1):
        return False
    task = FulfilmentTask.objects.select_related("connector").get(pk=task_id)
    outcome = way_of(task.connector).clean_up(task.connector, task)
    note_call(task, outcome)
    is_over = (
        outcome.outcome in {CallOutcome.DONE, CallOutcome.FAILED} or task.clean_up_tries >= MOST_CLEAN_UPS
    )
    again = real_now() + (outcome.pause or pause_after(task.clean_up_tries))
    mine = FulfilmentTask.objects.filter(pk=task.pk, leased_until=task.leased_until)
    mine.update(leased_until=None, clean_up_at=None if is_over else again)
    return outcome.outcome == CallOutcome.DONE


def forget_old_call_backs() -> int:
    """Ids of call-backs that would be refused as too old anyway."""
    forgotten, _rows = ReceivedCallBack.objects.filter(at__lt=real_now() - 4 * TOLERANCE).delete()
    return forgotten

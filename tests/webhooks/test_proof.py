"""Nothing is lost, whatever the receiver and the workers do (G-36)."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests.cast import actor_of, build_cast
from tests.webhooks.receiver import Receiver, listening
from tests.webhooks.story import EVERYTHING
from toiya.core.clock import real_now
from toiya.directory.models import Person
from toiya.events.models import Event, EventState
from toiya.events.names import EventName
from toiya.events.posting import LIFETIME
from toiya.webhooks.registration import WebhookDetails, register_webhook

ROOT = Path(__file__).parent.parent.parent
PROOF = pytest.mark.proof
FAILING = 0.3
SEED = 36
PATIENCE = float(os.environ.get("TOIYA_PATIENCE", "1800"))  # seconds
MANY = [int(text) for text in os.environ.get("TOIYA_EVENTS", "1000 10000").split()]


@contextmanager
def worker(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """``toiya work`` in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "django", "work"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)


def environment_of(receiver: Receiver, folder: Path) -> dict[str, str]:
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        f"/{database['NAME']}"
    )
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TOIYA_")},
        "DJANGO_SETTINGS_MODULE": "toiya.settings",
        "TOIYA_MODE": "demo",
        "TOIYA_VAR": str(folder),
        "TOIYA_DATABASE_URL": url,
        "TOIYA_OUTBOUND_ALLOW": f"127.0.0.1:{receiver.port}",
    }


def post(tenant_id: uuid.UUID, count: int) -> None:
    """So many events of a quarter as many objects."""
    now, objects = real_now(), [uuid.uuid4() for _number in range(count // 4)]
    Event.objects.bulk_create(
        (
            Event(
                tenant_id=tenant_id,
                name=EventName.ORDER_COMPLETED,
                object_id=objects[number % len(objects)],
                other_id=uuid.uuid4(),
                at=now,
                posted_at=now,
                due_at=now,
                deadline_at=now + LIFETIME,
            )
            for number in range(count)
        ),
        batch_size=500,
    )


@pytest.mark.goal("G-36")
@pytest.mark.once
@pytest.mark.parametrize(
    ("count", "kills"),
    [(100, 2), *(pytest.param(count, 10, marks=PROOF) for count in MANY)],
)
def test_no_event_is_lost_when_the_receiver_fails_and_workers_are_killed(
    transactional_db: None, tmp_path: Path, count: int, kills: int
) -> None:
    """A third of the answers is a failure, workers are killed by their ids in the middle of it; each event arrives,
    and once by its id. Planted faults: an event that is claimed is marked as delivered before it is; no lease.
    """
    cast, chance = build_cast(), random.Random(SEED)  # noqa: S311  (a seed)
    with listening() as receiver:
        register_webhook_of(cast.mei, receiver)
        post(cast.hinode.pk, count)
        receiver.answer = lambda _number: (500 if chance.random() < FAILING else 200, {})
        environment, begun = environment_of(receiver, tmp_path), time.monotonic()
        for number in range(kills):
            share = count * (number + 1) // (kills + 2)
            with worker(environment) as process:
                wait_until(lambda: len(set(receiver.ids)) >= share, begun)  # noqa: B023  (called at once)
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        with worker(environment):
            wait_until(nothing_waits, begun, pause=2)
        seconds = time.monotonic() - begun

    known = {str(event_id) for event_id in Event.objects.values_list("event_id", flat=True)}
    assert set(receiver.ids) == known
    assert len(known) == count
    assert set(Event.objects.values_list("state", flat=True)) == {EventState.DELIVERED}
    assert len(receiver.ids) >= count / (1 - FAILING) * 0.9
    print(f"{count} events, {len(receiver.ids)} calls, {kills} workers killed, {seconds:.0f} s (seed {SEED})")  # noqa: T201


def register_webhook_of(person: Person, receiver: Receiver) -> None:
    """Through the use case, which looks at the address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.OUTBOUND_ALLOW", frozenset({("127.0.0.1", receiver.port)}))
        details = WebhookDetails(url=receiver.url, events=EVERYTHING)
        register_webhook(actor_of(person), details=details)


def nothing_waits() -> bool:
    """Whether everything has arrived. The pauses, which grow, are cut short: the last few events would take hours."""
    waiting = Event.objects.waiting()
    return not waiting.exists() or not waiting.update(due_at=real_now())


def wait_until(happened: Callable[[], bool], begun: float, *, pause: float = 0.2) -> None:
    """Until it is so; fails when it does not become so."""
    while not happened():
        assert time.monotonic() - begun < PATIENCE, "it did not happen in time"
        time.sleep(pause)

"""What the stories of fulfilment start from: connectors, tasks, and other systems in processes of their own."""

import contextlib
import datetime as dt
import http.client
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import time_machine
from django.test import Client

from tests.cast import Cast, actor_of
from tests.fulfilment.vendor import sign
from toiya.core.clock import real_now
from toiya.core.signatures import new_secret
from toiya.fulfilment.models import Connector, ConnectorKind, FulfilmentTask, TaskKind
from toiya.fulfilment.queue import post_task
from toiya.fulfilment.signatures import seal_secret
from toiya.jobs.clock import carry_out_tasks

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Running:
    """A system in its process: what it is told to do, and what it has."""

    url: str
    port: int
    file: Path

    def plan(self, **plan: object) -> None:
        """What it does with the next requests."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.request("POST", "/_plan", json.dumps(plan))
        assert line.getresponse().status == 200
        line.close()

    def state(self) -> dict[str, Any]:
        """What its file says."""
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found

    @property
    def log(self) -> list[dict[str, Any]]:
        """The requests that came."""
        log: list[dict[str, Any]] = self.state()["log"]
        return log

    @property
    def instances(self) -> dict[str, Any]:
        """What it provides, by subscription."""
        held: dict[str, Any] = self.state()["instances"]
        return held


@contextlib.contextmanager
def running(module: str, file: Path) -> Iterator[Running]:
    """The system in a process of its own, ended by its id."""
    command = [sys.executable, "-m", f"tests.fulfilment.{module}", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield Running(f"http://127.0.0.1:{port}", port, file)
        finally:
            process.kill()


def webhook_connector(cast: Cast, *, url: str, secret: str = "", code: str = "vendor") -> Connector:
    """A vendor that is called with a signature."""
    return Connector.objects.create(
        tenant=cast.operator,
        code=code,
        name="Vendor",
        kind=ConnectorKind.WEBHOOK,
        url=url,
        encrypted_secret=seal_secret(secret or new_secret()),
        created_at=real_now(),
    )


def broker_connector(cast: Cast, *, url: str) -> Connector:
    """A service broker."""
    return Connector.objects.create(
        tenant=cast.operator,
        code="broker",
        name="Broker",
        kind=ConnectorKind.SERVICE_BROKER,
        url=url,
        user_name="toiya",
        encrypted_secret=seal_secret("brokers-only"),
        created_at=real_now(),
    )


def asked_task(
    connector: Connector,
    cast: Cast,
    *,
    kind: TaskKind = TaskKind.PROVISION,
    subscription_id: uuid.UUID | None = None,
    sequence: int = 1,
    quantity: int = 10,
    attempts: int = 0,
    **payload: object,
) -> FulfilmentTask:
    """Mei asks the system behind the connector for something that Aoba is to have."""
    task = post_task(
        actor_of(cast.mei),
        connector=connector,
        kind=kind,
        subscription_id=subscription_id or uuid.uuid4(),
        sequence=sequence,
        provider_id=cast.hinode.pk,
        reseller_id=cast.kawase.pk,
        customer_id=cast.aoba.pk,
        payload={"sku": "standard", "reference": "", "quantity": quantity, **payload},
    )
    if attempts:
        FulfilmentTask.objects.filter(pk=task.pk).update(attempts=attempts)
    return task


def work(*, after: dt.timedelta = dt.timedelta()) -> None:
    """The worker's turn, when so much time has passed."""
    with time_machine.travel(real_now() + after):
        carry_out_tasks()


def fresh(task: FulfilmentTask) -> FulfilmentTask:
    """The task as it is now."""
    return FulfilmentTask.objects.select_related("connector").get(pk=task.pk)


def told(task: FulfilmentTask) -> list[str]:
    """Every call of the task, in short."""
    return [f"{row.kind} {row.outcome} {row.trouble}".strip() for row in task.calls.order_by("pk")]


def call_back(
    task_id: uuid.UUID,
    secret: str,
    *,
    message_id: str = "",
    age: int = 0,
    body: bytes | None = None,
    signature: str = "",
    **said: object,
) -> tuple[int, dict[str, Any]]:
    """The vendor's signed call-back, by somebody who is not signed in and sends no token of a form."""
    content = body if body is not None else json.dumps({"state": "succeeded", **said}).encode()
    identity, timestamp = message_id or str(uuid.uuid4()), str(int(time.time()) - age)
    response = Client(enforce_csrf_checks=True).post(
        f"/call-backs/tasks/{task_id}/",
        data=content,
        content_type="application/json",
        headers={
            "webhook-id": identity,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature or sign(secret, identity, timestamp, content),
        },
    )
    return response.status_code, json.loads(response.content)


def wait_for(happened: Callable[[], object], *, seconds: float = 20) -> None:
    """Until it is so; fails when it does not become so."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)

"""A vendor's system that is called with a signature and answers at once, later, wrongly, or not at all."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection, connections
from pytest_django.live_server_helper import LiveServer

from tests.cast import Cast, actor_of, browser_of, build_cast
from tests.fulfilment.story import (
    ROOT,
    Running,
    asked_task,
    call_back,
    fresh,
    told,
    wait_for,
    webhook_connector,
    work,
)
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.fulfilment.connectors import pause_connector, resume_connector, rotate_secret
from toiya.fulfilment.models import Connector, FulfilmentTask, TaskKind, TaskState, Trouble
from toiya.fulfilment.queue import claim_task, finish_task
from toiya.fulfilment.speaking import pause_after
from toiya.mail.models import OutgoingMail

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def test_a_vendor_that_answers_at_once_has_the_tasks_in_their_order_each_once(
    cast: Cast, vendor: Running, secret: str
) -> None:
    """Planted faults that this test finds: tasks taken by due time alone; the attempt in the idempotency key."""
    connector = webhook_connector(cast, url=f"{vendor.url}/hook", secret=secret)
    subscription = uuid.uuid4()
    kinds = [TaskKind.PROVISION, TaskKind.UPDATE, TaskKind.SUSPEND, TaskKind.RESUME]
    tasks = [
        asked_task(
            connector, cast, kind=kind, subscription_id=subscription, sequence=number, quantity=10 + number
        )
        for number, kind in reversed(list(enumerate(kinds, start=1)))
    ][::-1]
    other = asked_task(connector, cast)
    vendor.plan(answers=[{"status": 503, "after": True}])  # carried out, and the answer was lost

    work()
    assert [fresh(task).state for task in (*tasks, other)] == ["waiting"] * 5
    for _turn in kinds:
        work(after=MINUTE)

    sent = [entry for entry in vendor.log if not entry.get("refused")]
    of_subscription = [entry["type"] for entry in sent if entry["id"] in {str(task.pk) for task in tasks}]
    assert of_subscription in (kinds, [TaskKind.PROVISION, *kinds])
    assert all(entry["valid"] == 1 for entry in sent)
    assert vendor.instances[str(subscription)] == {"provisioned": 1, "quantity": 14, "suspended": False}
    assert {fresh(task).state for task in (*tasks, other)} == {TaskState.DONE}
    assert fresh(tasks[0]).reference == f"V-{str(subscription)[:8]}"
    assert AuditRecord.objects.filter(action="finish_task", subject_id=str(tasks[0].pk)).count() == 1


def test_failures_are_repeated_under_the_same_key_with_growing_pauses_until_it_works(
    cast: Cast, vendor: Running, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500, a redirect, 429 with a pause of its own, a wrong secret, silence; then it works. Planted fault: a pause that
    does not grow.
    """
    monkeypatch.setattr("toiya.core.outbound.SECONDS", 2.5)
    connector = webhook_connector(cast, url=vendor.url, secret=secret)
    task = asked_task(connector, cast)
    vendor.plan(
        answers=[
            {"status": 500, "body": {"description": "disk\nfull"}},
            {"status": 307, "headers": {"Location": "http://127.0.0.1:1/"}},
            {"status": 429, "headers": {"Retry-After": "1800"}},
            {"status": 401},
            {"status": 200, "delay": 4, "after": True},
        ]
    )
    pauses, travelled = [], dt.timedelta()
    for _turn in range(5):
        with time_machine.travel(real_now() + travelled):
            before = real_now()
            work()
            state = fresh(task)
            pauses.append(state.due_at - before)
            assert state.state == TaskState.WAITING
        travelled += pauses[-1] + MINUTE
    work(after=travelled)

    assert told(task) == [
        "send again system_error",
        "send again not_understood",
        "send again busy",
        "send again not_let_in",
        "send again no_answer",
        "send done",
    ]
    assert task.calls.order_by("pk").first().said == "disk full"  # type: ignore[union-attr]
    assert pauses[2] > 29 * MINUTE
    grown = [pauses[0], pauses[1], pauses[3], pauses[4]]
    assert grown == sorted(grown)
    assert len(set(grown)) == 4
    assert pause_after(40) <= 1.2 * HOUR
    assert {pause_after(9) for _try in range(9)} != {pause_after(9)}
    assert vendor.instances[str(task.subscription_id)]["provisioned"] == 1
    assert {entry["id"] for entry in vendor.log if not entry.get("refused")} == {str(task.pk)}


def test_a_refusal_is_final_and_the_staff_hear_of_it_once_an_hour(
    cast: Cast, vendor: Running, secret: str
) -> None:
    """Planted faults that this test finds: 422 repeated; a mail for each task; cleaning up after a refusal."""
    connector = webhook_connector(cast, url=vendor.url, secret=secret)
    tasks = [asked_task(connector, cast) for _number in range(3)]
    vendor.plan(answers=[{"status": 422, "body": {"error": "no such customer"}}] * 3)
    work()

    states = [fresh(task) for task in tasks]
    assert {(task.state, task.trouble, task.attempts, task.clean_up_at) for task in states} == {
        (TaskState.FAILED, Trouble.REFUSED, 1, None)
    }
    assert "no such customer" in states[0].last_error
    assert [told(task) for task in tasks] == [["send failed refused"]] * 3
    mails = OutgoingMail.objects.filter(message="fulfilment/task_failed")
    assert [mail.to for mail in mails] == ["ren@mail.tsubame.example"]
    assert "no such customer" not in json.dumps([mail.context for mail in mails])

    vendor.plan(answers=[{"status": 422}])
    asked_task(connector, cast)
    work(after=2 * HOUR)
    assert mails.all().count() == 2


def test_an_accepted_task_is_done_when_the_vendor_calls_back(
    transactional_db: None, live_server: LiveServer, vendor: Running, secret: str, settings: LazySettings
) -> None:
    """The vendor's process calls this server's address by itself."""
    cast = build_cast()
    settings.ORIGIN = live_server.url
    settings.ALLOWED_HOSTS = ["*"]
    vendor.plan(mode="call back")
    task = asked_task(webhook_connector(cast, url=vendor.url, secret=secret), cast)
    work()
    wait_for(lambda: vendor.state().get("call_backs"))

    assert vendor.state()["call_backs"] == ['200 {"taken": true}']
    done = fresh(task)
    assert (done.state, done.reference, done.trouble) == (TaskState.DONE, "by call-back", "")
    assert told(task) == ["send accepted", "call_back done"]


def test_only_a_genuine_recent_and_first_call_back_counts(cast: Cast, vendor: Running, secret: str) -> None:
    """Forged, altered, unsigned, old, repeated, for another task, in no known form. Planted faults that it finds: the
    time not signed; the id not remembered; a task that does not exist answered with 404.
    """
    vendor.plan(mode="accept")
    connector = webhook_connector(cast, url=vendor.url, secret=secret)
    task, unsent = asked_task(connector, cast), asked_task(connector, cast)
    work()
    FulfilmentTask.objects.filter(pk=unsent.pk).update(state=TaskState.WAITING, attempts=0)
    forged = (401, {"error": "signature_not_accepted"})

    assert call_back(task.pk, "whsec_Zm9yZ2Vk") == forged
    assert call_back(task.pk, secret, signature="v1,") == forged
    assert call_back(task.pk, secret, signature="v1," + "A" * 44) == forged
    assert call_back(uuid.uuid4(), secret) == forged
    assert call_back(task.pk, secret, message_id="x" * 101) == forged
    assert call_back(task.pk, secret, age=301) == (401, {"error": "timestamp_not_accepted"})
    assert call_back(task.pk, secret, age=-302) == (401, {"error": "timestamp_not_accepted"})
    for body in (b"", b"[]", b"{", b'{"state":"maybe"}', b"\xff", b"[" * 50_000):
        assert call_back(task.pk, secret, body=body) == (400, {"error": "not_understood"})
    assert call_back(task.pk, secret, body=b"x" * 70_000) == (413, {"error": "too_long"})
    assert call_back(unsent.pk, secret) == (409, {"error": "not_sent"})
    assert (fresh(task).state, told(task)) == (TaskState.SENT, ["send accepted"])

    assert call_back(task.pk, secret, message_id="once", state="failed", error="quota\x00 used up") == (
        200,
        {"taken": True},
    )
    assert call_back(task.pk, secret, message_id="once", state="succeeded") == (
        409,
        {"error": "already_received"},
    )
    assert call_back(task.pk, secret) == (409, {"error": "task_is_over"})
    failed = fresh(task)
    assert (failed.state, failed.trouble) == (TaskState.FAILED, Trouble.REPORTED)
    assert "quota" in failed.last_error
    assert browser_of(cast.ren).get(f"/call-backs/tasks/{task.pk}/").status_code == 405


def test_a_call_back_after_the_cancellation_changes_nothing_and_what_was_provisioned_goes(
    cast: Cast, vendor: Running, secret: str
) -> None:
    """Planted faults that this test finds: a late call-back that revives the task; nothing removed at the vendor."""
    vendor.plan(mode="accept")
    connector = webhook_connector(cast, url=vendor.url, secret=secret)
    task = asked_task(connector, cast)
    work()
    ren = browser_of(cast.ren)
    page = f"/operator/fulfilment/tasks/{task.pk}/cancellation/"
    assert "removed there" in ren.get(page).content.decode()
    assert ren.post(page).status_code == 302
    assert ren.post(page).status_code == 409
    assert str(task.subscription_id) in vendor.instances

    vendor.plan(mode="done", answers=[{"status": 500}])
    work()
    work(after=MINUTE)
    assert (vendor.instances, fresh(task).clean_up_at) == ({}, None)

    assert call_back(task.pk, secret) == (409, {"error": "task_is_over"})
    late = fresh(task)
    assert (late.state, late.trouble, late.clean_up_at is not None) == ("cancelled", Trouble.CANCELLED, True)
    work(after=2 * MINUTE)
    assert told(task) == [
        "send accepted",
        "clean_up again system_error",
        "clean_up done",
        "call_back done",
        "clean_up done",
    ]
    assert [row.action for row in AuditRecord.objects.filter(subject_id=str(task.pk)).order_by("pk")] == [
        "cancel_task",
        "finish_task",
    ]


def test_who_is_never_heard_of_again_has_failed_at_the_deadline(
    cast: Cast, vendor: Running, secret: str
) -> None:
    vendor.plan(mode="accept")
    connector = webhook_connector(cast, url=vendor.url, secret=secret)
    accepted = asked_task(connector, cast)
    work()
    vendor.plan(answers=[{"status": 500}] * 9)
    failing = asked_task(connector, cast)
    work()
    pause_connector(actor_of(cast.ren), connector_id=connector.pk)
    work(after=80 * HOUR)
    assert (fresh(accepted).state, fresh(failing).state) == (TaskState.SENT, TaskState.WAITING)

    with time_machine.travel(real_now() + 80 * HOUR):
        resume_connector(actor_of(cast.ren), connector_id=connector.pk)
        work(after=71 * HOUR)
        assert fresh(accepted).state == TaskState.SENT
        vendor.plan(answers=[], mode="accept")
        work(after=73 * HOUR)
        work(after=73 * HOUR + MINUTE)

    for task in (accepted, failing):
        assert (fresh(task).state, fresh(task).trouble) == (TaskState.FAILED, Trouble.TOO_LATE)
    assert vendor.instances == {}


def test_for_a_day_both_secrets_are_good(cast: Cast, vendor: Running, secret: str) -> None:
    """Planted fault that this test finds: the old secret taken for ever."""
    connector = webhook_connector(cast, url=vendor.url, secret=secret)
    made = rotate_secret(actor_of(cast.ren), connector_id=connector.pk, version=1)
    vendor.plan(mode="accept")
    tasks = [asked_task(connector, cast) for _number in range(3)]
    work()
    assert [(entry["valid"], entry["signatures"]) for entry in vendor.log] == [(1, 2)] * 3
    assert call_back(tasks[0].pk, secret)[0] == 200
    assert call_back(tasks[1].pk, made.secret)[0] == 200

    Connector.objects.filter(pk=connector.pk).update(previous_secret_until=real_now())
    assert call_back(tasks[2].pk, secret)[0] == 401
    asked_task(connector, cast)
    work()
    assert (vendor.log[-1]["valid"], vendor.log[-1]["signatures"]) == (0, 1)
    vendor.plan(secrets=[made.secret])
    work(after=MINUTE)
    assert vendor.log[-1]["valid"] == 1
    stored = Connector.objects.get(pk=connector.pk)
    assert made.secret not in stored.encrypted_secret + stored.encrypted_previous_secret


def test_a_worker_that_is_killed_in_the_middle_is_repeated_by_the_next(
    transactional_db: None, vendor: Running, secret: str, tmp_path: Path
) -> None:
    """Kill -9 while the vendor has the task and the answer is on its way (G-33 for the outside world). Planted fault:
    the task settled before the call.
    """
    cast = build_cast()
    vendor.plan(answers=[{"delay": 4, "after": True}])
    task = asked_task(webhook_connector(cast, url=vendor.url, secret=secret), cast)
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        f"/{database['NAME']}"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TOIYA_")},
        "DJANGO_SETTINGS_MODULE": "toiya.settings",
        "TOIYA_MODE": "demo",
        "TOIYA_VAR": str(tmp_path),
        "TOIYA_DATABASE_URL": url,
        "TOIYA_OUTBOUND_ALLOW": f"127.0.0.1:{vendor.port}",
    }
    command = [sys.executable, "-m", "django", "work"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
        try:
            wait_for(lambda: vendor.log, seconds=60)
        finally:
            os.kill(worker.pid, signal.SIGKILL)
    left = fresh(task)
    assert (left.state, left.attempts, left.calls.count()) == (TaskState.WAITING, 1, 0)
    assert left.leased_until is not None

    work()
    assert fresh(task).attempts == 1  # the dead worker's lease
    work(after=2 * MINUTE)
    done = fresh(task)
    assert (done.state, done.attempts) == (TaskState.DONE, 2)
    assert [entry["id"] for entry in vendor.log] == [str(task.pk)] * 2
    assert vendor.instances[str(task.subscription_id)]["provisioned"] == 1


def test_of_many_workers_one_has_the_task_and_one_end_counts(transactional_db: None) -> None:
    """Planted fault that this test finds: the claim without a condition on the lease."""
    cast = build_cast()
    task = asked_task(webhook_connector(cast, url="https://vendor.example/"), cast)
    won: list[bool] = []
    ended: list[bool] = []
    start = threading.Barrier(6)

    def one(number: int) -> None:
        try:
            start.wait()
            won.append(claim_task(task.pk) is not None)
            start.wait()
            mine = FulfilmentTask.objects.select_related("connector").get(pk=task.pk)
            by = actor_of(cast.ren)
            start.wait()
            ended.append(finish_task(by, mine, succeeded=number % 2 == 0))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sorted(won), sorted(ended)) == ([False] * 5 + [True], [False] * 5 + [True])
    assert AuditRecord.objects.filter(action="finish_task").count() == 1


def test_a_system_that_is_down_holds_nobody_up(
    cast: Cast, vendor: Running, secret: str, settings: LazySettings
) -> None:
    """Planted fault that this test finds: every task of a dead system tried in turn before anything else."""
    dead = webhook_connector(cast, url="http://127.0.0.1:9/", secret=secret, code="dead")
    settings.OUTBOUND_ALLOW = settings.OUTBOUND_ALLOW | {("127.0.0.1", 9)}
    waiting = [asked_task(dead, cast) for _number in range(5)]
    alive = asked_task(webhook_connector(cast, url=vendor.url, secret=secret), cast)
    started = time.monotonic()
    work()

    assert sum(fresh(task).attempts for task in waiting) == 1
    assert fresh(alive).state == TaskState.DONE
    assert time.monotonic() - started < 30
    work(after=MINUTE)
    assert sum(fresh(task).attempts for task in waiting) == 2

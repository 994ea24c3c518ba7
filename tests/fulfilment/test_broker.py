"""A service broker of its own process: what it has is read back from its own file."""

import base64
import datetime as dt
import json
import uuid
from typing import Any

import pytest
import time_machine

from tests.cast import Cast, actor_of, browser_of
from tests.fulfilment.story import Running, asked_task, broker_connector, fresh, told, work
from toiya.core.clock import real_now
from toiya.fulfilment.models import Connector, FulfilmentTask, TaskKind, TaskState, Trouble

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def test_an_instance_from_its_provisioning_to_its_removal(cast: Cast, broker: Running) -> None:
    """The SKU names its plan by names, by ids, or is called like it. Planted fault: PATCH without the plan."""
    connector, subscription = broker_connector(cast, url=broker.url), uuid.uuid4()

    def ask(kind: TaskKind, sequence: int, **payload: Any) -> FulfilmentTask:
        task = asked_task(
            connector, cast, kind=kind, subscription_id=subscription, sequence=sequence, **payload
        )
        work()
        assert fresh(task).state == TaskState.DONE, told(task)
        return fresh(task)

    first = ask(TaskKind.PROVISION, 1, reference="office/standard")
    assert first.reference == "https://office.example/instance"
    key = str(subscription)
    assert broker.instances[key] == {
        "plan_id": "91d0-standard",
        "parameters": {"quantity": 10},
        "state": "ready",
    }
    ask(TaskKind.UPDATE, 2, quantity=10, asked_quantity=25)
    ask(TaskKind.SUSPEND, 3, quantity=25)
    assert broker.instances[key]["parameters"] == {"quantity": 25, "suspended": True}
    ask(TaskKind.RESUME, 4, quantity=25)
    ask(TaskKind.UPDATE, 5, quantity=25, reference="5f2a1c9e-office/91d1-premium")
    assert broker.instances[key]["plan_id"] == "91d1-premium"
    assert broker.instances[key]["parameters"] == {"quantity": 25, "suspended": False}
    removed = ask(TaskKind.DEPROVISION, 6)
    assert broker.instances == {}

    calls = [entry for entry in broker.log if entry["path"].startswith("/v2/service_instances/")]
    assert {entry["query"]["accepts_incomplete"] for entry in calls} == {"true"}
    assert calls[-1]["request"] == str(removed.pk)
    platform, value = calls[0]["identity"].split(" ")
    assert (platform, json.loads(base64.b64decode(value))) == (
        "toiya",
        {"user_id": str(cast.mei.pk), "tenant_id": str(cast.hinode.pk)},
    )


def test_a_broker_that_takes_its_time_is_asked_until_it_is_done(cast: Cast, broker: Running) -> None:
    """Planted faults that this test finds: the operation not handed back; Retry-After not kept; a next task sent
    before the operation of the one before is over.
    """
    broker.plan(asynchronous=2, retry_after=600)
    connector = broker_connector(cast, url=broker.url)
    task = asked_task(connector, cast)
    after = asked_task(
        connector, cast, kind=TaskKind.UPDATE, subscription_id=task.subscription_id, sequence=2, quantity=12
    )
    work()
    assert (fresh(task).state, fresh(task).operation) == (TaskState.SENT, "op-1")
    work(after=MINUTE)
    assert fresh(task).due_at - real_now() > 9 * MINUTE
    work(after=5 * MINUTE)
    assert (fresh(task).state, fresh(after).attempts) == (TaskState.SENT, 0)
    work(after=12 * MINUTE)
    assert told(task) == ["send accepted", "ask accepted", "ask done"]
    for turn in range(13, 16):
        work(after=turn * 12 * MINUTE)
    assert (fresh(task).state, fresh(after).state) == (TaskState.DONE, TaskState.DONE)
    assert broker.instances[str(task.subscription_id)]["parameters"] == {"quantity": 12}

    gone = asked_task(
        connector, cast, kind=TaskKind.DEPROVISION, subscription_id=task.subscription_id, sequence=3
    )
    for turn in range(3):
        work(after=turn * 12 * MINUTE)
    assert (fresh(gone).state, broker.instances) == (TaskState.DONE, {})


def test_what_a_failed_provisioning_left_is_removed_until_the_broker_has_nothing(
    cast: Cast, broker: Running
) -> None:
    """Orphan mitigation. Planted fault that this test finds: none, or only one try at it."""
    broker.plan(asynchronous=1, fails="out of disks")
    task = asked_task(broker_connector(cast, url=broker.url), cast)
    work()
    broker.plan(answers=[{}, {"status": 200}, {"status": 500}])
    work(after=MINUTE)
    failed = fresh(task)
    assert (failed.state, failed.trouble, failed.last_error) == (
        TaskState.FAILED,
        Trouble.REPORTED,
        "相手のシステムから失敗の報告がありました: out of disks",
    )
    assert broker.instances[str(task.subscription_id)]["state"] == "half done"
    for turn in range(2, 7):
        work(after=turn * turn * MINUTE)

    assert (broker.instances, fresh(task).clean_up_at) == ({}, None)
    assert told(task)[-1] == "clean_up done"
    removals = [entry for entry in broker.log if entry.get("method") == "DELETE" and "identity" in entry]
    assert {entry["identity"] for entry in removals} == {""}


def test_silence_after_the_act_doubles_nothing(
    cast: Cast, broker: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker made the instance, and its answer never came. The same request again finds it there."""
    monkeypatch.setattr("toiya.core.outbound.SECONDS", 2.5)
    connector = broker_connector(cast, url=broker.url)
    task, given_up = asked_task(connector, cast), asked_task(connector, cast)
    broker.plan(answers=[{}, {"delay": 4, "after": True}])
    work()
    broker.plan(answers=[])
    work(after=MINUTE)
    assert fresh(task).state == TaskState.DONE
    assert "send again no_answer" in told(task) + told(given_up)

    late = asked_task(connector, cast)
    broker.plan(answers=[{}, {"status": 503, "after": True}])
    work(after=2 * MINUTE)
    assert str(late.subscription_id) in broker.instances
    with time_machine.travel(real_now() + 80 * HOUR):
        broker.plan(password="changed there")
        work()
        assert fresh(late).trouble == Trouble.TOO_LATE
        work()
        broker.plan(password="brokers-only")
        work(after=HOUR)
    assert str(late.subscription_id) not in broker.instances
    assert set(broker.instances) == {str(task.subscription_id), str(given_up.subscription_id)}


MEANINGS: list[tuple[dict[str, object], TaskKind, str, str]] = [
    ({"status": 200, "body": {}}, TaskKind.PROVISION, "done", ""),
    ({"status": 201, "body": []}, TaskKind.PROVISION, "done", ""),
    ({"status": 409, "body": {"description": "another"}}, TaskKind.PROVISION, "failed", "refused"),
    ({"status": 400, "body": {}}, TaskKind.PROVISION, "failed", "refused"),
    ({"status": 422, "body": {"error": "AsyncRequired"}}, TaskKind.PROVISION, "failed", "refused"),
    ({"status": 422, "body": {"error": "ConcurrencyError"}}, TaskKind.UPDATE, "waiting", "busy"),
    ({"status": 410, "body": {}}, TaskKind.DEPROVISION, "done", ""),
    ({"status": 410, "body": {}}, TaskKind.PROVISION, "failed", "refused"),
    ({"status": 404, "body": {}}, TaskKind.DEPROVISION, "failed", "refused"),
    ({"status": 408, "body": {}}, TaskKind.PROVISION, "waiting", "busy"),
    ({"status": 401, "body": {}}, TaskKind.PROVISION, "waiting", "not_let_in"),
    ({"status": 502, "body": None}, TaskKind.PROVISION, "waiting", "system_error"),
    ({"status": 204, "body": {}}, TaskKind.PROVISION, "waiting", "not_understood"),
    ({"status": 202, "body": "x"}, TaskKind.PROVISION, "sent", ""),
]


def test_every_status_means_what_the_specification_says(cast: Cast, broker: Running) -> None:
    connector = broker_connector(cast, url=broker.url)
    different = []
    for number, (answer, kind, state, trouble) in enumerate(MEANINGS):
        Connector.objects.filter(pk=connector.pk).update(rests_until=None)
        FulfilmentTask.objects.unfinished().update(due_at=real_now() + HOUR)
        broker.plan(answers=[{}, answer])
        task = asked_task(connector, cast, kind=kind)
        work()
        found = fresh(task)
        if (found.state, found.trouble) != (state, trouble):
            different.append((number, answer, kind, found.state, found.trouble))

    assert different == []


def test_a_plan_that_the_broker_has_not_fails_and_the_test_call_lists_those_it_has(
    cast: Cast, broker: Running
) -> None:
    connector = broker_connector(cast, url=f"{broker.url}/")
    unknown = asked_task(connector, cast, reference="office/gold")
    foreign = asked_task(connector, cast, reference="storage/standard")
    work()
    for task in (unknown, foreign):
        assert (fresh(task).state, fresh(task).trouble, fresh(task).clean_up_at) == (
            TaskState.FAILED,
            Trouble.NO_SUCH_PLAN,
            None,
        )

    ren = browser_of(cast.ren)
    page = f"/operator/fulfilment/connectors/{connector.pk}/"
    told_ = ren.post(f"{page}test/", follow=True).content.decode()
    assert "The other system answers. (HTTP 200 · " in told_
    broker.plan(password="changed there")
    told_ = ren.post(f"{page}test/", follow=True).content.decode()
    assert "did not accept who is calling. (HTTP 401)" in told_
    assert "brokers-only" not in told_ + connector.encrypted_secret
    assert actor_of(cast.ren).tenant_id == connector.tenant_id

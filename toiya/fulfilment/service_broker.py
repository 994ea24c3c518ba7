"""The connector ``service_broker``: the platform's side of the Open Service Broker API, version 2.17.

The subscription is the service instance, under the same id. A provisioning that was given up is removed from the
broker until it says that there is nothing (orphan mitigation).
"""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from toiya.core.cipher import Unreadable
from toiya.core.outbound import Answer, OutboundFailed, OutboundRefused, call
from toiya.fulfilment.models import CallKind, CallOutcome, Connector, FulfilmentTask, TaskKind, Trouble
from toiya.fulfilment.outcomes import (
    ACCEPTED,
    CREATED,
    GONE,
    OK,
    UNPROCESSABLE,
    Outcome,
    Way,
    accepted,
    done,
    not_done,
    object_of,
    text_in,
    words_of,
)
from toiya.fulfilment.outcomes import without_answer as _without_answer
from toiya.fulfilment.signatures import secret_of

VERSION = "2.17"
PLATFORM = "toiya"
PLAN_SIGN = "/"


@dataclass(frozen=True, slots=True)
class Plan:
    """What of the broker's catalogue a SKU stands for."""

    service_id: str
    plan_id: str


class _Stop(Exception):
    """The matter ends here with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__()


def _headers(connector: Connector, task: FulfilmentTask | None, *, by_person: bool) -> dict[str, str]:
    pair = f"{connector.user_name}:{secret_of(connector)}"
    headers = {
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "X-Broker-API-Version": VERSION,
        "X-Broker-API-Request-Identity": str(task.pk if task else uuid.uuid4()),
    }
    if task is not None and by_person and task.asked_by_id is not None:
        identity = json.dumps({"user_id": str(task.asked_by_id), "tenant_id": str(task.asked_by_tenant_id)})
        value = base64.b64encode(identity.encode()).decode()
        headers["X-Broker-API-Originating-Identity"] = f"{PLATFORM} {value}"
    return headers


def _call(
    connector: Connector,
    kind: CallKind,
    method: str,
    path: str,
    *,
    task: FulfilmentTask | None = None,
    query: Mapping[str, str] | None = None,
    content: Mapping[str, object] | None = None,
) -> Answer:
    url = f"{connector.url.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else "")
    body = json.dumps(content).encode() if content is not None else b""
    try:
        headers = _headers(connector, task, by_person=kind == CallKind.SEND)
        if content is not None:
            headers["Content-Type"] = "application/json"
        return call(method, url, headers=headers, body=body)
    except Unreadable as error:
        raise _Stop(Outcome(kind=kind, outcome=CallOutcome.AGAIN, trouble=Trouble.SECRET)) from error
    except (OutboundFailed, OutboundRefused) as error:
        raise _Stop(_without_answer(kind, error)) from error


# ---------------------------------------------------------------- the broker's catalogue
def _plans(connector: Connector, kind: CallKind) -> list[tuple[set[str], set[str], Plan]]:
    """Every plan with the words for its service and for itself: id and name."""
    answer = _call(connector, kind, "GET", "/v2/catalog")
    services = object_of(answer.body).get("services")
    if answer.status != OK:
        raise _Stop(not_done(kind, answer))
    if not isinstance(services, list):
        trouble = Trouble.NOT_UNDERSTOOD
        raise _Stop(Outcome(kind=kind, outcome=CallOutcome.AGAIN, trouble=trouble, status=answer.status))
    found = []
    for service in filter(_is_named, services):
        for plan in filter(_is_named, service.get("plans") or []):
            known = Plan(service["id"], plan["id"])
            found.append(({service["id"], service["name"]}, {plan["id"], plan["name"]}, known))
    return found


def _is_named(entry: Any) -> bool:  # noqa: ANN401  (whatever the broker sent)
    return isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in ("id", "name"))


def _plan_of(connector: Connector, kind: CallKind, payload: Mapping[str, Any]) -> Plan:
    """The plan that the SKU names as ``service/plan``, by ids or by names; without that, one called like the SKU."""
    wanted = str(payload.get("reference") or "")
    service, _sign, plan = wanted.rpartition(PLAN_SIGN)
    name = plan or str(payload.get("sku") or "")
    for services, plans, known in _plans(connector, kind):
        if name in plans and (not service or service in services):
            return known
    said = wanted or name
    raise _Stop(Outcome(kind=kind, outcome=CallOutcome.FAILED, trouble=Trouble.NO_SUCH_PLAN, said=said))


# ---------------------------------------------------------------- what is asked of it
def _parameters(task: FulfilmentTask) -> dict[str, object]:
    data = task.payload
    parameters: dict[str, object] = {"quantity": data.get("asked_quantity") or data.get("quantity")}
    if task.kind in {TaskKind.SUSPEND, TaskKind.RESUME}:
        parameters["suspended"] = task.kind == TaskKind.SUSPEND
    return parameters


def _instance(task: FulfilmentTask) -> str:
    return f"/v2/service_instances/{task.subscription_id}"


def _send(connector: Connector, task: FulfilmentTask) -> Outcome:
    kind = CallKind.SEND
    try:
        plan = _plan_of(connector, kind, task.payload)
        if task.kind == TaskKind.DEPROVISION:
            return _delete(connector, kind, task, plan)
        asked: dict[str, object] = {
            "service_id": plan.service_id,
            "plan_id": plan.plan_id,
            "context": {"platform": PLATFORM, "customer_id": str(task.customer_id)},
            "parameters": _parameters(task),
        }
        if task.kind == TaskKind.PROVISION:
            asked |= {"organization_guid": str(task.customer_id), "space_guid": str(task.customer_id)}
        method = "PUT" if task.kind == TaskKind.PROVISION else "PATCH"
        answer = _call(
            connector,
            kind,
            method,
            _instance(task),
            task=task,
            query={"accepts_incomplete": "true"},
            content=asked,
        )
    except _Stop as stop:
        return stop.outcome
    return _after(kind, answer, happened={OK, CREATED} if task.kind == TaskKind.PROVISION else {OK})


def _after(kind: CallKind, answer: Answer, *, happened: set[int]) -> Outcome:
    said = object_of(answer.body)
    if answer.status in happened:
        return done(kind, answer, reference=text_in(said, "dashboard_url"))
    if answer.status == ACCEPTED:
        operation = text_in(said, "operation")
        return accepted(kind, answer, reference=text_in(said, "dashboard_url"), operation=operation)
    if answer.status == UNPROCESSABLE and said.get("error") == "ConcurrencyError":
        return Outcome(
            kind=kind,
            outcome=CallOutcome.AGAIN,
            trouble=Trouble.BUSY,
            said=words_of(answer),
            status=answer.status,
        )
    return not_done(kind, answer)


def _delete(connector: Connector, kind: CallKind, task: FulfilmentTask, plan: Plan) -> Outcome:
    query = {"service_id": plan.service_id, "plan_id": plan.plan_id, "accepts_incomplete": "true"}
    answer = _call(connector, kind, "DELETE", _instance(task), task=task, query=query)
    return _after(kind, answer, happened={OK, GONE})


def _ask(connector: Connector, task: FulfilmentTask) -> Outcome:
    """How far the broker is. An answer that says nothing is no end: the deadline is."""
    kind = CallKind.ASK
    query = {"operation": task.operation} if task.operation else None
    try:
        answer = _call(connector, kind, "GET", f"{_instance(task)}/last_operation", task=task, query=query)
    except _Stop as stop:
        return stop.outcome
    if answer.status == GONE and task.kind == TaskKind.DEPROVISION:
        return done(kind, answer)
    said = object_of(answer.body)
    state = said.get("state") if answer.status == OK else None
    if state == "succeeded":
        return done(kind, answer)
    if state == "in progress":
        return accepted(kind, answer, operation=task.operation)
    if state == "failed":
        return Outcome(
            kind=kind,
            outcome=CallOutcome.FAILED,
            trouble=Trouble.REPORTED,
            said=text_in(said, "description"),
            status=answer.status,
        )
    told = not_done(kind, answer)
    trouble = told.trouble if told.outcome == CallOutcome.AGAIN else Trouble.NOT_UNDERSTOOD
    return Outcome(
        kind=kind,
        outcome=CallOutcome.AGAIN,
        trouble=trouble,
        said=told.said,
        status=told.status,
        pause=told.pause,
    )


def _clean_up(connector: Connector, task: FulfilmentTask) -> Outcome:
    """Deleting again is also how it is asked how far the deletion is; 410 is the end."""
    kind = CallKind.CLEAN_UP
    try:
        return _delete(connector, kind, task, _plan_of(connector, kind, task.payload))
    except _Stop as stop:
        return stop.outcome


def _try_out(connector: Connector) -> Outcome:
    """Reads the broker's catalogue, and says what it offers."""
    kind = CallKind.ASK
    try:
        plans = _plans(connector, kind)
    except _Stop as stop:
        return stop.outcome
    names = sorted({f"{min(services)}{PLAN_SIGN}{min(words)}" for services, words, _plan in plans})
    return Outcome(kind=kind, outcome=CallOutcome.DONE, status=OK, said=", ".join(names)[:300])


SERVICE_BROKER = Way(_send, _ask, _clean_up, _try_out)

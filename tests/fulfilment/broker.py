"""A service broker of its own, in a process of its own: the other side of the Open Service Broker API, version 2.17.

Plan: ``asynchronous``: how many times the last operation is still in progress; ``fails``: the next asynchronous
operation fails with this description; ``retry_after``: seconds; ``answers``: what to say to the next requests instead
(``after`` set: only after carrying them out).
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from tests.fulfilment.system import Asked, System, serve

USER, PASSWORD = "toiya", "brokers-only"
CATALOG = {
    "services": [
        {
            "id": "5f2a1c9e-office",
            "name": "office",
            "description": "Office for work",
            "bindable": False,
            "plan_updateable": True,
            "plans": [
                {"id": "91d0-standard", "name": "standard", "description": "Standard"},
                {"id": "91d1-premium", "name": "premium", "description": "Premium"},
            ],
        }
    ]
}
PLANS = {"91d0-standard", "91d1-premium"}
Answer = tuple[int, dict[str, str], Any]


class Broker(System):
    """Instances with plan and parameters, and for each the operation that is under way."""

    def handle(self, asked: Asked) -> Answer:  # noqa: PLR0911  (one line per answer)
        method, path, query, body = asked.method, asked.path, asked.query, asked.body
        headers = asked.headers
        noted: dict[str, Any] = {
            "method": method,
            "path": path,
            "query": query,
            "identity": headers.get("x-broker-api-originating-identity", ""),
            "request": headers.get("x-broker-api-request-identity", ""),
            "body": json.loads(body) if body else None,
        }
        self.state["log"].append(noted)
        wanted = base64.b64encode(f"{USER}:{self.plan.get('password', PASSWORD)}".encode()).decode()
        if headers.get("authorization") != f"Basic {wanted}":
            return 401, {}, {}
        if headers.get("x-broker-api-version") != "2.17":
            return 412, {}, {"description": "2.17 is needed"}
        parts = path.strip("/").split("/")
        if parts == ["v2", "catalog"] and method == "GET":
            return 200, {}, CATALOG
        if parts[:2] != ["v2", "service_instances"]:
            return 404, {}, {}
        if parts[3:] == ["last_operation"]:
            return self._last_operation(parts[2], query)
        if method == "PUT":
            return self._provision(parts[2], query, noted["body"])
        return self._update(parts[2], noted["body"]) if method == "PATCH" else self._remove(parts[2], query)

    def _begin(self, instance: dict[str, Any], *, then: dict[str, Any], created: int) -> Answer:
        """At once, or as an operation."""
        polls = self.plan.get("asynchronous", 0)
        if not polls:
            instance.update(then)
            return created, {}, {"dashboard_url": "https://office.example/instance"}
        failure = self.plan.pop("fails", "")
        instance["operation"] = {"id": "op-1", "left": polls, "then": then, "fails": failure}
        return 202, {}, {"operation": "op-1"}

    def _provision(self, key: str, query: dict[str, str], asked: dict[str, Any]) -> Answer:
        if (
            asked.get("plan_id") not in PLANS
            or not asked.get("organization_guid")
            or not asked.get("space_guid")
        ):
            return (
                400,
                {},
                {"description": "service_id, plan_id, organization_guid and space_guid are needed"},
            )
        if self.plan.get("asynchronous") and query.get("accepts_incomplete") != "true":
            return 422, {}, {"error": "AsyncRequired"}
        wanted = {"plan_id": asked["plan_id"], "parameters": asked.get("parameters", {})}
        held = self.state["instances"].get(key)
        if held is not None:
            if held.get("operation"):
                return 202, {}, {"operation": "op-1"}
            same = {name: held.get(name) for name in wanted} == wanted
            return (200, {}, {}) if same else (409, {}, {"description": "there is another one of this id"})
        instance = self.state["instances"][key] = {"state": "creating"}
        return self._begin(instance, then={**wanted, "state": "ready"}, created=201)

    def _update(self, key: str, asked: dict[str, Any]) -> Answer:
        instance = self.state["instances"].get(key)
        if instance is None:
            return 400, {}, {"description": "no such instance"}
        if instance.get("operation"):
            return 422, {}, {"error": "ConcurrencyError", "description": "another operation is under way"}
        then: dict[str, Any] = {
            "parameters": {**instance.get("parameters", {}), **asked.get("parameters", {})}
        }
        if asked.get("plan_id"):
            then["plan_id"] = asked["plan_id"]
        return self._begin(instance, then=then, created=200)

    def _remove(self, key: str, query: dict[str, str]) -> Answer:
        if not query.get("service_id") or not query.get("plan_id"):
            return 400, {}, {"description": "service_id and plan_id are needed"}
        instance = self.state["instances"].get(key)
        if instance is None:
            return 410, {}, {}
        if self.plan.get("asynchronous"):
            if not (instance.get("operation") or {}).get("removes"):
                left = self.plan["asynchronous"]
                instance["operation"] = {"id": "op-2", "left": left, "removes": True, "fails": ""}
                return 202, {}, {"operation": "op-2"}
            self._advance(key, instance)
            return (202, {}, {"operation": "op-2"}) if key in self.state["instances"] else (410, {}, {})
        del self.state["instances"][key]
        return 200, {}, {}

    def _advance(self, key: str, instance: dict[str, Any]) -> str:
        operation = instance["operation"]
        operation["left"] -= 1
        if operation["left"] > 0:
            return "in progress"
        instance["operation"] = None
        if operation["fails"]:
            instance["state"] = "half done"
            instance["description"] = operation["fails"]
            return "failed"
        if operation.get("removes"):
            del self.state["instances"][key]
        else:
            instance.update(operation["then"])
        return "succeeded"

    def _last_operation(self, key: str, query: dict[str, str]) -> Answer:
        instance = self.state["instances"].get(key)
        if instance is None:
            return 410, {}, {}
        if not instance.get("operation"):
            return 200, {}, {"state": "succeeded"}
        if query.get("operation") != instance["operation"]["id"]:
            return 400, {}, {"description": "that is not the operation"}
        said = {"state": self._advance(key, instance)}
        if said["state"] == "failed":
            said["description"] = instance["description"]
        seconds = self.plan.get("retry_after")
        more = {"Retry-After": str(seconds)} if seconds and said["state"] == "in progress" else {}
        return 200, more, said


if __name__ == "__main__":
    serve(Broker(Path(sys.argv[1])))

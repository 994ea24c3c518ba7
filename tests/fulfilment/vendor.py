"""A vendor's system of its own, in a process of its own: it takes signed messages and answers at once or calls back.

Plan: ``secrets`` that it knows; ``mode``: ``done``, ``accept`` (202, then nothing), ``call back`` (202, then a signed
call-back by itself); ``answers``: what to say to the next requests instead.
"""

import base64
import hmac
import http.client
import json
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fulfilment.system import Asked, System, serve


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature after the Standard Webhooks specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = message_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key, content, "sha256").digest()).decode()


class Vendor(System):
    """Keeps what it was asked to provide, by subscription; a message counts once, by its id."""

    def handle(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        headers, body = asked.headers, asked.body
        message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        given = headers.get("webhook-signature", "").split(" ")
        valid = [
            one for one in self.plan.get("secrets", []) if sign(one, message_id, timestamp, body) in given
        ]
        message = json.loads(body)
        seen = any(entry.get("id") == message_id and entry.get("counted") for entry in self.state["log"])
        entry = {
            "id": message_id,
            "type": message["type"],
            "valid": len(valid),
            "signatures": len(given),
            "counted": bool(valid) and not seen,
            "attempt": message.get("attempt"),
        }
        self.state["log"].append(entry)
        if not valid:
            return 401, {}, {"error": "bad signature"}
        if entry["counted"]:
            self._apply(message)
        mode = self.plan.get("mode", "done")
        if mode == "done" or message["type"] == "test":
            return 200, {}, {"reference": f"V-{message.get('subscription', '')[:8]}"}
        if mode == "call back":
            threading.Thread(target=self._call_back, args=(message, valid[0]), daemon=True).start()
        return 202, {}, {}

    def _apply(self, message: dict[str, Any]) -> None:
        instances, key = self.state["instances"], message.get("subscription")
        if message["type"] == "deprovision":
            instances.pop(key, None)
        elif message["type"] != "test":
            held = instances.setdefault(key, {"provisioned": 0})
            held["quantity"] = message["data"].get("asked_quantity") or message["data"].get("quantity")
            held["provisioned"] += message["type"] == "provision"
            if message["type"] in {"suspend", "resume"}:
                held["suspended"] = message["type"] == "suspend"

    def _call_back(self, message: dict[str, Any], secret: str) -> None:
        time.sleep(0.3)
        body = json.dumps({"state": "succeeded", "reference": "by call-back"}).encode()
        message_id, timestamp = str(uuid.uuid4()), str(int(time.time()))
        address = urlsplit(message["call_back"])
        line = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=10)
        signed = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(secret, message_id, timestamp, body),
        }
        try:
            line.request("POST", address.path, body, signed)
            response = line.getresponse()
            said = f"{response.status} {response.read().decode()}"
        except OSError as error:
            said = str(error)
        with self.lock:
            self.state["call_backs"] = [*self.state.get("call_backs", []), said]
            self.keep()


if __name__ == "__main__":
    serve(Vendor(Path(sys.argv[1])))

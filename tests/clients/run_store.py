"""Runs in the clients' own environment: calls operations of ``partnercenterservices`` and tells what became of each.

Standard input: {"url", "token", "calls": [[label, owner, name, arguments]]}. Standard output: {label: outcome}.
With the argument ``offered``: every operation that the client offers, as [owner, name, address].
"""

import inspect
import json
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")

from microsoft.store.partnercenterservices import MicrosoftPartnerStoreApis  # noqa: E402  (after the filter)
from msrest.authentication import BasicTokenAuthentication  # noqa: E402


def offered(client: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401  (the client has no types)
    """Everything that it can do: its own operations, and those of its groups."""
    groups = {name: group for name, group in vars(client).items() if name != "config" and name[0] != "_"}
    return [
        (owner, name, act.metadata["url"])
        for owner, group in {"": client, **groups}.items()
        for name, act in inspect.getmembers(group, inspect.ismethod)
        if hasattr(act, "metadata")
    ]


def _json(response: Any) -> Any:  # noqa: ANN401  (JSON)
    """What stood in the answer, where the client makes no model of it."""
    try:
        return response.json()
    except ValueError:
        return None


def _known(value: object, told: dict[str, Any]) -> Any:  # noqa: ANN401  (JSON)
    """``$label.name.name``: what an earlier call was told."""
    if isinstance(value, dict):
        return {name: _known(inner, told) for name, inner in value.items()}
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    label, *path = value[1:].split(".")
    found = told[label]["body"]
    for name in path:
        found = found[int(name)] if name.isdigit() else found[name]
    return found


def main() -> None:
    given = json.load(sys.stdin)
    client = MicrosoftPartnerStoreApis(
        BasicTokenAuthentication({"access_token": given["token"]}), given["url"]
    )
    if sys.argv[1:] == ["offered"]:
        json.dump(offered(client), sys.stdout)
        return
    told: dict[str, Any] = {}
    for label, owner, name, arguments in given["calls"]:
        act = getattr(getattr(client, owner) if owner else client, name)
        try:
            answer = act(**{name: _known(value, told) for name, value in arguments.items()}, raw=True)
        except Exception as error:  # noqa: BLE001  (whatever the client makes of the answer)
            response = getattr(error, "response", None)  # of a status that it does not know, such as 501
            told[label] = {
                "error": f"{type(error).__name__}: {error}"[:300],
                "status": getattr(response, "status_code", None),
                "body": None if response is None else _json(response),
            }
            continue
        body = answer.output
        told[label] = {
            "status": answer.response.status_code,
            "kind": type(body).__name__,
            "location": answer.response.headers.get("Location", ""),
            "text": answer.response.text[:300] if answer.response.status_code >= 300 else "",
            "body": body.as_dict() if hasattr(body, "as_dict") else _json(answer.response),
        }
    json.dump(told, sys.stdout, default=str)


main()

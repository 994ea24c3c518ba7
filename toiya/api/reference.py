"""The reference of the API for people: the same table of operations as the document, as a page."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from toiya.api.openapi import document
from toiya.api.operations import UNBUILT, Unbuilt


@dataclass(frozen=True, slots=True)
class Area:
    """Operations that belong together."""

    name: str
    operations: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Absent:
    """Operations that answer 501 for the same reason."""

    reason: str
    operations: list[Unbuilt]


def reference(request: HttpRequest) -> HttpResponse:
    """Every operation with its address, who may call it, what it reads and what it answers."""
    rows = sorted(
        (
            {
                "id": told["operationId"],
                "area": told["tags"][0],
                "method": method.upper(),
                "path": path,
                "summary": told["summary"],
                "paragraphs": told["description"].split("\n\n"),
                "parameters": told["parameters"],
                "body": _name_of(told.get("requestBody", {})),
                "answer": next(
                    (_name_of(answer) for status, answer in told["responses"].items() if status[0] == "2"), ""
                ),
            }
            for path, methods in document()["paths"].items()
            for method, told in methods.items()
            if "501" not in told["responses"]
        ),
        key=lambda row: (row["area"] == "toiya", row["area"], row["path"], row["method"]),
    )
    areas = [Area(name, list(group)) for name, group in groupby(rows, key=lambda row: row["area"])]
    unbuilt = sorted(UNBUILT.values(), key=lambda row: (row.reason, row.path, row.method))
    absent = [Absent(reason, list(group)) for reason, group in groupby(unbuilt, key=lambda row: row.reason)]
    return render(request, "api/reference.html", {"areas": areas, "absent": absent})


def _name_of(described: dict[str, Any]) -> str:
    """The resource that a body holds, by its name; "[…]" for a list."""
    schema = described.get("content", {}).get("application/json", {}).get("schema", {})
    if schema.get("type") == "array":
        return f"[{_last(schema.get('items', {}))}]"
    return _last(schema)


def _last(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]

"""The reference of the API for people: the same table of operations as the document, as a page."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from toiya.api.openapi import document
from toiya.api.operations import UNBUILT, Unbuilt

EVERYWHERE = ("MS-CorrelationId", "X-Locale")  # told once, above all operations
LITERAL = re.compile(r"`{1,2}([^`]+)`{1,2}")


class SearchForm(forms.Form):
    """Words that an operation has in its address, its name or its description."""

    q = forms.CharField(
        label=_("Search operations"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


@dataclass(frozen=True, slots=True)
class Area:
    """Operations that belong together."""

    name: str
    operations: list[dict[str, Any]]

    @property
    def title(self) -> str:
        """As a heading: the names are those of the document, in English."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Absent:
    """Operations that answer 501 for the same reason."""

    reason: str
    operations: list[Unbuilt]


def reference(request: HttpRequest) -> HttpResponse:
    """Every operation with its address, who may call it, what it reads and what it answers."""
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"].casefold().split() if form.is_valid() else []
    rows = [row for row in _rows() if all(word in row["text"] for word in words)]
    unbuilt = [
        row
        for row in sorted(UNBUILT.values(), key=lambda row: (row.reason, row.path, row.method))
        if all(word in f"{row.id} {row.method} {row.path} {row.reason}".casefold() for word in words)
    ]
    context = {
        "form": form,
        "is_searched": bool(words),
        "count": len(rows),
        "areas": [Area(name, list(group)) for name, group in groupby(rows, key=lambda row: row["area"])],
        "absent": [
            Absent(reason, list(group)) for reason, group in groupby(unbuilt, key=lambda row: row.reason)
        ],
        "origin": settings.ORIGIN,
        "headers": [
            {"name": one["name"], "meaning": _with_literals(one["description"])}
            for one in _first()["parameters"]
            if one["name"] in EVERYWHERE
        ],
    }
    return render(request, "api/reference.html", context)


def _first() -> dict[str, Any]:
    told: dict[str, Any] = next(iter(next(iter(document()["paths"].values())).values()))
    return told


@cache
def _rows() -> list[dict[str, Any]]:
    rows = [
        _row(path, method, told)
        for path, methods in document()["paths"].items()
        for method, told in methods.items()
        if "501" not in told["responses"]
    ]
    return sorted(rows, key=lambda row: (row["area"] == "toiya", row["area"], row["path"], row["method"]))


def _row(path: str, method: str, told: dict[str, Any]) -> dict[str, Any]:
    paragraphs = told["description"].split("\n\n")
    return {
        "id": told["operationId"],
        "area": told["tags"][0],
        "method": method.upper(),
        "path": path,
        "summary": _with_literals(told["summary"]),
        "paragraphs": [_with_literals(text) for text in paragraphs if text != told["summary"]],
        "parameters": [
            {**one, "meaning": _with_literals(one.get("description", ""))}
            for one in told["parameters"]
            if one["name"] not in EVERYWHERE
        ],
        "body": _name_of(told.get("requestBody", {})),
        "answer": next(
            (_name_of(answer) for status, answer in told["responses"].items() if status[0] == "2"), ""
        ),
        "text": f"{told['operationId']} {method} {path} {told['description']}".casefold(),
    }


def _with_literals(text: str) -> SafeString:
    """What stands between backquotes is a word of the wire."""
    return mark_safe(LITERAL.sub(r"<code>\1</code>", conditional_escape(text)))  # noqa: S308  (escaped before)


def _name_of(described: dict[str, Any]) -> str:
    """The resource that a body holds, by its name; "[…]" for a list."""
    schema = described.get("content", {}).get("application/json", {}).get("schema", {})
    if schema.get("type") == "array":
        return f"[{_last(schema.get('items', {}))}]"
    return _last(schema)


def _last(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]

"""Which operation an address means, read as clients write it: any case, a slash too many, a language in front.

(conventions.md section 1.) A tree of segments instead of a list of patterns: the thousandth address costs what the
first does.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

LANGUAGE = re.compile(r"[a-z]{2}-[a-z]{2}", re.IGNORECASE)
ROOTS = frozenset({"v1", "v1.0", "webhooks", "auditactivity", "partner", "customerserviceadminapi"})


class Routed(Protocol):
    """Anything with a method and a path."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], "_Node"]] = field(default_factory=list)
    any: "_Node | None" = None
    methods: dict[str, Routed] = field(default_factory=dict)


class Routes:
    """The tree. Literal segments win over parameters."""

    def __init__(self, table: Iterable[Routed]) -> None:
        self._root = _Node()
        for entry in table:
            self._enter(entry)

    def _enter(self, entry: Routed) -> None:
        node = self._root
        for segment in segments_of(entry.path):
            node = _child(node, segment)
        if entry.method in node.methods:
            raise ValueError(f"two operations answer {entry.method} {entry.path}")
        node.methods[entry.method] = entry

    def find(self, path: str) -> tuple[Mapping[str, Routed], tuple[str, ...]] | None:
        """The methods of the address, and what stands in the places of its parameters; None: no such address.

        Some clients call the version 1.0 where it is written as 1.
        """
        parts = segments_of(path)
        found = _walk(self._root, parts, 0, ())
        if found is None and parts[0] == "v1.0":
            found = _walk(self._root, ["v1", *parts[1:]], 0, ())
        return found


def _walk(
    node: _Node, segments: list[str], at: int, values: tuple[str, ...]
) -> tuple[Mapping[str, Routed], tuple[str, ...]] | None:
    if at == len(segments):
        return (node.methods, values) if node.methods else None
    segment = segments[at]
    literal = node.children.get(segment.lower())
    found = _walk(literal, segments, at + 1, values) if literal else None
    for pattern, child in node.patterns if found is None else ():
        match = pattern.fullmatch(segment)
        if match and (found := _walk(child, segments, at + 1, values + match.groups())):
            break
    if found is None and node.any is not None:
        found = _walk(node.any, segments, at + 1, (*values, segment))
    return found


def _child(node: _Node, segment: str) -> _Node:
    if re.fullmatch(r"\{\w+\}", segment):
        node.any = node.any or _Node()
        return node.any
    if "{" not in segment:
        return node.children.setdefault(segment.lower(), _Node())
    parts = re.split(r"\{\w+\}", segment)
    pattern = re.compile("([^/']*)".join(re.escape(part) for part in parts), re.IGNORECASE)
    child = _Node()
    node.patterns.append((pattern, child))
    return child


def segments_of(path: str) -> list[str]:
    """The parts of an address between slashes; empty ones and a language in front do not count."""
    parts = [part for part in path.split("/") if part]
    return parts[1:] if len(parts) > 1 and LANGUAGE.fullmatch(parts[0]) else parts


def is_of_the_api(path: str) -> bool:
    """Whether the address belongs to the API, whatever it names there."""
    parts = segments_of(path)
    return bool(parts) and parts[0].lower() in ROOTS

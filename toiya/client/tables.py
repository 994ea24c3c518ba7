"""Answers as tables for people: a list has a row for each item, a thing a row for each property."""

import unicodedata
from collections.abc import Sequence
from typing import Any

HIDDEN = frozenset({"links", "attributes"})
WIDEST = 40
DEEPEST = 3


def rows_of(answer: Any) -> list[Any] | None:  # noqa: ANN401  (JSON)
    """The items of a list of any kind; None for a single thing."""
    if isinstance(answer, list):
        return answer
    if isinstance(answer, dict):
        for name in ("items", "value"):
            if isinstance(answer.get(name), list):
                return list(answer[name])
    return None


def flat(thing: Any, before: str = "", depth: int = 0) -> dict[str, str]:  # noqa: ANN401  (JSON)
    """``{"companyProfile": {"domain": "x"}}`` as ``companyProfile.domain``; lists are counted, or told when plain."""
    if not isinstance(thing, dict):
        return {before or "value": text_of(thing)}
    found: dict[str, str] = {}
    for name, value in thing.items():
        if name in HIDDEN:
            continue
        path = f"{before}.{name}" if before else name
        if isinstance(value, dict) and depth < DEEPEST:
            found |= flat(value, path, depth + 1)
        else:
            found[path] = text_of(value)
    return found


def text_of(value: Any) -> str:  # noqa: ANN401  (JSON)
    """One cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        plain = all(not isinstance(item, dict | list) for item in value)
        return ", ".join(map(str, value)) if plain else f"{len(value)} items"
    if isinstance(value, dict):
        return "…"
    return "" if value is None else " ".join(str(value).split())


def width(text: str) -> int:
    """How many places it takes in a terminal: Japanese characters take two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def fit(text: str, most: int) -> str:
    """The text in at most so many places."""
    if width(text) <= most:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > most - 1:
            break
        kept += char
    return f"{kept}…"


def table(rows: Sequence[Any], columns: Sequence[str], *, room: int) -> str:
    """The rows below their headings, as many columns as there is room for; those that were asked for always."""
    flats = [flat(row) for row in rows]
    asked = bool(columns)
    names = list(columns) or sorted(dict.fromkeys(name for one in flats for name in one), key=_rank)
    taken: list[tuple[str, int]] = []
    for name in names:
        wide = min(max([width(name), *(width(one.get(name, "")) for one in flats)]), WIDEST)
        if not asked and taken and sum(size + 2 for _name, size in taken) + wide > room:
            continue
        taken.append((name, wide))
    lines = [_line([(name, size) for name, size in taken])]
    lines += [_line([(one.get(name, ""), size) for name, size in taken]) for one in flats]
    return "\n".join(lines)


def _rank(name: str) -> int:
    """Its own id, what people call it, what is said of it, and last the ids of other things."""
    last = name.rpartition(".")[2].lower()
    if name == "id":
        return 0
    if last.endswith("name"):
        return 1
    return 2 if last.endswith(("number", "domain")) else 4 if last.endswith("id") else 3


def _line(cells: Sequence[tuple[str, int]]) -> str:
    fitted = [(fit(text, size), size) for text, size in cells]
    return "  ".join(text + " " * (size - width(text)) for text, size in fitted).rstrip()


def sheet(thing: Any) -> str:  # noqa: ANN401  (JSON)
    """One thing: a row for each of its properties."""
    cells = flat(thing)
    wide = max((width(name) for name in cells), default=0)
    return "\n".join(f"{name}{' ' * (wide - width(name))}  {text}" for name, text in cells.items())

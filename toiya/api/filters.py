"""The filter language of lists (conventions.md section 7), read into conditions that the business knows.

A simple filter is ``{"Field": …, "Value": …, "Operator": …}``, a compound one ``{"LeftFilter": …, "RightFilter": …,
"Operator": "and"}``. Names and operators come in any case, with or without underscores.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.core.text import is_storable

OPERATORS = (
    "equals",
    "not_equals",
    "greater_than",
    "greater_than_or_equals",
    "less_than",
    "less_than_or_equals",
    "substring",
    "starts_with",
    "not_starts_with",
)
_BARE = {name.replace("_", ""): name for name in (*OPERATORS, "and", "or")}
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared with one value."""

    field: str
    operator: str
    value: str


def conditions(text: str | None, known: Mapping[str, Sequence[str]]) -> list[Condition]:
    """What all must be true. ``known``: the fields of the list, each with its operators.

    Raises WireError (800002) naming what the list has no word for.
    """
    if not text:
        return []
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(_("filter is not JSON: %(error)s.") % {"error": error}) from error
    return _read(given, known, 0)


def _read(given: object, known: Mapping[str, Sequence[str]], depth: int) -> list[Condition]:
    if not isinstance(given, dict) or depth > DEEPEST:
        raise _wrong(
            _(
                "filter must be an object with Field, Value and Operator, or LeftFilter, RightFilter and Operator."
            )
        )
    parts = {str(name).lower(): value for name, value in given.items()}
    operator = _BARE.get(str(parts.get("operator", "")).replace("_", "").lower())
    if "leftfilter" in parts or "rightfilter" in parts:
        if operator != "and":
            raise _wrong(
                _("Two filters are joined by “and”, not by “%(found)s”.") % {"found": parts.get("operator")},
                "Operator",
            )
        sides = (parts.get("leftfilter"), parts.get("rightfilter"))
        return [condition for side in sides for condition in _read(side, known, depth + 1)]
    fields = {name.lower(): name for name in known}
    field = fields.get(str(parts.get("field", "")).lower())
    if field is None:
        raise _wrong(
            _("This list is filtered by %(known)s, not by “%(found)s”.")
            % {"known": ", ".join(known), "found": parts.get("field")},
            "Field",
        )
    if operator is None or operator not in known[field]:
        raise _wrong(
            _("%(field)s takes %(known)s, not “%(found)s”.")
            % {"field": field, "known": ", ".join(known[field]), "found": parts.get("operator")},
            "Operator",
        )
    value = parts.get("value")
    if not isinstance(value, str | int | bool) or not is_storable(str(value)):
        raise _wrong(_("The value for %(field)s must be a text.") % {"field": field}, "Value")
    return [Condition(field, operator, str(value))]


def _wrong(text: str, about: str = "filter") -> WireError:
    return WireError(400, 800002, text, about)


def ordered(field: str | None, direction: str | None, known: Sequence[str]) -> tuple[str, bool]:
    """The field to sort by and whether it descends; the first known one where nothing was said.

    Raises WireError (800002).
    """
    name = next((name for name in known if name.lower() == (field or known[0]).lower()), None)
    if name is None:
        raise _wrong(
            _("This list is sorted by %(known)s, not by “%(found)s”.")
            % {"known": ", ".join(known), "found": field},
            "sortField",
        )
    way = (direction or "ascending").lower()
    if way not in {"ascending", "descending"}:
        raise _wrong(
            _("sortDirection is Ascending or Descending, not “%(found)s”.") % {"found": direction},
            "sortDirection",
        )
    return name, way == "descending"

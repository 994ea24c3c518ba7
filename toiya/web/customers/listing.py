"""The rows of the list of customers, ready to be written down."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import get_language

from toiya.core.reader import day_for, name_for
from toiya.customers.search import Line
from toiya.relations.models import Channel, Origin

TABLE = "customers"


def common_to_rows(kept: Mapping[str, str]) -> dict[str, str]:
    """Where the arrows of the rows lead: with ``kept``, the filters and the page, to a row's customer, or to none."""
    closed = f"{reverse('customers:list')}?{urlencode(kept)}"
    return {
        "closed_url": escape(closed),
        "open_url": escape(f"{closed}&expand=" if kept else f"{closed}expand="),
    }


def rows_of(lines: Iterable[Line], opened: uuid.UUID | None, details: str) -> Iterator[dict[str, str]]:
    """The texts of each row (customers/_row.html). ``details`` stand below the opened row."""
    language = get_language() or ""
    origins, channels = _words(Origin, language), _words(Channel, language)
    for line in lines:
        yield {
            "customer_id": str(line.customer_id),
            "name": name_for(line.name, line.latin_name, language),
            "domain": line.domain,
            "since": line.since.isoformat(),
            "since_day": day_for(line.since, language),
            "origin": origins.get(line.origin, line.origin),
            "detail": line.origin_note or channels.get(line.channel, line.channel),
            "details": details if details and line.customer_id == opened else "",
        }


@cache
def _words(choices: type[Origin] | type[Channel], _language: str) -> dict[str, str]:
    return {value: escape(str(label)) for value, label in choices.choices}

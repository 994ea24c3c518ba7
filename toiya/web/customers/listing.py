"""The rows of the list of customers, ready to be written down."""

import uuid
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.reader import reader_name
from toiya.customers.search import Line
from toiya.relations.models import Channel, Origin
from toiya.web.rows import addresses
from toiya.web.templatetags.ui import expander, moment

TABLE = "customers"
Row = dict[str, object]


def rows_of(lines: Iterable[Line], opened: uuid.UUID | None, kept: Mapping[str, str]) -> list[Row]:
    """What stands in each row; ``kept`` are the filters and the page, which the arrow of a row keeps."""
    account, closed = addresses("customers:account"), f"{reverse('customers:list')}?{urlencode(kept)}"
    open_ = f"{closed}&expand=" if kept else f"{closed}expand="
    origins, channels = _words(Origin), _words(Channel)
    manage = _("Manage %(name)s")
    rows = []
    for line in lines:
        pk, name, is_open = line.customer_id, reader_name(line), line.customer_id == opened
        rows.append(
            {
                "pk": pk,
                "name": name,
                "domain": line.domain,
                "since": moment(line.since, "day"),
                "origin": origins.get(line.origin, line.origin),
                "detail": line.origin_note or channels.get(line.channel, line.channel),
                "is_open": is_open,
                "details": f"customer-{pk}",
                "arrow": expander(
                    closed if is_open else f"{open_}{pk}",
                    expanded=is_open,
                    details=f"customer-{pk}",
                    label=manage % {"name": name},
                    swap=TABLE,
                ),
                "account_url": account(pk),
            }
        )
    return rows


def _words(choices: type[Origin] | type[Channel]) -> dict[str, str]:
    return {value: str(label) for value, label in choices.choices}

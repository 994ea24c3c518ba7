"""The invoices of the world: Hinode and Midori have one each for this month."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from tests.cast import Cast
from toiya.billing.issuing import _run, operator_of
from toiya.billing.models import Invoice
from toiya.core.terms import add_months
from toiya.directory.actors import bystander_for

Instances = dict[str, tuple[Mapping[str, object], frozenset[str]]]
OPERATOR = frozenset({"tsubame"})
NONE: frozenset[str] = frozenset()


def close_month(cast: Cast, *, ahead: int = 0) -> list[Invoice]:
    """The invoices of this month, or of one of the next, as the first hour after it will write them."""
    operator = operator_of(cast.operator.pk)
    by = bystander_for(operator, kind="test")
    month = add_months(operator.country.local_date(by.now).replace(day=1), ahead)
    later = operator.country.midnight(add_months(month, 1)) + dt.timedelta(hours=1)
    return _run(replace(by, now=later), operator, month).issued


def invoices(cast: Cast, nobody: object) -> dict[str, Instances]:
    """For the access matrix: whose invoice is whose."""
    found = {row.recipient: row.pk for row in close_month(cast)}
    hinode, midori = found[cast.hinode], found[cast.midori]

    def of(seen: Mapping[object, frozenset[str]], **more: object) -> Instances:
        return {
            "hinode": ({"invoice_id": hinode, **more}, seen[hinode]),
            "midori": ({"invoice_id": midori, **more}, seen[midori]),
            "nonexistent": ({"invoice_id": nobody, **more}, NONE),
        }

    paid: dict[object, frozenset[str]] = {hinode: frozenset({"hinode"}), midori: frozenset({"midori"})}
    issued: dict[object, frozenset[str]] = {hinode: OPERATOR, midori: OPERATOR}
    return {
        "invoice to pay": of(paid),
        "file of invoice to pay": of(paid, form="csv"),
        "invoice issued": of(issued),
        "file of invoice issued": {
            **of(issued, form="xlsx"),
            "other kind of file": ({"invoice_id": hinode, "form": "exe"}, NONE),
        },
    }

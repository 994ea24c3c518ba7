"""Invoices of a sandbox: a year in a minute, and gone with it (C-03)."""

import datetime as dt

from tests.billing.story import bought, market, month_is_over
from tests.cast import Cast, actor_of
from tests.sandbox.story import bought as bought_in
from tests.sandbox.story import made_by, part, travel
from toiya.billing.drafts import end_of
from toiya.billing.models import Invoice
from toiya.sandbox.clock import sandbox_of
from toiya.sandbox.closing import reset_sandbox, take_down_closed


def test_thirteen_months_pass_and_every_invoice_adds_up(cast: Cast) -> None:
    """Each month has its own, on its first morning; a reset takes them away, and no real one with them.

    Planted faults: ``next_month_end`` says None, so that one invoice at the end holds everything; triggers that refuse
    to remove the invoices of a sandbox.
    """
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    real = month_is_over(cast, dt.date(2027, 1, 1)).issued[0]
    mei = actor_of(cast.mei)
    sandbox = made_by(cast.mei).sandbox
    sold = bought_in(sandbox)

    travel(mei, sandbox_of(mei).family.clock.now() + dt.timedelta(days=400))

    invoices = list(Invoice.objects.filter(recipient=part(sandbox, "provider").tenant).order_by("month"))
    lines = [line for row in invoices for line in row.lines.all()]
    assert [row.number for row in invoices] == list(range(1, len(invoices) + 1))
    assert len(invoices) == len({row.month for row in invoices}) >= 13
    assert [row.issued_on for row in invoices] == [end_of(row.month) for row in invoices]
    assert {(line.subscription_id, line.amount_minor) for line in lines} == {(sold.pk, 5 * 1200)}
    assert [line.kind for line in lines] == ["purchase", *["renewal"] * (len(lines) - 1)]
    periods = [(line.period_start, line.period_end) for line in lines]
    assert [end for _start, end in periods[:-1]] == [start for start, _end in periods[1:]]

    reset_sandbox(mei, sandbox_id=sandbox.pk)
    take_down_closed()

    assert list(Invoice.objects.all()) == [real]

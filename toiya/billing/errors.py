"""What billing refuses."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal
from toiya.core.reader import day


class MonthOpen(Refusal):
    """A month is invoiced when it is over where the operator is."""

    code = "month_open"

    def __init__(self, *, month: dt.date, ends: dt.date) -> None:
        super().__init__(
            _("%(month)s is not over yet. Its invoices can be issued from %(day)s on.")
            % {"month": f"{month:%Y-%m}", "day": day(ends)},
            field="month",
        )


class InvoiceHeld(Refusal):
    """Something about an invoice is not right; it is not issued, and the operator is told why. The others are."""

    code = "invoice_held"


class PriceMissing(InvoiceHeld):
    """A subscription is to be charged that has no price between operator and provider."""

    code = "price_missing"
    message = gettext_lazy("A subscription has no price between you and the provider.")


class DoesNotAddUp(InvoiceHeld):
    """The safety bound: charges that do not come to what the days of the periods cost (G-34)."""

    code = "does_not_add_up"

    def __init__(self, *, subject: str, found: int, expected: int) -> None:
        super().__init__(
            _("The charges do not add up: %(subject)s comes to %(found)s, and has to come to %(expected)s.")
            % {"subject": subject, "found": found, "expected": expected}
        )

"""Terms and billing cycles in calendar dates. A period begins on its first day and ends before the next one's.

A term that began on the 31st renews on the last day of shorter months and on the 31st again after them: every date is
counted from the anchor, never from the date before (G-35).
"""

import calendar
import datetime as dt

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

MONTHS_IN_A_YEAR = 12


class Term(TextChoices):
    """How long a commitment lasts; the values are the field's (ISO 8601 durations). Empty: no commitment."""

    MONTH = "P1M", _("1 month")
    YEAR = "P1Y", _("1 year")
    THREE_YEARS = "P3Y", _("3 years")
    NONE = "", _("No commitment")


class BillingCycle(TextChoices):
    """How often a term is paid for; the values are the field's."""

    MONTHLY = "monthly", _("Monthly")
    ANNUAL = "annual", _("Annually")
    TRIENNIAL = "triennial", _("Every three years")
    ONE_TIME = "one_time", _("Once")
    NONE = "none", _("By usage")


class Segment(TextChoices):
    """Who may buy an offer."""

    COMMERCIAL = "commercial", _("Commercial")
    EDUCATION = "education", _("Education")
    CHARITY = "charity", _("Nonprofit")
    GOVERNMENT = "government", _("Government")


MONTHS: dict[str, int] = {Term.MONTH: 1, Term.YEAR: 12, Term.THREE_YEARS: 36}
CYCLE_MONTHS: dict[str, int] = {
    BillingCycle.MONTHLY: 1,
    BillingCycle.ANNUAL: 12,
    BillingCycle.TRIENNIAL: 36,
}
CYCLES_OF: dict[str, tuple[BillingCycle, ...]] = {
    Term.MONTH: (BillingCycle.MONTHLY,),
    Term.YEAR: (BillingCycle.MONTHLY, BillingCycle.ANNUAL),
    Term.THREE_YEARS: (BillingCycle.MONTHLY, BillingCycle.ANNUAL, BillingCycle.TRIENNIAL),
    Term.NONE: (BillingCycle.ONE_TIME, BillingCycle.NONE),
}


def add_months(start: dt.date, months: int, *, anchor_day: int = 0) -> dt.date:
    """So many months later, on the anchor's day (the start's where none is given) or the month's last."""
    count = start.year * MONTHS_IN_A_YEAR + start.month - 1 + months
    year, month = divmod(count, MONTHS_IN_A_YEAR)
    day = min(anchor_day or start.day, calendar.monthrange(year, month + 1)[1])
    return dt.date(year, month + 1, day)


def term_end(start: dt.date, term: str, *, anchor_day: int = 0) -> dt.date | None:
    """The first day after the term; None where nothing is committed."""
    months = MONTHS.get(term)
    return add_months(start, months, anchor_day=anchor_day) if months else None


def cycle_days(
    start: dt.date, end: dt.date, cycle: str, *, anchor_day: int = 0
) -> list[tuple[dt.date, dt.date]]:
    """The billing periods of a term, contiguous and ending with it; one period where the cycle has no months."""
    months = CYCLE_MONTHS.get(cycle)
    if not months:
        return [(start, end)]
    periods, first, count = [], start, 0
    while first < end:
        count += months
        following = min(add_months(start, count, anchor_day=anchor_day), end)
        periods.append((first, following))
        first = following
    return periods

"""Renewals as a calendar file (RFC 5545) that Outlook, Google and Apple calendars read."""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from toiya.core.reader import day, reader_name
from toiya.subscriptions.radar import Renewal

LINE_OCTETS = 73


def calendar_file(rows: Iterable[Renewal], *, host: str, now: dt.datetime) -> bytes:
    """One all-day entry for the last day of each renewal's decision, with a reminder a week before."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Toiya//Renewals//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for row in rows:
        lines += _event(row, host, now)
    lines.append("END:VCALENDAR")
    return ("\r\n".join(part for line in lines for part in _folded(line)) + "\r\n").encode()


def _event(row: Renewal, host: str, now: dt.datetime) -> list[str]:
    subscription = row.subscription
    values = {
        "customer": reader_name(subscription.customer),
        "subscription": subscription.title,
        "quantity": row.quantity_then,
    }
    title = (
        _("Last day before renewal: %(subscription)s (%(quantity)s), %(customer)s")
        if subscription.auto_renew
        else _("Last day, ends without renewal: %(subscription)s (%(quantity)s), %(customer)s")
    )
    text = _("Renewal or end: %(day)s.") % {"day": day(row.on)}
    if row.unused:
        text += " " + _("Unused licenses: %(count)s.") % {"count": row.unused}
    return [
        "BEGIN:VEVENT",
        f"UID:{subscription.pk}-{row.on:%Y%m%d}@{host}",
        f"DTSTAMP:{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{row.last_day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{row.on:%Y%m%d}",
        f"SUMMARY:{_escaped(title % values)}",
        f"DESCRIPTION:{_escaped(text)}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(title % values)}",
        "TRIGGER:-P7D",
        "END:VALARM",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    plain = " ".join(text.split())
    for sign in ("\\", ";", ","):
        plain = plain.replace(sign, f"\\{sign}")
    return plain


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, never cut inside a character."""
    part, size = "", 0
    for char in line:
        width = len(char.encode())
        if size + width > LINE_OCTETS:
            yield part
            part, size = " ", 1
        part, size = part + char, size + width
    yield part

"""How names and dates are written for whoever reads: the one place for pages, refusals and mails alike.

The reader's language is the active one. Pages have these as filters of the same names (``web/templatetags/ui.py``).
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language


class Named(Protocol):
    """Something whose name has a Latin form, maybe an empty one."""

    @property
    def name(self) -> str:
        """As it is written at home."""

    @property
    def latin_name(self) -> str:
        """In Latin letters."""


def reads_japanese() -> bool:
    """Whether the active language is Japanese."""
    return (get_language() or "").startswith("ja")


def reader_zone() -> ZoneInfo:
    """The time zone in which people read."""
    return ZoneInfo(settings.READER_TIME_ZONE)


def reader_name(named: Named) -> str:
    """An organisation's name: in Latin letters for those who do not read Japanese."""
    return name_for(named.name, named.latin_name, get_language() or "")


def name_for(name: str, latin_name: str, language: str) -> str:
    """The same for readers of a language, as in mails."""
    return name if language.startswith("ja") else latin_name or name


def when(value: datetime | None) -> str:
    """Date and time of day in the reader's language and time zone."""
    if value is None:
        return ""
    local = timezone.localtime(value, reader_zone())
    return f"{day(local.date())} {local:%H:%M}" if reads_japanese() else f"{day(local.date())}, {local:%H:%M}"


def day(value: date | None) -> str:
    """A calendar day; of a moment, the day that it is for the reader."""
    return "" if value is None else day_for(value, get_language() or "")


def day_for(value: date, language: str) -> str:
    """The same for readers of a language."""
    return _day(value.astimezone(reader_zone()).date() if isinstance(value, datetime) else value, language)


@lru_cache(maxsize=4_000)
def _day(value: date, language: str) -> str:
    """The days of a long list are few; the language is part of what is remembered."""
    if language.startswith("ja"):
        return f"{value.year}年{value.month}月{value.day}日"
    return date_format(value, "j F Y")

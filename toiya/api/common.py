"""What several resources have in common."""

import datetime as dt
import enum
import re
import uuid
from collections.abc import Mapping
from typing import Protocol

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.wire import Wire
from toiya.core.money import UnitPrice

FAMILY_FIRST = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class BillingCycleType(enum.Enum):
    """How often it is paid for; the order is that of the wire's numbers."""

    UNKNOWN = "unknown"
    MONTHLY = "monthly"
    ANNUAL = "annual"
    NONE = "none"
    ONE_TIME = "one_time"
    TRIENNIAL = "triennial"
    BIENNIAL = "biennial"


class BillingType(enum.Enum):
    """What a bill counts."""

    NONE = "none"
    USAGE = "usage"
    LICENSE = "license"


FAR_FUTURE = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


def midnight(day: dt.date | None) -> dt.datetime | None:
    """A date as the wire writes it: midnight UTC, with no instant meant."""
    return None if day is None else dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def last_day(end: dt.date | None) -> dt.datetime | None:
    """The wire's ends are inclusive: the last day of a term or period that ends before the day ``end``."""
    return midnight(end - dt.timedelta(days=1)) if end is not None else None


def day_after(last: dt.datetime | None) -> dt.date | None:
    """The first day after the term whose last day the wire names; None where that is no date that can be."""
    if last is None or last.date() == dt.date.max:
        return None
    return last.date() + dt.timedelta(days=1)


class Address(Wire):
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    country: str | None = None
    region: str | None = None
    city: str | None = None
    state: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    postal_code: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None


class UserCredentials(Wire):
    """A user name with the password that is told once."""

    user_name: str | None = None
    password: str | None = None


class KeyValue(Wire):
    """One entry of a list of names and values."""

    key: str | None = None
    value: str | None = None


class Contact(Wire):
    """A person to turn to."""

    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    email: str | None = None
    phone_number: str | None = None


class Placed(Protocol):
    """Something with a postal address, as the business keeps it."""

    @property
    def postal_code(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def street(self) -> str: ...


def address_at(place: Placed, country: str) -> Address:
    """The address on the wire: ``state`` is the prefecture or state."""
    return Address(
        country=country,
        city=place.city or None,
        state=place.region or None,
        address_line1=place.street or None,
        postal_code=place.postal_code or None,
    )


def given_address(address: Address | None) -> Mapping[str, str]:
    """The parts of the address that were given, by the names of the business; two lines become one."""
    if address is None:
        return {}
    lines = [line for line in (address.address_line1, address.address_line2) if line]
    parts = {
        "postal_code": address.postal_code,
        "region": address.state or address.region,
        "city": address.city,
        "street": None if address.address_line1 is None else " ".join(lines),
    }
    return {name: value for name, value in parts.items() if value is not None}


def parts_of_name(name: str) -> tuple[str | None, str | None]:
    """First and last name of a name that is kept whole; the family comes first in Chinese characters and kana."""
    one, _space, other = name.partition(" ") if FAMILY_FIRST.search(name) else name.rpartition(" ")[::-1]
    return (other or None, one or None) if other or FAMILY_FIRST.search(name) else (one or None, None)


def whole_name(first: str | None, last: str | None) -> str:
    """The name as it is kept, out of its two parts."""
    parts = [first or "", last or ""]
    return " ".join(part for part in (parts[::-1] if FAMILY_FIRST.search("".join(parts)) else parts) if part)


class Party(Wire):
    """An organisation that takes part."""

    id: uuid.UUID
    name: str | None = None
    latin_name: str | None = None
    country: str | None = None


class Price(Wire):
    """A price of one unit and billing period: ``amount`` is exact decimal text in the currency's major unit."""

    amount: str
    currency: str


def price_text(price: UnitPrice | None) -> Price | None:
    """The price as it is written, exactly."""
    return None if price is None else Price(amount=format(price.decimal, "f"), currency=price.currency)


def within(text: str | None, most: int, name: str) -> str:
    """A text that is not longer than it may be; empty where none was given. Raises WireError (800002)."""
    if text and len(text) > most:
        told = _("%(name)s has %(found)s characters; it may have %(most)s.")
        values = {"name": name, "found": len(text), "most": most}
        raise WireError(400, 800002, told % values, name)
    return text or ""

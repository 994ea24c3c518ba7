"""Addresses and countries, over the API."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import api_of, api_of_application
from tests.cast import Cast
from toiya.core.permissions import Role
from toiya.programme.models import Country

ADDRESS = {
    "Country": "jp",
    "PostalCode": "1000001",
    "State": "Tokyo",
    "City": "千代田区",
    "AddressLine1": "千代田1-1",
    "AddressLine2": "  3階 ",
    "FirstName": "花子",
}


@pytest.mark.operation("validations.address")
def test_an_address_is_compared_with_how_addresses_are_written_there(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """What was given, the country's own spelling of it, and what was asked and what not."""
    api = api_of_application(cast.kawase, Role.SALES_AGENT)

    with django_assert_num_queries(2):
        told = api.post("/v1/validations/address", ADDRESS)

    assert (told.status, told.body) == (
        200,
        {
            "originalAddress": {
                "country": "jp",
                "postalCode": "1000001",
                "state": "Tokyo",
                "city": "千代田区",
                "addressLine1": "千代田1-1",
                "addressLine2": "  3階 ",
                "firstName": "花子",
            },
            "suggestedAddresses": [
                {
                    "country": "JP",
                    "postalCode": "100-0001",
                    "state": "東京都",
                    "city": "千代田区",
                    "addressLine1": "千代田1-1",
                    "addressLine2": "3階",
                    "firstName": "花子",
                }
            ],
            "status": "Verified",
            "validationMessage": "It is written as addresses in Japan are. Whether it exists was not asked.",
            "attributes": {"objectType": "AddressValidationResponse"},
        },
    )


@pytest.mark.operation("validations.address")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"PostalCode": "12"}, "None"),
        ({"State": "Nowhere"}, "None"),
        ({"State": "Nowhere", "PostalCode": "12"}, "Multiple"),
        ({"AddressLine1": "x" * 201}, "StreetPartial"),
        ({"Country": "FR"}, "NotValidated"),
        ({"Country": "US", "State": "Washington", "PostalCode": "98052"}, "Verified"),
    ],
)
def test_what_is_wrong_with_an_address(cast: Cast, change: dict[str, Any], status: str) -> None:
    """A status, and a sentence that names the property."""
    told = api_of(cast.mei, language="ja-JP").post("/v1/validations/address", {**ADDRESS, **change})

    assert (told.status, told.body["status"]) == (200, status)
    assert not told.body["validationMessage"].isascii()
    assert bool(told.body["suggestedAddresses"]) == (status == "Verified")


@pytest.mark.operation("validations.address")
@pytest.mark.parametrize(
    ("change", "data"),
    [
        ({"Country": None, "AddressLine1": ""}, ["country", "addressLine1"]),
        ({"Country": "Japan"}, ["country"]),
        ({"Country": "日本"}, ["country"]),
        ({"State": None, "City": " ", "PostalCode": None}, ["postalCode", "state", "city"]),
        ({"PostalCode": {}}, ["postalCode"]),
    ],
)
def test_what_an_address_there_must_have(cast: Cast, change: dict[str, Any], data: list[str]) -> None:
    """The documents require five properties; here it is those that the country's addresses have."""
    told = api_of(cast.mei).post("/v1/validations/address", {**ADDRESS, **change})

    assert (told.status, told.body["code"], told.body["data"]) == (400, 800002, data)
    assert api_of(cast.riku).post("/v1/validations/address", ADDRESS).status == 403


@pytest.mark.operation("validations.country_rules")
def test_the_rules_of_a_country(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Of countries in which the programme is open, and of no others. The list of states is the language's own.

    Documents of 2015 nest the lists, the clients read them flat: the clients' form is answered.
    """
    Country.objects.create(code="IN", currency="INR", sales_region="Asia")
    api = api_of(cast.kai)

    with django_assert_num_queries(2):
        told = api.get("/v1/CountryValidationRules/jp")

    rules = told.body
    states = rules.pop("supportedStatesList")
    assert (states[0], len(states)) == ("北海道", 47)
    assert (told.status, rules) == (
        200,
        {
            "iso2Code": "JP",
            "defaultCulture": "ja-JP",
            "isStateRequired": True,
            "supportedLanguagesList": ["ja", "en"],
            "supportedCulturesList": ["ja-JP", "en-US"],
            "isPostalCodeRequired": True,
            "postalCodeRegex": "^\\d{3}-?\\d{4}$",
            "isCityRequired": True,
            "isVatIdSupported": False,
            "isTaxIdSupported": False,
            "countryCallingCodesList": ["81"],
            "attributes": {"objectType": "CountryInformation"},
        },
    )
    india = api.get("/v1/countryvalidationrules/IN").body
    assert india["customerOrganizationRegistrationNumberRegex"] == "^[0-9A-Za-z][0-9A-Za-z ./-]{4,21}$"
    Country.objects.filter(pk="US").update(is_open=False)
    for nowhere in ("US", "FR", "ZZ", "Japan", "x" * 3000):
        missing = api.get(f"/v1/countryvalidationrules/{nowhere}")
        assert (missing.status, missing.body["code"]) == (404, 1000)
    assert api_of(cast.riku).get("/v1/countryvalidationrules/JP").status == 403

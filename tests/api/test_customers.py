"""Customers over the API."""

import base64
import json

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import api_of
from tests.cast import Cast, found, relate


@pytest.mark.operation("customers.list", "customers.get")
def test_a_partner_reads_its_customers(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The list, a page at a time, and one customer; somebody else's customer does not exist.

    Plant: without the filter by relationship in customers/relationships.py Yui reads Aoba.
    """
    relate(cast.hinode, cast.aoba)
    other = found(cast.family, "Beni", "beni.example.com")
    relate(cast.hinode, other)
    api = api_of(cast.mei)

    first = api.get("/v1/customers?size=1")

    assert first.status == 200
    (only,) = first.body["items"]
    assert only == {
        "id": str(other.pk),
        "companyProfile": {
            "tenantId": str(other.pk),
            "domain": "beni.example.com",
            "companyName": "Beni",
            "attributes": {"objectType": "CustomerCompanyProfile"},
        },
        "relationshipToPartner": "reseller",
        "links": {"self": {"uri": f"/customers/{other.pk}", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Customer"},
    }
    following = first.body["links"]["next"]
    token = {header["key"]: header["value"] for header in following["headers"]}
    second = api.call(following["method"], f"/v1{following['uri']}", **token)
    assert [item["companyProfile"]["companyName"] for item in second.body["items"]] == [cast.aoba.name]
    assert "continuationToken" not in second.body
    with django_assert_num_queries(2):
        assert api.get("/v1/customers").body["totalCount"] == 2
    assert api.get(f"/v1/customers/{cast.aoba.pk}").body["id"] == str(cast.aoba.pk)
    unknown = api_of(cast.yui).get(f"/v1/customers/{cast.aoba.pk}")
    assert (unknown.status, unknown.body["code"]) == (404, 60003)


@pytest.mark.parametrize(
    "path",
    ["/V1/Customers/", "/v1//customers", "/en-us/v1/customers", "/v1/customers?SIZE=5&SeekOperation=First"],
)
def test_addresses_are_read_as_clients_write_them(cast: Cast, path: str) -> None:
    """Any case, a slash too many, a language in front (conventions.md section 1)."""
    relate(cast.hinode, cast.aoba)

    told = api_of(cast.mei).get(path)

    assert [item["id"] for item in told.body["items"]] == [str(cast.aoba.pk)]


@pytest.mark.parametrize("values", [["a", "b"], ["", "\0"], ["\ud800", ""], [1], {}, "x"])
def test_a_broken_continuation_token_begins_anew(cast: Cast, values: object) -> None:
    """Plant: without the guards of core/pagination.py the database refuses what the token holds, with 500."""
    relate(cast.hinode, cast.aoba)
    token = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    told = api_of(cast.mei).get("/v1/customers?seekOperation=Next", MS_ContinuationToken=token)

    assert [item["id"] for item in told.body["items"]] == [str(cast.aoba.pk)]

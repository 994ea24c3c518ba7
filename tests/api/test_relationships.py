"""Who works with whom, over the API."""

import json
from urllib.parse import quote

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import api_of, api_of_application
from tests.cast import Cast, found, partner, relate
from tests.commerce import build_shop, subscribed
from toiya.core.permissions import Capacity, Role
from toiya.membership.models import OrganizationProfile
from toiya.relations.models import ResellerRelationship

AS_PROVIDER = "/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf"
AS_RESELLER = "/v1/relationships?relationship_type=IsIndirectResellerOf"


def by_name(text: str, operator: str = "substring") -> str:
    return "&filter=" + quote(json.dumps({"Field": "Name", "Value": text, "Operator": operator}))


@pytest.mark.operation("relationships.list")
def test_a_provider_lists_its_resellers_and_a_reseller_its_providers(cast: Cast) -> None:
    """Whole rows; ended partnerships and those of others are not there; the name is compared without case and kana.

    Plant: without ``live()`` the ended partnership with Yamabuki is listed.
    """
    partner(cast.hinode, cast.kawase)
    ended = partner(cast.hinode, cast.yamabuki)
    ended.ended_at = ended.since
    ended.save()
    partner(cast.midori, cast.yamabuki)
    OrganizationProfile.objects.create(
        membership_id="1234567", name=cast.kawase.name, country_id="JP", owner=cast.kawase
    )

    told = api_of(cast.mei).get(AS_PROVIDER)

    row = {
        "id": str(cast.kawase.pk),
        "name": "カワセシステムズ",
        "relationshipType": "is_indirect_cloud_solution_provider_of",
        "mpnId": "1234567",
        "location": "JP",
        "state": "Active",
        "attributes": {"objectType": "PartnerRelationship"},
    }
    assert (told.status, told.body) == (
        200,
        {
            "totalCount": 1,
            "items": [row],
            "links": {
                "self": {
                    "uri": "/relationships?relationship_type=is_indirect_cloud_solution_provider_of",
                    "method": "GET",
                    "headers": [],
                }
            },
            "attributes": {"objectType": "Collection"},
        },
    )
    (provider,) = api_of(cast.nao).get(AS_RESELLER).body["items"]
    assert provider == {
        "id": str(cast.hinode.pk),
        "name": "ヒノデ商事",
        "relationshipType": "is_indirect_reseller_of",
        "location": "JP",
        "state": "Active",
        "attributes": {"objectType": "PartnerRelationship"},
    }
    assert api_of(cast.kai).get(AS_PROVIDER).body["items"] == []
    mei = api_of(cast.mei)
    assert mei.get(AS_PROVIDER + by_name("しすてむ")).body["items"] == [row]
    assert mei.get(AS_PROVIDER + by_name("かわせ商事")).body["items"] == []
    assert mei.get(AS_PROVIDER + by_name("かわせ", "starts_with")).body["items"] == [row]
    assert mei.get(AS_PROVIDER + by_name("しすてむ", "StartsWith")).body["items"] == []
    assert mei.get("/v1/relationships?relationship_type=none").body["items"] == [row]


@pytest.mark.operation("relationships.list_customer_partners_of_partner")
def test_the_same_list_by_one_s_own_id(cast: Cast) -> None:
    """With whom another organisation works is not told, not even to its partner.

    Plant: without the comparison Kai reads all resellers of Hinode.
    """
    partner(cast.hinode, cast.kawase)
    partner(cast.hinode, cast.yamabuki)
    mei, kai = api_of(cast.mei), api_of(cast.kai)
    address = f"/v1/relationships/{cast.hinode.pk}/customer"

    told = mei.get(address)

    assert told.status == 200
    assert [row["name"] for row in told.body["items"]] == ["カワセシステムズ", "ヤマブキ情報"]
    assert told.body["items"] == mei.get(AS_PROVIDER).body["items"]
    assert told.body["links"]["self"]["uri"] == f"/relationships/{cast.hinode.pk}/customer"
    assert mei.get(f"{address}?relationship_type=isIndirectResellerOf").body["items"] == []
    foreign, nobody = kai.get(address), kai.get(f"/v1/relationships/{cast.emi.pk}/customer")
    assert (foreign.status, foreign.body["code"]) == (404, 1000)
    assert foreign.content == nobody.content
    assert api_of(cast.riku).get(address).status == 403
    robot = api_of_application(cast.hinode, Role.ADMIN_AGENT).get(address)
    assert (robot.status, robot.body["code"]) == (403, 900329)


@pytest.mark.operation("relationships.list", "relationships.list_for_customer")
@pytest.mark.parametrize("number", [1, 3])
def test_the_lists_take_the_same_statements(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    """The caller, the partnerships, their membership IDs; for a customer also the relationship and its domains."""
    relate(cast.hinode, cast.aoba)
    for place in range(number):
        reseller = found(cast.family, f"R{place}", f"r{place}.example", Capacity.RESELLER)
        partner(cast.hinode, reseller)
        relate(reseller, cast.aoba)
    api = api_of(cast.mei)

    with django_assert_num_queries(3):
        assert api.get(AS_PROVIDER).body["totalCount"] == number
    with django_assert_num_queries(5):
        assert api.get(f"/v1/customers/{cast.aoba.pk}/relationships").body["totalCount"] == number


@pytest.mark.operation("relationships.list")
@pytest.mark.parametrize(
    "address",
    [
        "/v1/relationships",
        "/v1/relationships?relationship_type=",
        "/v1/relationships?relationship_type=IsFriendOf",
        AS_PROVIDER + "&filter={",
        AS_PROVIDER + by_name("a", "equals"),
    ],
)
def test_the_kind_of_relationship_must_be_said(cast: Cast, address: str) -> None:
    """400 with 800002."""
    told = api_of(cast.mei).get(address)

    assert (told.status, told.body["code"]) == (400, 800002)


@pytest.mark.operation("relationships.list_for_customer")
def test_the_partners_who_serve_the_customer_as_well(cast: Cast) -> None:
    """Only partners of the caller, from both sides; somebody else's customer has none.

    Plant: all who serve the customer, also those who are no partners of the caller.
    """
    partner(cast.hinode, cast.kawase)
    partner(cast.hinode, cast.yamabuki)
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    relate(cast.midori, cast.aoba)
    address = f"/v1/customers/{cast.aoba.pk}/relationships"

    told = api_of(cast.mei).get(address)

    assert [(row["id"], row["relationshipType"]) for row in told.body["items"]] == [
        (str(cast.kawase.pk), "is_indirect_cloud_solution_provider_of")
    ]
    assert told.body["links"]["self"]["uri"] == f"/customers/{cast.aoba.pk}/relationships"
    assert [(row["id"], row["relationshipType"]) for row in api_of(cast.kai).get(address).body["items"]] == [
        (str(cast.hinode.pk), "is_indirect_reseller_of")
    ]
    assert api_of(cast.jun).get(address).body["items"] == []
    outsider = api_of(cast.yui).get(address)
    assert (outsider.status, outsider.body["code"]) == (404, 60003)
    assert outsider.content == api_of(cast.yui).get(f"/v1/customers/{cast.emi.pk}/relationships").content


@pytest.mark.operation("relationships.delete_reseller_relationship", "relationships.delete_partner")
@pytest.mark.parametrize("path", ["CustomerPartnerRelationships/reseller", "relationships/partner"])
def test_a_partner_stops_serving_a_customer(cast: Cast, path: str) -> None:
    """204 without a body, once; refused while something is active; for the other partner nothing changes."""
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    subscription = subscribed(cast, build_shop(cast), cast.aoba)
    address = f"/v1/customers/{cast.aoba.pk}/{path}"
    mei = api_of(cast.mei)

    active = mei.delete(address)
    subscription.state = "suspended"
    subscription.save()
    outsider, nobody = (
        api_of(cast.yui).delete(address),
        api_of(cast.yui).delete(f"/v1/customers/{cast.emi.pk}/{path}"),
    )
    agent = api_of(cast.sora).delete(address)
    robot = api_of_application(cast.hinode, Role.GLOBAL_ADMIN).delete(address)
    told = mei.delete(address)
    again = mei.delete(address)

    assert (active.status, active.body["data"]) == (409, ["still_active"])
    assert (outsider.status, outsider.body["code"]) == (404, 60003)
    assert outsider.content == nobody.content
    assert (agent.status, agent.body["code"]) == (403, 900150)
    assert (robot.status, robot.body["code"]) == (403, 900329)
    assert (told.status, told.content) == (204, b"")
    assert again.status == 404
    assert list(ResellerRelationship.objects.live().values_list("partner_id", flat=True)) == [cast.kawase.pk]
    assert api_of(cast.kai).get(f"/v1/customers/{cast.aoba.pk}").status == 200

"""Licences over the API: seats, who has one, assigned and removed; never more than there are (N-26, G-30)."""

import uuid
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Told, api_of, api_of_application
from tests.cast import Cast, browser_of
from tests.commerce import subscribed
from tests.licences.story import Office, holders, open_office, pool, staff
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import DirectoryRole, Role
from toiya.directory.models import Person
from toiya.licences.models import Licence

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(cast: Cast) -> Office:
    """Aoba has two seats of Office, and lends Kawase the licences."""
    return open_office(cast, DirectoryRole.LICENSE_ADMINISTRATOR, seats=2)


def skus(cast: Cast) -> str:
    """The seats of Aoba."""
    return f"/v1/customers/{cast.aoba.pk}/subscribedskus"


def of(person: Person, tail: str = "licenses") -> str:
    """The licences of a user."""
    return f"/v1/customers/{person.tenant_id}/users/{person.pk}/{tail}"


def assign(office: Office, *off: str) -> dict[str, object]:
    """Office, with these plans off."""
    return {"licensesToAssign": [{"skuId": str(office.shop.office.pk), "excludedPlans": list(off)}]}


def code(told: Told) -> tuple[int, int]:
    """Status and number of a refusal."""
    return told.status, told.body["code"]


def plan(name: str, status: str) -> dict[str, str]:
    """A plan on the wire."""
    return {
        "displayName": name,
        "serviceName": name.lower(),
        "id": name.lower(),
        "capabilityStatus": status,
        "targetType": "User",
    }


@pytest.mark.operation("licenses.list_subscribed_skus", "licenses.list_user", "licenses.update_user")
@pytest.mark.requirement("N-26")
def test_a_licence_is_assigned_seen_and_removed(
    cast: Cast, office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Whole answers; the page has what the API did, and the other way round; the same request again does nothing.

    Planted fault: excludedPlans that are not read, and files stay on.
    """
    api, request_id, sku = api_of(cast.kai), str(uuid.uuid4()), office.shop.office
    product = {
        "id": str(sku.pk),
        "name": "Office Standard",
        "skuPartNumber": "standard",
        "targetType": "User",
        "licenseGroupId": "group1",
    }

    told = api.post(of(cast.taro, "licenseupdates"), assign(office, "files"), MS_RequestId=request_id)

    assert (told.status, told.body) == (
        201,
        {**assign(office, "files"), "licenseWarnings": [], "attributes": {"objectType": "LicenseUpdate"}},
    )
    again = api.post(of(cast.taro, "licenseupdates"), assign(office, "files"), MS_RequestId=request_id)
    assert again.content == told.content
    assert AuditRecord.objects.filter(action=AuditAction.ASSIGN_LICENSE).count() == 1
    assert api.get(of(cast.taro)).body["items"] == [
        {
            "servicePlans": [plan("Mail", "Assigned"), plan("Meetings", "Assigned")],
            "productSku": product,
            "attributes": {"objectType": "License"},
        }
    ]
    assert api.get(skus(cast)).body == {
        "totalCount": 1,
        "items": [
            {
                "availableUnits": 1,
                "activeUnits": 2,
                "consumedUnits": 1,
                "suspendedUnits": 0,
                "totalUnits": 2,
                "warningUnits": 0,
                "productSku": product,
                "servicePlans": [plan(name, "Enabled") for name in ("Mail", "Files", "Meetings")],
                "capabilityStatus": "Enabled",
                "attributes": {"objectType": "SubscribedSku"},
            }
        ],
        "links": {
            "self": {"uri": f"/customers/{cast.aoba.pk}/subscribedskus", "method": "GET", "headers": []}
        },
        "attributes": {"objectType": "Collection"},
    }
    page = browser_of(cast.kai).get(f"{office.users}{cast.taro.pk}/").content.decode()
    assert "Office Standard" in page

    wish = {f"wish-{sku.pk}": "assign", f"plans-{sku.pk}": ["mail"]}
    assert browser_of(cast.kai).post(f"{office.users}{cast.taro.pk}/licences/", wish).status_code == 302
    with django_assert_num_queries(9):
        (seen,) = api.get(of(cast.taro)).body["items"]
    assert seen["servicePlans"] == [plan("Mail", "Assigned")]

    removed = api.post(of(cast.taro, "licenseupdates"), {"licensesToRemove": [str(sku.pk)]})
    assert (removed.status, removed.body["licenseWarnings"]) == (201, [])
    assert api.get(of(cast.taro)).body["items"] == []
    assert holders(cast.aoba, sku) == []


@pytest.mark.operation("licenses.list_subscribed_skus", "licenses.list_user")
def test_groups_and_the_number_of_statements(
    cast: Cast, office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """All licences are in Group1, which is the default; Group2 is an empty list, not an error.

    Plant: only the last licenseGroupIds read, and Group1 with Group2 is empty.
    """
    api = api_of(cast.kai)
    with django_assert_num_queries(8):
        assert api.get(skus(cast)).body["totalCount"] == 1
    for name in ("premium", "archive"):
        subscribed(cast, office.shop, cast.aoba, quantity=3, offer=name)
    with django_assert_num_queries(8):
        assert api.get(skus(cast)).body["totalCount"] == 3
    for sku in (office.shop.office, office.shop.premium):
        body = {"licensesToAssign": [{"skuId": str(sku.pk)}]}
        assert api.post(of(cast.taro, "licenseupdates"), body).status == 201

    for query, seats, held in (
        ("", 3, 2),
        ("?licenseGroupIds=Group1", 3, 2),
        ("?licensegroupids=group1&licensegroupids=group2", 3, 2),
        ("?licenseGroupIds=Group2", 0, 0),
    ):
        assert api.get(f"{skus(cast)}{query}").body["totalCount"] == seats
        with django_assert_num_queries(9 if held else 7):
            assert api.get(f"{of(cast.taro)}{query}").body["totalCount"] == held
    assert code(api.get(f"{skus(cast)}?licenseGroupIds=Group9")) == (400, 800002)


@pytest.mark.operation("licenses.update_user")
@pytest.mark.goal("G-30")
def test_seats_are_never_oversold(cast: Cast, office: Office) -> None:
    """Two seats, three users: the third is told 60012, and gets nothing of what came with it.

    Planted fault: ``take_seat`` that counts without comparing.
    """
    subscribed(cast, office.shop, cast.aoba, quantity=5, offer="premium")
    api, sku, premium = api_of(cast.kai), office.shop.office, office.shop.premium
    one, two, three = staff(cast.aoba, 3)
    for person in (one, two):
        assert api.post(of(person, "licenseupdates"), assign(office)).status == 201
    both = {"licensesToAssign": [{"skuId": str(premium.pk)}, {"skuId": str(sku.pk)}]}

    told = api.post(of(three, "licenseupdates"), both)

    assert (code(told), told.body["data"]) == ((400, 60012), ["no_seat_free"])
    assert "Office Standard" in told.body["description"]
    assert (holders(cast.aoba, sku), holders(cast.aoba, premium)) == ([one.pk, two.pk], [])
    assert (pool(cast.aoba, sku).assigned, pool(cast.aoba, premium).assigned) == (2, 0)

    swap = {"licensesToAssign": [{"skuId": str(premium.pk)}], "licensesToRemove": [str(sku.pk)]}
    assert api.post(of(one, "licenseupdates"), swap).status == 201
    assert api.post(of(three, "licenseupdates"), both).status == 201, "the seat that became free"
    assert (pool(cast.aoba, sku).assigned, pool(cast.aoba, premium).assigned) == (2, 2)


@pytest.mark.operation("licenses.update_user")
def test_what_has_not_to_be_done_is_a_warning(cast: Cast, office: Office) -> None:
    """A licence that is there already with these plans, and one to remove that is not there."""
    api, sku = api_of(cast.kai), office.shop.office
    assert api.post(of(cast.taro, "licenseupdates"), assign(office, "files")).body["licenseWarnings"] == []
    same = api.post(
        of(cast.taro, "licenseupdates"), {"LicensesToAssign": [{"SkuId": str(sku.pk), "ExcludedPlans": None}]}
    )
    (warning,) = same.body["licenseWarnings"]
    assert (warning["code"], warning["servicePlans"], str(sku.pk) in warning["message"]) == (
        "unchanged",
        [],
        True,
    )
    assert Licence.objects.get(person=cast.taro).disabled_plans == ["files"], "not given: as it was"
    assert api.post(of(cast.taro, "licenseupdates"), assign(office)).body["licenseWarnings"] == []
    assert Licence.objects.get(person=cast.taro).disabled_plans == []
    absent = api.post(of(cast.emi, "licenseupdates"), {"licensesToRemove": [str(sku.pk), str(uuid.uuid4())]})
    assert (absent.status, len(absent.body["licenseWarnings"])) == (201, 2)
    nothing = api.post(of(cast.emi, "licenseupdates"), {})
    assert (nothing.status, nothing.body["licenseWarnings"]) == (201, [])


@pytest.mark.operation("licenses.update_user")
@pytest.mark.parametrize(
    ("wrong", "number", "about"),
    [
        ({"licensesToAssign": [{"excludedPlans": []}]}, 800002, "licensesToAssign[0].skuId"),
        ({"licensesToAssign": [{"skuId": "standard"}]}, 800002, "licensesToAssign[0].skuId"),
        ({"licensesToAssign": [{"skuId": 10**30}]}, 800002, "licensesToAssign[0].skuId"),
        (
            {"licensesToAssign": [{"skuId": "SKU", "excludedPlans": ["calls"]}]},
            800002,
            "licensesToAssign.excludedPlans",
        ),
        (
            {"licensesToAssign": [{"skuId": "SKU", "excludedPlans": ["mail", "files", "meetings"]}]},
            800002,
            "licensesToAssign.excludedPlans",
        ),
        (
            {"licensesToAssign": [{"skuId": "SKU", "excludedPlans": [1]}]},
            800002,
            "licensesToAssign[0].excludedPlans[0]",
        ),
        ({"licensesToAssign": [{"skuId": "SKU", "excludedPlans": ["a\0"]}]}, 800002, None),
        ({"licensesToAssign": [{"skuId": str(uuid.uuid4())}]}, 60012, "no_such_seats"),
        ({"licensesToRemove": ["standard"]}, 800002, "licensesToRemove[0]"),
        ({"licensesToRemove": {"a": 1}}, 800002, "licensesToRemove"),
    ],
)
def test_what_cannot_be_assigned_is_named(
    cast: Cast, office: Office, wrong: dict[str, Any], number: int, about: str | None
) -> None:
    """400 with the property; nothing is assigned."""
    for part in wrong.get("licensesToAssign", ()):
        if part.get("skuId") == "SKU":
            part["skuId"] = str(office.shop.office.pk)

    told = api_of(cast.kai).post(of(cast.taro, "licenseupdates"), wrong)

    assert code(told) == (400, number), told.body
    assert about is None or about in told.body["data"]
    assert not Licence.objects.exists()


@pytest.mark.goal("G-01")
@pytest.mark.operation("licenses.list_subscribed_skus", "licenses.list_user", "licenses.update_user")
def test_licences_only_by_consent(cast: Cast, office: Office) -> None:
    """Outsiders find no customer, partners without access are told so, and a disabled user gets nothing.

    Planted fault: ``licences_of`` without ``must_read``.
    """
    nobody = uuid.uuid4()
    for person, expected in (
        (cast.yui, (404, 60003)),
        (cast.mei, (403, 900150)),
        (cast.nao, (403, 900150)),
        (cast.sora, (403, 900150)),
    ):
        api = api_of(person)
        for told in (
            api.get(skus(cast)),
            api.get(of(cast.taro)),
            api.post(of(cast.taro, "licenseupdates"), assign(office)),
        ):
            assert code(told) == expected, person
    kai = api_of(cast.kai)
    for user in (nobody, cast.riku.pk):
        path = f"/v1/customers/{cast.aoba.pk}/users/{user}"
        assert code(kai.get(f"{path}/licenses")) == (404, 60002)
        assert code(kai.post(f"{path}/licenseupdates", assign(office))) == (404, 60002)
    assert code(api_of_application(cast.kawase, Role.ADMIN_AGENT).get(skus(cast))) == (403, 900329)
    browser_of(cast.emi).post(f"/organization/people/{cast.taro.pk}/disable/")
    told = kai.post(of(cast.taro, "licenseupdates"), assign(office))
    assert (code(told), told.body["data"]) == ((400, 800002), ["user_disabled"])
    assert not Licence.objects.exists()

"""What was bought once, and what the partner may administer, over the API."""

import pytest
from django.conf import settings
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import api_of, api_of_application
from tests.api.test_subscriptions import link, path_of, refused
from tests.cast import Cast, browser_of
from tests.commerce import subscribed
from tests.orders.story import market, ordered
from tests.subscriptions.story import granted, sold
from toiya.core.permissions import Role


@pytest.mark.operation("entitlements.list")
def test_what_was_bought_once(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """One-time purchases with their order and line; no reservations; the outsider; in the name of a person only.

    Plant: without the kind in ``entitlements_of`` the licences are listed, too.
    """
    bought = market(cast)
    at, api = f"/v1/customers/{cast.aoba.pk}/entitlements", api_of(cast.mei)
    assert api.get(at).body == {"totalCount": 0, "items": [], "attributes": {"objectType": "Collection"}}
    order = ordered(bought, ("office", 3), ("setup", 2))

    with django_assert_num_queries(5):
        told = api.get(f"{at}?entitlementtype=Software&showExpiry=true")

    assert told.body["items"] == [
        {
            "includedEntitlements": [],
            "referenceOrder": {"id": str(order.pk), "lineItemId": "1"},
            "productId": str(bought.shop.product.pk),
            "quantity": 2,
            "entitledArtifacts": [],
            "skuId": str(bought.shop.setup.pk),
            "entitlementType": "software",
        }
    ]
    taken_over = subscribed(cast, bought.shop, cast.aoba, offer="setup", quantity=1)
    subscribed(cast, bought.shop, cast.aoba, offer="setup", quantity=1)
    with django_assert_num_queries(5):
        found = api.get(at).body
    assert [one["referenceOrder"].get("lineItemId") for one in found["items"]] == ["1", None, None]
    assert api_of(cast.kai).get(at).body == found
    for kind in ("ReservedInstance", "virtualmachinereservedinstance"):
        assert api.get(f"{at}?entitlementType={kind}").body["items"] == []
    assert refused(api.get(f"{at}?entitlementType=Hardware")) == (400, 800002)
    assert refused(api_of(cast.yui).get(at)) == (404, 60003)
    assert refused(api_of(cast.riku).get(at)) == (403, 900150)
    assert refused(api_of_application(cast.hinode, Role.ADMIN_AGENT).get(at)) == (403, 900329)
    assert api.patch(path_of(taken_over), {"status": "deleted"}).status == 200
    assert api.get(at).body["totalCount"] == 2


@pytest.mark.operation("managed_services.list")
def test_what_the_partner_may_administer(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Each service whose users the grant lets the caller administer, with its page; without a grant none.

    Plant: without ``acts_in`` Mei, whose organisation holds no grant, gets 404 for a customer that it serves.
    """
    shop, _row = sold(cast)
    at, kai = f"/v1/customers/{cast.aoba.pk}/managedservices", api_of(cast.kai)
    nothing = {"totalCount": 0, "items": [], "attributes": {"objectType": "Collection"}}
    assert kai.get(at).body == nothing
    granted(cast, cast.kawase)

    told = kai.get(at)

    page = reverse("licences:holders", args=[cast.aoba.pk, shop.office.pk])
    assert told.body["items"] == [
        {
            "id": str(shop.office.pk),
            "name": "Office Standard",
            "groupName": "Tsubame Office",
            "links": {"adminService": link(f"{settings.ORIGIN}{page}")},
            "attributes": {"objectType": "ManagedService"},
        }
    ]
    assert "Office Standard" in browser_of(cast.kai).get(page).content.decode()
    with django_assert_num_queries(11):
        assert kai.get(at).body["totalCount"] == 1
    for offer in ("archive", "premium"):
        subscribed(cast, shop, cast.aoba, offer=offer)
    with django_assert_num_queries(11):
        assert kai.get(at).body["totalCount"] == 3
    assert api_of(cast.kai, language="ja-JP").get(at).body["items"][1]["name"] == "オフィス プレミアム"
    assert api_of(cast.mei).get(at).body == nothing
    assert refused(api_of(cast.yui).get(at)) == (404, 60003)
    assert refused(api_of(cast.riku).get(at)) == (403, 900150)
    assert refused(api_of_application(cast.kawase, Role.ADMIN_AGENT).get(at)) == (403, 900329)


def test_there_is_no_azure_plan(cast: Cast) -> None:
    """501 with the reason."""
    _shop, row = sold(cast)
    told = api_of(cast.mei).get(path_of(row, "/azureEntitlements"))
    assert refused(told) == (501, 0)
    assert "Azure plan" in told.body["description"]

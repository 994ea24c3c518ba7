"""Subscriptions over the API: read, changed as a whole, and kept in step with the pages."""

import datetime as dt
import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Api, Told, api_of, api_of_application
from tests.cast import Cast, browser_of, partner, relate
from tests.commerce import subscribed
from tests.subscriptions.story import (
    days_pass,
    granted,
    must_equal_its_events,
    sold,
    use_seats,
)
from toiya.core.permissions import Role
from toiya.directory.models import Tenant
from toiya.fulfilment.models import ConnectorKind, FulfilmentTask
from toiya.mail.models import OutgoingMail
from toiya.membership.models import OrganizationProfile
from toiya.subscriptions.models import ScheduledChange, Subscription, SubscriptionState


def path_of(subscription: Subscription, tail: str = "") -> str:
    """The address of a subscription, or of something of it."""
    return f"/v1/customers/{subscription.customer_id}/subscriptions/{subscription.pk}{tail}"


def enrolled(tenant: Tenant, number: str) -> OrganizationProfile:
    """The organisation has this membership ID."""
    return OrganizationProfile.objects.create(
        membership_id=number, name=tenant.name, country_id="JP", owner=tenant
    )


def midnight(day: dt.date | None, *, last: bool = False) -> str:
    """The date as the wire writes it; ``last``: the day before."""
    assert day is not None
    return f"{day - dt.timedelta(days=1) if last else day}T00:00:00Z"


def instant(at: dt.datetime | None) -> str:
    """The instant as the wire writes it."""
    assert at is not None
    return at.isoformat().replace("+00:00", "Z")


def link(uri: str) -> dict[str, object]:
    """A link of the wire."""
    return {"uri": uri, "method": "GET", "headers": []}


def refused(told: Told) -> tuple[int, int]:
    """Status and number."""
    return told.status, told.body["code"]


@pytest.mark.operation("subscriptions.get")
def test_a_subscription_is_read_whole(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Every property that is true of it. Documents win over SDKs: commitmentEndDate is the last day of the term.

    Plant: without ``last_day`` the term ends a day too late.
    """
    enrolled(cast.kawase, "4711")
    shop, row = sold(cast)
    row.refresh_from_db()
    offer = shop.offers["office"]
    at = f"/products/{shop.product.pk}/skus/{shop.office.pk}/availabilities/{offer.pk}"
    assert row.term_start is not None
    assert row.term_end is not None
    mei = api_of(cast.mei)
    first_month = dt.date.fromisoformat(mei.get(path_of(row)).body["billingCycleEndDate"][:10])

    with django_assert_num_queries(5):
        told = mei.get(path_of(row))

    assert told.status == 200
    assert told.headers["ETag"] == f'"{row.version}"'
    assert 27 <= (first_month - row.term_start).days <= 30
    end = dt.datetime.combine(row.term_end, dt.time(), dt.timezone(dt.timedelta(hours=9)))
    month_end = dt.datetime.combine(
        first_month + dt.timedelta(days=1), dt.time(), dt.timezone(dt.timedelta(hours=9))
    )
    assert told.body == {
        "id": str(row.pk),
        "orderId": str(row.order_id),
        "offerId": f"{shop.product.pk}:{shop.office.pk}:{offer.pk}",
        "offerName": "Office Standard",
        "friendlyName": "Office Standard",
        "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
        "quantity": 10,
        "unitType": "Licenses",
        "creationDate": instant(row.created_at),
        "effectiveStartDate": midnight(row.term_start),
        "commitmentEndDate": midnight(row.term_end, last=True),
        "commitmentEndDateTime": instant(end.astimezone(dt.UTC)),
        "cancellationAllowedUntilDate": instant(row.cancel_until),
        "billingCycleEndDate": midnight(first_month),
        "billingCycleEndDateTime": instant(month_end.astimezone(dt.UTC)),
        "status": "active",
        "autoRenewEnabled": True,
        "billingType": "license",
        "billingCycle": "monthly",
        "hasPurchasableAddons": True,
        "isTrial": False,
        "actions": ["edit", "cancel"],
        "termDuration": "P1Y",
        "renewalTermDuration": "P1Y",
        "refundOptions": [{"type": "Full", "expiresAt": instant(row.cancel_until)}],
        "isMicrosoftProduct": False,
        "partnerId": "4711",
        "contractType": "subscription",
        "publisherName": "Tsubame Cloud",
        "refundableQuantity": {
            "totalQuantity": 10,
            "details": [{"quantity": 10, "allowedUntilDateTime": instant(row.cancel_until)}],
        },
        "links": {
            "self": link(path_of(row).removeprefix("/v1")),
            "offer": link(f"/offers/{offer.pk}?country=JP"),
            "product": link(f"/products/{shop.product.pk}?country=JP"),
            "sku": link(f"/products/{shop.product.pk}/skus/{shop.office.pk}?country=JP"),
            "availability": link(f"{at}?country=JP"),
        },
        "attributes": {"etag": str(row.version), "objectType": "Subscription"},
    }
    for name in ("offer", "product", "sku", "availability"):
        assert mei.get(f"/v1{told.body['links'][name]['uri']}").status == 200
    japanese = api_of(cast.mei, language="ja-JP").get(path_of(row)).body
    assert (japanese["offerName"], japanese["friendlyName"]) == ("オフィス スタンダード",) * 2


@pytest.mark.operation("subscriptions.get", "subscriptions.list", "subscriptions.list_addons")
def test_each_of_the_chain_reads_it_and_nobody_else(cast: Cast) -> None:
    """Provider and reseller see it; an outsider gets the same bytes as for an id that does not exist.

    Plant: without ``managed_by`` in rights.py Yui, who serves Aoba as well, reads what Kawase sold.
    """
    _shop, row = sold(cast)
    relate(cast.yamabuki, cast.aoba)
    own = api_of(cast.kai).get(path_of(row)).body
    assert (own["id"], own["actions"]) == (str(row.pk), ["edit"])
    for api in (api_of_application(cast.hinode, Role.HELPDESK_AGENT), api_of(cast.nao)):
        assert api.get(path_of(row)).body["id"] == str(row.pk)
    assert api_of(cast.nao).get(path_of(row)).body["actions"] == []
    for outsider in (cast.yui, cast.jun):
        api = api_of(outsider)
        for tail in ("", "/addons"):
            told = api.get(path_of(row, tail))
            nothing = api.get(f"/v1/customers/{cast.aoba.pk}/subscriptions/{uuid.uuid4()}{tail}")
            assert refused(told) == refused(nothing) == (404, 20003)
            assert told.content == nothing.content
    assert api_of(cast.yui).get(f"/v1/customers/{cast.aoba.pk}/subscriptions").body["items"] == []
    assert refused(api_of(cast.jun).get(f"/v1/customers/{cast.aoba.pk}/subscriptions")) == (404, 60003)
    assert refused(api_of(cast.mei).get(f"/v1/customers/{cast.kawase.pk}/subscriptions/{row.pk}")) == (
        404,
        20003,
    )
    assert refused(api_of(cast.riku).get(path_of(row))) == (403, 900150)
    assert refused(api_of(cast.emi).get(path_of(row)))[0] == 403


@pytest.mark.operation("subscriptions.list", "subscriptions.list_addons")
def test_what_a_customer_has(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The latest first, also what has ended; by order, and by reseller of record; as many statements for 3 as for 1."""
    enrolled(cast.kawase, "4711")
    shop, row = sold(cast)
    api, at = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/subscriptions"
    with django_assert_num_queries(6):
        assert api.get(at).body["totalCount"] == 1
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", quantity=4, parent=row)
    setup = subscribed(cast, shop, cast.aoba, offer="setup", quantity=1)
    Subscription.objects.filter(pk=setup.pk).update(reseller_of_record=None, state=SubscriptionState.DELETED)

    with django_assert_num_queries(6):
        told = api.get(at)

    assert [item["id"] for item in told.body["items"]] == [str(one.pk) for one in (setup, add_on, row)]
    assert told.body["links"] == {"self": link(at.removeprefix("/v1"))}
    assert told.body["attributes"] == {"objectType": "Collection"}
    assert told.body["items"][2] == api.get(path_of(row)).body
    gone, second = told.body["items"][:2]
    assert (second["parentSubscriptionId"], second["links"]["parentSubscription"]) == (
        str(row.pk),
        link(path_of(row).removeprefix("/v1")),
    )
    assert (gone["commitmentEndDate"], gone["billingCycle"], gone["status"], gone["actions"]) == (
        "9999-12-31T00:00:00Z",
        "one_time",
        "deleted",
        [],
    )
    assert {"partnerId", "termDuration", "refundOptions", "billingCycleEndDate"} & set(gone) == set()
    assert gone["productType"]["id"] == "Software"

    def found(query: str) -> list[str]:
        return [item["id"] for item in api.get(f"{at}?{query}").body["items"]]

    assert found(f"order_id={row.order_id}") == [str(row.pk)]
    assert found("mpn_id=4711") == [str(add_on.pk), str(row.pk)]
    assert found("MPN_ID=1") == found("order_id=1") == []
    assert [item["id"] for item in api.get(path_of(row, "/addons")).body["items"]] == [str(add_on.pk)]
    assert api.get(path_of(add_on, "/addons")).body["items"] == []


def changed(api: Api, row: Subscription, **properties: object) -> Told:
    """Read it, put these properties in, send it back whole."""
    return api.patch(path_of(row), {**api.get(path_of(row)).body, **properties})


@pytest.mark.operation("subscriptions.update")
def test_everything_that_differs_is_changed_at_once(cast: Cast) -> None:
    """Quantity, name, reseller of record and schedule in one request; the page shows them; and taken away again."""
    enrolled(cast.kawase, "4711")
    enrolled(cast.yamabuki, "4712")
    partner(cast.hinode, cast.yamabuki)
    shop, row = sold(cast)
    api = api_of(cast.mei)
    cheaper = shop.offers["office prepaid"]
    plan = {
        "product": {
            "productId": str(shop.product.pk),
            "skuId": str(shop.office.pk),
            "availabilityId": str(shop.offers["office"].pk),
            "billingCycle": "Annual",
            "termDuration": "P1Y",
        },
        "quantity": 7,
    }

    told = changed(
        api,
        row,
        quantity=12,
        friendlyName="Main office",
        partnerId="4712",
        scheduledNextTermInstructions=plan,
    )

    assert told.status == 200
    assert told.body == api.get(path_of(row)).body
    assert (told.body["quantity"], told.body["friendlyName"], told.body["partnerId"]) == (
        12,
        "Main office",
        "4712",
    )
    scheduled = {
        "product": {
            "productId": str(shop.product.pk),
            "skuId": str(shop.office.pk),
            "availabilityId": str(cheaper.pk),
            "billingCycle": "annual",
            "termDuration": "P1Y",
        },
        "quantity": 7,
    }
    assert told.body["scheduledNextTermInstructions"] == told.body["nextChargeInstructions"] == scheduled
    assert told.body["refundableQuantity"]["totalQuantity"] == 12
    assert len(told.body["refundableQuantity"]["details"]) == 2
    after = must_equal_its_events(row)
    assert (after.reseller_of_record, after.reseller) == (cast.yamabuki, cast.kawase)
    page = browser_of(cast.mei).get(reverse("subscriptions:subscription", args=[row.pk])).content.decode()
    assert "Main office" in page
    assert "12 → 7" in page

    gone = changed(api, row, partnerId="", scheduledNextTermInstructions=None)
    assert {"partnerId", "scheduledNextTermInstructions", "nextChargeInstructions"} & set(gone.body) == set()
    assert not ScheduledChange.objects.exists()


@pytest.mark.operation("subscriptions.update")
def test_all_or_nothing(cast: Cast) -> None:
    """What is as wanted is not touched; a schedule survives other changes; what is refused in part changes nothing.

    Plant: without the transaction of ``alter_subscription`` the refused request leaves a new name.
    """
    _shop, row = sold(cast)
    api = api_of(cast.mei)
    scheduled = changed(api, row, scheduledNextTermInstructions={"quantity": 7}).body
    version = must_equal_its_events(row).version
    assert (changed(api, row).status, must_equal_its_events(row).version) == (200, version)
    more = changed(api, row, quantity=13)
    assert more.body["scheduledNextTermInstructions"] == scheduled["scheduledNextTermInstructions"]
    off = {
        **api.get(path_of(row)).body,
        "friendlyName": "Other",
        "autoRenewEnabled": False,
        "scheduledNextTermInstructions": {"quantity": 5},
    }
    # Without a request id the door opens no transaction of its own.
    headers = {"Authorization": f"Bearer {api.token}"}
    told = Client().patch(path_of(row), json.dumps(off), "application/json", headers=headers)
    assert (told.status_code, told.json()["code"]) == (400, 800093)
    after = must_equal_its_events(row)
    assert (after.friendly_name, after.auto_renew) == ("Office Standard", True)


@pytest.mark.operation("subscriptions.update")
def test_what_is_not_said_stays(cast: Cast) -> None:
    """A body that names one property changes one; null is not said, except for the schedule. Any case of names."""
    _shop, row = sold(cast)
    api = api_of(cast.mei)
    changed(api, row, scheduledNextTermInstructions={"quantity": 7})

    told = api.patch(path_of(row), {"Quantity": 11, "FriendlyName": None, "PartnerId": None, "Status": 0})

    assert (told.status, told.body["quantity"], told.body["friendlyName"]) == (200, 11, "Office Standard")
    assert told.body["scheduledNextTermInstructions"]["quantity"] == 7
    japanese = api_of(cast.mei, language="ja-JP")
    version = must_equal_its_events(row).version
    assert changed(japanese, row).body["friendlyName"] == "オフィス スタンダード"
    back = changed(japanese, row, scheduledNextTermInstructions={"quantity": 11})
    assert "scheduledNextTermInstructions" not in back.body
    assert must_equal_its_events(row).version == version + 1


@pytest.mark.operation("subscriptions.update")
def test_suspended_reactivated_and_cancelled(cast: Cast) -> None:
    """By the status; the reason is shown while it is suspended; what is deleted cannot be updated any more."""
    _shop, row = sold(cast)
    api = api_of(cast.mei)
    told = changed(api, row, status="suspended", suspensionReasons=["Not paid"], friendlyName="Office A")
    assert (told.body["status"], told.body["suspensionReasons"], told.body["friendlyName"]) == (
        "suspended",
        ["Not paid"],
        "Office A",
    )
    assert OutgoingMail.objects.filter(message="subscriptions/changed", context__reason="Not paid").exists()
    assert refused(changed(api, row, quantity=12)) == (400, 2001)
    assert refused(changed(api_of(cast.kai), row, status="active")) == (400, 800096)
    back = changed(api, row, status="Active", quantity=12)
    assert (back.body["status"], back.body["quantity"], "suspensionReasons" in back.body) == (
        "active",
        12,
        False,
    )
    assert refused(changed(api_of(cast.kai), row, status="deleted")) == (403, 2032)
    gone = changed(api, row, status="deleted")
    assert (gone.body["status"], gone.body["actions"]) == ("deleted", [])
    assert must_equal_its_events(row).state == SubscriptionState.DELETED
    assert refused(changed(api, row, friendlyName="Too late")) == (400, 2011)
    assert refused(changed(api, row, status="active")) == (400, 2011)
    assert changed(api, row).status == 200


@pytest.mark.operation("subscriptions.update")
@pytest.mark.parametrize(
    ("properties", "number"),
    [
        ({"quantity": 0}, 2002),
        ({"quantity": -1}, 2002),
        ({"quantity": 10**9}, 2002),
        ({"quantity": 10**30}, 2002),
        ({"quantity": "many"}, 800002),
        ({"id": str(uuid.uuid4())}, 800002),
        ({"id": "x"}, 800002),
        ({"friendlyName": "  "}, 800002),
        ({"friendlyName": "x" * 201}, 800002),
        ({"friendlyName": "\0"}, 800002),
        ({"status": "pending"}, 800040),
        ({"status": "disabled"}, 800040),
        ({"status": "frozen"}, 800002),
        ({"status": "suspended", "suspensionReasons": ["x" * 501]}, 800002),
        ({"billingCycle": "annual"}, 800097),
        ({"termDuration": "P3Y"}, 800121),
        ({"termDuration": "soon"}, 800121),
        ({"offerId": "premium"}, 2006),
        ({"offerId": "x"}, 800004),
        ({"partnerId": "0815"}, 800098),
        ({"partnerId": "4712"}, 800098),
        ({"scheduledNextTermInstructions": {"quantity": 0, "product": {"skuId": "x"}}}, 800004),
        ({"scheduledNextTermInstructions": {"quantity": 10**9}}, 2002),
        ({"scheduledNextTermInstructions": {"product": {"termDuration": "P3Y"}}}, 800004),
        ({"scheduledNextTermInstructions": {"product": {"productId": str(uuid.uuid4())}}}, 800004),
        ({"scheduledNextTermInstructions": {"product": {"availabilityId": str(uuid.uuid4())}}}, 800004),
        ({"scheduledNextTermInstructions": {"customTermEndDate": "2031-01-01"}}, 900246),
        ({"scheduledNextTermInstructions": {"customTermEndDate": "9999-12-31T00:00:00"}}, 900246),
    ],
)
def test_what_an_update_is_refused_with(cast: Cast, properties: dict[str, object], number: int) -> None:
    """400 with the number that clients know, and nothing has changed."""
    enrolled(cast.yamabuki, "4712")
    shop, row = sold(cast)
    if properties.get("offerId") == "premium":
        offer = shop.offers["premium"]
        properties = {"offerId": f"{shop.product.pk}:{shop.premium.pk}:{offer.pk}"}

    told = changed(api_of(cast.mei), row, **properties)

    assert refused(told) == (400, number)
    assert must_equal_its_events(row).version == row.version


@pytest.mark.operation("subscriptions.update")
def test_of_two_updates_the_second_hears_what_changed(cast: Cast) -> None:
    """A stale etag in the body or in If-Match: 400 with 2055 and the difference; without one there is no comparison.

    Plant: without the comparison before ``_wanted`` the old body is refused for its schedule, not as stale.
    """
    shop, row = sold(cast)
    api = api_of(cast.mei)
    old = api.get(path_of(row)).body
    browser_of(cast.mei).post(
        reverse("subscriptions:quantity", args=[row.pk]), {"version": row.version, "quantity": "12"}
    )

    told = api.patch(path_of(row), {**old, "friendlyName": "Late"})

    assert refused(told) == (400, 2055)
    assert told.body["data"] == ["changed_meanwhile", "Quantity: 10 → 12"]
    assert "Quantity: 10 → 12" in told.body["description"]
    del old["attributes"]
    del old["quantity"]
    assert refused(api.patch(path_of(row), old, If_Match=f'"{row.version}"')) == (400, 2055)
    for wrong in ("x", "9" * 5000, "-1", "9" * 17):
        assert refused(api.patch(path_of(row), old, If_Match=wrong)) == (400, 2055)
    assert api.patch(path_of(row), {**old, "friendlyName": "In time"}, If_Match='W/"*"').status == 200
    assert must_equal_its_events(row).quantity == 12
    granted(cast, cast.kawase)
    before = changed(api, row, scheduledNextTermInstructions={"product": {"billingCycle": "annual"}}).body
    browser_of(cast.mei).post(
        reverse("subscriptions:upgrade", args=[row.pk]),
        {"version": before["attributes"]["etag"], "availability": str(shop.offers["premium"].pk)},
    )
    upgraded = api.patch(path_of(row), {**before, "friendlyName": "Late again"})
    assert refused(upgraded) == (400, 2055)
    assert "Product: Office Standard → Office Premium" in upgraded.body["data"]


@pytest.mark.operation("subscriptions.update")
def test_an_update_sent_again_is_answered_again(cast: Cast) -> None:
    """The same MS-RequestId: the same answer, one change, although the etag is stale by now."""
    _shop, row = sold(cast)
    api, once = api_of_application(cast.hinode, Role.SALES_AGENT), str(uuid.uuid4())
    body = {**api.get(path_of(row)).body, "quantity": 12}

    first = api.patch(path_of(row), body, MS_RequestId=once)
    again = api.patch(path_of(row), body, MS_RequestId=once)

    assert (first.status, first.content) == (again.status, again.content) == (200, first.content)
    assert must_equal_its_events(row).version == row.version + 1


@pytest.mark.operation("subscriptions.update", "subscriptions.get_provisioning_status")
def test_the_vendor_provides_later(cast: Cast) -> None:
    """202 with where to look; until the vendor answers the quantity is the old one, and no second change begins."""
    shop, row = sold(cast)
    shop.connector.kind = ConnectorKind.WEBHOOK
    shop.connector.save()
    api = api_of(cast.mei)

    told = changed(api, row, quantity=12, friendlyName="Bigger")

    assert (told.status, told.body["quantity"], told.body["friendlyName"]) == (202, 10, "Bigger")
    assert told.headers["Location"].endswith(path_of(row))
    assert FulfilmentTask.objects.unfinished().get().payload["asked_quantity"] == 12
    assert refused(changed(api, row, quantity=13)) == (409, 900278)
    assert api.get(path_of(row, "/provisioningstatus")).body["status"] == "pending"


@pytest.mark.operation("subscriptions.update")
def test_a_reseller_changes_what_costs_nothing(cast: Cast) -> None:
    """Name, renewal, suspension, fewer at the renewal; what changes money is the provider's (S-099). Role and outsider.

    Plant: without ``must_order`` in quantity.py Kai gives one back.
    """
    _shop, row = sold(cast)
    api = api_of(cast.kai)
    assert changed(api, row, friendlyName="Ours", autoRenewEnabled=False).body["friendlyName"] == "Ours"
    told = changed(api, row, autoRenewEnabled=True, scheduledNextTermInstructions={"quantity": 8})
    assert told.body["scheduledNextTermInstructions"]["quantity"] == 8
    plan = {"scheduledNextTermInstructions": {"quantity": 12}}
    for what in ({"quantity": 12}, {"quantity": 9}, plan, {"partnerId": ""}):
        assert refused(changed(api, row, **what)) == (403, 2032)
    assert refused(api_of(cast.nao).patch(path_of(row), {"friendlyName": "x"})) == (403, 900150)
    assert refused(api_of(cast.yui).patch(path_of(row), {"friendlyName": "x"})) == (404, 20003)
    assert must_equal_its_events(row).quantity == 10


@pytest.mark.operation("subscriptions.update")
def test_windows_seats_and_parents(cast: Cast) -> None:
    """Fewer than are assigned, after the window, an add-on of what is suspended, a second end, trials."""
    shop, row = sold(cast)
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", quantity=4, parent=row)
    trial = subscribed(cast, shop, cast.aoba, offer="trial", quantity=25)
    setup = subscribed(cast, shop, cast.aoba, offer="setup", quantity=1)
    api = api_of(cast.mei)
    use_seats(row, 5)
    assert refused(changed(api, row, quantity=4)) == (400, 800090)
    assert refused(changed(api, trial, autoRenewEnabled=True)) == (400, 800093)
    assert refused(changed(api, setup, quantity=2)) == (400, 800095)
    changed(api, row, status="suspended")
    assert refused(changed(api, add_on, status="active")) == (409, 27009)
    changed(api, row, status="active")
    days_pass(cast, 10)
    assert refused(changed(api, row, quantity=9)) == (400, 900257)
    assert refused(changed(api, row, status="deleted")) == (400, 900117)
    late = subscribed(cast, shop, cast.aoba, offer="office", quantity=1)
    end = api.get(path_of(late)).body["commitmentEndDate"]
    told = changed(api, row, scheduledNextTermInstructions={"customTermEndDate": end})
    assert told.body["scheduledNextTermInstructions"]["customTermEndDate"] == end
    late.refresh_from_db()
    assert ScheduledChange.objects.get().term_end == late.term_end
    assert "refundOptions" not in told.body
    assert told.body["refundableQuantity"] == {"totalQuantity": 0, "details": []}


@pytest.mark.operation("subscriptions.get", "subscriptions.update")
def test_what_was_added_can_be_given_back(cast: Cast) -> None:
    """In mid-term: Partial, so many, until then; all of it in the first days of the term. Down to that and no further.

    Plant: without ``reduce_floor`` in ``_refundable`` all twelve seem refundable.
    """
    _shop, row = sold(cast)
    api = api_of(cast.mei)
    days_pass(cast, 10)

    told = changed(api, row, quantity=12)

    added = must_equal_its_events(row)
    assert told.body["refundOptions"] == [{"type": "Partial", "expiresAt": instant(added.reduce_until)}]
    assert told.body["refundableQuantity"] == {
        "totalQuantity": 2,
        "details": [{"quantity": 2, "allowedUntilDateTime": instant(added.reduce_until)}],
    }
    assert told.body["actions"] == ["edit"]
    assert refused(changed(api, row, quantity=9)) == (400, 900257)
    back = changed(api, row, quantity=10)
    assert (back.body["quantity"], back.body["refundableQuantity"]["totalQuantity"]) == (10, 0)


@pytest.mark.operation("subscriptions.get_provisioning_status")
def test_how_far_the_vendor_is(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Pending, success, failed; nothing to tell of what has ended. In the name of a person only."""
    shop, row = sold(cast)
    api = api_of(cast.mei)
    row.refresh_from_db()
    with django_assert_num_queries(3):
        told = api.get(path_of(row, "/provisioningstatus"))
    assert told.body == {
        "skuId": str(shop.office.pk),
        "status": "success",
        "quantity": 10,
        "endDate": midnight(row.term_end, last=True),
        "attributes": {"objectType": "SubscriptionProvisioningStatus"},
    }
    application = api_of_application(cast.hinode, Role.ADMIN_AGENT)
    assert refused(application.get(path_of(row, "/provisioningstatus"))) == (403, 900329)
    assert refused(api_of(cast.yui).get(path_of(row, "/provisioningstatus"))) == (404, 20003)
    Subscription.objects.filter(pk=row.pk).update(state="pending", activated_at=None, term_end=None)
    assert api.get(path_of(row, "/provisioningstatus")).body == {
        "skuId": str(shop.office.pk),
        "status": "pending",
        "quantity": 10,
        "attributes": {"objectType": "SubscriptionProvisioningStatus"},
    }
    assert refused(changed(api, row, friendlyName="x", status="suspended")) == (409, 800082)
    Subscription.objects.filter(pk=row.pk).update(state="deleted")
    assert api.get(path_of(row, "/provisioningstatus")).body["status"] == "failed"
    Subscription.objects.filter(pk=row.pk).update(activated_at=row.activated_at)
    assert refused(api.get(path_of(row, "/provisioningstatus"))) == (404, 800007)


@pytest.mark.operation("subscriptions.get_support_contact", "subscriptions.update_support_contact")
def test_whom_the_customer_asks(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The provider, until somebody chooses the reseller that holds administrator access; the customer is told."""
    enrolled(cast.kawase, "4711")
    _shop, row = sold(cast)
    api, at = api_of(cast.nao), path_of(row, "/supportcontact")
    with django_assert_num_queries(3):
        told = api.get(at)
    assert told.body == {
        "supportTenantId": str(cast.hinode.pk),
        "name": cast.hinode.name,
        "links": {"self": link(at.removeprefix("/v1"))},
        "attributes": {"etag": str(row.version), "objectType": "SupportContact"},
    }
    assert refused(api.put(at, {"supportMpnId": "4711"})) == (403, 900308)
    granted(cast, cast.kawase)
    told = api.put(at, {"supportMpnId": "4711"})
    assert (told.status, told.body["supportTenantId"], told.body["supportMpnId"]) == (
        200,
        str(cast.kawase.pk),
        "4711",
    )
    assert api.get(at).body == told.body
    assert must_equal_its_events(row).support_contact == cast.kawase
    letters = OutgoingMail.objects.filter(message="subscriptions/changed", to=cast.emi.contact_email)
    assert letters.count() == 1
    assert api.put(at, {"supportTenantId": str(cast.kawase.pk)}).status == 200
    assert letters.count() == 1
    old = {"supportTenantId": str(cast.hinode.pk), "attributes": {"etag": str(row.version)}}
    assert refused(api.put(at, old)) == (400, 2055)
    for nobody in (
        {},
        {"supportTenantId": str(cast.yamabuki.pk)},
        {"supportTenantId": "x"},
        {"supportMpnId": "0"},
    ):
        assert refused(api.put(at, nobody)) == (400, 800016)
    assert refused(api_of(cast.sora).put(at, {"supportMpnId": "4711"})) == (403, 900150)
    assert refused(api_of(cast.yui).put(at, {"supportMpnId": "4711"})) == (404, 20003)
    assert refused(api_of_application(cast.hinode, Role.ADMIN_AGENT).put(at, {})) == (403, 900329)


@pytest.mark.operation("subscriptions.list_custom_term_end_dates")
def test_ends_to_share(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The last days on which something of the partner's ends inside the wanted term, and what ends then."""
    shop, row = sold(cast)
    row.refresh_from_db()
    days_pass(cast, 10)
    later = subscribed(cast, shop, cast.aoba, offer="office prepaid")
    subscribed(cast, shop, cast.aoba, offer="trial", quantity=25)
    api, at = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/subscriptions/customTermEndDates"

    with django_assert_num_queries(4):
        told = api.get(f"{at}?term_duration=P1Y")

    first = {
        "allowedCustomTermEndDateType": "subscriptionAligned",
        "cotermSubscriptionIds": [str(row.pk)],
        "allowedCustomTermEndDate": midnight(row.term_end, last=True),
    }
    assert told.body["items"][0] == first
    assert [one["cotermSubscriptionIds"] for one in told.body["items"]] == [[str(row.pk)], [str(later.pk)]]
    assert told.body["links"]["self"]["uri"].endswith("customTermEndDates?term_duration=P1Y")
    assert api.get(f"{at}?TermDuration=p1y&targetCotermSubscriptionId={row.pk}").body["items"] == [first]
    assert api.get(f"{at}?term_duration=P1M").body["items"] == []
    assert api.get(f"{at}?term_duration=P1M&term_start_date={row.term_end}").body["totalCount"] == 1
    for wrong in ("", "?term_duration=P2Y"):
        assert refused(api.get(f"{at}{wrong}")) == (400, 800121)
    for wrong in ("soon", "9999-12-31", "%00"):
        assert refused(api.get(f"{at}?term_duration=P1Y&term_start_date={wrong}"))[0] == 400
    assert refused(api_of(cast.yui).get(f"{at}?term_duration=P1Y")) == (404, 60003)


def test_names_of_unbuilt_operations(cast: Cast) -> None:
    """Registration, activation and overage belong to another cloud, and say so."""
    _shop, row = sold(cast)
    api = api_of(cast.mei)
    assert refused(api.post(path_of(row, "/registrations"))) == (501, 0)
    assert refused(api.get(f"/v1/customers/{cast.aoba.pk}/subscriptions/overage")) == (501, 0)

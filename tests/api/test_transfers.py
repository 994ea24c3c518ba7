"""Transfers between providers over the API; the customer consents on its page."""

import uuid

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Api, Told, api_of, api_of_application
from tests.api.test_subscriptions import changed, enrolled, instant, link, path_of, refused
from tests.cast import Cast, browser_of, partner, relate
from tests.commerce import rule, subscribed
from tests.subscriptions.story import days_pass, must_equal_its_events, sold
from toiya.core.permissions import Capacity, Role
from toiya.fulfilment.models import ConnectorKind
from toiya.pricing.models import PriceBasis
from toiya.subscriptions.models import Subscription, Transfer, TransferState


def transfers_at(cast: Cast, tail: str = "") -> str:
    """The transfers of Aoba, or something of one of them."""
    return f"/v1/customers/{cast.aoba.pk}/transfers{tail}"


def asked(cast: Cast, **properties: object) -> Told:
    """Midori, which serves Aoba too, asks Hinode."""
    if not cast.aoba.relationships_as_customer.filter(partner=cast.midori).exists():
        relate(cast.midori, cast.aoba)
        rule(cast.midori, Capacity.PROVIDER, PriceBasis.RETAIL)
    body = {
        "sourcePartnerTenantId": str(cast.hinode.pk),
        "targetPartnerTenantId": str(cast.midori.pk),
        "lineItems": [],
    }
    return api_of(cast.jun).post(transfers_at(cast), {**body, **properties})


def consents(cast: Cast, transfer: Transfer, *chosen: Subscription) -> int:
    """Aoba's administrator agrees on the page."""
    path = reverse("organization:transfer", args=[transfer.pk])
    typed = {"agree": "on", "subscriptions": [str(row.pk) for row in chosen]}
    return browser_of(cast.emi).post(path, typed).status_code


@pytest.mark.operation("transfers.create", "transfers.get", "transfers.list")
def test_the_new_provider_asks(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """It hears nothing of what the customer has; the present provider reads the same, others nothing at all.

    Plant: without ``visible_to`` Hinode reads a transfer between two others.
    """
    sold(cast)
    relate(cast.yamabuki, cast.aoba)
    mei = api_of(cast.mei)
    assert mei.get(transfers_at(cast)).body == []

    told = asked(cast)

    row = Transfer.objects.get()
    expected = {
        "id": str(row.pk),
        "status": "Active",
        "createdTime": instant(row.created_at),
        "lastModifiedTime": instant(row.created_at),
        "customerName": cast.aoba.name,
        "customerTenantId": str(cast.aoba.pk),
        "partnertenantid": str(cast.midori.pk),
        "sourcePartnerName": cast.hinode.name,
        "sourcePartnerTenantId": str(cast.hinode.pk),
        "targetPartnerName": cast.midori.name,
        "targetPartnerTenantId": str(cast.midori.pk),
        "lineItems": [],
        "links": {"self": link(f"/customers/{cast.aoba.pk}/transfers/{row.pk}")},
        "attributes": {"etag": "1", "objectType": "TransferEntity"},
    }
    assert (told.status, told.body) == (201, expected)
    at = transfers_at(cast, f"/{row.pk}")
    own = {**expected, "partnertenantid": str(cast.hinode.pk)}
    with django_assert_num_queries(4):
        assert mei.get(at).body == own
    with django_assert_num_queries(5):
        assert mei.get(transfers_at(cast)).body == [own]
    assert cast.midori.name in browser_of(cast.mei).get(reverse("subscriptions:transfers")).content.decode()
    assert refused(mei.get(transfers_at(cast, f"/{uuid.uuid4()}"))) == (404, 900100)
    assert refused(mei.get(f"/v1/customers/{cast.kawase.pk}/transfers/{row.pk}")) == (404, 900100)
    for reseller in (cast.kai, cast.yui):
        assert refused(api_of(reseller).get(at))[0] == 403
    assert refused(api_of(cast.sora).get(at)) == (403, 900150)
    assert refused(asked(cast)) == (409, 900101)
    Transfer.objects.update(tenant=cast.midori, target=cast.midori)
    assert refused(mei.get(at)) == (404, 900100)
    assert mei.get(transfers_at(cast)).body == []


@pytest.mark.operation("transfers.accept", "transfers.get", "transfers.list")
def test_the_present_provider_agrees_and_the_customer_consents(cast: Cast) -> None:
    """The line items name what moves, add-ons go along; only consent on the page lets it happen. Sent twice: once."""
    enrolled(cast.yamabuki, "4712")
    partner(cast.midori, cast.yamabuki)
    relate(cast.yamabuki, cast.aoba)
    rule(cast.yamabuki, Capacity.RESELLER, PriceBasis.RETAIL)
    shop, row = sold(cast)
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", quantity=4, parent=row)
    asked(cast, lineItems=[{"partnerIdOnRecord": "4712"}])
    transfer = Transfer.objects.get()
    api, at = api_of_application(cast.hinode, Role.ADMIN_AGENT), transfers_at(cast, f"/{transfer.pk}")
    body, once = {"lineItems": [{"subscriptionId": str(row.pk).upper()}]}, str(uuid.uuid4())
    told = api.post(f"{at}/accept", body, MS_RequestId=once)

    assert (told.status, told.body) == (
        200,
        {"orders": [], "transferErrors": [], "attributes": {"objectType": "TransferSubmitResult"}},
    )
    assert api.post(f"{at}/accept", body, MS_RequestId=once).content == told.content
    assert refused(api.post(f"{at}/accept", body)) == (409, 900101)
    found = api_of(cast.jun).get(at).body
    add_ons = [
        {
            "id": 0,
            "subscriptionId": str(add_on.pk),
            "quantity": 4,
            "billingCycle": "monthly",
            "friendlyName": "Archive",
            "partnerIdOnRecord": "4712",
            "offerId": api.get(path_of(add_on)).body["offerId"],
            "addonItems": [],
        }
    ]
    assert found["lineItems"] == [
        {
            "id": 0,
            "subscriptionId": str(row.pk),
            "quantity": 10,
            "billingCycle": "monthly",
            "friendlyName": "Office Standard",
            "partnerIdOnRecord": "4712",
            "offerId": api.get(path_of(row)).body["offerId"],
            "addonItems": add_ons,
        }
    ]
    assert found["lastModifiedTime"] > found["createdTime"]
    assert not Subscription.objects.filter(tenant=cast.midori).exists()
    assert consents(cast, transfer) == 302
    assert api.get(at).body["status"] == "Completed"
    assert api.get(path_of(row)).body["status"] == "deleted"
    moved = api_of(cast.jun).get(f"/v1/customers/{cast.aoba.pk}/subscriptions").body["items"]
    assert {one["offerName"]: one["quantity"] for one in moved} == {"Office Standard": 10, "Archive": 4}
    assert {one["partnerId"] for one in moved} == {"4712"}
    must_equal_its_events(row)
    assert refused(api.patch(at, {"status": "reject"})) == (400, 900102)


@pytest.mark.operation("transfers.accept", "transfers.reject", "transfers.withdraw")
def test_no_and_never_mind(cast: Cast) -> None:
    """The customer chose first: an empty body agrees to that. Reject and withdraw, each by its side; and it lapses."""
    _shop, row = sold(cast)
    asked(cast)
    transfer = Transfer.objects.get()
    source, target, at = api_of(cast.mei), api_of(cast.jun), transfers_at(cast, f"/{transfer.pk}")
    assert consents(cast, transfer, row) == 302
    assert refused(target.patch(at, {"status": "reject"})) == (403, 2032)
    assert refused(source.delete(at)) == (403, 2032)
    for wrong in ({}, {"status": "accept"}):
        assert refused(source.patch(at, wrong)) == (400, 800002)
    assert refused(source.patch(at, {"status": "reject"}, If_Match="9")) == (400, 2055)
    told = source.patch(at, {"id": str(transfer.pk), "status": "Reject"})
    assert (told.status, told.body["status"], told.body) == (200, "Reject", source.get(at).body)
    assert must_equal_its_events(row).state == "active"

    asked(cast)
    second = Transfer.objects.get(state=TransferState.OPEN)
    at = transfers_at(cast, f"/{second.pk}")
    gone = target.delete(at)
    assert (gone.status, gone.content, target.get(at).body["status"]) == (204, b"", "Withdrawn")
    assert refused(target.delete(at)) == (400, 900102)

    asked(cast)
    third = Transfer.objects.get(state=TransferState.OPEN)
    assert consents(cast, third, row) == 302
    assert source.post(transfers_at(cast, f"/{third.pk}/accept"), None).status == 200
    assert must_equal_its_events(row).state == "deleted"

    asked(cast)
    last = Transfer.objects.get(state=TransferState.OPEN)
    days_pass(cast, 31)
    assert source.get(transfers_at(cast, f"/{last.pk}")).body["status"] == "Expired"


@pytest.mark.operation("transfers.create")
@pytest.mark.parametrize(
    ("properties", "number"),
    [
        ({"sourcePartnerTenantId": None}, 900136),
        ({"sourcePartnerTenantId": "x"}, 900136),
        ({"sourcePartnerTenantId": "midori"}, 900148),
        ({"targetPartnerTenantId": str(uuid.uuid4())}, 900148),
        ({"targetPartnerTenantId": "x" * 5000}, 900148),
        ({"sourcePartnerTenantId": str(uuid.uuid4())}, 800016),
        ({"lineItems": [{"subscriptionId": str(uuid.uuid4())}]}, 800078),
        ({"lineItems": [{"partnerIdOnRecord": "0815"}]}, 800016),
        ({"lineItems": [{"partnerIdOnRecord": "1"}, {"partnerIdOnRecord": "2"}]}, 800016),
        ({"lineItems": "many"}, 800002),
    ],
)
def test_what_asking_is_refused_with(cast: Cast, properties: dict[str, object], number: int) -> None:
    """400 with its number; nobody is asked."""
    sold(cast)
    if properties.get("sourcePartnerTenantId") == "midori":
        properties = {"sourcePartnerTenantId": str(cast.midori.pk)}

    assert refused(asked(cast, **properties)) == (400, number)
    assert not Transfer.objects.exists()


@pytest.mark.operation("transfers.accept")
def test_what_agreeing_is_refused_with(cast: Cast) -> None:
    """Nothing chosen, no id, a subscription of somebody else, a stale etag, the side that asked."""
    _shop, row = sold(cast)
    asked(cast)
    api, at = api_of(cast.mei), transfers_at(cast, f"/{Transfer.objects.get().pk}/accept")
    body = {"lineItems": [{"subscriptionId": str(row.pk)}]}
    assert refused(api.post(at)) == (400, 800078)
    for wrong in ("x", str(uuid.uuid4()), None):
        assert refused(api.post(at, {"lineItems": [{"subscriptionId": wrong}]})) == (400, 800078)
    assert refused(api.post(at, {**body, "attributes": {"etag": "7"}})) == (400, 2055)
    assert refused(api_of(cast.jun).post(at, body)) == (403, 2032)
    assert refused(api_of(cast.sora).post(at, body)) == (403, 900150)
    assert Transfer.objects.get().source_accepted_at is None


@pytest.mark.operation("transfers.create")
def test_no_transfer_without_a_relationship(cast: Cast) -> None:
    """A provider that does not serve the customer gets 404."""
    sold(cast)
    told = api_of(cast.jun).post(transfers_at(cast), {"sourcePartnerTenantId": str(cast.hinode.pk)})
    assert refused(told) == (404, 60003)
    assert refused(api_of(cast.jun).get(transfers_at(cast))) == (404, 60003)


@pytest.mark.operation("transfers.check_eligibility")
def test_what_could_move(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The caller's own subscriptions with the reason against each; as many statements for 4 as for 1."""
    shop, row = sold(cast)
    api, at = (
        api_of(cast.mei),
        f"/v1/customers/{cast.aoba.pk}/transferseligibility?transferType=directtoindirect",
    )
    with django_assert_num_queries(6):
        assert api.get(at).body == [{"id": str(row.pk), "isEligible": True}]
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", quantity=4, parent=row)
    off = subscribed(cast, shop, cast.aoba, offer="setup", quantity=1)
    busy = subscribed(cast, shop, cast.aoba, offer="office monthly")
    changed(api, off, status="suspended")
    shop.connector.kind = ConnectorKind.WEBHOOK
    shop.connector.save()
    changed(api, busy, quantity=12)
    asked(cast)
    consents(cast, Transfer.objects.get(), row)

    with django_assert_num_queries(6):
        told = api.get(at)

    assert [(one["id"], one["isEligible"]) for one in told.body] == [
        (str(one.pk), False) for one in (row, add_on, off, busy)
    ]
    reasons = [one["reason"] for one in told.body]
    assert reasons[0] == "It is part of another open transfer."
    assert reasons[1] == "It moves along with “Office Standard”."
    assert "Suspended" in reasons[2]
    assert "earlier change" in reasons[3]
    japanese: Api = api_of(cast.mei, language="ja-JP")
    assert japanese.get(at).body[0]["reason"] == "受付中の別の移管の対象です。"
    assert api_of(cast.jun).get(at).body == []
    assert refused(api.get(at.partition("?")[0])) == (400, 800002)
    assert refused(api_of(cast.sora).get(at)) == (403, 900150)

"""The safe end of a relationship and of a partnership (C-13, N-19, N-20)."""

import pytest
from django.urls import reverse

from tests.cast import Cast, browser_of
from tests.commerce import subscribed
from tests.customers.story import accepted, customers_seen_by, invited
from tests.subscriptions.story import granted, must_equal_its_events, sold
from toiya.directory.models import Person
from toiya.mail.models import OutgoingMail
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship
from toiya.subscriptions.models import Subscription, Transfer, TransferState

WHOLE = {"reason": "Contract ended", "agree": "on"}


def remove_page(cast: Cast) -> str:
    return reverse("customers:remove", args=[cast.aoba.pk])


def support(person: Person, subscription: Subscription, tenant_id: object) -> int:
    typed = {"version": Subscription.objects.get(pk=subscription.pk).version, "tenant": str(tenant_id)}
    page = reverse("subscriptions:support", args=[subscription.pk])
    return browser_of(person).post(page, typed).status_code


@pytest.mark.requirement("N-19", "N-20")
def test_a_relationship_ends_only_after_everything_active_is_suspended(cast: Cast) -> None:
    """Planted faults: the end passes with active subscriptions; add-ons are counted twice, or suspended before their
    parent, so that they would not come back with it; the reseller stays the support contact; access ends by itself.
    """
    shop, subscription = sold(cast)
    subscribed(cast, shop, cast.aoba, offer="archive", parent=subscription)
    grant = granted(cast, cast.kawase)
    assert support(cast.kai, subscription, cast.kawase.pk) == 302
    browser, page = browser_of(cast.kai), remove_page(cast)
    preview = browser.get(page).content.decode()
    assert "2 subscriptions are still active" in preview
    assert "You are no longer the support contact of 1 subscription" in preview
    assert "Suspend every active subscription first" in preview

    refused = browser.post(page, WHOLE)
    assert (refused.status_code, "there are 2" in refused.content.decode()) == (409, True)
    assert customers_seen_by(cast.kai) == ["アオバ工業"]
    everything = reverse("customers:suspend_all", args=[cast.aoba.pk])
    assert browser.post(everything, {"reason": ""}).status_code == 302
    assert Subscription.objects.filter(state="active").count() == 2
    done = browser.post(everything, {"reason": "Contract ended"}, follow=True).content.decode()
    assert "1 subscription is suspended." in done, "its add-on has followed"
    assert Subscription.objects.filter(state="suspended").count() == 2
    assert Subscription.objects.filter(suspended_with_parent=True).count() == 1
    OutgoingMail.objects.all().delete()

    assert browser.post(page, WHOLE).status_code == 302

    assert customers_seen_by(cast.kai) == []
    assert must_equal_its_events(subscription).support_contact == cast.hinode
    assert AdministrationGrant.objects.get(pk=grant.pk).removed_at is None
    assert browser.get(reverse("subscriptions:subscription", args=[subscription.pk])).status_code == 404
    messages = set(OutgoingMail.objects.filter(to=cast.emi.contact_email).values_list("message", flat=True))
    assert messages == {"subscriptions/changed", "customers/relationship_removed"}
    assert customers_seen_by(cast.mei) == ["アオバ工業"]


@pytest.mark.requirement("N-20")
def test_the_end_closes_what_is_open_and_a_new_request_starts_anew(cast: Cast) -> None:
    """Planted faults: the transfer stays open; the carts are not named; the old relationship comes back."""
    shop, _subscription = sold(cast)
    transfer = Transfer.objects.create(
        tenant=cast.hinode,
        target=cast.midori,
        customer=cast.aoba,
        asked_by_id=cast.jun.pk,
        created_at=cast.family.clock.now(),
        expires_at=cast.family.clock.now().replace(year=2099),
    )
    browser, page = browser_of(cast.mei), remove_page(cast)
    line = {"offer": str(shop.offers["storage"].pk), "quantity": "1", "version": "0"}
    assert browser.post(reverse("orders:line", args=[cast.aoba.pk]), line).status_code == 302
    preview = browser.get(page).content.decode()
    assert "1 open transfer is closed" in preview
    assert "1 open cart for this customer can no longer be ordered" in preview
    browser.post(reverse("customers:suspend_all", args=[cast.aoba.pk]), {"reason": "Contract ended"})
    assert browser.post(page, WHOLE).status_code == 302

    assert Transfer.objects.get(pk=transfer.pk).state == TransferState.DECLINED
    assert OutgoingMail.objects.filter(to=cast.jun.contact_email, context__kind="declined").count() == 1
    browser_of(cast.kai).post(page, WHOLE)
    accepted(cast.emi, invited(cast.kai))
    assert customers_seen_by(cast.kai) == ["アオバ工業"]
    assert ResellerRelationship.objects.filter(partner=cast.kawase).count() == 2


def test_the_end_of_a_partnership_names_customers_and_leaves_them_with_the_provider(cast: Cast) -> None:
    """Planted faults: customers are not told; subscriptions stop; the reseller goes on managing."""
    _shop, subscription = sold(cast)
    granted(cast, cast.kawase)
    assert support(cast.kai, subscription, cast.kawase.pk) == 302
    OutgoingMail.objects.all().delete()
    page = reverse("partnerships:end", args=[Partnership.objects.get().pk])
    preview = browser_of(cast.mei).get(page).content.decode()
    assert "1 subscription runs on with" in preview
    assert "アオバ工業" in preview

    assert browser_of(cast.mei).post(page, {"reason": "New territory"}).status_code == 302

    row = must_equal_its_events(subscription)
    assert (row.state, row.support_contact, row.reseller) == ("active", cast.hinode, cast.kawase)
    told = OutgoingMail.objects.filter(to=cast.emi.contact_email).values_list("message", flat=True)
    assert sorted(told) == ["subscriptions/changed", "subscriptions/partnership_ended"]
    name = reverse("subscriptions:name", args=[subscription.pk])
    typed = {"version": row.version, "friendly_name": "x"}
    assert browser_of(cast.kai).post(name, typed).status_code == 403
    assert browser_of(cast.mei).post(name, typed).status_code == 302

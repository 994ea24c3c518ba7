"""Subscriptions move to another provider with the consent of both and of the customer; nobody else is touched."""

import itertools

import pytest
from django.urls import reverse

from tests.cast import Cast, browser_of, partner, relate
from tests.commerce import rule, subscribed
from tests.subscriptions.story import (
    days_pass,
    granted,
    must_equal_its_events,
    seats_of,
    sold,
    use_seats,
    users_of,
)
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity
from toiya.directory.models import Person, Suspension, Tenant
from toiya.mail.models import OutgoingMail
from toiya.pricing.models import PriceBasis
from toiya.relations.models import AdministrationGrant
from toiya.subscriptions.models import ScheduledChange, Subscription, Transfer, TransferState

SIDES = ("source", "customer")


def asked(cast: Cast) -> Transfer:
    """Midori, which serves Aoba too, asks Hinode for Aoba's subscriptions."""
    relate(cast.midori, cast.aoba)
    rule(cast.midori, Capacity.PROVIDER, PriceBasis.RETAIL)
    answer = browser_of(cast.jun).post(
        reverse("subscriptions:ask_transfer"),
        {
            "customer": str(cast.aoba.pk),
            "source": str(cast.hinode.pk),
            "reseller": "",
            "message": "As discussed",
        },
    )
    assert answer.status_code == 302
    return Transfer.objects.get()


def path_for(person: Person, transfer: Transfer, act: str = "") -> str:
    site = "organization" if person.tenant_id == transfer.customer_id else "subscriptions"
    return reverse(f"{site}:{f'{act}_' if act else ''}transfer", args=[transfer.pk])


def agree(person: Person, transfer: Transfer, *chosen: Subscription) -> int:
    typed = {"agree": "on", "subscriptions": [str(row.pk) for row in chosen]}
    return browser_of(person).post(path_for(person, transfer), typed).status_code


@pytest.mark.parametrize("order", list(itertools.permutations(SIDES)))
def test_both_agree_in_either_order_and_no_seat_changes_hands(cast: Cast, order: tuple[str, str]) -> None:
    """Planted faults: the first answer is enough; seats are counted anew; add-ons stay; the schedule is lost."""
    shop, subscription = sold(cast)
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", quantity=4, parent=subscription)
    stays = subscribed(cast, shop, cast.aoba, offer="storage")
    people = use_seats(subscription, 3)
    browser_of(cast.mei).post(
        reverse("subscriptions:schedule", args=[subscription.pk]),
        {"version": subscription.version, "quantity": "7"},
    )
    before = seats_of(subscription)
    transfer = asked(cast)
    answers = {"source": cast.mei, "customer": cast.emi}
    target_page = browser_of(cast.jun).get(path_for(cast.jun, transfer)).content.decode()
    assert "Office Standard" not in target_page
    first, second = (answers[side] for side in order)

    assert agree(first, transfer, subscription) == 302
    assert agree(first, transfer, subscription) == 409
    assert Subscription.objects.filter(tenant=cast.midori).count() == 0
    assert agree(second, transfer) == 302

    old = must_equal_its_events(subscription)
    new = Subscription.objects.get(tenant=cast.midori, sku=shop.office)
    must_equal_its_events(new)
    assert (old.state, Transfer.objects.get().state) == ("deleted", TransferState.COMPLETED)
    assert (new.state, new.quantity, new.term_end, new.anchor_day) == (
        "active",
        10,
        old.term_end,
        old.anchor_day,
    )
    assert (new.reseller, new.support_contact, new.resale_units) == (None, cast.midori, None)
    moved = Subscription.objects.get(tenant=cast.midori, sku=shop.archive)
    assert (moved.parent_id, moved.quantity, ScheduledChange.objects.get().subscription_id) == (
        new.pk,
        add_on.quantity,
        new.pk,
    )
    assert Subscription.objects.get(pk=stays.pk).tenant == cast.hinode
    assert (seats_of(subscription), users_of(subscription)) == (before, people)
    must_be_told(cast)


def must_be_told(cast: Cast) -> None:
    """All three by mail, and in the log of each."""
    told = OutgoingMail.objects.filter(message="subscriptions/transfer", context__kind="completed")
    parties = (cast.mei, cast.jun, cast.emi)
    assert sorted(told.values_list("to", flat=True)) == sorted(one.contact_email for one in parties)
    for tenant in (cast.hinode, cast.aoba):
        assert AuditRecord.objects.filter(tenant_id=tenant.pk, action="complete_transfer").exists()


def test_no_by_anybody_or_by_nobody_in_time_changes_nothing(cast: Cast) -> None:
    """Planted faults: a declined request can be accepted; an outsider answers; it never lapses."""
    _shop, subscription = sold(cast)
    transfer = asked(cast)
    for outsider in (cast.yui, cast.kai, cast.taro):
        assert browser_of(outsider).get(path_for(outsider, transfer)).status_code in {302, 403}
        assert agree(outsider, transfer, subscription) in {403, 404}
    assert agree(cast.jun, transfer, subscription) == 403
    assert agree(cast.mei, transfer) == 400
    assert browser_of(cast.jun).post(path_for(cast.jun, transfer), {"agree": "on"}).status_code in {400, 403}
    refused = browser_of(cast.emi).post(path_for(cast.emi, transfer, "decline"), {"reason": "We stay"})
    assert refused.status_code == 302
    assert agree(cast.mei, transfer, subscription) == 409

    second = Transfer.objects.exclude(pk=transfer.pk)
    assert ask_again(cast) == 302
    assert browser_of(cast.jun).post(path_for(cast.jun, second.get(), "withdraw")).status_code == 302
    assert ask_again(cast) == 302
    assert ask_again(cast) == 409
    last = Transfer.objects.order_by("-created_at").first()
    assert last is not None
    assert agree(cast.mei, last, subscription) == 302
    days_pass(cast, 31)
    assert agree(cast.emi, last) == 409
    assert ask_again(cast) == 302
    newest = Transfer.objects.order_by("-created_at").first()
    assert newest is not None
    assert agree(cast.emi, newest, subscription) == 302
    assert Subscription.objects.get(pk=subscription.pk).state == "active"


@pytest.mark.requirement("N-40")
@pytest.mark.parametrize("order", list(itertools.permutations(SIDES)))
def test_a_suspended_provider_takes_nothing_over_and_a_suspended_one_lets_go(
    cast: Cast, order: tuple[str, str]
) -> None:
    """Planted faults: accepting asks nothing of who receives; the suspension of who gives holds its customers."""
    _shop, subscription = sold(cast)
    transfer = asked(cast)
    answers = {"source": cast.mei, "customer": cast.emi}
    first, second = (answers[side] for side in order)
    stop(cast, cast.midori)
    assert agree(first, transfer, subscription) == 409
    assert ask_again(cast) == 403
    start(cast.midori)
    stop(cast, cast.hinode)
    assert agree(first, transfer, subscription) == 302
    stop(cast, cast.midori)

    answer = browser_of(second).post(path_for(second, transfer), {"agree": "on"})

    assert (answer.status_code, "ミドリ流通 is suspended" in answer.content.decode()) == (409, True)
    assert Subscription.objects.get(pk=subscription.pk).state == "active"
    start(cast.midori)
    assert agree(second, transfer) == 302
    assert Subscription.objects.get(pk=subscription.pk).state == "deleted"


def stop(cast: Cast, tenant: Tenant) -> None:
    """The operator suspends the provider."""
    Suspension.objects.create(
        tenant=tenant,
        capacity=Capacity.PROVIDER,
        reason="unpaid",
        at=tenant.created_at,
        by_id=cast.ren.pk,
    )


def start(tenant: Tenant) -> None:
    """The suspension is lifted."""
    Suspension.objects.filter(tenant=tenant).update(lifted_at=real_now())


def ask_again(cast: Cast) -> int:
    typed = {"customer": str(cast.aoba.pk), "source": str(cast.hinode.pk), "reseller": "", "message": ""}
    return browser_of(cast.jun).post(reverse("subscriptions:ask_transfer"), typed).status_code


@pytest.mark.requirement("N-17")
def test_another_partner_changes_nothing_of_what_exists(cast: Cast) -> None:
    """Planted fault: the new partner becomes provider, reseller of record or support contact of what is there."""
    shop, subscription = sold(cast)
    granted(cast, cast.kawase)
    before = Subscription.objects.filter(pk=subscription.pk).values().get()
    grants = list(AdministrationGrant.objects.values())

    partner(cast.midori, cast.yamabuki)
    relate(cast.midori, cast.aoba)
    relate(cast.yamabuki, cast.aoba)
    other = subscribed(cast, shop, cast.aoba, provider=cast.midori, reseller=cast.yamabuki, offer="premium")

    assert Subscription.objects.filter(pk=subscription.pk).values().get() == before
    assert list(AdministrationGrant.objects.values()) == grants
    for person, seen, hidden in ((cast.mei, subscription, other), (cast.jun, other, subscription)):
        page = browser_of(person).get(reverse("customers:services", args=[cast.aoba.pk])).content.decode()
        assert (str(seen.pk) in page, str(hidden.pk) in page) == (True, False)

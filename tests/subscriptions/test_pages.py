"""A subscription through its pages: found, managed, refused with a reason, kept apart from strangers."""

import csv
import html
import io
import re
import uuid
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, actor_of, browser_of, found, relate
from tests.commerce import subscribed
from tests.subscriptions.story import (
    chain,
    days_pass,
    granted,
    must_equal_its_events,
    seats_of,
    sold,
    use_seats,
    users_of,
)
from toiya.audit.models import AuditRecord
from toiya.core import search
from toiya.core.permissions import Capacity
from toiya.core.terms import add_months
from toiya.directory.models import Person, Suspension, Tenant
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.relations.grants import remove_grant
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.subscriptions.lists import page_of_subscriptions
from toiya.subscriptions.models import ScheduledChange, Subscription, SubscriptionState

ACTS = (
    "quantity",
    "suspend",
    "reactivate",
    "cancel",
    "auto_renew",
    "schedule",
    "name",
    "support",
    "reseller",
)
SENTINELS = {"cost": "917001", "resale": "917002", "retail": "917003"}


def page_of(subscription: Subscription, act: str = "subscription") -> str:
    return reverse(f"subscriptions:{act}", args=[subscription.pk])


def act(person: Person, subscription: Subscription, name: str, **typed: object) -> tuple[int, str]:
    """Open the page, fill the form, send it: the status and the page that answers."""
    browser = browser_of(person)
    path = page_of(subscription, name)
    page = browser.get(path)
    version = re.search(r'name="version" value="(\d+)"', page.content.decode())
    if page.status_code != 200 or not version:
        return page.status_code, page.content.decode()
    answer = browser.post(path, {"version": version[1], **typed})
    return answer.status_code, answer.content.decode()


def sent(person: Person, subscription: Subscription, name: str, **typed: object) -> int:
    """The form as somebody sends it whose page was opened before: the status."""
    typed["version"] = now_of(subscription).version
    return browser_of(person).post(page_of(subscription, name), typed).status_code


def now_of(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


def told(kind: str) -> list[str]:
    """Who was written to, as one list."""
    rows = OutgoingMail.objects.filter(message="subscriptions/changed", context__kind=kind)
    return sorted(rows.values_list("to", flat=True))


def suspend(cast: Cast, tenant: Tenant, capacity: Capacity) -> None:
    """The operator suspends the partner."""
    Suspension.objects.create(
        tenant=tenant, capacity=capacity, reason="unpaid", at=tenant.created_at, by_id=cast.ren.pk
    )


@pytest.mark.goal("G-07")
@pytest.mark.parametrize("name", ["subscription", *ACTS])
def test_to_strangers_a_subscription_does_not_exist(cast: Cast, name: str) -> None:
    """Planted fault: ``subscription_for`` reads by id alone. Serving the same customer shows nothing either."""
    _shop, subscription = sold(cast)
    relate(cast.yamabuki, cast.aoba)
    relate(cast.midori, cast.aoba)
    path, never = page_of(subscription, name), reverse(f"subscriptions:{name}", args=[uuid.uuid4()])

    for stranger in (cast.yui, cast.jun):
        browser = browser_of(stranger)
        assert browser.get(path).status_code == browser.get(never).status_code == 404
        if name != "subscription":
            assert browser.post(path, {"version": "1"}).status_code == 404
    assert browser_of(cast.emi).get(path).status_code in {302, 403}
    assert now_of(subscription).version == subscription.version


@pytest.mark.requirement("N-28", "S-103")
def test_suspended_users_lose_access_and_the_data_is_kept_for_a_told_time(cast: Cast) -> None:
    """Planted faults: add-ons stay; 60 days; the reseller reactivates what the provider suspended."""
    shop, subscription = sold(cast)
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", quantity=4, parent=subscription)
    people = use_seats(subscription, 3)
    shown = browser_of(cast.kai).get(page_of(subscription, "suspend")).content.decode()
    kept_until = cast.aoba.country.local_date(cast.family.clock.now()).toordinal() + 90
    assert act(cast.kai, subscription, "suspend", reason="")[0] == 400

    assert act(cast.kai, subscription, "suspend", reason="Not paid")[0] == 302

    row = must_equal_its_events(subscription)
    assert row.kept_until is not None
    assert row.kept_until.toordinal() == kept_until
    assert f"{row.kept_until:%-d %B %Y}" in shown
    assert (row.state, now_of(add_on).state) == (SubscriptionState.SUSPENDED, SubscriptionState.SUSPENDED)
    assert (seats_of(subscription), users_of(subscription)) == ((10, 10, 3), people)
    assert told("suspended") == sorted([cast.emi.contact_email, cast.mei.contact_email])
    assert "Not paid" in render(OutgoingMail.objects.filter(to=cast.emi.contact_email).latest("pk")).text

    assert act(cast.mei, subscription, "reactivate")[0] == 302
    assert (now_of(subscription).state, now_of(add_on).state) == ("active", "active")
    assert act(cast.mei, subscription, "suspend", reason="Review")[0] == 302
    status, page = act(cast.kai, subscription, "reactivate")
    assert (status, "ヒノデ商事 suspended this subscription" in page) == (200, True)
    assert sent(cast.kai, subscription, "reactivate") == 409
    assert now_of(subscription).state == SubscriptionState.SUSPENDED
    assert act(cast.mei, subscription, "reactivate")[0] == 302
    assert seats_of(subscription) == (10, 0, 3)
    must_equal_its_events(add_on)
    assert AuditRecord.objects.filter(tenant_id=cast.aoba.pk, action="suspend_subscription").count() == 4


def test_everything_can_be_given_back_inside_the_window_and_by_the_provider_only(cast: Cast) -> None:
    """Planted fault: the window is not asked."""
    _shop, subscription = sold(cast)
    use_seats(subscription, 2)
    status, page = act(cast.kai, subscription, "cancel")
    assert (status, "Only ヒノデ商事 can do this" in page) == (200, True)
    assert act(cast.mei, subscription, "cancel")[0] == 400
    second = subscribed(cast, _shop, cast.aoba, offer="storage")

    assert act(cast.mei, subscription, "cancel", agree="on")[0] == 302

    assert must_equal_its_events(subscription).state == SubscriptionState.DELETED
    assert (seats_of(subscription), users_of(subscription)) == ((0, 0, 0), [])
    days_pass(cast, 8)
    status, page = act(cast.mei, second, "cancel", agree="on")
    assert (status, "closed on" in page) == (200, True)
    assert sent(cast.mei, second, "cancel", agree="on") == 409
    assert now_of(second).state == SubscriptionState.ACTIVE


@pytest.mark.requirement("S-003", "N-34", "N-19")
def test_the_support_contact_is_the_provider_until_a_reseller_with_access_takes_over(cast: Cast) -> None:
    """Planted faults: any reseller is taken; the customer sees nobody; the end of the access ends the support."""
    _shop, subscription = sold(cast)
    own = reverse("organization:subscription", args=[subscription.pk])
    assert "ヒノデ商事" in browser_of(cast.emi).get(own).content.decode()
    assert now_of(subscription).support_contact == cast.hinode
    kawase = str(cast.kawase.pk)
    assert act(cast.nao, subscription, "support", tenant=kawase)[0] == 400
    grant = granted(cast, cast.kawase)

    assert act(cast.nao, subscription, "support", tenant=kawase)[0] == 302

    assert must_equal_its_events(subscription).support_contact == cast.kawase
    assert told("support_contact") == sorted([cast.emi.contact_email, cast.mei.contact_email])
    page = browser_of(cast.emi).get(own).content.decode()
    assert re.search(r"Support contact</dt>\s*<dd>カワセシステムズ", page)
    remove_grant_of(cast, grant.pk)
    assert now_of(subscription).support_contact == cast.kawase


def remove_grant_of(cast: Cast, grant_id: uuid.UUID) -> None:
    """Aoba takes the access back on its own page."""
    path = reverse("organization:remove_access", args=[grant_id])
    assert browser_of(cast.emi).post(path).status_code == 302
    assert remove_grant is not None


def test_particulars_are_changed_one_by_one_and_leave_the_rest_alone(cast: Cast) -> None:
    """Planted fault: a schedule that another edit deletes (C-09)."""
    shop, subscription = sold(cast)
    assert act(cast.kai, subscription, "schedule", quantity="5")[0] == 302
    assert act(cast.kai, subscription, "schedule", quantity="50")[0] == 403
    assert act(cast.kai, subscription, "name", friendly_name="Sales office")[0] == 302
    assert act(cast.kai, subscription, "auto_renew", auto_renew="off")[0] == 302
    assert act(cast.kai, subscription, "reseller", tenant="")[0] == 200
    assert act(cast.mei, subscription, "reseller", tenant="")[0] == 302
    assert act(cast.mei, subscription, "quantity", quantity="12")[0] == 302
    assert act(cast.nao, subscription, "name", friendly_name="x")[0] == 403

    row = must_equal_its_events(subscription)
    assert (row.friendly_name, row.auto_renew, row.reseller_of_record, row.quantity) == (
        "Sales office",
        False,
        None,
        12,
    )
    page = browser_of(cast.mei).get(page_of(subscription)).content.decode()
    assert "12 → 5" in page
    monthly = str(shop.offers["office monthly"].pk)
    assert act(cast.mei, subscription, "schedule", quantity="", availability=monthly)[0] == 302
    planned = ScheduledChange.objects.get()
    assert (planned.quantity, str(planned.availability_id)) == (None, monthly)
    assert browser_of(cast.mei).post(page_of(subscription, "unschedule")).status_code == 302
    assert not ScheduledChange.objects.exists()
    must_equal_its_events(subscription)


@pytest.mark.requirement("N-29")
def test_an_upgrade_needs_access_and_takes_the_users_along(cast: Cast) -> None:
    """Planted faults: a target that the customer owns; users stay behind; access is not asked."""
    shop, subscription = sold(cast)
    people = use_seats(subscription, 3)
    premium = str(shop.offers["premium"].pk)
    status, page = act(cast.mei, subscription, "upgrade", availability=premium)
    assert (status, "holds no administrator access" in page) == (200, True)
    granted(cast, cast.kawase)
    owned = subscribed(cast, shop, cast.aoba, offer="premium", quantity=1)
    status, page = act(cast.mei, subscription, "upgrade", availability=premium)
    assert (status, "has “Office Premium” already" in page) == (409, True)
    assert act(cast.mei, owned, "cancel", agree="on")[0] == 302
    assert act(cast.mei, subscription, "upgrade", availability=str(shop.offers["trial"].pk))[0] == 400

    assert act(cast.mei, subscription, "upgrade", availability=premium)[0] == 302

    row = must_equal_its_events(subscription)
    assert (row.sku, row.cost_units, row.quantity) == (shop.premium, 2000, 10)
    assert (seats_of(row), users_of(row)) == ((10, 0, 3), people)
    assert seats_of(subscription) == (0, 0, 0)


@pytest.mark.requirement("N-29")
def test_what_has_no_upgrade_says_so_before_anybody_chooses(cast: Cast) -> None:
    """Planted fault: the page offers an empty choice and its button."""
    shop, subscription = sold(cast, offer="premium")
    granted(cast, cast.kawase)
    mei = browser_of(cast.mei)

    for path in (page_of(subscription), page_of(subscription, "upgrade")):
        page = mei.get(path).content.decode()
        assert f"has no upgrade of “{shop.premium.name_en}”" in page
    assert f'href="{page_of(subscription, "upgrade")}"' not in mei.get(page_of(subscription)).content.decode()
    version = {"version": now_of(subscription).version, "availability": str(shop.offers["office"].pk)}
    assert mei.post(page_of(subscription, "upgrade"), version).status_code in {400, 409}


@pytest.mark.requirement("N-30")
def test_a_trial_has_fixed_seats_and_days_and_converts_with_its_users(cast: Cast) -> None:
    """Planted faults: another quantity for trials; the trial's end stays; users lose their seats."""
    shop, trial = sold(cast, offer="trial", quantity=25)
    start = now_of(trial)
    assert start.term_start is not None
    assert start.term_end is not None
    assert ((start.term_end - start.term_start).days, start.auto_renew) == (30, False)
    status, _page = act(cast.mei, trial, "quantity", quantity="26")
    assert status == 409
    people = use_seats(trial, 4)
    days_pass(cast, 10)
    monthly = str(shop.offers["office monthly"].pk)
    assert act(cast.mei, trial, "convert", availability=monthly, quantity="3")[0] == 409

    assert act(cast.mei, trial, "convert", availability=monthly, quantity="6")[0] == 302

    row = must_equal_its_events(trial)
    assert (row.sku, row.quantity, row.term, row.cost_units) == (shop.office, 6, "P1M", 1200)
    today = cast.aoba.country.local_date(cast.family.clock.now())
    assert (row.auto_renew, row.term_start, row.term_end) == (True, today, add_months(today, 1))
    assert (seats_of(row), users_of(row)) == ((6, 0, 4), people)
    assert told("converted") == sorted([cast.emi.contact_email, cast.kai.contact_email])


def test_an_ended_subscription_says_so_once_instead_of_locking_every_act(cast: Cast) -> None:
    """Planted fault: ``acts_of`` lists the acts of what has ended, each with its reason."""
    _shop, subscription = sold(cast)
    assert act(cast.mei, subscription, "cancel", agree="on")[0] == 302
    today = cast.aoba.country.local_date(cast.family.clock.now())

    for person in (cast.mei, cast.kai):
        page = browser_of(person).get(page_of(subscription)).content.decode()
        assert page.count(f"This subscription ended on {today:%-d %B %Y}") == 1
        assert "disabled" not in page
        assert reverse("orders:choose", args=[cast.aoba.pk]) in page


@pytest.mark.requirement("S-099")
def test_more_licences_are_one_step_from_the_subscription(cast: Cast) -> None:
    """Planted faults: no link to the order line; a trial can be enlarged; whoever may not buy is offered it."""
    shop, subscription = sold(cast)
    trial = subscribed(cast, shop, cast.aoba, offer="trial", quantity=25)
    more = f"{reverse('orders:line', args=[cast.aoba.pk])}?subscription="

    for person, label in ((cast.kai, "Ask the provider for more licenses"), (cast.mei, "Add licenses")):
        browser = browser_of(person)
        page = browser.get(page_of(subscription)).content.decode()
        assert re.search(rf'href="{re.escape(more)}{subscription.pk}"[^>]*>.*?{label}</a>', page, re.DOTALL)
        assert "has 10 licenses now" in browser.get(f"{more}{subscription.pk}").content.decode()
        assert more not in browser.get(page_of(trial)).content.decode()
    helpdesk = browser_of(cast.nao).get(page_of(subscription)).content.decode()
    assert more not in helpdesk
    assert "Ask the provider for more licenses" in helpdesk


def test_what_nobody_named_bears_the_name_of_its_product_in_the_readers_language(cast: Cast) -> None:
    """Planted faults: the name of the day of the order stays in the buyer's language; an upgrade keeps the old name;
    a name of its own is taken for the product's.
    """
    shop, subscription = sold(cast)
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", quantity=4, parent=subscription)
    paths = [
        (cast.mei, page_of(subscription)),
        (cast.mei, page_of(add_on)),
        (cast.mei, reverse("subscriptions:list")),
        (cast.mei, reverse("customers:services", args=[cast.aoba.pk])),
        (cast.emi, reverse("organization:subscription", args=[subscription.pk])),
        (cast.emi, reverse("organization:subscriptions")),
        (cast.emi, reverse("organization:make_wish")),
    ]

    def read(person: Person, path: str, language: str) -> str:
        browser = browser_of(person)
        browser.cookies["toiya-language"] = language
        return browser.get(path).content.decode()

    for person, path in paths:
        japanese, english = read(person, path, "ja"), read(person, path, "en")
        assert (shop.office.name_ja in japanese, shop.office.name_en in japanese) == (True, False), path
        assert (shop.office.name_ja in english, shop.office.name_en in english) == (False, True), path
    act(cast.kai, subscription, "suspend", reason="x")
    mail = OutgoingMail.objects.filter(to=cast.emi.contact_email).latest("pk")
    assert shop.office.name_ja in render(mail).text
    act(cast.kai, subscription, "reactivate")
    act(cast.mei, add_on, "cancel", agree="on")

    granted(cast, cast.kawase)
    assert act(cast.mei, subscription, "upgrade", availability=str(shop.offers["premium"].pk))[0] == 302
    page = read(cast.mei, page_of(subscription), "ja")
    assert f">{shop.premium.name_ja}</h1>" in page
    act(cast.mei, subscription, "name", friendly_name="Sales office")
    assert ">Sales office</h1>" in read(cast.mei, page_of(subscription), "ja")
    must_equal_its_events(subscription)


def test_readers_of_english_meet_latin_names_and_written_dates_everywhere(cast: Cast) -> None:
    """Planted faults: history and refusals take ``tenant.name``; days stand as 2026-11-27."""
    Tenant.objects.filter(pk=cast.hinode.pk).update(latin_name="Hinode Trading")
    Tenant.objects.filter(pk=cast.kawase.pk).update(latin_name="Kawase Systems")
    _shop, subscription = sold(cast)
    granted(cast, cast.kawase)
    act(cast.kai, subscription, "support", tenant=str(cast.kawase.pk))
    act(cast.mei, subscription, "suspend", reason="Not paid")
    kept = now_of(subscription).kept_until
    days_pass(cast, 8)
    browser = browser_of(cast.kai)

    page = browser.get(page_of(subscription)).content.decode()

    assert "Support contact: Hinode Trading → Kawase Systems" in page
    assert "Only Hinode Trading can do this" in page
    assert kept is not None
    assert f"Data kept until: – → {kept:%-d %B %Y}" in page
    provider_page = browser_of(cast.mei).get(page_of(subscription)).content.decode()
    assert re.search(r"closed on \d{1,2} [A-Z][a-z]+ \d{4}\.", provider_page)
    own = (
        browser_of(cast.emi)
        .get(reverse("organization:subscription", args=[subscription.pk]))
        .content.decode()
    )
    for shown in (page, provider_page, own):
        written = re.sub(r"<[^>]*>", " ", shown)
        assert not re.search(r"ヒノデ|カワセ|\d{4}-\d{2}-\d{2}", written)
    browser.cookies["toiya-language"] = "ja"
    assert "ヒノデ商事 → カワセシステムズ" in browser.get(page_of(subscription)).content.decode()


@pytest.mark.requirement("N-40")
def test_a_suspended_partner_keeps_what_runs_and_sells_nothing_new(cast: Cast) -> None:
    """Planted faults: ``must_sell`` asks the role only; managing is refused as well."""
    _shop, subscription = sold(cast)
    suspend(cast, cast.hinode, Capacity.PROVIDER)
    suspend(cast, cast.kawase, Capacity.RESELLER)

    status, page = act(cast.mei, subscription, "quantity", quantity="11")
    assert (status, "nothing new can be sold" in page) == (403, True)
    assert act(cast.mei, subscription, "quantity", quantity="9")[0] == 302
    assert act(cast.kai, subscription, "suspend", reason="Not paid")[0] == 302
    assert act(cast.kai, subscription, "reactivate")[0] == 302
    assert act(cast.mei, subscription, "name", friendly_name="Kept")[0] == 302
    assert browser_of(cast.mei).get(reverse("subscriptions:ask_transfer")).status_code == 200
    assert must_equal_its_events(subscription).quantity == 9


def test_a_reseller_without_its_partnership_or_relationship_manages_nothing(cast: Cast) -> None:
    """S-069, S-076. Planted fault: the partnership is not asked."""
    _shop, subscription = sold(cast)
    Partnership.objects.update(ended_at=cast.family.clock.now())
    status, page = act(cast.kai, subscription, "suspend", reason="x")
    assert (status, "have no partnership" in page) == (200, True)
    ResellerRelationship.objects.filter(partner=cast.kawase).update(ended_at=cast.family.clock.now())
    assert act(cast.kai, subscription, "suspend", reason="x")[0] == 404
    assert now_of(subscription).state == "active"


@pytest.mark.goal("G-31")
def test_the_second_of_two_browsers_sees_what_changed_and_keeps_what_it_typed(cast: Cast) -> None:
    """Planted fault: ``lock`` ignores the version."""
    _shop, subscription = sold(cast)
    first, second = browser_of(cast.mei), browser_of(cast.sora)
    path = page_of(subscription, "quantity")
    version = now_of(subscription).version
    assert first.post(path, {"version": version, "quantity": "15"}).status_code == 302

    answer = second.post(path, {"version": version, "quantity": "17"})

    page = answer.content.decode()
    assert answer.status_code == 412
    assert re.search(r"<del>10</del>.*<ins>15</ins>", page, re.DOTALL)
    assert 'value="17"' in page
    assert now_of(subscription).quantity == 15
    again = re.search(r'name="version" value="(\d+)"', page)
    assert again
    assert second.post(path, {"version": again[1], "quantity": "17"}).status_code == 302
    assert must_equal_its_events(subscription).quantity == 17
    assert second.post(path, {"quantity": "18"}).status_code == 400


@pytest.mark.parametrize("number", [1, 3, 12])
def test_the_lists_take_the_same_number_of_statements_however_many_rows(
    cast: Cast,
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    """Planted fault: ``find_subscriptions`` without ``select_related``."""
    shop = chain(cast)
    for _place in range(number):
        subscribed(cast, shop, cast.aoba)
    paths = {
        reverse("subscriptions:list"): (cast.mei, 5),
        reverse("customers:services", args=[cast.aoba.pk]): (cast.mei, 7),
        reverse("organization:subscriptions"): (cast.emi, 4),
    }
    for path, (person, statements) in paths.items():
        browser = browser_of(person)
        browser.get(path)
        with django_assert_num_queries(statements):
            assert browser.get(path).status_code == 200
    # PostgreSQL searches by a walk, and where it did not fill the page, by the look-up.
    browser = browser_of(cast.mei)
    browser.get(reverse("subscriptions:list"))
    with django_assert_max_num_queries(5 + (connection.vendor == "postgresql")):
        assert browser.get(reverse("subscriptions:list"), {"q": "アオバ"}).status_code == 200


@pytest.mark.parametrize("language", ["ja", "en"])
def test_signs_of_html_and_of_forms_in_names_are_shown_as_they_are(cast: Cast, language: str) -> None:
    """Planted fault: a row fills in a name as it was typed."""
    shop = chain(cast)
    name = "<b>'A'</b> & \"B\" {name} %(name)s 100 %"
    Tenant.objects.filter(pk__in=[cast.aoba.pk, cast.kawase.pk]).update(name=name)
    subscription = subscribed(cast, shop, cast.aoba)
    Subscription.objects.update(friendly_name=name)

    page = browser_of(cast.mei, language=language).get(reverse("subscriptions:list")).content.decode()

    assert "<b>" not in page
    shown = html.escape(name)
    assert f'<a href="{page_of(subscription)}">{shown}</a><span class="cell-sub">' in page
    assert f'<a href="{reverse("customers:services", args=[cast.aoba.pk])}">{shown}</a>' in page
    assert f'<option value="{cast.kawase.pk}">{shown}</option>' in page
    assert re.search(rf'<td data-label="[^"]+">{re.escape(shown)}</td></tr>', page)


@pytest.mark.parametrize("frequent", [0, 1, 1000])
@pytest.mark.parametrize("steps", [2, 5, 10_000])
def test_every_way_to_a_customers_subscriptions_finds_the_same(cast: Cast, steps: int, frequent: int) -> None:
    """The latest first, page after page, and nothing of a customer that is served no longer. Planted faults, which show
    on PostgreSQL: the look-up gives the oldest first; the walk takes every row that it passes; an ended relationship
    counts.
    """
    shop = chain(cast)
    sold_to: dict[str, list[uuid.UUID]] = {"青葉商会": [], "カモメ工業": [], "南山工業": []}
    names = list(sold_to)
    customers = [found(cast.family, name, f"c{place}.example") for place, name in enumerate(names)]
    for customer in customers:
        relate(cast.hinode, customer)
    for place in range(12):
        subscription = subscribed(cast, shop, customers[place % 3])
        sold_to[names[place % 3]].append(subscription.pk)
    lost = found(cast.family, "カモメ工業所", "c9.example")
    relationship = relate(cast.hinode, lost)
    subscribed(cast, shop, lost)
    relationship.ended_at = relationship.since
    relationship.save()
    actor = actor_of(cast.mei)

    with mock.patch.multiple(search, STEPS=steps, FREQUENT=frequent):
        for text, expected in {
            "工業": names[1:],
            "かもめ": names[1:2],
            "c0.ex": names[:1],
            "無い": [],
        }.items():
            seen: list[uuid.UUID] = []
            cursor = ""
            while True:
                page = page_of_subscriptions(actor, search=text, cursor=cursor, size=3)
                seen += [row.id for row in page.rows]
                cursor = page.next_cursor
                if not cursor:
                    break
            wanted = Subscription.objects.filter(pk__in=[pk for name in expected for pk in sold_to[name]])
            assert seen == list(wanted.order_by("-created_at", "-id").values_list("pk", flat=True)), text


@pytest.mark.requirement("N-22")
def test_the_list_is_searched_and_exported(cast: Cast) -> None:
    """Planted faults: the file ignores the filters; rows of customers that are no longer served; the reseller of the
    filter need not be a partner.
    """
    shop = chain(cast)
    kamome = found(cast.family, "カモメ工業", "kamome.example", reading="かもめこうぎょう")
    relate(cast.hinode, kamome)
    relate(cast.kawase, kamome)
    office = subscribed(cast, shop, cast.aoba)
    trial = subscribed(cast, shop, kamome, offer="trial", quantity=25)
    act(cast.mei, office, "suspend", reason="x")
    act(cast.mei, trial, "reseller", tenant="")

    def names(**query: str) -> list[str]:
        page = browser_of(cast.mei).get(reverse("subscriptions:list"), query).content.decode()
        return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page)

    assert names() == ["Office Trial", "Office Standard"]
    assert names(q="かもめ") == ["Office Trial"]
    assert names(state="suspended") == ["Office Standard"]
    assert names(ends="60") == ["Office Trial"]
    assert names(reseller=str(cast.kawase.pk), product=str(shop.product.pk)) == names()
    for reseller in ("x", str(cast.yamabuki.pk)):  # nobody's, and no partner's
        narrowed = browser_of(cast.mei).get(reverse("subscriptions:list"), {"reseller": reseller})
        assert narrowed.status_code == 404

    answer = browser_of(cast.mei).get(reverse("subscriptions:export", args=["csv"]))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:5] == ["Subscription ID", "Product", "Quantity", "State", "Reseller ID"]
    assert [row[:5] for row in rows[1:]] == [
        [str(trial.pk), "Office Trial", "25", "Active", ""],
        [str(office.pk), "Office Standard", "10", "Suspended", str(cast.kawase.pk)],
    ]
    filtered = browser_of(cast.mei).get(reverse("subscriptions:export", args=["csv"]), {"q": "kamome"})
    assert filtered.content.decode().count("\n") == 2
    assert browser_of(cast.mei).get(reverse("subscriptions:export", args=["xlsx"])).status_code == 200
    ResellerRelationship.objects.filter(customer=kamome).update(ended_at=cast.family.clock.now())
    assert names() == ["Office Standard"]


@pytest.mark.goal("G-05")
def test_everybody_sees_the_prices_of_their_own_edges_only(cast: Cast) -> None:
    """Planted fault: ``prices_for`` gives the customer the resale price."""
    _shop, subscription = sold(cast)
    for edge, sentinel in SENTINELS.items():
        Subscription.objects.filter(pk=subscription.pk).update(**{f"{edge}_units": int(sentinel)})
    readers: dict[Person, set[str]] = {
        cast.mei: {"cost", "resale"},
        cast.kai: {"resale", "retail"},
        cast.emi: {"retail"},
    }
    granted(cast, cast.kawase)
    act(cast.mei, subscription, "suspend", reason="x")
    act(cast.mei, subscription, "reactivate")
    for person, edges in readers.items():
        seen = {
            edge for edge, sentinel in SENTINELS.items() if sentinel in everything(person, cast, subscription)
        }
        assert seen == edges
    mails = "".join(render(mail).text for mail in OutgoingMail.objects.all())
    log = "".join(f"{row.before}{row.after}" for row in AuditRecord.objects.all())
    assert not re.search("91700[123]", mails + log)


def everything(person: Person, cast: Cast, subscription: Subscription) -> str:
    """All that the person can open about it, digits without their commas."""
    browser = browser_of(person)
    paths = [
        reverse("organization:subscriptions"),
        reverse("organization:subscription", args=[subscription.pk]),
        reverse("subscriptions:list"),
        reverse("subscriptions:export", args=["csv"]),
        reverse("customers:services", args=[cast.aoba.pk]),
        *(page_of(subscription, name) for name in ("subscription", *ACTS)),
    ]
    return "".join(text_of(browser, path) for path in paths).replace(",", "")


def text_of(browser: Client, path: str) -> str:
    return browser.get(path).content.decode()


@pytest.mark.requirement("S-092", "S-093", "S-105")
def test_the_opened_row_of_a_customer_counts_services_and_names_the_next_renewal(cast: Cast) -> None:
    """Planted fault: ended subscriptions are counted."""
    shop = chain(cast)
    browser = browser_of(cast.kai)
    opened = f"{reverse('customers:list')}?expand={cast.aoba.pk}"
    assert "0 subscriptions" in browser.get(opened).content.decode()
    one = subscribed(cast, shop, cast.aoba)
    trial = subscribed(cast, shop, cast.aoba, offer="trial", quantity=25)
    act(cast.mei, trial, "cancel", agree="on")

    page = browser.get(opened).content.decode()

    assert "1 subscription<" in page
    assert f"next renewal on {one.term_end:%-d %B %Y}" in page
    services = browser.get(reverse("customers:services", args=[cast.aoba.pk])).content.decode()
    assert "Office Standard" in services
    assert "Canceled" in services

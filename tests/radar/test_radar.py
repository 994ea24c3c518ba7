"""The renewal radar: months, list, files, money of the own edges only, the weekly mail (C-09)."""

import csv
import datetime as dt
import io
import re
from html import unescape
from unittest import mock

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, actor_of, browser_of, found, partner, relate
from tests.commerce import Shop, build_shop, subscribed
from toiya.core.clock import real_now
from toiya.directory.models import Family, Tenant
from toiya.jobs.clock import send_renewal_digests
from toiya.licences.models import SeatPool
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.subscriptions.models import ScheduledChange, Subscription
from toiya.subscriptions.radar import Watched, calendar_of, renewals_bought, renewals_sold

STATEMENTS_OF_THE_RADAR = 6
STATEMENTS_OF_THE_RADAR = 6
STATEMENTS_OF_THE_SUMS = 4
NEAR = dt.timedelta(days=20)


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Hinode sells through Kawase to Aoba."""
    partner(cast.hinode, cast.kawase)
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    return build_shop(cast)


def ending(subscription: Subscription, on: dt.date) -> Subscription:
    """Its term ends on this day."""
    Subscription.objects.filter(pk=subscription.pk).update(term_end=on)
    subscription.refresh_from_db()
    return subscription


def soon() -> dt.date:
    return (real_now() + NEAR).date()


def text_of(answer: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))  # type: ignore[attr-defined]


def sold(browser: Client, **query: str) -> str:
    answer = browser.get(reverse("radar:renewals"), query)
    assert answer.status_code == 200
    return text_of(answer)


def test_each_party_sees_what_renews_with_the_money_of_its_own_edges(cast: Cast, shop: Shop) -> None:
    """C-09 and G-05. Planted fault: ``edges_of`` answers cost to everybody; a reseller then reads what its provider
    pays.
    """
    ending(subscribed(cast, shop, cast.aoba, quantity=10), soon())
    SeatPool.objects.filter(tenant=cast.aoba).update(assigned=7)

    assert "¥144,000" in sold(browser_of(cast.mei))  # 10 x 1,200 x 12 from Kawase
    assert "we pay ¥120,000" in sold(browser_of(cast.mei))
    assert "¥180,000" not in sold(browser_of(cast.mei))
    assert "¥180,000" in sold(browser_of(cast.kai))  # 10 x 1,500 x 12 from Aoba
    assert "we pay ¥144,000" in sold(browser_of(cast.kai))
    assert "¥120,000" not in sold(browser_of(cast.kai))
    own = text_of(browser_of(cast.emi).get(reverse("organization:renewals")))
    assert "¥180,000" in own
    assert "¥144,000" not in own
    assert "Ask for fewer" in own
    for page in (sold(browser_of(cast.mei)), own):
        assert re.search(r"19 days left.* 10 3 ", page)
    assert "Office Standard" not in sold(browser_of(cast.yui))
    assert "Office Standard" not in sold(browser_of(cast.jun))


def test_the_calendar_adds_up_exactly_and_leads_to_the_month(cast: Cast, shop: Shop) -> None:
    """C-09: months with counts and sums per currency; a scheduled quantity is what counts. Planted fault: the sum
    ignores the scheduled change.
    """
    first = ending(subscribed(cast, shop, cast.aoba, quantity=10), soon())
    for offer in ("office monthly", "office prepaid"):
        ending(subscribed(cast, shop, cast.aoba, offer=offer, quantity=2), soon())
    ScheduledChange.objects.create(tenant=cast.hinode, subscription=first, quantity=4, at=real_now())
    kai, emi = actor_of(cast.kai), actor_of(cast.emi)

    months = {month.first: month for month in calendar_of(kai, renewals_sold(kai))}
    own = {month.first: month for month in calendar_of(emi, renewals_bought(emi), edge="pays")}

    this = soon().replace(day=1)
    expected = 4 * 1500 * 12 + 2 * 1800 + 2 * 17250
    assert len(months) == 12
    assert months[this].count == 3
    assert [(money.minor, money.currency) for money in months[this].at_stake] == [(expected, "JPY")]
    assert own == months
    assert sum(month.count or 0 for month in months.values()) == 3
    assert "4 from the renewal on" in sold(browser_of(cast.kai), month=f"{this:%Y-%m}")
    other = (this - dt.timedelta(days=1)).replace(day=1)
    assert renewals_sold(kai, Watched(month=other)).count() == 0


def test_the_sums_of_the_months_come_after_the_page(cast: Cast, shop: Shop) -> None:
    """A year of everything that is sold is added up in a request of its own, with the filters of the page; without a
    script a link asks for it. Planted faults: the page adds up itself; the sums forget the filters or the month.
    """
    ending(subscribed(cast, shop, cast.aoba, quantity=10), soon())
    sums = ">¥180,000</span>"  # 10 x 1,500 x 12 from Aoba, in the tile of the month
    kai, path, month = browser_of(cast.kai), reverse("radar:renewals"), f"{soon():%Y-%m}"

    page = kai.get(path, {"q": "アオバ", "month": month}).content.decode()
    assert sums not in page
    assert page.count('class="tile"') == 12
    (asked,) = set(re.findall(r'hx-get="([^"]+)"', page))
    assert f'<a href="{asked}">Add up the months</a>' in page

    part = kai.get(unescape(asked), headers={"HX-Request": "true", "HX-Target": "months"}).content.decode()
    assert part.startswith('<div id="months"')
    assert sums in part
    assert part.count('class="tile"') == 1
    assert 'aria-current="true"' in part
    assert "Add up" not in part
    assert "hx-get" not in part
    whole = kai.get(unescape(asked)).content.decode()
    assert part.strip() in whole
    assert "<table" in whole
    other = kai.get(path, {"q": "モミジ", "sums": "yes"}).content.decode()
    assert 'class="tile"' not in other
    assert sums not in browser_of(cast.yui).get(unescape(asked)).content.decode()


def test_filters_and_files_show_the_same_rows(cast: Cast, shop: Shop) -> None:
    """C-09: by customer, reseller, product, automatic renewal; CSV, Excel and a calendar that others read."""
    momiji = found(cast.family, "モミジ食品", "momiji.example", reading="もみじしょくひん")
    relate(cast.hinode, momiji)
    ending(subscribed(cast, shop, cast.aoba), soon())
    direct = ending(subscribed(cast, shop, momiji, offer="premium", quantity=3), soon())
    Subscription.objects.filter(pk=direct.pk).update(auto_renew=False, reseller=None)
    mei = browser_of(cast.mei)

    def names(**query: str) -> set[str]:
        answer = mei.get(reverse("radar:export", args=["csv"]), query)
        rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        return {row["Customer"] for row in rows}

    assert names() == {"アオバ工業", "モミジ食品"}
    assert names(q="もみじ") == {"モミジ食品"}
    assert names(auto="off") == {"モミジ食品"}
    assert names(reseller=str(cast.kawase.pk)) == {"アオバ工業"}
    assert names(product=str(shop.product.pk)) == {"アオバ工業", "モミジ食品"}
    assert names(customer=str(cast.aoba.pk), month=f"{soon():%Y-%m}") == {"アオバ工業"}
    assert mei.get(reverse("radar:renewals"), {"reseller": str(cast.yamabuki.pk)}).status_code == 404
    calendar = mei.get(reverse("radar:export", args=["ics"])).content.decode()
    assert calendar.count("BEGIN:VEVENT") == 2
    assert f"DTSTART;VALUE=DATE:{soon() - dt.timedelta(days=1):%Y%m%d}" in calendar
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))
    assert mei.get(reverse("radar:export", args=["xlsx"])).content[:2] == b"PK"


def test_a_mail_a_week_to_those_who_want_it(cast: Cast, shop: Shop) -> None:
    """C-09: one mail a week and person, in their language, with the own edge's money; stopped on the page. Planted
    fault: ``sent_week`` is not compared, so every hour brings a mail.
    """
    subscription = ending(subscribed(cast, shop, cast.aoba), soon())
    SeatPool.objects.filter(tenant=cast.aoba).update(assigned=4)
    browser_of(cast.kai).post(reverse("radar:digest"), {"wanted": "no"})

    assert send_renewal_digests() == 2  # Mei and Sora; Kai does not want it, Yui and Jun sell nothing
    assert send_renewal_digests() == 0
    mails = {mail.to: mail for mail in OutgoingMail.objects.filter(message="radar/digest")}
    assert set(mails) == {cast.mei.contact_email, cast.sora.contact_email}
    mail = mails[cast.mei.contact_email]
    mail.language = "en"
    written = render(mail)
    assert "1 subscription renews" in written.subject
    assert "At stake: ￥144,000" in written.text
    assert "nobody uses: 6" in written.text
    assert "180,000" not in written.text
    browser_of(cast.kai).post(reverse("radar:digest"), {"wanted": "yes"})
    ending(subscription, (real_now() + dt.timedelta(days=27)).date())
    with time_machine.travel(real_now() + dt.timedelta(days=7)):
        assert send_renewal_digests() == 3
    assert Family.objects.count() == 1


@pytest.mark.parametrize("number", [1, 3, 12])
def test_the_radar_takes_the_same_number_of_statements_however_many_rows(
    cast: Cast, shop: Shop, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Planted fault: ``with_names`` without ``select_related``."""
    for place in range(number):
        customer: Tenant = found(cast.family, f"顧客{place}", f"customer{place}.example")
        relate(cast.kawase, customer)
        ending(subscribed(cast, shop, customer), soon())
    browser = browser_of(cast.kai)
    browser.get(reverse("radar:renewals"))

    for sought in ({}, {"q": "顧客"}):
        with django_assert_num_queries(STATEMENTS_OF_THE_RADAR), mock.patch("time.sleep"):
            browser.get(reverse("radar:renewals"), sought)
        with django_assert_num_queries(STATEMENTS_OF_THE_SUMS), mock.patch("time.sleep"):
            browser.get(
                reverse("radar:renewals"),
                {**sought, "sums": "yes"},
                headers={"HX-Request": "true", "HX-Target": "months"},
            )

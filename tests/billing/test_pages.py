"""The operator's invoice goes to the provider: what each of the cast finds, on pages, in files and in mails."""

import datetime as dt
import io
import re

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.billing.story import bought, it_is, market, month_is_over, worker
from tests.cast import Cast, actor_of, browser_of, hire
from toiya.audit.models import AuditRecord
from toiya.billing.models import Invoice
from toiya.core.permissions import Capacity, Permission, Role
from toiya.directory.tenants import vet
from toiya.jobs.clock import DUTIES
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.membership.models import PartnerBilling
from toiya.orders.models import Order
from toiya.programme.models import Programme

JANUARY = dt.date(2027, 1, 1)
LIST, RUN = "/dashboard/invoices/", "/operator/invoices/run/"


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def issued(cast: Cast, path: str = RUN) -> None:
    """Ren closes January on the page."""
    answer = browser_of(cast.ren).post(path, {"month": "2027-01"})
    assert answer.status_code == 302


@pytest.mark.requirement("S-001")
def test_the_operators_invoice_goes_to_the_provider_and_to_nobody_else(cast: Cast) -> None:
    """Ren closes the month; Mei finds the invoice. Kawase, which resold, Aoba, which uses, and Midori find none.

    Planted fault: what the reseller pays is charged.
    """
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    it_is(cast, dt.date(2027, 2, 1))
    ren, mei = browser_of(cast.ren), browser_of(cast.mei)

    preview = text_of(ren, f"{RUN}?month=2027-01&provider={cast.hinode.pk}&currency=JPY")
    assert "ヒノデ商事" in preview
    assert "10 × ¥1,000" in preview
    assert not Invoice.objects.exists()
    issued(cast)

    invoice = Invoice.objects.get()
    assert (invoice.tenant, invoice.recipient) == (cast.operator, cast.hinode)
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (10000, 1000, 11000)
    page = f"{LIST}{invoice.pk}/"
    assert "000001" in text_of(mei, LIST)
    shown = text_of(mei, page)
    for part in ("ヒノデ商事", "アオバ工業", "through カワセシステムズ", "Office Standard", "Purchase", "10 × ¥1,000",
                 "5 January 2027", "4 February 2027", "2 April 2027", "Tax, 10 % of ¥10,000", "¥11,000"):  # fmt: skip
        assert part in shown, part
    assert "1,200" not in shown  # what Kawase pays Hinode
    assert "1,500" not in shown  # what Aoba pays Kawase
    assert "000001" in text_of(ren, f"/operator/invoices/{invoice.pk}/")
    bin_ = hire(cast.hinode, "Bin", Role.BILLING_ADMIN)
    assert "000001" in text_of(browser_of(bin_), page)
    dora = hire(cast.operator, "Dora", Role.BILLING_ADMIN)
    assert "000001" in text_of(browser_of(dora), "/operator/invoices/")

    nobody_else_finds(cast, invoice)


def nobody_else_finds(cast: Cast, invoice: Invoice) -> None:
    """Neither page nor file nor menu for the reseller, the customer, other partners, and roles without billing."""
    page = f"{LIST}{invoice.pk}/"
    for person in (cast.kai, cast.emi, cast.yui, cast.sora, cast.aki):
        browser = browser_of(person)
        for path in (LIST, page, f"{page}lines.csv", "/dashboard/invoices/export.csv", "/operator/invoices/", RUN,
                     f"/operator/invoices/{invoice.pk}/"):  # fmt: skip
            assert browser.get(path).status_code in {302, 403, 404}, (person, path)
        home = browser.get("/dashboard/")
        assert b"/dashboard/invoices/" not in home.content
    jun = browser_of(cast.jun)
    assert "No invoices yet" in text_of(jun, LIST)
    assert jun.get(page).status_code == jun.get(f"{page}lines.xlsx").status_code == 404
    assert browser_of(cast.mei).get(f"/operator/invoices/{invoice.pk}/").status_code == 403


def test_each_fence_holds_by_itself(cast: Cast) -> None:
    """Pages, the table of permissions and the rows: what one of them forgot, the next would not let through. A reseller
    that is a provider as well has pages of invoices, and finds on them nothing that it resold.

    Planted faults: ``visible_to`` that shows a reseller what names it, or a provider what others pay; the permission
    for every capacity.
    """
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    invoice = month_is_over(cast, JANUARY).issued[0]
    vet(cast.kawase, Capacity.PROVIDER, worker(cast.kawase))
    kai = browser_of(cast.kai)

    assert "No invoices yet" in text_of(kai, LIST)
    for path in (f"{LIST}{invoice.pk}/", f"{LIST}{invoice.pk}/lines.csv"):
        assert kai.get(path).status_code == 404
    seen = {
        person.name
        for person in (cast.ren, cast.mei, cast.kai, cast.emi, cast.yui, cast.jun)
        if Invoice.objects.visible_to(actor_of(person)).exists()
    }
    assert seen == {"Ren", "Mei"}
    assert not actor_of(cast.yui).may(Permission.INVOICES_VIEW)
    assert not actor_of(cast.emi).may(Permission.INVOICES_VIEW)
    assert not actor_of(cast.mei).may(Permission.INVOICES_ISSUE)


@pytest.mark.requirement("N-36")
def test_the_worker_issues_in_time_and_sixty_days_are_left_to_pay(cast: Cast) -> None:
    """Within the first hour of the month after, for the billing people of the provider, in their language.

    Planted faults: ``last_closed_month`` a month earlier; 30 days instead of the programme's.
    """
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 31), hour=23)
    bin_ = hire(cast.hinode, "Bin", Role.BILLING_ADMIN, language="en")
    duty = next(duty for duty in DUTIES if duty.name == "issue invoices")
    assert duty.every <= dt.timedelta(hours=1)

    it_is(cast, dt.date(2027, 1, 31), hour=23)
    assert duty.do() == 0
    it_is(cast, dt.date(2027, 2, 1), hour=0)
    OutgoingMail.objects.all().delete()
    assert duty.do() == 1
    assert duty.do() == 0

    invoice = Invoice.objects.get()
    assert (invoice.month, invoice.issued_on) == (JANUARY, dt.date(2027, 2, 1))
    assert invoice.issued_on - dt.date(2027, 2, 1) <= dt.timedelta(days=4)
    assert invoice.due_on - invoice.issued_on == dt.timedelta(days=60)
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.subject_id) == (bin_.contact_email, invoice.pk)
    written = render(mail)
    assert written.subject == "Invoice 000001 of ツバメ クラウド for 2027-01"
    assert "Total, tax included: ¥11,000. Please pay by 2 April 2027." in written.text
    assert f"/dashboard/invoices/{invoice.pk}/" in written.text


def test_the_operator_sets_how_long_providers_have_to_pay_and_the_tax(cast: Cast) -> None:
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    ren = browser_of(cast.ren)
    Programme.objects.update(payment_days=30)
    country = {"currency": "JPY", "sales_region": "Japan", "is_open": "on"}
    assert ren.post("/operator/programme/countries/JP/", {**country, "tax": "8.25"}).status_code == 302
    assert 'value="8.25"' in ren.get("/operator/programme/countries/JP/").content.decode()
    assert ren.post("/operator/programme/countries/JP/", {**country, "tax": "101"}).status_code == 400

    invoice = month_is_over(cast, JANUARY).issued[0]

    assert invoice.due_on == dt.date(2027, 3, 3)
    assert (invoice.net_minor, invoice.tax_minor) == (10000, 825)
    assert "Tax, 8.25 % of ¥10,000" in text_of(browser_of(cast.mei), f"{LIST}{invoice.pk}/")


def test_invoices_are_found_by_provider_month_and_currency(cast: Cast) -> None:
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    bought(cast, shop, dt.date(2027, 1, 6), provider=cast.midori, reseller=cast.yamabuki)
    month_is_over(cast, JANUARY)
    month_is_over(cast, dt.date(2027, 2, 1))
    ren = browser_of(cast.ren)

    def found(query: str) -> list[str]:
        page = ren.get(f"/operator/invoices/?{query}").content.decode()
        return sorted(re.findall(r'<th scope="row"><a[^>]*>(\d+)</a>', page))

    assert found("") == ["000001", "000002", "000003", "000004"]
    assert found("q=ひので") == ["000001", "000003"]
    assert found("q=4") == ["000004"]
    assert found("month=2027-01") == ["000001", "000002"]
    assert found("month=2027-02&q=みどり&currency=JPY") == ["000004"]
    assert "No invoice matches" in text_of(ren, "/operator/invoices/?q=77")


def test_an_invoice_opens_in_spreadsheets(cast: Cast) -> None:
    """CSV and XLSX carry the formula of each line; amounts are numbers."""
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    invoice = month_is_over(cast, JANUARY).issued[0]
    mei = browser_of(cast.mei)

    rows = mei.get(f"{LIST}{invoice.pk}/lines.csv").content.decode("utf-8-sig").splitlines()
    book = openpyxl.load_workbook(io.BytesIO(mei.get(f"{LIST}{invoice.pk}/lines.xlsx").content))
    listed = mei.get(f"{LIST}export.csv").content.decode("utf-8-sig").splitlines()

    assert len(rows) == 2
    assert ",2027-01-05,2027-02-04,2027-01-05,10,1000,31,31,10000,JPY,10" in rows[1]
    assert next(iter(book)).cell(2, 16).value == 10000
    assert listed[1] == "000001,2027-01,ヒノデ商事,2027-02-01,2027-04-02,JPY,10000,1000,11000,1"


def test_the_invoice_keeps_what_was_true_when_it_was_issued(cast: Cast) -> None:
    """Where it goes and what things were called stays on it."""
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    PartnerBilling.objects.create(
        tenant=cast.hinode, billing_name="ヒノデ商事 経理部", city="大阪市", purchase_order_number="PO-77"
    )
    invoice = month_is_over(cast, JANUARY).issued[0]
    PartnerBilling.objects.update(billing_name="Elsewhere")
    type(cast.aoba).objects.filter(pk=cast.aoba.pk).update(name="アオバ改め")

    shown = text_of(browser_of(cast.mei), f"{LIST}{invoice.pk}/")

    assert "ヒノデ商事 経理部" in shown
    assert "PO-77" in shown
    assert "アオバ工業" in shown
    assert "アオバ改め" not in shown


def test_a_credit_is_a_credit(cast: Cast) -> None:
    """Cancelled after the month was invoiced, inside the window: the next invoice gives the rest back."""
    shop = market(cast)
    sold = bought(cast, shop, dt.date(2027, 1, 28))
    month_is_over(cast, JANUARY)
    mei = browser_of(cast.mei)
    it_is(cast, dt.date(2027, 2, 2))
    assert (
        mei.post(f"/dashboard/subscriptions/{sold.pk}/cancel/", {"version": 2, "agree": "on"}).status_code
        == 302
    )

    credit = month_is_over(cast, dt.date(2027, 2, 1)).issued[0]

    # 26 of 31 days are left: 10,000 - round(10,000 × 5/31) = 8,387; five days remain charged
    assert (credit.net_minor, credit.tax_minor, credit.total_minor) == (-8387, -839, -9226)
    shown = text_of(mei, f"{LIST}{credit.pk}/")
    assert "Credit, tax included" in shown
    assert "Cancellation" in shown
    assert "26/31 days" in shown
    mail = OutgoingMail.objects.filter(message="billing/issued").latest("pk")
    assert "nothing is to be paid" in render(mail).text or "支払" in render(mail).text


def test_a_month_that_is_not_over_is_only_looked_at(cast: Cast) -> None:
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    it_is(cast, dt.date(2027, 1, 20))
    ren = browser_of(cast.ren)

    assert "The month is not over" in text_of(ren, f"{RUN}?month=2027-01")
    refused = ren.post(RUN, {"month": "2027-01"})

    assert refused.status_code == 409
    assert "2027-01 is not over yet" in refused.content.decode()
    assert not Invoice.objects.exists()
    assert ren.post(RUN, {"month": "1999-01"}).status_code == 400


def test_provider_and_operator_find_it_in_their_log(cast: Cast) -> None:
    """Without an amount; Kawase's log does not have it."""
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    it_is(cast, dt.date(2027, 2, 1))
    issued(cast)

    entry = AuditRecord.objects.get(action="issue_invoice")
    assert (entry.tenant_id, entry.counterparty_id) == (cast.operator.pk, cast.hinode.pk)
    assert entry.after == {"number": 1, "month": "2027-01", "currency": "JPY", "lines": 1}
    assert "Invoice issued" in text_of(browser_of(cast.ren), "/operator/activity/")
    assert "Invoice issued" in text_of(browser_of(cast.mei), "/dashboard/activity/")
    assert "Invoice issued" not in text_of(browser_of(cast.kai), "/dashboard/activity/")


def test_in_japanese(cast: Cast) -> None:
    shop = market(cast)
    bought(cast, shop, dt.date(2027, 1, 5))
    invoice = month_is_over(cast, JANUARY).issued[0]
    mei = browser_of(cast.mei, language="ja")

    shown = text_of(mei, f"{LIST}{invoice.pk}/")

    for part in ("請求書", "支払期日", "2027年4月2日", "オフィス スタンダード", "10 × ￥1,000"):
        assert part in shown, part


STATEMENTS = {"list": 5, "invoice": 5, "run": 18}


@pytest.mark.parametrize("count", [1, 12])
def test_pages_ask_the_database_the_same_however_long_the_list_is(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    shop = market(cast)
    for _ in range(count):
        bought(cast, shop, dt.date(2027, 1, 5))
    month_is_over(cast, JANUARY)
    for month in range(2, 2 + count % 12):
        month_is_over(cast, dt.date(2027, month, 1))
    invoice = Invoice.objects.order_by("number").first()
    assert invoice is not None
    mei, ren = browser_of(cast.mei), browser_of(cast.ren)
    mei.get(LIST)

    with django_assert_num_queries(STATEMENTS["list"]):
        mei.get(LIST)
    with django_assert_num_queries(STATEMENTS["invoice"]):
        mei.get(f"{LIST}{invoice.pk}/")
    it_is(cast, dt.date(2028, 6, 1))
    with django_assert_num_queries(STATEMENTS["run"]):
        ren.get(RUN)


def test_an_order_is_named_and_can_be_opened(cast: Cast) -> None:
    """The line leads to the order that bought it."""
    shop = market(cast)
    sold = bought(cast, shop, dt.date(2027, 1, 5))
    order = Order.objects.create(
        pk=sold.order_id,
        tenant=cast.hinode,
        number=41,
        operator=cast.operator,
        reseller=cast.kawase,
        customer=cast.aoba,
        currency="JPY",
        submission_key="one",
        submission_digest="one",
        created_at=worker(cast.hinode).now,
    )
    invoice = month_is_over(cast, JANUARY).issued[0]
    mei = browser_of(cast.mei)

    assert "Order 41" in text_of(mei, f"{LIST}{invoice.pk}/")
    assert mei.get(reverse("orders:order", args=[order.pk])).status_code == 200

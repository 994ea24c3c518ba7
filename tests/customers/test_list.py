"""The list of customers: found, opened in place, exported."""

import csv
import html
import io
import re
import uuid
import zipfile

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, actor_of, browser_of, found, partner, relate
from tests.customers.story import accepted, customers_seen_by, draft_path, invited, invited_for_both
from tests.subscriptions.story import granted
from toiya.core.pagination import PAGE_SIZE
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.customers.drafts import with_link
from toiya.customers.relationships import access_held_in, grants_from
from toiya.directory.models import Tenant
from toiya.relations.grants import remove_grant
from toiya.relations.models import Channel, GrantRole, Origin, ResellerRelationship

STATEMENTS_OF_THE_LIST = 4
STATEMENTS_OF_THE_TABLE = 2  # who asks, and the rows
DESTINATIONS = ("account", "services", "users", "licences")


def customers_of(cast: Cast, partner_: Tenant, *names: tuple[str, str, str]) -> list[Tenant]:
    """Customers by name, reading and domain."""
    made = [found(cast.family, name, domain, reading=reading) for name, reading, domain in names]
    for customer in made:
        relate(partner_, customer)
    return made


@pytest.mark.requirement("S-093", "S-105")
@pytest.mark.parametrize("kind", ["single", "combined"])
def test_the_arrow_opens_the_row_in_place_with_four_destinations(cast: Cast, kind: str) -> None:
    """Without a script the arrow is a link that shows the same page with the row open."""
    partner(cast.hinode, cast.kawase)
    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode) if kind == "combined" else invited(cast.kai))
    browser = browser_of(cast.kai)
    path = reverse("customers:list")
    closed = browser.get(path).content.decode()
    arrow = re.search(rf'<a class="expander"[^>]*href="({path}\?expand={cast.aoba.pk})[^"]*"[^>]*>', closed)
    assert arrow
    assert 'aria-expanded="false"' in arrow[0]
    destinations = [reverse(f"customers:{name}", args=[cast.aoba.pk]) for name in DESTINATIONS]
    assert [link for link in destinations if f'<li><a href="{link}"' in closed] == []

    opened = browser.get(arrow[1], headers={"HX-Request": "true"}).content.decode()

    in_place = browser.get(
        arrow[1], headers={"HX-Request": "true", "HX-Target": "customers"}
    ).content.decode()
    assert in_place.strip() in opened
    assert "<html" not in in_place
    row = re.search(rf'id="customer-{cast.aoba.pk}">(.*?)</td>', in_place, re.DOTALL)
    assert row
    assert re.findall(r'<li><a href="([^"]+)"', row[1]) == destinations
    assert {browser.get(link).status_code for link in destinations} == {200}
    assert 'aria-expanded="true"' in opened


@pytest.mark.parametrize("number", [1, 3, 12])
@pytest.mark.parametrize("expanded", ["closed", "open"])
def test_the_list_takes_the_same_number_of_statements_however_many_rows(
    cast: Cast, number: int, expanded: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Planted fault: the name in each row is read from its customer."""
    names = [(f"顧客{place}", f"こきゃく{place}", f"customer{place}.example") for place in range(number)]
    customers = customers_of(cast, cast.kawase, *names)
    path = reverse("customers:list") + (f"?expand={customers[0].pk}" if expanded == "open" else "")
    browser = browser_of(cast.kai)
    browser.get(path)

    with django_assert_num_queries(STATEMENTS_OF_THE_LIST + 2 * (expanded == "open")):
        browser.get(path)


@pytest.mark.parametrize("expanded", ["closed", "open"])
def test_the_arrow_asks_for_no_more_than_the_table_shows(
    cast: Cast, expanded: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Planted faults: the resellers of the filter, or the open invitations, are read for the table too."""
    partner(cast.hinode, cast.kawase)
    relate(cast.hinode, cast.aoba)
    granted(cast, cast.hinode, Capacity.PROVIDER)
    browser, opens = browser_of(cast.mei), expanded == "open"
    path = reverse("customers:list") + (f"?expand={cast.aoba.pk}" if opens else "")
    swap = {"HX-Request": "true", "HX-Target": "customers"}
    browser.get(path, headers=swap)

    with django_assert_num_queries(STATEMENTS_OF_THE_TABLE + 2 * opens):
        table = browser.get(path, headers=swap).content.decode()

    assert ("License administrator" in table) is opens
    # A foreign customer, or one that stands on another page, opens nothing and is not asked about.
    with django_assert_num_queries(STATEMENTS_OF_THE_TABLE):
        page = browser.get(f"{reverse('customers:list')}?expand={cast.midori.pk}", headers=swap)
    assert "row-details" not in page.content.decode()


def test_the_list_of_a_provider_reads_its_resellers_and_invitations_by_one_statement_each(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Planted faults: whether an invitation was mailed is read beside it; one that was mailed stands for all."""
    partner(cast.hinode, cast.kawase)
    browser = browser_of(cast.mei)
    for place in range(3):
        invitation = invited(cast.mei, channel=Channel.PROVIDER)
        draft = {"message": with_link(invitation), "email": f"info{place}@aoba.example"}
        browser.post(draft_path(invitation), {**draft, "act": "send" if place else "save"})
    path = reverse("customers:list")
    browser.get(path)

    with django_assert_num_queries(STATEMENTS_OF_THE_LIST + 1):
        page = browser.get(path).content.decode()

    assert re.findall(r"Mailed by the system to (\S+)", page) == ["info2@aoba.example", "info1@aoba.example"]
    assert page.count("Not mailed by the system") == 1
    assert f'<option value="{cast.kawase.pk}">' in page


def test_the_opened_row_names_all_access_that_is_held_the_weakest_role_first(cast: Cast) -> None:
    """Planted faults: one grant of two is shown; roles stand as the database gives them; access of others, or what has
    ended, is shown.
    """
    relate(cast.kawase, cast.aoba)
    granted(cast, cast.hinode, Capacity.PROVIDER)
    ended = granted(cast, cast.kawase)
    remove_grant(actor_of(cast.emi), grant=ended)
    first, second = (granted(cast, cast.kawase) for _grant in range(2))
    for role in (DirectoryRole.GLOBAL_ADMINISTRATOR, DirectoryRole.DIRECTORY_READER):
        GrantRole.objects.create(tenant=cast.aoba, grant=second, role=role)
    first.roles.all().delete()

    access = access_held_in(actor_of(cast.kai), cast.aoba.pk)

    held = grants_from(actor_of(cast.kai), cast.aoba.pk)
    assert [tuple(one) for one in access] == [
        (grant.directory_roles, grant.starts_at, grant.expires_at) for grant in held
    ]
    assert sorted(len(one.directory_roles) for one in access) == [0, 3]
    page = browser_of(cast.kai).get(reverse("customers:list"), {"expand": str(cast.aoba.pk)}).content.decode()
    labels = [str(role.label) for role in second.directory_roles]
    assert ", ".join(labels) in page


@pytest.mark.goal("G-26")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_signs_of_html_and_of_forms_in_names_are_shown_as_they_are(cast: Cast, language: str) -> None:
    """Planted faults: a row fills in a name as it was typed; it is filled in a second time with what stands in it."""
    names = [
        "<b>客</b>",
        "客 & Co",
        '"客"',
        "'客'",
        "客 {name} %(name)s 100 %",
        "\ue000name\ue001 客",
        "{{ 客 }}",
    ]
    customers_of(cast, cast.kawase, *((name, "", f"d{place}.example") for place, name in enumerate(names)))
    ResellerRelationship.objects.update(origin_note="<i>%(detail)s & {detail}")
    browser = browser_of(cast.kai, language=language)

    for headers in ({}, {"HX-Request": "true", "HX-Target": "customers"}):
        page = browser.get(reverse("customers:list"), {"q": "客"}, headers=headers).content.decode()

        assert "<b>" not in page
        assert "<i>" not in page
        cells = re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a></th>', page)
        assert sorted(html.unescape(cell) for cell in cells) == sorted(names)
        labels = re.findall(r'<a class="expander"[^>]*><svg[^>]*aria-label="([^"]+)"', page)
        manage = "{}を管理する" if language == "ja" else "Manage {}"
        assert [html.unescape(label) for label in labels] == [
            manage.format(html.unescape(cell)) for cell in cells
        ]
        assert page.count("&lt;i&gt;%(detail)s &amp; {detail}") == len(names)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("アオバ", ["アオバ工業"]),
        ("ｱｵﾊﾞ", ["アオバ工業"]),
        ("あおば", ["アオバ工業"]),
        ("工業", ["アオバ工業", "カモメ工業"]),
        ("KAMOME.EX", ["カモメ工業"]),
        ("ｋａｍｏｍｅ", ["カモメ工業"]),
        ("%", []),
        ("", ["アオバ工業", "カモメ工業"]),
    ],
)
def test_customers_are_found_by_name_reading_and_domain(cast: Cast, typed: str, expected: list[str]) -> None:
    """Planted fault: the search key is not folded."""
    relate(cast.kawase, cast.aoba)
    customers_of(cast, cast.kawase, ("カモメ工業", "かもめこうぎょう", "kamome.example"))
    customers_of(cast, cast.yamabuki, ("アオバ建設", "あおばけんせつ", "aoba-k.example"))

    assert customers_seen_by(cast.kai, q=typed) == expected


def test_a_provider_filters_by_its_own_resellers_only(cast: Cast) -> None:
    """Planted fault: the reseller in the filter need not be a partner."""
    partner(cast.hinode, cast.kawase)
    for partner_ in (cast.hinode, cast.kawase, cast.yamabuki):
        relate(partner_, cast.aoba)
    customers_of(cast, cast.hinode, ("カモメ工業", "かもめこうぎょう", "kamome.example"))

    assert customers_seen_by(cast.mei) == ["アオバ工業", "カモメ工業"]
    assert customers_seen_by(cast.mei, reseller=str(cast.kawase.pk)) == ["アオバ工業"]
    for foreign in (str(cast.yamabuki.pk), str(uuid.uuid4()), "x"):
        assert browser_of(cast.mei).get(reverse("customers:list"), {"reseller": foreign}).status_code == 404


def test_long_lists_come_in_pages_in_the_order_of_the_reading(cast: Cast) -> None:
    """Planted fault: the order is by name."""
    names = [
        (f"客{PAGE_SIZE - place:03}", f"きゃく{place:03}", f"c{place}.example")
        for place in range(PAGE_SIZE + 2)
    ]
    customers_of(cast, cast.kawase, *names)
    expected = [name for name, _reading, _domain in names]

    first = browser_of(cast.kai).get(reverse("customers:list")).content.decode()
    following = re.search(r'rel="next" href="\?after=([^"&]+)', first)
    assert following
    assert customers_seen_by(cast.kai) == expected[:PAGE_SIZE]
    assert customers_seen_by(cast.kai, after=following[1]) == expected[PAGE_SIZE:]


def test_an_older_relationship_shows_where_it_came_from(cast: Cast) -> None:
    relationship = relate(cast.kawase, cast.aoba)
    ResellerRelationship.objects.filter(pk=relationship.pk).update(
        origin=Origin.OLDER_PORTAL, origin_note="Legacy Admin Center", channel=""
    )
    browser = browser_of(cast.kai)

    assert "Legacy Admin Center" in browser.get(reverse("customers:list")).content.decode()
    account = browser.get(reverse("customers:account", args=[cast.aoba.pk])).content.decode()
    assert "Older portal (Legacy Admin Center)" in account


@pytest.mark.goal("G-26")
def test_exports_open_in_japanese_excel_and_run_no_formula(cast: Cast) -> None:
    """Planted fault: ``harmless`` in web/exports.py returns its text."""
    relate(cast.kawase, cast.aoba)
    customers_of(
        cast, cast.kawase, ("＝cmd|' /C calc'!A0", "", "formula.example"), ("=1+1", "", "sum.example")
    )
    browser = browser_of(cast.kai, language="ja")

    answer = browser.get(reverse("customers:export", args=["csv"]))

    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    since = ResellerRelationship.objects.get(customer=cast.aoba).since
    assert rows[0] == ["顧客 ID", "組織名", "プライマリ ドメイン", "関係の開始日", "経緯"]
    assert [row[1] for row in rows[1:]] == ["'=1+1", "'＝cmd|' /C calc'!A0", "アオバ工業"]
    assert rows[3][0] == str(cast.aoba.pk)
    assert re.fullmatch(rf"{since.year}-\d\d-\d\d", rows[3][3])

    book = browser.get(reverse("customers:export", args=["xlsx"]))
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        sheet, texts = (
            parts.read("xl/worksheets/sheet1.xml").decode(),
            parts.read("xl/sharedStrings.xml").decode(),
        )
    assert "<f>" not in sheet
    assert "アオバ工業" in texts
    assert browser.get("/dashboard/customers/export.pdf").status_code == 404


@pytest.mark.goal("G-07")
@pytest.mark.parametrize("name", [*DESTINATIONS, "remove", "draft", "revoke", "resend", "invite_both"])
def test_a_foreign_id_answers_as_one_that_never_existed(cast: Cast, name: str) -> None:
    """Planted fault: ``relationship_with`` raises RoleMissing for a customer of somebody else."""
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode)
    accepted(cast.emi, invitation)
    subject = {
        "invite_both": cast.hinode.pk,
        "draft": invitation.pk,
        "revoke": invitation.pk,
        "resend": invitation.pk,
    }
    foreign, never = subject.get(name, cast.aoba.pk), uuid.uuid4()
    method = "post" if name in {"revoke", "resend"} else "get"
    own = getattr(browser_of(cast.kai), method)(reverse(f"customers:{name}", args=[foreign]))
    assert own.status_code != 404

    def answer(pk: uuid.UUID) -> tuple[int, bytes, dict[str, str]]:
        browser = browser_of(cast.yui)
        got = getattr(browser, method)(reverse(f"customers:{name}", args=[pk]))
        body = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", got.content)
        return got.status_code, body.replace(str(pk).encode(), b""), dict(got.headers)

    assert answer(foreign) == answer(never)
    assert answer(foreign)[0] == 404

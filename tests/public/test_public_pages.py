"""What anybody can read: how to join, and who the providers are."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast, actor_of, browser_of, found, stranger
from tests.enrolment.story import Newcomer, arrive, fill
from toiya.core.permissions import Capacity
from toiya.directory.tenants import suspend_partner
from toiya.membership.models import ProviderEntry
from toiya.programme.models import Country

FORM_FIELDS = {
    "legal_name",
    "reading",
    "latin_name",
    "postal_code",
    "region",
    "city",
    "street",
    "applicant_is_contact",
    "contact_name",
    "contact_email",
    "contact_phone",
    "contact_language",
    "support_website",
    "support_email",
    "support_phone",
    "agree",
    "agreement_version",
    "seen_version",
}
SHELL_FIELDS = {"csrfmiddlewaretoken", "language", "next", "later", "viewport", "color"}


def text_of(browser: Client, address: str) -> str:
    """The page as it reads; the page must be there."""
    response = browser.get(address)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def listed(page: str) -> set[str]:
    """The ids of the providers on the page."""
    return set(re.findall(r'href="/providers/([0-9a-f-]{36})/"', page))


@pytest.fixture
def newcomer(cast: Cast) -> Newcomer:
    """A company that enrols."""
    return arrive(cast)


@pytest.mark.requirement("S-002")
def test_enrolment_asks_for_nothing_but_this(newcomer: Newcomer) -> None:
    """Every field of every page of answers: a bank, credit or billing field would be one more."""
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer)

    asked: set[str] = set()
    for page in ("legal-profile", "contact", "support", "review"):
        asked |= set(re.findall(r' name="(\w+)"', text_of(browser, f"/dashboard/enrolment/{page}/")))

    assert asked - SHELL_FIELDS == FORM_FIELDS


@pytest.mark.requirement("S-004")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_both_words_for_a_provider_find_the_same(cast: Cast, language: str) -> None:
    words = ("indirect provider", "distributor", "間接プロバイダー", "ディストリビューター", "ﾃﾞｨｽﾄﾘﾋﾞｭｰﾀｰ")
    pages = [text_of(stranger(language=language), f"/providers/?q={word}") for word in words]

    assert [listed(page) for page in pages] == [{str(cast.hinode.pk), str(cast.midori.pk)}] * len(words)
    assert ['href="/become-a-reseller/#provider"' in page for page in pages] == [True] * len(words)
    assert "#provider" not in text_of(stranger(), "/providers/?q=hinode")


@pytest.mark.requirement("S-005")
def test_a_reseller_compares_the_providers_of_its_own_country(cast: Cast) -> None:
    america = Country.objects.get(pk="US")
    abroad = found(cast.family, "Harbor Cloud", "harbor.example", Capacity.PROVIDER, country="US")
    entry = ProviderEntry.objects.create(
        tenant=abroad,
        website="https://harbor.example/",
        contact_email="a@harbor.example",
        approved_at=abroad.created_at,
    )
    entry.countries.add(america)
    cast.hinode.provider_entry.countries.add(america)
    here, there, both = str(cast.midori.pk), str(abroad.pk), str(cast.hinode.pk)

    own = text_of(browser_of(cast.kai), "/providers/")
    american = text_of(browser_of(cast.kai), "/providers/?country=US")
    everywhere = text_of(browser_of(cast.kai), "/providers/?country=")

    assert (listed(own), listed(american), listed(everywhere)) == (
        {here, both},
        {there, both},
        {here, there, both},
    )
    assert listed(text_of(stranger(), "/providers/")) == {here, there, both}
    for column in (
        "Countries and regions",
        "Languages",
        "Technical support",
        "Help with marketing",
        "Time to start",
    ):
        assert own.count(f'data-label="{column}"') == 2


@pytest.mark.requirement("S-003", "S-006")
@pytest.mark.parametrize("facet", ["technical_support", "marketing_help", "financing"])
def test_each_facet_is_on_the_profile_and_filters(cast: Cast, facet: str) -> None:
    for tenant, offers in ((cast.hinode, True), (cast.midori, False)):
        ProviderEntry.objects.filter(pk=tenant.pk).update(
            **{facet: offers, f"{facet}_en": f"words of {facet}"}
        )

    assert listed(text_of(stranger(), f"/providers/?{facet}=on")) == {str(cast.hinode.pk)}
    assert f"words of {facet}" in text_of(stranger(), f"/providers/{cast.hinode.pk}/")


def test_search_reads_kana_and_latin_letters(cast: Cast) -> None:
    """ﾋﾉﾃﾞ, ひので and hinode are one provider."""
    for text in ("ﾋﾉﾃﾞ", "ひので", "ヒノデ 商事", "HINODE"):
        assert listed(text_of(stranger(), f"/providers/?q={text}")) == {str(cast.hinode.pk)}
    assert listed(text_of(stranger(), "/providers/?language=ko")) == set()


@pytest.mark.requirement("S-007")
def test_only_approved_providers_are_listed_and_the_list_is_near(cast: Cast) -> None:
    assert listed(text_of(stranger(), "/providers/")) == {str(cast.hinode.pk), str(cast.midori.pk)}
    for near in (stranger(), "/become-a-reseller/"), (browser_of(cast.kai), "/dashboard/indirect-providers/"):
        assert 'href="/providers/"' in text_of(*near)

    suspend_partner(actor_of(cast.ren), tenant=cast.hinode, capacity=Capacity.PROVIDER, reason="unreachable")
    ProviderEntry.objects.filter(pk=cast.midori.pk).update(approved_at=None)

    assert listed(text_of(stranger(), "/providers/")) == set()
    assert stranger().get(f"/providers/{cast.hinode.pk}/").status_code == 404
    assert stranger().get(f"/providers/{cast.midori.pk}/").status_code == 404


@pytest.mark.requirement("S-008")
@pytest.mark.parametrize(
    ("language", "title"), [("ja", "間接リセラーになる"), ("en", "Become an indirect reseller")]
)
def test_a_page_tells_how_to_become_a_reseller_and_begins_it(cast: Cast, language: str, title: str) -> None:
    browser = stranger(language=language)
    page = text_of(browser, "/become-a-reseller/")

    assert f'<h1 class="page-header__title">{title}</h1>' in page
    start = re.search(
        r'href="([^"]+)"[^>]*>.*?(?:登録を開始する|Start the enrollment)',
        page.split("page__footer")[0].rpartition("btn-lg")[2],
    )
    assert start is not None
    assert browser.get(start[1]).status_code == 200
    assert "/become-a-reseller/" in text_of(browser, "/")


@pytest.mark.requirement("S-060")
def test_a_provider_can_be_contacted_directly(cast: Cast) -> None:
    page = text_of(browser_of(cast.kai), f"/providers/{cast.hinode.pk}/")

    assert 'href="https://hinode.example/"' in page
    assert 'href="mailto:partners@hinode.example"' in page
    assert "+81 3-1234-5678" in page
    introduction = re.search(r'href="(mailto:partners%40hinode.example\?[^"]+)"', page)
    assert introduction is not None
    assert "%E3%82%AB%E3%83%AF%E3%82%BB" in introduction[1]  # カワセ, who asks


@pytest.mark.requirement("S-014", "N-06")
def test_the_decision_page_leads_to_what_to_do(cast: Cast) -> None:
    """Own domain, sign in, see the domain: you have one. Otherwise a new one, also beside an existing one."""

    def follow(*answers: str) -> str:
        page = text_of(stranger(), "/help/work-account/")
        for answer in answers:
            step = re.search(rf'href="(\?step=[a-z-]+)">{re.escape(answer)}<', page)
            assert step is not None, answer
            page = text_of(stranger(), f"/help/work-account/{step[1]}")
        return page

    domain, works = "Yes, we have our own domain", "Yes, it works"
    signs_in = follow(domain)
    assert f'href="{reverse("account_login")}" target="_blank"' in signs_in
    assert "You have a work account: use it" in follow(domain, works, "My company's", "Yes, or most of them")
    separate = follow(domain, works, "My company's", "No, many people need no access to the dashboard")
    assert "Make a new work account for the partner business" in separate
    assert "make one on the way" in follow(domain, "No, it does not work", "No, nobody does")
    assert "Get a domain first" in follow("No, we use a free mail service")
    assert "Begin again" not in text_of(stranger(), "/help/work-account/?step=nonsense")


def test_what_does_not_exist_is_not_found(cast: Cast) -> None:
    """A reseller has no entry; to the public it is as unknown as a made-up id."""
    for address in (
        "/providers/00000000-0000-4000-8000-000000000000/",
        f"/providers/{cast.kawase.pk}/",
        "/nowhere/",
    ):
        assert stranger().get(address).status_code == 404

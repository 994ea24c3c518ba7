"""The operator changes its own words, limits and lists, and the change is in force at once."""

import datetime as dt
import html
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.cast import Cast, browser_of, found, stranger
from tests.enrolment.story import CONTACT, Newcomer, arrive, fill
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Capacity, Role
from toiya.directory.models import Person
from toiya.programme.models import Agreement, AgreementKind, Country, Programme, WebMailDomain
from toiya.programme.web_mail import fill_web_mail_domains, web_mail_domain_of
from toiya.programme.words import LIMITS, WORDS
from toiya.relations.models import OlderRelationship


@pytest.fixture
def newcomer(cast: Cast) -> Newcomer:
    """A company that enrols."""
    return arrive(cast)


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


@pytest.mark.requirement("S-039")
def test_the_operator_edits_the_list_and_the_enrolment_obeys(newcomer: Newcomer) -> None:
    ren, hana = browser_of(newcomer.cast.ren), browser_of(newcomer.hana)
    fill(hana, newcomer)
    contact = {**CONTACT, "contact_email": "hana@Post.Pigeon.example"}
    page = "/dashboard/enrolment/contact/"
    assert hana.post(page, contact).status_code == 302

    ren.post("/operator/web-mail/new/", {"name": " @PIGEON.example. "})
    refused = hana.post(page, contact)
    assert "web-based email service" in text_of(refused)

    entry = WebMailDomain.objects.get(name="pigeon.example")
    assert "pigeon.example" in text_of(ren.get("/operator/web-mail/?q=pigeon"))
    ren.post(f"/operator/web-mail/{entry.pk}/removal/")
    assert hana.post(page, contact).status_code == 302
    assert [row.action for row in AuditRecord.objects.filter(action__contains="web_mail")] == [
        "add_web_mail_domain",
        "remove_web_mail_domain",
    ]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("pigeon", "is not a domain"), ("mail.gmail.com", "because the list has “gmail.com”"), ("", "required")],
)
def test_the_list_refuses_what_is_no_domain_or_is_there(cast: Cast, typed: str, sentence: str) -> None:
    before = WebMailDomain.objects.count()
    refused = browser_of(cast.ren).post("/operator/web-mail/new/", {"name": typed})

    assert refused.status_code == 400
    assert sentence in text_of(refused)
    assert WebMailDomain.objects.count() == before


def test_a_new_list_holds_the_five_services_and_their_national_variants(db: None) -> None:
    fill_web_mail_domains()
    fill_web_mail_domains()

    for address in (
        "a@gmail.com",
        "a@YAHOO.co.jp",
        "a@mail.icloud.com",
        "a@aol.jp",
        "a@outlook.jp",
        "a@hotmail.fr",
    ):
        assert web_mail_domain_of(address) != ""
    for address in ("a@company.example", "a@notgmail.com", "a@com"):
        assert web_mail_domain_of(address) == ""


def test_words_are_everywhere_at_once_and_limits_are_kept(cast: Cast) -> None:
    programme = Programme.objects.get()
    settings = {name: getattr(programme, name) for name in (*WORDS, *LIMITS)}
    ren = browser_of(cast.ren)
    ren.post("/operator/programme/", {**settings, "name_en": "Swallow Network"})

    assert "Swallow Network" in text_of(stranger().get("/"))
    assert "ツバメ クラウド パートナー プログラム" in text_of(stranger(language="ja").get("/"))

    reversed_ = ren.post("/operator/programme/", {**settings, "review_days_from": "9", "review_days_to": "3"})
    assert reversed_.status_code == 400
    assert "at most 3 days" in text_of(reversed_)
    assert ren.post("/operator/programme/", {**settings, "invitation_days": "91"}).status_code == 400
    assert browser_of(cast.aki).post("/operator/programme/", settings).status_code == 403
    programme.refresh_from_db()
    assert (programme.name_en, programme.review_days_from, programme.invitation_days) == (
        "Swallow Network",
        2,
        30,
    )


def test_a_closed_country_takes_no_new_companies(cast: Cast) -> None:
    ren = browser_of(cast.ren)
    values = {"currency": "krw", "sales_region": "Asia"}
    ren.post("/operator/programme/countries/KR/", values)

    assert (Country.objects.get(pk="KR").is_open, Country.objects.get(pk="KR").currency) == (False, "KRW")
    assert "South Korea" not in text_of(stranger().get("/dashboard/enrolment/work-account/create/"))
    refused = ren.post(
        "/operator/programme/countries/JP/", {"currency": "XXQ", "sales_region": "Japan", "is_open": "on"}
    )
    assert refused.status_code == 400
    assert "XXQ" in text_of(refused)

    ren.post(
        "/operator/programme/countries/new/", {**values, "code": "FR", "currency": "EUR", "is_open": "on"}
    )
    assert "France" in text_of(stranger().get("/dashboard/enrolment/work-account/create/"))
    assert ren.get("/operator/programme/countries/ZZ/").status_code == 404


def test_a_new_version_of_the_agreement_is_in_force_and_the_old_one_stays(newcomer: Newcomer) -> None:
    ren = browser_of(newcomer.cast.ren)
    former = Agreement.objects.get()
    words = {
        "title_ja": former.title_ja,
        "title_en": former.title_en,
        "text_ja": former.text_ja,
        "text_en": former.text_en,
    }
    assert ren.post("/operator/agreements/new/", words).status_code == 400

    ren.post("/operator/agreements/new/", {**words, "text_en": "The second version."})
    versions = Agreement.objects.filter(kind=AgreementKind.RESELLER).order_by("version")
    assert [(row.version, row.text_en) for row in versions] == [
        (1, former.text_en),
        (2, "The second version."),
    ]
    fill(browser_of(newcomer.hana), newcomer)
    assert "The second version." in text_of(browser_of(newcomer.hana).get("/dashboard/enrolment/review/"))
    assert former.text_en in text_of(ren.get(f"/operator/agreements/{former.pk}/"))


def test_the_register_takes_relationships_of_companies_not_yet_approved(cast: Cast) -> None:
    waiting = found(cast.family, "ツユクサ電機", "tsuyukusa.example", reading="つゆくさでんき")
    ren = browser_of(cast.ren)
    entry = {
        "partner_domain": "Tsuyukusa.example",
        "customer_domain": "aoba.example",
        "portal": "old portal",
        "since": "2021-04-01",
    }
    new = "/operator/older-relationships/new/"
    ren.post(new, entry)

    row = OlderRelationship.objects.get()
    assert (row.partner, row.customer, row.since) == (waiting, cast.aoba, dt.date(2021, 4, 1))
    assert "ツユクサ電機" in text_of(ren.get("/operator/older-relationships/?q=つゆくさ"))
    for change, sentence in (
        ({}, "in the register already"),
        ({"partner_domain": "kawase.example"}, "approved already"),
        ({"partner_domain": "nobody.example"}, "nobody.example"),
        ({"customer_domain": "tsuyukusa.example"}, "two organizations"),
        ({"portal": "b", "since": "2999-01-01"}, "future"),
    ):
        refused = ren.post(new, {**entry, **change})
        assert (refused.status_code, sentence in text_of(refused)) == (400, True)
    assert OlderRelationship.objects.count() == 1

    assert browser_of(cast.aki).post(f"/operator/older-relationships/{row.pk}/removal/").status_code == 403
    ren.post(f"/operator/older-relationships/{row.pk}/removal/")
    assert OlderRelationship.objects.count() == 0


def test_an_imported_relationship_stays_in_the_register(cast: Cast) -> None:
    row = OlderRelationship.objects.create(
        partner=cast.kawase,
        customer=cast.aoba,
        portal="p",
        since=dt.date(2021, 4, 1),
        imported_at=cast.aoba.created_at,
    )
    refused = browser_of(cast.ren).post(f"/operator/older-relationships/{row.pk}/removal/")

    assert refused.status_code == 409
    assert OlderRelationship.objects.count() == 1


def test_a_fresh_installation_is_founded_once(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    answers = {
        "name": "Swift Cloud",
        "domain": "swift.example",
        "country": "jp",
        "administrator": "Ren Sato",
        "email": "ren@mail.example",
    }
    call_command("found_operator", **answers)
    shown = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines() if ":" in line)

    person = Person.objects.get()
    assert shown["User name"].strip() == person.user_name == "admin@swift.example"
    assert person.check_password(shown["Temporary password"].strip())
    assert person.must_change_password
    assert person.roles == {Role.GLOBAL_ADMIN, Role.PROGRAMME_MANAGER}
    assert person.tenant.tenant_capacities.get().capacity == Capacity.OPERATOR
    assert web_mail_domain_of("a@gmail.com") == "gmail.com"

    with pytest.raises(CommandError, match="operator already"):
        call_command("found_operator", **answers)
    with pytest.raises(CommandError, match="must be a domain"):
        call_command("found_operator", **{**answers, "domain": "swift"})

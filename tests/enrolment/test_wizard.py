"""The wizard, page by page, through the browser."""

import html
import re
from typing import Any

import pytest

from tests.cast import browser_of, hire, stranger
from tests.enrolment.story import (
    CONTACT,
    LEGAL,
    SUPPORT,
    WIZARD,
    Newcomer,
    enrol_now,
    fill,
    membership,
    profile,
    submitted,
    to_the_profiles,
)
from toiya.core.clock import real_now
from toiya.core.permissions import Role
from toiya.directory.actors import bystander_for
from toiya.directory.models import Person
from toiya.directory.tenants import hold_role
from toiya.enrolment.models import AgreementAcceptance, Application, State, Submission
from toiya.enrolment.submission import submission_digest
from toiya.membership.models import MembershipSession
from toiya.programme.models import Agreement


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def publish_second_agreement() -> None:
    Agreement.objects.create(
        kind="reseller",
        version=2,
        title_ja="二",
        title_en="2",
        text_ja="二",
        text_en="2",
        published_at=real_now(),
    )


@pytest.mark.requirement("S-002", "S-011", "S-014", "S-021", "S-022")
def test_welcome_lists_what_to_have_ready_before_anything_is_typed(newcomer: Newcomer) -> None:
    browser = stranger()

    welcome = text_of(browser.get(WIZARD))
    following = text_of(browser.get(f"{WIZARD}work-account/"))

    assert "<h1" in welcome
    assert "global administrator of your company's work account" in welcome
    assert "User name and password of the membership site" in welcome
    assert "Legal name, address, primary contact and support details" in welcome
    assert "No bank details and no credit check" in welcome
    assert 'href="/help/work-account' in welcome or "Not sure whether" in welcome
    assert f'href="{WIZARD}work-account/"' in welcome
    assert "/sign-in/?next=%2Fdashboard%2Fenrolment%2Fmembership%2F" in following
    assert '<input type="text"' not in welcome


@pytest.mark.requirement("S-010")
def test_before_approval_the_dashboard_is_the_enrolment(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)

    before = [
        browser.get(path) for path in ("/dashboard/", "/dashboard/customers/", "/dashboard/settings/users/")
    ]
    submitted(newcomer)
    after = browser.get("/dashboard/", follow=True)

    assert [answer.headers["Location"] for answer in before] == [WIZARD] * 3
    assert after.redirect_chain[-1] == (f"{WIZARD}status/", 302)
    assert browser.post("/dashboard/customers/request/").status_code in {403, 405}


@pytest.mark.requirement("S-012")
def test_only_a_global_administrator_enrols_and_others_learn_who_that_is(newcomer: Newcomer) -> None:
    goro = hire(newcomer.tenant, "Goro", Role.USER_ADMIN)

    answers = [browser_of(goro).get(f"{WIZARD}membership/"), browser_of(goro).post(f"{WIZARD}membership/")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "Global administrator" in text_of(answers[0])
    assert "Hana" in text_of(answers[0])
    assert not Application.objects.exists()


@pytest.mark.requirement("S-013", "S-024", "S-025", "S-026")
def test_a_company_without_work_account_makes_one_and_must_sign_in_with_it(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    answers = {
        "company": "Minato Works",
        "reading": "",
        "latin_name": "Minato Works",
        "country": "JP",
        "domain": "Minato.Example",
        "name": "Ken",
        "contact_email": "ken@minato.example",
        "user": "Ken",
        "password": "quiet harbour lamp 42",
        "password_again": "quiet harbour lamp 42",
    }

    created = browser.post(f"{WIZARD}work-account/create/", answers, follow=True)
    next_page = browser.get(f"{WIZARD}membership/")
    signed_in = browser.post(
        "/sign-in/",
        {"login": "ken@minato.example", "password": answers["password"], "next": f"{WIZARD}membership/"},
    )
    ken = Person.objects.get(user_name="ken@minato.example")
    organization = browser_of(ken).get("/organization/")

    assert "ken@minato.example" in text_of(created)
    assert next_page.headers["Location"].startswith("/sign-in/")
    assert signed_in.status_code == 302
    assert ken.roles == {Role.GLOBAL_ADMIN}
    assert browser_of(ken).get(f"{WIZARD}membership/").status_code == 200
    assert organization.status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("domain", "mail.Gmail.com", "mail.gmail.com belongs to a web-based email service"),
        ("domain", "sub.tsukumo.example", "already belongs to a work account"),
        ("domain", "not a domain", "is not a domain"),
        ("password", "password", "too short"),
        ("password_again", "something else 123", "not the same"),
        ("country", "KP", "Choose one from the list"),
        ("company", "", "This is required"),
    ],
)
def test_a_work_account_is_refused_beside_the_field(
    newcomer: Newcomer, field: str, value: str, message: str
) -> None:
    answers = {
        "company": "Minato",
        "country": "JP",
        "domain": "minato.example",
        "name": "Ken",
        "contact_email": "ken@minato.example",
        "user": "ken",
        "password": "quiet harbour lamp 42",
        "password_again": "quiet harbour lamp 42",
        field: value,
    }

    page = text_of(stranger().post(f"{WIZARD}work-account/create/", answers))

    assert message in page
    assert not Person.objects.filter(user_name="ken@minato.example").exists()


@pytest.mark.requirement("S-016", "S-027")
def test_the_association_is_explained_before_the_credentials(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)

    page = text_of(browser.get(f"{WIZARD}membership/"))
    answer = browser.post(f"{WIZARD}membership/")

    assert "Linking a membership ID is mandatory" in page
    assert "you manage your membership benefits, incentives and data in the dashboard" in page
    assert answer.headers["Location"] == f"{WIZARD}membership/user-name/"


@pytest.mark.requirement("S-015", "S-028", "S-029")
def test_the_membership_step_needs_the_right_password_and_keeps_the_draft(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)

    wrong = to_the_profiles(browser, password="wrong")
    unknown = to_the_profiles(browser, user_name="tsukumo-nobody", password="wrong")
    skipped = browser.get(f"{WIZARD}organization/")

    same = [re.sub(r'value="[^"]*"|tsukumo-\w+', "", text_of(page)) for page in (wrong, unknown)]
    assert same[0] == same[1]
    assert [wrong.status_code, unknown.status_code] == [400, 400]
    assert skipped.headers["Location"] == f"{WIZARD}membership/user-name/"
    assert browser.get(f"{WIZARD}review/").headers["Location"] == f"{WIZARD}membership/"
    assert newcomer.application.state == State.DRAFT


@pytest.mark.requirement("S-029")
def test_guesses_at_the_membership_password_are_limited(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    statuses = [to_the_profiles(browser, password="wrong").status_code for _ in range(11)]

    even_the_right_one = to_the_profiles(browser)

    assert statuses == [400] * 10 + [429]
    assert even_the_right_one.status_code == 429
    assert not MembershipSession.objects.exists()
    assert newcomer.application.state == State.DRAFT


@pytest.mark.requirement("S-030", "S-031", "S-034", "S-035")
def test_every_profile_is_listed_and_only_the_fitting_one_can_be_chosen(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    page = text_of(to_the_profiles(browser))

    inactive = browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.inactive.pk)})
    american = browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.american.pk)})
    before = newcomer.application.profile
    chosen = browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.active.pk)})

    for shown in ("4100001", "4100002", "4100003", "Japan", "United States", "benefit 4100001", "Inactive"):
        assert shown in page
    assert [text.count("disabled") for text in re.findall(r"<input type=\"radio\"[^>]*>", page)] == [0, 1, 1]
    assert "is inactive" in text_of(inactive)
    assert "is United States, that of your work account Japan" in text_of(american)
    assert before is None
    assert chosen.headers["Location"] == f"{WIZARD}legal-profile/"


def test_a_profile_of_somebody_else_cannot_be_chosen(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    to_the_profiles(browser)
    foreign = profile("4200009", "他社")
    newcomer.active.owner = newcomer.cast.kawase
    newcomer.active.save()

    not_administered = browser.post(f"{WIZARD}organization/", {"profile": str(foreign.pk)})
    owned = browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.active.pk)})

    assert "Choose an organization profile." in text_of(not_administered)
    assert "another dashboard account" in text_of(owned)
    assert newcomer.application.profile is None


@pytest.mark.requirement("S-033")
def test_cancel_drops_the_membership_session_and_keeps_the_draft(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    membership("tsukumo-other", profile("4100009", "ツクモ第二"))
    to_the_profiles(browser)
    draft = newcomer.application

    answer = browser.post(f"{WIZARD}membership/cancel/")
    dropped = browser.get(f"{WIZARD}organization/")
    other = text_of(to_the_profiles(browser, user_name="tsukumo-other"))

    assert answer.headers["Location"] == f"{WIZARD}membership/user-name/"
    assert dropped.headers["Location"] == f"{WIZARD}membership/user-name/"
    assert "4100009" in other
    assert "4100001" not in other
    assert newcomer.application.pk == draft.pk


@pytest.mark.requirement("S-023")
def test_the_draft_belongs_to_the_organization_and_survives_the_browser(newcomer: Newcomer) -> None:
    fill(browser_of(newcomer.hana), newcomer)
    mio = hire(newcomer.tenant, "Mio", Role.GLOBAL_ADMIN)

    another_day = browser_of(mio)
    another_day.post(f"{WIZARD}membership/")
    welcome = text_of(another_day.get(WIZARD))
    legal = text_of(another_day.get(f"{WIZARD}legal-profile/"))

    assert Application.objects.filter(tenant=newcomer.tenant).count() == 1
    assert f'href="{WIZARD}review/"' in welcome
    assert LEGAL["street"] in legal


@pytest.mark.requirement("S-036")
def test_known_values_are_filled_in_and_edits_are_kept_as_a_difference(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    to_the_profiles(browser)
    browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.active.pk)})

    page = text_of(browser.get(f"{WIZARD}legal-profile/"))
    for path, answers in (("legal-profile", LEGAL), ("contact", CONTACT), ("support", SUPPORT)):
        browser.post(f"{WIZARD}{path}/", answers)
    enrol_now(browser, newcomer)

    submission = Submission.objects.get()
    assert 'value="ツクモ電子株式会社"' in page
    assert 'value="100-0005"' in page
    assert submission.changes["street"] == {"before": "丸の内 1-1-1", "after": "丸の内 1-2-3"}
    assert submission.changes.keys() == {"street", "support_phone"}


@pytest.mark.requirement("S-017")
def test_each_missing_answer_is_named_beside_its_field(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    to_the_profiles(browser)
    browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.active.pk)})
    pages = {"legal-profile": LEGAL, "contact": CONTACT, "support": SUPPORT}
    optional = {"reading", "latin_name"}

    for path, answers in pages.items():
        for field in answers.keys() - optional:
            page = text_of(browser.post(f"{WIZARD}{path}/", {**answers, field: ""}))
            assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', page), field
            assert page.count('aria-invalid="true"') == 1

    assert enrol_now(browser, newcomer).status_code == 400
    assert newcomer.application.state == State.DRAFT


@pytest.mark.parametrize(
    ("page", "field", "value", "message"),
    [
        ("legal-profile", "postal_code", "12", "“12” is not a postal code of Japan"),
        ("legal-profile", "region", "カリフォルニア", "is not a region of Japan"),
        ("legal-profile", "legal_name", "x" * 201, "At most 200 characters; this has 201"),
        ("contact", "contact_phone", "123", "“123” is not a phone number of Japan"),
        ("contact", "contact_email", "hana", "“hana” is not an email address"),
        ("support", "support_website", "javascript:alert(1)", "is not the address of a website"),
    ],
)
def test_wrong_answers_name_rule_and_value_and_lose_nothing(
    newcomer: Newcomer, page: str, field: str, value: str, message: str
) -> None:
    browser = browser_of(newcomer.hana)
    to_the_profiles(browser)
    browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.active.pk)})
    answers = {"legal-profile": LEGAL, "contact": CONTACT, "support": SUPPORT}[page]
    before = getattr(newcomer.application, field)

    answer = browser.post(f"{WIZARD}{page}/", {**answers, field: value})

    assert answer.status_code == 400
    assert message in text_of(answer)
    assert all(
        kept in text_of(answer)
        for name, kept in answers.items()
        if name not in {field, "region", "contact_language"}
    )
    assert getattr(newcomer.application, field) == before


@pytest.mark.requirement("S-039")
@pytest.mark.parametrize(
    "address", ["hana@gmail.com", "Hana@Mail.YAHOO.co.jp", "h@mail.icloud.com", "h@a.b.outlook.com"]
)
def test_web_mail_addresses_are_refused_with_their_domain(newcomer: Newcomer, address: str) -> None:
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer)

    answer = browser.post(f"{WIZARD}contact/", {**CONTACT, "contact_email": address})

    assert answer.status_code == 400
    domain = address.partition("@")[2].lower()
    assert f"{domain} belongs to a web-based email service" in text_of(answer)
    assert newcomer.application.contact_email == CONTACT["contact_email"]


def test_a_domain_that_only_looks_like_web_mail_is_accepted(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer)

    browser.post(f"{WIZARD}contact/", {**CONTACT, "contact_email": "hana@notgmail.com"})

    assert newcomer.application.contact_email == "hana@notgmail.com"


@pytest.mark.requirement("S-038")
@pytest.mark.parametrize("is_applicant", [True, False])
def test_the_contact_is_the_applicant_or_somebody_else(newcomer: Newcomer, is_applicant: bool) -> None:  # noqa: FBT001
    browser = browser_of(newcomer.hana)
    answers = {**CONTACT, "contact_name": "三輪 武", "contact_email": "miwa@tsukumo.example"}
    tick = {"applicant_is_contact": "on", "contact_name": "", "contact_email": ""}
    fill(browser, newcomer)

    browser.post(f"{WIZARD}contact/", answers | (tick if is_applicant else {}))
    enrol_now(browser, newcomer)

    expected = ("Hana", "hana@mail.tsukumo.example") if is_applicant else ("三輪 武", "miwa@tsukumo.example")
    application = newcomer.application
    assert application.state == State.EMAIL_PENDING
    assert (application.contact_name, application.contact_email) == expected


def test_an_unfinished_page_can_be_saved_for_another_day(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer)

    browser.post(f"{WIZARD}contact/", {**CONTACT, "contact_email": "hana@", "later": "1"})
    review = text_of(browser.get(f"{WIZARD}review/"))

    assert newcomer.application.contact_email == "hana@"
    assert "is not an email address" in review
    assert enrol_now(browser, newcomer).status_code == 400


@pytest.mark.requirement("S-037")
def test_enrolling_takes_an_immutable_snapshot_with_a_reference(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer)

    answer = enrol_now(browser, newcomer)
    browser.post(f"{WIZARD}legal-profile/", {**LEGAL, "legal_name": "あとから変えた社名"})
    again = enrol_now(browser, newcomer)

    submission, application = Submission.objects.get(), newcomer.application
    assert re.fullmatch(r"ER-\d{4}-[A-Z2-9]{6}", application.reference)
    assert application.reference in text_of(answer)
    assert submission.content["legal_name"] == LEGAL["legal_name"]
    assert submission.digest == submission_digest(1, submission.content, submission.changes)
    assert again.redirect_chain == [(f"{WIZARD}status/", 302)]


def test_the_agreement_is_accepted_by_version(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer)
    review = text_of(browser.get(f"{WIZARD}review/"))

    unticked = enrol_now(browser, newcomer, agree="")
    publish_second_agreement()
    outdated = enrol_now(browser, newcomer)
    state_before = newcomer.application.state
    enrol_now(browser, newcomer, agreement_version="2")

    assert "This agreement sets out the rights and duties" in review
    assert "Accept the agreement to enroll." in text_of(unticked)
    assert "A newer version of the agreement was published" in text_of(outdated)
    assert state_before == State.DRAFT
    assert AgreementAcceptance.objects.get().agreement.version == 2


def test_what_somebody_else_changed_is_looked_at_before_it_is_submitted(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer)
    seen = str(newcomer.application.version)
    browser_of(newcomer.hana).post(f"{WIZARD}legal-profile/", {**LEGAL, "legal_name": "別の社名"})

    answer = enrol_now(browser, newcomer, seen_version=seen)

    assert "was changed in the meantime" in text_of(answer)
    assert "別の社名" in text_of(answer)
    assert newcomer.application.state == State.DRAFT


@pytest.mark.requirement("S-009")
def test_a_company_in_the_programme_gives_only_its_support_contact(newcomer: Newcomer) -> None:
    hinode, mei = newcomer.cast.hinode, newcomer.cast.mei
    held = profile("4200001", "ヒノデ商事株式会社")
    held.owner = hinode
    held.save()
    browser = browser_of(mei)
    accepted = {**SUPPORT, "agree": "on", "agreement_version": "1"}

    page = browser.get(f"{WIZARD}membership/", follow=True)
    wrong = browser.post(f"{WIZARD}support-contact/", {**accepted, "support_phone": "1"})
    answer = browser.post(f"{WIZARD}support-contact/", accepted, follow=True)

    assert text_of(page).count("already held") == 6
    assert re.findall(r'name="(\w+)"', text_of(page).partition("<main")[2]).count("contact_name") == 0
    assert wrong.status_code == 400
    assert answer.redirect_chain[0] == (f"{WIZARD}status/", 302)
    assert set(hinode.tenant_capacities.values_list("capacity", flat=True)) == {"provider", "reseller"}
    assert hinode.partner_profile.support_email == SUPPORT["support_email"]


@pytest.mark.parametrize("lacks", ["country", "active", "owner", "capacity"])
def test_the_short_path_is_closed_without_a_held_id_of_the_own_country(
    newcomer: Newcomer, lacks: str
) -> None:
    hinode, mei = newcomer.cast.hinode, newcomer.cast.mei
    held = profile("4200001", "ヒノデ商事株式会社", country="US" if lacks == "country" else "JP")
    held.owner = None if lacks == "owner" else hinode
    held.inactive_since = newcomer.tenant.created_at.date() if lacks == "active" else None
    held.save()
    if lacks == "capacity":
        hinode.suspensions.create(capacity="provider", reason="-", at=hinode.created_at, by_id=mei.pk)
    browser = browser_of(mei)

    browser.post(f"{WIZARD}support-contact/", {**SUPPORT, "agree": "on", "agreement_version": "1"})

    assert browser.get(f"{WIZARD}membership/").status_code == 200
    assert not hinode.tenant_capacities.filter(capacity="reseller").exists()


def test_a_reseller_does_not_enrol_again(newcomer: Newcomer) -> None:
    answer = browser_of(newcomer.cast.kai).post(f"{WIZARD}membership/", follow=True)

    assert "already enrolled" in text_of(answer)
    assert not Application.objects.exists()


def test_a_new_role_counts_at_the_next_request(newcomer: Newcomer) -> None:
    goro = hire(newcomer.tenant, "Goro")
    browser = browser_of(goro)

    before = browser.get(f"{WIZARD}membership/").status_code
    hold_role(goro, Role.GLOBAL_ADMIN, bystander_for(newcomer.tenant, kind="test"))

    assert (before, browser.get(f"{WIZARD}membership/").status_code) == (403, 200)

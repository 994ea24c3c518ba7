"""The reviewer's page: what was submitted, two checks apart from each other, and the way to a decision."""

import html
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast, actor_of, browser_of, hire, stranger
from tests.enrolment.story import CONTACT, LEGAL, Newcomer, arrive, confirmed, fill, mailed_link, submitted
from toiya.core.permissions import Role
from toiya.enrolment.models import Check, State, StatusChange
from toiya.enrolment.review import request_information


@pytest.fixture
def newcomer(cast: Cast) -> Newcomer:
    """A company that enrols."""
    return arrive(cast)


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def address(newcomer: Newcomer) -> str:
    return f"/operator/applications/{newcomer.application.pk}/"


def decide(
    browser: Client,
    newcomer: Newcomer,
    kind: str,
    passed: str = "yes",
    evidence: str = "register of companies",
) -> Any:  # noqa: ANN401
    return browser.post(f"{address(newcomer)}checks/{kind}/", {"passed": passed, "evidence": evidence})


@pytest.mark.requirement("S-018", "S-036")
def test_the_reviewer_sees_all_that_was_submitted_and_decides_two_checks(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    browser = browser_of(newcomer.cast.aki)
    page = text_of(browser.get(address(newcomer)))

    for value in (*LEGAL.values(), CONTACT["contact_name"], CONTACT["contact_email"], "4100001"):
        assert value in page
    assert "Changed by the applicant" in page
    assert page.count("Not decided") == 2

    decide(browser, newcomer, "organization", evidence="found in the register of companies")
    one = text_of(browser.get(address(newcomer)))
    assert "found in the register of companies" in one
    assert one.count("Not decided") == 1
    assert one.count('<span class="soft">Aki, ') == 1

    decide(browser, newcomer, "authority", passed="no", evidence="the applicant left the company")
    both = text_of(browser.get(address(newcomer)))
    assert "the applicant left the company" in both
    assert "Not decided" not in both
    rows = Check.objects.order_by("kind").values_list("kind", "passed", "reviewer__name")
    assert list(rows) == [("authority", False, "Aki"), ("organization", True, "Aki")]


@pytest.mark.requirement("S-042", "S-041")
def test_approval_is_not_offered_while_the_address_is_unverified(newcomer: Newcomer) -> None:
    submitted(newcomer, contact_email="hana@elsewhere.example")
    browser = browser_of(newcomer.cast.aki)
    page = text_of(browser.get(address(newcomer)))

    assert "elsewhere.example" in page
    assert "is not a verified domain of the organization" in page
    assert "The primary contact has not confirmed the email address yet." in page
    assert f'action="{address(newcomer)}approval/"' not in page
    assert browser.post(f"{address(newcomer)}approval/").status_code == 400
    assert newcomer.application.state == State.EMAIL_PENDING

    stranger().post(f"{mailed_link(newcomer)}confirm/")
    page = text_of(browser.get(address(newcomer)))
    assert "Not passed yet" in page
    assert f'action="{address(newcomer)}approval/"' not in page

    for kind in ("organization", "authority"):
        decide(browser, newcomer, kind)
    assert f'action="{address(newcomer)}approval/"' in text_of(browser.get(address(newcomer)))
    browser.post(f"{address(newcomer)}approval/", {"note": "welcome"})
    assert newcomer.application.state == State.APPROVED
    assert "This application was decided" in text_of(browser.get(address(newcomer)))


def test_evidence_is_required_and_typed_words_stay(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    browser = browser_of(newcomer.cast.aki)

    refused = decide(browser, newcomer, "organization", passed="", evidence="seen at the registry")
    assert refused.status_code == 400
    assert "seen at the registry" in text_of(refused)
    assert decide(browser, newcomer, "organization", evidence="   ").status_code == 400
    assert decide(browser, newcomer, "weather").status_code == 404
    assert Check.objects.count() == 0


def test_a_question_and_a_rejection_reach_the_history(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    browser = browser_of(newcomer.cast.aki)

    browser.post(f"{address(newcomer)}questions/", {"question": "Which building?"})
    assert newcomer.application.state == State.MORE_INFORMATION
    assert browser.post(f"{address(newcomer)}rejection/", {"reason": ""}).status_code == 400
    browser.post(f"{address(newcomer)}rejection/", {"reason": "no such company"})

    assert newcomer.application.state == State.REJECTED
    page = text_of(browser.get(address(newcomer)))
    assert [words in page for words in ("Which building?", "no such company")] == [True, True]
    told = StatusChange.objects.filter(application=newcomer.application).exclude(mailed_to="")
    assert page.count(f"Mailed to {CONTACT['contact_email']}") == told.count()


def test_nobody_at_the_operator_sees_a_draft(newcomer: Newcomer) -> None:
    fill(browser_of(newcomer.hana), newcomer)
    browser = browser_of(newcomer.cast.ren)

    assert browser.get(address(newcomer)).status_code == 404
    assert "ツクモ電子" not in text_of(browser.get("/operator/applications/?state=all"))


def test_the_queue_finds_by_state_country_name_and_reference(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    browser = browser_of(newcomer.cast.aki)

    def found(query: str) -> bool:
        return address(newcomer) in text_of(browser.get(f"/operator/applications/?{query}"))

    reference = newcomer.application.reference
    assert [
        found(q) for q in ("", "state=under_review", "country=JP", "q=つくも", f"q={reference.lower()}")
    ] == [True] * 5
    assert [found(q) for q in ("state=approved", "country=US", "q=kawase", "q=ER-1999")] == [False] * 4


def test_what_the_applicant_edits_after_a_question_is_not_yet_submitted(newcomer: Newcomer) -> None:
    applicant = confirmed(newcomer)
    request_information(actor_of(newcomer.cast.aki), application=newcomer.application, question="Which name?")
    applicant.post("/dashboard/enrolment/legal-profile/", {**LEGAL, "legal_name": "未提出の名前"})

    page = text_of(browser_of(newcomer.cast.aki).get(address(newcomer)))
    assert newcomer.application.legal_name == "未提出の名前"
    assert "未提出の名前" not in page


def test_only_reviewers_review(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    manager = hire(newcomer.cast.operator, "Mio", Role.PROGRAMME_MANAGER)

    refused = browser_of(manager).get(address(newcomer))
    assert refused.status_code == 403
    assert "Reviewer" in text_of(refused)
    assert browser_of(newcomer.cast.mei).get(address(newcomer)).status_code == 403
    assert decide(browser_of(newcomer.cast.mei), newcomer, "organization").status_code == 403

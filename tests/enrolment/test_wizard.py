"""The wizard, page by page, through the browser."""

import pytest

from tests.cast import browser_of, hire, stranger
from tests.enrolment.story import CONTACT, LEGAL, WIZARD, Newcomer, enrol_now, fill, membership, to_the_profiles
from toiya.directory.models import Language
from toiya.enrolment.models import Application, State, Submission
from toiya.web.membership.sessions import COOKIE


def text_of(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_a_newcomer_enrols_step_by_step(newcomer: Newcomer) -> None:
    browser = browser_of(newcomer.hana)

    fill(browser, newcomer)
    review = browser.get(f"{WIZARD}review/")
    answer = enrol_now(browser, newcomer)

    assert review.status_code == 200
    assert answer.redirect_chain == [(f"{WIZARD}status/", 302)]  # type: ignore[attr-defined]
    assert newcomer.application.state == State.EMAIL_PENDING
    assert newcomer.application.reference in text_of(answer)

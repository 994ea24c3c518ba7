"""The membership site: its own credentials, its own cookie."""

import datetime as dt
import html
from typing import Any

import pytest

from tests.cast import PASSWORD, Cast, browser_of, stranger
from tests.enrolment.story import membership, profile
from toiya.core.clock import real_now
from toiya.membership.models import MembershipLogin, MembershipSession
from toiya.web.membership.sessions import COOKIE


@pytest.fixture
def login(cast: Cast) -> MembershipLogin:
    inactive = profile("4100002", "ツクモ電子 大阪", inactive_since=dt.date(2025, 3, 31))
    return membership("Tsukumo-Member", profile("4100001", "ツクモ電子株式会社"), inactive)


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def sign_in(browser: Any, user_name: str, password: str) -> Any:  # noqa: ANN401
    browser.post("/membership/sign-in/", {"user_name": user_name})
    return browser.post("/membership/sign-in/password/", {"password": password}, follow=True)


@pytest.mark.requirement("S-030")
def test_a_login_sees_the_profiles_that_it_administers(login: MembershipLogin) -> None:
    profile("4100009", "他社の組織")
    browser = stranger()

    page = text_of(sign_in(browser, "tsukumo-member", PASSWORD))

    assert all(shown in page for shown in ("4100001", "4100002", "benefit 4100001", "Japan", "31 March 2025"))
    assert "4100009" not in page


@pytest.mark.requirement("S-028")
@pytest.mark.parametrize("user_name", ["tsukumo-member", "tsukumo-nobody"])
def test_wrong_name_and_wrong_password_get_one_answer(login: MembershipLogin, user_name: str) -> None:
    answer = sign_in(stranger(), user_name, "wrong")

    assert answer.status_code == 400
    assert "The user name or the password of the membership site is not right." in text_of(answer)
    assert not MembershipSession.objects.exists()


def test_a_work_account_is_no_membership_and_a_membership_no_work_account(
    cast: Cast, login: MembershipLogin
) -> None:
    member = stranger()
    sign_in(member, "tsukumo-member", PASSWORD)

    assert browser_of(cast.kai).get("/membership/").headers["Location"] == "/membership/sign-in/"
    assert member.get("/dashboard/").headers["Location"].startswith("/sign-in/")
    assert sign_in(stranger(), cast.kai.user_name, PASSWORD).status_code == 400


def test_the_session_ends_after_thirty_minutes_and_at_sign_out(login: MembershipLogin) -> None:
    browser, other = stranger(), stranger()
    sign_in(browser, "tsukumo-member", PASSWORD)
    sign_in(other, "tsukumo-member", PASSWORD)
    copied = browser.cookies[COOKIE].value

    browser.post("/membership/sign-out/")
    browser.cookies[COOKIE] = copied
    after_sign_out = browser.get("/membership/")
    MembershipSession.objects.update(expires_at=real_now())
    after_time = other.get("/membership/")

    assert after_sign_out.headers["Location"] == "/membership/sign-in/"
    assert after_time.headers["Location"] == "/membership/sign-in/"


def test_the_cookie_is_shut_away_and_the_row_holds_no_token(login: MembershipLogin) -> None:
    browser = stranger()
    sign_in(browser, "tsukumo-member", PASSWORD)

    cookie, row = browser.cookies[COOKIE], MembershipSession.objects.get()

    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 1800)
    assert cookie.value not in row.token_digest
    assert login.password.startswith("argon2$")

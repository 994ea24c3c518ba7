"""Signing in: password, second factor, where it leads, and what it does not tell."""

import re

import pytest

from tests.cast import PASSWORD, Cast, stranger
from tests.sign_in.walk import SECRET, code_of, enrol_app, give_password, text_of
from toiya.directory.factors import enrol_totp
from toiya.web.sign_in.destinations import is_own_path


@pytest.mark.requirement("S-024")
def test_one_work_account_opens_the_dashboard_and_the_organization_portal(cast: Cast) -> None:
    enrol_totp(cast.kai, SECRET)
    browser = stranger()

    asked = browser.get("/dashboard/")
    assert asked.status_code == 302
    assert asked["Location"] == "/sign-in/?next=%2Fdashboard%2F"
    password = browser.post(
        "/sign-in/", {"login": "KAI@Kawase.Example", "password": PASSWORD, "next": "/dashboard/"}
    )
    assert password["Location"] == "/sign-in/second-factor/"
    assert browser.get("/dashboard/").status_code == 302, "a password alone opens nothing"
    code = browser.post("/sign-in/second-factor/", {"code": code_of(SECRET)})

    assert code["Location"] == "/dashboard/"
    assert browser.get("/dashboard/").status_code == 200
    assert browser.get("/organization/").status_code == 200


def test_first_sign_in_leads_through_the_second_factor_and_the_recovery_codes(cast: Cast) -> None:
    browser = stranger()

    assert give_password(browser, cast.kai, next_="/account/security/")["Location"] == "/account/security/"
    assert browser.get("/account/security/")["Location"] == (
        "/account/security/app/?next=%2Faccount%2Fsecurity%2F"
    )
    codes = enrol_app(browser, "/account/security/")

    assert codes.status_code == 200
    assert 'href="/account/security/"' in text_of(codes)
    assert browser.get("/account/security/").status_code == 200


@pytest.mark.goal("G-16")
def test_unknown_name_wrong_password_and_disabled_person_are_told_the_same(cast: Cast) -> None:
    cast.nao.disabled_at = cast.nao.created_at
    cast.nao.save()
    attempts = {
        "nobody@kawase.example": PASSWORD,
        cast.kai.user_name: "wrong",
        cast.nao.user_name: PASSWORD,
    }

    pages = set()
    for name, password in attempts.items():
        page = stranger().post("/sign-in/", {"login": name, "password": password})
        assert page.status_code == 200
        pages.add(without_token(text_of(page).replace(name, "NAME")))

    assert len(pages) == 1
    assert "do not belong together" in pages.pop()


def without_token(page: str) -> str:
    """The page without what differs at each request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


@pytest.mark.goal("G-15", "G-16")
@pytest.mark.parametrize("name", ["kai@kawase.example", "nobody@kawase.example"])
def test_ten_wrong_passwords_and_no_more_are_evaluated_whether_the_name_exists_or_not(
    cast: Cast, name: str
) -> None:
    wrong = [
        stranger().post("/sign-in/", {"login": name.upper(), "password": "wrong"}).status_code
        for _try in range(10)
    ]
    right = stranger().post("/sign-in/", {"login": name, "password": PASSWORD})

    assert wrong == [200] * 10
    # Planted fault: taking the limit for known names only fails the second row.
    assert right.status_code == 429
    assert "Too many attempts." in text_of(right)


def test_a_right_password_does_not_count(cast: Cast) -> None:
    assert [give_password(stranger(), cast.kai).status_code for _time in range(12)] == [302] * 12


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        " /evil.example",
        "http:/evil.example",
        "//localhost@evil.example",
        "/\n/evil.example",
        "https://localhost:8000/dashboard/",
        "data:text/html,x",
        "/%0d%0aLocation:https://evil.example",
        "evil.example",
    ],
)
def test_next_leads_nowhere_else(cast: Cast, target: str) -> None:
    enrol_totp(cast.kai, SECRET)
    browser = stranger()
    give_password(browser, cast.kai, next_=target)

    answer = browser.post("/sign-in/second-factor/", {"code": code_of(SECRET)})

    location = answer["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "\n" not in location
    assert is_own_path(target) is (location == target)

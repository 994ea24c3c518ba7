"""Signing in: password, second factor, where it leads, and what it does not tell."""

import pytest

from tests.cast import PASSWORD, Cast, stranger
from tests.sign_in.walk import SECRET, code_of, enrol_app, give_password, text_of
from toiya.directory.factors import enrol_totp


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

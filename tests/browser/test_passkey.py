"""A passkey instead of a code, with the virtual authenticator of Chromium."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo
from tests.browser.reader import Reader, Watch, Words, code_for

pytestmark = pytest.mark.browser


def plug_in_authenticator(page: Page) -> None:
    """The device has a fingerprint reader, and its owner's finger is on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_opens_the_account_and_confirms(
    demo: Demo, chromium: Browser, watch: Watch
) -> None:
    words = Words("en")
    kai = Reader.arrive(chromium, demo.base_url, words, watch)
    plug_in_authenticator(kai.page)
    person = next(entry for entry in demo.credentials["people"] if entry["totp_secret"])

    kai.open("/sign-in/")
    kai.sign_in(person["user_name"], person["password"])
    kai.give_code(code_for(person["totp_secret"]))
    kai.page.wait_for_url(lambda url: "/sign-in/" not in url)
    kai.open("/account/security/passkey/")
    kai.write(words("Name of this passkey"), "Laptop")
    kai.press(words("Add"))
    kai.heading(words("Sign-in and security"))
    expect(kai.row("Laptop")).to_be_visible()

    kai.page.context.clear_cookies(name="toiya")
    kai.open("/sign-in/?next=/account/security/")
    kai.sign_in(person["user_name"], person["password"])
    kai.press(words("Use a passkey"))
    kai.heading(words("Sign-in and security"))
    kai.open("/account/confirm/?next=/account/profile/")
    kai.press(words("Use a passkey"))
    kai.heading(words("My profile"))

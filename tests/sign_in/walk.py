"""Signing in through the pages, as a person does."""
# ruff: noqa: ANN401  (the test client's answers have a private type)

import html
import re
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tests.cast import PASSWORD
from toiya.core.clock import real_now
from toiya.directory.factor_secrets import decrypt
from toiya.directory.models import Person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows now, or so many steps of 30 seconds later."""
    return str(format_hotp_value(hotp_value(secret, int(real_now().timestamp()) // 30 + steps)))


def text_of(response: Any) -> str:
    """The page's text, entities resolved."""
    return html.unescape(response.content.decode())


def give_password(client: Client, person: Person, password: str = PASSWORD, next_: str = "") -> Any:
    """First step of signing in."""
    return client.post("/sign-in/", {"login": person.user_name, "password": password, "next": next_})


def sealed_in(response: Any) -> str:
    """The sealed seed that the enrolment page carries."""
    found = re.search(r'name="sealed" value="([^"]+)"', text_of(response))
    assert found
    return found[1]


def enrol_app(client: Client, next_: str = "") -> Any:
    """Set up an authenticator app: read the key from the page, type the code."""
    page = client.get("/account/security/app/", {"next": next_})
    sealed = sealed_in(page)
    secret = decrypt(sealed).partition(":")[2]
    return client.post("/account/security/app/", {"sealed": sealed, "code": code_of(secret), "next": next_})


def forget_used_codes(person: Person) -> None:
    """Half a minute passes."""
    factor = Authenticator.objects.get(user=person, type="totp")
    factor.data.pop("used_step", None)
    factor.save()

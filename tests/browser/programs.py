"""Chapter five: a partner's program is let in, hears of what happens, and is tried out where nothing is real."""

import json
import urllib.request
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import expect

from tests.browser.demo import Demo
from tests.browser.reader import Reader

EVENTS = "/mailbox/events/"
ARRIVES_WITHIN = 60_000  # milliseconds, on a machine that does other things too


def partner_registers_application(reader: Reader) -> tuple[str, str]:
    """Name, ways to tokens, roles; then a secret, shown once. The ID and the secret."""
    words = reader.words
    reader.open("/dashboard/settings/applications/")
    reader.heading(words("Applications"))
    reader.follow(words("Register application"))
    reader.write(words("Name of the application"), words.either("在庫連携", "Stock sync"))
    reader.box(words("Sales agent")).check()
    reader.shot("59-register-application")
    reader.press(words("Register application"))
    reader.reads(words("The application has been registered."))
    address = reader.page.url
    reader.press(words("Make a secret"))
    reader.heading(words("New secret"))
    secret = reader.page.locator("#application-secret").inner_text()
    reader.shot("60-application-secret")
    reader.follow(words("Done"))
    assert secret not in reader.page.content()
    return urlsplit(address).path.strip("/").rsplit("/", 1)[-1], secret


def program_reads(reader: Reader, demo: Demo, client_id: str, secret: str, customer: str) -> None:
    """The program gets a token and reads the partner's customers; its page says when it came."""
    words = reader.words
    tenant = demo.credentials["tenants"]["provider"]["id"]
    asked = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
        "scope": "https://api.partnercenter.microsoft.com/.default",
    }
    token = _answer(demo, f"/{tenant}/oauth2/v2.0/token", body=urlencode(asked).encode())["access_token"]
    told = _answer(demo, "/v1/customers", Authorization=f"Bearer {token}")
    assert customer in [one["companyProfile"]["companyName"] for one in told["items"]]
    reader.page.reload()
    expect(reader.page.get_by_role("row").nth(1)).not_to_contain_text(words("Never"))
    reader.shot("61-application")


def _answer(demo: Demo, path: str, *, body: bytes | None = None, **headers: str) -> dict[str, Any]:
    """What the demo's server says to a program; it listens there under whichever name pages show."""
    address = f"http://127.0.0.1:{demo.environment['PORT']}{path}"
    request = urllib.request.Request(address, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 (this machine)
        told: dict[str, Any] = json.loads(response.read())
    return told


def partner_listens(reader: Reader, demo: Demo) -> None:
    """Where the program listens; a test event goes there and is accepted; the log says so."""
    words = reader.words
    receiver = demo.base_url.replace("localhost", "127.0.0.1") + EVENTS
    reader.open("/dashboard/settings/webhooks/")
    reader.heading(words("Webhooks"))
    reader.write(words("Address", "of a program"), receiver)
    reader.press(words("Register"))
    reader.reads(words("Events are sent there from now on."))
    reader.shot("62-webhooks")
    reader.press(words("Send a test event"))
    for _time in range(30):
        if reader.page.get_by_text(words("Accepted"), exact=True).count():
            break
        reader.page.wait_for_timeout(1000)
        reader.page.reload()
    reader.reads(words("Delivered"), receiver)
    reader.shot("63-delivery")
    reader.follow(words("Log of deliveries"))
    reader.heading(words("Log of deliveries"))
    reader.reads("test-created")


def partner_makes_sandbox(reader: Reader) -> None:
    """A programme of one's own, with passwords that are shown once."""
    words = reader.words
    reader.open("/dashboard/sandbox/")
    reader.heading(words("Sandbox"))
    reader.press(words("Make a sandbox"))
    reader.heading(words("People of the sandbox"))
    reader.shot("64-people-of-the-sandbox")
    reader.follow(words("Done"))
    reader.reads(words("Time runs"), words("Organizations and people"))
    reader.shot("65-sandbox")


def partner_moves_clock(reader: Reader) -> None:
    """What falls due within a month is told before; then the clock moves, and the mails of that month are there."""
    words = reader.words
    reader.open("/dashboard/sandbox/")
    reader.follow(words("a month"))
    reader.heading(words("Move the clock"))
    reader.reads(words("The subscription renews"))
    reader.shot("66-move-the-clock")
    reader.press(words("Move the clock"))
    reader.heading(words("Sandbox"))
    expect(reader.page.locator("#clock")).to_contain_text(words("Time runs"), timeout=ARRIVES_WITHIN)
    reader.follow(words("Mailbox"), within=reader.page.get_by_role("main"))
    reader.heading(words("Mailbox of the sandbox"))


def partner_keeps_devices(reader: Reader, customer: str) -> None:
    """The computers of a customer, and the policy with which they greet their first user."""
    words = reader.words
    reader.open("/dashboard/customers/?q=aoba.example")
    reader.page.get_by_label(words("Manage %(name)s", name=customer)).click()
    reader.follow(words("Account"), within=reader.page.locator(".quick"))
    reader.follow(words("Devices"), within=reader.page.get_by_role("main"))
    expect(reader.row("W2-20261")).to_contain_text("Wing 2")
    reader.shot("67-devices")


def developer_reads(reader: Reader) -> None:
    """The reference, without signing in."""
    words = reader.words
    reader.open("/docs/api")
    reader.write(words("Search operations"), "sandbox")
    reader.press(words("Search"))
    reader.reads("/v1/toiya/sandbox")
    reader.shot("68-api-reference")

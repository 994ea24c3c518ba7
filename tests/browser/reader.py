"""Somebody in front of a browser: finds things by what is written on them, as a screen reader does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from tests.browser.demo import TAKES_PICTURES, demo_now

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "var" / "screenshots" / "walk"
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 375, "height": 812}
AT_HOME = {"localhost", "127.0.0.1"}
SERVER_ERROR = 500
# What differs from one run to the next although clock and ids stand still.
UNSTEADY = ".secret__value, .recovery-codes, .code__digits, .qr, ol.steps code, #thumbprint"


@dataclass(frozen=True)
class Words:
    """The texts of the pages in one language, from the catalogues."""

    language: str

    def __call__(self, english: str, context: str = "", /, **values: object) -> str:
        """The text as it stands on the page. Raises when a Japanese page would show English."""
        with translation.override(self.language):
            text = pgettext(context, english) if context else gettext(english)
        assert self.language == "en" or text != english, f"no Japanese for “{english}”"
        return text % values if values else text

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """A text that holds a number."""
        with translation.override(self.language):
            return ngettext(one, many, number) % values

    def either(self, japanese: str, english: str) -> str:
        """Names of people and companies, as somebody of that language types them."""
        return japanese if self.language == "ja" else english


@dataclass
class Watch:
    """What must not happen: console errors, CSP reports, server errors, requests to other machines."""

    seen: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Look at everything that this context does."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"script error: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal is a page with status 4xx, which Chromium reports as a failed resource.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.seen.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in AT_HOME:
            self.seen.append(f"request to {parts.hostname}")

    def _response(self, response: Response) -> None:
        if response.status >= SERVER_ERROR:
            self.seen.append(f"{response.status} {response.request.method} {urlsplit(response.url).path}")


def code_for(secret: str) -> str:
    """What an authenticator app with this key shows now."""
    return str(format_hotp_value(hotp_value(secret.replace(" ", ""), int(demo_now()) // 30)))


@dataclass
class Reader:
    """One browser context with one page, used by one person in one language."""

    page: Page
    words: Words
    base_url: str

    @classmethod
    def arrive(
        cls, browser: Browser, base_url: str, words: Words, watch: Watch, *, javascript: bool = True
    ) -> "Reader":
        """A fresh browser, at the public page, in the reader's language."""
        context = browser.new_context(
            base_url=base_url,
            locale="ja-JP" if words.language == "ja" else "en-GB",
            timezone_id="Asia/Tokyo",
            viewport=DESKTOP,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.set_default_timeout(10_000)
        watch.over(context)
        reader = cls(context.new_page(), words, base_url)
        reader.open("/")
        reader.press(words.either("日本語", "English"))
        return reader

    # ------------------------------------------------------------ going and reading
    def open(self, address: str) -> None:
        """Type an address."""
        self.page.goto(address)

    def follow(self, label: str, *, within: Locator | None = None) -> None:
        """Choose a link."""
        (within or self.page).get_by_role("link", name=label, exact=True).first.click()

    def enter(self, label: str) -> None:
        """Choose a tile, whose link says more than its title."""
        self.page.get_by_role("main").get_by_role(
            "link", name=re.compile(rf"^{re.escape(label)}")
        ).first.click()

    def press(self, label: str, *, within: Locator | None = None) -> None:
        """Press a button."""
        (within or self.page).get_by_role("button", name=label, exact=True).click()

    def heading(self, text: str) -> None:
        """The page's heading is this."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def reads(self, *texts: str) -> None:
        """These stand in the page."""
        for text in texts:
            expect(self.page.get_by_role("main")).to_contain_text(text)

    def misses(self, *texts: str) -> None:
        """These do not."""
        for text in texts:
            expect(self.page.get_by_role("main")).not_to_contain_text(text)

    def row(self, text: str) -> Locator:
        """The row of a table that holds this text."""
        return self.page.get_by_role("row").filter(has_text=text).first

    def unfold(self, label: str) -> None:
        """Open a folded part of the page."""
        self.page.locator("summary").filter(has_text=label).first.click()

    # ------------------------------------------------------------ forms
    def write(self, label: str, text: str, *, within: Locator | None = None) -> None:
        """Fill the field that has exactly this label."""
        marks = "|".join(re.escape(self.words(mark)) for mark in ("Required", "Optional"))
        exactly = re.compile(rf"^\s*{re.escape(label)}\s*({marks})?\s*$")
        (within or self.page).get_by_label(exactly).fill(text)

    def write_all(self, values: Iterable[tuple[str, str]]) -> None:
        """Fill several fields."""
        for label, text in values:
            self.write(label, text)

    def choose(self, label: str, option: str) -> None:
        """Take an option of a list."""
        self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}")).select_option(option)

    def tick(self, label: str, *, within: Locator | None = None) -> None:
        """Tick a box or take a radio button."""
        self.box(label, within=within).check()

    def box(self, label: str, *, within: Locator | None = None) -> Locator:
        """A box or radio button, by the beginning of its label."""
        return (within or self.page).get_by_label(re.compile(rf"^\s*{re.escape(label)}"))

    # ------------------------------------------------------------ signing in
    def sign_in(self, user_name: str, password: str) -> None:
        """The first step, on the sign-in page."""
        self.heading(self.words("Sign in"))
        self.write(self.words("User name"), user_name)
        self.write(self.words("Password"), password)
        self.press(self.words("Sign in"))

    def give_code(self, code: str) -> None:
        """The second step."""
        self.heading(self.words("Second factor"))
        self.write(self.words("Code"), code)
        self.press(self.words("Continue"))

    def set_up_app(self, shot: str = "") -> None:
        """Enrol an authenticator app with the key that the page shows, and keep the recovery codes."""
        words = self.words
        self.heading(words("Set up an authenticator app"))
        if shot:
            self.shot(shot)
        secret = self.page.locator("ol code").inner_text()
        self.page.get_by_role("textbox").fill(code_for(secret))
        self.press(words("Set up"))
        self.heading(words("Recovery codes"))
        self.follow(words("I have kept them: continue"))

    # ------------------------------------------------------------ the mailbox of the demo
    def read_mail(self, to: str, about: str, shot: str = "") -> str:
        """Open the newest mail to an address whose subject holds this text; the address of its first link."""
        self.open(f"/mailbox/?q={to}")
        self.page.get_by_role("listitem").filter(has_text=about).get_by_role("link").first.click()
        self.reads(to)
        if shot:
            self.shot(shot)
        return self.page.locator(".mail__body a").first.get_attribute("href") or ""

    def code_in_mailbox(self, user_name: str, shot: str = "") -> str:
        """The present code of a person of the demo, from the page that shows it."""
        self.open("/mailbox/people/")
        person = self.page.get_by_role("listitem").filter(has_text=user_name)
        if shot:
            self.shot(shot)
        found = re.search(r"\b\d{6}\b", person.inner_text())
        assert found, f"no code for {user_name}"
        return found[0]

    # ------------------------------------------------------------ pictures
    def shot(self, name: str) -> None:
        """A picture for a desktop and one for a phone, when pictures are wanted."""
        if TAKES_PICTURES:
            take(self.page, PICTURES / self.words.language, name)


def take(page: Page, folder: Path, name: str) -> None:
    """The whole page at 1280 and at 375 px; what is secret or changes by itself is covered."""
    folder.mkdir(parents=True, exist_ok=True)
    page.evaluate("scrollTo(0, 0)")  # what sticks to the window stands at its top
    for suffix, size in (("", DESKTOP), ("-phone", PHONE)):
        page.set_viewport_size(size)
        page.screenshot(
            path=folder / f"{name}{suffix}.png",
            full_page=True,
            animations="disabled",
            caret="hide",
            mask=[page.locator(UNSTEADY)],
            mask_color="#d9dbe3",
        )
    page.set_viewport_size(DESKTOP)

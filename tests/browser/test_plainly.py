"""Consent without JavaScript, and with nothing but a keyboard; another language in the middle of a form."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo
from tests.browser.reader import Reader, Watch, Words
from tests.browser.selling import link_in_draft

pytestmark = pytest.mark.browser
JUN, KAI, GORO, HANA = (
    f"{name}.example" for name in ("jun@midori", "kai@kawase", "goro@tsugumi", "hana@hibari")
)
FOCUSED = """() => {
  const one = document.activeElement;
  return (one.getAttribute("aria-label") || one.labels?.[0]?.innerText || one.innerText || "").trim();
}"""
RING = "() => getComputedStyle(document.activeElement).outlineStyle"


@pytest.mark.requirement("S-065", "S-066", "S-102")
def test_consent_without_javascript(demo: Demo, chromium: Browser, watch: Watch) -> None:
    words = Words("ja")
    jun, kai, goro = (
        Reader.arrive(chromium, demo.base_url, words, watch, javascript=False) for _ in range(3)
    )

    come_in(jun, demo, JUN, "/dashboard/indirect-resellers/request/")
    jun.press(words("Create draft"))
    link = link_in_draft(jun)
    come_in(kai, demo, KAI, link)
    kai.press(words("Authorize indirect provider"))
    kai.reads(words("Tick the box to consent. Without it the provider is not authorized."))
    kai.page.get_by_role("checkbox", name="ミドリ流通").last.check()
    kai.press(words("Authorize indirect provider"))
    kai.heading(words("Indirect providers"))
    kai.follow(words("Invite new customers"), within=kai.row("ミドリ流通"))
    kai.tick(words("Own marketing"))
    kai.press(words("Create the draft"))
    goro.open(link_in_draft(kai))
    goro.follow(words("Sign in"), within=goro.page.get_by_role("main"))
    give_both_factors(goro, demo, GORO)
    goro.page.get_by_role("checkbox", name="カワセシステムズ").last.check()
    goro.press(words("Authorize both as resellers"))

    goro.heading(words("Partner relationships"))
    goro.reads("カワセシステムズ", "ミドリ流通")
    for partner in (kai, jun):
        partner.open("/dashboard/customers/")
        expect(partner.row("ツグミ商会")).to_be_visible()


def come_in(reader: Reader, demo: Demo, user_name: str, address: str) -> None:
    """Open an address that asks to sign in, and sign in."""
    reader.open(address)
    give_both_factors(reader, demo, user_name)


def give_both_factors(reader: Reader, demo: Demo, user_name: str) -> None:
    """Password and code; the code is read on a second page."""
    reader.sign_in(user_name, demo.password)
    reader.heading(reader.words("Second factor"))
    there = reader.page.url
    code = reader.code_in_mailbox(user_name)
    reader.open(there)
    reader.give_code(code)


@pytest.mark.requirement("S-102")
def test_consent_by_keyboard(demo: Demo, chromium: Browser, watch: Watch) -> None:
    words = Words("ja")
    hana = Reader.arrive(chromium, demo.base_url, words, watch)
    code = hana.code_in_mailbox(HANA)
    link = hana.read_mail("hana@mail.hibari.example", "ヒノデ商事")
    keyboard = hana.page.keyboard

    hana.open(link)
    keyboard.press("Tab")
    assert hana.page.evaluate(FOCUSED) == words("Skip to content")
    keyboard.press("Enter")
    tab_to(hana.page, words("Sign in"))
    keyboard.press("Enter")
    hana.heading(words("Sign in"))
    keyboard.type(HANA)
    tab_to(hana.page, words("Password"))
    keyboard.type(demo.password)
    keyboard.press("Enter")
    hana.heading(words("Second factor"))
    keyboard.type(code)
    keyboard.press("Enter")
    hana.reads("カワセシステムズ", "ヒノデ商事")
    tab_to(hana.page, "ヒバリ食品")
    keyboard.press("Space")
    tab_to(hana.page, words("Authorize both as resellers"))
    keyboard.press("Enter")

    hana.heading(words("Partner relationships"))
    hana.reads("カワセシステムズ", "ヒノデ商事")


@pytest.mark.requirement("N-01")
def test_another_language_keeps_what_was_typed(demo: Demo, chromium: Browser, watch: Watch) -> None:
    japanese, english = Words("ja"), Words("en")
    yui = Reader.arrive(chromium, demo.base_url, japanese, watch)
    yui.open("/dashboard/enrolment/work-account/create/")
    yui.write(japanese("Company name"), "ヤマブキ情報")
    yui.write(japanese("Password"), demo.password)

    yui.press("English")
    yui.words = english

    yui.heading(english("Create a work account"))
    expect(yui.page.get_by_label(re.compile("^Company name"))).to_have_value("ヤマブキ情報")
    expect(yui.page.get_by_label(re.compile("^Password")).first).to_have_value("")


def tab_to(page: Page, label: str) -> None:
    """Tab until something with this label has the focus, and shows it."""
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(re.sub(r"\s+", " ", page.evaluate(FOCUSED)))
        if seen[-1].startswith(label):
            assert page.evaluate(RING) != "none", f"no focus ring on “{label}”"
            return
    raise AssertionError(f"“{label}” is not reached; the keyboard went {seen}")

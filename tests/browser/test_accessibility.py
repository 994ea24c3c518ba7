"""Every page of every site, in both languages: axe-core, the width of a phone, language, heading, title."""

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.access.world import build_world
from tests.browser.conftest import launch
from tests.browser.demo import SHOWN, TAKES_PICTURES
from tests.browser.gallery import pages_of
from tests.browser.reader import DESKTOP, PHONE, ROOT, Watch, take

pytestmark = pytest.mark.browser
# Preloading fetches and reads all style sheets again, three quarters of the time; only rules about sound and about
# locked orientation use what it brings, and the pages have no sound and no such style.
LOOK = """async ({contrast}) => {
  const found = await axe.run(document, {
    resultTypes: ["violations"],
    preload: false,
    rules: {"color-contrast": {enabled: contrast}},
  });
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`);
}"""
# Contrast takes two thirds of what is left. Colours know no language: those of each page are looked at in one of them.
CONTRAST_IN = ("ja", "en")
# The same page, opened by the provider and by the reseller.
SAME_TITLE = [["customers:invite_both", "customers:invite_both_as_provider"]]
TOO_WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""


@pytest.mark.requirement("N-01")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_is_accessible(
    language: str, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted faults that this test finds: a label without its field, a table that is wider than a phone."""
    with standing_still(monkeypatch):
        look_at_every_page(language, live_server)


@contextmanager
def standing_still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same day and the same ids in every run, when pictures are taken."""
    if not TAKES_PICTURES:
        yield
        return
    chance = random.Random("gallery")  # noqa: S311 (pictures need no secrets)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4))
    with time_machine.travel(SHOWN, tick=True):
        yield


def look_at_every_page(language: str, live_server: LiveServer) -> None:
    """Each page on a desktop and on a phone."""
    pages = pages_of(build_world())
    wrong: list[str] = []
    titles: dict[str, list[str]] = {}
    watch = Watch()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", bypass_csp=True)
        context.add_init_script(AXE_SCRIPT)
        watch.over(context)
        tab = context.new_page()
        for number, page in enumerate(pages):
            context.clear_cookies()
            cookies = {**page.cookies, "toiya-language": language}
            context.add_cookies(
                [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
            )
            tab.goto(live_server.url + page.path)
            contrast = CONTRAST_IN[number % len(CONTRAST_IN)] == language
            wrong += [f"{page.route}: {problem}" for problem in problems_of(tab, language, contrast=contrast)]
            titles.setdefault(tab.title(), []).append(page.route)
            if TAKES_PICTURES:
                take(tab, ROOT / "var" / "screenshots" / "pages" / language, page.route.replace(":", "-"))
        browser.close()

    assert wrong == []
    assert [routes for routes in titles.values() if len(routes) > 1] == SAME_TITLE
    assert watch.seen == []
    assert len(pages) > 70


def problems_of(tab: Tab, language: str, *, contrast: bool) -> list[str]:
    """What is wrong with the page that is open."""
    problems: list[str] = []
    problems += tab.evaluate(LOOK, {"contrast": contrast})
    if tab.locator("html").get_attribute("lang") != language:
        problems.append("the page does not say its language")
    if tab.locator("h1").count() != 1:
        problems.append(f"{tab.locator('h1').count()} main headings")
    tab.set_viewport_size(PHONE)
    if too_wide := tab.evaluate(TOO_WIDE):
        problems.append(f"{too_wide} px wider than a phone")
    tab.set_viewport_size(DESKTOP)
    return problems

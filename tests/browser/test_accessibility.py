"""Every page of every site, in both languages: what axe-core finds, the width of a phone, headings and titles."""

from collections import Counter

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.access.world import build_world
from tests.browser.conftest import launch
from tests.browser.gallery import pages_of
from tests.browser.reader import DESKTOP, PHONE, ROOT, TAKES_PICTURES, Watch, take

pytestmark = pytest.mark.browser
LOOK = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`);
}"""
TOO_WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""


@pytest.mark.requirement("N-01")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_is_accessible(language: str, live_server: LiveServer) -> None:
    """Planted faults that this test finds: a label without its field, a table that is wider than a phone."""
    pages = pages_of(build_world())
    wrong: list[str] = []
    titles: Counter[str] = Counter()
    watch = Watch()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", bypass_csp=True)
        context.add_init_script(AXE_SCRIPT)
        watch.over(context)
        tab = context.new_page()
        for page in pages:
            context.clear_cookies()
            cookies = {**page.cookies, "toiya-language": language}
            context.add_cookies(
                [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
            )
            tab.goto(live_server.url + page.path)
            wrong += [f"{page.route}: {problem}" for problem in problems_of(tab, language)]
            titles[tab.title()] += 1
            if TAKES_PICTURES:
                take(tab, ROOT / "var" / "screenshots" / "pages" / language, page.route.replace(":", "-"))
        browser.close()

    print([(t, n) for t, n in titles.items() if n > 1])  # noqa: T201
    assert wrong == []
    assert watch.seen == []
    assert len(pages) > 70


def problems_of(tab: Tab, language: str) -> list[str]:
    """What is wrong with the page that is open."""
    problems: list[str] = []
    problems += tab.evaluate(LOOK)
    if tab.locator("html").get_attribute("lang") != language:
        problems.append("the page does not say its language")
    if tab.locator("h1").count() != 1:
        problems.append(f"{tab.locator('h1').count()} main headings")
    tab.set_viewport_size(PHONE)
    if too_wide := tab.evaluate(TOO_WIDE):
        problems.append(f"{too_wide} px wider than a phone")
    tab.set_viewport_size(DESKTOP)
    return problems

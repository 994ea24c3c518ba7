"""What a phone shows of a page that is wider than it."""

import pytest
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import launch
from tests.browser.reader import PHONE
from tests.cast import browser_of, build_cast
from tests.orders.story import market

pytestmark = pytest.mark.browser


def test_the_tab_that_is_open_is_in_sight(live_server: LiveServer) -> None:
    """Planted fault: the strip of tabs stands at its beginning, whichever tab is open."""
    mei = browser_of(market(build_cast()).cast.mei)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(viewport=PHONE)
        context.add_cookies(
            [
                {"name": name, "value": morsel.value, "url": live_server.url}
                for name, morsel in mei.cookies.items()
            ]
        )
        page = context.new_page()
        page.goto(f"{live_server.url}/dashboard/prices/rates/")

        tab = page.locator(".tabs [aria-current]")
        expect(tab).to_have_text("Exchange rates")
        expect(tab).to_be_in_viewport(ratio=1)
        browser.close()

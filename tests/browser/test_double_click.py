"""The second half of a double click must not take the page away that the first one asked for."""

import pytest
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import launch
from tests.cast import browser_of, build_cast
from tests.orders.story import market
from tests.orders.test_adding_customers import ADD, wizard

pytestmark = pytest.mark.browser


@pytest.mark.requirement("N-14")
def test_a_double_click_shows_the_page_with_the_password(live_server: LiveServer) -> None:
    """Planted fault: the script lets a form go twice."""
    story = market(build_cast())
    mei = browser_of(story.cast.mei)
    wizard(mei, story.cast, str(story.shop.offers["office"].pk), on_subscriptions="on")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context()
        context.add_cookies(
            [
                {"name": name, "value": morsel.value, "url": live_server.url}
                for name, morsel in mei.cookies.items()
            ]
        )
        page = context.new_page()
        page.goto(f"{live_server.url}{ADD}?step=review")
        button = page.get_by_role("button", name="Submit")
        button.scroll_into_view_if_needed()
        place = button.bounding_box()
        assert place
        for _click in range(2):
            page.mouse.click(place["x"] + 10, place["y"] + 10)
            page.wait_for_timeout(30)

        expect(page.get_by_role("heading", level=1)).to_have_text("Customer added")
        expect(page.locator("#temporary-password")).not_to_be_empty()
        browser.close()

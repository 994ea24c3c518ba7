"""The story of a partner's programs, whole, in a browser: in Japanese and in English."""

import pytest
from playwright.sync_api import Browser

from tests.browser import buying, programs
from tests.browser.demo import Demo
from tests.browser.reader import Reader, Watch, Words

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_story_of_programs(language: str, demo: Demo, chromium: Browser, watch: Watch) -> None:
    """Fault: a secret that does not open the API, an event that nobody sends, or a clock that does not arrive."""
    words = Words(language)
    deal = buying.Deal.in_words(words)
    mei, kai, developer = (Reader.arrive(chromium, demo.base_url, words, watch) for _ in range(3))

    buying.comes_in(mei, buying.MEI, "/dashboard/", demo.password)
    client_id, secret = programs.partner_registers_application(mei)
    programs.program_reads(mei, demo, client_id, secret, "アオバ工業")
    programs.partner_listens(mei, demo)
    programs.partner_makes_sandbox(mei)

    buying.comes_in(kai, buying.KAI, "/dashboard/", demo.password)
    programs.partner_moves_clock(kai)
    programs.partner_keeps_devices(kai, deal.customer)
    programs.developer_reads(developer)

    verified = demo.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr

"""The selling story, whole, in a browser: four people in four browsers, in Japanese and in English."""

import pytest
from playwright.sync_api import Browser

from tests.browser import buying
from tests.browser.demo import Demo
from tests.browser.reader import Reader, Watch, Words

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_selling_story(language: str, demo: Demo, chromium: Browser, watch: Watch) -> None:
    """Fault: an approved request that orders nothing, a licence that is not given, a plan that the radar does not
    show, or a cancellation that leaves the licences where they are.
    """
    words = Words(language)
    deal = buying.Deal.in_words(words)
    kai, mei, emi, ren = (Reader.arrive(chromium, demo.base_url, words, watch) for _ in range(4))

    buying.comes_in(kai, buying.KAI, "/dashboard/customers/", demo.password)
    number = buying.reseller_asks(kai, deal)
    buying.provider_approves(mei, deal, number, demo.password)
    subscription = buying.reseller_finds_subscription(kai, deal)
    buying.reseller_assigns(kai, deal)
    buying.reseller_plans_fewer(kai, deal, subscription)

    buying.comes_in(emi, buying.EMI, "/organization/subscriptions/", demo.password)
    buying.customer_looks(emi, deal)
    buying.customer_asks(emi, deal)
    buying.reseller_answers(kai, deal)
    buying.provider_cancels(mei, deal, subscription)
    buying.reseller_sees_the_end(kai, deal, subscription)
    buying.provider_reads_its_invoice(mei, deal)

    buying.comes_in(ren, buying.REN, "/operator/catalogue/", demo.password)
    buying.operator_keeps_shop(ren, deal)

    verified = demo.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr

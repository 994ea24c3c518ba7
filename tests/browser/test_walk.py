"""The founding story, whole, in a browser: four people in four browsers, in Japanese and in English."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import enrolment, selling
from tests.browser.demo import Demo
from tests.browser.reader import Reader, Watch, Words

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_founding_story(
    language: str, demo: Demo, chromium: Browser, watch: Watch, tmp_path: Path
) -> None:
    words = Words(language)
    newcomer, customer = enrolment.newcomer_of(words), selling.customer_of(words)
    yui, mei, kaede, ren, naoto = (Reader.arrive(chromium, demo.base_url, words, watch) for _ in range(5))

    enrolment.creates_work_account(yui, newcomer)
    enrolment.signs_in_with_it(yui, newcomer)
    enrolment.links_membership(yui, demo.password)
    enrolment.answers(yui, newcomer)
    enrolment.contact_confirms(kaede, newcomer)
    enrolment.operator_approves(ren, newcomer, demo.password)
    enrolment.learns_of_approval(yui, newcomer)
    enrolment.user_comes(naoto, *enrolment.adds_user(yui, newcomer))

    provider = words.either("ヒノデ商事", "Hinode Trading")
    link = selling.provider_requests(mei, newcomer, demo.password)
    selling.reseller_authorizes(yui, newcomer, provider, link)
    selling.provider_sees(mei, newcomer)
    selling.reseller_removes_access(yui, provider)

    link = selling.reseller_invites(yui, customer, provider)
    selling.customer_creates_account(kaede, customer, link)
    selling.customer_consents(kaede, newcomer, provider)
    selling.reseller_manages(yui, customer, tmp_path)
    selling.provider_has_customer_too(mei, customer, newcomer)

    verified = demo.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr

"""The reader's language: chosen on any page, kept in a cookie, and leading nowhere else."""

import pytest
from django.test import Client
from django.urls import reverse


def choose(browser: Client, language: str, onwards: str) -> str:
    """The form in the footer; where it leads."""
    response = browser.post(reverse("set_language"), {"language": language, "next": onwards})
    assert response.status_code == 302
    return response.headers["Location"]


@pytest.mark.django_db
def test_the_chosen_language_stays() -> None:
    """Planted fault: the cookie is not set."""
    browser = Client(headers={"accept-language": "en"})
    page = reverse("public:become_reseller")
    assert '<html lang="en">' in browser.get(page).content.decode()

    assert choose(browser, "ja", page) == page
    assert '<html lang="ja">' in browser.get(page).content.decode()

    choose(browser, "tlh", page)  # nobody speaks it here
    assert '<html lang="ja">' in browser.get(page).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("onwards", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_choosing_a_language_leads_nowhere_else(onwards: str) -> None:
    """T-30. Planted fault: ``next`` followed as it is."""
    assert choose(Client(), "en", onwards) == "/"

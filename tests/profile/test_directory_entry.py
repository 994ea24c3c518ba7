"""A provider writes its own entry; the public sees what the operator approved (C-18)."""

import html
from typing import Any

import pytest

from tests.cast import Cast, browser_of, stranger
from toiya.mail.models import OutgoingMail
from toiya.membership.models import ProviderEntry

PAGE = "/dashboard/settings/partner-profile/directory-entry/"
ENTRY = {
    "version": "1",
    "summary_ja": "新しい概要",
    "summary_en": "A new summary",
    "website": "https://new.hinode.example/",
    "contact_email": "hello@hinode.example",
    "contact_phone": "+81 3-9999-0000",
    "countries": ["JP", "US"],
    "languages": ["ja", "ko"],
    "support_hours_ja": "平日",
    "support_hours_en": "Weekdays",
    "technical_support": "on",
    "technical_support_en": "Around the clock",
    "financing": "on",
    "financing_en": "60 days",
    "onboarding_days": "3",
}


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def review(cast: Cast, act: str, **sent: str) -> Any:  # noqa: ANN401
    return browser_of(cast.ren).post(f"/operator/partners/{cast.hinode.pk}/directory-entry/{act}/", sent)


@pytest.mark.requirement("S-006")
def test_a_change_is_public_after_the_operator_approved_it(cast: Cast) -> None:
    public = f"/providers/{cast.hinode.pk}/"
    assert browser_of(cast.mei).post(PAGE, ENTRY).status_code == 302

    assert "A new summary" not in text_of(stranger().get(public))
    assert "A new summary" in text_of(browser_of(cast.mei).get(PAGE))
    waiting = text_of(browser_of(cast.aki).get(f"/operator/partners/{cast.hinode.pk}/directory-entry/"))
    assert "<ins>A new summary</ins>" in waiting
    assert "Japan, United States" in waiting
    assert (
        browser_of(cast.aki)
        .post(f"/operator/partners/{cast.hinode.pk}/directory-entry/approval/", {"version": "2"})
        .status_code
        == 403
    )

    assert review(cast, "approval", version="2").status_code == 302
    page = text_of(stranger().get(public))
    for words in (
        "A new summary",
        "Around the clock",
        "60 days",
        "Korean",
        "United States",
        "https://new.hinode.example/",
    ):
        assert words in page
    assert OutgoingMail.objects.get().message == "membership/provider_entry_approved"


def test_the_operator_publishes_what_it_read_and_nothing_newer(cast: Cast) -> None:
    """Planted fault: approval without the version publishes words that nobody read."""
    mei = browser_of(cast.mei)
    mei.post(PAGE, ENTRY)
    mei.post(PAGE, {**ENTRY, "version": "2", "summary_en": "Slipped in"})

    assert review(cast, "approval", version="2").status_code == 409
    assert "Slipped in" not in text_of(stranger().get(f"/providers/{cast.hinode.pk}/"))
    assert review(cast, "approval", version="3").status_code == 302
    assert "Slipped in" in text_of(stranger().get(f"/providers/{cast.hinode.pk}/"))


def test_a_returned_entry_says_why_and_keeps_the_words(cast: Cast) -> None:
    browser_of(cast.mei).post(PAGE, ENTRY)
    assert review(cast, "return", reason="").status_code == 400
    assert review(cast, "return", reason="Name the hours, please").status_code == 302

    page = text_of(browser_of(cast.mei).get(PAGE))
    assert "Name the hours, please" in page
    assert "A new summary" in page
    assert ProviderEntry.objects.listed().filter(pk=cast.hinode.pk).exists()
    assert OutgoingMail.objects.get().context["note"] == "Name the hours, please"


def test_a_withdrawn_entry_is_not_public_until_approved_again(cast: Cast) -> None:
    review(cast, "withdrawal", reason="wrong phone")
    assert stranger().get(f"/providers/{cast.hinode.pk}/").status_code == 404
    assert review(cast, "withdrawal", reason="again").status_code == 400

    browser_of(cast.mei).post(PAGE, {**ENTRY, "version": "2"})
    review(cast, "approval", version="3")
    assert stranger().get(f"/providers/{cast.hinode.pk}/").status_code == 200


def test_two_writers_do_not_overwrite_each_other(cast: Cast) -> None:
    browser_of(cast.mei).post(PAGE, ENTRY)
    late = browser_of(cast.mei).post(PAGE, {**ENTRY, "summary_en": "Mine"})

    assert late.status_code == 412
    assert "Mine" in text_of(late)
    assert ProviderEntry.objects.get(pk=cast.hinode.pk).proposed["summary_en"] == "A new summary"


def test_only_providers_have_an_entry(cast: Cast) -> None:
    assert browser_of(cast.kai).get(PAGE).status_code == 403
    assert browser_of(cast.kai).post(PAGE, ENTRY).status_code == 403
    assert browser_of(cast.sora).post(PAGE, ENTRY).status_code == 403
    refused = browser_of(cast.mei).post(PAGE, {**ENTRY, "countries": [], "website": "ftp//x"})
    assert refused.status_code == 400
    assert ProviderEntry.objects.count() == 2

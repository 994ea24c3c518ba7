"""A provider writes its own entry; the public sees what the operator approved (C-18)."""

import base64
import html
import re
import struct
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import Cast, browser_of, stranger
from tests.customers.story import accepted, invited
from tests.partnerships.story import become_partners
from toiya.audit.models import AuditRecord
from toiya.directory.models import Person
from toiya.mail.models import OutgoingMail
from toiya.membership.logos import SIGNATURE
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


@pytest.mark.requirement("N-09")
def test_a_country_may_have_its_own_website(cast: Cast) -> None:
    """Planted faults: ``values`` forgets the countries' websites; ``approve_provider_entry`` publishes what a proposal
    of an older day does not speak of as empty; a website for a country that is not served is taken.
    """
    public, mei = f"/providers/{cast.hinode.pk}/", browser_of(cast.mei)
    own = {"website_of_US": "https://us.hinode.example/", "website_of_KR": ""}
    refused = mei.post(PAGE, {**ENTRY, **own, "website_of_KR": "https://kr.hinode.example/"})
    assert refused.status_code == 400
    assert "You serve no resellers there." in text_of(refused)

    assert mei.post(PAGE, {**ENTRY, **own}).status_code == 302

    assert "https://us.hinode.example/" not in text_of(stranger().get(public))
    assert 'value="https://us.hinode.example/"' in text_of(mei.get(PAGE))
    waiting = text_of(browser_of(cast.ren).get(f"/operator/partners/{cast.hinode.pk}/directory-entry/"))
    assert "<ins>United States: https://us.hinode.example/</ins>" in waiting
    review(cast, "approval", version="2")
    page = text_of(stranger().get(public))
    assert '<dt>United States</dt><dd><a href="https://us.hinode.example/"' in page
    assert '<dt>アメリカ合衆国</dt><dd><a href="https://us.hinode.example/"' in text_of(
        stranger(language="ja").get(public)
    )

    mei.post(PAGE, {**ENTRY, **own, "version": "3"})
    entry = ProviderEntry.objects.get(pk=cast.hinode.pk)
    del entry.proposed["websites"]
    entry.save()
    review(cast, "approval", version="4")
    assert "https://us.hinode.example/" in text_of(stranger().get(public))


def png(width: int, height: int, *, shade: int = 0, note: bytes = b"") -> bytes:
    """A grey picture, with a remark that is not part of it."""

    def part(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    points = zlib.compress((b"\0" + bytes([shade]) * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    remark = part(b"tEXt", b"Comment\0" + note) if note else b""
    return SIGNATURE + part(b"IHDR", header) + remark + part(b"IDAT", points) + part(b"IEND", b"")


def picked(data: bytes, **changes: str) -> dict[str, object]:
    """The form with a file for the logo."""
    return {**ENTRY, **changes, "logo_file": SimpleUploadedFile("logo.png", data, "image/png")}


@pytest.mark.requirement("N-09")
def test_the_logo_is_public_after_approval_stays_and_can_be_taken_away(cast: Cast) -> None:
    """Planted faults: ``values`` forgets the logo that is there; ``logo_of`` keeps every part; the log keeps the
    picture; the public page shows the proposal.
    """
    public, mei = f"/providers/{cast.hinode.pk}/", browser_of(cast.mei)
    shown = base64.b64encode(png(120, 40)).decode()
    sent = png(120, 40, note=b"<script>alert(1)</script>") + b"<html>behind the end</html>"

    assert mei.post(PAGE, picked(sent)).status_code == 302

    assert "data:image/png" not in text_of(stranger().get(public))
    waiting = text_of(browser_of(cast.ren).get(f"/operator/partners/{cast.hinode.pk}/directory-entry/"))
    assert f'src="data:image/png;base64,{shown}"' in waiting
    assert "Picture of 120 × 40 pixels" in waiting
    review(cast, "approval", version="2")
    assert f'<img class="logo" src="data:image/png;base64,{shown}" alt="Logo">' in text_of(
        stranger().get(public)
    )
    logged = AuditRecord.objects.filter(after__has_key="logo").values_list("after", flat=True)
    assert [len(str(after["logo"])) for after in logged] == [64, 64]

    mei.post(PAGE, {**ENTRY, "version": "3", "summary_en": "Other words"})
    review(cast, "approval", version="4")
    assert shown in text_of(stranger().get(public))
    mei.post(PAGE, {**ENTRY, "version": "5", "without_logo": "on"})
    review(cast, "approval", version="6")
    assert "data:image/png" not in text_of(stranger().get(public))


@pytest.mark.requirement("N-09")
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (png(301, 10), "at most 300 × 300 pixels; this one has 301 × 10"),
        (png(10, 301), "at most 300 × 300 pixels; this one has 10 × 301"),
        (png(1, 1) + b"\0" * 250_000, "at most 100 kB; this file has 251 kB"),
        (b"GIF89a" + b"\0" * 40, "not a complete PNG picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a complete PNG picture"),
        (png(20, 20)[:-20], "not a complete PNG picture"),
        (png(20, 20)[:32] + b"\xff" + png(20, 20)[33:], "not a complete PNG picture"),
        (SIGNATURE, "not a complete PNG picture"),
        (png(20, 20).replace(zlib.compress((b"\0" + bytes(20)) * 20), b"x"), "not a complete PNG picture"),
    ],
    ids=["wide", "high", "heavy", "gif", "svg", "cut", "altered", "empty", "no points"],
)
def test_only_a_small_complete_png_picture_is_a_logo(cast: Cast, data: bytes, sentence: str) -> None:
    """Planted faults: no bound on the sides, on the weight; checksums are not compared."""
    refused = browser_of(cast.mei).post(PAGE, picked(data))

    assert refused.status_code == 400
    assert sentence in text_of(refused)
    assert "A new summary" in text_of(refused)
    assert not ProviderEntry.objects.get(pk=cast.hinode.pk).proposed


@pytest.mark.requirement("N-09")
def test_a_small_file_that_unpacks_to_more_than_it_says_is_no_logo(cast: Cast) -> None:
    """Planted fault: ``_read`` does not compare the points with the header."""
    small, bomb = png(20, 20), png(300, 300)
    data = small[:33] + bomb[33:]  # the header of the one, the points of the other

    refused = browser_of(cast.mei).post(PAGE, picked(data))

    assert refused.status_code == 400
    assert "not a complete PNG picture" in text_of(refused)


@pytest.mark.requirement("N-09")
def test_a_new_provider_is_led_from_its_entry_to_resellers_to_customers(cast: Cast) -> None:
    """Planted faults: the steps stand in another order; a withdrawn entry counts as done; a reseller is shown them."""

    def steps(person: Person) -> list[tuple[str, str]]:
        page = text_of(browser_of(person).get("/dashboard/setup/"))
        labels = re.findall(r'checklist__label">\s*(?:<a href="[^"]*">)?([^<]+)', page)
        states = re.findall(r'checklist__state">([^<]+)', page)
        return [(label.strip(), state) for label, state in zip(labels, states, strict=True)][3:]

    entry, resellers, customers = "Check your directory entry", "Connect resellers", "Connect customers"
    review(cast, "withdrawal", reason="wrong phone")
    assert steps(cast.mei) == [(entry, "To do"), (resellers, "To do"), (customers, "To do")]
    home = text_of(browser_of(cast.mei).get("/dashboard/"))
    for path in (PAGE, "/dashboard/indirect-resellers/request/", "/dashboard/customers/"):
        assert f'<a href="{path}">' in home

    browser_of(cast.mei).post(PAGE, {**ENTRY, "version": "2"})
    assert steps(cast.mei)[0] == (entry, "To do")
    review(cast, "approval", version="3")
    assert steps(cast.mei)[0] == (entry, "Done")
    become_partners(cast)
    assert steps(cast.mei)[1:] == [(resellers, "Done"), (customers, "To do")]
    accepted(cast.emi, invited(cast.mei))
    assert [state for _step, state in steps(cast.mei)] == ["Done"] * 3
    assert steps(cast.kai) == []

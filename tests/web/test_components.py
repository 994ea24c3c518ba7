"""The parts that all pages are written from: what a reader sees and hears, in both languages."""

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation

from tests.web.specimen import NOW, specimen
from toiya.core import reader
from toiya.web.templatetags import ui

pytestmark = pytest.mark.once

ROOT = Path(ui.__file__).resolve().parents[3]
CSS = ROOT / "toiya" / "web" / "static" / "css"
TEMPLATES = ROOT / "toiya" / "web" / "templates"
SITES = ("public", "membership", "dashboard", "organization", "operator", "mailbox")
ENOUGH_FOR_TEXT, ENOUGH_FOR_SHAPES = 4.5, 3.0
READ_ON = {
    "ink": ("surface", "paper", "surface-sunk", "success-soft", "warning-soft", "danger-soft", "info-soft"),
    "ink-soft": ("surface", "paper", "surface-sunk", "ai-soft"),
    "ink-faint": ("surface", "paper", "surface-sunk"),
    "link": ("surface", "paper", "surface-sunk", "ai-soft"),
    "kaki-ink": ("surface", "paper"),
    "danger-ink": ("surface", "danger-soft"),
    "on-ai": ("ai", "ai-deep"),
    **{
        f"{tone}-ink": (f"{tone}-soft", "surface")
        for tone in ("success", "warning", "info", "waiting", "neutral")
    },
}
SEEN_ON = {"line-strong": ("surface", "paper"), "focus": ("surface", "paper"), "kaki": ("surface",)}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("site", SITES)
def test_every_component_is_drawn_on_every_site(site: str, language: str) -> None:
    with translation.override(language):
        page = render_to_string("components/specimen.html", specimen() | {"layout": f"sites/{site}.html"})

    assert f'<html lang="{language}">' in page
    assert f'class="page site-{site}"' in page
    assert page.count("<h1") == 1
    assert len(set(re.findall(r' id="([^"]+)"', page))) == len(re.findall(r' id="([^"]+)"', page))
    assert not re.search(r"<[^>]+ (?:style|on\w+)=", page)


@pytest.mark.parametrize(
    ("language", "moment", "day"),
    [
        ("ja", "2026年11月22日 18:05", "2026年11月22日"),
        ("en", "22 November 2026, 18:05", "22 November 2026"),
    ],
)
def test_dates_are_written_the_readers_way(language: str, moment: str, day: str) -> None:
    with translation.override(language):
        assert reader.when(NOW) == moment
        assert reader.day(dt.date(2026, 11, 22)) == day
        assert ui.moment(NOW) == f'<time datetime="2026-11-22T09:05:00+00:00">{moment}</time>'


def test_a_day_is_the_readers_day() -> None:
    late_in_london = dt.datetime(2026, 11, 22, 20, 0, tzinfo=dt.UTC)

    with translation.override("en"):
        assert reader.day(late_in_london) == "23 November 2026"


def test_names_are_in_latin_letters_for_readers_of_english() -> None:
    kawase = SimpleNamespace(name="株式会社カワセ", latin_name="Kawase Inc.")
    aoba = SimpleNamespace(name="アオバ", latin_name="")

    with translation.override("ja"):
        assert reader.reader_name(kawase) == "株式会社カワセ"
    with translation.override("en"):
        assert [reader.reader_name(kawase), reader.reader_name(aoba)] == ["Kawase Inc.", "アオバ"]


def test_an_error_stands_beside_its_field_and_is_announced_with_it() -> None:
    page = render("{% form_errors form %}{% field form.email %}{% field form.contact %}")

    assert 'href="#id_email"' in page
    assert 'href="#id_contact_0"' in page
    email = re.search(r'<input type="email"[^>]*>', page)
    assert email is not None
    assert 'aria-describedby="id_email_error"' in email[0]
    assert 'aria-invalid="true"' in email[0]
    assert 'value="tanaka@gmail.com"' in email[0]
    assert '<ul class="field__errors" id="id_email_error">' in page
    assert 'aria-describedby="id_contact_error"' in page


def test_a_field_says_whether_it_must_be_filled_in() -> None:
    with translation.override("ja"):
        page = render("{% field form.name %}|{% field form.memo %}")

    required, optional = page.split("|")
    assert "必須" in required
    assert "任意" in optional


def test_the_consent_button_waits_for_its_own_box() -> None:
    page = render("{% consent agreement.agree 'Authorize' %}")

    assert 'data-needs="id_agree"' in page
    assert 'id="id_agree"' in page


def test_what_is_shown_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    page = render(
        "{% status 'info' evil %}{% page_header evil lead=evil %}{% endpage_header %}"
        "{% definition_list pairs %}"
        "{% note 'note' title=evil %}x{% endnote %}{% draft evil evil 'd' %}{% icon 'lock' label=evil %}"
        "{% empty 'people' evil evil evil evil %}{% locked evil evil %}",
        evil=evil,
        pairs=[(evil, evil)],
    )

    assert "<script" not in page
    assert page.count("&lt;script&gt;") == len(re.findall("alert", page))


def test_an_unknown_icon_is_a_mistake() -> None:
    with pytest.raises(FileNotFoundError):
        ui.icon("no-such-icon")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_pair_of_colours_can_be_read(scheme: str) -> None:
    colours = tokens(scheme)

    too_faint = [
        f"{front} on {back}: {ratio:.2f}"
        for pairs, enough in ((READ_ON, ENOUGH_FOR_TEXT), (SEEN_ON, ENOUGH_FOR_SHAPES))
        for front, backs in pairs.items()
        for back in backs
        if (ratio := contrast(colours[front], colours[back])) < enough
    ]

    assert too_faint == []


def test_sheets_need_no_force_and_no_foreign_place() -> None:
    sheets = {file.name: file.read_text(encoding="utf-8") for file in CSS.glob("*.css")}

    assert [
        name
        for name, text in sheets.items()
        if "!important" in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    ] == []
    assert [
        name for name, text in sheets.items() if re.search(r"url\(\s*[\"']?(?:https?:|data:|//)", text)
    ] == []
    assert sorted(re.findall(r'url\("([\w-]+\.css)"\)', sheets["app.css"])) == sorted(
        set(sheets) - {"app.css"}
    )


def test_the_guide_names_every_tag_and_filter() -> None:
    guide = (ROOT / "docs" / "design-language.md").read_text(encoding="utf-8")

    missing = [
        name
        for name in (*ui.register.tags, *ui.register.filters)
        if not re.search(rf"\| [\w, ]*\b{name}\b", guide)
    ]

    assert missing == []


def render(template: str, **context: object) -> str:
    return Template(template).render(Context(specimen() | context))


def tokens(scheme: str) -> dict[str, str]:
    light, dark = (
        (CSS / "_tokens.css").read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    )
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", light + (dark if scheme == "dark" else ""))
    return dict(found)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

"""Rows of long lists and long lists of choices: written quickly, and what Django would have written."""

import random
import uuid
from unittest import mock

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape

from toiya.web import rows
from toiya.web.filters import Choice
from toiya.web.rows import filled

pytestmark = pytest.mark.once

SEED = random.SystemRandom().randrange(10**9)
IDS = ("customer_id", "own_id")
TEXTS = {
    "customers/_row.html": (
        "closed_url",
        "open_url",
        "customer_id",
        "name",
        "domain",
        "since",
        "since_day",
        "origin",
        "detail",
        "details",
    ),
    "customers/_details.html": ("customer_id", "services", "next_renewal", "access"),
    "subscriptions/_row.html": (
        "own_id",
        "name",
        "sku",
        "customer_id",
        "customer",
        "status",
        "quantity",
        "ends",
        "renewal",
        "reseller",
    ),
}
WORDS = (
    "<b>",
    "&amp;",
    '"',
    "'",
    "{name}",
    "%(name)s",
    "100 %",
    "{{ name }}",
    "\ue000name\ue001",
    "青葉 商会",
    "",
)


def somebody(luck: random.Random, names: tuple[str, ...]) -> dict[str, str]:
    """Texts as people may write them, some of them missing and some marked as safe (no addresses: where the template
    puts one together of two, Django no longer knows).
    """
    found = {name: "".join(luck.sample(WORDS, luck.randrange(3))) for name in names}
    for name, text in found.items():
        if luck.random() < 0.2 and not name.endswith("_url"):
            found[name] = escape(text)
    return found | {name: str(uuid.UUID(int=luck.getrandbits(128))) for name in IDS if name in names}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("template", TEXTS)
def test_a_row_is_what_django_writes_for_its_texts(template: str, language: str) -> None:
    """Planted faults: nothing is escaped; everything is, also what is safe; what was written in one language serves
    the other.
    """
    luck = random.Random(SEED)  # noqa: S311  (no secret)
    given = [somebody(luck, TEXTS[template]) for _row in range(200)]
    with translation.override("ja" if language == "en" else "en"):
        filled(template, given[:50])

    with translation.override(language):
        expected = [
            render_to_string(template, {name: text for name, text in row.items() if text}) for row in given
        ]
        assert [filled(template, [row]) for row in given] == expected, SEED
        assert filled(template, given) == "".join(expected), SEED


def test_what_all_rows_have_is_as_if_each_had_it() -> None:
    """Planted faults: not escaped; ``%`` not doubled; a text with the name of another one is filled in itself."""
    luck = random.Random(SEED)  # noqa: S311  (no secret)
    template = "customers/_row.html"
    for _turn in range(200):
        own = [somebody(luck, TEXTS[template][2:]) for _row in range(3)]
        common = {
            name: "".join(luck.sample(("%(open_url)s", "%", "&", "/", "a"), 3))
            for name in TEXTS[template][:2]
        }
        common = {name: escape(text) if luck.random() < 0.5 else text for name, text in common.items()}

        assert filled(template, own, common) == filled(template, [common | row for row in own]), SEED


@pytest.mark.parametrize("written", ["\ue000name", "name\ue001 and so on", "\ue000na…\ue001"])
def test_a_template_that_changes_a_blank_is_a_mistake(written: str) -> None:
    """As a filter does that cuts a text which is not there yet. Planted fault: nobody looks."""
    with (
        mock.patch.object(rows, "render_to_string", return_value=written),
        pytest.raises(ValueError, match="changes a text"),
    ):
        filled("no.html", [{"name": "Aoba"}])


def test_a_percent_sign_of_the_template_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: ``%`` is not doubled."""
    monkeypatch.setattr(rows, "render_to_string", lambda _template, texts: f"100 % of {texts['name']}s")

    assert filled("percent.html", [{"name": "5 %(x)s"}]) == "100 % of 5 %(x)ss"


@pytest.mark.parametrize("chosen", ["", "1", "<&\"'>", "nothing"])
def test_a_long_list_of_choices_is_what_django_writes(chosen: str) -> None:
    """Planted faults: labels or keys are not escaped; nothing is chosen."""
    choices = [("", "All"), ("<&\"'>", "Odd"), *((str(place), word) for place, word in enumerate(WORDS))]
    attrs = {"class": 'form-select "x"', "id": "id_reseller"}

    written, expected = (
        kind(choices=choices).render("reseller", chosen, attrs=attrs) for kind in (Choice, forms.Select)
    )

    assert [line for line in written.split("\n") if line] == [line for line in expected.split("\n") if line]

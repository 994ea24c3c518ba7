"""Rows of long lists and fields of filter bars: written quickly, and what Django would have written."""

import random
import uuid
from collections.abc import Callable
from unittest import mock

import pytest
from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape

from toiya.web import rows
from toiya.web.customers.forms import SearchForm
from toiya.web.filters import Choice, Filters
from toiya.web.rows import filled
from toiya.web.subscriptions.forms import FilterForm

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
    "components/filter.html": ("style", "label", "target", "control"),
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


def search_form(data: QueryDict | None) -> Filters:
    """The filters of the list of customers, with resellers of awkward names."""
    form = SearchForm(data, by_reseller=True)
    form.offer("reseller", RESELLERS, everything="All <customers>")
    return form


def filter_form(data: QueryDict | None) -> Filters:
    """Those of the list of subscriptions."""
    form = FilterForm(data, products=RESELLERS, by_reseller=True)
    form.offer("reseller", RESELLERS, everything="All")
    return form


RESELLERS = [(str(uuid.UUID(int=place)), f"{place} {word}") for place, word in enumerate(WORDS)]
ASKED = (
    None,
    "q=",
    "q=%3Cb%3E+%26+%22%7Bx%7D%25&ends=60",
    f"reseller={RESELLERS[2][0]}&product={RESELLERS[3][0]}&state=live",
    f"q={'x' * 120}",
    "state=nothing&q=a%00b",
)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("form_of", [search_form, filter_form])
def test_a_filter_bar_is_what_the_tag_of_fields_writes(
    form_of: Callable[[QueryDict | None], Filters], asked: str | None, language: str
) -> None:
    """Also where something is wrong. Planted faults: labels are not escaped; nothing is chosen; no length is said."""
    with translation.override(language):
        form = form_of(None if asked is None else QueryDict(asked))
        bar = form.bar()
        for field in form.fields.values():
            plain = forms.Select if isinstance(field.widget, Choice) else forms.TextInput
            field.widget.__class__ = plain
        by_tags = render_to_string("components/filters.html", {"form": form})

    assert _lines(bar) == _lines(by_tags)


def _lines(text: str) -> list[str]:
    """Without what is white between them."""
    return text.replace("</div>", "\n</div>").replace("<div", "\n<div").split() if text else []

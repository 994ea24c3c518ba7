"""Components of the pages: one tag each and a small template in ``components/`` (docs/design-language.md)."""

import html
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from babel.numbers import format_currency
from django import template
from django.contrib.messages.storage.base import Message
from django.forms import (
    BaseForm,
    CheckboxInput,
    CheckboxSelectMultiple,
    FileInput,
    RadioSelect,
    Select,
    Widget,
)
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

from toiya.core.money import Money, UnitPrice, minor_digits
from toiya.core.reader import day, reader_name, reads_japanese, when
from toiya.programme.countries import country_name
from toiya.web.templatetags.kept import written

register = template.Library()

Text = str | Promise
Context = dict[str, object]
Row = Mapping[str, object]

ICONS = Path(__file__).resolve().parent.parent / "static" / "vendor" / "icons"
CONTROL_PLACE = SafeString(secrets.token_hex(16))  # drawn at the start, as those of the shell
TONE_ICONS = {
    "success": "check-circle-fill",
    "warning": "exclamation-triangle-fill",
    "danger": "x-octagon-fill",
    "info": "info-circle-fill",
    "waiting": "hourglass-split",
    "neutral": "dash-circle",
}
NOTES: dict[str, tuple[str, Text]] = {
    "note": ("info", gettext_lazy("Note")),
    "important": ("warning", gettext_lazy("Important")),
    "warning": ("danger", gettext_lazy("Warning")),
    "success": ("success", gettext_lazy("Done")),
}
STEP_STATES: dict[str, Text] = {
    "done": gettext_lazy("completed"),
    "current": gettext_lazy("in progress"),
    "waiting": gettext_lazy("not started"),
    "refused": gettext_lazy("rejected"),
}
PAGER = ("previous_url", "next_url", "label")
MESSAGE_TONES = {"debug": "neutral", "success": "success", "warning": "warning", "error": "danger"}


# ---------------------------------------------------------------- small signs
def _escaped(text: Text) -> str:
    """As Django's ``conditional_escape``, for what stands in every row of a list: without its care for lazy texts."""
    return text if isinstance(text, SafeString) else html.escape(str(text))


@register.simple_tag
def icon(name: str, label: Text = "") -> SafeString:
    """A sign beside words is silent to screen readers; one that stands alone has a ``label``."""
    if label:
        return SafeString(
            f'<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="{_escaped(label)}">{_drawing(name)}</svg>'
        )
    return _silent(name)


@cache
def _silent(name: str) -> SafeString:
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', _drawing(name))


@cache
def _drawing(name: str) -> SafeString:
    svg = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    found = re.search(r"<svg[^>]*>(.*)</svg>", svg, flags=re.DOTALL)
    if found is None:
        message = f"{name}.svg holds no drawing"
        raise ValueError(message)
    return mark_safe(" ".join(found[1].split()))  # noqa: S308 (a file of the package bootstrap-icons)


@register.simple_tag
def status(tone: str, label: Text, icon: str = "") -> SafeString:
    """A state in one of six tones; the words say it, the sign repeats it, the colour only helps."""
    return format_html(
        '<span class="status tone-{}">{}{}</span>', tone, _silent(icon or TONE_ICONS[tone]), label
    )


@register.simple_tag
def wordmark() -> SafeString:
    """The sign of the house."""
    return written("components/wordmark.html")


# ---------------------------------------------------------------- time and names
for spelling in (when, day, reader_name):
    register.filter(spelling.__name__, spelling)


@register.simple_tag
def moment(value: date | None, precision: str = "") -> SafeString:
    """The same text as ``when`` (or ``day``), readable for machines too."""
    if value is None:
        return SafeString()
    text = when(value) if isinstance(value, datetime) and precision != "day" else day(value)
    return SafeString(f'<time datetime="{value.isoformat()}">{_escaped(text)}</time>')


@register.filter
def money(value: Money | UnitPrice | str | None) -> str:
    """An amount or a unit price as the reader writes it: ￥12,000, US$12.50; a price that is finer than the
    currency's smallest coin keeps every decimal that it has. Nothing for what a template misses (an empty text).
    """
    if value is None or isinstance(value, str):
        return ""
    return _money(value, "ja" if reads_japanese() else "en")


@lru_cache(maxsize=10_000)
def _money(value: Money | UnitPrice, locale: str) -> str:
    """Writing an amount takes long, and the rows of a list often show the same ones."""
    amount = value.decimal
    is_finer = -int(amount.as_tuple().exponent) > minor_digits(value.currency)
    text = format_currency(amount, value.currency, locale=locale, decimal_quantization=not is_finer)
    return str(text)


@register.filter
def country(code: str) -> str:
    """The name of a country or region in the reader's language."""
    return country_name(code)


# ---------------------------------------------------------------- forms
@register.simple_tag
def field(bound: BoundField, style: str = "", notes: Mapping[str, Text] | None = None) -> SafeString:
    """A whole form field. ``style``: ``search`` in a filter bar, ``cards`` or ``wide`` for choices; ``notes``
    explains each choice by its value. Kept is only what stands around the control: nothing that somebody typed.
    """
    widget = bound.field.widget
    kind = _kind(widget)
    described = bound.aria_describedby or ""
    attrs: dict[str, str | bool] = {"class": _classes(widget)}
    if described and kind in {"control", "checkbox"}:
        attrs["aria-describedby"] = described
    control = "" if kind == "choices" else bound.as_widget(attrs=attrs)
    if kind == "hidden":
        return SafeString(control)
    around = {
        "kind": kind,
        "label": bound.label,
        "label_for": bound.id_for_label,
        "auto_id": bound.auto_id,
        "help": bound.help_text,
        "described": described,
        "style": style,
        "required": bound.field.required,
    }
    if bound.errors or kind == "choices":
        options = _options(bound, notes or {}) if kind == "choices" else []
        own = {"errors": bound.errors, "options": options, "control": control}
        return render_to_string("components/field.html", {**around, **own})
    text = written("components/field.html", **around, control=CONTROL_PLACE)
    return SafeString(text.replace(CONTROL_PLACE, control))


def _kind(widget: Widget) -> str:
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "checkbox"
    return "group" if widget.use_fieldset and not isinstance(widget, FileInput) else "control"


def _classes(widget: Widget) -> str:
    own = str(widget.attrs.get("class", ""))
    if isinstance(widget, CheckboxInput) or widget.is_hidden:
        return own
    return f"form-select {own}".strip() if isinstance(widget, Select) else f"form-control {own}".strip()


def _options(bound: BoundField, notes: Mapping[str, Text]) -> list[Context]:
    return [
        {"option": option, "note": notes.get(str(option.data["value"]), "")} for option in bound.subwidgets
    ]


@register.simple_tag
def form_errors(form: BaseForm) -> SafeString:
    """What is wrong with the form as a whole, then each field's error with a link to the field."""
    if not form.errors:
        return SafeString()
    rows = [{"label": "", "message": message, "anchor": ""} for message in form.non_field_errors()]
    for bound in form:
        anchor = bound.id_for_label or f"{bound.auto_id}_0"
        rows += [{"label": bound.label, "message": message, "anchor": anchor} for message in bound.errors]
    return render_to_string("components/form_errors.html", {"rows": rows})


@register.inclusion_tag("components/consent.html")
def consent(bound: BoundField, button: Text, hint: Text = "") -> Context:
    """A checkbox and the button that names the act; the server refuses without the tick as well."""
    return {"field": bound, "button": button, "hint": hint, "needs": bound.id_for_label}


@register.inclusion_tag("components/wizard_actions.html")
def wizard_actions(back_url: str = "", next_label: Text = "") -> Context:
    return {"back_url": back_url, "next_label": next_label}


# ---------------------------------------------------------------- boxes
@register.simple_block_tag
def page_header(content: SafeString, title: Text, lead: Text = "") -> SafeString:
    """The page's only first-level heading, what the page is for, and its commands. Those are not kept: forms among them
    hold the reader's secret, so that none would be found again.
    """
    commands = content if content.strip() else ""
    place = CONTROL_PLACE if commands else ""
    text = written("components/page_header.html", title=title, lead=lead, commands=place)
    return SafeString(text.replace(CONTROL_PLACE, commands))


@register.simple_block_tag
def card(content: SafeString, title: Text = "", icon: str = "", tone: str = "") -> SafeString:
    return render_to_string(
        "components/card.html", {"content": content, "title": title, "icon": icon, "tone": tone}
    )


@register.simple_block_tag
def note(content: SafeString, kind: str = "note", title: Text = "") -> SafeString:
    """A box at the place of the risk, with the word that says how much it matters."""
    tone, word = NOTES[kind]
    return render_to_string(
        "components/note.html",
        {"content": content, "tone": tone, "title": title or word, "icon": TONE_ICONS[tone]},
    )


@register.simple_tag
def flash(messages: Iterable[Message] | str | None) -> SafeString:
    """What the last request did, once; only that there is nothing to say is kept. A text is its place in a frame."""
    if isinstance(messages, str):
        return SafeString(messages)
    rows = []
    for message in messages or []:
        tone = MESSAGE_TONES.get(message.level_tag, "info")
        rows.append({"tone": tone, "icon": TONE_ICONS[tone], "text": message})
    return (
        render_to_string("components/flash.html", {"rows": rows})
        if rows
        else written("components/flash.html")
    )


@register.inclusion_tag("components/draft.html")
def draft(text: str, mailto_url: str, copy_id: str) -> Context:
    """A mail that the reader sends: open it in the own mail program or copy it."""
    return {"text": text, "mailto_url": mailto_url, "copy_id": copy_id}


@register.inclusion_tag("components/copy_button.html")
def copy_button(target: str, label: Text = "", style: str = "btn-secondary") -> Context:
    """Appears where a script can reach the clipboard; the text itself can always be selected."""
    return {"target": target, "label": label, "style": style}


@register.inclusion_tag("components/secret.html")
def secret(label: Text, value: str, copy_id: str) -> Context:
    """A password or key on the only page that ever shows it."""
    return {"label": label, "value": value, "copy_id": copy_id}


@register.simple_tag
def empty(
    icon: str, title: Text, text: Text = "", action_url: str = "", action_label: Text = ""
) -> SafeString:
    """Nothing here yet: what it will be and how it begins."""
    return written(
        "components/empty.html",
        icon=icon,
        title=title,
        text=text,
        action_url=action_url,
        action_label=action_label,
    )


@register.inclusion_tag("components/locked.html")
def locked(label: Text, reason: Text) -> Context:
    """An action that cannot be taken now, and why."""
    return {"label": label, "reason": reason}


# ---------------------------------------------------------------- lists
@register.inclusion_tag("components/stepper.html")
def stepper(steps: Sequence[Row], label: Text = "") -> Context:
    rows = [{**step, "word": STEP_STATES[str(step["state"])]} for step in steps]
    return {"steps": rows, "label": label, "short": not any(step.get("note") for step in steps)}


@register.inclusion_tag("components/timeline.html")
def timeline(rows: Sequence[Row]) -> Context:
    filled = []
    for row in rows:
        tone = str(row.get("tone") or "neutral")
        filled.append({**row, "tone": tone, "icon": row.get("icon") or TONE_ICONS[tone]})
    return {"rows": filled}


@register.inclusion_tag("components/checklist.html")
def checklist(items: Sequence[Row]) -> Context:
    """What remains to be set up; a locked task says why (S-045)."""
    return {"items": items}


@register.inclusion_tag("components/definition_list.html")
def definition_list(rows: Iterable[Row | Sequence[object]]) -> Context:
    return {"rows": [row if isinstance(row, Mapping) else {"term": row[0], "value": row[1]} for row in rows]}


@register.inclusion_tag("components/changes.html")
def changes(rows: Sequence[Row]) -> Context:
    """What a field held before and what it holds now."""
    return {"rows": rows}


class Tab(NamedTuple):
    """One of the faces of a page, ready to be written; ``number`` is how many things it holds."""

    url: SafeString
    label: SafeString
    current: bool
    number: int | None


@register.simple_tag
def tabs(items: Sequence[Mapping[str, Any]], label: Text) -> SafeString:
    """The faces of a page, as links."""
    faces = tuple(
        Tab(
            SafeString(_escaped(item["url"])),
            SafeString(_escaped(item["label"])),
            bool(item.get("current")),
            item.get("count"),
        )
        for item in items
    )
    return written("components/tabs.html", tabs=faces, label=label)


@register.simple_tag
def pager(page: object) -> SafeString:
    """The ways to the page before and the page after."""
    parts = page if isinstance(page, Mapping) else {name: getattr(page, name, "") for name in PAGER}
    return written("components/pager.html", **{name: parts.get(name, "") for name in PAGER})


@register.simple_tag
def expander(url: str, *, expanded: bool, details: str, label: Text, swap: str = "") -> SafeString:
    """The arrow that opens a row in place: a link, which htmx answers inside the element ``swap``."""
    url, details, swap = _escaped(url), _escaped(details), _escaped(swap)
    controls = f' aria-controls="{details}"' if expanded else ""
    answer = (
        f' hx-get="{url}" hx-target="#{swap}" hx-select="#{swap}" hx-swap="outerHTML" hx-push-url="true"'
        if swap
        else ""
    )
    return SafeString(
        f'<a class="expander" id="{details}-arrow" href="{url}#{details}-arrow"'
        f' aria-expanded="{"true" if expanded else "false"}"{controls}{answer}>{icon("chevron-down", label)}</a>'
    )


@register.filter
def as_json(value: object) -> str:
    """For a data attribute that a script reads; the template escapes it."""
    return json.dumps(value)

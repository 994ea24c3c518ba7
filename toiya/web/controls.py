"""How the controls of forms are written: what Django's templates say of inputs and lists of choices, in Python.

A form holds dozens of options, and each would be a template of its own. Every other control is left to Django.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.safestring import SafeString

WIDGETS = "django/forms/widgets/"
Parts = Mapping[str, Any]


class Controls(DjangoTemplates):
    """Django's controls, byte for byte but for an empty line after each option."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        """Write one control."""
        write = WRITERS.get(template_name)
        if write is None or context["widget"].get("wrap_label"):
            return super().render(template_name, context, request)
        return write(context["widget"])


def _text(value: object) -> str:
    return value if isinstance(value, SafeString) else escape(str(value))


def _attributes(attrs: Parts) -> str:
    return "".join(
        f" {_text(name)}" if value is True else f' {_text(name)}="{_text(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _input(widget: Parts) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    return (
        f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"{value}'
        f"{_attributes(widget['attrs'])}>"
    )


def _textarea(widget: Parts) -> str:
    value = _text(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>\n{value}</textarea>'


def _select(widget: Parts) -> str:
    groups = "".join(_group(name, options) for name, options, _index in widget["optgroups"])
    return f'<select name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>{groups}\n</select>'


def _group(name: str | None, options: list[Parts]) -> str:
    within = "".join(f"\n  {_option(option)}" for option in options)
    return f'\n  <optgroup label="{_text(name)}">{within}\n  </optgroup>' if name else within


def _option(widget: Parts) -> str:
    return (
        f'<option value="{_text(widget["value"])}"{_attributes(widget["attrs"])}>'
        f"{_text(localize(widget['label']))}</option>"
    )


INPUTS = (
    "input",
    "text",
    "number",
    "email",
    "url",
    "password",
    "hidden",
    "date",
    "datetime",
    "time",
    "file",
    "checkbox",
    "radio_option",
    "checkbox_option",
    "search",
    "tel",
    "color",
)
WRITERS: dict[str, Callable[[Parts], str]] = {
    **{f"{WIDGETS}{name}.html": _input for name in INPUTS},
    f"{WIDGETS}textarea.html": _textarea,
    f"{WIDGETS}select.html": _select,
}

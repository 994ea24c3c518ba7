"""The fields above a list by which it is narrowed: written quickly, since every page of the list has them."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from toiya.web.rows import filled


class Filters(forms.Form):
    """A form in a filter bar. Its first field takes the text that is sought."""

    def offer(self, name: str, choices: Iterable[tuple[str, str]], *, everything: str) -> None:
        """Let the reader choose among these in the field; ``everything`` is not to narrow the list by it."""
        self.fields[name].widget.choices = [("", everything), *choices]

    def bar(self) -> SafeString:
        """The fields, the same HTML as the tag ``field`` writes, which does it where something is wrong with one."""
        if self.errors:
            return render_to_string("components/filters.html", {"form": self})
        return filled("components/filter.html", [_texts(bound, place) for place, bound in enumerate(self)])


def _texts(bound: forms.BoundField, place: int) -> dict[str, str]:
    is_choice = isinstance(bound.field.widget, forms.Select)
    return {
        "style": "" if place else "search",
        "label": str(bound.label),
        "target": bound.id_for_label,
        "control": bound.as_widget(attrs={"class": "form-select" if is_choice else "form-control"}),
    }


class Text(forms.TextInput):
    """A line to type into, the same HTML as Django's."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ANN401, ARG002
        given = {"type": self.input_type, "name": name, "value": self.format_value(value)}
        return SafeString(f"<input{_attributes(given | self.build_attrs(self.attrs, attrs))}>")


class Choice(forms.Select):
    """One of some, the same HTML as Django's, which takes a template for each option: too long where a provider has
    thousands of resellers. It knows no groups of options and no labels with markup.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ANN401, ARG002
        chosen = self.format_value(value)
        options = "".join(
            [
                f'\n  <option value="{html.escape(str(key))}"{" selected" if str(key) in chosen else ""}>'
                f"{html.escape(str(label))}</option>"
                for key, label in self.choices
            ]
        )
        given = {"name": name} | self.build_attrs(self.attrs, attrs)
        return SafeString(f"<select{_attributes(given)}>{options}\n</select>")


def _attributes(given: Mapping[str, object]) -> str:
    """Texts only; what is None is left out."""
    return "".join(
        [f' {name}="{html.escape(str(text))}"' for name, text in given.items() if text is not None]
    )

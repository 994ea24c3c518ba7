"""What the forms have in common by which a list is narrowed."""

import html
from typing import Any

from django import forms
from django.utils.safestring import SafeString


class Choice(forms.Select):
    """One of some, where there may be thousands, such as a provider's resellers: the options are written at once, not
    made one by one. It knows no groups of options and no labels with markup.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ANN401, ARG002
        chosen = self.format_value(value)
        options = [
            f'\n  <option value="{html.escape(str(key))}"{" selected" if str(key) in chosen else ""}>'
            f"{html.escape(str(label))}</option>"
            for key, label in self.choices
        ]
        given = {"name": name} | self.build_attrs(self.attrs, attrs)
        said = "".join(f' {key}="{html.escape(str(text))}"' for key, text in given.items())
        return SafeString(f"<select{said}>{''.join(options)}\n</select>")

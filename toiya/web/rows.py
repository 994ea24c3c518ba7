"""The rows of long lists. What they have in common is written once; a row is no more than its own texts, filled in.

A page of fifty rows would have Django go fifty times through the same markup for the sake of five texts each. So the
row has a template of its own, which is written once for each *shape* of a row, with blanks in the place of its texts.
"""

import html
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

# Signs of no script. They are looked for in what the template writes, never in what people wrote.
BEGIN, END = "\ue000", "\ue001"
BLANK = re.compile(f"{BEGIN}(\\w+){END}")
ESCAPED = re.compile("[&<>\"']")
PLACE_OF_TEXT = re.compile(r"%%|%\((\w+)\)s")


def filled(
    template: str, rows: Iterable[Mapping[str, str]], common: Mapping[str, str] = MappingProxyType({})
) -> SafeString:
    """The rows one after the other, each as the template writes its texts; those that are not marked as safe are
    escaped. ``common`` are texts that all of them have.

    The template sees blanks. It may ask whether there is a text, write it, and hand it to a tag that writes it as it
    is; texts that filters change are changed before. A text whose name ends in ``_id`` is one, which ``url`` takes.
    """
    language, prefix = get_language(), get_script_prefix()
    rows, forms = list(rows), dict[tuple[bool, ...], str]()
    # A page on which nobody wrote a sign to escape is looked through once, else row by row.
    if _has_signs([text for row in rows for text in row.values()]):
        rows = [_escaped(row) if _has_signs(row.values()) else row for row in rows]
    html_of_rows = []
    for row in rows:  # with the same names
        shape = tuple(map(bool, row.values()))
        form = forms.get(shape)
        if form is None:
            form = forms[shape] = _form_on_page(template, language, prefix, row, common)
        html_of_rows.append(form % row)
    return SafeString("".join(html_of_rows))


def _has_signs(texts: Iterable[str]) -> bool:
    return ESCAPED.search("".join([text for text in texts if type(text) is not SafeString])) is not None


def _escaped(row: Mapping[str, str]) -> dict[str, str]:
    return {name: text if type(text) is SafeString else html.escape(text) for name, text in row.items()}


def _form_on_page(
    template: str, language: str | None, prefix: str, row: Mapping[str, str], common: Mapping[str, str]
) -> str:
    """The form of rows like this one, with the texts that all have."""
    form = _form(
        template, language, prefix, tuple([name for name, text in {**row, **common}.items() if text])
    )
    if not common:
        return form
    texts = {name: text.replace("%", "%%") for name, text in _escaped(common).items()}
    return PLACE_OF_TEXT.sub(lambda found: texts.get(found[1], found[0]), form)


@lru_cache(maxsize=1_000)
def _form(template: str, language: str | None, _prefix: str, present: tuple[str, ...]) -> str:
    """A row in which these texts are missing and no others, for ``%``."""
    ids = {name: str(uuid.uuid5(uuid.NAMESPACE_URL, name)) for name in present if name.endswith("_id")}
    blanks = {name: f"{BEGIN}{name}{END}" for name in present}
    with override(language):
        text: str = render_to_string(template, {**blanks, **ids})
    for name, stand_in in ids.items():
        text = text.replace(stand_in, blanks[name])
    form = BLANK.sub(r"%(\1)s", text.replace("%", "%%"))
    if BEGIN in form or END in form:
        raise ValueError(f"{template} changes a text before it is there: {form}")
    return form

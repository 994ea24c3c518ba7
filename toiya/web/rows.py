"""The rows of long lists. What they have in common is written once; a row is no more than its own texts, filled in.

A page of fifty rows would have Django go fifty times through the same markup for the sake of five texts each. So the
row has a template of its own, which is written once for each *shape* of a row, with blanks in the place of its texts.
"""

import html
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

# Signs of no script. They are looked for in what the template writes, never in what people wrote.
BEGIN, END = "\ue000", "\ue001"
BLANK = re.compile(f"{BEGIN}(\\w+){END}")
ESCAPED = re.compile("[&<>\"']")


def filled(template: str, rows: Iterable[Mapping[str, str]]) -> SafeString:
    """The rows one after the other, each as the template writes its texts; those that are not marked as safe are
    escaped.

    The template sees blanks. It may ask whether there is a text, write it, and hand it to a tag that writes it as it
    is; texts that filters change are changed before. A text whose name ends in ``_id`` is one, which ``url`` takes.
    """
    language, prefix = get_language(), get_script_prefix()
    is_escaped, safe = ESCAPED.search, SafeString
    forms: dict[tuple[bool, ...], str] = {}  # of rows with the same names
    html_of_rows = []
    for row in rows:
        texts = row.values()
        shape = tuple(map(bool, texts))
        form = forms.get(shape)
        if form is None:
            present = tuple(name for name, text in row.items() if text)
            form = forms[shape] = _form(template, language, prefix, present)
        # Few rows have a sign to escape, so that they are looked through as a whole.
        has_signs = is_escaped("".join([text for text in texts if type(text) is not safe]))
        html_of_rows.append(form % (_escaped(row) if has_signs else row))
    return SafeString("".join(html_of_rows))


def _escaped(row: Mapping[str, str]) -> dict[str, str]:
    return {name: text if type(text) is SafeString else html.escape(text) for name, text in row.items()}


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

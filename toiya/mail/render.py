"""A posted mail becomes a subject, a text and an HTML version, in the recipient's language, at the moment of
sending.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.template import Context, Engine
from django.utils import translation
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from toiya.core.links import Purpose, link_url
from toiya.core.reader import day, reader_zone, reads_japanese
from toiya.mail.models import OutgoingMail

TEMPLATES = Path(__file__).parent / "templates"
MANY_LINES = ("_text", "note", "reason", "message", "comment")
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
LABELLED_LINK = re.compile(r"^(?:(?P<label>[^\n]+?)\s*[:：]\s*)?(?P<url>https?://\S+)$")


class ProgrammeNames(Protocol):
    """The operator's words that stand in mails; each property answers in the active language."""

    @property
    def name(self) -> str: ...
    @property
    def operator_name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """What the recipient reads."""

    subject: str
    text: str
    html: str
    sender: str = ""


def render(mail: OutgoingMail, *, programme: ProgrammeNames | None = None) -> RenderedMail:
    """Subject, text and HTML of a posted mail. Links are made here, so that the stored row opens nothing
    (G-13).
    """
    language = mail.language if mail.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(language):
        values, links = _values(mail.context)
        values["programme"] = programme
        subject = " ".join(UNSEEN.sub(" ", _text(f"mail/{mail.message}/subject.txt", values)).split())
        body = _with_link(_tidy(_text(f"mail/{mail.message}/body.txt", values)), values, links)
        frame = {
            "language": language,
            "subject": subject,
            "paragraphs": _paragraphs(body, frozenset(links.values())),
            "programme": programme,
            "origin": settings.ORIGIN,
        }
        text = (
            _engine(escape=False)
            .get_template("mail/frame.txt")
            .render(Context({**frame, "body": body}, autoescape=False))
        )
        html = _engine(escape=True).get_template("mail/frame.html").render(Context(frame))
        sender = str(programme.name) if programme else "Toiya"
    return RenderedMail(subject, text.strip() + "\n", html, sender)


@cache
def _engine(*, escape: bool) -> Engine:
    return Engine(dirs=[str(TEMPLATES)], autoescape=escape, builtins=["django.templatetags.i18n"])


def _text(template: str, values: Mapping[str, object]) -> str:
    return _engine(escape=False).get_template(template).render(Context(dict(values), autoescape=False))


# ---------------------------------------------------------------- what the use case gave
def _values(context: Mapping[str, Any]) -> tuple[dict[str, object], dict[str, str]]:
    """The context with links made, instants written out and control characters taken out; and the links by
    key.
    """
    links = {key: _link(value) for key, value in context.items() if key.endswith("_link")}
    values: dict[str, object] = {
        key: _value(key, value) for key, value in context.items() if key not in links
    }
    own_text = values.get("message_text")
    if isinstance(own_text, str) and links:
        values["message_text"] = own_text.replace("{link}", next(iter(links.values())))
    return {**values, **links}, links


def _link(value: object) -> str:
    if isinstance(value, dict) and "purpose" in value:
        return link_url(Purpose(value["purpose"]), UUID(value["id"]), int(value["version"]))
    path = value["path"] if isinstance(value, dict) else str(value)
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"a link in a mail is a path below the origin, not {path!r}")
    return f"{settings.ORIGIN}{path}"


def _value(key: str, value: object) -> object:
    if isinstance(value, list):
        return [_value(key, entry) for entry in value]
    if isinstance(value, dict):
        return {name: _value(name, entry) for name, entry in value.items()}
    if not isinstance(value, str):
        return value
    if key.endswith(("_at", "_on")) and (written := _moment(value, with_time=key.endswith("_at"))):
        return written
    plain = UNSEEN.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.strip() if key.endswith(MANY_LINES) else " ".join(plain.split())


def _moment(value: str, *, with_time: bool) -> str:
    """An ISO instant or day as the recipient writes it; '' for anything else."""
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return ""
    is_day = len(value) == len("2026-11-22")
    local = found if is_day or found.tzinfo is None else found.astimezone(reader_zone())
    written = day(local.date())
    if is_day or not with_time:
        return written
    return f"{written} {local:%H:%M}" if reads_japanese() else f"{written}, {local:%H:%M} ({local:%Z})"


# ---------------------------------------------------------------- light text to paragraphs
def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _with_link(body: str, values: Mapping[str, object], links: Mapping[str, str]) -> str:
    """A sender's own text that forgot the placeholder still carries the link."""
    if values.get("message_text") and links and not any(link in body for link in links.values()):
        return f"{body}\n\n{next(iter(links.values()))}"
    return body


def _paragraphs(body: str, links: frozenset[str]) -> list[SafeString]:
    return [_paragraph(block.split("\n"), links) for block in body.split("\n\n")]


def _paragraph(lines: list[str], links: frozenset[str]) -> SafeString:
    """A list, or lines of text; a line that is one of our own links becomes a button, and nothing else does
    (T-33).
    """
    parts: list[SafeString] = []
    for kind, group in groupby(lines, key=lambda line: _kind(line, links)):
        if kind == "link":
            parts += [_link_block(line) for line in group]
        elif kind == "list":
            parts.append(_list_block([_inline(line[2:], links) for line in group]))
        else:
            parts.append(_text_block([_inline(line, links) for line in group]))
    return format_html_join("", "{}", ((part,) for part in parts))


def _kind(line: str, links: frozenset[str]) -> str:
    found = LABELLED_LINK.match(line.strip())
    if found and found["url"] in links:
        return "link"
    return "list" if line.startswith("- ") else "text"


def _list_block(entries: list[SafeString]) -> SafeString:
    items = format_html_join("", "<li>{}</li>", ((entry,) for entry in entries))
    return format_html('<ul style="margin:0 0 16px;padding:0 0 0 20px">{}</ul>', items)


def _link_block(line: str) -> SafeString:
    found = LABELLED_LINK.match(line.strip())
    return _button(found["label"] or gettext("Open this page"), found["url"]) if found else SafeString()


def _text_block(lines: list[SafeString]) -> SafeString:
    return format_html('<p style="margin:0 0 16px">{}</p>', mark_safe("<br>\n".join(lines)))  # noqa: S308 (escaped line by line)


def _button(label: str, url: str) -> SafeString:
    return format_html(
        '<p style="margin:24px 0 8px"><a href="{0}" style="display:inline-block;padding:12px 24px;'
        'border-radius:6px;background:#1f4788;color:#ffffff;font-weight:bold;text-decoration:none">{1}</a></p>'
        '<p style="margin:0 0 24px;color:#4b5567;font-size:12px;line-height:1.5;'
        'word-break:break-all">{0}</p>',
        url,
        label,
    )


def _inline(line: str, links: frozenset[str]) -> SafeString:
    """The escaped line, with our own links clickable; an address that somebody typed stays text."""
    escaped = str(conditional_escape(line))
    if not links:
        return mark_safe(escaped)  # noqa: S308 (escaped)
    own = "|".join(re.escape(conditional_escape(url)) for url in sorted(links, key=len, reverse=True))
    anchor = r'<a href="\g<0>" style="color:#1f4f9e;word-break:break-all">\g<0></a>'
    return mark_safe(re.sub(own, anchor, escaped))  # noqa: S308 (escaped; only our own links became elements)

"""What a template says: its translatable texts as Python, and the words that nobody can translate."""

import re
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import django
from django.conf import settings
from django.template.base import Lexer, Token, TokenType
from django.utils.translation.template import templatize

# Names and signs that are the same in every language.
SAME_EVERYWHERE = {
    "Toiya",
    "問屋",
    "CSV",
    "XLSX",
    "PDF",
    "HTML",
    "URL",
    "ID",
    "UTC",
    "API",
    "TOTP",
    "QR",
    "htmx",
    "GitHub",
}
LETTER = re.compile(r"[^\W\d_]{2,}")
ENTITY = re.compile(r"&#?\w+;")
READ_ALOUD = {"alt", "aria-label", "aria-description", "placeholder", "title"}
CLASS_NAME = re.compile(r"[a-z][a-z0-9]*([-_]+[a-z0-9]+)+")
TAG = "\x1f"  # stands where a tag or a value stood
NOT_PROSE = {"script", "style", "code", "kbd", "samp"}
OUTSIDE = {"comment": "endcomment", "blocktranslate": "endblocktranslate", "blocktrans": "endblocktrans"}


def prepare_django() -> None:
    """Django's scanner asks for settings; this tool works while the project's own do not load."""
    if not settings.configured:
        settings.configure(USE_I18N=True)
        django.setup()


def to_python(content: str, name: str) -> str:
    """The calls of gettext that the template makes, as lines that a Python scanner can read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # comments for translators that stand where nobody collects them
        return "\n".join(line.strip() for line in templatize(content, origin=name).splitlines())


def find_literal_text(file: Path) -> Iterator[str]:
    """`line: what is wrong`: words outside translation tags, texts that keep the template's line breaks."""
    content = file.read_text(encoding="utf-8")
    tokens = Lexer(content).tokenize()
    for token in tokens:
        if token.token_type is TokenType.BLOCK and is_untrimmed(token):
            yield f"{token.lineno}: blocktranslate without trimmed"
    blanked = "".join(blank(tokens))
    if file.suffix != ".html":
        for number, line in enumerate(blanked.splitlines(), 1):
            if has_words(line):
                yield f"{number}: text outside translation tags: {line.replace(TAG, '…').strip()!r}"
        return
    reader = ProseReader()
    reader.feed(blanked)
    reader.close()
    yield from reader.found


def is_untrimmed(token: Token) -> bool:
    words = token.split_contents()
    return words[0] in {"blocktranslate", "blocktrans"} and "trimmed" not in words


def blank(tokens: list[Token]) -> Iterator[str]:
    """The template's own text; tags, values and translated blocks become the line breaks that they held."""
    until = ""
    for token in tokens:
        name = token.contents.split(maxsplit=1)[0] if token.contents.strip() else ""
        if until:
            until = "" if token.token_type is TokenType.BLOCK and name == until else until
            yield "\n" * token.contents.count("\n")
        elif token.token_type is TokenType.BLOCK and name in OUTSIDE:
            until = OUTSIDE[name]
        elif token.token_type is TokenType.TEXT:
            yield token.contents
        else:
            yield f" {TAG} "


def has_words(text: str) -> bool:
    prose = [part for part in text.split(TAG) if not CLASS_NAME.fullmatch(part.strip())]
    return any(word not in SAME_EVERYWHERE for word in LETTER.findall(ENTITY.sub(" ", " ".join(prose))))


class ProseReader(HTMLParser):
    """Collects what a person reads or hears."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self.silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_PROSE:
            self.silent = tag
        for name, value in attrs:
            if name in READ_ALOUD and value and has_words(value):
                self.note(f'{name}="{value}"')

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""

    def handle_data(self, data: str) -> None:
        if not self.silent and has_words(data):
            self.note(" ".join(data.replace(TAG, "…").split()))

    def note(self, text: str) -> None:
        self.found.append(f"{self.getpos()[0]}: text outside translation tags: {text!r}")

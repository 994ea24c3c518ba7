"""The Japanese of every text, with Babel only (no system gettext).

    python tools/messages.py update [--area AREA]  add new texts to locale/<area>/ja, drop those that are gone
    python tools/messages.py check [--area AREA]   fail when a text has no Japanese or no translation tags
    python tools/messages.py compile               .po to .mo, which git does not keep

An area is the folder of the source file: `toiya/enrolment/`, `toiya/web/enrolment/`,
`toiya/web/templates/enrolment/` and `toiya/mail/templates/mail/enrolment/` together are `locale/enrolment/`.
Everything else of the web door is `web`.
"""

import argparse
import io
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from tools.templates import find_literal_text, prepare_django, to_python

LANGUAGE = "ja"
TEMPLATES = {".html", ".txt"}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = """\
msgid ""
msgstr ""
"Language: ja\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
PLACEHOLDER = re.compile(r"%\((\w+)\)|(?<!\{)\{(\w*)\}(?!\})")


@dataclass(frozen=True, order=True)
class Text:
    """What a translator sees: the English, its plural and its context."""

    english: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.english, self.context


@dataclass
class Area:
    name: str
    texts: dict[Text, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


# ---------------------------------------------------------------- reading the sources
def read_sources(root: Path) -> dict[str, Area]:
    """Every text of the code and the templates, by area."""
    areas: dict[str, Area] = {}
    for file in sorted((root / "toiya").rglob("*")):
        if file.suffix not in {".py", *TEMPLATES} or "static" in file.parts or not file.is_file():
            continue
        name = area_of(file.relative_to(root / "toiya"), root)
        area = areas.setdefault(name, Area(name))
        place = file.relative_to(root)
        try:
            for text in texts_of(file):
                area.texts.setdefault(text, place)
            if file.suffix in TEMPLATES:
                area.problems += [f"{place}:{problem}" for problem in find_literal_text(file)]
        except (SyntaxError, ValueError, UnicodeDecodeError) as error:
            area.problems.append(f"{place}: cannot be read: {error}")
    return areas


def area_of(place: Path, root: Path) -> str:
    """The folder that a file belongs to; `place` is relative to the package."""
    folders = place.parts[:-1]
    match folders:
        case ["mail", "templates", "mail", area, *_]:
            return area
        case ["web", "templates", name, *_] | ["web", name, *_]:
            package = root / "toiya"
            is_area = name != "templates" and any((package / door / name).is_dir() for door in (".", "web"))
            return name if is_area else "web"
        case [name, *_]:
            return name
        case _:
            return "core"


def texts_of(file: Path) -> Iterator[Text]:
    content = file.read_text(encoding="utf-8")
    source = content if file.suffix == ".py" else to_python(content, str(file))
    for _line, messages, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        english, plural = messages if isinstance(messages, tuple) else (messages, "")
        yield Text(english, plural, context or "")


# ---------------------------------------------------------------- catalogues
def catalogue_file(root: Path, area: str) -> Path:
    return root / "locale" / area / LANGUAGE / "LC_MESSAGES" / "django.po"


def read_catalogues(root: Path) -> dict[str, dict[Text, Message]]:
    """Every catalogue that can be read; a broken one keeps nobody else from working."""
    found = {}
    for file in sorted((root / "locale").glob(f"*/{LANGUAGE}/LC_MESSAGES/django.po")):
        try:
            found[file.parts[-4]] = read_texts(file)
        except PoFileError as error:
            print(f"{file.relative_to(root)}: {error}", file=sys.stderr)
    return found


def read_texts(file: Path) -> dict[Text, Message]:
    return {text_of(message): message for message in read_catalogue(file) if message.id}


def read_catalogue(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, locale=LANGUAGE, abort_invalid=True)


def text_of(message: Message) -> Text:
    english, plural = message.id if isinstance(message.id, tuple | list) else (message.id, "")
    return Text(english, plural, message.context or "")


def japanese_of(message: Message | None) -> str:
    if message is None or message.fuzzy:
        return ""
    return (message.string[0] if isinstance(message.string, tuple | list) else message.string) or ""


def write_catalogue(file: Path, messages: Mapping[Text, str]) -> None:
    """Sorted, without line numbers and dates, so that two people's changes seldom meet."""
    catalogue = Catalog(locale=LANGUAGE)
    for text, japanese in sorted(messages.items()):
        english = (text.english, text.plural) if text.plural else text.english
        catalogue.add(english, (japanese,) if text.plural else japanese, context=text.context or None)
    body = io.BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    replace(file, HEADER.encode() + body.getvalue())


def replace(file: Path, content: bytes) -> None:
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(file)


# ---------------------------------------------------------------- commands
def update(root: Path, only: str | None) -> int:
    areas, catalogues = read_sources(root), read_catalogues(root)
    for name in sorted(set(areas) | set(catalogues)):
        if only in {None, name} and not is_broken(root, name, catalogues):
            update_area(root, areas, catalogues, name)
    return 0


def is_broken(root: Path, area: str, catalogues: Mapping[str, object]) -> bool:
    return area not in catalogues and catalogue_file(root, area).exists()


def update_area(
    root: Path, areas: Mapping[str, Area], catalogues: dict[str, dict[Text, Message]], name: str
) -> None:
    area, mine = areas.get(name, Area(name)), catalogues.get(name, {})
    elsewhere = {text for other, messages in catalogues.items() if other != name for text in messages}
    used = {text for other in areas.values() for text in other.texts}
    unreadable = any("cannot be read" in problem for problem in area.problems)
    kept = {
        text: japanese_of(message)
        for text, message in mine.items()
        if unreadable or text in area.texts or (text in used and text not in elsewhere)
    }
    added = [text for text in area.texts if text not in kept and text not in elsewhere]
    if kept or added or mine:
        write_catalogue(catalogue_file(root, name), {**kept, **dict.fromkeys(added, "")})
        catalogues[name] = read_texts(catalogue_file(root, name))
        missing = sum(not japanese_of(message) for message in catalogues[name].values())
        changes = f"{len(added)} new, {len(mine) - len(kept)} gone, {missing} to translate"
        print(f"{name}: {len(catalogues[name])} texts, {changes}")


def check(root: Path, only: str | None) -> int:
    areas, catalogues = read_sources(root), read_catalogues(root)
    problems = conflicts(catalogues)
    for name, area in sorted(areas.items()):
        if only in {None, name}:
            problems += [f"locale/{name} cannot be read"] if is_broken(root, name, catalogues) else []
            problems += area.problems
            problems += untranslated(area, catalogues)
    for problem in problems:
        print(problem)
    texts = sum(len(area.texts) for area in areas.values())
    print(f"messages: {texts} texts, {len(problems)} problems")
    return 1 if problems else 0


def untranslated(area: Area, catalogues: Mapping[str, Mapping[Text, Message]]) -> Iterator[str]:
    """What a reader of Japanese would see in English, or with a value missing."""
    for text, place in area.texts.items():
        translations = [japanese_of(messages.get(text)) for messages in catalogues.values()]
        japanese = next(filter(None, translations), "")
        expected, found = placeholders(text.plural or text.english), placeholders(japanese)
        if not text.english:
            continue
        if not japanese:
            yield f"{place}: no Japanese for {text.english!r}" + (
                f" ({text.context})" if text.context else ""
            )
        elif expected != found:
            yield f"{place}: {text.english!r} has the values {expected}, its Japanese {found}"


def placeholders(text: str) -> list[str]:
    return sorted({named or f"{{{braced}}}" for named, braced in PLACEHOLDER.findall(text.replace("%%", ""))})


def conflicts(catalogues: Mapping[str, Mapping[Text, Message]]) -> list[str]:
    """One English text with two Japanese ones: which is shown would depend on the order of the folders."""
    meanings: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for area, messages in catalogues.items():
        for text, message in messages.items():
            if japanese_of(message):
                meanings[text.key].setdefault(japanese_of(message), area)
    return [
        f"{english!r} has several translations: "
        + ", ".join(f"{japanese!r} ({area})" for japanese, area in found.items())
        for (english, _context), found in meanings.items()
        if len(found) > 1
    ]


def compile_all(root: Path) -> int:
    broken = 0
    for file in sorted((root / "locale").glob("*/*/LC_MESSAGES/*.po")):
        content = io.BytesIO()
        try:
            write_mo(content, read_catalogue(file))
        except PoFileError as error:
            print(f"{file.relative_to(root)}: {error}", file=sys.stderr)
            broken += 1
        else:
            replace(file.with_suffix(".mo"), content.getvalue())
    return 1 if broken else 0


def main(arguments: Iterable[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["update", "check", "compile"])
    parser.add_argument("--area", help="only this folder of locale/")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parent.parent, help=argparse.SUPPRESS
    )
    prepare_django()
    given = parser.parse_args(list(arguments) if arguments is not None else None)
    if given.command == "compile":
        return compile_all(given.root)
    return update(given.root, given.area) if given.command == "update" else check(given.root, given.area)


if __name__ == "__main__":
    sys.exit(main())

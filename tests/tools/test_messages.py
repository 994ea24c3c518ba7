"""No text reaches a Japanese reader in English: what `tools/messages.py` finds, and what it leaves alone."""

from gettext import GNUTranslations
from pathlib import Path

import pytest

from tools.messages import main

pytestmark = pytest.mark.once

PAGE = """\
{% load i18n %}<h1 title="{% translate "Customers" %}">{% translate "Open" context "state" %}</h1>
{% blocktranslate trimmed count n=rows|length with name=provider %}
  {{ n }} customer of {{ name }}
{% plural %}
  {{ n }} customers of {{ name }}
{% endblocktranslate %}
{% include "row.html" with label=_("Name") %}
"""
CODE = """\
from django.utils.translation import gettext_lazy as _, pgettext
LABEL = _("Application")
STATE = pgettext("door", "Open")
"""
JAPANESE = {
    "Customers": "顧客",
    "Open": "未回答",
    "%(n)s customer of %(name)s": "%(name)s の顧客 %(n)s 件",
    "Name": "名前",
    "Application": "申請",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A page of the customers' area and a module of the enrolment's."""
    write(tmp_path / "toiya/customers/__init__.py", "")
    write(tmp_path / "toiya/web/templates/customers/list.html", PAGE)
    write(tmp_path / "toiya/enrolment/applications.py", CODE)
    return tmp_path


def write(file: Path, content: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file


def catalogue(project: Path, area: str) -> Path:
    return project / "locale" / area / "ja/LC_MESSAGES/django.po"


def translate(project: Path, japanese: dict[str, str]) -> None:
    """Fill in the empty lines, as a translator does."""
    for file in (project / "locale").rglob("*.po"):
        lines = file.read_text(encoding="utf-8").splitlines()
        english = ""
        for number, line in enumerate(lines):
            if line.startswith("msgid "):
                english = line.removeprefix("msgid ").strip('"')
            elif line in {'msgstr ""', 'msgstr[0] ""'} and english in japanese:
                lines[number] = line.replace('""', f'"{japanese[english]}"')
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(project: Path, *arguments: str) -> int:
    return main([*arguments, "--root", str(project)])


def test_update_gives_each_area_its_own_texts(project: Path) -> None:
    run(project, "update")

    assert sorted(file.parts[-4] for file in project.rglob("*.po")) == ["customers", "enrolment"]
    customers = catalogue(project, "customers").read_text(encoding="utf-8")
    assert 'msgctxt "state"\nmsgid "Open"' in customers
    assert 'msgid_plural "%(n)s customers of %(name)s"' in customers
    assert "Application" not in customers


def test_check_names_every_text_without_japanese(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(project, "update")
    translate(project, {**JAPANESE, "Application": ""})
    capsys.readouterr()

    assert run(project, "check") == 1

    assert capsys.readouterr().out == (
        "toiya/enrolment/applications.py: no Japanese for 'Application'\nmessages: 6 texts, 1 problems\n"
    )


def test_check_passes_when_all_is_translated_and_the_texts_are_shown(project: Path) -> None:
    run(project, "update")
    translate(project, JAPANESE)

    assert run(project, "check") == 0
    run(project, "compile")
    with catalogue(project, "customers").with_suffix(".mo").open("rb") as stream:
        japanese = GNUTranslations(stream)
    assert japanese.gettext("Customers") == "顧客"
    assert japanese.pgettext("state", "Open") == "未回答"
    assert (
        japanese.ngettext("%(n)s customer of %(name)s", "%(n)s customers of %(name)s", 3)
        == "%(name)s の顧客 %(n)s 件"
    )


def test_a_fuzzy_translation_does_not_count(project: Path) -> None:
    run(project, "update")
    translate(project, JAPANESE)
    file = catalogue(project, "enrolment")
    fuzzy = file.read_text(encoding="utf-8").replace('msgid "Application"', '#, fuzzy\nmsgid "Application"')
    file.write_text(fuzzy, encoding="utf-8")

    assert run(project, "check") == 1


def test_a_value_lost_in_translation_is_found(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(project, "update")
    translate(project, {**JAPANESE, "%(n)s customer of %(name)s": "顧客 %(n)s 件"})
    capsys.readouterr()

    assert run(project, "check", "--area", "customers") == 1
    assert "has the values ['n', 'name'], its Japanese ['n']" in capsys.readouterr().out


def test_two_translations_of_one_text_are_found(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(project, "update")
    translate(project, JAPANESE)
    second = catalogue(project, "enrolment").read_text(encoding="utf-8").replace("申請", "申込")
    write(catalogue(project, "programme"), second)

    assert run(project, "check") == 1
    assert "'申請' (enrolment), '申込' (programme)" in capsys.readouterr().out


def test_update_keeps_translations_and_drops_what_is_gone(project: Path) -> None:
    run(project, "update")
    translate(project, JAPANESE)
    write(project / "toiya/enrolment/applications.py", CODE.replace('"Application"', '"Applicant"'))

    run(project, "update", "--area", "enrolment")

    after = catalogue(project, "enrolment").read_text(encoding="utf-8")
    assert 'msgid "Applicant"\nmsgstr ""' in after
    assert "Application" not in after
    assert 'msgctxt "door"\nmsgid "Open"\nmsgstr "未回答"' in after


def test_update_of_a_text_that_moved_keeps_its_japanese(project: Path) -> None:
    run(project, "update")
    translate(project, JAPANESE)
    write(project / "toiya/enrolment/applications.py", "")
    write(project / "toiya/customers/customers.py", CODE)

    run(project, "update")

    assert run(project, "check") == 0


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<p>Hello</p>", "text outside translation tags: 'Hello'"),
        ("<p>こんにちは</p>", "text outside translation tags: 'こんにちは'"),
        ('<img alt="A chart">', "text outside translation tags: 'alt=\"A chart\"'"),
        ("{% load i18n %}{% blocktranslate %}Name{% endblocktranslate %}", "blocktranslate without trimmed"),
    ],
)
def test_words_that_nobody_can_translate_are_found(
    project: Path, capsys: pytest.CaptureFixture[str], markup: str, found: str
) -> None:
    run(project, "update")
    translate(project, JAPANESE)
    write(project / "toiya/web/templates/customers/other.html", f"<main>\n{markup}\n</main>")
    capsys.readouterr()

    assert run(project, "check") == 1
    assert f"toiya/web/templates/customers/other.html:2: {found}" in capsys.readouterr().out


def test_names_values_code_and_class_names_are_no_words(project: Path) -> None:
    run(project, "update")
    translate(project, JAPANESE)
    innocent = (
        '{% extends "base.html" %}{% block body_class %}site-public{% endblock %}\n'
        '<p class="lead {% if x %}muted{% endif %}">{{ name }} · Toiya CSV &nbsp; 12</p>\n'
        "{# a remark #}{% comment %}Another{% endcomment %}<code>TOIYA_ORIGIN</code>\n"
    )
    write(project / "toiya/web/templates/customers/other.html", innocent)

    assert run(project, "check") == 0

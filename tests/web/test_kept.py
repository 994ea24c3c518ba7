"""What is kept of a page never shows one reader what is another's: the shell, its forms, words and controls."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.template import engines
from django.template.loader_tags import ExtendsNode
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString

from tests.access.world import build_world
from tests.browser.gallery import pages_of
from tests.cast import Cast, browser_of, hire, relate, stranger
from tests.sandbox.story import made_by, part
from tests.web.specimen import Everything, Search, wrong_form
from toiya.core.permissions import Role
from toiya.web.controls import Controls
from toiya.web.templatetags import frames, kept, ui

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
KEPT = kept._written  # noqa: SLF001  (itself, not what tests/conftest.py puts around it)
BACK = "/dashboard/customers/?q=a&trail=b"
DRAWN_ANEW = {"mfa_activate_totp", "mfa_add_webauthn"}  # pages with a new secret at each request
EVIL = "\"><b>x</b>&'"


def page(browser: Client, path: str, language: str) -> str:
    """The page as it is read, without what is drawn anew at each request."""
    browser.cookies["toiya-language"] = language
    return TOKEN.sub("", browser.get(path).content.decode())


@pytest.fixture
def readers(cast: Cast) -> dict[str, tuple[Client, list[str]]]:
    """People of every site, one in a sandbox, one outside, and a stranger."""
    cast.kai.name = f"Kai {EVIL}"
    cast.kai.save()
    sandboxed = part(made_by(cast.mei).sandbox, "provider")
    dashboard = ["/dashboard/", "/dashboard/customers/", "/dashboard/customers/?q=a&x=%22%3E", "/nowhere/"]
    return {
        "kai": (browser_of(cast.kai), [*dashboard, "/organization/", "/operator/", "/mailbox/"]),
        "nao": (browser_of(cast.nao), dashboard),
        "mei": (browser_of(cast.mei), dashboard),
        "sandboxed": (browser_of(sandboxed), dashboard),
        "yui": (browser_of(cast.yui), dashboard),
        "emi": (
            browser_of(cast.emi),
            ["/organization/", "/dashboard/", "/dashboard/enrolment/", "/membership/sign-in/"],
        ),
        "ren": (browser_of(cast.ren), ["/operator/", "/mailbox/"]),
        "stranger": (stranger(), ["/", "/sign-in/", "/membership/sign-in/", "/mailbox/", "/nowhere/"]),
    }


def test_a_kept_shell_is_the_shell_that_would_be_written_now(
    readers: Mapping[str, tuple[Client, list[str]]],
) -> None:
    """Planted faults that this test finds: the language, the values or the person left out of what it is kept by, also
    of what its frame is kept by; the messages written into the frame.
    """
    asked = [
        (name, browser, path, language)
        for name, (browser, paths) in readers.items()
        for path in paths
        for language in ("ja", "en")
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "_written", KEPT.__wrapped__)
        patch.setattr(kept.Once, "render", lambda self, context: self.node.render(context))
        patch.setattr(frames.Framed, "render", ExtendsNode.render)
        fresh = [page(browser, path, language) for _name, browser, path, language in asked]

    KEPT.cache_clear()
    frames._frame.cache_clear()  # noqa: SLF001
    for _turn in range(2):
        for text, (name, browser, path, language) in zip(fresh, asked, strict=True):
            assert page(browser, path, language) == text, (name, path, language)


def test_colleagues_with_the_same_rights_see_their_own_names(cast: Cast) -> None:
    twin = hire(cast.kawase, "Zwilling", Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)

    frames._frame.cache_clear()  # noqa: SLF001
    hers, twins = (browser_of(person).get("/dashboard/").content.decode() for person in (cast.kai, twin))

    assert frames._frame.cache_info().currsize == 1, "one frame for both"  # noqa: SLF001
    assert cast.kai.user_name in hers
    assert "Zwilling" not in hers
    assert twin.user_name in twins
    assert cast.kai.user_name not in twins


def test_the_account_menu_names_ones_own_organization_beside_a_customers_account(cast: Cast) -> None:
    """Planted fault: the page's ``account`` and the menu's share a name."""
    relate(cast.kawase, cast.aoba)

    shown = browser_of(cast.kai).get(reverse("customers:account", args=[cast.aoba.pk])).content.decode()
    facts = shown.split('class="menu__facts"')[1].split('class="menu__rule"')[0]

    assert cast.kawase.name in facts
    assert cast.aoba.name not in facts


def test_a_name_is_shown_and_never_read_as_html(cast: Cast) -> None:
    cast.kai.name = EVIL
    cast.kai.save()

    shown = browser_of(cast.kai).get(f"/dashboard/?back={EVIL}").content.decode()

    assert "<b>x</b>" not in shown
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert not {kept.CSRF_PLACE, kept.HERE_PLACE, str(ui.CONTROL_PLACE)} & set(
        re.findall(r"[0-9a-f]{32}", shown)
    )


def test_the_forms_of_a_kept_shell_carry_the_readers_own_token_and_way_back(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = browser_of(cast.kai).cookies
    other = browser_of(cast.nao)

    first, second, foreign = (one.get(BACK) for one in (browser, browser, other))
    tokens = [set(TOKEN.findall(answer.content.decode())) for answer in (first, second, foreign)]

    assert all(tokens)
    assert not tokens[0] & tokens[1]
    assert f'name="next" value="{escape(BACK)}"' in first.content.decode()
    assert choose_english(browser, tokens[2].pop()).status_code == 403
    assert choose_english(browser, "").status_code == 403
    assert choose_english(browser, tokens[0].pop()).headers["Location"] == BACK


def choose_english(browser: Client, token: str) -> Any:  # noqa: ANN401
    """As the button of the top bar does."""
    sent = {"language": "en", "next": BACK, "csrfmiddlewaretoken": token}
    return browser.post(reverse("set_language"), sent)


def test_a_page_that_has_no_menu_has_none_in_its_frame(cast: Cast) -> None:
    """Planted fault: the frame of what the person may, not of what the page shows."""
    shown = browser_of(cast.emi).get("/dashboard/enrolment/").content.decode()

    assert "sidenav" not in shown
    assert reverse("dashboard:settings") not in shown


def test_what_the_last_request_did_is_said_once(cast: Cast) -> None:
    """Planted fault: the messages kept like the rest of the shell."""
    browser, other = browser_of(cast.emi), browser_of(cast.taro)

    told = browser.get("/dashboard/", follow=True)
    path = told.redirect_chain[-1][0]

    assert "message tone-info" in told.content.decode()
    for reader in (browser, other):
        assert "message tone-info" not in reader.get(path).content.decode()


@pytest.mark.once
def test_a_safe_text_and_a_plain_one_of_the_same_letters_are_two() -> None:
    bold = "<b>bold</b>"
    source = "{% page_header safe %}{% endpage_header %}|{% page_header plain %}{% endpage_header %}"

    safe, plain = (
        engines["django"].from_string(source).render({"safe": SafeString(bold), "plain": bold}).split("|")
    )

    assert bold in safe
    assert bold not in plain


@pytest.mark.once
def test_commands_of_a_header_are_not_kept() -> None:
    """Planted fault: the form's secret among the values that a header is kept by, one more for each reader."""
    source = "{% page_header title %}<form>{{ secret }}</form>{% endpage_header %}"
    header = engines["django"].from_string(source)

    first = header.render({"title": "Kept once", "secret": "one"})
    held = KEPT.cache_info().currsize
    second = header.render({"title": "Kept once", "secret": "<two>"})

    assert "<form>one</form>" in first
    assert "<form>&lt;two&gt;</form>" in second
    assert KEPT.cache_info().currsize == held


@pytest.mark.once
def test_words_and_addresses_are_kept_for_each_language() -> None:
    """Planted fault: the language left out."""
    source = (
        '{% translate "Customers" %}|{% translate "Next" context "page" as word %}{{ word }}'
        '|{% url "set_language" as way %}{{ way }}|{% url "no-such-route" as none %}{{ none }}'
    )
    written = engines["django"].from_string(source)

    for _turn in range(2):
        for language, customers in (("ja", "顧客"), ("en", "Customers")):
            with translation.override(language):
                parts = written.render().split("|")
                assert parts[0] == customers
                assert parts[1] == translation.pgettext("page", "Next")
                assert parts[2:] == [reverse("set_language"), ""]


@pytest.mark.once
def test_a_route_means_the_same_address_on_every_page() -> None:
    """Else the address that one page asks for could depend on where it stands, and must not be kept."""
    includes = [entry for entry in get_resolver().url_patterns if isinstance(entry, URLResolver)]
    apps = [entry.app_name for entry in includes if entry.app_name]

    assert sorted(apps) == sorted(set(apps))


class Pick(forms.Form):
    """Groups, numbers and words that want to be HTML."""

    grouped = forms.ChoiceField(choices=[("", EVIL), (EVIL, [(1, EVIL), (2, SafeString("<i>safe</i>"))])])
    many = forms.MultipleChoiceField(choices=[(1, 1), (EVIL, 2)])
    number = forms.IntegerField(
        min_value=3, widget=forms.NumberInput(attrs={"data-x": EVIL, "readonly": True})
    )
    at = forms.SplitDateTimeField()
    secret = forms.CharField(widget=forms.PasswordInput)
    where = forms.URLField(assume_scheme="https", widget=forms.URLInput(attrs={"autofocus": False}))


def controls() -> Iterator[forms.BoundField]:
    """Every kind of control, empty, filled and wrong."""
    filled = {"grouped": "2", "many": ["1", EVIL], "number": EVIL, "at_0": "2026-11-22", "where": EVIL}
    for form in (Everything(), wrong_form(), Search({"q": EVIL, "state": "active"}), Pick(), Pick(filled)):
        yield from form


class Compared(Controls):
    """Writes every control both ways; Django leaves an empty line after each option."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        ours = super().render(template_name, context, request)
        djangos = DjangoTemplates.render(self, template_name, context, request)
        assert ours == djangos.replace("</option>\n\n", "</option>\n"), template_name
        return ours


@pytest.mark.once
@pytest.mark.parametrize("language", ["ja", "en"])
def test_controls_are_djangos_own(language: str) -> None:
    """Planted faults: a text that is not escaped, an attribute that is lost, an option's group."""
    with translation.override(language):
        for bound in controls():
            bound.form.renderer = Compared()
            assert str(bound.as_widget(attrs={"class": "form-control", "aria-describedby": EVIL}))
            assert all(str(option.tag()) for option in bound.subwidgets)


@pytest.mark.once
@pytest.mark.django_db
def test_every_page_has_the_frame_that_would_be_written_now() -> None:
    """Each route once, opened by somebody who may. Planted fault: the menu of a page that shows none is the shell's."""
    told, different = {}, []
    for one in pages_of(build_world()):
        browser = Client()
        browser.cookies.load(one.cookies)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(frames.Framed, "render", ExtendsNode.render)
            first, again = page(browser, one.path, "ja"), page(browser, one.path, "ja")
        told[one.route] = first == again  # else it shows something once, or draws it at each request
        if told[one.route] and page(browser, one.path, "ja") != first:
            different.append(one.route)

    assert different == []
    assert {route for route, is_steady in told.items() if not is_steady} == DRAWN_ANEW


@pytest.mark.once
def test_no_page_looks_for_what_its_layout_would_have_written() -> None:
    """A frame has been written before the page: ``block.super`` finds nothing in it (docs/adr/0024-frames.md)."""
    folder = Path(frames.__file__).parent.parent / "templates"
    pages = [path for path in folder.rglob("*.html") if path.parent.name != "sites"]

    assert [path.name for path in pages if "block.super" in path.read_text(encoding="utf-8")] == []

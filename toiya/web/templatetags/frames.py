"""The frame of a page: its site's layout with menus and footer, in which the page fills a few blocks.

The frame follows from who may do what, the route and the language, and is written once for these, with places for what
the page puts in. What is shown once (messages), what differs at each request (the form's secret, the address), who has
signed in and every block of the page itself are filled in.
"""

from functools import lru_cache
from typing import Any, NamedTuple, cast

from django import template
from django.template import Context, Engine, NodeList
from django.template.base import FilterExpression, Parser, TextNode, Token
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext, BlockNode, ExtendsNode, do_extends
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from toiya.web.templatetags.kept import CSRF_PLACE, FLASH_PLACE, HERE_PLACE, kept
from toiya.web.templatetags.ui import flash

register = template.Library()

LAYOUTS = frozenset({"sites/dashboard.html", "sites/organization.html", "sites/operator.html"})
ACCOUNT = "account_menu"  # a block of the layouts, which the person fills
SIGN = CSRF_PLACE[:16]


class Frame(NamedTuple):
    """What a layout shows, and nothing else that it could see (web/context.py)."""

    programme: "Named | None"
    sites: tuple[Any, ...]
    navigation: tuple[Any, ...]
    settings_url: str | None
    has_mailbox: bool


OF_PAGE = tuple(name for name in Frame._fields if name != "programme")


class Named(NamedTuple):
    """The programme, by its name in the reader's language."""

    name: str


class Framed(ExtendsNode):
    """Django's ``extends``; a layout of LAYOUTS is not gone through again where its frame is known."""

    def render(self, context: Context) -> SafeString:
        """The page."""
        frame, name = context.get("frame"), cast("FilterExpression", self.parent_name)
        layout = name.resolve(context)
        if frame is None or layout not in LAYOUTS:
            return cast("SafeString", super().render(context))
        known: Any = context.render_context
        blocks = known.setdefault(BLOCK_CONTEXT_KEY, BlockContext())
        blocks.add_blocks(self.blocks)
        # A view may show less than the shell offers: an enrollment has no menu.
        shown = frame._replace(**{name: context[name] for name in OF_PAGE})
        parts = _frame(layout, (*blocks.blocks, ACCOUNT), get_language(), shown)
        return SafeString(
            "".join([part if is_text else self._fill(part, context) for is_text, part in parts])
        )

    def _fill(self, place: str, context: Context) -> str:
        if place == CSRF_PLACE:
            return str(context.get("csrf_token", ""))
        if place == HERE_PLACE:
            return escape(context["request"].get_full_path())
        if place == FLASH_PLACE:
            return flash(context.get("messages"))
        if place == ACCOUNT:
            return account_menu(context)
        return BlockNode(place, NodeList()).render(context)


@register.simple_tag(takes_context=True)
def account_menu(context: Context) -> SafeString:
    """Who has signed in. No part of the frame, so that all who have the same menu share one."""
    actor = getattr(context.get("request"), "actor", None)
    name = actor.name if actor else ""
    return kept(context, "components/_account.html", account=context.get("signed_in"), name=name)


Parts = tuple[tuple[bool, str], ...]


@lru_cache(maxsize=1_000)
def _frame(layout: str, filled: tuple[str, ...], _language: str | None, frame: Frame) -> Parts:
    """The layout's own texts, and between them the names of what is filled in at each request."""
    signs = {f"{SIGN}{number}{SIGN}": name for number, name in enumerate(filled)}
    signs |= {sign: sign for sign in (CSRF_PLACE, HERE_PLACE, FLASH_PLACE)}
    blocks = BlockContext()
    blocks.add_blocks(
        {name: BlockNode(name, NodeList([TextNode(sign)])) for sign, name in signs.items() if name in filled}
    )
    page: Any = Engine.get_default().get_template(layout)
    given = {"csrf_token": CSRF_PLACE, "here": HERE_PLACE, "messages": FLASH_PLACE}
    context = Context({**frame._asdict(), **given})
    known: Any = context.render_context
    with context.bind_template(page):
        known[BLOCK_CONTEXT_KEY] = blocks
        text: str = page.nodelist.render(context)
    return tuple(_parts(text, signs))


def _parts(text: str, signs: dict[str, str]) -> list[tuple[bool, str]]:
    found: list[tuple[bool, str]] = [(True, text)]
    for sign, name in signs.items():
        split: list[tuple[bool, str]] = []
        for is_text, part in found:
            pieces = part.split(sign) if is_text else [part]
            for number, piece in enumerate(pieces):
                split += ([(False, name)] if number else []) + [(is_text, piece)]
        found = split
    return found


@register.tag
def extends(parser: Parser, token: Token) -> Framed:
    """Django's ``extends``."""
    node = do_extends(parser, token)
    return Framed(node.nodelist, node.parent_name)

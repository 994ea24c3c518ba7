"""What is the same at every request is written once: words, addresses, and whole parts of a page.

Kept is only what follows from the values it is kept by, always with the reader's language. While a kept part is
written, nothing else can be seen: no request, no person, no row of the database.
"""

import secrets
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context, Node
from django.template.base import FilterExpression, Parser, Token, Variable
from django.template.defaulttags import url as django_url
from django.template.loader import render_to_string
from django.templatetags.i18n import do_translate as django_translate
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# Where a kept part leaves room for what differs at each request. The signs are drawn when the process starts and never
# leave it, so that nobody's text can hold one.
CSRF_PLACE, HERE_PLACE, FLASH_PLACE = (secrets.token_hex(16) for _place in range(3))


# ---------------------------------------------------------------- parts of a page
def written(name: str, /, **values: object) -> SafeString:
    """The template ``name`` with these values and no others; what was written for the same ones is kept.

    Values are texts, or tuples of plain texts: a safe text and a plain one of the same letters are told apart only
    where each has a name.
    """
    plain = {key: str(value) if isinstance(value, Promise) else value for key, value in values.items()}
    return _written(name, get_language(), **plain)


@lru_cache(maxsize=2_000, typed=True)
def _written(name: str, _language: str | None, /, **values: object) -> SafeString:
    return render_to_string(name, values)


@register.simple_tag(takes_context=True)
def kept(context: Context, template: str, **values: object) -> SafeString:
    """A part of the shell: ``include … only``, kept. Its forms have a ``csrf_token`` and may lead back ``here``."""
    places = {"csrf_token": CSRF_PLACE if "csrf_token" in context else "", "here": HERE_PLACE}
    text: str = written(template, **places, **values)
    if CSRF_PLACE in text:
        text = text.replace(CSRF_PLACE, str(context["csrf_token"]))
    if HERE_PLACE in text:
        request = context.get("request")
        here = escape(request.get_full_path()) if request else str(context.get("here", ""))
        text = text.replace(HERE_PLACE, here)
    return SafeString(text)


# ---------------------------------------------------------------- words and addresses
class Once(Node):
    """What one of Django's own tags writes, where that follows from the template and the language alone."""

    def __init__(self, node: Any) -> None:  # noqa: ANN401  (Django's nodes have no types)
        self.node = node
        self.texts: dict[str | None, str] = {}

    def render(self, context: Context) -> str:
        """Write it, or give it the name that the template chose."""
        language, name = get_language(), self.node.asvar
        text = self.texts.get(language)
        if text is None:
            text = self.node.render(context)
            self.texts[language] = context[name] if name else text
        elif name:
            context[name] = text
        return "" if name else text


@register.tag
def translate(parser: Parser, token: Token) -> Node:
    """Django's ``translate``: words that stand in the template are looked up once in each language."""
    node = django_translate(parser, token)
    parts = [node.filter_expression, *([node.message_context] if node.message_context else [])]
    return Once(node) if all(map(_is_literal, parts)) else node


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Django's ``url``: a route that the template names without variables is looked up once."""
    node = django_url(parser, token)
    parts = [node.view_name, *node.args, *node.kwargs.values()]
    return Once(node) if all(map(_is_literal, parts)) else node


def _is_literal(part: FilterExpression) -> bool:
    word = part.var
    return not part.filters and (not isinstance(word, Variable) or word.literal is not None)

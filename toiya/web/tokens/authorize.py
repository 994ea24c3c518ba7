"""A program asks a person to let it act for them; the answer goes back through the browser (G-18, T-30, T-31).

Before the program and the redirect address are known to be right, nobody is sent anywhere. GET shows the question and
changes nothing; POST answers it.
"""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2.rfc6749.errors import FatalClientError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import InteractionRequired

from toiya.core.actor import Actor
from toiya.tokens.protocol import CODE_AND_ID, Question, Validator, agree, asked_for, told_no
from toiya.tokens.realms import UnknownRealm, realm_of
from toiya.tokens.scopes import ForeignAudience, own_words
from toiya.web.http import PersonRequest
from toiya.web.middleware import CONTENT_SECURITY_POLICY
from toiya.web.tokens.powers import powers_of

Pairs = Sequence[tuple[str, str]]
MODES = ("query", "fragment", "form_post")


class Unfit(Exception):
    """The request does not come from a program of this organisation."""


def authorize(request: PersonRequest, segment: str, version: int) -> HttpResponse:
    """The question, and its answer."""
    try:
        validator, words = _read(request, segment, version)
    except Unfit:
        return _stop(request)
    mode, query = _mode(words), urlencode({**words, "response_mode": "fragment"})
    try:
        question = asked_for(validator, query)
        if question.application.tenant_id != request.actor.tenant_id:
            raise Unfit  # noqa: TRY301  (told like a program that does not exist)
        if words.get("prompt") == "none":
            raise InteractionRequired(state=words.get("state"))
        if request.method != "POST":
            return _question(request, question, request.actor)
        pairs = told_no(words.get("state", "")) if "decline" in request.POST else agree(validator, query)
    except (Unfit, FatalClientError):
        return _stop(request)
    except OAuth2Error as error:
        return _back(request, words["redirect_uri"], error.twotuples, mode)
    return _back(request, question.redirect_uri, pairs, mode)


def _read(request: PersonRequest, segment: str, version: int) -> tuple[Validator, dict[str, str]]:
    """Each parameter once, in our words."""
    given = {name: values for name, values in request.GET.lists() if any(values)}
    if any(len(values) > 1 for values in given.values()):
        raise Unfit
    try:
        validator = Validator(realm_of(segment), request.actor)
        words = own_words({name: values[0] for name, values in given.items()}, version)
    except (UnknownRealm, ForeignAudience) as error:
        raise Unfit from error
    return validator, words


def _mode(words: dict[str, str]) -> str:
    """How the answer travels. What identifies a person never stands in a query, where servers log it."""
    is_hybrid = words.get("response_type") == CODE_AND_ID
    wanted = words.pop("response_mode", "")
    usual = "fragment" if is_hybrid else "query"
    return usual if wanted not in MODES or (is_hybrid and wanted == "query") else wanted


def _question(request: PersonRequest, question: Question, actor: Actor) -> HttpResponse:
    application = question.application
    target = urlsplit(question.redirect_uri)
    context = {
        "application": application,
        "publisher": actor.organization,
        "powers": powers_of(question.scopes),
        "target": f"{target.scheme}://{target.netloc}",
        "action": request.get_full_path(),
    }
    return _may_post_to(
        render(request, "applications/authorize.html", context), f"{target.scheme}://{target.netloc}"
    )


def _stop(request: PersonRequest) -> HttpResponse:
    """Nobody is sent anywhere: the request does not come from a program of this organisation."""
    context = {
        "title": _("This application cannot sign you in"),
        "message": _(
            "The application is not registered in your organization, or asks for something that it was not registered "
            "for. Ask whoever gave you the application."
        ),
    }
    return render(request, "errors/400.html", context, status=400)


def _back(request: PersonRequest, redirect_uri: str, pairs: Pairs, mode: str) -> HttpResponse:
    if mode != "form_post":
        return HttpResponseRedirect(add_params_to_uri(redirect_uri, list(pairs), fragment=mode == "fragment"))
    target = urlsplit(redirect_uri)
    page = render(request, "applications/carry_back.html", {"action": redirect_uri, "pairs": pairs})
    return _may_post_to(page, f"{target.scheme}://{target.netloc}")


def _may_post_to(page: HttpResponse, origin: str) -> HttpResponse:
    """Browsers also ask this rule where a form's answer sends them on."""
    page.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {origin}"
    )
    return page

"""What the shell of every page shows: the programme, the sites and the menu that this person may use."""

from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from toiya.core.actor import Actor, Standing
from toiya.core.permissions import Permission, Role
from toiya.programme.words import current_programme
from toiya.web.navigation import MENUS, SITES
from toiya.web.templatetags.frames import Frame, Named

OF_THE_ACCOUNT = frozenset({"people:profile", "applications:mine"})


class MenuItem(NamedTuple):
    """A link of a menu, in the reader's language; what is ``locked_reason`` is shown and leads nowhere."""

    url: str
    label: str
    icon: str = ""
    current: bool = False
    locked_reason: str = ""
    heading: str = ""


class Account(NamedTuple):
    """Who is signed in, as the account menu says it."""

    name: str
    user_name: str = ""
    tenant: str = ""
    roles: tuple[str, ...] = ()
    profile_url: str | None = None
    security_url: str | None = None
    sign_out_url: str | None = None


def shell(request: HttpRequest) -> dict[str, Any]:
    """The template context that all layouts read (docs/design-language.md)."""
    actor = getattr(request, "actor", None)
    match = request.resolver_match
    name = match.view_name if match else ""
    site = _site_of_account(actor) if actor and name in OF_THE_ACCOUNT else _site(request.path)
    standing, language, programme = actor.standing if actor else None, get_language(), current_programme()
    frame = Frame(
        programme=Named(programme.name) if programme else None,
        sites=_sites(standing, site, language),
        navigation=_navigation(standing, site, name, language),
        settings_url=_url("dashboard:settings") if site == "dashboard" and actor else None,
        has_mailbox=settings.HAS_MAILBOX,
    )
    # The clock of a sandbox goes on: its frame is written at each request.
    sandbox_now = actor.now if actor and actor.in_sandbox else None
    return {
        **frame._asdict(),
        "programme": programme,
        "signed_in": _account(actor) if actor else None,
        "sandbox_now": sandbox_now,
        "frame": frame if actor and not sandbox_now else None,
    }


@lru_cache(maxsize=500)
def _sites(standing: Standing | None, site: str, _language: str | None) -> tuple[MenuItem, ...]:
    return tuple(
        MenuItem(url, str(entry.label), current=url == f"/{site}/")
        for entry in SITES
        if entry.is_for(standing) and (url := _url(entry.url_name))
    )


@lru_cache(maxsize=2_000)
def _navigation(
    standing: Standing | None, site: str, name: str, _language: str | None
) -> tuple[MenuItem, ...]:
    """The menu is the same for all who may do the same; what they may is asked anew at each request."""
    return tuple(
        MenuItem(url, str(entry.label), entry.icon, current=entry.holds(name))
        for entry in MENUS.get(site, ())
        if entry.is_for(standing) and (url := _url(entry.url_name))
    )


@lru_cache(maxsize=500)
def _role_names(roles: frozenset[Role], _language: str | None) -> tuple[str, ...]:
    return tuple(sorted(str(role.label) for role in roles))


def _account(actor: Actor) -> Account:
    return Account(
        name=actor.name,
        user_name=actor.user_name,
        tenant=actor.organization,
        roles=_role_names(actor.roles, get_language()),
        profile_url=_url("people:profile"),
        security_url=_url("mfa_index"),
        sign_out_url=_url("account_logout"),
    )


def _site_of_account(actor: Actor) -> str:
    """One's own profile and programs have one address for both sites: partners read them in the dashboard."""
    return "dashboard" if actor.may(Permission.HOME_VIEW) else "organization"


def _site(path: str) -> str:
    first = path.strip("/").split("/", 1)[0]
    return first if first in MENUS else ""


@cache
def _url(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None

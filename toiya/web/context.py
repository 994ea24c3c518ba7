"""What the shell of every page shows: the programme, the sites and the menu that this person may use."""

from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.programme.words import current_programme
from toiya.web.navigation import MENUS, SITES

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
    return {
        "programme": current_programme(),
        "signed_in": _account(actor) if actor else None,
        "sites": tuple(
            MenuItem(url, str(entry.label), current=url == f"/{site}/")
            for entry in SITES
            if entry.is_for(actor) and (url := _url(entry.url_name))
        ),
        "navigation": tuple(
            MenuItem(url, str(entry.label), entry.icon, current=entry.holds(name))
            for entry in MENUS.get(site, ())
            if entry.is_for(actor) and (url := _url(entry.url_name))
        ),
        "settings_url": _url("dashboard:settings") if site == "dashboard" and actor else None,
        "has_mailbox": settings.HAS_MAILBOX,
        "sandbox_now": actor.now if actor and actor.in_sandbox else None,
    }


def _account(actor: Actor) -> Account:
    return Account(
        name=actor.name,
        user_name=actor.user_name,
        tenant=actor.organization,
        roles=tuple(sorted(str(role.label) for role in actor.roles)),
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

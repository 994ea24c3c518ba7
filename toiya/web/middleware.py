"""What happens around every view: who is acting, in which language, may they come in, and how refusals answer."""

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import resolve, reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.clock import real_now
from toiya.core.errors import CapacityMissing, Refusal
from toiya.core.permissions import Capacity
from toiya.directory.actors import actor_for
from toiya.directory.factors import has_second_factor
from toiya.directory.models import Person
from toiya.web.access import ACCESS, Level, Need
from toiya.web.errors import refusal_page
from toiya.web.membership.sessions import membership_login
from toiya.web.sign_in.factors import second_factor_at

GetResponse = Callable[[HttpRequest], HttpResponse]
BEFORE_ALL_ELSE = frozenset({"account_change_password"})
PARTNERS = frozenset({Capacity.PROVIDER, Capacity.RESELLER})
TOUCH_EVERY = dt.timedelta(minutes=1)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' data:; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "manifest-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)


class SecurityHeaders:
    """The same protective headers on every answer (G-44); nothing personal is ever stored by a cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        # Not no-referrer: browsers then send "Origin: null" with our own forms, which the CSRF check must refuse.
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        if settings.SECURE_HSTS_SECONDS:
            headers["Strict-Transport-Security"] = (
                f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
            )
        if not request.path.startswith(settings.STATIC_URL):
            headers.setdefault("Cache-Control", "no-store")
        return response


class WhoIsActing:
    """Who has signed in (``request.user``), and ``request.actor``: the same person after the second factor, else None.

    Ends idle and old sessions.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Read session, person and rights from the database."""
        request.actor = None  # type: ignore[attr-defined]
        person: Person | None = request.session.signed_in()  # type: ignore[attr-defined]
        request.user = person or AnonymousUser()
        if person is not None:
            if _is_over(request):
                logout(request)
            else:
                self._identify(request, person)
        return self.get_response(request)

    def _identify(self, request: HttpRequest, person: Person) -> None:
        factor_at = second_factor_at(request)
        if factor_at is not None and not person.must_change_password:
            request.actor = actor_for(  # type: ignore[attr-defined]
                person, language=person.language, second_factor_at=factor_at
            )


def _is_over(request: HttpRequest) -> bool:
    """Sessions end after 30 idle minutes and after 12 hours (G-17); real time."""
    now = real_now()
    started = _instant(request.session.setdefault("started_at", now.timestamp()))
    seen = _instant(request.session.setdefault("seen_at", now.timestamp()))
    if now - seen > settings.SESSION_IDLE or now - started > settings.SESSION_ABSOLUTE:
        return True
    if now - seen > TOUCH_EVERY:
        request.session["seen_at"] = now.timestamp()
    return False


def _instant(timestamp: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC)


class ReaderLanguage:
    """The language: chosen on the page (cookie), else the person's own, else what the browser asks for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate it for this request."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        own = request.user.language if isinstance(request.user, Person) else None
        known = dict(settings.LANGUAGES)
        language = next((code for code in (chosen, own) if code in known), None)
        with translation.override(language or translation.get_language_from_request(request)):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class Refusals:
    """A refusal that no view caught becomes a page with its status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; leave everything else to Django."""
        if isinstance(exception, Refusal):
            return refusal_page(request, exception)
        return None


class Access:
    """Deny by default: the access table lets a request in, or nothing does."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the check needs the resolved view."""
        return self.get_response(request)

    def process_view(  # noqa: PLR0911  (one line per reason)
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        """Look the route up and compare."""
        del view, args, kwargs
        match = request.resolver_match or resolve(request.path_info)
        methods = ACCESS.get(match.view_name)
        if methods is None:
            return refusal_page(request, Undeclared())
        need = methods.get("GET" if request.method == "HEAD" else request.method or "")
        if need is None:
            return _wrong_method(request, sorted(methods))
        if need.level in {Level.ANYBODY, Level.LINK_HOLDER}:
            return None
        if need.level is Level.MEMBERSHIP:
            return None if membership_login(request) else HttpResponseRedirect(reverse("membership:sign_in"))
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if need.level is Level.PASSWORD:
            return None if match.view_name in BEFORE_ALL_ELSE else _to_new_password(request)
        return _refused(request, need)


def _refused(request: HttpRequest, need: Need) -> HttpResponse | None:
    """What keeps the signed-in person out: a missing step, role or capacity; None when nothing does."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor is None:
        return _to_missing_step(request)
    try:
        for permission in (need.site, need.permission):
            if permission is not None:
                actor.must(permission)
        if need.capacity is not None and need.capacity not in actor.capacities | actor.suspended:
            raise Undeclared
    except CapacityMissing as refusal:
        return _to_enrolment(request) or refusal_page(request, refusal)
    except Refusal as refusal:
        return refusal_page(request, refusal)
    return None


def _to_enrolment(request: HttpRequest) -> HttpResponse | None:
    """Before approval the dashboard of an organisation is its enrolment, which shows how it stands (S-010)."""
    actor = request.actor  # type: ignore[attr-defined]
    is_partner = bool(PARTNERS & (actor.capacities | actor.suspended))
    if is_partner or request.method not in {"GET", "HEAD"} or not request.path.startswith("/dashboard/"):
        return None
    messages.info(request, _("The dashboard opens when your organization is approved as a partner."))
    return HttpResponseRedirect(reverse("enrolment:welcome"))


class WrongMethod(Refusal):
    """The address takes what a form sends; somebody loaded it again, or typed it."""

    code = "wrong_method"
    status = 405
    message = gettext_lazy("This address only takes what a form sends. Go back to the page with the form.")


def _wrong_method(request: HttpRequest, allowed: list[str]) -> HttpResponse:
    response = refusal_page(request, WrongMethod())
    response.headers["Allow"] = ", ".join(allowed)
    return response


class Undeclared(Refusal):
    """The route is not in the access table, or not for organisations of this kind."""

    code = "not_for_you"
    status = 403


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('account_login')}?{_next(request)}")


def _to_missing_step(request: HttpRequest) -> HttpResponse:
    """A temporary password must be changed first (S-056); then the second factor must exist and be given."""
    forced = _to_new_password(request)
    if forced is not None:
        return forced
    has_factor = isinstance(request.user, Person) and has_second_factor(request.user)
    name = "account_reauthenticate" if has_factor else "mfa_activate_totp"
    return HttpResponseRedirect(f"{reverse(name)}?{_next(request)}")


def _to_new_password(request: HttpRequest) -> HttpResponse | None:
    if isinstance(request.user, Person) and request.user.must_change_password:
        return HttpResponseRedirect(f"{reverse('account_change_password')}?{_next(request)}")
    return None


def _next(request: HttpRequest) -> str:
    target = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    return urlencode({"next": target})

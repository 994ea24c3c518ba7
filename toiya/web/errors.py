"""Refusals as pages, in the reader's language. They tell the rule, and who can help; never how the system is built."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.core.errors import CapacityMissing, NotVisible, Refusal, RoleMissing, SecondFactorStale
from toiya.core.permissions import Role
from toiya.directory.models import Person
from toiya.web.sign_in.destinations import typed_in

TEMPLATES = {400, 403, 404, 409, 429, 500}


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page for a refusal: its status, its sentence, and for a missing role who can grant it."""
    helpers: list[str] = []
    if isinstance(refusal, RoleMissing) and request.actor is not None:  # type: ignore[attr-defined]
        helpers = _who_can_grant(request)
    context = {
        "title": _title(refusal),
        "message": str(refusal),
        "who_can_help": helpers,
        "code": refusal.code,
        "may_confirm_again": isinstance(refusal, SecondFactorStale),
        "typed_in": typed_in(request) if isinstance(refusal, SecondFactorStale) else (),
    }
    status = refusal.status if refusal.status in TEMPLATES else 409
    return render(request, f"errors/{status}.html", context, status=refusal.status)


def _who_can_grant(request: HttpRequest) -> list[str]:
    administrators = Person.objects.visible_to(request.actor).active().with_role(Role.GLOBAL_ADMIN)  # type: ignore[attr-defined]
    return [f"{person.name} ({Role.GLOBAL_ADMIN.label})" for person in administrators.order_by("name")[:5]]


def _title(refusal: Refusal) -> str:
    if isinstance(refusal, NotVisible) or refusal.status == NotVisible.status:
        return _("Not found")
    if isinstance(refusal, RoleMissing | CapacityMissing):
        return _("Not allowed")
    return _("This did not work")


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The same bytes for a foreign id and for one that never existed (G-07)."""
    del exception
    if not hasattr(request, "actor"):
        request.actor = None  # type: ignore[attr-defined]
    return refusal_page(request, NotVisible())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The request itself is broken."""
    del exception
    context = {"title": _("This did not work"), "message": _("The request was not understood.")}
    return render(request, "errors/400.html", context, status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django or a library refused."""
    del exception
    return render(request, "errors/403.html", {"title": _("Not allowed"), "message": ""}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was not opened on this site, or the page stood open too long."""
    del reason
    message = _(
        "The page was open for too long or came from elsewhere. Go back, load it again, and send it once more."
    )
    return render(request, "errors/403.html", {"title": _("Not allowed"), "message": message}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke; the log knows what."""
    return render(request, "errors/500.html", status=500)

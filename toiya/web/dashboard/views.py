"""The partner dashboard's home, and the first-run set-up."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from toiya.core.permissions import Role
from toiya.directory.models import Tenant
from toiya.directory.setup import finish_setup, is_set_up
from toiya.web.dashboard.checklist import is_provider, tasks
from toiya.web.dashboard.waiting import capacities_of, tile_texts, waiting
from toiya.web.http import PersonRequest
from toiya.web.navigation import MENUS

SETTINGS = ("people:list", "applications:list", "profile:partner", "webhooks:settings")


def home(request: PersonRequest) -> HttpResponse:
    """Tiles of what this person may use, and what waits."""
    actor = request.actor
    tenant = Tenant.objects.visible_to(actor).get(pk=actor.tenant_id)
    context = {
        "tenant": tenant,
        "capacities": capacities_of(actor),
        "suspended": sorted(str(capacity.label) for capacity in actor.suspended),
        "tiles": _tiles(request),
        "waiting": waiting(actor),
        "tasks": [] if is_set_up(tenant) else tasks(actor),
    }
    return render(request, "dashboard/home.html", context)


def settings(request: PersonRequest) -> HttpResponse:
    """The gear: what is set up here, as far as this person may (S-046)."""
    tiles = _tiles(request, only=SETTINGS)
    tiles.append(
        {
            "url": reverse("people:profile"),
            "icon": "person",
            "label": _("My profile"),
            "text": _("Your name and language, your roles, and who can give you more."),
        }
    )
    return render(request, "dashboard/settings.html", {"tiles": tiles})


def _tiles(request: PersonRequest, only: tuple[str, ...] = ()) -> list[dict[str, object]]:
    texts = tile_texts()
    tiles: list[dict[str, object]] = []
    for entry in MENUS["dashboard"]:
        if entry.url_name not in (only or texts) or not entry.is_for(request.actor.standing):
            continue
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        tiles.append({"url": url, "icon": entry.icon, "label": entry.label, "text": texts[entry.url_name]})
    return tiles


def setup(request: PersonRequest) -> HttpResponse:
    """The checklist (S-044, S-045); POST finishes it."""
    if request.method == "POST":
        finish_setup(request.actor)
        messages.success(request, _("The set-up is finished."))
        return HttpResponseRedirect(reverse("dashboard:home"))
    context = {
        "tasks": tasks(request.actor),
        "is_provider": is_provider(request.actor),
        "is_finished": is_set_up(Tenant.objects.visible_to(request.actor).get(pk=request.actor.tenant_id)),
        "may_finish": Role.ADMIN_AGENT in request.actor.roles,
    }
    return render(request, "dashboard/setup.html", context)

"""The operator's start page: what waits, and for how long."""

import datetime as dt

from django.db.models import Count, Min, Q
from django.http import HttpResponse
from django.shortcuts import render

from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Permission
from toiya.directory.models import Tenant
from toiya.enrolment.models import Application, State
from toiya.fulfilment.models import FulfilmentTask
from toiya.membership.models import ProviderEntry
from toiya.web.http import PersonRequest

A_WEEK = dt.timedelta(days=7)


def home(request: PersonRequest) -> HttpResponse:
    """Figures that ask for a decision, and the one who has waited longest."""
    actor = request.actor
    applications = Application.objects.visible_to(actor).exclude(tenant_id=actor.tenant_id)
    waiting = applications.aggregate(
        under_review=Count("pk", filter=Q(state=State.UNDER_REVIEW)),
        email_pending=Count("pk", filter=Q(state=State.EMAIL_PENDING)),
        more_information=Count("pk", filter=Q(state=State.MORE_INFORMATION)),
        oldest=Min("submitted_at", filter=Q(state=State.UNDER_REVIEW)),
    )
    partners = Tenant.objects.visible_to(actor).exclude(pk=actor.tenant_id)
    stopped = Q(suspensions__lifted_at__isnull=True, suspensions__isnull=False)
    counts = partners.aggregate(
        providers=Count("pk", filter=Q(tenant_capacities__capacity=Capacity.PROVIDER), distinct=True),
        resellers=Count("pk", filter=Q(tenant_capacities__capacity=Capacity.RESELLER), distinct=True),
        suspended=Count("pk", filter=stopped, distinct=True),
    )
    context = {
        **waiting,
        **counts,
        "entries": ProviderEntry.objects.visible_to(actor).filter(proposed_at__isnull=False).count(),
        **_fulfilment(actor),
        "oldest_days": _days(waiting["oldest"], actor.now),
        "queue": applications.filter(state=State.UNDER_REVIEW)
        .select_related("tenant")
        .order_by("submitted_at")[:5],
    }
    return render(request, "operator/home.html", context)


def _fulfilment(actor: Actor) -> dict[str, object]:
    """What is in trouble in other systems, for those who may see it."""
    if not actor.may(Permission.FULFILMENT_VIEW):
        return {"shows_tasks": False}
    tasks, now = FulfilmentTask.objects.visible_to(actor), real_now()
    return {
        "shows_tasks": True,
        "stuck_tasks": tasks.stuck(now).count(),
        "failed_tasks": tasks.failed(now - A_WEEK).count(),
    }


def _days(since: dt.datetime | None, now: dt.datetime) -> int | None:
    return (now - since).days if since else None

"""What a customer sees of its own subscriptions: never another price than its own, and always whom to ask (N-34)."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.subscriptions.lists import own_subscriptions
from toiya.subscriptions.models import LIVE, Subscription, Transfer, TransferState
from toiya.subscriptions.rights import own_subscription
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.subscriptions.presenting import TONES, facts_of, row_of, schedule_of, timeline_of


def listing(request: PersonRequest) -> HttpResponse:
    """Everything that the organisation has, the latest first; ended ones only when asked for."""
    actor, with_ended = request.actor, request.GET.get("ended") == "1"
    rows = own_subscriptions(actor)
    if not with_ended:
        rows = rows.filter(state__in=LIVE)
    page = page_by_key(rows, fields=("created_at", "id"), cursor=cursor_of(request), descending=True)
    waiting = Transfer.objects.visible_to(actor).filter(
        customer_id=actor.tenant_id,
        state=TransferState.OPEN,
        expires_at__gt=actor.now,
        customer_accepted_at__isnull=True,
    )
    context = {
        "rows": [row_of(actor, row) for row in page.rows],
        "pager": pager_of(request, page),
        "with_ended": with_ended,
        "waiting": list(waiting.select_related("tenant", "target").order_by("created_at", "id")[:5]),
    }
    return render(request, "subscriptions/own.html", context)


def subscription(request: PersonRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """One of them: what it is, what it costs us, who sells it, who supports us, and what happened."""
    actor = request.actor
    found = own_subscription(actor, subscription_id)
    context: dict[str, Any] = {
        "subscription": found,
        "tone": TONES[found.state],
        "facts": facts_of(actor, found),
        "partners": _partners(found),
        "schedule": schedule_of(found),
        "add_ons": list(found.add_ons.filter(state__in=LIVE).select_related("sku").order_by("id")),
        "history": timeline_of(actor, found),
        "may_wish": found.state in LIVE and actor.may(Permission.WISHES_MAKE),
    }
    return render(request, "subscriptions/own_one.html", context)


def _partners(found: Subscription) -> list[dict[str, object]]:
    return [
        {
            "term": _("Support contact"),
            "value": reader_name(found.support_contact),
            "note": _("Ask here when something does not work."),
        },
        {"term": _("Provider"), "value": reader_name(found.tenant)},
        {"term": _("Reseller"), "value": reader_name(found.reseller) if found.reseller else ""},
        {"term": _("Subscription ID"), "value": str(found.pk)},
    ]

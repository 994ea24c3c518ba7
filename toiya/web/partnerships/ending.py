"""Removing a partnership, after seeing who loses what (C-13)."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.customers.models import RelationshipInvitation
from toiya.partnerships.ending import impact_of_ending
from toiya.partnerships.models import InvitationState
from toiya.subscriptions.offboarding import end_partnership_safely, preview_partnership_end
from toiya.web.http import PersonRequest
from toiya.web.partnerships.forms import EndForm
from toiya.web.partnerships.lists import partnership_of

NAMED_CUSTOMERS = 10


def end(request: PersonRequest, partnership_id: uuid.UUID) -> HttpResponse:
    """[パートナーシップの削除]: the impact, the reason, the act."""
    partnership = partnership_of(request, partnership_id)
    actor = request.actor
    is_provider = actor.tenant_id == partnership.provider_id
    form = EndForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        end_partnership_safely(actor, partnership=partnership, **form.cleaned_data)
        other = partnership.reseller if is_provider else partnership.provider
        messages.success(request, _("The partnership with %(name)s has ended.") % {"name": other.name})
        return redirect("partnerships:resellers" if is_provider else "partnerships:providers")
    impact = impact_of_ending(actor, partnership=partnership)
    waiting = RelationshipInvitation.objects.visible_to(actor).filter(
        state=InvitationState.OPEN,
        expires_at__gt=actor.now,
        provider_id=partnership.provider_id,
        reseller_id=partnership.reseller_id,
    )
    context = {
        "partnership": partnership,
        "other": partnership.reseller if is_provider else partnership.provider,
        "is_provider": is_provider,
        "impact": impact,
        "effects": preview_partnership_end(actor, partnership=partnership),
        "named": impact.shared_customers[:NAMED_CUSTOMERS],
        "more": max(len(impact.shared_customers) - NAMED_CUSTOMERS, 0),
        "waiting": waiting.count(),
        "form": form,
    }
    return render(request, "partnerships/end.html", context, status=400 if form.errors else 200)

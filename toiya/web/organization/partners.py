"""The organisation portal: who can touch us, and taking it back (S-071, Q-11, C-07)."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Person, Tenant
from toiya.licences.models import SeatPool
from toiya.orders.models import WishState
from toiya.orders.wishes import own_wishes
from toiya.relations.administration import touched_with
from toiya.relations.grants import grant_of, grants_of, powers_of, remove_grant
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship
from toiya.subscriptions.models import Subscription
from toiya.web.http import PersonRequest


def home(request: PersonRequest) -> HttpResponse:
    """The organisation at a glance: what everybody who works there may see."""
    actor = request.actor
    tenant = Tenant.objects.visible_to(actor).prefetch_related("domains").get(pk=actor.tenant_id)
    context: dict[str, Any] = {"tenant": tenant, "may_see_grants": actor.may(Permission.GRANTS_VIEW)}
    if context["may_see_grants"]:
        context["given"] = (
            AdministrationGrant.objects.visible_to(actor)
            .live(actor.now)
            .filter(tenant_id=actor.tenant_id)
            .count()
        )
        context["partners"] = (
            ResellerRelationship.objects.visible_to(actor).live().filter(customer_id=actor.tenant_id).count()
            + Partnership.objects.visible_to(actor).live().count()
        )
    context["may_see_services"] = actor.may(Permission.OWN_SUBSCRIPTIONS_VIEW)
    if context["may_see_services"]:
        own = Subscription.objects.visible_to(actor).live().filter(customer_id=actor.tenant_id)
        context["subscriptions"] = own.count()
        pools = SeatPool.objects.visible_to(actor).aggregate(seats=Sum("seats"), assigned=Sum("assigned"))
        context["seats"], context["assigned"] = pools["seats"] or 0, pools["assigned"] or 0
        context["waiting"] = own_wishes(actor).filter(state=WishState.OPEN).count()
    return render(request, "organization/home.html", context)


def relationships(request: PersonRequest) -> HttpResponse:
    """パートナー関係: every relation, live or past, with who, what, since and until."""
    actor = request.actor
    grants = grants_of(actor).order_by("-starts_at", "id")
    partnerships = Partnership.objects.visible_to(actor).select_related("provider", "reseller")
    served = ResellerRelationship.objects.visible_to(actor).filter(customer_id=actor.tenant_id)
    rows = _grant_rows(actor, grants)
    context = {
        "given": [row for row in rows if row["is_given"]],
        "received": [row for row in rows if not row["is_given"]],
        "partnerships": [
            {
                "row": row,
                "other": row.reseller if row.provider_id == actor.tenant_id else row.provider,
                "is_provider": row.provider_id == actor.tenant_id,
                "ended_by_us": row.ended_by_tenant_id == actor.tenant_id,
            }
            for row in partnerships.order_by("ended_at", "-since", "id")
        ],
        "relationships": served.select_related("partner").order_by("ended_at", "-since", "id"),
        "may_remove": actor.may(Permission.GRANTS_REMOVE),
    }
    return render(request, "organization/partners.html", context)


def _grant_rows(actor: Actor, grants: Iterable[AdministrationGrant]) -> list[dict[str, Any]]:
    found = list(grants)
    own = Person.objects.visible_to(actor).filter(pk__in=[grant.consented_by_id for grant in found])
    names = dict(own.values_list("pk", "name"))
    return [_grant_row(actor, grant, names.get(grant.consented_by_id, "")) for grant in found]


def _grant_row(actor: Actor, grant: AdministrationGrant, consented_by: str) -> dict[str, Any]:
    if grant.removed_at is not None:
        state, tone, until = _("Removed"), "neutral", grant.removed_at
    elif grant.expires_at <= actor.now:
        state, tone, until = _("Expired"), "neutral", grant.expires_at
    else:
        state, tone, until = _("In force"), "info", grant.expires_at
    return {
        "grant": grant,
        "is_given": grant.tenant_id == actor.tenant_id,
        "powers": powers_of(grant.directory_roles),
        "state": state,
        "tone": tone,
        "until": until,
        "is_live": grant.removed_at is None and grant.expires_at > actor.now,
        "removed_by_us": grant.removed_by_tenant_id == actor.tenant_id,
        "consented_by": consented_by,
    }


def remove_access(request: PersonRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Take the access back, or give up what was received; the page says what stays (S-071, N-19)."""
    actor = request.actor
    grant = grant_of(actor, grant_id)
    if request.method == "POST":
        remove_grant(actor, grant=grant)
        messages.success(request, _("The administrator access is removed. It ended at this moment."))
        return redirect("organization:partners")
    context = {
        "row": _grant_rows(actor, [grant])[0],
        "grant": grant,
        "touched": touched_with(actor, grant=grant),
    }
    return render(request, "organization/remove_access.html", context)

"""Providers and resellers as the operator sees them: what they are, whether they may act; no more (T-15)."""

import uuid

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.core.text import fold
from toiya.customers.suspension import impact_of_suspension
from toiya.directory.models import Tenant
from toiya.directory.tenants import restore_partner, suspend_partner
from toiya.enrolment.providers import ProviderDetails, register_provider
from toiya.membership.models import ProviderEntry
from toiya.programme.countries import country_name
from toiya.web.http import PersonRequest
from toiya.web.operator.forms import PARTNER_CAPACITIES, PartnersForm, ProviderForm, ReasonForm
from toiya.web.paging import cursor_of, pager_of

CAPACITIES = {capacity.value: capacity for capacity in PARTNER_CAPACITIES}


def partners(request: PersonRequest) -> HttpResponse:
    """Everybody who is a partner, by name."""
    form = PartnersForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = Tenant.objects.visible_to(request.actor).exclude(pk=request.actor.tenant_id)
    if wanted.get("capacity"):
        rows = rows.filter(tenant_capacities__capacity=wanted["capacity"])
    stopped = Q(
        pk__in=Tenant.objects.visible_to(request.actor).filter(
            suspensions__lifted_at__isnull=True, suspensions__isnull=False
        )
    )
    if wanted.get("state"):
        rows = rows.filter(stopped if wanted["state"] == "suspended" else ~stopped)
    for word in fold(wanted.get("q", "")).split():
        rows = rows.filter(search_key__contains=word)
    page = page_by_key(
        rows.prefetch_related("domains", "tenant_capacities", "suspensions"),
        fields=("sort_key", "pk"),
        cursor=cursor_of(request),
    )
    context = {
        "form": form,
        "rows": [_row(tenant) for tenant in page.rows],
        "pager": pager_of(request, page),
        "may_register": request.actor.may(Permission.PARTNERS_MANAGE),
    }
    return render(request, "operator/partners.html", context)


def _row(tenant: Tenant) -> dict[str, object]:
    return {"tenant": tenant, "country": country_name(tenant.country_id), "capacities": _capacities(tenant)}


def _capacities(tenant: Tenant) -> list[dict[str, object]]:
    open_ = {row.capacity: row for row in tenant.suspensions.all() if row.lifted_at is None}
    held = sorted(tenant.tenant_capacities.all(), key=lambda row: row.capacity)
    return [
        {
            "value": row.capacity,
            "label": Capacity(row.capacity).label,
            "since": row.since,
            "suspension": open_.get(row.capacity),
            "is_partner": row.capacity in CAPACITIES,
        }
        for row in held
    ]


def _find(request: PersonRequest, tenant_id: uuid.UUID) -> Tenant:
    tenant = (
        Tenant.objects.visible_to(request.actor)
        .exclude(pk=request.actor.tenant_id)
        .filter(pk=tenant_id)
        .prefetch_related("domains", "tenant_capacities", "suspensions")
        .first()
    )
    if tenant is None:
        raise NotVisible
    return tenant


def partner(request: PersonRequest, tenant_id: uuid.UUID) -> HttpResponse:
    """One partner: capacities, suspensions, membership IDs and its directory entry."""
    tenant = _find(request, tenant_id)
    context = {
        **_row(tenant),
        "suspensions": _suspension_history(tenant),
        "entry": ProviderEntry.objects.visible_to(request.actor).filter(pk=tenant.pk).first(),
        "is_provider": any(row.capacity == Capacity.PROVIDER for row in tenant.tenant_capacities.all()),
        "may_manage": request.actor.may(Permission.PARTNERS_MANAGE),
    }
    return render(request, "operator/partner.html", context)


def _suspension_history(tenant: Tenant) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for row in tenant.suspensions.all():
        label = Capacity(row.capacity).label
        rows.append(
            {
                "when": row.at,
                "title": _("Suspended: %(capacity)s") % {"capacity": label},
                "text": row.reason,
                "tone": "danger",
            }
        )
        if row.lifted_at:
            rows.append(
                {
                    "when": row.lifted_at,
                    "title": _("Restored: %(capacity)s") % {"capacity": label},
                    "tone": "success",
                }
            )
    return sorted(rows, key=lambda row: str(row["when"]), reverse=True)


def suspend(request: PersonRequest, tenant_id: uuid.UUID, capacity: str) -> HttpResponse:
    """First what it would stop; then the reason and the decision."""
    tenant = _find(request, tenant_id)
    if not tenant.tenant_capacities.filter(capacity=capacity).exists() or capacity not in CAPACITIES:
        raise NotVisible
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            suspend_partner(request.actor, tenant=tenant, capacity=CAPACITIES[capacity], **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("%(name)s is suspended. Its administrators are told by email.")
                % {"name": reader_name(tenant)},
            )
            return HttpResponseRedirect(reverse("operator:partner", args=[tenant.pk]))
    context = {
        **_row(tenant),
        "form": form,
        "capacity": CAPACITIES[capacity],
        "impact": impact_of_suspension(request.actor, tenant_id=tenant.pk, capacity=CAPACITIES[capacity]),
    }
    return render(request, "operator/suspend.html", context, status=400 if form.errors else 200)


def restore(request: PersonRequest, tenant_id: uuid.UUID, capacity: str) -> HttpResponse:
    """The partner may act again, on its next request."""
    tenant = _find(request, tenant_id)
    if capacity not in CAPACITIES:
        raise NotVisible
    restore_partner(request.actor, tenant=tenant, capacity=CAPACITIES[capacity])
    messages.success(
        request,
        _("%(name)s is restored. Its administrators are told by email.") % {"name": reader_name(tenant)},
    )
    return HttpResponseRedirect(reverse("operator:partner", args=[tenant.pk]))


def register(request: PersonRequest) -> HttpResponse:
    """A new indirect provider; the answer to the form is the only page that ever shows the password."""
    form = ProviderForm(
        request.POST if request.method == "POST" else None,
        initial={"language": "ja", "country": "JP", "administrator_user": "admin"},
    )
    if request.method == "POST" and form.is_valid():
        try:
            registered = register_provider(request.actor, details=ProviderDetails(**form.cleaned_data))
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return render(request, "operator/provider_registered.html", {"registered": registered})
    return render(
        request, "operator/register_provider.html", {"form": form}, status=400 if form.errors else 200
    )

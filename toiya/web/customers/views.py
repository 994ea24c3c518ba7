"""A partner's customers: list, exports, one customer, the end of a relationship."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.prepared import prepared
from toiya.core.reader import day, name_for, reader_name
from toiya.customers.agreements import confirmations_of
from toiya.customers.invitations import newest_open
from toiya.customers.models import CustomerAccount
from toiya.customers.relationship_requests import is_administered_elsewhere
from toiya.customers.relationships import (
    access_held_in,
    consents_of,
    customers_of,
    grants_from,
    preview_removal,
    relationship_with,
)
from toiya.customers.search import page_of_customers
from toiya.enrolment.agreements import customer_acceptance_of
from toiya.orders.models import Cart, OrderRequest, OrderRequestState
from toiya.programme.countries import country_name
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship
from toiya.subscriptions.lists import of_customer, summary_of
from toiya.subscriptions.offboarding import end_relationship, preview_end, suspend_all
from toiya.subscriptions.states import KEPT_DAYS
from toiya.web.customers.forms import RemoveForm, SearchForm
from toiya.web.customers.listing import TABLE, common_to_rows, rows_of
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.rows import filled
from toiya.web.subscriptions.forms import SuspendForm
from toiya.web.subscriptions.presenting import row_of

OPEN_SHOWN = 5


def customers(request: PersonRequest) -> HttpResponse:
    """The customers, with the row in question opened in place (S-080, S-093, N-21)."""
    actor = request.actor
    form, asked = _asked(request)
    page = page_of_customers(actor, **asked, cursor=cursor_of(request))
    opened = _uuid(request.GET.get("expand", ""))
    kept = {key: request.GET[key] for key in ("q", "reseller", "after", "trail") if request.GET.get(key)}
    is_shown = opened is not None and any(line.customer_id == opened for line in page.rows)
    details = _details(actor, opened) if opened and is_shown else ""
    rows = filled("customers/_row.html", rows_of(page.rows, opened, details), common_to_rows(kept))
    if request.htmx.target == TABLE:
        return HttpResponse(render_to_string("customers/_table.html", {"rows": rows}))
    if "reseller" in form.fields:
        form.fields["reseller"].widget.choices = [("", _("All customers")), *reseller_choices(actor)]
    context = {
        "rows": rows,
        "form": form,
        "waiting": newest_open(actor, OPEN_SHOWN),
        "pager": pager_of(request, page),
        "is_searched": bool(kept.get("q") or kept.get("reseller")),
        "filters": urlencode({key: value for key, value in kept.items() if key in {"q", "reseller"}}),
        "may_add": actor.may(Permission.CUSTOMERS_ADD),
        "may_request": actor.may(Permission.RELATIONSHIPS_REQUEST),
        "tabs": customer_tabs("customers:list"),
    }
    return render(request, "customers/list.html", context)


def _details(actor: Actor, customer_id: uuid.UUID) -> SafeString:
    """What stands below the opened row."""
    held, summary = access_held_in(actor, customer_id), summary_of(actor, customer_id)
    services = ngettext("%(number)s subscription", "%(number)s subscriptions", summary.services)
    texts = {
        "customer_id": str(customer_id),
        "services": services % {"number": summary.services},
        "next_renewal": day(summary.next_renewal),
        "access": render_to_string("customers/_grants.html", {"grants": held}) if held else "",
    }
    return filled("customers/_details.html", [texts])


def _asked(request: PersonRequest) -> tuple[SearchForm, dict[str, Any]]:
    form = SearchForm(request.GET or None, by_reseller=filters_by_reseller(request.actor))
    valid = form.cleaned_data if form.is_valid() else {}
    if form.is_bound and "reseller" in form.errors:
        raise NotVisible
    return form, {"search": valid.get("q", ""), "reseller_id": valid.get("reseller")}


def filters_by_reseller(actor: Actor) -> bool:
    """A provider filters by the resellers it works with; a reseller has no such filter."""
    return Capacity.PROVIDER in actor.capacities | actor.suspended


def reseller_choices(actor: Actor) -> list[tuple[str, str]]:
    """The resellers that a provider works with, by id and name, in the order of their readings."""
    language = get_language() or ""
    return [
        (str(pk), name_for(name, latin_name, language))
        for pk, name, latin_name in _partnered_resellers(actor)
    ]


@prepared
def _partnered_resellers(actor: Actor) -> QuerySet[Partnership, tuple[uuid.UUID, str, str]]:
    live = Partnership.objects.visible_to(actor).live().filter(provider_id=actor.tenant_id)
    return live.order_by("reseller__sort_key", "id").values_list(
        "reseller_id", "reseller__name", "reseller__latin_name"
    )


def customer_tabs(current: str) -> list[dict[str, object]]:
    """Customers and invitations, side by side."""
    names = (("customers:list", _("Customers")), ("customers:invitations", _("Invitations")))
    return [{"url": reverse(name), "label": label, "current": name == current} for name, label in names]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as a file, with the filters of the page (N-21, C-20)."""
    if form not in FORMATS:
        raise NotVisible
    return list_file(form, "customers", *_table(request))


def _table(request: PersonRequest) -> tuple[list[str], Iterable[list[Cell]]]:
    rows = customers_of(request.actor, **_asked(request)[1])
    header = [
        _("Customer ID"),
        _("Organization name"),
        _("Primary domain"),
        _("Relationship since"),
        _("Origin"),
    ]
    lines: Iterable[list[Cell]] = (
        [str(row.customer_id), row.customer.name, row.customer.domain, row.since, origin_of(row)]
        for row in rows.order_by("customer_sort_key", "id")
    )
    return header, lines


def origin_of(row: ResellerRelationship) -> str:
    """How the relationship came about, with the older portal's name (S-079) or the channel (S-094)."""
    detail = row.origin_note or (row.get_channel_display() if row.channel else "")
    if not detail:
        return str(row.get_origin_display())
    return _("%(origin)s (%(detail)s)") % {"origin": row.get_origin_display(), "detail": detail}


# ---------------------------------------------------------------- one customer
def account(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Who the customer is, since when and why it is ours, and what access it lends us."""
    context = customer_page(request, customer_id, "account")
    relationship: ResellerRelationship = context["relationship"]
    customer = relationship.customer
    context["facts"] = [
        (_("Organization name"), customer.name),
        (_("Reading (kana)"), customer.reading),
        (_("Name in Latin letters"), customer.latin_name),
        (_("Primary domain"), customer.domain),
        (_("Country or region"), country_name(customer.country_id)),
        (_("Customer ID"), str(customer.pk)),
    ]
    data = CustomerAccount.objects.visible_to(request.actor).filter(pk=customer.pk).first()
    context["account"] = data
    context["billing"] = _billing(data) if data else []
    context["may_update"] = request.actor.may(Permission.CUSTOMER_ACCOUNT_UPDATE)
    context["consents"] = consents_of(context["grants"])
    context["may_remove"] = request.actor.may(Permission.RELATIONSHIPS_REMOVE)
    context["origin"] = origin_of(relationship)
    context["signed"] = customer_acceptance_of(customer.pk)
    context["confirmations"] = confirmations_of(request.actor, customer.pk)
    context["may_confirm"] = request.actor.may(Permission.CUSTOMER_AGREEMENT_CONFIRM)
    return render(request, "customers/account.html", context)


def _billing(data: CustomerAccount) -> list[tuple[str, str]]:
    address = " ".join(
        filter(None, (data.postal_code, data.region, data.city, data.street, data.street_more))
    )
    contact = " ".join(filter(None, (data.contact_name, data.contact_email, data.contact_phone)))
    return [
        (_("Name on invoices"), data.billing_name or "–"),
        (_("Address"), address or "–"),
        (_("Contact person"), contact or "–"),
        (_("Segment"), data.get_segment_display()),
        *([(_("Registration number"), data.registration_number)] if data.registration_number else []),
    ]


def services(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """What the customer has through us, with the price of our own edge, the latest first (S-103)."""
    context = customer_page(request, customer_id, "services")
    page = page_by_key(
        of_customer(request.actor, customer_id),
        fields=("created_at", "id"),
        cursor=cursor_of(request),
        descending=True,
    )
    context["rows"] = [row_of(request.actor, row) for row in page.rows]
    context["pager"] = pager_of(request, page)
    return render(request, "customers/services.html", context)


def customer_page(request: PersonRequest, customer_id: uuid.UUID, current: str) -> dict[str, Any]:
    """What every page about a customer shows: its name, the tabs, and the access that it lends."""
    relationship = relationship_with(request.actor, customer_id)
    grants: list[AdministrationGrant] = grants_from(request.actor, customer_id)
    pages = [
        ("account", "customers:account", _("Account")),
        ("services", "customers:services", _("Services")),
        ("users", "customers:users", _("Users")),
        ("licences", "customers:licences", _("Licenses")),
    ]
    if request.actor.may(Permission.DEVICES_MANAGE):
        pages.append(("devices", "devices:list", _("Devices")))
    return {
        "relationship": relationship,
        "customer": relationship.customer,
        "grants": grants,
        "may_request": request.actor.may(Permission.RELATIONSHIPS_REQUEST),
        "is_administered_elsewhere": not grants and _is_barred(request.actor, customer_id),
        "tabs": [
            {
                "url": reverse(url_name, args=[customer_id]),
                "label": label,
                "current": name == current,
            }
            for name, url_name, label in pages
        ],
    }


def _is_barred(actor: Actor, customer_id: uuid.UUID) -> bool:
    """Whether the organisation could ask for administrator access in none of its capacities (N-18)."""
    asking = actor.capacities & {Capacity.PROVIDER, Capacity.RESELLER}
    return bool(asking) and all(
        is_administered_elsewhere(actor, customer_id, capacity) for capacity in asking
    )


def remove(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Look at what ends, suspend what is active, say why, end it (N-20)."""
    relationship = relationship_with(request.actor, customer_id)
    impact = preview_removal(request.actor, relationship=relationship)
    form = RemoveForm(request.POST if request.method == "POST" else None, grants=impact.grants)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            reason, grants = form.cleaned_data["reason"], form.grants()
            try:
                end_relationship(
                    request.actor, relationship=relationship, reason=reason, give_up_grants=grants
                )
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                name = reader_name(relationship.customer)
                messages.success(
                    request, _("The reseller relationship with %(name)s has ended.") % {"name": name}
                )
                return redirect("customers:list")
    context = {"form": form, "impact": impact, **_effects(request.actor, relationship)}
    return render(request, "customers/remove.html", context, status=status)


def _effects(actor: Actor, relationship: ResellerRelationship) -> dict[str, Any]:
    customer = relationship.customer
    carts = Cart.objects.visible_to(actor).filter(
        customer=customer, checked_out_at__isnull=True, expires_at__gt=actor.now
    )
    asked = OrderRequest.objects.visible_to(actor).filter(
        customer=customer, state__in=[OrderRequestState.OPEN, OrderRequestState.CHANGED]
    )
    return {
        "relationship": relationship,
        "customer": customer,
        "effects": preview_end(actor, relationship=relationship),
        "carts": carts.count(),
        "requests": asked.count(),
        "kept_until": customer.country.local_date(actor.now) + dt.timedelta(days=KEPT_DAYS),
        "suspend_form": SuspendForm(),
    }


def suspend_everything(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The step before the end of a relationship: every active subscription is suspended."""
    relationship = relationship_with(request.actor, customer_id)
    form = SuspendForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why the subscriptions are suspended; the customer reads it."))
        return redirect("customers:remove", customer_id)
    count = suspend_all(request.actor, relationship=relationship, reason=form.cleaned_data["reason"])
    messages.success(
        request,
        ngettext("%(count)s subscription is suspended.", "%(count)s subscriptions are suspended.", count)
        % {"count": count},
    )
    return redirect("customers:remove", customer_id)


def failed(form: Form, refusal: Refusal) -> int:
    """Put the refusal beside its field, so that nothing typed is lost; a missing right is a page of its
    own.
    """
    if refusal.status in {NotVisible.status, 403}:
        raise refusal
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return refusal.status

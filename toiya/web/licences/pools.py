"""Licences of an organisation: seats of each product, and who has one."""

import uuid
from collections.abc import Iterable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.licences.listing import holders_of, pools_of
from toiya.licences.models import Licence, SeatPool
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.licences.place import Place, place_of
from toiya.web.paging import cursor_of, pager_of


def pools(request: PersonRequest, customer_id: uuid.UUID | None = None) -> HttpResponse:
    """A row for each product: seats, suspended, assigned, free (S-093, S-105)."""
    place = place_of(request, customer_id, "pools")
    if not place.may_read:
        return render(request, "licences/no_access.html", place.context)
    context = {
        **place.context,
        "rows": [_row(place, pool) for pool in _pools(request, place)],
        "users_url": place.url("users"),
        "csv_url": place.url("pools_export", "csv"),
        "xlsx_url": place.url("pools_export", "xlsx"),
    }
    return render(request, "licences/pools.html", context)


def _pools(request: PersonRequest, place: Place) -> Iterable[SeatPool]:
    return pools_of(request.actor, tenant_id=place.tenant.pk)


def _row(place: Place, pool: SeatPool) -> dict[str, object]:
    return {"pool": pool, "url": place.url("holders", pool.sku_id)}


def pools_export(request: PersonRequest, form: str, customer_id: uuid.UUID | None = None) -> HttpResponse:
    """The seats as a file."""
    place = place_of(request, customer_id, "pools")
    header = [_("Product"), _("SKU"), _("Seats"), _("Suspended"), _("Assigned"), _("Available")]
    lines: Iterable[list[Cell]] = (
        [pool.sku.name, pool.sku.code, pool.seats, pool.suspended, pool.assigned, pool.free]
        for pool in _pools(request, place)
    )
    return _file(form, "licenses", header, lines)


def _file(form: str, name: str, header: list[str], lines: Iterable[list[Cell]]) -> HttpResponse:
    if form not in FORMATS:
        raise NotVisible
    return list_file(form, name, header, lines)


def holders(request: PersonRequest, sku_id: uuid.UUID, customer_id: uuid.UUID | None = None) -> HttpResponse:
    """Who has a licence of the product, since when, and with which service plans off."""
    place = place_of(request, customer_id, "pools")
    pool = _pool(request, place, sku_id)
    search = request.GET.get("q", "")
    held = holders_of(request.actor, tenant_id=place.tenant.pk, sku_id=sku_id, search=search)
    page = page_by_key(held, fields=("person__name", "id"), cursor=cursor_of(request))
    plans = {plan.code: plan.name for plan in pool.sku.service_plans.all()}
    context = {
        **place.context,
        "pool": pool,
        "search": search,
        "rows": [
            {"licence": row, "url": place.user_url(request.actor, row.person_id), "off": _off(row, plans)}
            for row in page.rows
        ],
        "pager": pager_of(request, page),
        "users_url": place.url("users"),
        "exports": [(form, place.url("holders_export", sku_id, form)) for form in FORMATS],
    }
    return render(request, "licences/holders.html", context)


def _pool(request: PersonRequest, place: Place, sku_id: uuid.UUID) -> SeatPool:
    found = pools_of(request.actor, tenant_id=place.tenant.pk).filter(sku_id=sku_id).first()
    if found is None:
        raise NotVisible
    return found


def _off(licence: Licence, plans: dict[str, str]) -> list[str]:
    return [name for code, name in plans.items() if code in licence.disabled_plans]


def holders_export(
    request: PersonRequest, sku_id: uuid.UUID, form: str, customer_id: uuid.UUID | None = None
) -> HttpResponse:
    """Who has one, as a file."""
    place = place_of(request, customer_id, "pools")
    pool = _pool(request, place, sku_id)
    held = holders_of(
        request.actor, tenant_id=place.tenant.pk, sku_id=sku_id, search=request.GET.get("q", "")
    )
    plans = {plan.code: plan.name for plan in pool.sku.service_plans.all()}
    header = [_("Name"), _("User name"), _("Product"), _("Assigned on"), _("Service plans switched off")]
    lines: Iterable[list[Cell]] = (
        [row.person.name, row.person.user_name, pool.sku.name, row.assigned_at, ", ".join(_off(row, plans))]
        for row in held.order_by("person__name", "id")
    )
    return _file(form, f"licenses-{pool.sku.code}", header, lines)

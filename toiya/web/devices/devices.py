"""The devices of a customer that the partner keeps a list of."""

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.reader import when
from toiya.devices.devices import (
    batches_of,
    delete_device,
    devices_for,
    lists_open,
    set_policies,
)
from toiya.devices.models import Device
from toiya.devices.policies import policies_of
from toiya.web.customers.views import customer_page
from toiya.web.devices.forms import AssignForm, SearchForm
from toiya.web.editing import failed
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

ORDER = ("serial_number", "id")
FILTERS = ("q", "batch", "policy")


def listing(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Every device of the customer, by serial number, with its batch and its policy."""
    return _listing(request, customer_id)


def _listing(
    request: PersonRequest, customer_id: uuid.UUID, *, problem: str = "", status: int = 200
) -> HttpResponse:
    page_of_customer = customer_page(request, customer_id, "devices")
    policies = list(policies_of(request.actor, customer_id=customer_id))
    form = SearchForm(
        request.GET, batches=batches_of(request.actor, customer_id=customer_id), policies=policies
    )
    rows = devices_for(request.actor, customer_id=customer_id, **form.filters())
    page = page_by_key(rows, fields=ORDER, cursor=cursor_of(request))
    query = urlencode({key: request.GET[key] for key in FILTERS if request.GET.get(key)})
    context = {
        **page_of_customer,
        **_places(customer_id, page_of_customer["customer"].domain),
        "form": form,
        "assign_form": AssignForm(
            policies=policies, initial={"policy": str(policies[0].pk)} if policies else None
        ),
        "rows": list(page.rows),
        "pager": pager_of(request, page),
        "query": f"?{query}" if query else "",
        "open_lists": list(lists_open(request.actor, customer_id=customer_id)),
        "problem": problem,
    }
    return render(request, "devices/list.html", context, status=status)


def _places(customer_id: uuid.UUID, domain: str) -> dict[str, Any]:
    return {
        "exports": [(form, reverse("devices:export", args=[customer_id, form])) for form in FORMATS],
        "hand_in_url": f"{reverse('bulk:hand_in', args=['devices'])}?{urlencode({'customer': domain})}",
    }


def export(request: PersonRequest, customer_id: uuid.UUID, form: str) -> HttpResponse:
    """The list as a file, with the filters of the page; its headings are those that a file to hand in has."""
    if form not in FORMATS:
        raise NotVisible
    asked = SearchForm(
        request.GET,
        batches=batches_of(request.actor, customer_id=customer_id),
        policies=policies_of(request.actor, customer_id=customer_id),
    )
    rows = devices_for(request.actor, customer_id=customer_id, **asked.filters())
    header = [
        _("Serial number"),
        _("Manufacturer"),
        _("Model"),
        _("Product key"),
        _("Hardware hash"),
        _("Batch"),
        _("Policy"),
        _("Registered on"),
    ]
    lines: Iterable[list[Cell]] = (
        [
            device.serial_number,
            device.manufacturer,
            device.model_name,
            device.product_key,
            device.hardware_hash,
            device.batch.name,
            device.policy.name if device.policy else "",
            device.uploaded_at,
        ]
        for device in rows.order_by(*ORDER)
    )
    return list_file(form, "devices", header, lines)


def assign(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The devices that are ticked get the policy that was chosen, or none."""
    try:
        count = set_policies(
            request.actor,
            customer_id=customer_id,
            device_ids=_ids(request.POST.getlist("device")),
            policy_id=request.POST.get("policy", ""),
        )
    except Refusal as refusal:
        if refusal.status in {NotVisible.status, 403}:
            raise
        return _listing(request, customer_id, problem=str(refusal), status=refusal.status)
    messages.success(
        request,
        ngettext(
            "The policy of %(count)s device has been set.",
            "The policy of %(count)s devices has been set.",
            count,
        )
        % {"count": count},
    )
    return HttpResponseRedirect(request.get_full_path().replace("/policy/", "/", 1))


def _ids(values: Iterable[str]) -> set[uuid.UUID]:
    try:
        return {uuid.UUID(value) for value in values}
    except ValueError as error:
        raise NotVisible from error


def _device(request: PersonRequest, customer_id: uuid.UUID, device_id: uuid.UUID) -> Device:
    found: Device | None = devices_for(request.actor, customer_id=customer_id).filter(pk=device_id).first()
    if found is None:
        raise NotVisible
    return found


def show(request: PersonRequest, customer_id: uuid.UUID, device_id: uuid.UUID) -> HttpResponse:
    """One device; POST changes its policy."""
    page_of_customer = customer_page(request, customer_id, "devices")
    device = _device(request, customer_id, device_id)
    form = AssignForm(
        request.POST if request.method == "POST" else None,
        policies=policies_of(request.actor, customer_id=customer_id),
        initial={"policy": str(device.policy_id or "")},
    )
    status = 400 if form.is_bound else 200
    if form.is_valid():
        try:
            set_policies(
                request.actor,
                customer_id=customer_id,
                device_ids=[device_id],
                policy_id=form.cleaned_data["policy"],
            )
        except Refusal as refusal:
            status = failed(form, refusal)
        else:
            messages.success(request, _("The changes have been saved."))
            return HttpResponseRedirect(request.path)
    context = {
        **page_of_customer,
        "device": device,
        "name": device.called,
        "facts": [
            (_("Serial number"), device.serial_number or "–"),
            (_("Manufacturer"), device.manufacturer or "–"),
            (_("Model"), device.model_name or "–"),
            (_("Product key"), device.product_key or "–"),
            (_("Batch"), device.batch.name),
            (_("Registered on"), when(device.uploaded_at)),
            (_("Device ID"), str(device.pk)),
        ],
        "form": form,
    }
    return render(request, "devices/device.html", context, status=status)


def delete(request: PersonRequest, customer_id: uuid.UUID, device_id: uuid.UUID) -> HttpResponse:
    """Look at what is taken off the list, then take it off."""
    page_of_customer = customer_page(request, customer_id, "devices")
    device = _device(request, customer_id, device_id)
    if request.method == "POST":
        delete_device(
            request.actor, customer_id=customer_id, batch_name=device.batch.name, device_id=device_id
        )
        messages.success(
            request,
            _("“%(name)s” is off the list. It can be registered again.") % {"name": device.called},
        )
        return HttpResponseRedirect(reverse("devices:list", args=[customer_id]))
    context = {**page_of_customer, "device": device, "name": device.called}
    return render(request, "devices/delete.html", context)

"""The queue of the connectors: what other systems are asked for, what became of it, and what can be done."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.catalogue.models import Sku
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.fulfilment.models import (
    CallKind,
    CallOutcome,
    Connector,
    FulfilmentTask,
    FulfilmentTaskQuerySet,
    TaskCall,
    TaskKind,
    TaskState,
    Trouble,
)
from toiya.fulfilment.queue import customers_of, is_cancellable, is_repeatable, retry_task
from toiya.orders.fulfilling import cancel_task
from toiya.web.exports import FORMATS, list_file
from toiya.web.fulfilment.forms import QueueForm
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

TONES = {
    TaskState.WAITING: "waiting",
    TaskState.SENT: "info",
    TaskState.DONE: "success",
    TaskState.FAILED: "danger",
    TaskState.CANCELLED: "neutral",
}
CALL_TONES = {
    CallOutcome.DONE: "success",
    CallOutcome.ACCEPTED: "info",
    CallOutcome.AGAIN: "warning",
    CallOutcome.FAILED: "danger",
}
MOST_CALLS = 100
BATCH = 500
ORDER = ("created_at", "pk")


def _asked(request: PersonRequest) -> tuple[QueueForm, FulfilmentTaskQuerySet]:
    form = QueueForm(request.GET)
    form.fields["connector"].queryset = Connector.objects.visible_to(request.actor).order_by("name")  # type: ignore[attr-defined]
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = FulfilmentTask.objects.visible_to(request.actor)
    state = wanted.get("state", "")
    if state == "stuck":
        rows = rows.stuck(real_now())
    elif state == "open":
        rows = rows.unfinished()
    elif state:
        rows = rows.filter(state=state)
    if wanted.get("connector"):
        rows = rows.filter(connector=wanted["connector"])
    if wanted.get("customer"):
        rows = _concerning(rows, wanted["customer"])
    return form, rows.select_related("connector") if form.is_valid() else rows.none()


def _concerning(rows: FulfilmentTaskQuerySet, text: str) -> FulfilmentTaskQuerySet:
    """By the id of a customer or subscription, or by a part of the customer's name, reading or domain."""
    try:
        return rows.concerning(uuid.UUID(text))
    except ValueError:
        return rows.of_customers_named(text)


@dataclass(frozen=True, slots=True)
class Names:
    """What products and customers of tasks are called. A task holds codes and ids, as the other system gets them."""

    skus: Mapping[tuple[str, str], Sku]
    customers: Mapping[uuid.UUID, Tenant]

    @classmethod
    def of(cls, actor: Actor, found: Collection[FulfilmentTask]) -> "Names":
        """In three statements, however many tasks there are."""
        codes = {str(task.payload.get("sku", "")) for task in found}
        products = {str(task.payload.get("product", "")) for task in found}
        skus = Sku.objects.visible_to(actor).filter(code__in=codes, product__code__in=products)
        return cls(
            {(sku.product.code, sku.code): sku for sku in skus.select_related("product")},
            customers_of(found),
        )

    def product(self, task: FulfilmentTask) -> str:
        """Its name, or its code where nothing in the catalogue has it."""
        code = str(task.payload.get("sku", ""))
        sku = self.skus.get((str(task.payload.get("product", "")), code))
        return sku.name if sku else code

    def customer(self, task: FulfilmentTask) -> str:
        """Its name, or its id."""
        tenant = self.customers.get(task.customer_id)
        return reader_name(tenant) if tenant else str(task.customer_id)

    def domain(self, task: FulfilmentTask) -> str:
        """What tells customers of one name apart."""
        tenant = self.customers.get(task.customer_id)
        return tenant.domain if tenant else ""


def tasks(request: PersonRequest) -> HttpResponse:
    """The queue, the newest first."""
    form, found = _asked(request)
    page = page_by_key(found, fields=ORDER, cursor=cursor_of(request), descending=True)
    names = Names.of(request.actor, page.rows)
    context = {
        "form": form,
        "rows": [_row(task, names) for task in page.rows],
        "pager": pager_of(request, page),
        "query": request.GET.urlencode(),
        "is_filtered": any(request.GET.get(name) for name in ("state", "connector", "customer")),
        "may_manage": request.actor.may(Permission.FULFILMENT_MANAGE),
    }
    return render(request, "fulfilment/queue.html", context, status=400 if form.errors else 200)


def _row(task: FulfilmentTask, names: Names) -> dict[str, object]:
    return {
        "task": task,
        "kind": TaskKind(task.kind).label,
        "state": TaskState(task.state).label,
        "tone": TONES[TaskState(task.state)],
        "trouble": Trouble(task.trouble).label if task.trouble else "",
        "product": names.product(task),
        "sku": task.payload.get("sku", ""),
        "customer": names.customer(task),
        "domain": names.domain(task),
        "quantity": task.payload.get("asked_quantity") or task.payload.get("quantity", ""),
    }


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The queue as a file, with the filters of the page."""
    if form not in FORMATS:
        raise NotVisible
    _form, found = _asked(request)
    header = [
        _("Time"),
        _("Task"),
        _("What was asked"),
        _("State"),
        _("Connector"),
        _("SKU"),
        _("Product"),
        _("Attempts"),
        _("Customer ID"),
        _("Customer"),
        _("Subscription ID"),
        _("Problem"),
    ]
    return list_file(form, "fulfilment", header, _lines(request.actor, found))


def _lines(actor: Actor, found: FulfilmentTaskQuerySet) -> Iterator[list[Cell]]:
    cursor = ""
    while True:
        page = page_by_key(found, fields=ORDER, cursor=cursor, size=BATCH, descending=True)
        names = Names.of(actor, page.rows)
        for task in page.rows:
            row = _row(task, names)
            yield [
                task.created_at,
                str(task.pk),
                str(row["kind"]),
                str(row["state"]),
                task.connector.name,
                str(row["sku"]),
                str(row["product"]),
                task.attempts,
                str(task.customer_id),
                str(row["customer"]),
                str(task.subscription_id),
                str(row["trouble"]),
            ]
        cursor = page.next_cursor
        if not cursor:
            return


def _find(request: PersonRequest, task_id: uuid.UUID) -> FulfilmentTask:
    found = (
        FulfilmentTask.objects.visible_to(request.actor)
        .filter(pk=task_id)
        .select_related("connector")
        .prefetch_related("calls")
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def task(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """One task: what was asked, every call, and what can be done now."""
    found = _find(request, task_id)
    others = FulfilmentTask.objects.visible_to(request.actor).filter(subscription_id=found.subscription_id)
    calls = sorted(found.calls.all(), key=lambda call: (call.at, call.pk), reverse=True)
    may_manage = request.actor.may(Permission.FULFILMENT_MANAGE)
    names = Names.of(request.actor, [found])
    context = {
        **_row(found, names),
        "facts": _facts(request, found, names),
        "calls": [_call(call) for call in calls[:MOST_CALLS]],
        "siblings": [_row(other, names) for other in others.exclude(pk=found.pk).order_by("-sequence")[:20]],
        "may_retry": may_manage and is_repeatable(found),
        "may_cancel": may_manage and is_cancellable(found),
        "may_manage": may_manage,
        "is_open": found.state in {TaskState.WAITING, TaskState.SENT},
        "is_repeatable": is_repeatable(found),
        "ended_an_order": found.kind == TaskKind.PROVISION or "asked_quantity" in found.payload,
    }
    return render(request, "fulfilment/task.html", context)


def _facts(request: PersonRequest, found: FulfilmentTask, names: Names) -> list[object]:
    ids = [found.provider_id, *([found.reseller_id] if found.reseller_id else [])]
    partners = {tenant.pk: tenant for tenant in Tenant.objects.visible_to(request.actor).filter(pk__in=ids)}
    named = [reader_name(partners[pk]) for pk in ids if pk in partners]
    row = _row(found, names)
    code = " / ".join(str(found.payload[part]) for part in ("product", "sku") if found.payload.get(part))
    return [
        {"term": _("Product"), "value": row["product"] or "–", "note": code},
        (_("Quantity"), row["quantity"] or "–"),
        {"term": _("Customer"), "value": row["customer"], "note": row["domain"]},
        (_("Partners"), ", ".join(named) or "–"),
        (_("Customer ID"), found.customer_id),
        (_("Subscription ID"), found.subscription_id),
        (_("Idempotency key"), found.pk),
        (_("Reference of the other system"), found.reference or "–"),
        (_("Attempts"), found.attempts),
    ]


def _call(call: TaskCall) -> dict[str, object]:
    told = [str(CallOutcome(call.outcome).label)]
    if call.trouble:
        told.append(str(Trouble(call.trouble).label))
    if call.status:
        told.append(f"HTTP {call.status}")
    if call.said:
        told.append(f"“{call.said}”")
    return {
        "when": call.at,
        "title": CallKind(call.kind).label,
        "text": " · ".join(told),
        "tone": CALL_TONES[CallOutcome(call.outcome)],
    }


def _back(task_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("fulfilment:task", args=[task_id]))


def retry(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """Now, instead of after the pause."""
    retry_task(request.actor, task_id=task_id)
    messages.success(request, _("The task is due now; the worker takes it within seconds."))
    return _back(task_id)


def cancel(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """Look at what it means, then give the task up."""
    found = _find(request, task_id)
    if request.method == "POST":
        cancel_task(request.actor, task_id=task_id)
        messages.success(request, _("The task was canceled."))
        return _back(task_id)
    context = {
        **_row(found, Names.of(request.actor, [found])),
        "may_cancel": is_cancellable(found),
        "is_provision": found.kind == TaskKind.PROVISION,
    }
    return render(request, "fulfilment/cancel.html", context)

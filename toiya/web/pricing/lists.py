"""The operator's price lists: draft, lines in the page, files with a dry run, publication."""

import csv
import io
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from toiya.catalogue.models import Availability
from toiya.core.csv_files import Cell
from toiya.core.errors import ChangedMeanwhile, NotVisible, Refusal
from toiya.core.money import WrongPrice, read_price
from toiya.core.pagination import page_by_key
from toiya.core.reader import day
from toiya.core.spreadsheets import SHIFT_JIS, Sheet, read_sheet
from toiya.core.text import fold
from toiya.pricing.models import PriceList
from toiya.pricing.price_files import LIST_COLUMNS, NAMING, DryRun, dry_run, label_of, naming_cells, plain
from toiya.pricing.price_lists import (
    Mark,
    MarkedLine,
    Pair,
    create_price_list,
    delete_price_list,
    last_day,
    list_before,
    mark_of,
    marked_lines,
    pairs_of,
    publish_price_list,
    set_lines,
    update_price_list,
)
from toiya.web.catalogue.products import crumbs, form_page, keeping_tabs
from toiya.web.editing import Edit, failed
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.pricing.forms import FileForm, LinesFilterForm, ListFilterForm, ListForm, NewListForm

MARK_TONES = {Mark.ADD: "success", Mark.CHG: "warning", Mark.DEL: "danger", Mark.UNC: "neutral"}
MARK_ICONS = {Mark.ADD: "plus-lg", Mark.CHG: "pencil", Mark.DEL: "x-octagon-fill", Mark.UNC: "dash-circle"}
ORDER = ("sku__product__code", "sku__code", "segment", "term", "billing_cycle", "id")
SHOWN_CHANGES = 200
EXPORT_COLUMNS = (
    *LIST_COLUMNS,
    "change",
    "product_name",
    "sku_name",
    "kind",
    "country",
    "currency",
    "valid_from",
    "valid_to",
)


def mark_cell(mark: Mark | None) -> dict[str, object]:
    """A change mark as a template shows it."""
    if mark is None:
        return {}
    return {"code": mark.value, "label": mark.label, "tone": MARK_TONES[mark], "icon": MARK_ICONS[mark]}


def line_row(line: MarkedLine) -> dict[str, object]:
    """A line with its mark."""
    return {
        "availability": line.availability,
        "mark": mark_cell(line.mark),
        "now": line.now,
        "before": line.before,
    }


def _lists(request: PersonRequest) -> Any:  # noqa: ANN401  (a queryset)
    return PriceList.objects.visible_to(request.actor).filter(tenant_id=request.actor.tenant_id)


def _find(request: PersonRequest, list_id: uuid.UUID) -> PriceList:
    found: PriceList | None = _lists(request).select_related("country").filter(pk=list_id).first()
    if found is None:
        raise NotVisible
    return found


def _crumbs(*lists: PriceList) -> list[tuple[str, str]]:
    here = [(reverse("pricing:list", args=[row.pk]), row.name) for row in lists]
    return crumbs((reverse("pricing:lists"), _("Price lists")), *here)


def listing(request: PersonRequest) -> HttpResponse:
    """The lists, the latest first."""
    form = ListFilterForm(request.GET or None)
    country = form.cleaned_data["country"] if form.is_valid() else ""
    rows = _lists(request).filter(country=country) if country else _lists(request)
    page = page_by_key(rows, fields=("valid_from", "id"), cursor=cursor_of(request), descending=True)
    context = {
        "form": form,
        "rows": [{"list": row, "state": _state(request, row)} for row in page.rows],
        "pager": pager_of(request, page),
        "tabs": keeping_tabs("pricing:lists"),
        "is_searched": bool(country),
    }
    return render(request, "pricing/lists.html", context)


def _state(request: PersonRequest, row: PriceList) -> dict[str, object]:
    if row.published_at is None:
        return {"tone": "waiting", "label": _("Draft")}
    if row.valid_from > request.actor.now.date():
        return {"tone": "info", "label": _("Published, coming")}
    return {"tone": "success", "label": pgettext("state", "Published")}


def new(request: PersonRequest) -> HttpResponse:
    """A draft, empty or with the prices of another list."""
    published = list(_lists(request).order_by("country", "-valid_from"))
    form = NewListForm(request.POST if request.method == "POST" else None, lists=published)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = create_price_list(request.actor, **form.cleaned_data)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(
                    request, _("“%(name)s” is a draft. Enter or import its prices.") % {"name": made.name}
                )
                return HttpResponseRedirect(reverse("pricing:list", args=[made.pk]))
    context = {
        "site": "sites/operator.html",
        "title": _("Draft a price list"),
        "form": form,
        "groups": [("", "", list(form))],
        "crumbs": _crumbs(),
        "cancel_url": reverse("pricing:lists"),
    }
    return render(request, "catalogue/form.html", context, status=status)


def edit(request: PersonRequest, list_id: uuid.UUID) -> HttpResponse:
    """Another name or day of a draft."""
    found = _find(request, list_id)

    def present() -> Mapping[str, object]:
        row = _find(request, list_id)
        return {"name": row.name, "valid_from": row.valid_from, "version": row.version}

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> ListForm:
        return ListForm(data, initial=dict(initial))

    def save(form: ListForm) -> HttpResponse:
        version = form.cleaned_data["version"]
        update_price_list(request.actor, price_list=found, version=version, **form.values)
        messages.success(request, _("The draft was saved."))
        return HttpResponseRedirect(reverse("pricing:list", args=[list_id]))

    editing = Edit(request, make, present, save)
    return editing.answer or form_page(
        request,
        editing,
        title=_("Change “%(name)s”") % {"name": found.name},
        crumbs=_crumbs(found),
        cancel_url=reverse("pricing:list", args=[list_id]),
    )


# ---------------------------------------------------------------- lines in the page
def price_list(request: PersonRequest, list_id: uuid.UUID) -> HttpResponse:
    """Its lines, with the changes against the list before; of a draft to be typed over in place."""
    found = _find(request, list_id)
    return _lines_page(request, found, version=found.version)


def _page_of_offers(request: PersonRequest, found: PriceList) -> tuple[LinesFilterForm, Any]:
    form = LinesFilterForm(request.GET or None)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = Availability.objects.visible_to(request.actor).filter(country=found.country_id)
    named = list(found.lines.values_list("availability_id", flat=True)) if found.published_at else None
    rows = rows.filter(pk__in=named) if named is not None else rows.filter(withdrawn_at__isnull=True)
    for word in fold(wanted.get("q", "")).split():
        rows = rows.filter(sku__product__search_key__contains=word)
    if wanted.get("mark"):
        marked = marked_lines(found, before=list_before(found))
        rows = rows.filter(pk__in=[line.availability.pk for line in marked if line.mark == wanted["mark"]])
    return form, page_by_key(rows.select_related("sku__product"), fields=ORDER, cursor=cursor_of(request))


def _lines_page(
    request: PersonRequest,
    found: PriceList,
    *,
    version: int,
    status: int = 200,
    wrong: Mapping[str, str] | None = None,
) -> HttpResponse:
    form, page = _page_of_offers(request, found)
    ids = [row.pk for row in page.rows]
    before = list_before(found)
    now, then = pairs_of(found, ids), pairs_of(before, ids)
    rows = [_line(request, row, now.get(row.pk), then.get(row.pk), wrong or {}) for row in page.rows]
    context = {
        "list": found,
        "state": _state(request, found),
        "last_day": last_day(found),
        "before": before,
        "form": form,
        "rows": rows,
        "pager": pager_of(request, page),
        "version": version,
        "is_draft": found.published_at is None,
        "is_stale": status == ChangedMeanwhile.status,
        "wrong": list((wrong or {}).values()),
        "query": request.GET.urlencode(),
        "is_searched": bool(request.GET.get("q") or request.GET.get("mark")),
        "crumbs": _crumbs(),
    }
    return render(request, "pricing/list.html", context, status=status)


def _line(
    request: PersonRequest,
    row: Availability,
    now: Pair | None,
    before: Pair | None,
    wrong: Mapping[str, str],
) -> dict[str, object]:
    key = str(row.pk)
    typed = request.POST
    return {
        "availability": row,
        "mark": mark_cell(mark_of(before, now)),
        "now": now,
        "before": before,
        "list": typed.get(f"list-{key}", plain(now.list_price) if now else ""),
        "retail": typed.get(f"retail-{key}", plain(now.retail_price) if now else ""),
        "wrong": wrong.get(key, ""),
    }


def save_lines(request: PersonRequest, list_id: uuid.UUID) -> HttpResponse:
    """The lines of the page; both prices empty takes the offer off the list."""
    found = _find(request, list_id)
    lines, wrong = _typed_lines(request, found)
    version = _number(request.POST.get("version", ""))
    if wrong:
        return _lines_page(request, found, version=version, status=400, wrong=wrong)
    try:
        counts = set_lines(request.actor, price_list=found, version=version, lines=lines)
    except ChangedMeanwhile as changed:
        fresh = _find(request, list_id)
        return _lines_page(request, fresh, version=fresh.version, status=changed.status)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, counted(counts))
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("pricing:list", args=[list_id]) + (f"?{query}" if query else ""))


def counted(counts: Mapping[Mark, int]) -> str:
    """How many lines changed, in words."""
    changed = sum(count for mark, count in counts.items() if mark is not Mark.UNC)
    text = ngettext("%(count)s line was changed.", "%(count)s lines were changed.", changed)
    return text % {"count": changed}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _typed_lines(
    request: PersonRequest, found: PriceList
) -> tuple[dict[Availability, Pair | None], dict[str, str]]:
    keys = [_uuid(name.removeprefix("list-")) for name in request.POST if name.startswith("list-")]
    offers = Availability.objects.visible_to(request.actor).filter(
        pk__in=[key for key in keys if key], country=found.country_id
    )
    lines: dict[Availability, Pair | None] = {}
    wrong: dict[str, str] = {}
    for row in offers.select_related("sku__product"):
        texts = [request.POST.get(f"{name}-{row.pk}", "").strip() for name in ("list", "retail")]
        if not any(texts):
            lines[row] = None
            continue
        try:
            cost, retail = (read_price(text, found.currency) for text in texts)
        except WrongPrice as refusal:
            wrong[str(row.pk)] = f"{label_of(row)}: {refusal}"
        else:
            lines[row] = Pair(cost, retail)
    return lines, wrong


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# ---------------------------------------------------------------- files
def import_file(request: PersonRequest, list_id: uuid.UUID) -> HttpResponse:
    """Hand in a file, look at what each row would do, take over the good ones."""
    found = _find(request, list_id)
    if request.method == "POST" and "rows" in request.POST:
        return _take_over(request, found)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    run, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                sheet = read_sheet(form.cleaned_data["file"].read())
                run = dry_run(found, sheet, replace=form.cleaned_data["replace"])
            except Refusal as refusal:
                form.add_error("file", str(refusal))
            else:
                status = 200
    context = {
        "list": found,
        "form": form,
        "columns": LIST_COLUMNS,
        "crumbs": _crumbs(found),
        "version": found.version,
        **(run_context(run) if run else {}),
    }
    return render(request, "pricing/import_list.html", context, status=status)


def run_context(run: DryRun) -> dict[str, object]:
    """A dry run for its page, with the good rows as they are carried on."""
    return {
        "run": run,
        "good": [{"row": row, "mark": mark_cell(row.mark)} for row in run.good],
        "counts": [{**mark_cell(mark), "count": count} for mark, count in run.counts.items()],
        "is_shift_jis": run.encoding == SHIFT_JIS,
        "is_useful": any(count for mark, count in run.counts.items() if mark is not Mark.UNC),
        "rows": good_rows_text(run),
    }


def good_rows_text(run: DryRun) -> str:
    """The good rows as a file again, which the page carries to the confirmation."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*NAMING, "country", "list_price", "estimated_retail_price", "price", "change"])
    for row in run.good:
        if row.availability is not None:
            cost, retail = (row.after.list_price, row.after.retail_price) if row.after else (None, None)
            change = row.mark.value if row.mark is Mark.DEL else ""
            cells = [*naming_cells(row.availability), row.availability.country_id]
            writer.writerow([*cells, plain(cost), plain(retail), plain(cost), change])
    return text.getvalue()


def carried(request: PersonRequest) -> Sheet:
    """The rows that a page carried to its confirmation."""
    return read_sheet(request.POST["rows"].encode())


def _take_over(request: PersonRequest, found: PriceList) -> HttpResponse:
    here = reverse("pricing:list", args=[found.pk])
    try:
        run = dry_run(found, carried(request))
        version = _number(request.POST.get("version", ""))
        counts = set_lines(request.actor, price_list=found, version=version, lines=run.lines())
    except ChangedMeanwhile:
        fresh = _find(request, found.pk)
        run = dry_run(fresh, carried(request))
        context = {
            "list": fresh,
            "form": FileForm(),
            "columns": LIST_COLUMNS,
            "crumbs": _crumbs(fresh),
            "version": fresh.version,
            "is_stale": True,
            **run_context(run),
        }
        return render(request, "pricing/import_list.html", context, status=ChangedMeanwhile.status)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, counted(counts))
    return HttpResponseRedirect(here)


def export(request: PersonRequest, list_id: uuid.UUID, form: str) -> HttpResponse:
    """The list as a file that can be changed and imported again (docs/price-lists.md)."""
    if form not in FORMATS:
        raise NotVisible
    return list_export(form, _find(request, list_id))


def list_export(form: str, found: PriceList) -> HttpResponse:
    """A list as a file, with its change marks."""
    lines = marked_lines(found, before=list_before(found))
    name = f"price-list-{found.country_id.lower()}-{found.valid_from.isoformat()}"
    return list_file(form, name, EXPORT_COLUMNS, _cells(found, lines))


def _cells(found: PriceList, lines: Sequence[MarkedLine]) -> Iterable[list[Cell]]:
    until = last_day(found)
    for line in lines:
        row, pair = line.availability, line.now or line.before
        cost, retail = (pair.list_price, pair.retail_price) if pair else (None, None)
        sku = row.sku
        yield [
            *naming_cells(row),
            plain(cost),
            plain(retail),
            line.mark.value,
            sku.product.name,
            sku.name,
            str(sku.get_kind_display()),
            row.country_id,
            found.currency,
            found.valid_from,
            until,
        ]


# ---------------------------------------------------------------- publication
def publish(request: PersonRequest, list_id: uuid.UUID) -> HttpResponse:
    """Look at what changes, then publish."""
    found, wrong = _find(request, list_id), ""
    status = 200
    if request.method == "POST":
        try:
            version = _number(request.POST.get("version", ""))
            publish_price_list(request.actor, price_list=found, version=version)
        except Refusal as refusal:
            if refusal.status == NotVisible.status:
                raise
            wrong, status = str(refusal), refusal.status
            found = _find(request, list_id)
        else:
            messages.success(
                request,
                _("“%(name)s” is published and counts from %(day)s on.")
                % {"name": found.name, "day": day(found.valid_from)},
            )
            return HttpResponseRedirect(reverse("pricing:list", args=[list_id]))
    before = list_before(found)
    lines = marked_lines(found, before=before)
    changed = [line for line in lines if line.mark is not Mark.UNC]
    counts = {mark: sum(line.mark is mark for line in lines) for mark in Mark}
    context = {
        "list": found,
        "wrong": wrong,
        "before": before,
        "counts": [{**mark_cell(mark), "count": count} for mark, count in counts.items()],
        "rows": [line_row(line) for line in changed[:SHOWN_CHANGES]],
        "more": max(0, len(changed) - SHOWN_CHANGES),
        "crumbs": _crumbs(found),
    }
    return render(request, "pricing/publish_list.html", context, status=status)


def delete(request: PersonRequest, list_id: uuid.UUID) -> HttpResponse:
    """A draft is thrown away."""
    found = _find(request, list_id)
    try:
        delete_price_list(request.actor, price_list=found)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("pricing:list", args=[list_id]))
    messages.success(request, _("The draft “%(name)s” was deleted.") % {"name": found.name})
    return HttpResponseRedirect(reverse("pricing:lists"))

"""A seller's price rules: list, try-out, one rule, removal and undo, fixed prices as a file."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from toiya.catalogue.models import Availability, Category, Product
from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible, Refusal
from toiya.core.money import UnitPrice
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.spreadsheets import read_sheet
from toiya.pricing.models import PriceBasis, PriceRule
from toiya.pricing.own_prices import buys_as, countries_to_sell, own_lines, suppliers_of
from toiya.pricing.price_files import DryRun, label_of, naming_cells, plain
from toiya.pricing.rules import (
    FIXED_COLUMNS,
    RuleTerms,
    buyer_by_domain,
    capacities_to_sell,
    create_price_rule,
    dry_run_fixed,
    fixed_price,
    fixed_prices,
    price_rule,
    price_rules,
    remove_price_rule,
    restore_price_rule,
    sellable_availabilities,
    set_fixed_prices,
    update_price_rule,
)
from toiya.web.catalogue.browse import price_tabs
from toiya.web.catalogue.products import form_page
from toiya.web.editing import Edit, failed
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.pricing.forms import (
    ONE_DAY,
    FixedFileForm,
    RuleForm,
    TryForm,
    offer_label,
    percent_text,
)
from toiya.web.pricing.lists import carried, run_context


def today_of(actor: Actor) -> dt.date:
    """The date where the seller is."""
    return countries_to_sell(actor)[0].local_date(actor.now)


def listing(request: PersonRequest) -> HttpResponse:
    """The rules, the youngest first; removed ones on request, to be brought back; the try-out beside them."""
    removed = request.GET.get("removed") == "1"
    page = page_by_key(
        price_rules(request.actor, is_removed=removed),
        fields=("created_at", "id"),
        cursor=cursor_of(request),
        descending=True,
    )
    offers = sellable_availabilities(request.actor)
    capacities = capacities_to_sell(request.actor)
    form = TryForm(request.GET if "offer" in request.GET else None, capacities=capacities, offers=offers)
    tried, status = _tried(request, form) if form.is_bound else ([], 200)
    today = today_of(request.actor)
    context = {
        "rows": [_rule_row(row, today) for row in page.rows],
        "removed": removed,
        "pager": pager_of(request, page),
        "form": form,
        "tried": tried,
        "has_several": len(capacities) > 1,
        "may_manage": request.actor.may(Permission.PRICE_RULES_MANAGE),
        "tabs": price_tabs(request.actor, "pricing:rules"),
    }
    return render(request, "pricing/rules.html", context, status=status)


def _rule_row(rule: PriceRule, today: dt.date) -> dict[str, object]:
    return {
        "rule": rule,
        "target": _target(rule),
        "says": says(rule),
        "last_day": rule.valid_until - ONE_DAY if rule.valid_until else None,
        "state": _state(rule, today),
    }


def _state(rule: PriceRule, today: dt.date) -> dict[str, object]:
    if rule.removed_at is not None:
        return {"tone": "neutral", "label": _("Removed")}
    if today < rule.valid_from:
        return {"tone": "info", "label": _("Coming")}
    if rule.valid_until is not None and today >= rule.valid_until:
        return {"tone": "neutral", "label": _("Finished")}
    return {"tone": "success", "label": _("In force")}


def _target(rule: PriceRule) -> str:
    if rule.availability is not None:
        return offer_label(rule.availability)
    if rule.sku is not None:
        return f"{rule.sku.product.name} – {rule.sku.name}"
    named = rule.product or rule.category
    return named.name if named else _("Everything")


def says(rule: PriceRule) -> dict[str, object]:
    """A rule in words: an amount, or a basis with a percentage."""
    if rule.basis == PriceBasis.FIXED:
        return {"amount": fixed_price(rule)}
    sign = "+" if rule.percent > 0 else "-" if rule.percent < 0 else "±"
    percent = f"{sign}{percent_text(abs(rule.percent))} %"
    return {"basis": PriceBasis(rule.basis).label, "percent": percent, "currency": rule.currency}


def _tried(request: PersonRequest, form: TryForm) -> tuple[list[dict[str, object]], int]:
    """What the rules make for a buyer and an offer, from each supplier, and how."""
    if not form.is_valid():
        return [], 400
    capacity = Capacity(form.cleaned_data["as_"])
    try:
        buyer = buyer_by_domain(request.actor, capacity, form.cleaned_data["buyer"])
    except Refusal as refusal:
        form.add_error("buyer", str(refusal))
        return [], refusal.status
    lines = own_lines(
        request.actor,
        [form.cleaned_data["offer"]],
        capacity=capacity,
        suppliers=suppliers_of(request.actor) if capacity is Capacity.RESELLER else [],
        buyer_id=buyer.pk if buyer else None,
        on=today_of(request.actor),
    )
    return [_steps(line.supplier, line.paid, line.asked, buyer) for line in lines], 200


def _steps(supplier: Any, paid: UnitPrice | None, asked: Any, buyer: Any) -> dict[str, object]:  # noqa: ANN401
    rule: PriceRule | None = asked.rule
    rate = asked.rate
    return {
        "supplier": supplier,
        "paid": paid,
        "price": asked.price,
        "obstacle": asked.obstacle.label if asked.obstacle else "",
        "rule": rule,
        "target": _target(rule) if rule else "",
        "says": says(rule) if rule else {},
        "is_for_buyer": bool(rule and rule.buyer_id),
        "basis": asked.basis,
        "rate": rate,
        "rate_text": plain(UnitPrice(rate.units, rate.scale, rate.quoted)) if rate else "",
        "buyer": buyer,
    }


# ---------------------------------------------------------------- one rule
def _find(request: PersonRequest, rule_id: uuid.UUID) -> PriceRule:
    return price_rule(request.actor, rule_id)


def new(request: PersonRequest) -> HttpResponse:
    """One more rule."""

    def save(form: RuleForm) -> HttpResponse:
        create_price_rule(request.actor, terms=RuleTerms(**form.terms))
        messages.success(request, _("The price rule was added. Try it out to see what it makes."))
        return HttpResponseRedirect(reverse("pricing:rules"))

    return _form_page(request, None, save)


def edit(request: PersonRequest, rule_id: uuid.UUID) -> HttpResponse:
    """The rule says something else."""
    found = _find(request, rule_id)
    if found.removed_at is not None and request.method != "POST":
        messages.info(request, _("This rule was removed. Bring it back to change it."))
        return HttpResponseRedirect(reverse("pricing:rules") + "?removed=1")

    def save(form: RuleForm) -> HttpResponse:
        version = form.cleaned_data["version"]
        update_price_rule(request.actor, rule=found, version=version, terms=RuleTerms(**form.terms))
        messages.success(request, _("The price rule was saved. What was sold keeps its price."))
        return HttpResponseRedirect(reverse("pricing:rules"))

    return _form_page(request, found, save)


def _present(request: PersonRequest, own: PriceRule | None) -> Mapping[str, object]:
    if own is None:
        home = countries_to_sell(request.actor)[0]
        return {
            "sells_as": buys_as(request.actor),
            "basis": PriceBasis.COST,
            "currency": home.currency,
            "valid_from": today_of(request.actor),
            "version": 0,
        }
    row = _find(request, own.pk)
    names = ("availability", "sku", "product", "category")
    target = next((f"{name}:{key}" for name in names if (key := getattr(row, f"{name}_id"))), "")
    return {
        "sells_as": row.sells_as,
        "buyer": row.buyer.domain if row.buyer else "",
        "target": target,
        "basis": row.basis,
        "percent": percent_text(row.percent),
        "fixed": plain(fixed_price(row)),
        "currency": row.currency,
        "valid_from": row.valid_from,
        "last_day": row.valid_until - ONE_DAY if row.valid_until else None,
        "version": row.version,
    }


def _form_page(
    request: PersonRequest, own: PriceRule | None, save: Callable[[RuleForm], HttpResponse]
) -> HttpResponse:
    offers = sellable_availabilities(request.actor)
    if own is not None and own.availability is not None and own.availability not in offers:
        offers.append(own.availability)
    products = list(Product.objects.visible_to(request.actor).live().order_by("code"))
    categories = list(Category.objects.visible_to(request.actor).order_by("position", "code"))

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> RuleForm:
        return RuleForm(
            data,
            initial=dict(initial),
            capacities=capacities_to_sell(request.actor),
            categories=categories,
            products=products,
            offers=offers,
        )

    editing = Edit(request, make, lambda: _present(request, own), save)
    return editing.answer or form_page(
        request,
        editing,
        site="sites/dashboard.html",
        title=_("Change a price rule") if own else _("Add a price rule"),
        lead=_(
            "The narrowest rule counts: offer, SKU, product, category, everything; for one buyer before all."
        ),
        groups=[
            (_("Who and what"), "people", ("sells_as", "buyer", "target")),
            (_("The price"), "calculator", ("basis", "percent", "fixed", "currency")),
            (_("When"), "calendar", ("valid_from", "last_day")),
        ],
        crumbs=_crumbs(),
        cancel_url=reverse("pricing:rules"),
    )


def _crumbs() -> list[tuple[str, str]]:
    return [(reverse("dashboard:home"), _("Home")), (reverse("pricing:rules"), _("Price rules"))]


def remove(request: PersonRequest, rule_id: uuid.UUID) -> HttpResponse:
    """It no longer counts."""
    found = _find(request, rule_id)
    try:
        remove_price_rule(request.actor, rule=found)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The price rule was removed. It is kept under “Removed rules”."))
    return HttpResponseRedirect(reverse("pricing:rules"))


def restore(request: PersonRequest, rule_id: uuid.UUID) -> HttpResponse:
    """It counts again."""
    found = _find(request, rule_id)
    try:
        restore_price_rule(request.actor, rule=found)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The price rule is back."))
    return HttpResponseRedirect(reverse("pricing:rules"))


# ---------------------------------------------------------------- files
def export(request: PersonRequest, form: str) -> HttpResponse:
    """Fixed prices as a file: every offer, with the price where one is fixed (docs/price-lists.md)."""
    if form not in FORMATS:
        raise NotVisible
    capacities = capacities_to_sell(request.actor)
    wanted = request.GET.get("as", "")
    capacity = next((one for one in capacities if one == wanted), None) or next(iter(capacities), None)
    if capacity is None:
        raise NotVisible
    buyer = buyer_by_domain(request.actor, capacity, request.GET.get("buyer", ""))
    fixed = fixed_prices(request.actor, sells_as=capacity, buyer=buyer, on=today_of(request.actor))
    rows = (_cells(row, fixed.get(row.pk)) for row in sellable_availabilities(request.actor))
    return list_file(form, "fixed-prices", [*FIXED_COLUMNS, "currency", "offer"], rows)


def _cells(row: Availability, rule: PriceRule | None) -> list[Cell]:
    price = fixed_price(rule)
    currency = price.currency if price else ""
    return [*naming_cells(row), row.country_id, plain(price), currency, label_of(row)]


def import_file(
    request: PersonRequest,
) -> HttpResponse:
    """Hand in fixed prices, look at what each row would do, take over the good ones."""
    capacities = capacities_to_sell(request.actor)
    taking_over = request.method == "POST" and "rows" in request.POST
    initial = {"currency": countries_to_sell(request.actor)[0].currency}
    form = FixedFileForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        initial=initial,
        capacities=capacities,
    )
    if taking_over:
        form.fields["file"].required = False
    run, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                run, count = _read(request, form, taking_over=taking_over)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                status = 200
                if count is not None:
                    text = ngettext("%(count)s price was changed.", "%(count)s prices were changed.", count)
                    messages.success(request, text % {"count": count})
                    return HttpResponseRedirect(reverse("pricing:rules"))
    context = {
        "form": form,
        "columns": FIXED_COLUMNS,
        "crumbs": _crumbs(),
        **(run_context(run) if run else {}),
    }
    return render(request, "pricing/import_rules.html", context, status=status)


def _read(request: PersonRequest, form: FixedFileForm, *, taking_over: bool) -> tuple[DryRun, int | None]:
    given = form.cleaned_data
    capacity = Capacity(given["sells_as"])
    buyer = buyer_by_domain(request.actor, capacity, given["buyer"])
    sheet = carried(request) if taking_over else read_sheet(given["file"].read())
    today = today_of(request.actor)
    run = dry_run_fixed(request.actor, sheet, capacity, buyer, given["currency"], today)
    if not taking_over:
        return run, None
    rows = run.good
    return run, set_fixed_prices(request.actor, sells_as=capacity, buyer=buyer, rows=rows, on=today)

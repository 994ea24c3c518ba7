"""The operator's categories and products."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.catalogue.errors import NothingToSell, NotInThisPhase
from toiya.catalogue.models import Availability, Category, Product, Sku
from toiya.catalogue.products import (
    create_category,
    create_product,
    publish_product,
    restore_product,
    search_products,
    update_category,
    update_product,
    withdraw_product,
)
from toiya.catalogue.words import Phase, phase_of
from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.web.catalogue.forms import CategoryForm, ProductForm, ProductSearchForm
from toiya.web.editing import Edit
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

TONES = {Phase.DRAFT: "waiting", Phase.PUBLISHED: "success", Phase.WITHDRAWN: "neutral"}


def keeping_tabs(current: str) -> list[dict[str, object]]:
    """The four parts of the operator's catalogue, side by side."""
    names = (
        ("catalogue:products", _("Products")),
        ("catalogue:categories", _("Categories")),
        ("pricing:lists", _("Price lists")),
        ("pricing:promotions", _("Promotions")),
    )
    return [{"url": reverse(name), "label": label, "current": name == current} for name, label in names]


def crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    """The way to a page of the operator's catalogue."""
    return [
        (reverse("operator:home"), _("Operator console")),
        (reverse("catalogue:products"), _("Catalog")),
        *more,
    ]


def form_page(request: PersonRequest, edit: Edit, **context: Any) -> HttpResponse:
    """The page of one form, on the operator's site unless told otherwise."""
    shown = {"site": "sites/operator.html", "groups": [("", "", list(edit.form.fields))], **context}
    shown["groups"] = [
        (title, icon, [edit.form[name] for name in names if name in edit.form.fields and name != "version"])
        for title, icon, names in shown["groups"]
    ]
    return render(request, "catalogue/form.html", {**edit.context, **shown}, status=edit.status)


# ---------------------------------------------------------------- categories
def _categories(actor: Actor) -> list[Category]:
    return list(Category.objects.visible_to(actor).order_by("position", "code"))


def categories(request: PersonRequest) -> HttpResponse:
    """Every category in its place."""
    context = {"rows": _categories(request.actor), "tabs": keeping_tabs("catalogue:categories")}
    return render(request, "catalogue/categories.html", context)


def new_category(request: PersonRequest) -> HttpResponse:
    """One more."""

    def save(form: CategoryForm) -> HttpResponse:
        made = create_category(request.actor, **form.values)
        messages.success(request, _("The category “%(name)s” was added.") % {"name": made.name})
        return HttpResponseRedirect(reverse("catalogue:categories"))

    return _category_page(request, None, save)


def category(request: PersonRequest, category_id: uuid.UUID) -> HttpResponse:
    """Other words or another place."""
    found = Category.objects.visible_to(request.actor).filter(pk=category_id).first()
    if found is None:
        raise NotVisible

    def save(form: CategoryForm) -> HttpResponse:
        made = update_category(
            request.actor, category=found, version=form.cleaned_data["version"], **form.values
        )
        messages.success(request, _("The category “%(name)s” was saved.") % {"name": made.name})
        return HttpResponseRedirect(reverse("catalogue:categories"))

    return _category_page(request, found, save)


def _category_page(
    request: PersonRequest, found: Category | None, save: Callable[[CategoryForm], HttpResponse]
) -> HttpResponse:
    def present() -> Mapping[str, object]:
        row = Category.objects.visible_to(request.actor).get(pk=found.pk) if found else None
        return {name: getattr(row, name) for name in CategoryForm.base_fields} if row else {}

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> CategoryForm:
        return CategoryForm(data, initial=dict(initial))

    edit = Edit(request, make, present, save)
    return edit.answer or form_page(
        request,
        edit,
        title=found.name if found else _("Add a category"),
        crumbs=crumbs((reverse("catalogue:categories"), _("Categories"))),
        cancel_url=reverse("catalogue:categories"),
    )


# ---------------------------------------------------------------- products
def listing(request: PersonRequest) -> HttpResponse:
    """Products, searched by name in either language, by code, publisher or SKU."""
    form, rows = _found(request)
    page = page_by_key(
        rows.select_related("category").prefetch_related("skus"), fields=("code",), cursor=cursor_of(request)
    )
    context = {
        "form": form,
        "rows": [product_row(row) for row in page.rows],
        "pager": pager_of(request, page),
        "tabs": keeping_tabs("catalogue:products"),
        "is_searched": any(request.GET.get(name) for name in form.fields),
        "filters": request.GET.urlencode(),
    }
    return render(request, "catalogue/products.html", context)


def _found(request: PersonRequest) -> tuple[ProductSearchForm, Any]:
    form = ProductSearchForm(request.GET or None, categories=_categories(request.actor))
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = search_products(Product.objects.visible_to(request.actor), wanted.get("q", ""))
    if wanted.get("category"):
        rows = rows.filter(category=wanted["category"])
    if wanted.get("kind"):
        rows = rows.filter(skus__kind=wanted["kind"]).distinct()
    state = wanted.get("state")
    if state:
        withdrawn = state == Phase.WITHDRAWN
        rows = rows.filter(withdrawn_at__isnull=not withdrawn)
        if not withdrawn:
            rows = rows.filter(published_at__isnull=state == Phase.DRAFT)
    return form, rows


def product_row(product: Product) -> dict[str, object]:
    """A product with its phase."""
    phase = phase_of(product)
    kinds = dict.fromkeys(str(sku.get_kind_display()) for sku in product.skus.all())
    return {"product": product, "phase": phase.label, "tone": TONES[phase], "kinds": list(kinds)}


def export(request: PersonRequest, form: str) -> HttpResponse:
    """Every availability of the products found, one a row."""
    if form not in FORMATS:
        raise NotVisible
    _form, products = _found(request)
    rows = (
        Availability.objects.visible_to(request.actor)
        .filter(sku__product__in=products.values("pk"))
        .select_related("sku__product__category", "sku__connector")
        .order_by("sku__product__code", "sku__code", "country", "segment", "term", "billing_cycle")
    )
    return list_file(form, "catalogue", HEADER(), _cells(rows))


def HEADER() -> list[str]:  # noqa: N802  (a constant in the reader's language)
    """The columns of the export."""
    return [
        _("Category"),
        _("Product"),
        _("Product code"),
        _("SKU"),
        _("SKU code"),
        _("Kind"),
        _("Country or region"),
        _("Currency"),
        _("Segment"),
        _("Term"),
        _("Billing"),
        _("Connector"),
        _("State"),
    ]


def _cells(rows: Iterable[Availability]) -> Iterable[list[Cell]]:
    for row in rows:
        sku, product = row.sku, row.sku.product
        withdrawn = row.withdrawn_at or sku.withdrawn_at
        phase = Phase.WITHDRAWN if withdrawn else phase_of(product)
        words = [row.get_segment_display(), row.get_term_display(), row.get_billing_cycle_display()]
        yield [
            product.category.name,
            product.name,
            product.code,
            sku.name,
            sku.code,
            str(sku.get_kind_display()),
            row.country_id,
            row.currency,
            *(str(word) for word in words),
            sku.connector.code,
            str(phase.label),
        ]


def find_product(request: PersonRequest, product_id: uuid.UUID) -> Product:
    """The product, or 404."""
    rows = Product.objects.visible_to(request.actor).select_related("category")
    found = rows.filter(pk=product_id).first()
    if found is None:
        raise NotVisible
    return found


def product(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """One product with its SKUs."""
    found = find_product(request, product_id)
    rows = Sku.objects.visible_to(request.actor).filter(product=found).select_related("connector")
    offers = Availability.objects.visible_to(request.actor).filter(
        sku__product=found, withdrawn_at__isnull=True
    )
    places: dict[uuid.UUID, set[str]] = {}
    for sku_id, country in offers.values_list("sku_id", "country_id"):
        places.setdefault(sku_id, set()).add(country)
    context = {
        **product_row(found),
        "skus": [{"sku": sku, "countries": sorted(places.get(sku.pk, ()))} for sku in rows.order_by("code")],
        "is_draft": found.published_at is None and found.withdrawn_at is None,
        "crumbs": crumbs(),
    }
    return render(request, "catalogue/product.html", context)


def new_product(request: PersonRequest) -> HttpResponse:
    """A draft."""

    def save(form: ProductForm) -> HttpResponse:
        made = create_product(request.actor, values=form.values)
        messages.success(
            request, _("“%(name)s” is a draft. Add a SKU next, then publish it.") % {"name": made.name}
        )
        return HttpResponseRedirect(reverse("catalogue:product", args=[made.pk]))

    return _product_page(request, None, save)


def edit_product(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """Other words for a product."""
    found = find_product(request, product_id)

    def save(form: ProductForm) -> HttpResponse:
        made = update_product(
            request.actor, product=found, version=form.cleaned_data["version"], values=form.values
        )
        messages.success(request, _("“%(name)s” was saved.") % {"name": made.name})
        return HttpResponseRedirect(reverse("catalogue:product", args=[made.pk]))

    return _product_page(request, found, save)


def _product_page(
    request: PersonRequest, found: Product | None, save: Callable[[ProductForm], HttpResponse]
) -> HttpResponse:
    def present() -> Mapping[str, object]:
        if found is None:
            return {}
        row = find_product(request, found.pk)
        values = {name: getattr(row, name) for name in ProductForm.base_fields if name != "category"}
        return {**values, "category": str(row.category_id)}

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> ProductForm:
        return ProductForm(data, initial=dict(initial), categories=_categories(request.actor))

    back = reverse("catalogue:product", args=[found.pk]) if found else reverse("catalogue:products")
    edit = Edit(request, make, present, save)
    return edit.answer or form_page(
        request,
        edit,
        title=_("Change “%(name)s”") % {"name": found.name} if found else _("Add a product"),
        groups=[
            (_("Product"), "box", ["code", "category", "name_ja", "name_en", "publisher"]),
            (_("Description"), "card-text", ["description_ja", "description_en"]),
        ],
        crumbs=crumbs((back, found.name)) if found else crumbs(),
        cancel_url=back,
    )


def _step(
    request: PersonRequest, product_id: uuid.UUID, act: Callable[..., Product], sentence: str
) -> HttpResponse:
    found = find_product(request, product_id)
    try:
        act(request.actor, product=found)
    except (NothingToSell, NotInThisPhase) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, sentence % {"name": found.name})
    return HttpResponseRedirect(reverse("catalogue:product", args=[product_id]))


def publish(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """Partners see it from now on."""
    sentence = _("“%(name)s” is published. Partners see it now.")
    return _step(request, product_id, publish_product, sentence)


def withdraw(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """Nobody can buy it any more."""
    sentence = _("“%(name)s” is withdrawn. What was sold goes on; you can restore it.")
    return _step(request, product_id, withdraw_product, sentence)


def restore(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """It can be bought again."""
    return _step(request, product_id, restore_product, _("“%(name)s” is back in the catalog."))

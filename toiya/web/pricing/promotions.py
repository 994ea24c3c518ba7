"""The operator's promotions: draft, publish, end."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.catalogue.models import Sku
from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.pricing.models import Promotion
from toiya.pricing.promotion_keeping import (
    create_promotion,
    end_promotion,
    publish_promotion,
    update_promotion,
)
from toiya.programme.countries import country_name
from toiya.web.catalogue.products import crumbs, form_page, keeping_tabs
from toiya.web.editing import Edit
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.pricing.forms import ONE_DAY, PromotionForm, percent_text

WORDS = ("name_ja", "name_en", "description_ja", "description_en", "code")
CONDITIONS = (
    "sku",
    "discount",
    "country",
    "segment",
    "term",
    "billing_cycle",
    "min_quantity",
    "max_quantity",
    "new_customers_only",
)
PLAIN = (
    "code",
    "name_ja",
    "name_en",
    "description_ja",
    "description_en",
    "segment",
    "term",
    "billing_cycle",
    "min_quantity",
    "max_quantity",
    "new_customers_only",
    "valid_from",
    "version",
)


def state_of(promotion: Promotion, today: dt.date) -> dict[str, object]:
    """Where a promotion stands."""
    if promotion.ended_at is not None:
        return {"tone": "neutral", "label": _("Ended")}
    if promotion.published_at is None:
        return {"tone": "waiting", "label": _("Draft")}
    if today < promotion.valid_from:
        return {"tone": "info", "label": _("Coming")}
    if today >= promotion.valid_until:
        return {"tone": "neutral", "label": _("Finished")}
    return {"tone": "success", "label": _("Running")}


def promotion_row(promotion: Promotion, today: dt.date) -> dict[str, object]:
    """A promotion with its state, last day and percentage."""
    return {
        "promotion": promotion,
        "state": state_of(promotion, today),
        "last_day": promotion.valid_until - ONE_DAY,
        "percent": percent_text(promotion.discount_basis_points),
    }


def conditions_of(promotion: Promotion) -> list[tuple[str, object]]:
    """What a sale must be to get it."""
    every = _("Every one")
    most = promotion.max_quantity
    return [
        (_("SKU"), f"{promotion.sku.product.name} – {promotion.sku.name}"),
        (
            _("Country or region"),
            country_name(promotion.country_id) if promotion.country_id else every,
        ),
        (_("Segment"), Segment(promotion.segment).label if promotion.segment else every),
        (_("Term"), Term(promotion.term).label if promotion.term else every),
        (_("Billing"), BillingCycle(promotion.billing_cycle).label if promotion.billing_cycle else every),
        (_("Units"), f"{promotion.min_quantity} – {most}" if most else f"{promotion.min_quantity} –"),
        (
            _("Customers"),
            _("Only those who have not had the product") if promotion.new_customers_only else every,
        ),
    ]


def _find(request: PersonRequest, promotion_id: uuid.UUID) -> Promotion:
    rows = Promotion.objects.visible_to(request.actor).select_related("sku__product", "country")
    found = rows.filter(pk=promotion_id, tenant_id=request.actor.tenant_id).first()
    if found is None:
        raise NotVisible
    return found


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return crumbs((reverse("pricing:promotions"), _("Promotions")), *more)


def listing(request: PersonRequest) -> HttpResponse:
    """All, the latest first."""
    rows = Promotion.objects.visible_to(request.actor).select_related("sku__product")
    page = page_by_key(rows, fields=("valid_from", "id"), cursor=cursor_of(request), descending=True)
    today = request.actor.now.date()
    context = {
        "rows": [promotion_row(row, today) for row in page.rows],
        "pager": pager_of(request, page),
        "tabs": keeping_tabs("pricing:promotions"),
    }
    return render(request, "pricing/promotions.html", context)


def promotion(request: PersonRequest, promotion_id: uuid.UUID) -> HttpResponse:
    """One promotion, and what can be done with it."""
    found = _find(request, promotion_id)
    context = {
        **promotion_row(found, request.actor.now.date()),
        "conditions": conditions_of(found),
        "is_draft": found.published_at is None,
        "crumbs": _crumbs(),
    }
    return render(request, "pricing/promotion.html", context)


def new(request: PersonRequest) -> HttpResponse:
    """A draft."""

    def save(form: PromotionForm) -> HttpResponse:
        made = create_promotion(request.actor, values=form.values)
        messages.success(
            request, _("“%(name)s” is a draft. Publish it to let partners see it.") % {"name": made.name}
        )
        return HttpResponseRedirect(reverse("pricing:promotion", args=[made.pk]))

    return _form_page(request, None, save)


def edit(request: PersonRequest, promotion_id: uuid.UUID) -> HttpResponse:
    """Another draft."""
    found = _find(request, promotion_id)

    def save(form: PromotionForm) -> HttpResponse:
        version = form.cleaned_data["version"]
        update_promotion(request.actor, promotion=found, version=version, values=form.values)
        messages.success(request, _("The draft was saved."))
        return HttpResponseRedirect(reverse("pricing:promotion", args=[promotion_id]))

    return _form_page(request, found, save)


def _form_page(
    request: PersonRequest, own: Promotion | None, save: Callable[[PromotionForm], HttpResponse]
) -> HttpResponse:
    skus = list(
        Sku.objects.visible_to(request.actor).select_related("product").order_by("product__code", "code")
    )

    def present() -> Mapping[str, object]:
        if own is None:
            return {}
        row = _find(request, own.pk)
        return {
            **{name: getattr(row, name) for name in PLAIN},
            "sku": str(row.sku_id),
            "country": row.country_id or "",
            "discount": percent_text(row.discount_basis_points),
            "last_day": row.valid_until - ONE_DAY,
        }

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> PromotionForm:
        return PromotionForm(data, initial=dict(initial), skus=skus)

    back = reverse("pricing:promotion", args=[own.pk]) if own else reverse("pricing:promotions")
    editing = Edit(request, make, present, save)
    return editing.answer or form_page(
        request,
        editing,
        title=_("Change “%(name)s”") % {"name": own.name} if own else _("Draft a promotion"),
        groups=[
            (_("Promotion"), "percent", WORDS),
            (_("What gets it"), "funnel", CONDITIONS),
            (_("When"), "calendar", ("valid_from", "last_day")),
        ],
        crumbs=_crumbs((back, own.name)) if own else _crumbs(),
        cancel_url=back,
    )


def publish(request: PersonRequest, promotion_id: uuid.UUID) -> HttpResponse:
    """Partners see it from now on."""
    found, typed = _find(request, promotion_id), request.POST.get("version", "")
    version = int(typed) if typed.isdecimal() else 0
    try:
        publish_promotion(request.actor, promotion=found, version=version)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("“%(name)s” is published. Sales of its days get it by themselves.") % {"name": found.name},
        )
    return HttpResponseRedirect(reverse("pricing:promotion", args=[promotion_id]))


def end(request: PersonRequest, promotion_id: uuid.UUID) -> HttpResponse:
    """Nobody gets it from now on."""
    found = _find(request, promotion_id)
    try:
        end_promotion(request.actor, promotion=found)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("“%(name)s” has ended. Subscriptions that have it keep it until their renewal.")
            % {"name": found.name},
        )
    return HttpResponseRedirect(reverse("pricing:promotion", args=[promotion_id]))

"""Promotions as partners see them: what runs, and whether a sale gets it (N-31)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability
from toiya.pricing.models import Promotion
from toiya.pricing.promotions import Choice, best_promotion
from toiya.pricing.shelves import Shelf, shelf_of
from toiya.web.catalogue.browse import price_tabs, shelf_context
from toiya.web.http import PersonRequest
from toiya.web.pricing.forms import EligibilityForm, percent_text
from toiya.web.pricing.promotions import conditions_of, promotion_row


def promotions(request: PersonRequest) -> HttpResponse:
    """What is published and not over; for one offer and quantity which of them it gets, and why not the others."""
    shelf = shelf_of(request.actor, request.GET.get("country", ""))
    rows = (
        Promotion.objects.visible_to(request.actor)
        .filter(valid_until__gt=shelf.on)
        .select_related("sku__product")
        .order_by("valid_from", "code")
    )
    offers = list(_offers(request, shelf))
    form = EligibilityForm(request.GET if "offer" in request.GET else None, offers=offers)
    choice = _choose(form, shelf) if form.is_valid() else None
    context = {
        **shelf_context(shelf),
        "form": form,
        "rows": [{**promotion_row(row, shelf.on), "conditions": conditions_of(row)} for row in rows],
        "choice": choice,
        "verdicts": _verdicts(choice) if choice else [],
        "tabs": price_tabs(request.actor, "pricing:running_promotions"),
    }
    return render(request, "pricing/running_promotions.html", context)


def _offers(request: PersonRequest, shelf: Shelf) -> list[Availability]:
    rows = Availability.objects.visible_to(request.actor).live().filter(country=shelf.country)
    return list(
        rows.select_related("sku__product").order_by(
            "sku__product__code", "sku__code", "segment", "term", "id"
        )
    )


def _choose(form: EligibilityForm, shelf: Shelf) -> Choice:
    offer: Availability = form.cleaned_data["offer"]
    return best_promotion(
        availability=offer,
        quantity=form.cleaned_data["quantity"],
        segment=offer.segment,
        on=shelf.on,
        is_new_customer=not form.cleaned_data["returning"],
    )


def _verdicts(choice: Choice) -> list[dict[str, object]]:
    return [
        {
            "promotion": verdict.promotion,
            "percent": percent_text(verdict.promotion.discount_basis_points),
            "reasons": verdict.reasons,
            "word": _word(choice, verdict.promotion, is_eligible=verdict.is_eligible),
        }
        for verdict in choice.verdicts
    ]


def _word(choice: Choice, promotion: Promotion, *, is_eligible: bool) -> dict[str, str]:
    if choice.best == promotion:
        return {"tone": "success", "label": _("Applied by itself")}
    if is_eligible:
        return {"tone": "info", "label": _("Eligible, but another takes off more")}
    return {"tone": "neutral", "label": _("Not eligible")}

"""The register of relationships made in older portals (S-079)."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.core.text import fold
from toiya.relations.models import OlderRelationship
from toiya.relations.older import register_older_relationship, remove_older_relationship
from toiya.web.http import PersonRequest
from toiya.web.operator.forms import OlderForm
from toiya.web.paging import cursor_of, pager_of


def register(request: PersonRequest) -> HttpResponse:
    """Every entry, by partner."""
    rows = OlderRelationship.objects.visible_to(request.actor).select_related("partner", "customer")
    text = request.GET.get("q", "")[:100]
    for word in fold(text).split():
        rows = rows.filter(partner__search_key__contains=word)
    page = page_by_key(rows, fields=("partner__sort_key", "pk"), cursor=cursor_of(request))
    context = {
        "rows": page.rows,
        "pager": pager_of(request, page),
        "q": text,
        "may_manage": request.actor.may(Permission.PARTNERS_MANAGE),
    }
    return render(request, "operator/older_relationships.html", context)


def add(request: PersonRequest) -> HttpResponse:
    """One more entry."""
    form = OlderForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            register_older_relationship(request.actor, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("The relationship is in the register."))
            return HttpResponseRedirect(reverse("operator:older_relationships"))
    return render(
        request, "operator/older_relationship.html", {"form": form}, status=400 if form.errors else 200
    )


def remove(request: PersonRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Take an entry out that was not imported yet."""
    if not OlderRelationship.objects.visible_to(request.actor).filter(pk=entry_id).exists():
        raise NotVisible
    remove_older_relationship(request.actor, entry_id=entry_id)
    messages.success(request, _("The entry was removed from the register."))
    return HttpResponseRedirect(reverse("operator:older_relationships"))

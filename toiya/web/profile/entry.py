"""A provider writes its entry in the public directory; the operator approves it (C-18)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.permissions import Permission
from toiya.membership.errors import ProfileChanged
from toiya.membership.models import ProviderEntry, websites_in
from toiya.membership.provider_entry import propose_provider_entry, proposed_values
from toiya.web.http import PersonRequest
from toiya.web.profile.forms import OF_COUNTRY, EntryForm


def directory_entry(request: PersonRequest) -> HttpResponse:
    """The form begins with what was proposed last, else with what is public."""
    found = ProviderEntry.objects.visible_to(request.actor).filter(pk=request.actor.tenant_id).first()
    initial = _initial(found)
    logo = proposed_values(found)["logo"] if found else ""
    form = (
        EntryForm(request.POST, request.FILES, initial=initial)
        if request.method == "POST"
        else EntryForm(initial=initial)
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                propose_provider_entry(
                    request.actor, version=form.cleaned_data["version"], values=form.values(logo=logo)
                )
            except ProfileChanged as refusal:
                form = EntryForm({**_lists(request), "version": str(initial["version"])})
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, _("The operator is asked to approve your entry."))
                return HttpResponseRedirect(reverse("profile:directory_entry"))
    context = {
        "form": form,
        "own_websites": any(field.value() or field.errors for field in form.websites),
        "entry": found,
        "logo": logo,
        "is_listed": ProviderEntry.objects.listed(request.actor).filter(pk=request.actor.tenant_id).exists(),
        "may_change": request.actor.may(Permission.PARTNER_PROFILE_MANAGE),
    }
    return render(request, "profile/directory_entry.html", context, status=status)


def _initial(found: ProviderEntry | None) -> dict[str, object]:
    if found is None:
        return {"version": 1}
    values = proposed_values(found)
    values["languages"] = str(values["languages"]).split(",")
    own = {f"{OF_COUNTRY}{code}": url for code, url in websites_in(values["websites"]).items()}
    return {**values, **own, "version": found.version}


def _lists(request: PersonRequest) -> dict[str, object]:
    """What was typed, in the shape that a form reads: lists for the two fields of several choices."""
    several = {name: request.POST.getlist(name) for name in ("countries", "languages")}
    return {**request.POST.dict(), **several}

"""Tax number and tax exemption of a partner (N-08, N-41)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import Refusal
from toiya.core.permissions import Permission
from toiya.membership.errors import ProfileChanged
from toiya.membership.models import PartnerProfile
from toiya.orders.tax import change_tax_data, may_declare_exemption
from toiya.web.http import PersonRequest
from toiya.web.profile.forms import TaxForm


def tax(request: PersonRequest) -> HttpResponse:
    """See and change it; a late declaration is refused with what was found."""
    actor = request.actor
    profile = PartnerProfile.objects.visible_to(actor).first()
    initial = {
        "version": profile.version if profile else 0,
        "tax_number": profile.tax_number if profile else "",
        "is_tax_exempt": bool(profile and profile.is_tax_exempt),
    }
    form = TaxForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = form.cleaned_data
            try:
                change_tax_data(
                    actor,
                    version=data["version"],
                    tax_number=data["tax_number"],
                    is_tax_exempt=data["is_tax_exempt"],
                )
            except ProfileChanged as changed:
                form = TaxForm({**request.POST.dict(), "version": str(initial["version"])})
                form.add_error(None, str(changed))
                status = changed.status
            except Refusal as refusal:
                form.add_error(refusal.field, str(refusal))
                status = refusal.status
            else:
                messages.success(request, _("The tax data was saved."))
                return HttpResponseRedirect(reverse("profile:partner"))
    context = {
        "form": form,
        "profile": profile,
        "may_change": actor.may(Permission.PARTNER_PROFILE_MANAGE),
        "may_declare": may_declare_exemption(actor) or bool(profile and profile.is_tax_exempt),
    }
    return render(request, "profile/tax.html", context, status=status)

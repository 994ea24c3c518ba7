"""Where the operator's invoices to the partner go."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.permissions import Permission
from toiya.enrolment.errors import IncompleteDetails
from toiya.membership.errors import ProfileChanged
from toiya.orders.partner_billing import BILLING, BILLING_FIELDS, CONTACT, billing_of, change_partner_billing
from toiya.web.http import PersonRequest
from toiya.web.profile.forms import BillingForm


def billing(request: PersonRequest) -> HttpResponse:
    """See and change it; whoever saves second keeps what was typed."""
    actor = request.actor
    present = billing_of(actor)
    initial = {name: getattr(present, name) for name in (*BILLING_FIELDS, "version")}
    form = BillingForm(
        request.POST if request.method == "POST" else None, initial=initial, country=present.country
    )
    status = 200
    if request.method == "POST":
        status = 400
        typed = request.POST.dict()
        version = int(typed["version"]) if typed.get("version", "").isdecimal() else 0
        values = {name: typed[name] for name in BILLING_FIELDS if name in typed}
        try:
            change_partner_billing(actor, version=version, values=values)
        except IncompleteDetails as refusal:
            form.refuse(refusal.problems)
        except ProfileChanged as changed:
            form = BillingForm({**typed, "version": str(present.version)}, country=present.country)
            form.add_error(None, str(changed))
            status = changed.status
        else:
            messages.success(request, _("The billing data was saved."))
            return HttpResponseRedirect(reverse("profile:partner"))
    context = {
        "form": form,
        "billing": [form[name] for name in BILLING if name in form.fields],
        "contact": [form[name] for name in (*CONTACT, "purchase_order_number")],
        "may_change": actor.may(Permission.PARTNER_PROFILE_MANAGE),
    }
    return render(request, "profile/billing.html", context, status=status)

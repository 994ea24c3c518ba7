"""The customer agreement in the organisation portal: read it, accept it, see what partners confirmed about us."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.core.permissions import Permission
from toiya.customers.agreements import confirmations_of
from toiya.enrolment.agreements import accept_customer_agreement, agreement_to_accept, customer_acceptance_of
from toiya.enrolment.errors import AgreementChanged, AgreementMissing
from toiya.programme.agreements import agreement_in_force
from toiya.programme.models import AgreementKind
from toiya.web.enrolment.forms import AgreementForm
from toiya.web.http import PersonRequest


def agreement(request: PersonRequest) -> HttpResponse:
    """The version in force; a global administrator accepts it for the organisation."""
    actor = request.actor
    form = AgreementForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        given = request.POST.get("agreement_version", "")
        ticked = bool(request.POST.get("agree")) and given.isdecimal()
        try:
            accept_customer_agreement(actor, version=int(given) if ticked else None)
        except (AgreementMissing, AgreementChanged) as refusal:
            form.add_error(refusal.field, str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("Your organization has accepted the customer agreement."))
            return redirect("organization:agreement")
    context = {
        "form": form,
        "in_force": agreement_in_force(AgreementKind.CUSTOMER),
        "agreement": agreement_to_accept(actor.tenant_id, AgreementKind.CUSTOMER),
        "signed": customer_acceptance_of(actor.tenant_id),
        "confirmations": confirmations_of(actor, actor.tenant_id),
        "may_accept": actor.may(Permission.CUSTOMER_AGREEMENT_ACCEPT),
    }
    return render(request, "organization/agreement.html", context, status=status)

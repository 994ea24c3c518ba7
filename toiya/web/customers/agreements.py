"""A provider confirms that its customer has accepted the customer agreement."""

import datetime as dt
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.core.errors import Refusal
from toiya.core.reader import reader_zone
from toiya.customers.agreements import confirm_customer_agreement
from toiya.customers.relationships import relationship_with
from toiya.enrolment.errors import IncompleteDetails
from toiya.programme.agreements import agreement_in_force
from toiya.programme.models import AgreementKind
from toiya.web.customers.forms import AgreementForm
from toiya.web.customers.views import failed
from toiya.web.http import PersonRequest


def confirm(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Who of the customer accepted the version in force, and when."""
    actor = request.actor
    relationship = relationship_with(actor, customer_id)
    agreement = agreement_in_force(AgreementKind.CUSTOMER)
    form = AgreementForm(
        request.POST if request.method == "POST" else None,
        initial={"agreed_on": actor.now.astimezone(reader_zone()).date()},
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = form.cleaned_data
            try:
                confirm_customer_agreement(
                    actor,
                    relationship=relationship,
                    agreement_id=agreement.pk if agreement else None,
                    agreed_at=dt.datetime.combine(data["agreed_on"], dt.time(), reader_zone()),
                    contact_name=data["contact_name"],
                    contact_email=data["contact_email"],
                    contact_phone=data["contact_phone"],
                )
            except IncompleteDetails as refusal:
                form.refuse(refusal.problems)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(request, _("The acceptance of the customer agreement is confirmed."))
                came_from_cart = request.GET.get("to") == "cart"
                return redirect("orders:cart" if came_from_cart else "customers:account", customer_id)
    context = {"form": form, "agreement": agreement, "customer": relationship.customer}
    return render(request, "customers/confirm_agreement.html", context, status=status)

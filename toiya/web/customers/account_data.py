"""アカウント → 更新 → 送信: a customer's company and billing data (N-23)."""

import uuid
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.core.errors import ChangedMeanwhile
from toiya.core.permissions import Capacity
from toiya.core.terms import Segment
from toiya.customers.account_data import BILLING, CONTACT, update_customer_account
from toiya.customers.models import CustomerAccount
from toiya.customers.relationships import relationship_with
from toiya.enrolment.errors import IncompleteDetails
from toiya.web.customers.forms import AccountForm
from toiya.web.http import PersonRequest


def update(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Change it; whoever saves second is told what is there now, and keeps what was typed."""
    actor = request.actor
    relationship = relationship_with(actor, customer_id)
    country = relationship.customer.country_id
    account = CustomerAccount.objects.visible_to(actor).filter(pk=customer_id).first()
    names = (*BILLING, *CONTACT, "segment")
    present = {name: getattr(account, name) for name in names} if account else {}
    version = account.version if account else 0
    shape = partial(AccountForm, country=country, is_provider=Capacity.PROVIDER in actor.capacities)
    form = shape(request.POST if request.method == "POST" else None, initial={**present, "version": version})
    status, is_stale = 200, False
    if request.method == "POST":
        status = 400
        typed = request.POST.dict()
        seen = int(typed["version"]) if typed.get("version", "").isdecimal() else 0
        segment = typed.get("segment", "")
        try:
            update_customer_account(
                actor,
                relationship=relationship,
                version=seen,
                values=typed,
                segment=Segment(segment) if segment in Segment.values else None,
            )
        except IncompleteDetails as refusal:
            form.refuse(refusal.problems)
        except ChangedMeanwhile as changed:
            form = shape({**typed, "version": str(version)})
            status, is_stale = changed.status, True
        else:
            messages.success(request, _("The account was saved."))
            return redirect("customers:account", customer_id)
    context = {
        "form": form,
        "customer": relationship.customer,
        "billing": [form[name] for name in BILLING if name in form.fields],
        "contact": [form[name] for name in CONTACT],
        "is_stale": is_stale,
        "stale_message": ChangedMeanwhile.message,
        "now": [
            (form.fields[name].label, present[name])
            for name in names
            if name in form.fields and name in present
        ],
    }
    return render(request, "customers/account_update.html", context, status=status)

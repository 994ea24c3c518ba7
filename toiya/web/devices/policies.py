"""Policies: how devices of a customer greet their first user."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.devices.models import PolicySetting
from toiya.devices.policies import create_policy, delete_policy, policies_of, policy_of, update_policy
from toiya.web.customers.views import customer_page
from toiya.web.devices.forms import PolicyForm
from toiya.web.editing import Edit
from toiya.web.http import PersonRequest


def listing(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The policies for the customer's devices, by name."""
    context = {
        **customer_page(request, customer_id, "devices"),
        "rows": [
            {
                "policy": policy,
                "settings": [setting.label for setting in PolicySetting if setting.value in policy.settings],
            }
            for policy in policies_of(request.actor, customer_id=customer_id)
        ],
    }
    return render(request, "devices/policies.html", context)


def create(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """A new policy."""
    policies_of(request.actor, customer_id=customer_id)

    def save(form: PolicyForm) -> HttpResponse:
        policy = create_policy(request.actor, customer_id=customer_id, **_values(form))
        messages.success(request, _("The policy “%(name)s” has been made.") % {"name": policy.name})
        return _back(customer_id)

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> PolicyForm:
        return PolicyForm(data, initial=dict(initial))

    editing = Edit(request, make, dict, save)
    return editing.answer or _form_page(request, customer_id, editing, title=_("New policy"))


def edit(request: PersonRequest, customer_id: uuid.UUID, policy_id: uuid.UUID) -> HttpResponse:
    """The policy as a whole, anew; devices that have it follow."""
    policy = policy_of(request.actor, customer_id=customer_id, policy_id=policy_id)

    def present() -> Mapping[str, object]:
        now = policy_of(request.actor, customer_id=customer_id, policy_id=policy_id)
        return {
            "name": now.name,
            "description": now.description,
            "settings": now.settings,
            "version": now.version,
        }

    def save(form: PolicyForm) -> HttpResponse:
        update_policy(
            request.actor,
            customer_id=customer_id,
            policy_id=policy_id,
            version=form.cleaned_data["version"] or 0,
            **_values(form),
        )
        messages.success(request, _("The changes have been saved."))
        return _back(customer_id)

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> PolicyForm:
        return PolicyForm(data, initial=dict(initial))

    editing = Edit(request, make, present, save)
    title = _("Change “%(name)s”") % {"name": policy.name}
    return editing.answer or _form_page(request, customer_id, editing, title=title, policy=policy)


def _values(form: PolicyForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("name", "description", "settings")}


def _form_page(request: PersonRequest, customer_id: uuid.UUID, editing: Edit, **more: object) -> HttpResponse:
    context = {**customer_page(request, customer_id, "devices"), **editing.context, **more}
    return render(request, "devices/policy.html", context, status=editing.status)


def _back(customer_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("devices:policies", args=[customer_id]))


def delete(request: PersonRequest, customer_id: uuid.UUID, policy_id: uuid.UUID) -> HttpResponse:
    """Look at it, then delete it; not while devices have it."""
    page_of_customer = customer_page(request, customer_id, "devices")
    policy = policy_of(request.actor, customer_id=customer_id, policy_id=policy_id)
    if request.method == "POST":
        try:
            delete_policy(request.actor, customer_id=customer_id, policy_id=policy_id)
        except Refusal as refusal:
            if refusal.status in {NotVisible.status, 403}:
                raise
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The policy “%(name)s” is deleted.") % {"name": policy.name})
        return _back(customer_id)
    return render(request, "devices/delete_policy.html", {**page_of_customer, "policy": policy})

"""One user of a customer: profile, role, licences, credentials; each act through the customer's grant."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from toiya.core.actor import Actor
from toiya.core.errors import Refusal
from toiya.core.permissions import DirectoryAction, Role
from toiya.directory.accounts import SignInInformation
from toiya.directory.models import Language, Person
from toiya.licences.assignment import Done, Outcome, change_licences
from toiya.licences.customer_users import (
    Returned,
    add_user,
    assign_directory_role,
    delete_user,
    disable_user,
    enable_user,
    may_change,
    rename_user,
    reset_user_password,
    restore_user,
    roles_to_give,
    update_user,
)
from toiya.licences.listing import holdings_of, user_of
from toiya.programme.countries import country_name
from toiya.relations.rights import must_administer
from toiya.relations.rights import roles_in as roles_lent
from toiya.web.customers.views import failed
from toiya.web.http import PersonRequest
from toiya.web.licences.forms import AddUserForm, LicencesForm, RenameForm, RoleForm, UserForm
from toiya.web.licences.place import Place, place_of

ACTS = (
    "user",
    "user_name",
    "user_role",
    "user_licences",
    "user_disable",
    "user_enable",
    "user_delete",
    "user_password",
)


def add(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """A new user; the answer shows the sign-in information once (N-24)."""
    place = place_of(request, customer_id, "users")
    must_administer(request.actor, customer_id, DirectoryAction.MANAGE_PEOPLE)
    posted = request.POST if request.method == "POST" else None
    form = AddUserForm(posted, tenant=place.tenant, roles=roles_to_give(request.actor, customer_id))
    status = 400 if form.is_bound else 200
    if form.is_valid():
        role = form.cleaned_data["role"]
        try:
            added = add_user(
                request.actor,
                tenant_id=customer_id,
                **{**form.cleaned_data, "role": Role(role) if role else None},
            )
        except Refusal as refusal:
            status = failed(form, refusal)
        else:
            return _sign_in_information(request, place, added, is_new=True)
    context = {**place.context, "form": form, "users_url": place.url("users")}
    return render(request, "licences/add.html", context, status=status)


def _sign_in_information(
    request: PersonRequest, place: Place, information: SignInInformation, *, is_new: bool
) -> HttpResponse:
    """The only page that ever shows this password: the answer to the POST that made it (S-054)."""
    person = information.person
    context = {
        **place.context,
        "facts": [
            (_("Name"), person.name),
            (_("User name"), person.user_name),
            (_("Sign in at"), f"{settings.ORIGIN}{reverse('account_login')}"),
        ],
        "password": information.password,
        "is_new": is_new,
        "user_url": place.url("user", person.pk),
        "users_url": place.url("users"),
        "add_url": place.url("add"),
    }
    response = render(request, "licences/sign_in_information.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def show(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """One user; POST changes name, address, language and country of use."""
    place = place_of(request, customer_id, "users")
    person = user_of(request.actor, tenant_id=customer_id, person_id=person_id)
    posted = request.POST if request.method == "POST" else None
    form = UserForm(posted, tenant=place.tenant, person=person)
    status = 400 if form.is_bound else 200
    if form.is_valid():
        try:
            update_user(request.actor, tenant_id=customer_id, person_id=person_id, wanted=form.cleaned_data)
        except Refusal as refusal:
            status = failed(form, refusal)
        else:
            messages.success(request, _("The changes have been saved."))
            return HttpResponseRedirect(request.path)
    return _page(request, place, person, status=status, form=form)


def _page(
    request: PersonRequest, place: Place, person: Person, *, status: int = 200, **forms: Form
) -> HttpResponse:
    actor = request.actor
    roles = roles_to_give(actor, person.tenant_id)
    context = {
        **place.context,
        "person": person,
        "roles": [role for role in Role if role in person.roles],
        "facts": [
            (_("Email address"), person.contact_email),
            (_("Language of mails and pages"), Language(person.language).label),
            (_("Country or region of use"), country_name(person.usage_country or place.tenant.country_id)),
        ],
        "may": may_change(person, roles_lent(actor, person.tenant_id)),
        "form": UserForm(tenant=place.tenant, person=person),
        "role_form": RoleForm(roles=roles, person=person) if roles else None,
        "former": [row.sku.name for row in person.former_licences.select_related("sku")],
        "urls": {act: place.url(act, person.pk) for act in ACTS} | {"users": place.url("users")},
        **licences_of(actor, person),
        **forms,
    }
    return render(request, "licences/user.html", context, status=status)


def licences_of(actor: Actor, person: Person) -> dict[str, Any]:
    """The user's licences, and the form that changes them; for the page of a user in either place."""
    selected = holdings_of(actor, tenant_id=person.tenant_id, person_ids=[person.pk])
    held = list(person.licences.all())
    return {
        "held": [
            {
                "product": licence.pool.sku.name,
                "since": licence.assigned_at,
                "plans": [
                    plan.name
                    for plan in licence.pool.sku.service_plans.all()
                    if plan.code not in licence.disabled_plans
                ],
            }
            for licence in held
        ],
        "licences_form": LicencesForm(selected=selected, held=held),
    }


def licences(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """Assign, revoke, switch service plans, for one user."""
    place = place_of(request, customer_id, "users")
    person = user_of(request.actor, tenant_id=customer_id, person_id=person_id)
    form = change_user_licences(request, person)
    if form is None:
        return HttpResponseRedirect(place.url("user", person_id))
    return _page(request, place, person, status=409, licences_form=form)


def change_user_licences(request: PersonRequest, person: Person) -> LicencesForm | None:
    """Carry out what the form says; None where all of it was done, otherwise the form with what was not."""
    selected = holdings_of(request.actor, tenant_id=person.tenant_id, person_ids=[person.pk])
    form = LicencesForm(request.POST, selected=selected, held=list(person.licences.all()))
    if not form.is_valid():
        return form
    outcomes = change_licences(
        request.actor, tenant_id=person.tenant_id, person_ids=[person.pk], choices=form.choices
    )
    _say(request, outcomes)
    problems = [outcome for outcome in outcomes if outcome.done is None]
    for outcome in problems:
        form.add_error(None, f"{outcome.product}: {outcome.problem}")
    return form if problems else None


def _say(request: PersonRequest, outcomes: list[Outcome]) -> None:
    done = [outcome for outcome in outcomes if outcome.done not in {None, Done.UNCHANGED}]
    for outcome in done:
        assert outcome.done is not None  # noqa: S101  (for the type checker)
        messages.success(request, f"{outcome.product}: {outcome.done.label}")
    if not done and all(outcome.done for outcome in outcomes):
        messages.success(request, _("Nothing had to be changed."))


def rename(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """Look at what another user name means, then give it; the user is told by mail."""
    place = place_of(request, customer_id, "users")
    person = user_of(request.actor, tenant_id=customer_id, person_id=person_id)
    must_administer(request.actor, customer_id, DirectoryAction.MANAGE_PEOPLE)
    posted = request.POST if request.method == "POST" else None
    form = RenameForm(posted, tenant=place.tenant, person=person)
    status = 400 if form.is_bound else 200
    if form.is_valid():
        try:
            renamed = rename_user(
                request.actor, tenant_id=customer_id, person_id=person_id, **form.cleaned_data
            )
        except Refusal as refusal:
            status = failed(form, refusal)
        else:
            if renamed.user_name == person.user_name:
                messages.success(request, _("Nothing had to be changed."))
            else:
                text = _("The user signs in as %(user_name)s from now on, and is told by mail.")
                messages.success(request, text % {"user_name": renamed.user_name})
            return HttpResponseRedirect(place.url("user", person_id))
    context = {
        **place.context,
        "person": person,
        "form": form,
        "user_url": place.url("user", person_id),
    }
    return render(request, "licences/rename.html", context, status=status)


def role(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """The user's administrator role; the customer's administrators are told by mail (T-14)."""
    place = place_of(request, customer_id, "users")
    person = user_of(request.actor, tenant_id=customer_id, person_id=person_id)
    form = RoleForm(request.POST, roles=roles_to_give(request.actor, customer_id), person=person)
    if not form.is_valid():
        return _page(request, place, person, status=400, role_form=form)
    try:
        assign_directory_role(request.actor, tenant_id=customer_id, person_id=person_id, role=form.chosen)
    except Refusal as refusal:
        return _page(request, place, person, status=failed(form, refusal), role_form=form)
    messages.success(
        request, _("The role has been changed. The customer’s global administrators are told by mail.")
    )
    return HttpResponseRedirect(place.url("user", person_id))


def disable(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """The user can no longer sign in, and their licences are free."""
    place = place_of(request, customer_id, "users")
    person = disable_user(request.actor, tenant_id=customer_id, person_id=person_id)
    say_disabled(request, person)
    return HttpResponseRedirect(place.url("user", person_id))


def say_disabled(request: PersonRequest, person: Person) -> None:
    """What the act did, and what can be taken back."""
    text = _(
        "“%(name)s” can no longer sign in. Their licenses are free for others and are offered back later."
    )
    messages.success(request, text % {"name": person.name})


def enable(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """The user may sign in again, with the licences of before if that was ticked."""
    place = place_of(request, customer_id, "users")
    returned = enable_user(
        request.actor, tenant_id=customer_id, person_id=person_id, give_back="give_back" in request.POST
    )
    say_returned(request, returned)
    return HttpResponseRedirect(place.url("user", person_id))


def say_returned(request: PersonRequest, returned: Returned) -> None:
    """Who is back, with which licences, and which ones had no free seat (N-24)."""
    between = pgettext("between names", ", ")
    messages.success(request, _("“%(name)s” is back.") % {"name": returned.person.name})
    if returned.given:
        messages.success(
            request, _("Licenses given back: %(names)s.") % {"names": between.join(returned.given)}
        )
    if returned.missing:
        text = _("No license was free of: %(names)s. Order more, then assign it again.")
        messages.warning(request, text % {"names": between.join(returned.missing)})


def delete(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """Look at what ends, then delete; for 30 days the user can be restored (N-24)."""
    place = place_of(request, customer_id, "users")
    person = user_of(request.actor, tenant_id=customer_id, person_id=person_id)
    must_administer(request.actor, customer_id, DirectoryAction.MANAGE_PEOPLE)
    if request.method == "POST":
        delete_user(request.actor, tenant_id=customer_id, person_id=person_id)
        say_deleted(request, person)
        return HttpResponseRedirect(place.url("users"))
    context = {
        **place.context,
        "person": person,
        "products": [licence.pool.sku.name for licence in person.licences.all()],
        "user_url": place.url("user", person_id),
    }
    return render(request, "licences/delete.html", context)


def say_deleted(request: PersonRequest, person: Person) -> None:
    """What the act did, and how long it can be taken back."""
    text = _("“%(name)s” has been deleted. For 30 days the user can be restored under “Deleted users”.")
    messages.success(request, text % {"name": person.name})


def restore(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """The user is back, with the licences of before as far as seats are free (N-24)."""
    place = place_of(request, customer_id, "users")
    returned = restore_user(request.actor, tenant_id=customer_id, person_id=person_id)
    say_returned(request, returned)
    return HttpResponseRedirect(place.url("user", person_id))


def new_password(request: PersonRequest, customer_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """A temporary password, shown once on the answer, within what the grant allows (T-13)."""
    place = place_of(request, customer_id, "users")
    information = reset_user_password(request.actor, tenant_id=customer_id, person_id=person_id)
    return _sign_in_information(request, place, information, is_new=False)

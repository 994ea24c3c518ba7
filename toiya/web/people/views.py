"""User management: the same pages in dashboard and organisation portal (S-046 to S-057)."""

import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.forms import BaseForm
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible, Refusal, RoleMissing
from toiya.core.pagination import page_by_key
from toiya.core.permissions import CATEGORY_OF, Capacity, Permission, Role
from toiya.directory.accounts import SignInInformation
from toiya.directory.factors import factors_of
from toiya.directory.models import Language, Person, Tenant
from toiya.directory.people import (
    add_person,
    assign_roles,
    must_be_able_to_add,
    reset_factors,
    reset_password,
    update_person,
)
from toiya.directory.roles import PersonAct, may_change, may_reassign, offered_categories
from toiya.directory.setup import let_agents_add_people
from toiya.licences.customer_users import delete_user, disable_user, enable_user, restore_user
from toiya.licences.deleted import deleted_users
from toiya.tokens.authorizations import acting_for
from toiya.web.http import PersonRequest
from toiya.web.licences.forms import LicencesForm
from toiya.web.licences.user import (
    change_user_licences,
    licences_of,
    say_deleted,
    say_disabled,
    say_returned,
)
from toiya.web.licences.users import deleted_rows
from toiya.web.paging import cursor_of, pager_of
from toiya.web.people.forms import AddPersonForm, PersonForm, RolesForm
from toiya.web.people.notes import role_notes
from toiya.web.people.site import DASHBOARD, ORGANIZATION, Site

PERSON_PAGES = (
    "person",
    "roles",
    "disable",
    "enable",
    "reset_password",
    "reset_factors",
    "delete",
    "restore",
)


def _addresses(site: Site) -> dict[str, object]:
    return {"site": site, "list_url": site.url("list"), "add_url": site.url("add")}


def _held(actor: Actor) -> frozenset[Capacity]:
    return actor.capacities | actor.suspended


def _in_order(person: Person) -> list[Role]:
    return [role for role in Role if role in person.roles]


def list_people(request: PersonRequest, site: Site) -> HttpResponse:
    """Everybody in the organisation, searched and filtered."""
    query, role, state = (request.GET.get(name, "") for name in ("q", "role", "state"))
    people = _found(Person.objects.visible_to(request.actor), query.strip(), role, state)
    page = page_by_key(
        people.prefetch_related("role_assignments"),
        fields=["name", "id"],
        cursor=request.GET.get("cursor", ""),
    )
    tenant = _tenant(request)
    chosen = {"q": query, "role": role, "state": state}
    offered = offered_categories(_held(request.actor))
    context = {
        **_addresses(site),
        **_tabs(request, site, "list"),
        "page": page,
        "rows": [
            {
                "person": person,
                "url": site.url("person", person.pk),
                "roles": _in_order(person),
                "is_own": person.pk == request.actor.person_id,
            }
            for person in page.rows
        ],
        "page_links": {
            "next_url": page.next_cursor and f"?{urlencode({**chosen, 'cursor': page.next_cursor})}",
            "previous_url": "" if page.is_first else f"?{urlencode(chosen)}",
        },
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "roles": [entry for entry in Role if CATEGORY_OF[entry] in offered],
        "tenant": tenant,
        "why_not_add": _why_not_add(request.actor, tenant),
        "may_switch": site is DASHBOARD and request.actor.may(Permission.ADMIN_ROLES_ASSIGN),
    }
    return render(request, "people/list.html", context)


def _why_not_add(actor: Actor, tenant: Tenant) -> str:
    try:
        must_be_able_to_add(actor, tenant)
    except Refusal as refusal:
        return str(refusal)
    return ""


def _found(people: QuerySet[Person], query: str, role: str, state: str) -> QuerySet[Person]:
    if query:
        named = [entry for entry in Role if query.casefold() in str(entry.label).casefold()]
        people = people.filter(
            Q(name__icontains=query)
            | Q(user_name__icontains=query)
            | Q(contact_email__icontains=query)
            | Q(pk__in=people.filter(role_assignments__role__in=named).values("pk"))
        )
    if role:
        people = people.filter(role_assignments__role=role)
    if state in {"active", "disabled"}:
        people = people.filter(disabled_at__isnull=state == "active")
    return people


def add(request: PersonRequest, site: Site) -> HttpResponse:
    """Add a user; the answer shows the sign-in information once (S-048 to S-054)."""
    must_be_able_to_add(request.actor, _tenant(request))
    form = AddPersonForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        typed = {name: form.cleaned_data[name] for name in ("name", "contact_email", "local_part", "domain")}
        try:
            added = add_person(
                request.actor, **typed, roles=form.roles, language=form.cleaned_data["language"]
            )
        except Refusal as refusal:
            _beside_its_field(form, refusal)
        else:
            return _sign_in_information(request, site, added, is_new=True)
    context = {**_addresses(site), "form": form, "notes": role_notes(_held(request.actor))}
    return render(request, "people/add.html", context)


def _beside_its_field(form: BaseForm, refusal: Refusal) -> None:
    """What can be put right stands in the form; a missing right is a page of its own (403)."""
    if refusal.status in {RoleMissing.status, NotVisible.status}:
        raise refusal
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def _tenant(request: PersonRequest) -> Tenant:
    return Tenant.objects.visible_to(request.actor).get(pk=request.actor.tenant_id)


def _sign_in_information(
    request: PersonRequest, site: Site, information: SignInInformation, *, is_new: bool
) -> HttpResponse:
    """The only page that ever shows this password: the answer to the POST that made it (S-054)."""
    person = Person.objects.visible_to(request.actor).get(pk=information.person.pk)
    facts = [
        (_("Name"), person.name),
        (_("User name"), person.user_name),
        (_("Roles"), ", ".join(str(role.label) for role in _in_order(person))),
        (_("Sign in at"), f"{settings.ORIGIN}{reverse('account_login')}"),
    ]
    context = {**_addresses(site), "facts": facts, "password": information.password, "is_new": is_new}
    response = render(request, "people/sign_in_information.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _visible(request: PersonRequest, person_id: object) -> Person:
    person: Person = get_object_or_404(Person.objects.visible_to(request.actor), pk=person_id)
    return person


def show(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """One person; POST changes name, address and language."""
    person = _visible(request, person_id)
    form = PersonForm.of(person, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            update_person(request.actor, person=person, **form.cleaned_data)
        except Refusal as refusal:
            _beside_its_field(form, refusal)
        else:
            messages.success(request, _("The changes have been saved."))
            return HttpResponseRedirect(site.url("person", person.pk))
    return _page(request, site, person, form=form)


def _page(
    request: PersonRequest,
    site: Site,
    person: Person,
    *,
    form: PersonForm | None = None,
    roles_form: RolesForm | None = None,
    licences_form: LicencesForm | None = None,
) -> HttpResponse:
    actor = request.actor
    is_own = person.pk == actor.person_id
    allowed = {act.value: may_change(actor.roles, person.roles, act) and not is_own for act in PersonAct}
    context = {
        **_addresses(site),
        "urls": {act: site.url(act, person.pk) for act in PERSON_PAGES},
        "person": person,
        "roles": _in_order(person),
        "facts": [
            (_("Email address"), person.contact_email),
            (_("Language of mails and pages"), Language(person.language).label),
        ],
        "locked_reason": _(
            "A global administrator or user management admin whose rights include this user’s can."
        ),
        "form": form or PersonForm.of(person),
        "roles_form": roles_form or RolesForm(actor=actor, held=person.roles),
        "is_own": is_own,
        "may": allowed,
        "may_update": is_own or allowed[PersonAct.UPDATE.value],
        "may_assign": may_reassign(actor.roles, person.roles, person.roles, own=is_own),
        "factors": len(factors_of(person)),
        "programs": [
            {"authorization": found, "url": reverse("applications:end", args=[found.pk])}
            for found in ([] if is_own else acting_for(actor, person))
        ],
        "former": [row.sku.name for row in person.former_licences.select_related("sku")],
        "notes": role_notes(_held(request.actor)),
        **_licences(request, site, person),
    }
    if licences_form:
        context["licences_form"] = licences_form
    status = 200 if licences_form is None else 409
    return render(request, "people/person.html", context, status=status)


def _licences(request: PersonRequest, site: Site, person: Person) -> dict[str, object]:
    """The person's licences stand in the organisation's own portal, for those who may see them."""
    if site is not ORGANIZATION or not request.actor.may(Permission.OWN_SUBSCRIPTIONS_VIEW):
        return {}
    return {
        **licences_of(request.actor, person),
        "shows_licences": True,
        "may_assign_licences": request.actor.may(Permission.OWN_LICENCES_MANAGE) and person.is_active,
        "licences_url": site.url("licences", person.pk),
        "more_url": reverse("organization:partners"),
    }


def roles(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """[更新]: the person holds these roles from the next request on (S-047, S-057)."""
    person = _visible(request, person_id)
    form = RolesForm(request.POST, actor=request.actor, held=person.roles)
    if form.is_valid():
        try:
            assign_roles(request.actor, person=person, roles=form.roles)
        except Refusal as refusal:
            _beside_its_field(form, refusal)
        else:
            messages.success(request, _("The roles have been updated. They count from the next click on."))
            return HttpResponseRedirect(site.url("person", person.pk))
    return _page(request, site, person, roles_form=form)


def disable(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """The person can no longer sign in, and their licences are free."""
    target = _visible(request, person_id)
    person = disable_user(request.actor, tenant_id=target.tenant_id, person_id=target.pk)
    say_disabled(request, person)
    return HttpResponseRedirect(site.url("person", person.pk))


def enable(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """The person may sign in again, with the licences of before if that was ticked."""
    target = _visible(request, person_id)
    returned = enable_user(
        request.actor,
        tenant_id=target.tenant_id,
        person_id=target.pk,
        give_back="give_back" in request.POST,
    )
    say_returned(request, returned)
    return HttpResponseRedirect(site.url("person", target.pk))


def delete(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """Look at what ends, then delete; for 30 days the person can be restored (N-24)."""
    person = _visible(request, person_id)
    if not may_change(request.actor.roles, person.roles, PersonAct.DELETE):
        raise NotVisible
    if request.method == "POST":
        delete_user(request.actor, tenant_id=person.tenant_id, person_id=person.pk)
        say_deleted(request, person)
        return HttpResponseRedirect(site.url("list"))
    licences = person.licences.select_related("pool__sku").order_by("pool__sku__name_en")
    context = {
        **_addresses(site),
        "person": person,
        "person_url": site.url("person", person.pk),
        "products": [licence.pool.sku.name for licence in licences],
    }
    return render(request, "people/delete.html", context)


def restore(request: PersonRequest, site: Site, person_id: uuid.UUID) -> HttpResponse:
    """The person is back, with the licences of before as far as seats are free (N-24)."""
    returned = restore_user(request.actor, tenant_id=request.actor.tenant_id, person_id=person_id)
    say_returned(request, returned)
    return HttpResponseRedirect(site.url("person", person_id))


def _tabs(request: PersonRequest, site: Site, current: str) -> dict[str, object]:
    """[ユーザー] and [削除したユーザー] with the number (N-24)."""
    gone = deleted_users(request.actor, tenant_id=request.actor.tenant_id).count()
    return {
        "tabs": [
            {"url": site.url("list"), "label": _("Users"), "current": current == "list"},
            {
                "url": site.url("deleted"),
                "label": _("Deleted users"),
                "count": gone,
                "current": current == "deleted",
            },
        ]
    }


def deleted(request: PersonRequest, site: Site) -> HttpResponse:
    """Who was deleted within the last 30 days, and can be brought back."""
    gone = deleted_users(request.actor, tenant_id=request.actor.tenant_id).prefetch_related(
        "role_assignments", "former_licences__sku"
    )
    page = page_by_key(gone, fields=["name", "id"], cursor=cursor_of(request))
    rows = deleted_rows(page.rows)
    for row in rows:
        person = row["person"]
        row["url"] = site.url("restore", person.pk)
        row["reachable"] = may_change(request.actor.roles, person.roles, PersonAct.RESTORE)
    context = {
        **_addresses(site),
        **_tabs(request, site, "deleted"),
        "rows": rows,
        "pager": pager_of(request, page),
    }
    return render(request, "people/deleted.html", context)


def licences(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """Assign, revoke, switch service plans, for one person of the own organisation."""
    person = _visible(request, person_id)
    form = change_user_licences(request, person)
    if form is None:
        return HttpResponseRedirect(site.url("person", person.pk))
    return _page(request, site, person, licences_form=form)


def new_password(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """A temporary password, shown once on the answer (N-05)."""
    information = reset_password(request.actor, person=_visible(request, person_id))
    return _sign_in_information(request, site, information, is_new=False)


def no_factors(request: PersonRequest, site: Site, person_id: object) -> HttpResponse:
    """The phone is lost: a new second factor at the next sign-in."""
    person = reset_factors(request.actor, person=_visible(request, person_id))
    messages.success(
        request, _("“%(name)s” sets up a new second factor at the next sign-in.") % {"name": person.name}
    )
    return HttpResponseRedirect(site.url("person", person.pk))


def agents_add_people(request: PersonRequest, site: Site) -> HttpResponse:
    """The organisation's switch (Q-07)."""
    let_agents_add_people(request.actor, allowed=request.POST.get("allowed") == "on")
    messages.success(request, _("The changes have been saved."))
    return HttpResponseRedirect(site.url("list"))


def profile(request: PersonRequest) -> HttpResponse:
    """My profile: what I may change myself, my roles, and who can give me more (N-01)."""
    person = _visible(request, request.actor.person_id)
    form = PersonForm.of(person, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            update_person(request.actor, person=person, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("The changes have been saved."))
            return HttpResponseRedirect(request.path)
    givers = Person.objects.visible_to(request.actor).active().with_role(Role.GLOBAL_ADMIN).order_by("name")
    is_partner = request.actor.may(Permission.HOME_VIEW)
    notes = role_notes(_held(request.actor))
    context = {
        "layout": DASHBOARD.layout if is_partner else ORGANIZATION.layout,
        "person": person,
        "facts": [(role.label, notes[role.value]) for role in _in_order(person)],
        "form": form,
        "givers": givers[:5],
    }
    return render(request, "people/profile.html", context)

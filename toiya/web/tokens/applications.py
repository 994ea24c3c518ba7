"""App registrations in the partner dashboard and in every organisation's own portal."""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.clock import real_now
from toiya.core.errors import NotVisible, Refusal, RoleMissing, SecondFactorStale
from toiya.core.permissions import Capacity, Permission, Role
from toiya.directory.models import Person
from toiya.directory.roles import PersonAct, may_change
from toiya.tokens.applications import (
    PLACES,
    add_secret,
    assign_application_roles,
    disable_application,
    enable_application,
    register_application,
    registered,
    remove_secret,
    unregister_application,
    update_application,
)
from toiya.tokens.authorizations import acting_for, authorizations_of, end_authorization
from toiya.tokens.models import Application, Authorization, Flow, Kind
from toiya.web.http import PersonRequest
from toiya.web.people.notes import role_notes
from toiya.web.tokens.forms import (
    FLOWS,
    KINDS,
    ApplicationForm,
    ApplicationRolesForm,
    RegisterForm,
    SecretForm,
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages stand: their layout, and the names of their routes."""

    layout: str
    home: str
    prefix: str

    def url(self, page: str, *args: object) -> str:
        """The address of one of the pages in this site."""
        return reverse(f"{self.prefix}{page}", args=args)


DASHBOARD = Site("sites/dashboard.html", "dashboard:home", "applications:")
ORGANIZATION = Site("sites/organization.html", "organization:home", "organization:applications_")


def _base(site: Site) -> dict[str, object]:
    return {"site": site, "list_url": site.url("list"), "is_dashboard": site is DASHBOARD}


def _visible(request: PersonRequest, application_id: uuid.UUID) -> Application:
    rows = Application.objects.visible_to(request.actor).select_related("account")
    return get_object_or_404(rows, pk=application_id)


def _in_order(roles: frozenset[Role]) -> list[Role]:
    return [role for role in Role if role in roles]


def _beside_its_field(form: BaseForm, refusal: Refusal) -> None:
    """What can be put right stands in the form; a missing right or second factor is a page of its own."""
    if refusal.status in {RoleMissing.status, NotVisible.status, SecondFactorStale.status}:
        raise refusal
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def listing(request: PersonRequest, site: Site) -> HttpResponse:
    """All programs of the organisation."""
    now = real_now()
    rows = []
    for application in registered(request.actor):
        secrets = list(application.secrets.all())
        rows.append(
            {
                "application": application,
                "url": site.url("application", application.pk),
                "roles": _in_order(application.roles),
                "ends": max((secret.expires_at for secret in secrets), default=None),
                "is_over": bool(secrets) and all(secret.expires_at <= now for secret in secrets),
                "used": max((secret.last_used_at for secret in secrets if secret.last_used_at), default=None),
            }
        )
    context = {**_base(site), "rows": rows, "register_url": site.url("register")}
    return render(request, "applications/list.html", context)


def register(request: PersonRequest, site: Site) -> HttpResponse:
    """A new program; its page then makes the first secret."""
    posted = request.POST if request.method == "POST" else None
    form = RegisterForm(posted, actor=request.actor, initial={"flows": [Flow.CLIENT_CREDENTIALS]})
    roles_form = ApplicationRolesForm(posted, actor=request.actor)
    if posted is not None and form.is_valid() and roles_form.is_valid():
        try:
            application = register_application(request.actor, **form.cleaned_data, roles=roles_form.roles)
        except Refusal as refusal:
            _beside_its_field(form, refusal)
        else:
            messages.success(request, _("The application has been registered."))
            return HttpResponseRedirect(site.url("application", application.pk))
    context = {**_base(site), "form": form, "roles_form": roles_form, "notes": role_notes(_held(request))}
    return render(request, "applications/register.html", context, status=400 if form.errors else 200)


def _held(request: PersonRequest) -> frozenset[Capacity]:
    return request.actor.capacities | request.actor.suspended


def show(request: PersonRequest, site: Site, application_id: uuid.UUID) -> HttpResponse:
    """One program; POST changes its name, its ways to tokens, and its redirect addresses."""
    application = _visible(request, application_id)
    form = _details(request, application)
    if request.method == "POST" and form.is_valid():
        try:
            update_application(request.actor, application=application, **form.cleaned_data)
        except Refusal as refusal:
            _beside_its_field(form, refusal)
        else:
            messages.success(request, _("The changes have been saved."))
            return HttpResponseRedirect(site.url("application", application.pk))
    return _page(request, site, application, form=form)


def _details(request: PersonRequest, application: Application) -> ApplicationForm:
    return ApplicationForm(
        request.POST if request.method == "POST" else None,
        actor=request.actor,
        initial={
            "name": application.name,
            "flows": application.flows,
            "redirect_uris": "\n".join(application.redirect_uris),
        },
    )


def _page(
    request: PersonRequest,
    site: Site,
    application: Application,
    *,
    form: ApplicationForm | None = None,
    roles_form: ApplicationRolesForm | None = None,
    secret_form: SecretForm | None = None,
) -> HttpResponse:
    creator = Person.objects.visible_to(request.actor).filter(pk=application.created_by_id).first()
    secrets = list(application.secrets.order_by("created_at"))
    flows = dict(FLOWS)
    context = {
        **_base(site),
        "application": application,
        "facts": [
            (_("Client ID"), str(application.pk)),
            (_("Tenant ID"), str(application.tenant_id)),
            (
                _("Where applications get tokens"),
                f"{settings.ORIGIN}/{application.tenant_id}/oauth2/v2.0/token",
            ),
            (_("Kind"), dict(KINDS)[Kind(application.kind)]),
            (_("Registered by"), creator.name if creator else ""),
        ],
        "flow_labels": [flows[flow] for flow in application.flows],
        "form": form
        or ApplicationForm(
            actor=request.actor,
            initial={
                "name": application.name,
                "flows": application.flows,
                "redirect_uris": "\n".join(application.redirect_uris),
            },
        ),
        "roles_form": roles_form or ApplicationRolesForm.of(request.actor, application),
        "secret_form": secret_form or SecretForm(),
        "secrets": [
            {
                "secret": secret,
                "is_over": secret.expires_at <= real_now(),
                "remove_url": site.url("remove_secret", application.pk, secret.pk),
            }
            for secret in secrets
        ],
        "is_full": len(secrets) == len(PLACES),
        "people": [
            {"authorization": found, "url": reverse("applications:end", args=[found.pk])}
            for found in authorizations_of(request.actor, application)
        ],
        "urls": {
            page: site.url(page, application.pk)
            for page in ("application", "roles", "add_secret", "disable", "enable", "unregister")
        },
        "notes": role_notes(_held(request)),
    }
    refused = any(one is not None and one.errors for one in (form, roles_form, secret_form))
    return render(request, "applications/application.html", context, status=400 if refused else 200)


def roles(request: PersonRequest, site: Site, application_id: uuid.UUID) -> HttpResponse:
    """The roles with which the program acts by itself."""
    application = _visible(request, application_id)
    form = ApplicationRolesForm(request.POST, actor=request.actor, held=application.roles)
    if form.is_valid():
        try:
            assign_application_roles(request.actor, application=application, roles=form.roles)
        except Refusal as refusal:
            _beside_its_field(form, refusal)
        else:
            messages.success(
                request, _("The roles have been updated. They count from the application’s next call on.")
            )
            return HttpResponseRedirect(site.url("application", application.pk))
    return _page(request, site, application, roles_form=form)


def new_secret(request: PersonRequest, site: Site, application_id: uuid.UUID) -> HttpResponse:
    """A secret, shown on the answer and never again."""
    application = _visible(request, application_id)
    form = SecretForm(request.POST)
    if not form.is_valid():
        return _page(request, site, application, secret_form=form)
    try:
        issued = add_secret(request.actor, application=application, life=form.life)
    except Refusal as refusal:
        _beside_its_field(form, refusal)
        return _page(request, site, application, secret_form=form)
    context = {
        **_base(site),
        "application": application,
        "application_url": site.url("application", application.pk),
        "facts": [
            (_("Tenant ID"), str(application.tenant_id)),
            (_("Client ID"), str(application.pk)),
        ],
        "secret_text": issued.text,
        "expires_at": issued.secret.expires_at,
    }
    return render(request, "applications/secret.html", context)


def old_secret(
    request: PersonRequest, site: Site, application_id: uuid.UUID, secret_id: uuid.UUID
) -> HttpResponse:
    """Look at what ends, then remove."""
    application = _visible(request, application_id)
    secret = application.secrets.filter(pk=secret_id).first()
    if secret is None:
        raise NotVisible
    if request.method == "POST":
        remove_secret(request.actor, application=application, secret_id=secret_id)
        messages.success(
            request, _("The secret has been removed, and with it every token that was got by it.")
        )
        return HttpResponseRedirect(site.url("application", application.pk))
    context = {
        **_base(site),
        "application": application,
        "application_url": site.url("application", application.pk),
        "secret": secret,
    }
    return render(request, "applications/remove_secret.html", context)


def disable(request: PersonRequest, site: Site, application_id: uuid.UUID) -> HttpResponse:
    """The program is stopped."""
    application = disable_application(request.actor, application=_visible(request, application_id))
    messages.success(
        request, _("“%(name)s” is stopped. None of its tokens works any more.") % {"name": application.name}
    )
    return HttpResponseRedirect(site.url("application", application.pk))


def enable(request: PersonRequest, site: Site, application_id: uuid.UUID) -> HttpResponse:
    """The program may ask for tokens again."""
    application = enable_application(request.actor, application=_visible(request, application_id))
    messages.success(request, _("“%(name)s” may ask for tokens again.") % {"name": application.name})
    return HttpResponseRedirect(site.url("application", application.pk))


def unregister(request: PersonRequest, site: Site, application_id: uuid.UUID) -> HttpResponse:
    """Look at what ends, then remove for good."""
    application = _visible(request, application_id)
    if request.method == "POST":
        unregister_application(request.actor, application=application)
        messages.success(request, _("“%(name)s” has been removed.") % {"name": application.name})
        return HttpResponseRedirect(site.url("list"))
    context = {
        **_base(site),
        "application": application,
        "application_url": site.url("application", application.pk),
        "people": len(authorizations_of(request.actor, application)),
    }
    return render(request, "applications/unregister.html", context)


def mine(request: PersonRequest) -> HttpResponse:
    """The programs that act for me."""
    person = Person.objects.visible_to(request.actor).get(pk=request.actor.person_id)
    is_partner = request.actor.may(Permission.HOME_VIEW)
    context = {
        "layout": (DASHBOARD if is_partner else ORGANIZATION).layout,
        "rows": [
            {"authorization": found, "url": reverse("applications:end", args=[found.pk])}
            for found in acting_for(request.actor, person)
        ],
    }
    return render(request, "applications/mine.html", context)


def end(request: PersonRequest, authorization_id: uuid.UUID) -> HttpResponse:
    """The program no longer acts for the person; back to where the button stood."""
    ended: Authorization = end_authorization(request.actor, authorization_id=authorization_id)
    messages.success(
        request,
        _("“%(application)s” no longer acts for %(name)s.")
        % {"application": ended.application.name, "name": ended.person.name},
    )
    is_own = ended.person_id == request.actor.person_id
    if request.POST.get("from") == "application" and request.actor.may(Permission.APPLICATIONS_MANAGE):
        site = DASHBOARD if request.actor.may(Permission.HOME_VIEW) else ORGANIZATION
        return HttpResponseRedirect(site.url("application", ended.application_id))
    if is_own or not may_change(request.actor.roles, ended.person.roles, PersonAct.UPDATE):
        return HttpResponseRedirect(reverse("applications:mine"))
    name = "people:person" if request.actor.may(Permission.HOME_VIEW) else "organization:person"
    return HttpResponseRedirect(reverse(name, args=[ended.person_id]))

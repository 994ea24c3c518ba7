"""The customer's side of an invitation: who asks for what, consent, refusal, and a work account where none
is.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from toiya.core.actor import FRESH_SECOND_FACTOR, Actor
from toiya.core.clock import real_now
from toiya.core.errors import Refusal, TooManyAttempts
from toiya.core.permissions import Permission, Role
from toiya.core.reader import reader_name
from toiya.customers.accounts import create_invited_tenant
from toiya.customers.answers import (
    OpenedLink,
    accept_invitation,
    decline_invitation,
    examine,
    held_elsewhere,
    open_link,
)
from toiya.customers.drafts import link_of
from toiya.customers.errors import AdministeredElsewhere, InvitationClosed, InvitationExpired
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person, Tenant
from toiya.directory.tenants import FirstAdministrator
from toiya.programme.countries import country_name, open_countries
from toiya.relations.grants import powers_of
from toiya.relations.models import AdministrationGrant
from toiya.web.customers.forms import ConsentForm, DeclineForm, WorkAccountForm
from toiya.web.http import PersonRequest, PublicRequest


def invitation(request: PublicRequest, token: str) -> HttpResponse:
    """The link. Reading changes nothing (T-29); consent names each party, each relationship and each role."""
    opened = open_link(token)
    actor = request.actor
    if opened.obstacle is not None:
        return _closed(request, opened)
    if actor is None:
        return render(request, "customers/invitation.html", _asked(opened.invitation, token))
    asked, standing = opened.invitation, _standing(actor, opened.invitation)
    elsewhere = {} if standing["problem"] else held_elsewhere(actor, asked)
    form = ConsentForm(
        request.POST if request.method == "POST" else None,
        invitation=asked,
        agreement=_agreement(asked, actor, elsewhere),
    )
    status, refused = 200, ""
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                accept_invitation(
                    actor, token=token, consent=form.consent(), agreed=form.cleaned_data["agree"]
                )
            except InvitationClosed:
                return _closed(request, open_link(token))
            except AdministeredElsewhere as refusal:
                # The page says something else from now on, so that the tick has to be set anew.
                status, refused, elsewhere = refusal.status, str(refusal), held_elsewhere(actor, asked)
                form = ConsentForm(invitation=asked, agreement=_agreement(asked, actor, elsewhere))
            except Refusal as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, _accepted(asked))
                return HttpResponseRedirect(_partners_page())
    context = {**_asked(asked, token), **standing, "form": form, "refused": refused}
    context["rows"] = _with_fields(context["rows"], form, elsewhere)
    context["holders"] = _holders(elsewhere)
    context["partners_url"] = _partners_page()
    context["decline_form"] = DeclineForm()
    return render(request, "customers/consent.html", context, status=status)


def carry_on(request: PersonRequest, token: str) -> HttpResponse:
    """Reached only when signed in with a second factor; whatever was missing has been asked for on the way
    here.
    """
    return redirect("customers:invitation", token)


def _closed(request: PublicRequest, opened: OpenedLink) -> HttpResponse:
    """The reason, and whom to ask; nothing about who answered (C-01)."""
    obstacle = opened.obstacle or InvitationClosed()
    mine = request.actor is not None and request.actor.tenant_id == opened.invitation.answered_by_tenant_id
    context = {
        "invitation": opened.invitation,
        "message": str(obstacle),
        "is_expired": isinstance(obstacle, InvitationExpired),
        "inviter": opened.invitation.tenant,
        "partners_url": _partners_page() if mine else "",
    }
    return render(request, "customers/invitation_closed.html", context, status=obstacle.status)


def _asked(opened: RelationshipInvitation, token: str) -> dict[str, Any]:
    until = opened.tenant.family.clock.now() + dt.timedelta(days=opened.grant_days)
    return {
        "invitation": opened,
        "token": token,
        "rows": [
            {
                "party": party,
                "capacity": opened.capacity_of(party).label,
                "is_provider": party.pk == opened.provider_id,
                "country": country_name(party.country_id),
                "roles": powers_of(opened.roles_for(party)),
                "until": until,
            }
            for party in opened.parties
        ],
        "next": urlencode({"next": reverse("customers:invitation", args=[token])}),
    }


def _standing(actor: Actor, opened: RelationshipInvitation) -> dict[str, Any]:
    """Whether this person may consent for this organisation now; if not, why, and who can."""
    problem, helpers = "", []
    if not actor.may(Permission.RELATIONSHIPS_ACCEPT):
        problem = _("Only a global administrator of your organization can answer this invitation.")
        people = Person.objects.visible_to(actor).active().with_role(Role.GLOBAL_ADMIN).order_by("name")
        helpers = [f"{person.name} ({person.user_name})" for person in people[:5]]
    else:
        try:
            examine(actor, opened)
        except Refusal as refusal:
            problem = str(refusal)
    fresh = actor.second_factor_at is not None and real_now() - actor.second_factor_at <= FRESH_SECOND_FACTOR
    return {"problem": problem, "helpers": helpers, "must_confirm": not fresh}


def _with_fields(
    rows: list[dict[str, Any]], form: ConsentForm, elsewhere: Mapping[uuid.UUID, list[AdministrationGrant]]
) -> list[dict[str, Any]]:
    """Each party with its field; without one where another channel administers (N-18). What is posted nevertheless is
    refused by the use case.
    """
    shown = []
    for row in rows:
        name, is_barred = form.field_of(row["party"]), row["party"].pk in elsewhere
        offered = name in form.fields and not is_barred
        shown.append({**row, "field": form[name] if offered else None, "is_barred": is_barred})
    return shown


def _holders(elsewhere: Mapping[uuid.UUID, list[AdministrationGrant]]) -> list[dict[str, Any]]:
    """Who administers the organisation from another channel, each once, and until when."""
    until: dict[Tenant, dt.datetime] = {}
    for grant in itertools.chain.from_iterable(elsewhere.values()):
        until[grant.grantee] = max(grant.expires_at, until.get(grant.grantee, grant.expires_at))
    return [{"tenant": tenant, "until": expires_at} for tenant, expires_at in until.items()]


def _names(opened: RelationshipInvitation) -> list[str]:
    return [reader_name(party) for party in opened.parties]


def _agreement(
    opened: RelationshipInvitation, actor: Actor, elsewhere: Mapping[uuid.UUID, list[AdministrationGrant]]
) -> str:
    names = _names(opened)
    if elsewhere and not any(
        opened.roles_for(party) for party in opened.parties if party.pk not in elsewhere
    ):
        return _without_access(opened, actor, names)
    if opened.is_combined:
        return _(
            "On behalf of %(customer)s I authorize %(reseller)s and %(provider)s as our resellers of "
            "record, and allow "
            "the administrator access ticked above."
        ) % {"customer": actor.organization, "reseller": names[0], "provider": names[1]}
    return _(
        "On behalf of %(customer)s I authorize %(partner)s as our reseller of record, and allow the "
        "administrator "
        "access ticked above."
    ) % {"customer": actor.organization, "partner": names[0]}


def _without_access(opened: RelationshipInvitation, actor: Actor, names: list[str]) -> str:
    if opened.is_combined:
        return _(
            "On behalf of %(customer)s I authorize %(reseller)s and %(provider)s as our resellers of record, "
            "without administrator access."
        ) % {"customer": actor.organization, "reseller": names[0], "provider": names[1]}
    return _(
        "On behalf of %(customer)s I authorize %(partner)s as our reseller of record, without administrator access."
    ) % {"customer": actor.organization, "partner": names[0]}


def _accepted(opened: RelationshipInvitation) -> str:
    names = _names(opened)
    if opened.is_combined:
        return _("You authorized %(reseller)s and %(provider)s.") % {
            "reseller": names[0],
            "provider": names[1],
        }
    return _("You authorized %(partner)s.") % {"partner": names[0]}


def _partners_page() -> str:
    try:
        return reverse("organization:partners")
    except NoReverseMatch:
        return "/"


def decline(request: PersonRequest, token: str) -> HttpResponse:
    """No, with a reason; or no to both and a look at the reseller alone (Q-18)."""
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return redirect("customers:invitation", token)
    reason, reseller_only = form.cleaned_data["reason"], request.POST.get("act") == "reseller_only"
    try:
        single = decline_invitation(request.actor, token=token, reason=reason, reseller_only=reseller_only)
    except InvitationClosed:
        return _closed(request, open_link(token))  # type: ignore[arg-type]
    if single is not None:
        messages.info(
            request, _("You declined the joint request. This is the request of the reseller alone.")
        )
        return HttpResponseRedirect(link_of(single))
    messages.success(request, _("You declined the invitation. The sender is told."))
    return HttpResponseRedirect(_partners_page())


def work_account(request: PublicRequest, token: str) -> HttpResponse:
    """A customer without a work account makes one here, then signs in with it and returns to the invitation
    (S-026).
    """
    opened = open_link(token)
    if opened.obstacle is not None:
        return _closed(request, opened)
    asked = opened.invitation
    form = WorkAccountForm(
        request.POST if request.method == "POST" else None,
        countries=open_countries(),
        initial={
            "name": asked.customer_name,
            "domain": asked.named_domain,
            "country": asked.tenant.country_id,
        },
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                _create(token, form)
            except TooManyAttempts:
                raise
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
                status = refusal.status
            else:
                messages.success(
                    request, _("The work account exists. Sign in with it to answer the invitation.")
                )
                target = urlencode({"next": reverse("customers:invitation_continue", args=[token])})
                return HttpResponseRedirect(f"{reverse('account_login')}?{target}")
    context = {"form": form, "token": token, "invitation": asked, "names": _names(asked)}
    return render(request, "customers/work_account.html", context, status=status)


def _create(token: str, form: WorkAccountForm) -> None:
    data = form.cleaned_data
    create_invited_tenant(
        token=token,
        name=data["name"],
        reading=data["reading"],
        latin_name=data["latin_name"],
        domain=data["domain"],
        country=data["country"],
        language="ja" if (get_language() or "").startswith("ja") else "en",
        administrator=FirstAdministrator(
            user_name=f"{data['user_name']}@{data['domain']}",
            name=data["administrator"],
            contact_email=data["contact_email"],
            password=data["password"],
        ),
    )

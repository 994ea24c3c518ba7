"""Asking customers: the request, its draft, and the list of what was asked."""

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import DIRECTORY_ROLE_POWERS, Capacity, Permission
from toiya.customers.drafts import link_of, mailto_url, subject_of, with_link
from toiya.customers.invitations import find_invitations, history_of, invitation_of, may_change
from toiya.customers.models import RelationshipInvitation
from toiya.customers.relationship_requests import invite_for_both, request_relationship, revoke
from toiya.customers.relationships import relationship_with
from toiya.customers.sending import resend, save_draft, send_invitation
from toiya.customers.standing_links import own_standing_links, replace_standing_links
from toiya.programme.words import current_programme
from toiya.relations.models import Channel, Partnership
from toiya.web.customers.forms import (
    CombinedRequestForm,
    DraftForm,
    InvitationSearchForm,
    SingleRequestForm,
)
from toiya.web.customers.views import customer_tabs, failed
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

TONES = {
    "open": "waiting",
    "created": "neutral",
    "sent": "info",
    "reminded": "info",
    "accepted": "success",
    "declined": "danger",
    "revoked": "neutral",
    "expired": "warning",
}


def request_single(request: PersonRequest) -> HttpResponse:
    """Customers, then [Request a reseller relationship] (S-084)."""
    bound = request.GET.get("customer", "")
    customer = relationship_with(request.actor, _uuid(bound)).customer if bound else None
    form = SingleRequestForm(
        request.POST if request.method == "POST" else None,
        initial={**_initial(request.actor), "customer_name": customer.name if customer else ""},
        capacities=request.actor.capacities,
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            capacity = form.asked_as()
            wish = form.wish({capacity: form.chosen("roles")})
            try:
                made = request_relationship(request.actor, capacity=capacity, wish=wish, customer=customer)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                return redirect("customers:draft", made.pk)
    context = {"form": form, "customer": customer, "powers": DIRECTORY_ROLE_POWERS}
    return render(request, "customers/request.html", context, status=status)


def invite_with_provider(request: PersonRequest, provider_id: uuid.UUID) -> HttpResponse:
    """Indirect providers, then [Invite new customers] on the provider's row (S-074, S-098)."""
    return _for_both(request, provider_id=provider_id, reseller_id=request.actor.tenant_id)


def invite_with_reseller(request: PersonRequest, reseller_id: uuid.UUID) -> HttpResponse:
    """The provider starts from the reseller's row."""
    return _for_both(
        request, provider_id=request.actor.tenant_id, reseller_id=reseller_id, channel=Channel.PROVIDER
    )


def _for_both(
    request: PersonRequest, *, provider_id: uuid.UUID, reseller_id: uuid.UUID, channel: Channel | None = None
) -> HttpResponse:
    live = Partnership.objects.visible_to(request.actor).live().select_related("provider", "reseller")
    partnership = live.filter(provider_id=provider_id, reseller_id=reseller_id).first()
    if partnership is None:
        raise NotVisible
    initial = _initial(request.actor) | ({"channel": channel.value} if channel else {})
    form = CombinedRequestForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            roles = {
                Capacity.RESELLER: form.chosen("roles_reseller"),
                Capacity.PROVIDER: form.chosen("roles_provider"),
            }
            try:
                made = invite_for_both(request.actor, partnership=partnership, wish=form.wish(roles))
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                return redirect("customers:draft", made.pk)
    context = {
        "form": form,
        "partnership": partnership,
        "powers": DIRECTORY_ROLE_POWERS,
        "as_provider": request.actor.tenant_id == partnership.provider_id,
    }
    return render(request, "customers/invite_both.html", context, status=status)


def _initial(actor: Actor) -> dict[str, object]:
    programme = current_programme()
    limits = (
        {"grant_days": programme.grant_days, "valid_days": programme.invitation_days} if programme else {}
    )
    return {"language": actor.language, **limits}


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotVisible from error


# ---------------------------------------------------------------- what was asked
def listing(request: PersonRequest) -> HttpResponse:
    """The invitations, the newest first, each with its state (C-01)."""
    actor = request.actor
    form, rows = _found(request)
    page = page_by_key(rows, fields=("created_at", "id"), cursor=cursor_of(request), descending=True)
    kept = {key: request.GET[key] for key in ("q", "state") if request.GET.get(key)}
    context = {
        "form": form,
        "filters": urlencode(kept),
        "rows": [
            {"invitation": row, **_state(actor, row), "may_change": may_change(actor, row)}
            for row in page.rows
        ],
        "pager": pager_of(request, page),
        "tabs": customer_tabs("customers:invitations"),
        "may_request": actor.may(Permission.RELATIONSHIPS_REQUEST),
        "standing_links": [
            (capacity.value, capacity.label, url) for capacity, url in own_standing_links(actor).items()
        ],
        "may_replace": actor.may(Permission.RELATIONSHIPS_INVITE_BOTH),
    }
    return render(request, "customers/invitations.html", context)


def _found(request: PersonRequest) -> tuple[InvitationSearchForm, QuerySet[RelationshipInvitation]]:
    form = InvitationSearchForm(request.GET or None)
    valid = form.cleaned_data if form.is_valid() else {}
    rows = find_invitations(request.actor, search=valid.get("q", ""), state=valid.get("state", ""))
    return form, rows


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as a file, with the filters of the page (C-20)."""
    if form not in FORMATS:
        raise NotVisible
    rows = _found(request)[1].order_by("-created_at", "-id")
    header = [
        _("Invitation ID"),
        _("Customer"),
        _("Email address"),
        _("Domain"),
        _("State"),
        _("For"),
        _("Created"),
        _("Created by"),
        _("Expires"),
        _("Answered at"),
        _("Reason for declining"),
    ]
    lines: Iterable[list[Cell]] = (
        [
            str(row.pk),
            row.named_customer.name if row.named_customer else row.customer_name,
            row.email,
            row.named_domain,
            _state(request.actor, row)["label"],
            ", ".join(party.name for party in row.parties),
            row.created_at,
            row.inviter.name,
            None if row.is_standing else row.expires_at,
            row.answered_at,
            row.decline_reason,
        ]
        for row in rows
    )
    return list_file(form, "invitations", header, lines)


def replace_links(request: PersonRequest) -> HttpResponse:
    """The links for all customers are known to somebody who should not have them: there are new ones from now on."""
    replace_standing_links(request.actor)
    messages.success(request, _("Your organization has new standing links. The earlier ones work no longer."))
    return redirect("customers:invitations")


def _state(actor: Actor, invitation: RelationshipInvitation) -> dict[str, str]:
    state = "expired" if invitation.is_expired(actor.now) else str(invitation.state)
    return {"state": state, "label": _label(state), "tone": TONES[state]}


def _label(kind: str) -> str:
    return {
        "open": _("Open"),
        "created": _("Invitation created"),
        "sent": _("Mailed by the system"),
        "reminded": _("Reminder mailed by the system"),
        "accepted": _("Accepted"),
        "declined": _("Declined"),
        "revoked": _("Revoked"),
        "expired": _("Expired"),
    }[kind]


def draft(request: PersonRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The draft with its link: open it in the mail program, copy it, edit it, or let the system send it
    (S-085).
    """
    invitation = invitation_of(request.actor, invitation_id)
    initial = {"message": with_link(invitation), "email": invitation.email}
    form = DraftForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                _act(request, invitation, form)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                return redirect("customers:draft", invitation.pk)
    return render(request, "customers/draft.html", _draft_context(request, invitation, form), status=status)


def _act(request: PersonRequest, invitation: RelationshipInvitation, form: DraftForm) -> None:
    text, email = form.cleaned_data["message"], form.cleaned_data["email"]
    if request.POST.get("act") == "send":
        send_invitation(request.actor, invitation=invitation, text=text, email=email)
        messages.success(request, _("The system mails the invitation to %(email)s.") % {"email": email})
    else:
        save_draft(request.actor, invitation=invitation, text=text)
        messages.success(request, _("The text is saved."))


def _draft_context(
    request: PersonRequest, invitation: RelationshipInvitation, form: DraftForm
) -> dict[str, Any]:
    return {
        "invitation": invitation,
        "form": form,
        "subject": subject_of(invitation),
        "text": with_link(invitation),
        "link": link_of(invitation),
        "mailto_url": mailto_url(invitation),
        "may_change": may_change(request.actor, invitation),
        "has_typed": form.is_bound,
        "asked": [
            {"party": party, "capacity": invitation.capacity_of(party), "roles": invitation.roles_for(party)}
            for party in invitation.parties
        ],
        "history": [
            {"when": step.at, "title": _label(step.kind), "tone": TONES[step.kind], "text": step.detail}
            for step in history_of(request.actor, invitation)
        ],
        **_state(request.actor, invitation),
    }


def send_again(request: PersonRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The same mail once more."""
    invitation = invitation_of(request.actor, invitation_id)
    sending = resend(request.actor, invitation=invitation)
    messages.success(request, _("The system mails the invitation to %(email)s.") % {"email": sending.to})
    return redirect("customers:draft", invitation.pk)


def take_back(request: PersonRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The link stops working."""
    invitation = invitation_of(request.actor, invitation_id)
    revoke(request.actor, invitation=invitation)
    messages.success(request, _("The invitation is revoked. Its link no longer works."))
    return redirect("customers:draft", invitation.pk)

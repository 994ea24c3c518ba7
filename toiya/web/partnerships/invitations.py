"""The provider asks a reseller for a partnership: draft, sending, resending, revoking."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from toiya.core.errors import NotVisible, Refusal
from toiya.core.links import Purpose, link_url
from toiya.core.permissions import DirectoryRole, Permission
from toiya.partnerships.drafts import draft_of
from toiya.partnerships.invitations import (
    invite_reseller,
    resend_invitation,
    revoke_invitation,
    send_invitation,
)
from toiya.partnerships.models import PartnerInvitation
from toiya.partnerships.standing import Standing, standing_of
from toiya.programme.words import current_programme
from toiya.relations.grants import LEAST_PRIVILEGE
from toiya.web.http import PersonRequest
from toiya.web.partnerships.forms import ROLE_POWERS, InvitationForm, SendingForm
from toiya.web.partnerships.presenting import TONES, timeline_of

AT_A_FIELD = {"already_invited", "link_missing", "address_missing"}


def invitation_of(request: PersonRequest, invitation_id: uuid.UUID) -> PartnerInvitation:
    """An invitation that the actor's organisation issued; to everybody else there is none (404)."""
    found = PartnerInvitation.objects.visible_to(request.actor).select_related("tenant", "inviter")
    invitation = found.filter(pk=invitation_id).first()
    if invitation is None:
        raise NotVisible
    return invitation


def request_partnership(request: PersonRequest) -> HttpResponse:
    """[パートナーシップを要求する]: what to ask for, then the draft (S-062)."""
    programme = current_programme()
    assert programme is not None  # noqa: S101 (set-up wrote it)
    start = {
        "language": request.actor.language,
        "roles": [role.value for role in LEAST_PRIVILEGE],
        "grant_days": programme.grant_days,
    }
    form = InvitationForm(
        request.POST if request.method == "POST" else None, initial=start, programme=programme
    )
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        asked["roles"] = [DirectoryRole(role) for role in asked["roles"]]
        try:
            invitation = invite_reseller(request.actor, **asked)
        except Refusal as refusal:
            if refusal.code not in AT_A_FIELD:
                raise
            form.add_error(refusal.field, str(refusal))
        else:
            return redirect("partnerships:draft", invitation_id=invitation.pk)
    status = 400 if form.errors else 200
    context = {"form": form, "powers": ROLE_POWERS, "programme_days": programme.invitation_days}
    return render(request, "partnerships/request.html", context, status=status)


def draft(request: PersonRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The draft to send oneself (S-075, N-10), or to let the system send and track (Q-05)."""
    invitation = invitation_of(request, invitation_id)
    message = draft_of(invitation)
    start = {"email": invitation.email, "text": message.text}
    form = SendingForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            send_invitation(request.actor, invitation=invitation, **form.cleaned_data)
        except Refusal as refusal:
            if refusal.code not in AT_A_FIELD:
                raise
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(
                request, _("The invitation is being sent to %(to)s.") % {"to": form.cleaned_data["email"]}
            )
            return redirect("partnerships:resellers")
    standing = standing_of(invitation.state, invitation.expires_at, request.actor.now)
    context = {
        "invitation": invitation,
        "standing": standing,
        "tone": TONES[standing],
        "is_open": standing is Standing.OPEN,
        "may_invite": request.actor.may(Permission.PARTNERSHIPS_INVITE),
        "draft": message,
        "mailto": message.mailto(invitation.email),
        "link": link_url(Purpose.PARTNER_INVITATION, invitation.pk, invitation.version),
        "timeline": timeline_of(invitation, request.actor),
        "form": form,
        "wants_sending": form.is_bound,
    }
    return render(request, "partnerships/draft.html", context, status=400 if form.errors else 200)


@require_POST
def resend(request: PersonRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The same mail again."""
    invitation = invitation_of(request, invitation_id)
    resend_invitation(request.actor, invitation=invitation)
    messages.success(request, _("The invitation is being sent to %(to)s.") % {"to": invitation.email})
    return redirect("partnerships:resellers")


@require_POST
def revoke(request: PersonRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The link stops working."""
    revoke_invitation(request.actor, invitation=invitation_of(request, invitation_id))
    messages.success(request, _("The invitation is revoked. Its link no longer works."))
    return redirect("partnerships:resellers")

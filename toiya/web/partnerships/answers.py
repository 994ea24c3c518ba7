"""The page behind the link of an invitation: a reseller authorises the provider, or declines."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from toiya.core.actor import Actor
from toiya.core.errors import InvalidLink
from toiya.core.permissions import DIRECTORY_ROLE_POWERS, Capacity, DirectoryRole, Permission, Role
from toiya.core.reader import reader_name
from toiya.partnerships.acceptance import accept_invitation, decline_invitation
from toiya.partnerships.errors import RolesNotOffered
from toiya.partnerships.models import PartnerInvitation
from toiya.partnerships.standing import Standing, by_link
from toiya.relations.grants import powers_of
from toiya.relations.rights import are_partners
from toiya.web.http import PersonRequest, PublicRequest
from toiya.web.partnerships.forms import AnswerForm, ReasonForm
from toiya.web.partnerships.presenting import link_state

GONE, FORBIDDEN = 410, 403


def invitation(request: PublicRequest, token: str) -> HttpResponse:
    """Opening the link names the provider and what is asked, and changes nothing (S-064, S-066, T-29)."""
    offer, version = by_link(token)
    standing = link_state(version, offer)
    if standing is not Standing.OPEN:
        return render(
            request, "partnerships/closed.html", {"offer": offer, "standing": standing}, status=GONE
        )
    if request.actor is None:  # by way of sign-in and second factor, then here again (S-065)
        return redirect("partnerships:accept", token=token)
    return _page(request, request.actor, offer, token)


def _page(
    request: PublicRequest | PersonRequest,
    actor: Actor,
    offer: PartnerInvitation,
    token: str,
    form: AnswerForm | None = None,
) -> HttpResponse:
    if actor.family_id != offer.tenant.family_id:
        raise InvalidLink
    obstacle = _obstacle(actor, offer)
    if obstacle:
        context = {"offer": offer, "obstacle": obstacle}
        return render(request, "partnerships/cannot_accept.html", context, status=FORBIDDEN)
    actor.must(Permission.PARTNERSHIPS_ACCEPT)
    offered = offer.directory_roles
    context = {
        "offer": offer,
        "token": token,
        "powers": {role.value: DIRECTORY_ROLE_POWERS[role] for role in offered},
        "listed": powers_of(offered),
        "form": form
        or AnswerForm(
            initial={"roles": [role.value for role in offered]},
            offered=offered,
            consent=_consent(actor, offer),
        ),
        "decline_form": ReasonForm(prefix="decline"),
    }
    return render(request, "partnerships/invitation.html", context, status=400 if form else 200)


def _obstacle(actor: Actor, offer: PartnerInvitation) -> str:
    """Why the signed-in person's organisation cannot accept at all."""
    if actor.tenant_id == offer.tenant_id:
        return "own"
    if Role.GLOBAL_ADMIN in actor.roles and Capacity.RESELLER not in actor.capacities:
        return "not_enrolled"
    return "partners" if are_partners(offer.tenant_id, actor.tenant_id) else ""


def _consent(actor: Actor, offer: PartnerInvitation) -> str:
    """The sentence beside the box states the powers of S-069 and S-070."""
    names = {"provider": reader_name(offer.tenant), "reseller": actor.organization}
    if offer.roles:
        return (
            _(
                "%(reseller)s authorizes %(provider)s as its indirect provider: to submit orders and "
                "subscriptions on behalf of our customers, and to use the administrator access chosen above "
                "in our work account."
            )
            % names
        )
    return (
        _(
            "%(reseller)s authorizes %(provider)s as its indirect provider: to submit orders and "
            "subscriptions on behalf of our customers. It gets no administrator access to our work account."
        )
        % names
    )


@require_http_methods(["GET", "POST"])
def accept(request: PersonRequest, token: str) -> HttpResponse:
    """[間接プロバイダーを承認する] (S-066)."""
    if request.method == "GET":
        return redirect("partnerships:invitation", token=token)
    offer, version = by_link(token)
    form = AnswerForm(request.POST, offered=offer.directory_roles, consent=_consent(request.actor, offer))
    if not form.is_valid():
        if "roles" in form.errors:
            raise RolesNotOffered
        return _page(request, request.actor, offer, token, form)
    roles = [DirectoryRole(role) for role in form.cleaned_data["roles"]]
    partnership = accept_invitation(request.actor, invitation=offer, version=version, roles=roles)
    messages.success(
        request, _("%(name)s is now your indirect provider.") % {"name": reader_name(partnership.provider)}
    )
    return redirect("partnerships:providers")


@require_http_methods(["GET", "POST"])
def decline(request: PersonRequest, token: str) -> HttpResponse:
    """The reseller says no; the provider learns the reason."""
    if request.method == "GET":
        return redirect("partnerships:invitation", token=token)
    offer, version = by_link(token)
    form = ReasonForm(request.POST, prefix="decline")
    reason = form.cleaned_data["reason"] if form.is_valid() else str(form["reason"].value() or "")[:1000]
    decline_invitation(request.actor, invitation=offer, version=version, reason=reason)
    messages.success(
        request, _("You declined the invitation from %(name)s.") % {"name": reader_name(offer.tenant)}
    )
    return redirect("partnerships:providers")

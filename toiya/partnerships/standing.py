"""Where an invitation stands, for its holder and for whoever issued it."""

import datetime as dt
import uuid

from django.db.models import Exists, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from toiya.core.errors import InvalidLink, Refusal
from toiya.core.links import Purpose, read_link_token
from toiya.core.permissions import RULES, Capacity, Permission
from toiya.directory.models import Person, Suspension, TenantCapacity
from toiya.partnerships.errors import (
    InvitationDeclined,
    InvitationExpired,
    InvitationRevoked,
    InvitationUsed,
    InviterNotAllowed,
    PartnerNotLive,
)
from toiya.partnerships.models import InvitationState, PartnerInvitation


class Standing(TextChoices):
    """What a list or a link's page says; expiry is decided at this instant."""

    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    REVOKED = "revoked", _("Revoked")
    EXPIRED = "expired", _("Expired")


_REFUSALS: dict[str, type[Refusal]] = {
    Standing.ACCEPTED: InvitationUsed,
    Standing.DECLINED: InvitationDeclined,
    Standing.REVOKED: InvitationRevoked,
    Standing.EXPIRED: InvitationExpired,
}


def standing_of(state: str, expires_at: dt.datetime, now: dt.datetime) -> Standing:
    """The state as stored, but expired once the clock says so (G-04)."""
    if state == InvitationState.OPEN and expires_at <= now:
        return Standing.EXPIRED
    return Standing(state)


def must_be_open(invitation: PartnerInvitation, version: int, now: dt.datetime) -> None:
    """Raises InvitationRevoked (also for the link of an older version), Used, Declined or Expired."""
    standing = standing_of(invitation.state, invitation.expires_at, now)
    if standing is not Standing.OPEN:
        raise _REFUSALS[standing]
    if version != invitation.version:
        raise InvitationRevoked


def live_in(tenant_id: uuid.UUID, capacity: Capacity) -> QuerySet[TenantCapacity]:
    """The row that says so, where the organisation is vetted for the capacity and not suspended in it."""
    stopped = Suspension.objects.filter(tenant_id=tenant_id, capacity=capacity, lifted_at__isnull=True)
    return TenantCapacity.objects.filter(~Exists(stopped), tenant_id=tenant_id, capacity=capacity)


def is_live(tenant_id: uuid.UUID, capacity: Capacity) -> bool:
    """Vetted for the capacity and not suspended in it, in the database now."""
    return live_in(tenant_id, capacity).exists()


def may_still(person: Person, permission: Permission) -> bool:
    """Whether somebody who is not here is active and still holds a role for it."""
    return person.is_active and bool(RULES[permission].roles & person.roles)


def wrong_with_inviter(invitation: PartnerInvitation) -> type[Refusal] | None:
    """Why the inviting side may no longer invite: PartnerNotLive, InviterNotAllowed; None where it still
    may.
    """
    if not is_live(invitation.tenant_id, Capacity.PROVIDER):
        return PartnerNotLive
    inviter = Person.accounts.get(pk=invitation.inviter_id)
    return None if may_still(inviter, Permission.PARTNERSHIPS_INVITE) else InviterNotAllowed


def by_link(token: str) -> tuple[PartnerInvitation, int]:
    """The invitation that a link names, and the version for which the link was made. Raises InvalidLink
    (G-10).
    """
    subject, version = read_link_token(Purpose.PARTNER_INVITATION, token)
    invitation = (
        PartnerInvitation.objects.filter(pk=subject).select_related("tenant__family", "inviter").first()
    )
    if invitation is None:
        raise InvalidLink
    return invitation, version

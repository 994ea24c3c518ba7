"""How invitations and access read on a page."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from toiya.core.actor import Actor
from toiya.core.permissions import DirectoryRole
from toiya.partnerships.models import InvitationState, PartnerInvitation
from toiya.partnerships.standing import Standing, standing_of
from toiya.relations.models import AdministrationGrant, Partnership

TONES = {
    Standing.OPEN: "waiting",
    Standing.ACCEPTED: "success",
    Standing.DECLINED: "danger",
    Standing.REVOKED: "neutral",
    Standing.EXPIRED: "warning",
}


def role_names(grants: Iterable[AdministrationGrant]) -> str:
    """The roles of these grants together, by name."""
    held = {role for grant in grants for role in grant.directory_roles}
    return pgettext("between names", ", ").join(str(role.label) for role in DirectoryRole if role in held)


def invitation_row(invitation: PartnerInvitation, actor: Actor) -> dict[str, Any]:
    """An invitation in the list of the side that issued it."""
    standing = standing_of(invitation.state, invitation.expires_at, actor.now)
    sendings = sorted(invitation.sendings.all(), key=lambda sending: sending.at)
    return {
        "invitation": invitation,
        "standing": standing,
        "tone": TONES[standing],
        "is_open": standing is Standing.OPEN,
        "to": invitation.email or invitation.named_domain,
        "last_sent": sendings[-1].at if sendings else None,
    }


def timeline_of(invitation: PartnerInvitation, actor: Actor) -> list[dict[str, Any]]:
    """What has happened to an invitation, oldest first (C-01)."""
    rows: list[dict[str, Any]] = [
        {
            "when": invitation.created_at,
            "title": _("Draft created"),
            "who": invitation.inviter.name,
            "tone": "info",
        }
    ]
    rows += [
        {
            "when": sending.at,
            "title": _("Reminder sent by the system") if sending.is_reminder else _("Sent by the system"),
            "who": sending.to,
            "tone": "info",
        }
        for sending in invitation.sendings.order_by("at", "id")
    ]
    standing = standing_of(invitation.state, invitation.expires_at, actor.now)
    if standing is Standing.EXPIRED:
        rows.append({"when": invitation.expires_at, "title": standing.label, "tone": TONES[standing]})
    elif standing is not Standing.OPEN:
        rows.append(
            {
                "when": invitation.answered_at,
                "title": standing.label,
                "who": _other_side(invitation, actor),
                "text": invitation.decline_reason,
                "tone": TONES[standing],
            }
        )
    return rows


def _other_side(invitation: PartnerInvitation, actor: Actor) -> str:
    """The partner that an accepted invitation brought; of others nothing is told here."""
    if invitation.state != InvitationState.ACCEPTED:
        return ""
    made = Partnership.objects.visible_to(actor).filter(invitation_id=invitation.pk)
    return made.values_list("reseller__name", flat=True).first() or ""


def link_state(token_version: int, invitation: PartnerInvitation) -> Standing:
    """Where an invitation stands for whoever holds a link to it; an older link counts as revoked."""
    now = invitation.tenant.family.clock.now()
    standing = standing_of(invitation.state, invitation.expires_at, now)
    is_older = token_version != invitation.version
    return Standing.REVOKED if standing is Standing.OPEN and is_older else standing

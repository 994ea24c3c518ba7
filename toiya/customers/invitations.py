"""The inviting side's view of its invitations: where each one stands, and what happened to it (C-01)."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.core.prepared import prepared
from toiya.core.text import fold
from toiya.customers.models import RelationshipInvitation, RelationshipSending
from toiya.partnerships.models import InvitationState

EXPIRED = "expired"  # not a state but a comparison with the clock (G-04)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an invitation."""

    kind: str
    at: object
    detail: str = ""


def invitations_of(actor: Actor) -> QuerySet[RelationshipInvitation]:
    """The invitations of the actor's organisation, with what a list shows of them."""
    return (
        RelationshipInvitation.objects.visible_to(actor)
        .select_related("tenant", "reseller", "provider", "inviter", "named_customer")
        .prefetch_related("requested_roles", "sendings")
    )


def find_invitations(actor: Actor, *, search: str = "", state: str = "") -> QuerySet[RelationshipInvitation]:
    """Those whose customer, as it was named, whose address or whose domain contains the text. ``state`` is a state as
    the list shows it: what lapsed without an answer is ``expired`` and not ``open``.
    """
    rows = invitations_of(actor)
    if state in {InvitationState.OPEN, EXPIRED}:
        lapsed = Q(expires_at__lte=actor.now)
        rows = rows.filter(lapsed if state == EXPIRED else ~lapsed, state=InvitationState.OPEN)
    elif state:
        rows = rows.filter(state=state)
    text = search.strip()
    if text:
        named = ("customer_name", "email", "named_domain")
        found = Q(named_customer__search_key__contains=fold(text))
        for name in named:
            found |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(found)
    return rows


class Waiting(NamedTuple):
    """An invitation that can still be accepted, as the list of customers tells of it."""

    pk: uuid.UUID
    customer_name: str
    email: str
    named_domain: str
    created_at: dt.datetime
    expires_at: dt.datetime
    is_standing: bool
    is_mailed: bool


def newest_open(actor: Actor, most: int) -> list[Waiting]:
    """So many of those that can still be accepted, the newest first."""
    return [Waiting(*row) for row in _open(actor, most)]


@prepared
def _open(actor: Actor, most: int) -> QuerySet[RelationshipInvitation, tuple[Any, ...]]:
    own = RelationshipInvitation.objects.visible_to(actor)
    rows = own.filter(state=InvitationState.OPEN, expires_at__gt=actor.now)
    mailed = Exists(RelationshipSending.objects.filter(invitation=OuterRef("pk")))
    return rows.order_by("-created_at", "-id").annotate(is_mailed=mailed).values_list(*Waiting._fields)[:most]


def invitation_of(actor: Actor, invitation_id: uuid.UUID) -> RelationshipInvitation:
    """One of them. Raises NotVisible."""
    found = invitations_of(actor).filter(pk=invitation_id).first()
    if found is None:
        raise NotVisible
    return found


def may_change(actor: Actor, invitation: RelationshipInvitation) -> bool:
    """Whether the page offers to send, change and revoke it."""
    combined = invitation.is_combined
    is_open = invitation.state == InvitationState.OPEN and not invitation.is_expired(actor.now)
    needed = Permission.RELATIONSHIPS_INVITE_BOTH if combined else Permission.RELATIONSHIPS_REQUEST
    return is_open and actor.may(needed)


def history_of(actor: Actor, invitation: RelationshipInvitation) -> list[Step]:
    """What happened, the newest first. A mail that the inviter sent himself leaves no trace here (S-091)."""
    steps = [Step("created", invitation.created_at, invitation.inviter.name)]
    steps += [
        Step("reminded" if sending.is_reminder else "sent", sending.at, sending.to)
        for sending in sorted(invitation.sendings.all(), key=lambda row: row.at)
    ]
    if invitation.state != InvitationState.OPEN:
        steps.append(Step(invitation.state, invitation.answered_at, invitation.decline_reason))
    elif invitation.is_expired(actor.now):
        steps.append(Step("expired", invitation.expires_at))
    return steps[::-1]

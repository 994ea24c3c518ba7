"""Asking a customer for a reseller relationship: for oneself, or for reseller and provider at once."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By
from toiya.core.errors import CapacityMissing, NotVisible
from toiya.core.permissions import Capacity, DirectoryRole, Permission
from toiya.customers.drafts import write_draft
from toiya.customers.errors import (
    AddressWrong,
    AdministeredByAnother,
    InvitationNotOpen,
    OutOfRange,
    PartnershipEnded,
)
from toiya.customers.models import RelationshipInvitation, RequestedRole
from toiya.directory.models import Person, Tenant
from toiya.partnerships.models import InvitationState
from toiya.programme.models import Programme
from toiya.relations.channels import administration_elsewhere
from toiya.relations.models import Channel, Partnership

LONGEST_VALIDITY_DAYS = 90
LONGEST_GRANT_DAYS = 730
RESELLER_DEFAULT = (DirectoryRole.USER_ADMINISTRATOR, DirectoryRole.LICENSE_ADMINISTRATOR)
LINE_BREAKS = str.maketrans(dict.fromkeys("\r\n\t\v\f\0\x1c\x1d\x1e\x85\u2028\u2029", " "))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, and how: the same for single and combined invitations.

    ``roles`` are directory roles by capacity of the party. A provider gets none unless they are asked for and
    consented to separately (Q-17).
    """

    language: str
    channel: Channel
    grant_days: int
    valid_days: int
    roles: Mapping[Capacity, frozenset[DirectoryRole]] = field(default_factory=dict)
    customer_name: str = ""
    email: str = ""
    named_domain: str = ""


@transaction.atomic
def request_relationship(
    actor: Actor, *, capacity: Capacity, wish: Wish, customer: Tenant | None = None
) -> RelationshipInvitation:
    """The actor's organisation asks for itself (S-084). ``customer`` binds the invitation to one it serves
    already.

    Raises CapacityMissing, AdministeredByAnother, OutOfRange, AddressWrong.
    """
    actor.must(Permission.RELATIONSHIPS_REQUEST)
    if capacity not in actor.capacities:
        raise CapacityMissing
    if (
        customer is not None
        and wish.roles.get(capacity)
        and is_administered_elsewhere(actor, customer.pk, capacity)
    ):
        raise AdministeredByAnother(field="roles")
    own = Tenant.objects.get(pk=actor.tenant_id)
    return _issue(actor, parties={capacity: own}, wish=wish, customer=customer)


def is_administered_elsewhere(actor: Actor, customer_id: uuid.UUID, capacity: Capacity) -> bool:
    """Whether another channel administers a customer of the actor's organisation, so that this one cannot (N-18)."""
    return bool(
        administration_elsewhere(
            customer_id=customer_id, party_id=actor.tenant_id, capacity=capacity, now=actor.now
        )
    )


@transaction.atomic
def invite_for_both(actor: Actor, *, partnership: Partnership, wish: Wish) -> RelationshipInvitation:
    """Either partner asks a customer for both relationships at once (S-074, S-097).

    Raises NotVisible for a partnership of others, PartnershipEnded, OutOfRange, AddressWrong.
    """
    if actor.tenant_id not in {partnership.provider_id, partnership.reseller_id}:
        raise NotVisible
    actor.must(Permission.RELATIONSHIPS_INVITE_BOTH)
    live = Partnership.objects.live().select_for_update().filter(pk=partnership.pk).first()
    if live is None:
        raise PartnershipEnded
    own = Capacity.RESELLER if actor.tenant_id == live.reseller_id else Capacity.PROVIDER
    if own not in actor.capacities:
        raise CapacityMissing
    parties = {Capacity.RESELLER: live.reseller, Capacity.PROVIDER: live.provider}
    return _issue(actor, parties=parties, wish=wish)


def _issue(
    actor: Actor, *, parties: Mapping[Capacity, Tenant], wish: Wish, customer: Tenant | None = None
) -> RelationshipInvitation:
    _within("valid_days", wish.valid_days, LONGEST_VALIDITY_DAYS)
    _within("grant_days", wish.grant_days, LONGEST_GRANT_DAYS)
    invitation = RelationshipInvitation.objects.create(
        tenant_id=actor.tenant_id,
        inviter_id=actor.person_id,
        reseller=parties.get(Capacity.RESELLER),
        provider=parties.get(Capacity.PROVIDER),
        named_customer=customer,
        named_domain=wish.named_domain.strip().lower(),
        customer_name=plain(wish.customer_name),
        email=one_address(wish.email),
        language=wish.language,
        channel=wish.channel,
        grant_days=wish.grant_days,
        created_at=actor.now,
        expires_at=actor.now + dt.timedelta(days=wish.valid_days),
    )
    RequestedRole.objects.bulk_create(
        RequestedRole(tenant_id=actor.tenant_id, invitation=invitation, grantee=party, role=role)
        for capacity, party in parties.items()
        for role in sorted(wish.roles.get(capacity, ()))
    )
    keep_draft(invitation)
    record_issue(actor, invitation)
    return invitation


def keep_draft(invitation: RelationshipInvitation) -> None:
    """Store the generated text of a new invitation."""
    inviter = Person.accounts.get(pk=invitation.inviter_id)
    invitation.message = write_draft(invitation, inviter, Programme.objects.get())
    invitation.save(update_fields=["message"])


def record_issue(by: By, invitation: RelationshipInvitation) -> None:
    """The log names the parties, what is asked for, and until when."""
    record(
        by,
        AuditAction.CREATE_RELATIONSHIP_INVITATION,
        invitation,
        tenant_id=invitation.tenant_id,
        customer_id=invitation.named_customer_id,
        after={
            "parties": [str(party.pk) for party in invitation.parties],
            "roles": [f"{row.grantee_id} {row.role}" for row in invitation.requested_roles.order_by("id")],
            "grant_days": invitation.grant_days,
            "channel": invitation.channel,
            "email": invitation.email,
            "expires_at": invitation.expires_at.isoformat(),
        },
    )


def plain(text: str) -> str:
    """One line of text: whatever could begin another header is a space (G-25)."""
    return " ".join(text.translate(LINE_BREAKS).split())


def one_address(text: str) -> str:
    """Exactly one plain address, or none. Raises AddressWrong."""
    address = text.strip(" ")
    if not address:
        return ""
    try:
        EmailValidator()(address)
    except ValidationError as error:
        raise AddressWrong(field="email") from error
    if not address.isascii() or "=?" in address or any(sign in address for sign in ' ",;<>()\\'):
        raise AddressWrong(field="email")
    return address


def _within(name: str, found: int, highest: int) -> None:
    if not 1 <= found <= highest:
        raise OutOfRange(field=name, found=found, lowest=1, highest=highest)


def must_invite(actor: Actor, invitation: RelationshipInvitation) -> None:
    """Whoever may issue such an invitation may also send, change and revoke it."""
    if invitation.tenant_id != actor.tenant_id:
        raise NotVisible
    combined = invitation.is_combined
    actor.must(Permission.RELATIONSHIPS_INVITE_BOTH if combined else Permission.RELATIONSHIPS_REQUEST)


def lock_open(actor: By, invitation: RelationshipInvitation) -> RelationshipInvitation:
    """The invitation, locked and still open at this instant. Raises InvitationNotOpen."""
    locked = RelationshipInvitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.state != InvitationState.OPEN or locked.expires_at <= actor.now:
        raise InvitationNotOpen
    return locked


@transaction.atomic
def revoke(actor: Actor, *, invitation: RelationshipInvitation) -> RelationshipInvitation:
    """The link is dead from now on, and says so to whoever opens it. Raises NotVisible, InvitationNotOpen."""
    must_invite(actor, invitation)
    revoked = lock_open(actor, invitation)
    revoked.state, revoked.version = InvitationState.REVOKED, revoked.version + 1
    revoked.answered_at, revoked.answered_by_id, revoked.answered_by_tenant_id = (
        actor.now,
        actor.person_id,
        actor.tenant_id,
    )
    revoked.save(update_fields=["state", "version", "answered_at", "answered_by_id", "answered_by_tenant_id"])
    record(
        actor,
        AuditAction.REVOKE_RELATIONSHIP_INVITATION,
        revoked,
        tenant_id=revoked.tenant_id,
        before={"state": InvitationState.OPEN.value},
        after={"state": InvitationState.REVOKED.value},
    )
    return revoked

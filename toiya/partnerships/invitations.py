"""A provider asks resellers to authorise it, and keeps track of what it asked (S-062, N-10, C-01)."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By, Bystander
from toiya.core.links import Purpose
from toiya.core.permissions import DirectoryRole, Permission
from toiya.directory.actors import bystander_for
from toiya.directory.models import Family, Tenant
from toiya.mail import outbox
from toiya.partnerships.drafts import draft_of, without_link
from toiya.partnerships.errors import AddressMissing, AlreadyInvited
from toiya.partnerships.models import InvitationSending, InvitationState, PartnerInvitation
from toiya.partnerships.standing import Standing, must_be_open, standing_of, wrong_with_inviter
from toiya.programme.models import Programme
from toiya.relations.grants import LEAST_PRIVILEGE, names_of
from toiya.requests import limits

REMIND_BEFORE = dt.timedelta(days=7)
REMIND_AFTER = dt.timedelta(days=3)
HOUR = dt.timedelta(hours=1)


@transaction.atomic
def invite_reseller(
    actor: Actor,
    *,
    language: str,
    email: str = "",
    named_domain: str = "",
    roles: Iterable[DirectoryRole] = LEAST_PRIVILEGE,
    grant_days: int | None = None,
) -> PartnerInvitation:
    """A draft with a link of its own, which the provider sends or lets Toiya send (S-062, S-075, Q-05, Q-06).

    Raises RoleMissing or CapacityMissing, and AlreadyInvited when an invitation to the address is open.
    """
    actor.must(Permission.PARTNERSHIPS_INVITE)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    programme = Programme.objects.get()
    address = email.strip().lower()
    _make_room(actor, address)
    invitation = PartnerInvitation.objects.create(
        tenant=tenant,
        inviter_id=actor.person_id,
        email=address,
        named_domain=named_domain.strip().lower(),
        language=language,
        roles=[role.value for role in DirectoryRole if role in set(roles)],
        grant_days=min(grant_days or programme.grant_days, programme.grant_days),
        created_at=actor.now,
        expires_at=actor.now + dt.timedelta(days=programme.invitation_days),
    )
    record(
        actor,
        AuditAction.CREATE_PARTNER_INVITATION,
        invitation,
        tenant_id=tenant.pk,
        after={
            "email": address,
            "domain": invitation.named_domain,
            "roles": invitation.roles,
            "grant_days": invitation.grant_days,
            "expires_at": invitation.expires_at.isoformat(),
        },
    )
    return invitation


def _make_room(actor: Actor, address: str, besides: PartnerInvitation | None = None) -> None:
    """One open invitation per address; one whose time is over gives way to its successor."""
    if not address:
        return
    others = PartnerInvitation.objects.filter(
        tenant_id=actor.tenant_id, email=address, state=InvitationState.OPEN
    )
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    for other in others.select_for_update():
        if other.expires_at > actor.now:
            raise AlreadyInvited(field="email")
        _revoke(actor, other)


@transaction.atomic
def send_invitation(
    actor: Actor, *, invitation: PartnerInvitation, email: str, text: str = ""
) -> InvitationSending:
    """Toiya mails the invitation, and remembers to whom and when (Q-05).

    ``text`` is the sender's own wording; it must still hold the link. Raises AddressMissing, LinkMissing,
    TooManyAttempts when the organisation has used up its mails of this hour, and what ``must_be_open``
    raises.
    """
    actor.must(Permission.PARTNERSHIPS_INVITE)
    invitation = PartnerInvitation.objects.visible_to(actor).select_for_update().get(pk=invitation.pk)
    must_be_open(invitation, invitation.version, actor.now)
    address = email.strip().lower()
    if not address:
        raise AddressMissing(field="email")
    _make_room(actor, address, besides=invitation)
    if text:
        invitation.message = without_link(text, Purpose.PARTNER_INVITATION, invitation.pk, invitation.version)
    invitation.email = address
    invitation.save(update_fields=["email", "message"])
    take_mail(actor)
    sending = _post(actor, invitation, "partnerships/invitation")
    record(
        actor,
        AuditAction.SEND_PARTNER_INVITATION,
        invitation,
        tenant_id=actor.tenant_id,
        after={"email": address},
    )
    return sending


def resend_invitation(actor: Actor, *, invitation: PartnerInvitation) -> InvitationSending:
    """The same mail once more, to the same address (C-01)."""
    return send_invitation(actor, invitation=invitation, email=invitation.email)


def take_mail(by: By) -> None:
    """The system sends so many invitations an hour for one organisation, and no more (T-33)."""
    limit = Programme.objects.get().mails_per_hour
    limits.take("invitation-mails", str(by.tenant_id), limit=limit, per=HOUR)


def _post(by: By, invitation: PartnerInvitation, message: str) -> InvitationSending:
    mail = outbox.post_addressed(
        by,
        message,
        to=invitation.email,
        language=invitation.language,
        subject_id=invitation.pk,
        context={
            "provider": invitation.tenant.name_in(invitation.language),
            "inviter": invitation.inviter.name,
            "message_text": _kept_text(invitation),
            "invitation_link": {
                "purpose": Purpose.PARTNER_INVITATION.value,
                "id": str(invitation.pk),
                "version": invitation.version,
            },
            "roles": names_of(invitation.directory_roles, invitation.language),
            "grant_days": invitation.grant_days,
            "expires_on": invitation.expires_at.isoformat(),
        },
    )
    return InvitationSending.objects.create(
        tenant_id=invitation.tenant_id,
        invitation=invitation,
        mail_id=mail.pk,
        to=invitation.email,
        is_reminder=message.endswith("reminder"),
        at=by.now,
    )


def _kept_text(invitation: PartnerInvitation) -> str:
    if invitation.message:
        return invitation.message
    return without_link(
        draft_of(invitation).text, Purpose.PARTNER_INVITATION, invitation.pk, invitation.version
    )


@transaction.atomic
def revoke_invitation(actor: Actor, *, invitation: PartnerInvitation) -> PartnerInvitation:
    """The link stops working at once (C-01, T-04). Raises what ``must_be_open`` raises when it is answered
    already.
    """
    actor.must(Permission.PARTNERSHIPS_INVITE)
    invitation = PartnerInvitation.objects.visible_to(actor).select_for_update().get(pk=invitation.pk)
    if invitation.state != InvitationState.OPEN:
        must_be_open(invitation, invitation.version, actor.now)
    _revoke(actor, invitation)
    return invitation


def _revoke(by: By, invitation: PartnerInvitation) -> None:
    invitation.state = InvitationState.REVOKED
    invitation.version += 1
    invitation.answered_at = by.now
    invitation.save(update_fields=["state", "version", "answered_at"])
    record(by, AuditAction.REVOKE_PARTNER_INVITATION, invitation, tenant_id=invitation.tenant_id)


def invitations_to_remind(family: Family) -> list[PartnerInvitation]:
    """Those that the system mailed, that nobody answered, and that end within a week; each is reminded
    once.
    """
    now = family.clock.now()
    due = _unanswered(family).filter(created_at__lte=now - REMIND_AFTER, expires_at__lte=now + REMIND_BEFORE)
    return list(due.select_related("tenant__family").order_by("expires_at", "id"))


def next_reminder(family: Family) -> dt.datetime | None:
    """When the next reminder falls due, after the present moment of the family."""
    now = family.clock.now()
    due = [
        max(expires_at - REMIND_BEFORE, created_at + REMIND_AFTER)
        for expires_at, created_at in _unanswered(family).values_list("expires_at", "created_at")
    ]
    return min((moment for moment in due if moment > now), default=None)


def remind_resellers(family: Family) -> int:
    """Every reminder that is due in the family; says how many."""
    sent = 0
    for invitation in invitations_to_remind(family):
        by = bystander_for(invitation.tenant, kind="worker")
        sent += remind_invitation(by, invitation=invitation) is not None
    return sent


def _unanswered(family: Family) -> QuerySet[PartnerInvitation]:
    mailed = InvitationSending.objects.filter(invitation=OuterRef("pk"))
    return PartnerInvitation.objects.filter(
        Exists(mailed),
        tenant__family=family,
        state=InvitationState.OPEN,
        reminded_at__isnull=True,
        expires_at__gt=family.clock.now(),
    )


@transaction.atomic
def remind_invitation(by: Bystander, *, invitation: PartnerInvitation) -> InvitationSending | None:
    """One reminder before the invitation expires; none when it could not be accepted any more."""
    invitation = PartnerInvitation.objects.select_for_update().get(pk=invitation.pk)
    is_open = standing_of(invitation.state, invitation.expires_at, by.now) is Standing.OPEN
    if invitation.reminded_at or not is_open or wrong_with_inviter(invitation):
        return None
    invitation.reminded_at = by.now
    invitation.save(update_fields=["reminded_at"])
    return _post(by, invitation, "partnerships/reminder")

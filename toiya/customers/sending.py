"""Sending invitations: by the inviter's own mail program (the text is only kept), or by the system
(tracked).
"""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By
from toiya.core.links import Purpose
from toiya.customers.answers import may_still_ask
from toiya.customers.drafts import has_link, without_link
from toiya.customers.errors import AddressMissing, LinkMissing
from toiya.customers.models import RelationshipInvitation, RelationshipSending
from toiya.customers.relationship_requests import lock_open, must_invite, one_address
from toiya.directory.actors import bystander_for
from toiya.directory.models import Family
from toiya.mail import outbox
from toiya.partnerships.invitations import take_mail
from toiya.partnerships.models import InvitationState

REMIND_BEFORE = dt.timedelta(days=7)
REMIND_AFTER = dt.timedelta(days=3)


@transaction.atomic
def save_draft(actor: Actor, *, invitation: RelationshipInvitation, text: str) -> RelationshipInvitation:
    """Keep the edited text (S-088). Raises LinkMissing, InvitationNotOpen."""
    must_invite(actor, invitation)
    kept = lock_open(actor, invitation)
    stored = without_link(kept, text)
    if not has_link(stored):
        raise LinkMissing(field="message")
    kept.message = stored
    kept.save(update_fields=["message"])
    return kept


@transaction.atomic
def send_invitation(
    actor: Actor, *, invitation: RelationshipInvitation, text: str, email: str
) -> RelationshipSending:
    """The system mails the text to the customer, and the invitation shows when and to whom (S-091).

    An address other than the one mailed before replaces the link, so that a wrong recipient cannot use it.
    Raises LinkMissing, AddressMissing, AddressWrong, TooManyAttempts (the hourly limit), InvitationNotOpen.
    """
    must_invite(actor, invitation)
    kept = lock_open(actor, invitation)
    address = one_address(email)
    if not address:
        raise AddressMissing(field="email")
    stored = without_link(kept, text)
    if not has_link(stored):
        raise LinkMissing(field="message")
    earlier = kept.sendings.values_list("to", flat=True)
    if earlier and address not in earlier and not kept.is_standing:
        kept.version += 1
    kept.message, kept.email = stored, address
    kept.save(update_fields=["message", "email", "version"])
    return _mail(actor, kept, is_reminder=False)


@transaction.atomic
def resend(actor: Actor, *, invitation: RelationshipInvitation) -> RelationshipSending:
    """The same text to the same address once more. Raises AddressMissing, TooManyAttempts,
    InvitationNotOpen.
    """
    must_invite(actor, invitation)
    kept = lock_open(actor, invitation)
    if not kept.email:
        raise AddressMissing(field="email")
    return _mail(actor, kept, is_reminder=False)


@transaction.atomic
def remind(invitation: RelationshipInvitation) -> RelationshipSending | None:
    """The worker reminds the customer once of a mailed invitation that nobody answered; not of one that could not be
    accepted any more.
    """
    if not may_still_ask(invitation):
        return None
    by = bystander_for(invitation.tenant, kind="worker", language=invitation.language)
    marked = RelationshipInvitation.objects.filter(
        pk=invitation.pk, state=InvitationState.OPEN, reminded_at__isnull=True, expires_at__gt=by.now
    ).update(reminded_at=by.now)
    if not marked:
        return None
    return _mail(by, RelationshipInvitation.objects.get(pk=invitation.pk), is_reminder=True)


def reminders_due(family: Family) -> list[RelationshipInvitation]:
    """Invitations that the system mailed, open, not reminded, sent three days ago or more, in their last
    week.
    """
    now = family.clock.now()
    mailed = RelationshipSending.objects.filter(invitation=OuterRef("pk"))
    return list(
        _unanswered(family)
        .filter(expires_at__lte=now + REMIND_BEFORE)
        .filter(Exists(mailed), ~Exists(mailed.filter(at__gt=now - REMIND_AFTER)))
        .select_related("tenant__family")
    )


def next_reminder(family: Family) -> dt.datetime | None:
    """When the next reminder falls due, after the present moment of the family."""
    now = family.clock.now()
    mailed = _unanswered(family).annotate(mailed_at=Max("sendings__at")).filter(mailed_at__isnull=False)
    due = [
        max(expires_at - REMIND_BEFORE, mailed_at + REMIND_AFTER)
        for expires_at, mailed_at in mailed.values_list("expires_at", "mailed_at")
    ]
    return min((moment for moment in due if moment > now), default=None)


def remind_family(family: Family) -> int:
    """Every reminder that is due in the family; says how many."""
    return sum(remind(invitation) is not None for invitation in reminders_due(family))


def _unanswered(family: Family) -> QuerySet[RelationshipInvitation]:
    return RelationshipInvitation.objects.filter(
        tenant__family=family,
        state=InvitationState.OPEN,
        reminded_at__isnull=True,
        expires_at__gt=family.clock.now(),
    )


def _mail(by: By, invitation: RelationshipInvitation, *, is_reminder: bool) -> RelationshipSending:
    take_mail(by)
    mail = outbox.post_addressed(
        by,
        "customers/reminder" if is_reminder else "customers/invitation",
        to=invitation.email,
        language=invitation.language,
        subject_id=invitation.pk,
        context={
            "parties": [party.name_in(invitation.language) for party in invitation.parties],
            "message_text": invitation.message,
            "expires_at": invitation.expires_at.isoformat(),
            "invitation_link": {
                "purpose": Purpose.RELATIONSHIP_INVITATION.value,
                "id": str(invitation.pk),
                "version": invitation.version,
            },
        },
    )
    sending = RelationshipSending.objects.create(
        tenant_id=invitation.tenant_id,
        invitation=invitation,
        mail_id=mail.pk,
        to=invitation.email,
        is_reminder=is_reminder,
        at=by.now,
    )
    record(
        by,
        AuditAction.SEND_RELATIONSHIP_INVITATION,
        invitation,
        tenant_id=invitation.tenant_id,
        after={"email": invitation.email, "is_reminder": is_reminder},
    )
    return sending

"""The mails that the system kept: all of them in the demo, and those of a sandbox wherever it is."""

import uuid

from django.conf import settings
from django.db.models import Q, QuerySet

from toiya.mail.models import OutgoingMail


def caught_mails(*, family_id: uuid.UUID | None = None, text: str = "") -> QuerySet[OutgoingMail]:
    """Mails of a family, or of everybody; ``text`` stands in the recipient's address or in the subject."""
    if not settings.HAS_MAILBOX:
        return OutgoingMail.objects.none()
    mails = OutgoingMail.objects.all()
    if family_id is not None:
        mails = mails.filter(family_id=family_id)
    return _with(mails, text)


def mails_of_sandbox(family_id: uuid.UUID, *, text: str = "") -> QuerySet[OutgoingMail]:
    """Mails of a family that no mail of leaves; whoever asks has found that the family is theirs."""
    return _with(OutgoingMail.objects.filter(family_id=family_id), text)


def _with(mails: QuerySet[OutgoingMail], text: str) -> QuerySet[OutgoingMail]:
    return mails.filter(Q(to__icontains=text) | Q(subject__icontains=text)) if text else mails

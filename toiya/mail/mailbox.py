"""The mails that the system sent, for the mailbox page of the demo and of a sandbox. In production there is none."""

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
    if text:
        mails = mails.filter(Q(to__icontains=text) | Q(subject__icontains=text))
    return mails

"""Sending what was posted: claimed by a lease, sent outside any transaction, repeated with growing pauses."""

import contextlib
import datetime as dt
import smtplib
from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.template import TemplateDoesNotExist, TemplateSyntaxError

from toiya.core.clock import real_now
from toiya.core.errors import Refusal
from toiya.mail.message import build_message
from toiya.mail.models import Delivery, OutgoingMail
from toiya.mail.render import ProgrammeNames, render
from toiya.mail.smtp import MailServer, MailServerAway

log = structlog.get_logger(__name__)
LEASE = dt.timedelta(minutes=10)
# Ever longer, from a minute to half a day; together three days, then nobody waits for the mail any more.
PAUSES = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 720, 720, 720, 720)]
BATCH = 50
PERMANENT = range(500, 600)
LONGEST_ERROR = 500
LONGEST_SUBJECT = 400


def deliver_mails(*, programme: ProgrammeNames | None = None, reaches_people: Callable[[UUID], bool]) -> int:
    """Hand what is due to the mail server, or to the mailbox page where none is set up. Says how many went out.

    ``reaches_people`` tells of which families mails may leave: those of a sandbox stay in its own mailbox. A mail whose
    worker died after the server took it goes out again when the lease is over, with the same Message-ID.
    """
    due = list(_due().order_by("due_at").values_list("pk", flat=True)[:BATCH])
    if not due:
        return 0
    sent = 0
    with MailServer(settings.SMTP_URL) if settings.SMTP_URL else contextlib.nullcontext() as server:
        for mail_id in due:
            mail = claim_mail(mail_id)
            if mail is None:
                continue
            leaves = server is not None and reaches_people(mail.family_id)
            try:
                sent += _deliver(mail, server if leaves else None, programme)
            except MailServerAway as away:
                _again(mail, str(away))
                break
    return sent


def _due() -> QuerySet[OutgoingMail]:
    now = real_now()
    return OutgoingMail.objects.filter(
        Q(leased_until__isnull=True) | Q(leased_until__lt=now),
        sent_at__isnull=True,
        failed_at__isnull=True,
        due_at__lte=now,
    )


def claim_mail(mail_id: UUID) -> OutgoingMail | None:
    """The mail is this worker's until the lease is over; None when another worker was quicker."""
    lease = real_now() + LEASE
    if not _due().filter(pk=mail_id).update(leased_until=lease, attempts=F("attempts") + 1):
        return None
    return OutgoingMail.objects.get(pk=mail_id)


def _deliver(mail: OutgoingMail, server: MailServer | None, programme: ProgrammeNames | None) -> bool:
    try:
        rendered = render(mail, programme=programme)
        message = build_message(rendered, mail_id=mail.pk, to=mail.to, at=real_now())
        if server is not None:
            server.send(message, message["To"])
    except Refusal as refusal:
        _give_up(mail, str(refusal))
    except smtplib.SMTPRecipientsRefused as refused:
        code, answer = next(iter(refused.recipients.values()))
        _after_answer(mail, code, answer)
    except smtplib.SMTPResponseException as answered:
        _after_answer(mail, answered.smtp_code, answered.smtp_error)
    except (
        TemplateDoesNotExist,
        TemplateSyntaxError,
        ValueError,
        KeyError,
        OSError,
        smtplib.SMTPException,
    ) as error:
        _again(mail, f"{type(error).__name__}: {error}")
    else:
        delivery = Delivery.SMTP if server is not None else Delivery.MAILBOX
        subject = rendered.subject[:LONGEST_SUBJECT]
        return _finish(mail, sent_at=real_now(), delivery=delivery, last_error="", subject=subject)
    return False


def _after_answer(mail: OutgoingMail, code: int, answer: bytes | str) -> None:
    said = f"{code} {answer.decode(errors='replace') if isinstance(answer, bytes) else answer}"
    if code in PERMANENT:
        _give_up(mail, said)
    else:
        _again(mail, said)


def _again(mail: OutgoingMail, why: str) -> None:
    """Try later, ever more seldom; after three days, give up."""
    if mail.attempts > len(PAUSES):
        _give_up(mail, why)
        return
    log.warning("mail waits", mail=str(mail.pk), attempts=mail.attempts, why=why)
    _finish(mail, due_at=real_now() + PAUSES[mail.attempts - 1], last_error=why[:LONGEST_ERROR])


def _give_up(mail: OutgoingMail, why: str) -> None:
    log.error("mail given up", mail=str(mail.pk), attempts=mail.attempts, why=why)
    _finish(mail, failed_at=real_now(), last_error=why[:LONGEST_ERROR])


def _finish(mail: OutgoingMail, **fields: object) -> bool:
    """Write the outcome, unless the lease ran out and another worker has the mail now."""
    mine = OutgoingMail.objects.filter(pk=mail.pk, leased_until=mail.leased_until, sent_at__isnull=True)
    return bool(mine.update(leased_until=None, **fields))

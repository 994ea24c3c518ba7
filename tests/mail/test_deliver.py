"""Mails leave through a real mail server, once, and again later when it does not take them."""

import datetime as dt
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import LazySettings

from tests.cast import Cast, actor_of
from toiya.core.clock import real_now
from toiya.directory.models import Family
from toiya.mail import outbox
from toiya.mail.deliver import LEASE, PAUSES, claim_mail, deliver_mails
from toiya.mail.models import Delivery, OutgoingMail
from toiya.programme.models import Programme


class Postbox:
    """A mail server's memory, and what it answers to a recipient."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 (the server's own name for it)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 Message accepted"


@pytest.fixture
def postbox(settings: LazySettings) -> Iterator[Postbox]:
    """A mail server on a free port of this machine."""
    memory = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(memory, hostname="127.0.0.1", port=port)
    controller.start()
    settings.SMTP_URL = f"smtp://127.0.0.1:{port}"
    yield memory
    controller.stop()


def post(cast: Cast, *, language: str = "ja") -> OutgoingMail:
    """A mail is in the outbox."""
    context = {"requested_at": "2026-11-22T09:05:00+00:00", "site_link": {"path": "/"}}
    return outbox.post_addressed(
        actor_of(cast.mei), "mail/delivery_test", to="emi@aoba.example", language=language, context=context
    )


def test_mail_server_receives_text_and_html_in_japanese(cast: Cast, postbox: Postbox) -> None:
    mail = post(cast)

    assert deliver_mails(programme=Programme.objects.get(), reaches_people=Family.objects.reaches_people) == 1

    [envelope] = postbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@localhost", ["emi@aoba.example"])
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == "Toiya からのメールが届きました"
    assert message["From"].addresses[0].display_name.replace(" ", "") == "ツバメクラウドパートナープログラム"
    assert (message["Message-ID"], message["Auto-Submitted"]) == (f"<{mail.pk}@localhost>", "auto-generated")
    assert abs(message["Date"].datetime - real_now()) < dt.timedelta(minutes=1)
    assert message.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in message.iter_parts())
    assert "サイトを開く: http://localhost:8000/" in text
    assert '<a href="http://localhost:8000/"' in html
    mail.refresh_from_db()
    assert (mail.delivery, mail.attempts, mail.failed_at) == (Delivery.SMTP, 1, None)
    assert mail.sent_at is not None
    assert deliver_mails(reaches_people=Family.objects.reaches_people) == 0
    assert len(postbox.envelopes) == 1


def test_mail_that_the_server_cannot_take_now_goes_out_later(cast: Cast, postbox: Postbox) -> None:
    mail = post(cast)
    postbox.answer = "451 Try again later"

    assert deliver_mails(reaches_people=Family.objects.reaches_people) == 0
    mail.refresh_from_db()
    assert (mail.sent_at, mail.failed_at, mail.attempts) == (None, None, 1)
    assert mail.last_error.startswith("451")
    assert PAUSES[0] - dt.timedelta(seconds=30) < mail.due_at - real_now() <= PAUSES[0]
    postbox.answer = "250 OK"
    assert deliver_mails(reaches_people=Family.objects.reaches_people) == 0

    with time_machine.travel(real_now() + PAUSES[0] + dt.timedelta(seconds=1)):
        assert deliver_mails(reaches_people=Family.objects.reaches_people) == 1
    mail.refresh_from_db()
    assert (mail.last_error, mail.attempts, len(postbox.envelopes)) == ("", 2, 1)


def test_pauses_grow_from_a_minute_to_half_a_day_and_end_after_three_days(
    cast: Cast, postbox: Postbox
) -> None:
    mail = post(cast)
    postbox.answer = "451 Try again later"
    pauses = []
    with time_machine.travel(real_now(), tick=False) as clock:
        begun = real_now()
        while mail.failed_at is None:
            assert deliver_mails(reaches_people=Family.objects.reaches_people) == 0
            mail.refresh_from_db()
            pauses.append(mail.due_at - real_now())
            clock.move_to(max(mail.due_at, real_now()))
        assert dt.timedelta(days=2) < real_now() - begun <= dt.timedelta(days=3)

    assert pauses[:-1] == PAUSES
    assert (pauses[0], max(pauses)) == (dt.timedelta(minutes=1), dt.timedelta(hours=12))


def test_mail_that_the_server_refuses_for_good_is_given_up(cast: Cast, postbox: Postbox) -> None:
    mail = post(cast)
    other = post(cast)
    postbox.answer = "550 No such mailbox"

    assert deliver_mails(reaches_people=Family.objects.reaches_people) == 0

    mail.refresh_from_db()
    other.refresh_from_db()
    assert mail.failed_at is not None
    assert other.failed_at is not None
    assert mail.last_error == "550 No such mailbox"


def test_mail_waits_while_no_server_answers(cast: Cast, settings: LazySettings) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:1"
    mail = post(cast)

    assert deliver_mails(reaches_people=Family.objects.reaches_people) == 0

    mail.refresh_from_db()
    assert (mail.sent_at, mail.failed_at, mail.attempts, mail.leased_until) == (None, None, 1, None)
    assert "refused" in mail.last_error


def test_two_workers_never_send_the_same_mail_while_the_lease_lasts(cast: Cast, postbox: Postbox) -> None:
    mail = post(cast)

    assert claim_mail(mail.pk) is not None
    assert claim_mail(mail.pk) is None
    assert deliver_mails(reaches_people=Family.objects.reaches_people) == 0
    assert postbox.envelopes == []

    with time_machine.travel(real_now() + LEASE + dt.timedelta(seconds=1)):
        assert deliver_mails(reaches_people=Family.objects.reaches_people) == 1
    assert len(postbox.envelopes) == 1


def test_without_a_mail_server_the_mailbox_page_is_where_mails_go(cast: Cast, settings: LazySettings) -> None:
    settings.SMTP_URL = ""
    mail = post(cast)

    assert deliver_mails(reaches_people=Family.objects.reaches_people) == 1

    mail.refresh_from_db()
    assert mail.delivery == Delivery.MAILBOX

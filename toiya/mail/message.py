"""The message that goes to the mail server: one recipient, fixed headers, nothing that a name could add
(T-33).
"""

import datetime as dt
import re
from email.charset import BASE64, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from toiya.core.errors import Refusal
from toiya.mail.render import RenderedMail

HEADER_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
PLAIN_WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,!'-]{0,60}")
UTF_8 = Charset("utf-8")
UTF_8.header_encoding = UTF_8.body_encoding = BASE64


class NotAnAddress(Refusal):
    """The address cannot be written into a message without harm."""

    code = "not_an_address"
    message = _("This is not an email address that mail can be sent to.")


def build_message(rendered: RenderedMail, *, mail_id: UUID, to: str, at: dt.datetime) -> MIMEMultipart:
    """A multipart message with the same Message-ID at each attempt, so that a repeated one is recognised.

    Names and subject are written as encoded words here: Python's own folding of long display names loses
    their
    quotes, so that a name like ``> …`` would end the address.
    """
    message = MIMEMultipart("alternative")
    message["From"] = f"{_encoded(rendered.sender, 'From')} <{settings.MAIL_FROM}>".strip()
    message["To"] = recipient_of(to)
    message["Subject"] = _encoded(rendered.subject, "Subject")
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}@{urlsplit(settings.ORIGIN).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    for kind, content in (("plain", rendered.text), ("html", rendered.html)):
        part = MIMENonMultipart("text", kind)
        part.set_payload(content, UTF_8)
        message.attach(part)
    return message


def recipient_of(address: str) -> str:
    """The address in ASCII. Raises NotAnAddress for a list, a display name, a control character."""
    try:
        found = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False
        )
    except EmailNotValidError as error:
        raise NotAnAddress from error
    return found.ascii_email or address


def one_line(text: str) -> str:
    """The text as a header may carry it: no line breaks and no control characters."""
    return " ".join(HEADER_BREAKS.sub(" ", text).split())


def _encoded(text: str, header: str) -> str:
    line = one_line(text)
    return (
        line
        if PLAIN_WORDS.fullmatch(line) and header != "From"
        else Header(line, UTF_8, header_name=header).encode()
    )

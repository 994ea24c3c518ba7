"""The message that goes to the mail server: one recipient, fixed headers, nothing that a name could add
(T-33).
"""

import datetime as dt
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from toiya.core.errors import Refusal
from toiya.mail.render import RenderedMail

HEADER_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A subject that looks like an encoded word would be decoded by the reader's program into something else.
ENCODED_WORD = re.compile(r"=\?")


class NotAnAddress(Refusal):
    """The address cannot be written into a message without harm."""

    code = "not_an_address"
    message = _("This is not an e-mail address that mail can be sent to.")


def build_message(
    rendered: RenderedMail, *, mail_id: UUID, to: str, at: dt.datetime, sender: str = ""
) -> EmailMessage:
    """A multipart message with the same Message-ID at each attempt, so that a repeated one is recognised as
    such.
    """
    recipient, origin_host = _address(to), urlsplit(settings.ORIGIN).hostname
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=one_line(sender), addr_spec=_address(settings.MAIL_FROM))
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = one_line(rendered.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}@{origin_host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text, cte="base64")
    message.add_alternative(rendered.html, subtype="html", cte="base64")
    return message


def one_line(text: str) -> str:
    """The text as a header may carry it: no line breaks, no control characters, nothing that reads as
    encoded.
    """
    return " ".join(ENCODED_WORD.sub("= ?", HEADER_BREAKS.sub(" ", text)).split())


def _address(address: str) -> str:
    """The address in ASCII. Raises NotAnAddress for a list, a display name, a control character and the like.
    """
    try:
        found = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False
        )
    except EmailNotValidError as error:
        raise NotAnAddress from error
    return found.ascii_email or address

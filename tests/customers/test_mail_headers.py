"""Nothing that somebody types becomes a header or a recipient of a mail of the system (G-25, T-33)."""

import itertools
from email import message_from_bytes, policy

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.cast import Cast, browser_of
from tests.customers.story import draft_path, invited, wish
from toiya.core.clock import real_now
from toiya.customers.drafts import with_link
from toiya.customers.models import RelationshipInvitation
from toiya.mail.message import build_message
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.programme.models import Programme

BREAKS = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\u2028",
    "\u2029",
    "\u0085",
    "\x0b",
    "\x0c",
    "%0d%0a",
    "\\r\\n",
    "\r\n ",
    "\n\t",
]
INJECTED = [
    "Bcc: victim@else.example",
    "Cc: victim@else.example",
    "To: victim@else.example",
    "From: boss@bank.example",
    "Reply-To: boss@bank.example",
    "Subject: You have won",
    "Content-Type: text/html",
    "Content-Transfer-Encoding: quoted-printable",
    "X-Toiya: 1",
    "\r\n<html>body</html>",
    "DATA\r\n.\r\nMAIL FROM:<boss@bank.example>",
]
ENCODED = ["=?utf-8?B?QmNjOiB2aWN0aW1AZWxzZS5leGFtcGxl?=", "=?utf-8?Q?=0D=0ABcc:_victim=40else.example?="]
ADDRESSES = [
    "{0}{1}{2}",
    "{2}{1}{0}",
    '"{2}{1}" <{0}>',
    "{0},victim@else.example{1}{2}",
    "{0};victim@else.example",
    "<{0}>{1}{2}",
]
HEADERS = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
EACH = 334


def texts() -> list[str]:
    """Names with something that wants to be a header."""
    made = [f"Aoba{gap}{header}" for gap, header in itertools.product(BREAKS, [*INJECTED, *ENCODED])]
    made += [f"{header}{gap}Aoba" for gap, header in itertools.product(BREAKS, [*INJECTED, *ENCODED])]
    return made[:EACH]


def addresses() -> list[str]:
    """Addresses that are more than one address."""
    parts = itertools.product(ADDRESSES, BREAKS, [*INJECTED, *ENCODED])
    return [form.format("info@aoba.example", gap, header) for form, gap, header in parts][:EACH]


def send(browser: Client, invitation: RelationshipInvitation, address: str = "info@aoba.example") -> int:
    """The system sends it, through the page."""
    invitation.refresh_from_db()
    form = {"message": with_link(invitation), "email": address, "act": "send"}
    return browser.post(draft_path(invitation), form).status_code


def must_be_plain(mail: OutgoingMail) -> None:
    """The message as a mail server gets it has the headers of every mail, once each, and one recipient."""
    message = build_message(
        render(mail, programme=Programme.objects.get()), mail_id=mail.pk, to=mail.to, at=real_now()
    )
    read = message_from_bytes(bytes(message), policy=policy.default)
    assert sorted(read.keys()) == HEADERS
    assert [address.addr_spec for address in read["To"].addresses] == ["info@aoba.example"]
    assert [address.addr_spec for address in read["From"].addresses] == [settings.MAIL_FROM]
    assert "\n" not in read["Subject"]
    assert read["Subject"].startswith("Request for a reseller relationship with")
    assert {part.get_content_type() for part in read.walk()} == {
        "multipart/alternative",
        "text/plain",
        "text/html",
    }


@pytest.mark.goal("G-25")
@pytest.mark.parametrize("field", ["customer_name", "tenant_name", "recipient"])
def test_typed_text_adds_no_header_and_no_recipient(cast: Cast, field: str) -> None:
    """1,002 vectors in all. Planted faults: ``one_address`` returns what was typed and the form's field is a
    CharField; ``_encoded`` in mail/message.py and the folding of values in mail/render.py return their text.
    """
    Programme.objects.update(mails_per_hour=10_000)
    browser = browser_of(cast.kai)
    invitation = invited(cast.kai)
    vectors = addresses() if field == "recipient" else texts()
    assert len(set(vectors)) == EACH
    if (
        connection.vendor == "postgresql"
    ):  # the databases differ in what they store, not in what a mail looks like
        vectors = vectors[::10]
    for vector in vectors:
        if field == "recipient":
            assert send(browser, invitation, vector) == 400
            continue
        if field == "tenant_name":
            type(cast.kawase).objects.filter(pk=cast.kawase.pk).update(name=vector.replace("\0", ""))
        else:
            made = browser.post("/dashboard/customers/request/", wish(customer_name=vector))
            if made.status_code == 400:  # the form itself refuses a NUL
                continue
            invitation = RelationshipInvitation.objects.latest("created_at")
        assert send(browser, invitation) == 302

    mails = list(OutgoingMail.objects.all())
    assert (len(mails) == 0) == (field == "recipient")
    for mail in mails:
        must_be_plain(mail)
    assert send(browser, invitation) == 302
    must_be_plain(OutgoingMail.objects.latest("posted_at"))

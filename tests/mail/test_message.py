"""Nothing that somebody types adds a header or a recipient (G-25)."""

import random
import secrets
from collections.abc import Callable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest

from toiya.core.clock import real_now
from toiya.core.ids import new_id
from toiya.mail import message as messages
from toiya.mail.message import NotAnAddress, build_message, one_line
from toiya.mail.render import RenderedMail

pytestmark = pytest.mark.once
VECTORS = 1000
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
BREAKS = [
    "\r\n",
    "\n",
    "\r",
    "\x00",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\t",
    "\r\n ",
    "\n\t",
    "%0d%0a",
]
INJECTIONS = [
    "Bcc: thief@evil.example",
    "To: thief@evil.example",
    "\r\nX-Evil: 1",
    "From: ceo@evil.example",
    "\n\n<b>body</b>",
]
ENCODED = [
    "=?utf-8?q?a=0D=0ABcc:_thief@evil.example?=",
    "=?utf-8?b?DQpCY2M6IHRoaWVmQGV2aWwuZXhhbXBsZQ==?=",
    "=?iso-2022-jp?b?GyRCJCIbKEI=?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=",
]
WORDS = [
    "ヒノデ商事",
    "Hinode",
    "招待",
    "a" * 90,
    "株式会社アオバ工業" * 12,
    "<",
    ">",
    '"',
    ",",
    ";",
    "(",
    ")",
    "\\",
    "@",
    "é",
    "😀",
    " ",
]


def hostile_text(random_: random.Random) -> str:
    parts = random_.choices(BREAKS + INJECTIONS + ENCODED + WORDS, k=random_.randint(1, 7))
    return "".join(parts)


def display_name(header: str) -> str:
    """The name in an address header, as mail programs decode it."""
    return str(make_header(decode_header(parseaddr(header.replace("\n", ""))[0])))


def problem_of(name: str, subject: str) -> str | None:
    """What is wrong with the message that these make, after it was sent and read again."""
    mail_id = new_id()
    rendered = RenderedMail(subject, "text", "<p>text</p>", name)
    built = build_message(rendered, mail_id=mail_id, to="emi@aoba.example", at=real_now())
    read = message_from_bytes(built.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    expected = [
        (sorted(read.keys()), sorted(HEADERS)),
        ([address.addr_spec for address in read["To"].addresses], ["emi@aoba.example"]),
        ([address.addr_spec for address in read["From"].addresses], ["no-reply@localhost"]),
        (display_name(str(built["From"])), one_line(name)),
        (read["Subject"], one_line(subject)),
        (read["Message-ID"], f"<{mail_id}@localhost>"),
        ([part.get_content().strip() for part in read.iter_parts()], ["text", "<p>text</p>"]),
    ]
    return next((f"{found!r} is not {wanted!r}" for found, wanted in expected if found != wanted), None)


@pytest.mark.goal("G-25")
def test_names_and_subjects_add_no_header_and_no_recipient() -> None:
    seed = secrets.randbits(64)
    random_ = random.Random(seed)  # noqa: S311
    problems = []
    for _number in range(VECTORS):
        name, subject = hostile_text(random_), hostile_text(random_)
        if problem := problem_of(name, subject):
            problems.append((name, subject, problem))

    assert problems == [], f"seed {seed}"


@pytest.mark.goal("G-25")
def test_the_vectors_bite_where_a_header_is_written_as_it_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: without the cleaning, the vectors show a problem or the library refuses."""
    monkeypatch.setattr(messages, "one_line", lambda text: text)
    random_ = random.Random(25)  # noqa: S311
    harmed = 0
    for _number in range(100):
        try:
            harmed += problem_of(hostile_text(random_), hostile_text(random_)) is not None
        except ValueError:
            harmed += 1

    assert harmed > 50


def _joined(random_: random.Random) -> str:
    return f"emi@aoba.example{random_.choice(BREAKS)}{random_.choice(INJECTIONS)}"


def _listed(random_: random.Random) -> str:
    return f"emi@aoba.example{random_.choice([',', ';', ' ', ', '])}thief@evil.example"


def _inside(random_: random.Random) -> str:
    return f"emi{random_.choice(BREAKS[:-1])}x@aoba.example"


def _encoded(random_: random.Random) -> str:
    return f"{random_.choice(ENCODED[:2])} <emi@aoba.example>"


def _named(random_: random.Random) -> str:
    return f'"{hostile_text(random_)}" <emi@aoba.example>'


@pytest.mark.goal("G-25")
@pytest.mark.parametrize("hostile", [_joined, _listed, _inside, _encoded, _named])
def test_addresses_that_are_more_than_one_address_are_refused(
    hostile: Callable[[random.Random], str],
) -> None:
    seed = secrets.randbits(64)
    random_ = random.Random(seed)  # noqa: S311
    rendered = RenderedMail("subject", "text", "<p>text</p>")
    for _number in range(VECTORS // 5):
        with pytest.raises(NotAnAddress):
            build_message(rendered, mail_id=new_id(), to=hostile(random_), at=real_now())

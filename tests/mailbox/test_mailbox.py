"""The mailbox page: what the system sent, and in the demo who signs in with what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.cast import Cast, actor_of, browser_of, stranger
from toiya.core.ids import new_id
from toiya.core.links import Purpose, link_url
from toiya.directory.demo import DEMO_PASSWORD, NotTheDemo, equip_demo_person
from toiya.directory.factors import current_code
from toiya.directory.models import Family
from toiya.mail import outbox
from toiya.mail.deliver import deliver_mails
from toiya.mail.models import OutgoingMail

ROOT = Path(__file__).parent.parent.parent


def post(
    cast: Cast, *, to: str = "emi@aoba.example", language: str = "en", **context: object
) -> OutgoingMail:
    """A mail is in the outbox."""
    usual: dict[str, object] = {"requested_at": "2026-11-22T09:05:00+00:00", "site_link": {"path": "/"}}
    return outbox.post_addressed(
        actor_of(cast.mei), "mail/delivery_test", to=to, language=language, context={**usual, **context}
    )


def test_anybody_in_the_demo_reads_every_mail_and_its_links_work(cast: Cast) -> None:
    invitation = new_id()
    link = {"purpose": Purpose.PARTNER_INVITATION.value, "id": str(invitation), "version": 1}
    mail = post(cast, site_link=link)
    deliver_mails(reaches_people=Family.objects.reaches_people)

    listed = stranger().get("/mailbox/").content.decode()
    page = stranger().get(f"/mailbox/{mail.pk}/").content.decode()

    url = link_url(Purpose.PARTNER_INVITATION, invitation, 1)
    assert f'href="/mailbox/{mail.pk}/"' in listed
    assert "emi@aoba.example" in listed
    assert "Mail from Toiya arrives" in listed
    assert f'<a href="{url}">{url}</a>' in page
    assert "Caught here" in page


def test_mail_is_found_by_recipient_and_by_subject(cast: Cast) -> None:
    for to, language in (
        ("emi@aoba.example", "en"),
        ("kai@kawase.example", "ja"),
        ("mei@hinode.example", "ja"),
    ):
        post(cast, to=to, language=language)
    deliver_mails(reaches_people=Family.objects.reaches_people)

    def found(text: str) -> list[str]:
        page = stranger().get("/mailbox/", {"q": text}).content.decode()
        return [to for to in ("emi@aoba", "kai@kawase", "mei@hinode") if to in page]

    assert found("") == ["emi@aoba", "kai@kawase", "mei@hinode"]
    assert found("KAWASE") == ["kai@kawase"]
    assert found("届きました") == ["kai@kawase", "mei@hinode"]
    assert found("nothing like this") == []


def test_long_mailbox_has_pages(cast: Cast) -> None:
    mails = [post(cast, to=f"person{number}@aoba.example") for number in range(31)]

    first = stranger().get("/mailbox/")
    second = stranger().get("/mailbox/" + first.context["pager"].next_url)

    shown = [row["mail"].pk for page in (first, second) for row in page.context["rows"]]
    assert shown == [mail.pk for mail in reversed(mails)]
    assert (len(first.context["rows"]), second.context["pager"].next_url) == (30, "")


def test_html_version_may_style_itself_and_nothing_else(cast: Cast) -> None:
    mail = post(cast, requested_at="<script>alert(1)</script>")

    answer = stranger().get(f"/mailbox/{mail.pk}/html/")

    assert "<script" not in answer.content.decode()
    assert "&lt;script&gt;alert(1)" in answer.content.decode()
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'"
    )
    assert "<script>alert" not in stranger().get(f"/mailbox/{mail.pk}/").content.decode()


def test_mail_that_does_not_exist_is_not_found(cast: Cast) -> None:
    assert stranger().get(f"/mailbox/{new_id()}/").status_code == 404
    assert stranger().get(f"/mailbox/{new_id()}/html/").status_code == 404


def test_message_that_cannot_be_written_is_shown_as_that(cast: Cast) -> None:
    mail = outbox.post_addressed(
        actor_of(cast.mei), "mail/no_such_message", to="emi@aoba.example", language="en"
    )
    deliver_mails(reaches_people=Family.objects.reaches_people)

    page = stranger().get(f"/mailbox/{mail.pk}/")

    assert (page.status_code, stranger().get("/mailbox/").status_code) == (200, 200)
    assert "This message cannot be written" in page.content.decode()


def test_demo_shows_codes_and_the_password_of_those_who_came_with_it(cast: Cast) -> None:
    equip_demo_person(cast.mei)
    code = current_code(cast.mei)

    answer = stranger().get("/mailbox/people/")

    shown = {
        entry.person.user_name: (entry.password, entry.code)
        for group in answer.context["groups"]
        for entry in group["people"]
    }
    assert shown["mei@hinode.example"] == (DEMO_PASSWORD, code)
    assert shown["sora@hinode.example"] == ("", "")
    assert f">{code}<" in answer.content.decode()
    assert len(shown) == 11


def test_outside_the_demo_there_are_no_codes(cast: Cast, settings: LazySettings) -> None:
    equip_demo_person(cast.mei)
    settings.SHOWS_CODES = False

    assert stranger().get("/mailbox/people/").status_code == 404
    with pytest.raises(NotTheDemo):
        equip_demo_person(cast.sora)


def test_in_a_sandbox_people_read_the_mails_of_their_own_family(cast: Cast, settings: LazySettings) -> None:
    settings.SHOWS_CODES = False
    own = post(cast)
    foreign = post(cast)
    OutgoingMail.objects.filter(pk=foreign.pk).update(family_id=new_id())
    emi = browser_of(cast.emi)

    assert [row["mail"].pk for row in emi.get("/mailbox/").context["rows"]] == [own.pk]
    assert emi.get(f"/mailbox/{own.pk}/").status_code == 200
    assert emi.get(f"/mailbox/{foreign.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("production", "not routed"), ("sandbox", "Level.PERSON"), ("demo", "Level.ANYBODY")],
)
def test_mailbox_is_open_in_the_demo_closed_in_a_sandbox_and_absent_in_production(
    mode: str, expected: str, tmp_path: Path
) -> None:
    program = (
        "import django; django.setup()\n"
        "from django.urls import Resolver404, resolve\n"
        "from toiya.web.access import ACCESS\n"
        "try: name = resolve('/mailbox/').view_name\n"
        "except Resolver404: print('not routed')\n"
        "else: print(ACCESS[name]['GET'].level)\n"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TOIYA_")},
        "DJANGO_SETTINGS_MODULE": "toiya.settings",
        "TOIYA_MODE": mode,
        "TOIYA_VAR": str(tmp_path),
        "TOIYA_ORIGIN": "https://partners.example.com",
        "TOIYA_SECRET_KEY": "k" * 60,
        "TOIYA_SMTP_URL": "smtp://127.0.0.1",
    }

    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == expected

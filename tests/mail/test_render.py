"""What a recipient reads."""

import pytest
from django.conf import settings
from django.test import override_settings

from tests.cast import Cast, actor_of
from toiya.core.ids import new_id
from toiya.core.links import Purpose, read_link_token
from toiya.mail import outbox
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.programme.models import Programme


def post(cast: Cast, *, language: str = "en", **context: object) -> OutgoingMail:
    """The message that tests the delivery, with its usual context unless told otherwise."""
    usual: dict[str, object] = {"requested_at": "2026-11-22T09:05:00+00:00", "site_link": {"path": "/"}}
    return outbox.post_addressed(
        actor_of(cast.mei),
        "mail/delivery_test",
        to="emi@aoba.example",
        language=language,
        context={**usual, **context},
    )


def test_mail_is_written_in_the_recipients_language(cast: Cast) -> None:
    programme = Programme.objects.get()

    japanese = render(post(cast, language="ja"), programme=programme)
    english = render(post(cast, language="en"), programme=programme)

    assert japanese.subject == "Toiya からのメールが届きました"
    assert "2026年11月22日 18:05" in japanese.text
    assert "ツバメ クラウド パートナー プログラム" in japanese.html
    assert '<html lang="ja">' in japanese.html
    assert english.subject == "Mail from Toiya arrives"
    assert "22 November 2026, 18:05 (JST)" in english.text
    assert "Tsubame Cloud Partner Programme" in english.html


def test_text_and_html_carry_the_same_link(cast: Cast) -> None:
    subject = new_id()
    link = {"purpose": Purpose.PARTNER_INVITATION.value, "id": str(subject), "version": 3}

    mail = render(post(cast, site_link=link))

    line = next(line for line in mail.text.splitlines() if "/invitations/" in line)
    url = line.removeprefix("Open the site: ")
    token = url.removeprefix(f"{settings.ORIGIN}/invitations/partnership/").rstrip("/")
    assert read_link_token(Purpose.PARTNER_INVITATION, token) == (subject, 3)
    assert f'<a href="{url}" style=' in mail.html
    assert ">Open the site</a>" in mail.html


@override_settings(ORIGIN="https://partners.example.com")
def test_links_lie_below_the_configured_origin(cast: Cast) -> None:
    assert (
        "https://partners.example.com/dashboard/"
        in render(post(cast, site_link={"path": "/dashboard/"})).text
    )
    with pytest.raises(ValueError, match="below the origin"):
        render(post(cast, site_link={"path": "//elsewhere.example/"}))


def test_names_are_text_in_html_and_only_our_own_links_can_be_clicked(cast: Cast) -> None:
    """HTML mail is no tool for phishing (T-33)."""
    evil = '<a href="https://evil.example/">Hinode</a>\n\nhttps://evil.example/sign-in'

    mail = render(post(cast, requested_at=evil))

    assert (
        "&lt;a href=&quot;https://evil.example/&quot;&gt;Hinode&lt;/a&gt; https://evil.example/sign-in"
        in mail.html
    )
    assert 'href="https://evil.example' not in mail.html
    assert evil.replace("\n\n", " ") in mail.text

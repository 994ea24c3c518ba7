"""The primary contact is asked by mail, and answers once."""

import datetime as dt
import html
import json
import re
from typing import Any

import pytest
from django.conf import settings

from tests.cast import browser_of, stranger
from tests.enrolment.story import CONTACT, WIZARD, Newcomer, confirmed, mailed_link, mails, submitted
from toiya.audit.models import AuditRecord
from toiya.enrolment.models import Answer, ContactVerification, State
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.programme.models import Programme


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def stop_the_clock(newcomer: Newcomer, at: dt.datetime) -> None:
    newcomer.cast.family.clock_stopped_at = at
    newcomer.cast.family.save()


@pytest.mark.requirement("S-040", "S-041")
def test_the_contact_confirms_by_the_mailed_link(newcomer: Newcomer) -> None:
    submitted(newcomer, contact_language="ja")
    mail = render(mails(newcomer, "verify_contact")[0], programme=Programme.objects.get())
    link = mailed_link(newcomer)

    page = text_of(stranger().get(link))
    looked_only = newcomer.application.state
    thanks = text_of(stranger().post(f"{link}confirm/"))

    assert f"{settings.ORIGIN}{link}" in mail.text
    assert "Hana" in mail.text
    assert "当社の申請ではありません" in mail.text
    assert "hana@tsukumo.example" in page
    assert "Tsukumo" not in page
    assert "ツクモ電子株式会社" in page
    assert looked_only == State.EMAIL_PENDING
    assert "The address is confirmed" in thanks
    assert newcomer.application.state == State.UNDER_REVIEW
    assert ContactVerification.objects.get().domain_is_verified


@pytest.mark.requirement("S-041")
def test_the_link_works_once_and_only_whole(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    link = mailed_link(newcomer)

    again = [stranger().post(f"{link}{answer}/") for answer in ("confirm", "deny")]
    altered = stranger().post(f"{link[:-3]}AA/confirm/")

    assert [answer.status_code for answer in again] == [410, 410]
    assert all("This link was used already; it works only once." in text_of(answer) for answer in again)
    assert altered.status_code == 404
    assert ContactVerification.objects.get().answer == Answer.CONFIRMED


@pytest.mark.requirement("S-041")
@pytest.mark.parametrize(
    ("address", "is_company"),
    [("hana@tsukumo.example", True), ("h@sales.tsukumo.example", True), ("h@eviltsukumo.example", False)],
)
def test_the_domain_is_compared_with_the_verified_ones(
    newcomer: Newcomer,
    address: str,
    is_company: bool,  # noqa: FBT001
) -> None:
    confirmed(newcomer, contact_email=address)

    assert ContactVerification.objects.get().domain_is_verified is is_company


@pytest.mark.requirement("S-040")
def test_a_denial_stops_the_review_and_alerts_the_operator(newcomer: Newcomer) -> None:
    browser = submitted(newcomer)

    thanks = text_of(stranger().post(f"{mailed_link(newcomer)}deny/"))
    status = text_of(browser.get(f"{WIZARD}status/"))
    browser.post(f"{WIZARD}status/resend/")
    browser.post(f"{WIZARD}status/correct/", CONTACT)

    assert "The review has stopped" in thanks
    assert "said “this was not us”" in status
    assert "Send the mail again" not in status
    assert {mail.to for mail in mails(newcomer, "contact_denied_operator")} == {
        newcomer.cast.ren.contact_email,
        newcomer.cast.aki.contact_email,
    }
    assert [mail.to for mail in mails(newcomer, "contact_denied_applicant")] == [newcomer.hana.contact_email]
    assert newcomer.application.state == State.EMAIL_PENDING
    assert ContactVerification.objects.count() == 1


@pytest.mark.goal("G-04")
def test_the_link_expires_by_the_clock(newcomer: Newcomer) -> None:
    submitted(newcomer)
    link, expires_at = mailed_link(newcomer), ContactVerification.objects.get().expires_at

    stop_the_clock(newcomer, expires_at)
    late = stranger().post(f"{link}confirm/")
    looked_at_late = text_of(stranger().get(link))
    stop_the_clock(newcomer, expires_at - dt.timedelta(seconds=1))
    in_time = stranger().post(f"{link}confirm/")

    assert expires_at - ContactVerification.objects.get().sent_at == dt.timedelta(days=14)
    assert "This link has expired" in text_of(late)
    assert "This link has expired" in looked_at_late
    assert (late.status_code, in_time.status_code) == (410, 200)


def test_a_new_mail_kills_the_old_link(newcomer: Newcomer) -> None:
    browser = submitted(newcomer)
    old = mailed_link(newcomer)

    browser.post(f"{WIZARD}status/resend/")
    new = mailed_link(newcomer)

    assert [stranger().post(f"{link}confirm/").status_code for link in (old, new)] == [410, 200]
    assert len(mails(newcomer, "verify_contact")) == 2


def test_a_wrong_address_is_put_right(newcomer: Newcomer) -> None:
    browser = submitted(newcomer, contact_email="typo@tsukumo.example")
    old = mailed_link(newcomer)

    refused = browser.post(f"{WIZARD}status/correct/", {**CONTACT, "contact_email": "hana@gmail.com"})
    browser.post(f"{WIZARD}status/correct/", CONTACT)

    assert refused.status_code == 400
    assert [mail.to for mail in mails(newcomer, "verify_contact")] == [
        "typo@tsukumo.example",
        "hana@tsukumo.example",
    ]
    assert stranger().post(f"{old}confirm/").status_code == 410
    first, second = newcomer.application.submissions.order_by("number")
    assert (first.content["contact_email"], second.content["contact_email"]) == (
        "typo@tsukumo.example",
        "hana@tsukumo.example",
    )


def test_a_withdrawn_application_cannot_be_confirmed(newcomer: Newcomer) -> None:
    browser = submitted(newcomer)
    link = mailed_link(newcomer)

    browser.post(f"{WIZARD}status/withdraw/")

    assert stranger().post(f"{link}confirm/").status_code == 410
    assert newcomer.application.state == State.WITHDRAWN
    assert len(mails(newcomer, "withdrawn")) == 1


def test_nobody_but_the_mail_s_reader_sees_the_link(newcomer: Newcomer) -> None:
    browser = submitted(newcomer)
    token = mailed_link(newcomer).split("/")[-2]
    ren = browser_of(newcomer.cast.ren)

    pages = [
        browser.get(f"{WIZARD}status/"),
        browser.get(f"{WIZARD}status/correct/"),
        ren.get("/operator/applications/"),
    ]
    rows = [json.dumps([record.before, record.after]) for record in AuditRecord.objects.all()]
    stored = [json.dumps(mail.context) for mail in OutgoingMail.objects.all()]

    assert not [text for text in [*map(text_of, pages), *rows, *stored] if token in text]


@pytest.mark.requirement("S-019", "S-043")
def test_the_status_page_shows_state_range_and_mails(newcomer: Newcomer) -> None:
    stop_the_clock(newcomer, dt.datetime(2026, 5, 11, 1, 30, tzinfo=dt.UTC))
    browser = confirmed(newcomer)

    page = text_of(browser.get(f"{WIZARD}status/"))

    assert "Under review" in page
    assert "11 May 2026, 10:30" in page
    assert "2 to 5 working days" in page
    assert page.count("Mail to hana@tsukumo.example") == 3
    assert [mail.to for mail in mails(newcomer, "received") + mails(newcomer, "email_verified")] == [
        CONTACT["contact_email"]
    ] * 2


def test_status_mails_are_in_the_contact_s_language(newcomer: Newcomer) -> None:
    confirmed(newcomer, contact_language="en")

    mail = render(mails(newcomer, "email_verified")[0], programme=Programme.objects.get())

    assert mail.subject.startswith("The enrollment of Tsukumo Electronics is under review (ER-")
    assert re.search(r"usually takes 2 to 5 working days", mail.text)

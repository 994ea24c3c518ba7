"""A provider asks for partnerships."""

import datetime as dt
import re

import pytest
from django.core.serializers import serialize

from tests.cast import Cast, actor_of, browser_of
from tests.partnerships.story import HELPDESK, REQUEST, RESELLERS, accept, form_of, invite, path_of
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Role
from toiya.directory.actors import bystander_for
from toiya.directory.models import Person
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.partnerships.invitations import invitations_to_remind, remind_invitation
from toiya.partnerships.models import InvitationSending, InvitationState, PartnerInvitation
from toiya.programme.models import Programme

pytestmark = pytest.mark.django_db


def _draft(invitation: PartnerInvitation) -> str:
    return f"{RESELLERS}invitations/{invitation.pk}/"


@pytest.mark.requirement("S-062")
def test_only_a_provider_s_people_can_request_a_partnership(cast: Cast) -> None:
    """Planted fault: resellers may invite as well."""
    asked = {}
    for person in Person.objects.order_by("name"):
        asked[person.name] = browser_of(person).post(REQUEST, form_of()).status_code
    allowed = {name for name, status in asked.items() if status == 302}
    assert allowed == {"Mei", "Sora", "Jun"}
    assert set(asked.values()) == {302, 403}
    issued = set(PartnerInvitation.objects.values_list("tenant__name", flat=True))
    assert issued == {"ヒノデ商事", "ミドリ流通"}


@pytest.mark.requirement("S-062", "N-10")
def test_the_draft_opens_in_mail_can_be_copied_and_keeps_the_link(cast: Cast) -> None:
    """Planted fault: the draft is made without the link."""
    mei = browser_of(cast.mei, language="ja")
    page = mei.get(RESELLERS).content.decode()
    assert "パートナーシップを要求する" in page
    invitation = invite(cast, mei)
    draft = mei.get(_draft(invitation)).content.decode()
    for label in ("電子メールで開く", "クリップボードにコピー", "完了"):
        assert label in draft
    link = f"http://localhost:8000{path_of(invitation)}"
    shown = re.search(r'<pre class="draft__text"[^>]*>(.*?)</pre>', draft, re.DOTALL)
    assert shown
    assert link in shown[1]
    assert "ヒノデ商事" in shown[1]
    mailto = re.search(r'href="(mailto:[^"]+)"', draft)
    assert mailto
    assert link.replace(":", "%3A").replace("/", "/") in mailto[1] or "invitations/partnership" in mailto[1]
    assert not OutgoingMail.objects.exists()


def test_the_draft_is_in_the_language_chosen_on_the_page(cast: Cast) -> None:
    """Planted fault: the draft is in the reader's language."""
    mei = browser_of(cast.mei, language="ja")
    draft = mei.get(_draft(invite(cast, mei, language="en"))).content.decode()
    assert "would like to work with your company" in draft


@pytest.mark.requirement("S-063", "S-064", "S-070")
def test_the_system_sends_the_invitation_and_remembers_it(cast: Cast) -> None:
    """Planted fault: the mail does not say what is authorised."""
    invitation = invite(cast)
    mei = browser_of(cast.mei)
    text = f"いつもお世話になっております。\r\nhttp://localhost:8000{path_of(invitation)}\r\n営業部"
    answer = mei.post(_draft(invitation), {"email": "President@Kawase.example", "text": text})
    assert answer.status_code == 302
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.language) == ("president@kawase.example", "ja")
    sending = InvitationSending.objects.get()
    assert (sending.mail_id, sending.to) == (mail.pk, mail.to)
    rendered = render(mail)
    assert "ヒノデ商事" in rendered.subject
    assert f"http://localhost:8000{path_of(invitation)}" in rendered.text
    assert "いつもお世話になっております。" in rendered.text
    assert "貴社の顧客に代わって注文とサブスクリプション" in rendered.text
    assert "ヘルプデスク管理者" in rendered.text
    token = link_token(Purpose.PARTNER_INVITATION, invitation.pk, 1)
    for model in (PartnerInvitation, InvitationSending, OutgoingMail):
        assert token not in serialize("json", model.objects.all())
    assert "president@kawase.example" in mei.get(RESELLERS).content.decode()


@pytest.mark.requirement("N-10")
def test_a_text_without_its_link_is_refused_and_stays_as_typed(cast: Cast) -> None:
    """Planted fault: the text is sent as it is."""
    invitation = invite(cast)
    mei = browser_of(cast.mei)
    cut = path_of(invitation)[:-10]
    for text in ("よろしくお願いいたします。", f"リンク http://localhost:8000{cut}"):
        answer = mei.post(_draft(invitation), {"email": "a@kawase.example", "text": text})
        assert answer.status_code == 400
        page = answer.content.decode()
        assert "no longer contains the invitation link" in page
        assert text in page
    assert not OutgoingMail.objects.exists()
    whole = {"email": "a@kawase.example", "text": f"http://localhost:8000{path_of(invitation)}"}
    assert mei.post(_draft(invitation), whole).status_code == 302


def test_one_open_invitation_for_each_address(cast: Cast) -> None:
    """Planted fault: the address is not looked up."""
    first = invite(cast, email="a@kawase.example")
    answer = browser_of(cast.sora).post(REQUEST, form_of(email="A@kawase.example"))
    assert answer.status_code == 400
    assert "already an open invitation" in answer.content.decode()
    invite(cast, browser_of(cast.jun), email="a@kawase.example")
    PartnerInvitation.objects.filter(pk=first.pk).update(expires_at=first.created_at)
    second = invite(cast, email="a@kawase.example")
    first.refresh_from_db()
    assert (first.state, second.state) == (InvitationState.REVOKED, InvitationState.OPEN)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"email": "kawase"}, "“kawase” is not an email address"),
        ({"named_domain": "カワセ"}, "“カワセ” is not a domain"),
        ({"grant_days": "366"}, "at most 365 days; you entered 366"),
        ({"grant_days": "0"}, "at least 1 day; you entered 0"),
    ],
)
def test_wrong_entries_are_explained_beside_the_field(
    cast: Cast, entry: dict[str, str], message: str
) -> None:
    """Planted fault: the form is not checked."""
    answer = browser_of(cast.mei).post(REQUEST, form_of(**entry))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert message in page
    assert next(iter(entry.values())) in page
    assert not PartnerInvitation.objects.exists()


def test_the_system_sends_so_many_mails_an_hour_and_no_more(cast: Cast) -> None:
    """T-33. Planted fault: mails are not counted."""
    Programme.objects.update(mails_per_hour=3)
    invitation = invite(cast, email="a@kawase.example")
    text = f"http://localhost:8000{path_of(invitation)}"
    mei = browser_of(cast.mei)
    sent = [
        mei.post(_draft(invitation), {"email": "a@kawase.example", "text": text}).status_code
        for _attempt in range(5)
    ]
    assert sent == [302, 302, 302, 429, 429]
    assert OutgoingMail.objects.count() == 3


def test_a_revoked_link_explains_itself_and_gives_nothing(cast: Cast) -> None:
    """Planted fault: revoking leaves the state as it is."""
    invitation = invite(cast)
    path = path_of(invitation)
    revoke = f"{_draft(invitation)}revoke/"
    assert browser_of(cast.jun).post(revoke).status_code == 404
    assert browser_of(cast.mei).post(revoke).status_code == 302
    answer = browser_of(cast.kai).get(path)
    assert answer.status_code == 410
    assert "was revoked by the organization that sent it" in answer.content.decode()
    assert (
        browser_of(cast.kai).post(f"{path}accept/", {"agree": "on", "roles": [HELPDESK]}).status_code == 409
    )
    assert browser_of(cast.mei).post(revoke).status_code == 409


@pytest.mark.goal("G-04")
def test_an_invitation_expires_with_the_clock_and_not_with_a_job(cast: Cast) -> None:
    """Planted fault: expiry is compared with > instead of >=."""
    invitation = invite(cast)
    assert invitation.expires_at - invitation.created_at == dt.timedelta(days=30)
    kai = browser_of(cast.kai)
    cast.family.clock_stopped_at = invitation.expires_at
    cast.family.save()
    assert kai.get(path_of(invitation)).status_code == 410
    assert accept(kai, invitation).status_code == 409
    cast.family.clock_stopped_at = invitation.expires_at - dt.timedelta(seconds=1)
    cast.family.save()
    assert kai.get(path_of(invitation)).status_code == 200
    assert accept(kai, invitation).status_code == 302


def test_an_unanswered_invitation_is_reminded_once_in_its_last_week(cast: Cast) -> None:
    """C-01. Planted fault: the reminder leaves no trace."""
    invitation = invite(cast, email="a@kawase.example")
    self_sent = invite(cast)
    text = f"http://localhost:8000{path_of(invitation)}"
    browser_of(cast.mei).post(_draft(invitation), {"email": "a@kawase.example", "text": text})
    assert invitations_to_remind(cast.family) == []
    cast.family.clock_stopped_at = invitation.expires_at - dt.timedelta(days=7)
    cast.family.save()
    assert invitations_to_remind(cast.family) == [invitation]
    worker = bystander_for(cast.hinode, kind="worker")
    assert remind_invitation(worker, invitation=invitation) is not None
    assert invitations_to_remind(cast.family) == []
    assert remind_invitation(worker, invitation=invitation) is None
    assert OutgoingMail.objects.filter(message="partnerships/reminder").count() == 1
    assert self_sent.sendings.count() == 0


def test_a_resent_invitation_is_one_mail_more_to_the_same_address(cast: Cast) -> None:
    """C-01. Planted fault: resending starts a new invitation."""
    invitation = invite(cast, email="a@kawase.example")
    mei = browser_of(cast.mei)
    text = f"本文\nhttp://localhost:8000{path_of(invitation)}"
    mei.post(_draft(invitation), {"email": "a@kawase.example", "text": text})
    assert mei.post(f"{_draft(invitation)}resend/").status_code == 302
    mails = list(OutgoingMail.objects.order_by("posted_at"))
    assert [mail.to for mail in mails] == ["a@kawase.example"] * 2
    assert render(mails[0]).text == render(mails[1]).text
    assert PartnerInvitation.objects.count() == 1
    history = mei.get(_draft(invitation)).content.decode()
    assert history.count("Sent by the system") == 2


def test_people_of_other_organisations_find_no_trace_of_an_invitation(cast: Cast) -> None:
    """Planted fault: invitations are fetched without the actor."""
    invitation = invite(cast)
    assert Role.GLOBAL_ADMIN in actor_of(cast.jun).roles
    assert browser_of(cast.jun).get(_draft(invitation)).status_code == 404
    assert browser_of(cast.kai).get(_draft(invitation)).status_code == 403

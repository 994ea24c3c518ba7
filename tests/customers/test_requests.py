"""Asking a customer: the draft with its link, sent by oneself or by the system."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from tests.cast import Cast, browser_of, partner, relate
from tests.customers.story import (
    LINK,
    customers_seen_by,
    draft_path,
    invited,
    invited_for_both,
    link_path,
    wish,
)
from toiya.core.clock import real_now
from toiya.customers.drafts import link_of, with_link
from toiya.customers.models import RelationshipInvitation, RelationshipSending
from toiya.mail.models import OutgoingMail
from toiya.programme.models import Programme
from toiya.relations.models import Channel, Partnership


def draft_on(page: str) -> str:
    """The text in the box that [Copy to clipboard] copies."""
    found = re.search(r'<pre class="draft__text" id="invitation-text"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


@pytest.mark.requirement("S-080", "S-084", "S-085")
@pytest.mark.parametrize(
    ("language", "greeting"), [("ja", "アオバ工業 御中"), ("en", "Dear アオバ工業,")], ids=["ja", "en"]
)
def test_a_request_leads_from_the_customers_to_a_draft_in_the_chosen_language(
    cast: Cast, language: str, greeting: str
) -> None:
    browser = browser_of(cast.kai, language="ja")
    dashboard = browser.get(reverse("customers:list")).content.decode()
    assert re.search(r'<a[^>]+href="/dashboard/customers/"[^>]*>.*?顧客', dashboard, re.DOTALL)
    assert re.search(r'href="/dashboard/customers/request/".*?再販業者関係の要求</a>', dashboard, re.DOTALL)

    answer = browser.post(
        reverse("customers:request"), wish(language=language, customer_name="アオバ工業"), follow=True
    )

    draft = draft_on(answer.content.decode())
    invitation = RelationshipInvitation.objects.get()
    assert draft.startswith(greeting)
    assert LINK.findall(draft) == [link_of(invitation)]


@pytest.mark.requirement("S-085")
def test_the_language_of_the_draft_is_the_inviters_own_unless_chosen(cast: Cast) -> None:
    cast.kai.language = "en"
    cast.kai.save()

    page = browser_of(cast.kai, language="ja").get(reverse("customers:request")).content.decode()

    assert re.search(r'name="language" value="en"[^>]*checked', page)


@pytest.mark.requirement("S-086", "S-087")
def test_the_draft_opens_in_the_mail_program_and_copies_as_a_whole(cast: Cast) -> None:
    invitation = invited(cast.kai, email="tanaka@aoba.example")

    page = browser_of(cast.kai).get(draft_path(invitation)).content.decode()

    found = re.search(r'href="(mailto:[^"]+)"', page)
    assert found
    mailto = urlsplit(html.unescape(found[1]))
    opened = parse_qs(mailto.query, strict_parsing=True)
    assert mailto.path == "tanaka%40aoba.example"
    assert opened["subject"] == ["Request for a reseller relationship with カワセシステムズ"]
    assert opened["body"][0].replace("\r\n", "\n") == with_link(invitation) == draft_on(page)
    assert re.search(r'<button[^>]+data-copy="invitation-text"', page)
    assert link_of(invitation) in draft_on(page)


@pytest.mark.requirement("S-075", "S-091")
def test_a_draft_needs_no_address_and_is_called_mailed_only_when_the_system_mailed_it(cast: Cast) -> None:
    invitation = invited(cast.kai)
    browser = browser_of(cast.kai)
    before = browser.get(reverse("customers:list")).content.decode()
    assert "Not mailed by the system" in before
    assert "Mailed by the system to" not in before
    assert not OutgoingMail.objects.exists()

    text = with_link(invitation)
    refused = browser.post(draft_path(invitation), {"message": text, "email": "", "act": "send"})
    assert refused.status_code == 400
    assert "Enter the customer&#x27;s email address" in refused.content.decode()
    assert not OutgoingMail.objects.exists()

    browser.post(draft_path(invitation), {"message": text, "email": "info@aoba.example", "act": "send"})

    sending = RelationshipSending.objects.get()
    mail = OutgoingMail.objects.get()
    assert (sending.to, sending.mail_id, mail.to) == ("info@aoba.example", mail.pk, "info@aoba.example")
    assert (
        "Mailed by the system to info@aoba.example" in browser.get(reverse("customers:list")).content.decode()
    )


@pytest.mark.requirement("S-088", "S-100")
@pytest.mark.parametrize("kind", ["single", "combined"])
def test_the_text_may_be_edited_but_not_without_its_link(cast: Cast, kind: str) -> None:
    """Planted fault: no question whether the link is still there, in ``send_invitation`` and
    ``save_draft``.
    """
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode) if kind == "combined" else invited(cast.kai)
    browser = browser_of(cast.kai)
    page = browser.get(draft_path(invitation)).content.decode()
    assert "keep the link unchanged" in page

    edited = f"Good morning!\n\n{link_of(invitation)}\n\nKai"
    browser.post(draft_path(invitation), {"message": edited, "email": "", "act": "save"})
    assert draft_on(browser.get(draft_path(invitation)).content.decode()) == edited

    for act in ("save", "send"):
        without = edited.replace(link_of(invitation), link_of(invitation)[:-9] + "/")
        form = {"message": without, "email": "info@aoba.example", "act": act}
        refused = browser.post(draft_path(invitation), form)
        assert refused.status_code == 400
        assert "The text does not contain the invitation link." in refused.content.decode()
        assert html.escape(without.splitlines()[0]) in refused.content.decode()
        assert not OutgoingMail.objects.exists()
        invitation.refresh_from_db()
        assert with_link(invitation) == edited


@pytest.mark.requirement("S-090", "S-101")
@pytest.mark.parametrize("kind", ["single", "combined"])
def test_done_returns_to_the_customers_where_the_invitation_is_open(cast: Cast, kind: str) -> None:
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode) if kind == "combined" else invited(cast.kai)
    browser = browser_of(cast.kai)

    draft = browser.get(draft_path(invitation)).content.decode()
    done = re.search(
        r'<a class="btn btn-secondary" href="([^"]+)"><svg[^<]*(?:<[^>]*>)*?</svg>Done</a>', draft
    )
    assert done
    assert done[1] == reverse("customers:list")

    page = browser.get(done[1]).content.decode()
    assert re.search(rf'href="{draft_path(invitation)}">Aoba Industries</a>.*?Open', page, re.DOTALL)
    listed = browser.get(reverse("customers:invitations")).content.decode()
    assert re.search(rf'href="{draft_path(invitation)}">Aoba Industries</a>.*?Open', listed, re.DOTALL)


@pytest.mark.requirement("S-094")
def test_how_a_customer_was_won_is_one_of_three_answers(cast: Cast) -> None:
    browser = browser_of(cast.kai)
    page = browser.get(reverse("customers:request")).content.decode()
    assert re.findall(r'name="channel" value="(\w*)"', page) == [
        "own_marketing",
        "operator_referral",
        "provider",
    ]

    for missing in ("", "friends"):
        refused = browser.post(reverse("customers:request"), wish(channel=missing, customer_name="Kept"))
        assert refused.status_code == 400
        assert 'value="Kept"' in refused.content.decode()
    assert not RelationshipInvitation.objects.exists()

    for channel in Channel:
        assert invited(cast.kai, channel=channel.value).channel == channel


@pytest.mark.requirement("S-074", "S-098", "S-099")
def test_the_joint_invitation_starts_on_each_providers_row_and_says_why(cast: Cast) -> None:
    partner(cast.hinode, cast.kawase)
    partner(cast.midori, cast.kawase)
    browser = browser_of(cast.kai, language="ja")

    providers = browser.get(reverse("partnerships:providers")).content.decode()
    for provider in (cast.hinode, cast.midori):
        path = reverse("customers:invite_both", args=[provider.pk])
        assert re.search(rf'<a href="{path}">新しい顧客を招待する</a>', providers)

    page = browser.get(reverse("customers:invite_both", args=[cast.hinode.pk])).content.decode()
    assert "新しいサブスクリプションを購入する場合" in page
    assert "既存のサブスクリプションに新しいライセンスを追加する場合" in page


@pytest.mark.requirement("S-097")
def test_one_link_asks_for_both_from_either_side(cast: Cast) -> None:
    partner(cast.hinode, cast.kawase)

    from_reseller = invited_for_both(cast.kai, cast.hinode)
    from_provider = invited_for_both(cast.mei, cast.kawase, from_provider=True)

    for invitation in (from_reseller, from_provider):
        assert invitation.parties == [cast.kawase, cast.hinode]
        assert len(set(LINK.findall(with_link(invitation)))) == 1
    resellers = browser_of(cast.mei).get(reverse("partnerships:resellers")).content.decode()
    assert reverse("customers:invite_both_as_provider", args=[cast.kawase.pk]) in resellers


def test_nobody_is_asked_for_together_with_a_partner_who_never_agreed(cast: Cast) -> None:
    """T-09. Planted fault: ``_for_both`` takes the other organisation without a live partnership."""
    partner(cast.hinode, cast.kawase)
    invited_for_both(cast.kai, cast.hinode)

    for person, name, other in (
        (cast.kai, "customers:invite_both", cast.midori),
        (cast.yui, "customers:invite_both", cast.hinode),
        (cast.jun, "customers:invite_both_as_provider", cast.kawase),
    ):
        path = reverse(name, args=[other.pk])
        assert browser_of(person).get(path).status_code == 404
        assert browser_of(person).post(path, wish()).status_code == 404
    Partnership.objects.update(ended_at=real_now())
    ended = reverse("customers:invite_both", args=[cast.hinode.pk])
    assert browser_of(cast.kai).get(ended).status_code == 404
    assert browser_of(cast.kai).post(ended, wish()).status_code == 404
    assert RelationshipInvitation.objects.count() == 1


def test_nothing_is_asked_for_longer_than_the_limits(cast: Cast) -> None:
    """G-04: 90 days for an invitation, 730 for the access. The figure is named, and what was typed stays."""
    for field, highest in (("valid_days", 90), ("grant_days", 730)):
        assert invited(cast.kai, **{field: highest}).pk is not None
        refused = browser_of(cast.kai).post(reverse("customers:request"), wish(**{field: highest + 1}))
        page = refused.content.decode()
        assert refused.status_code == 400
        assert str(highest) in page
        assert f'value="{highest + 1}"' in page
    assert RelationshipInvitation.objects.count() == 2


def test_least_privilege_is_what_the_form_proposes(cast: Cast) -> None:
    """Q-17: the provider asks for nothing unless somebody ticks it, and the top role is never ticked."""
    partner(cast.hinode, cast.kawase)
    page = browser_of(cast.kai).get(reverse("customers:invite_both", args=[cast.hinode.pk])).content.decode()

    ticked = re.findall(r'name="(roles_\w+)" value="(\w+)"[^>]*checked', page)

    assert ticked == [("roles_reseller", "license_administrator"), ("roles_reseller", "user_administrator")]
    assert page.count('value="global_administrator"') == 2


def test_the_system_sends_only_so_many_mails_an_hour(cast: Cast) -> None:
    """T-33. Planted fault: ``_mail`` does not take from the hourly limit."""
    Programme.objects.update(mails_per_hour=2)
    invitation = invited(cast.kai)
    browser = browser_of(cast.kai)
    form = {"message": with_link(invitation), "email": "info@aoba.example", "act": "send"}
    assert [browser.post(draft_path(invitation), form).status_code for _ in range(2)] == [302, 302]

    third = browser.post(draft_path(invitation), form)

    assert third.status_code == 429
    assert html.escape(link_of(invitation)) in third.content.decode()
    assert (OutgoingMail.objects.count(), RelationshipSending.objects.count()) == (2, 2)


def test_sending_to_another_address_kills_the_link_that_went_to_the_first(cast: Cast) -> None:
    """Planted fault: ``send_invitation`` keeps the version."""
    invitation = invited(cast.kai)
    browser = browser_of(cast.kai)
    first = link_path(invitation)
    for address in ("wrong@else.example", "right@aoba.example"):
        text = with_link(invitation)
        assert (
            browser.post(
                draft_path(invitation), {"message": text, "email": address, "act": "send"}
            ).status_code
            == 302
        )
        invitation.refresh_from_db()

    assert browser_of(cast.emi).get(first).status_code == 409
    assert browser_of(cast.emi).get(link_path(invitation)).status_code == 200


def test_a_revoked_invitation_says_so_and_whom_to_ask(cast: Cast) -> None:
    """C-01. Planted fault: ``revoke`` leaves state and version alone."""
    invitation = invited(cast.kai)
    link = link_path(invitation)
    assert browser_of(cast.emi).get(link).status_code == 200

    assert browser_of(cast.nao).post(reverse("customers:revoke", args=[invitation.pk])).status_code == 403
    assert browser_of(cast.yui).post(reverse("customers:revoke", args=[invitation.pk])).status_code == 404
    assert browser_of(cast.kai).post(reverse("customers:revoke", args=[invitation.pk])).status_code == 302

    closed = browser_of(cast.emi).get(link)
    assert closed.status_code == 409
    assert "took it back" in closed.content.decode()
    assert cast.kawase.name in closed.content.decode()
    assert "Revoked" in browser_of(cast.kai).get(draft_path(invitation)).content.decode()


@pytest.mark.requirement("S-081", "S-082", "S-083")
def test_customers_of_others_and_from_outside_come_only_by_invitation(cast: Cast) -> None:
    """Planted fault: ``customers_of`` looks at the customers of partners too."""
    relate(cast.hinode, cast.aoba)
    assert customers_seen_by(cast.mei) == ["アオバ工業"]

    partner(cast.hinode, cast.kawase)

    assert customers_seen_by(cast.kai) == []
    assert customers_seen_by(cast.mei) == ["アオバ工業"]
    assert browser_of(cast.kai).get(reverse("customers:account", args=[cast.aoba.pk])).status_code == 404
    assert LINK.search(with_link(invited(cast.kai)))


def test_a_known_customer_is_asked_for_access_by_a_link_of_its_own(cast: Cast) -> None:
    relate(cast.kawase, cast.aoba)
    users = browser_of(cast.kai).get(reverse("customers:users", args=[cast.aoba.pk])).content.decode()
    path = f"{reverse('customers:request')}?customer={cast.aoba.pk}"
    assert path in users

    browser_of(cast.kai).post(path, wish())

    invitation = RelationshipInvitation.objects.get()
    assert invitation.named_customer == cast.aoba
    assert browser_of(cast.yui).post(link_path(invitation), {"agree": "on"}).status_code == 409

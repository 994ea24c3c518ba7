"""No mail of a sandbox leaves the installation, and the links in its mailbox work like those in any mail."""

from tests.cast import Cast, actor_of, browser_of
from tests.mail.test_deliver import Postbox, post, postbox
from tests.sandbox.story import link_in, made_by, part, work
from toiya.directory.sign_in import change_password
from toiya.mail.models import Delivery, OutgoingMail
from toiya.partnerships.ending import end_partnership
from toiya.partnerships.invitations import invite_reseller, send_invitation
from toiya.relations.models import Partnership
from toiya.sandbox.closing import delete_sandbox

__all__ = ["postbox"]


def test_the_mail_server_gets_the_mails_of_real_people_only(cast: Cast, postbox: Postbox) -> None:
    """Planted fault: ``reaches_people`` says yes to every family."""
    sandbox = made_by(cast.mei).sandbox
    post(cast)

    work()

    assert [envelope.rcpt_tos for envelope in postbox.envelopes] == [["emi@aoba.example"]]
    caught = OutgoingMail.objects.filter(family_id=sandbox.family_id)
    assert caught.count() > 4
    assert set(caught.values_list("delivery", flat=True)) == {Delivery.MAILBOX}


def test_what_is_left_of_a_closed_sandbox_does_not_leave_either(cast: Cast, postbox: Postbox) -> None:
    mei = actor_of(cast.mei)
    sandbox = made_by(cast.mei).sandbox
    delete_sandbox(mei, sandbox_id=sandbox.pk)
    for _round in range(2):
        work()

    assert postbox.envelopes == []
    assert not OutgoingMail.objects.exclude(family_id=cast.family.pk).exists()


def test_an_invitation_inside_is_accepted_by_the_link_in_the_mailbox(cast: Cast) -> None:
    """The outsider is a real organisation here."""
    sandbox = made_by(cast.mei).sandbox
    provider, reseller = part(sandbox, "provider"), part(sandbox, "reseller")
    change_password(actor_of(reseller), new="a river of fireflies")  # nothing opens with a one-time password
    reseller.refresh_from_db()
    former = Partnership.objects.get(provider=provider.tenant)
    end_partnership(actor_of(provider), partnership=former, reason="", removes_access=True)
    invitation = invite_reseller(actor_of(provider), language="en", named_domain=reseller.tenant.domain)
    send_invitation(actor_of(provider), invitation=invitation, email=reseller.contact_email)
    mail = OutgoingMail.objects.filter(message="partnerships/invitation").latest("posted_at")
    path = link_in(mail)

    assert browser_of(cast.kai).get(path).status_code == 404
    assert browser_of(cast.kai).post(f"{path}accept/", {"agree": "on"}).status_code == 404
    assert browser_of(reseller).get(path, follow=True).status_code == 200
    accepted = browser_of(reseller).post(f"{path}accept/", {"agree": "on", "roles": invitation.roles})

    assert accepted.status_code == 302
    partnership = Partnership.objects.live().get(provider=provider.tenant)
    assert (partnership.reseller, partnership.invitation_id) == (reseller.tenant, invitation.pk)

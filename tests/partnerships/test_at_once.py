"""A crowd accepts at the same moment (G-09)."""

import threading

import pytest
from django.db import connection
from django.test import Client

from tests.cast import Cast, browser_of, hire
from tests.crowd import CROWDS
from tests.partnerships.story import invite, path_of
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Role
from toiya.mail.models import OutgoingMail
from toiya.partnerships.models import InvitationState
from toiya.relations.models import AdministrationGrant, Partnership


@pytest.mark.goal("G-09")
@pytest.mark.requirement("S-066", "S-067")
@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("crowd_size", CROWDS)
def test_many_accept_at_once_and_one_partnership_comes_of_it(cast: Cast, crowd_size: int) -> None:
    """Two resellers, half of the browsers each. Planted fault: the update asks for no state and no version."""
    invitation = invite(cast)
    hire(cast.kawase, "Moe", Role.GLOBAL_ADMIN)
    browsers = [browser_of(cast.kai if number % 2 else cast.yui) for number in range(crowd_size)]
    assert {browser.get(path_of(invitation)).status_code for browser in browsers} == {200}
    barrier, answers = threading.Barrier(crowd_size), list[int]()

    def press(browser: Client) -> None:
        browser.raise_request_exception = False
        barrier.wait()
        try:
            answer = browser.post(f"{path_of(invitation)}accept/", {"agree": "on", "roles": invitation.roles})
            answers.append(answer.status_code)
        finally:
            connection.close()

    crowd = [threading.Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert sorted(answers) == [302] + [409] * (crowd_size - 1)
    partnership = Partnership.objects.get()
    assert AdministrationGrant.objects.count() == 1
    made = AuditRecord.objects.filter(action=AuditAction.CREATE_PARTNER_RELATIONSHIP)
    assert list(made.values_list("subject_id", flat=True)) == [str(partnership.pk)]
    told = list(OutgoingMail.objects.values_list("to", flat=True))
    accepter = cast.kai if partnership.reseller_id == cast.kawase.pk else cast.yui
    assert sorted(told) == sorted([cast.mei.contact_email, accepter.contact_email])
    invitation.refresh_from_db()
    assert (invitation.state, invitation.answered_by_id) == (InvitationState.ACCEPTED, accepter.pk)

"""Time decides at the request, whether or not any worker runs (G-04, T-12)."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.urls import reverse

from tests.cast import Cast, browser_of, found, hire
from tests.customers.story import accepted, consent_to, draft_path, invited, link_path
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.customers.drafts import with_link
from toiya.customers.sending import remind, reminders_due
from toiya.directory.models import Family, Person, RoleAssignment, Suspension
from toiya.mail.models import OutgoingMail
from toiya.relations.models import AdministrationGrant, ResellerRelationship

SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)


def set_clock(cast: Cast, moment: dt.datetime) -> None:
    """The family's clock stands at this moment."""
    cast.family.clock_stopped_at = moment
    cast.family.save()


@pytest.mark.goal("G-04")
def test_an_invitation_is_good_until_its_last_second(cast: Cast) -> None:
    """Planted fault: ``_obstacle`` does not look at the clock."""
    first, second = invited(cast.kai), invited(cast.kai)
    fumi = hire(found(cast.family, "フジ建設", "fuji.example"), "Fumi", Role.GLOBAL_ADMIN)

    set_clock(cast, first.expires_at - SECOND)
    accepted(cast.emi, first)
    set_clock(cast, second.expires_at)

    refused = browser_of(fumi).post(link_path(second), consent_to(second))
    assert refused.status_code == 410
    assert browser_of(fumi).get(link_path(second)).status_code == 410
    assert "This invitation has expired." in refused.content.decode()
    assert cast.kawase.name in refused.content.decode()
    assert ResellerRelationship.objects.count() == 1
    text = with_link(second)
    late = browser_of(cast.kai).post(
        draft_path(second), {"message": text, "email": "a@b.example", "act": "send"}
    )
    assert late.status_code == 409
    assert not OutgoingMail.objects.filter(message="customers/invitation").exists()
    assert "Expired" in browser_of(cast.kai).get(reverse("customers:invitations")).content.decode()


@pytest.mark.goal("G-04")
def test_access_by_consent_is_good_until_its_last_second(cast: Cast) -> None:
    """Planted fault: ``live`` compares with ``expires_at__gte``."""
    accepted(cast.emi, invited(cast.kai, grant_days=30))
    grant = AdministrationGrant.objects.get()
    users = reverse("customers:users", args=[cast.aoba.pk])

    set_clock(cast, grant.expires_at - SECOND)
    assert "taro@aoba.example" in browser_of(cast.kai).get(users).content.decode()
    set_clock(cast, grant.expires_at)

    gone = browser_of(cast.kai).get(users).content.decode()
    assert "taro@aoba.example" not in gone
    assert "Administrator access is missing" in gone


def test_the_customer_is_reminded_once_of_what_the_system_mailed(cast: Cast) -> None:
    """Planted fault: ``remind`` does not mark the invitation."""
    mailed, self_sent = invited(cast.kai), invited(cast.kai)
    form = {"message": with_link(mailed), "email": "info@aoba.example", "act": "send"}
    browser_of(cast.kai).post(draft_path(mailed), form)
    assert reminders_due(Family.objects.get()) == []

    set_clock(cast, mailed.expires_at - 7 * DAY - SECOND)
    assert reminders_due(Family.objects.get()) == []
    set_clock(cast, mailed.expires_at - 7 * DAY)
    assert reminders_due(Family.objects.get()) == [mailed]
    assert self_sent not in reminders_due(Family.objects.get())

    assert remind(mailed) is not None
    assert remind(mailed) is None
    assert reminders_due(Family.objects.get()) == []
    reminder = OutgoingMail.objects.get(message="customers/reminder")
    assert (reminder.to, reminder.language) == ("info@aoba.example", "en")
    assert "Reminder mailed by the system" in browser_of(cast.kai).get(draft_path(mailed)).content.decode()


def test_nobody_is_reminded_of_what_is_settled(cast: Cast) -> None:
    mailed = invited(cast.kai)
    form = {"message": with_link(mailed), "email": "info@aoba.example", "act": "send"}
    browser_of(cast.kai).post(draft_path(mailed), form)
    set_clock(cast, mailed.expires_at - DAY)
    assert reminders_due(Family.objects.get()) == [mailed]

    accepted(cast.emi, mailed)

    assert reminders_due(Family.objects.get()) == []
    assert remind(mailed) is None


def suspend(cast: Cast) -> None:
    """The operator stops Kawase."""
    Suspension.objects.create(
        tenant=cast.kawase, capacity=Capacity.RESELLER, reason="x", at=real_now(), by_id=cast.ren.pk
    )


ENDS: dict[str, Callable[[Cast], object]] = {
    "inviter disabled": lambda cast: Person.objects.filter(pk=cast.kai.pk).update(disabled_at=real_now()),
    "role gone": lambda cast: RoleAssignment.objects.filter(person=cast.kai).delete(),
    "partner suspended": suspend,
}


@pytest.mark.goal("G-03")
@pytest.mark.parametrize("end", ENDS)
def test_nobody_is_reminded_in_the_name_of_somebody_who_may_no_longer_ask(cast: Cast, end: str) -> None:
    """T-04, T-18. Planted fault: ``remind`` asks only whether the invitation is open."""
    mailed = invited(cast.kai)
    form = {"message": with_link(mailed), "email": "info@aoba.example", "act": "send"}
    browser_of(cast.kai).post(draft_path(mailed), form)
    set_clock(cast, mailed.expires_at - DAY)
    ENDS[end](cast)

    assert reminders_due(Family.objects.get()) == [mailed]
    assert remind(mailed) is None
    assert not OutgoingMail.objects.filter(message="customers/reminder").exists()

"""Many browsers accept the same invitation at the same moment (G-09, T-44)."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from tests.cast import browser_of, build_cast, partner
from tests.crowd import CROWDS
from tests.customers.story import consent_to, invited_for_both, link_path
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.mail.models import OutgoingMail
from toiya.relations.models import AdministrationGrant, ResellerRelationship


@pytest.mark.goal("G-09")
@pytest.mark.requirement("S-102")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("crowd_size", CROWDS)
def test_many_acceptances_at_once_make_one_of_each(crowd_size: int) -> None:
    """Planted faults: ``_settle`` without its condition and ``_lock`` without the lock; on SQLite also
    DEFERRED transactions.
    """
    cast = build_cast()
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode)
    link, consent = link_path(invitation), consent_to(invitation)
    browsers = [browser_of(cast.emi) for _ in range(crowd_size)]
    ready = threading.Barrier(crowd_size)

    def accept(browser: Client) -> int:
        try:
            ready.wait()
            return browser.post(link, consent).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(crowd_size) as pool:
        answers = Counter(pool.map(accept, browsers))

    assert answers == {302: 1, 409: crowd_size - 1}
    assert sorted(ResellerRelationship.objects.values_list("partner_id", "customer_id")) == sorted(
        [(cast.kawase.pk, cast.aoba.pk), (cast.hinode.pk, cast.aoba.pk)]
    )
    assert AdministrationGrant.objects.count() == 1
    written = Counter(AuditRecord.objects.values_list("action", flat=True))
    assert written[AuditAction.CREATE_RESELLER_RELATIONSHIP] == 2
    assert written[AuditAction.CREATE_ADMINISTRATION_GRANT] == 1
    assert Counter(OutgoingMail.objects.values_list("message", flat=True)) == {
        "customers/accepted": 2,
        "customers/consent_given": 1,
    }

"""A sandbox is emptied: at once for people, a little later in the database, and nothing real goes with it."""

import threading
from collections.abc import Collection

import pytest
from django.apps import apps
from django.db import connection

from tests.cast import Cast, actor_of, build_cast
from tests.commerce import build_shop
from tests.sandbox.story import DAY, bought, made_by, part, snapshot, travel, work
from toiya.audit.models import AuditRecord, ChainLink, PersonalValue
from toiya.audit.verify import verify_log
from toiya.core.errors import NotVisible
from toiya.directory.models import Family, Person, Tenant
from toiya.directory.sign_in import check_password
from toiya.mail.models import OutgoingMail
from toiya.sandbox.closing import (
    delete_customer,
    delete_reseller,
    delete_sandbox,
    reset_sandbox,
    take_down_closed,
)
from toiya.sandbox.errors import NotInSandbox, SandboxGone, StillBuying
from toiya.sandbox.models import Sandbox
from toiya.sandbox.taking_down import KEPT, LeadsOutside, bare_names, references, tables, take_down


def test_an_emptied_sandbox_leaves_nothing_but_the_sealed_log(cast: Cast) -> None:
    """G-37. Planted fault: ``take_down`` skips the rows that name a tenant by a bare id."""
    build_shop(cast)
    mei = actor_of(cast.mei)
    made = made_by(cast.mei)
    bought(made.sandbox)
    travel(mei, made.sandbox.family.clock.now() + 70 * DAY)
    work()
    gone = set(made.sandbox.family.tenants.values_list("pk", flat=True))
    family, account = made.sandbox.family, made.accounts[0]
    production = {key: row for key, row in snapshot().items() if key[0] in REAL and not _names(row, gone)}

    again = reset_sandbox(mei, sandbox_id=made.sandbox.pk)

    assert check_password(account.person.user_name, account.password) is None
    assert again.sandbox.family != family
    assert take_down_closed() > 100
    assert take_down_closed() == 0
    assert not Family.objects.filter(pk=family.pk).exists()
    left = {label for (label, _key), row in snapshot().items() if _names(row, gone)}
    assert left == {"audit.AuditRecord", "audit.ChainLink", "audit.Checkpoint"}
    assert not OutgoingMail.objects.filter(family_id=family.pk).exists()
    after = snapshot()
    assert {key: after.get(key) for key in production} == production
    work()
    report = verify_log()
    assert report.findings == []
    actions = (
        AuditRecord.objects.filter(tenant_id=cast.hinode.pk).order_by("pk").values_list("action", flat=True)
    )
    assert list(actions) == ["make_sandbox", "move_clock", "reset_sandbox"]


REAL = {"directory.Tenant", "directory.Person", "directory.Domain", "catalogue.Sku", "pricing.PriceLine"}


def _names(row: str, tenants: Collection[object]) -> bool:
    return any(str(tenant) in row for tenant in tenants)


def test_a_second_click_finds_it_done(cast: Cast) -> None:
    mei = actor_of(cast.mei)
    first = made_by(cast.mei).sandbox
    second = reset_sandbox(mei, sandbox_id=first.pk).sandbox

    with pytest.raises(SandboxGone):
        reset_sandbox(mei, sandbox_id=first.pk)
    with pytest.raises(SandboxGone):
        delete_sandbox(mei, sandbox_id=first.pk)
    assert Sandbox.objects.live().get(tenant=cast.hinode) == second

    delete_sandbox(mei, sandbox_id=second.pk)
    with pytest.raises(SandboxGone):
        delete_sandbox(mei, sandbox_id=second.pk)
    assert not Sandbox.objects.live().exists()
    made_by(cast.mei)


def test_nobody_else_resets_it(cast: Cast) -> None:
    sandbox = made_by(cast.mei).sandbox
    made_by(cast.yui)

    for person in (cast.yui, cast.jun, cast.kai):
        with pytest.raises((NotVisible, SandboxGone)):
            reset_sandbox(actor_of(person), sandbox_id=sandbox.pk)
    assert Sandbox.objects.live().filter(pk=sandbox.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_sandbox() -> None:
    """Planted fault, found on PostgreSQL: ``reset_sandbox`` does not take the owner's row."""
    cast = build_cast()
    build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    actor, start = actor_of(cast.mei), threading.Barrier(2)
    outcomes: list[str] = []

    def click() -> None:
        start.wait()
        try:
            reset_sandbox(actor, sandbox_id=sandbox.pk)
            outcomes.append("made")
        except SandboxGone:
            outcomes.append("gone")
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert sorted(outcomes) == ["gone", "made"]
    assert Sandbox.objects.live().count() == 1
    assert take_down_closed() > 0
    assert Family.objects.count() == 2


def test_a_customer_and_a_reseller_of_the_sandbox_are_deleted(cast: Cast) -> None:
    build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    provider = actor_of(part(sandbox, "provider"))
    customer, reseller = part(sandbox, "customer").tenant, part(sandbox, "reseller").tenant
    bought(sandbox)

    with pytest.raises(StillBuying):
        delete_reseller(provider, reseller=reseller)
    with pytest.raises(NotInSandbox):
        delete_customer(actor_of(cast.mei), customer=cast.aoba)
    with pytest.raises(NotVisible):
        delete_customer(provider, customer=reseller)

    delete_customer(provider, customer=customer)
    assert not Tenant.objects.filter(pk=customer.pk).exists()
    delete_reseller(provider, reseller=reseller)
    left = {label for (label, _key), row in snapshot().items() if _names(row, {customer.pk, reseller.pk})}
    assert left == {"audit.AuditRecord"}
    assert Person.objects.filter(tenant__family=sandbox.family).count() == 2


def test_nothing_real_can_be_taken_down(cast: Cast) -> None:
    before = snapshot()

    with pytest.raises(LeadsOutside):
        take_down({Tenant: {cast.aoba.pk}})
    with pytest.raises(LeadsOutside):
        take_down({Family: {cast.family.pk}})
    assert snapshot() == before


def test_every_table_hangs_on_an_organisation_or_belongs_to_the_installation() -> None:
    """A table that is added tomorrow goes with its sandbox, or stands here with a reason."""
    hanging: set[type] = {Family, Tenant}
    for table in tables():
        if bare_names(table) or any(parent in hanging for _name, parent in references(table)):
            hanging.add(table)
    loose = {model._meta.label for model in apps.get_models() if model not in hanging} - KEPT

    assert (
        loose
        == {
            "auth.Group": "not used",
            "auth.Permission": "not used",
            "contenttypes.ContentType": "Django's",
            "membership.MembershipLogin": "a login of the membership site; a sandbox has none",
            "membership.MembershipSession": "hangs on such a login",
            "programme.Agreement": "the programme's",
            "programme.Country": "the programme's",
            "programme.Programme": "the programme's",
            "programme.WebMailDomain": "the programme's",
            "requests.CacheEntry": "runs out",
            "requests.DutyTurn": "the worker's",
            "requests.LimitCounter": "runs out",
            "requests.Replay": "runs out",
            "tokens.SigningKey": "the installation's",
            "webhooks.SigningCertificate": "the installation's",
        }.keys()
    )
    assert PersonalValue in hanging
    assert ChainLink not in hanging

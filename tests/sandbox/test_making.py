"""A partner makes a sandbox: a family of its own, with everything to try out, out of anybody else's sight."""

import pytest

from tests.cast import Cast, actor_of
from tests.commerce import build_shop
from tests.sandbox.story import bought, made_by, part, snapshot
from toiya.audit.models import AuditRecord
from toiya.core.errors import NotFromSandbox, RoleMissing
from toiya.directory.models import Tenant
from toiya.enrolment.agreements import customer_acceptance_of
from toiya.mail.models import OutgoingMail
from toiya.orders.reach import lacks_agreement
from toiya.pricing.models import PriceLine
from toiya.programme.agreements import publish_agreement
from toiya.programme.models import AgreementKind
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.sandbox.clock import find_sandbox
from toiya.sandbox.errors import SandboxExists
from toiya.sandbox.making import make_sandbox
from toiya.sandbox.models import Sandbox
from toiya.subscriptions.models import SubscriptionState
from toiya.tokens.models import Application
from toiya.tokens.secrets import hash_of


def test_a_provider_makes_a_family_by_the_real_steps(cast: Cast) -> None:
    build_shop(cast)
    made = made_by(cast.mei)

    family = made.sandbox.family
    assert family.is_sandbox
    assert [account.person.user_name.split("-")[0] for account in made.accounts] == [
        "admin@provider",
        "admin@reseller",
        "admin@customer",
        "admin@operator",
    ]
    for account in made.accounts:
        assert account.person.check_password(account.password)
        assert account.person.must_change_password
    for opened in made.applications:
        application = Application.objects.get(pk=opened.client_id, tenant=opened.tenant)
        assert hash_of(opened.secret) == application.secrets.get().hash
    assert len(made.applications) == 2
    provider, reseller, customer = (
        part(made.sandbox, name).tenant for name in ("provider", "reseller", "customer")
    )
    partnership = Partnership.objects.get(provider=provider)
    assert (partnership.reseller, bool(partnership.confirmed_at)) == (reseller, True)
    sellers = ResellerRelationship.objects.live().filter(customer=customer).values_list("partner", flat=True)
    assert set(sellers) == {provider.pk, reseller.pk}
    subscription = bought(made.sandbox)
    assert subscription.state == SubscriptionState.ACTIVE
    assert subscription.operator.family == family
    mails = OutgoingMail.objects.filter(family_id=family.pk).values_list("message", flat=True)
    assert {"partnerships/invitation", "partnerships/accepted", "customers/invitation"} <= set(mails)


def test_production_is_as_it_was(cast: Cast) -> None:
    """Planted fault: ``register_profile`` forgets the sandbox."""
    build_shop(cast)
    before, tenants = snapshot(), {tenant.pk for tenant in Tenant.objects.all()}

    made = made_by(cast.mei)
    bought(made.sandbox)

    after = snapshot()
    assert {key: after.get(key) for key in before} == before
    named = {
        label
        for label, key in after.keys() - before.keys()
        if any(str(t) in after[label, key] for t in tenants)
    }
    assert named == {"audit.AuditRecord", "sandbox.Sandbox"}
    told = (
        AuditRecord.objects.filter(tenant_id=cast.hinode.pk).order_by("pk").values_list("action", flat=True)
    )
    assert list(told) == ["make_sandbox"]


def test_a_reseller_learns_no_cost(cast: Cast) -> None:
    """G-05. Planted fault: ``knows_cost=True`` for everybody."""
    build_shop(cast)
    ours, theirs = made_by(cast.mei).sandbox, made_by(cast.kai).sandbox

    def costs(sandbox: Sandbox) -> list[tuple[int, int]]:
        lines = PriceLine.objects.filter(tenant__family=sandbox.family)
        return sorted(lines.values_list("list_units", "retail_units"))

    real = sorted(PriceLine.objects.filter(tenant=cast.operator).values_list("list_units", "retail_units"))
    assert costs(ours) == real
    assert costs(theirs) == sorted((retail, retail) for _cost, retail in real)


def test_one_sandbox_each_and_for_administrators_only(cast: Cast) -> None:
    made_by(cast.mei)

    with pytest.raises(SandboxExists):
        made_by(cast.mei)
    with pytest.raises(RoleMissing):
        made_by(cast.sora)
    with pytest.raises(RoleMissing):
        made_by(cast.nao)
    assert Sandbox.objects.count() == 1


def test_two_sandboxes_do_not_see_each_other(cast: Cast) -> None:
    ours, theirs = made_by(cast.mei).sandbox, made_by(cast.yui).sandbox

    assert find_sandbox(actor_of(cast.mei)) == ours
    assert find_sandbox(actor_of(part(ours, "reseller"))) == ours
    assert find_sandbox(actor_of(cast.yui)) == theirs
    assert find_sandbox(actor_of(cast.kai)) is None


WORDS = {"title_ja": "契約", "title_en": "Agreement", "text_ja": "契約", "text_en": "Agreement"}


def test_nothing_that_is_shared_is_changed_from_inside(cast: Cast) -> None:
    """Planted fault: the rule of ``PROGRAMME_MANAGE`` is not ``shared``."""
    operator = actor_of(part(made_by(cast.mei).sandbox, "operator"))
    before = snapshot()

    with pytest.raises(NotFromSandbox):
        publish_agreement(operator, kind=AgreementKind.RESELLER, **WORDS)
    with pytest.raises(NotFromSandbox):
        make_sandbox(actor_of(part(find_sandbox(operator), "provider")))  # type: ignore[arg-type]
    assert snapshot() == before


def test_nothing_keeps_the_first_order_waiting(cast: Cast) -> None:
    """Where the operator asks customers for an agreement, the made-up customer has accepted it.

    Planted fault that this test finds: a customer that only accepts the invitation.
    """
    publish_agreement(actor_of(cast.ren), kind=AgreementKind.CUSTOMER, **WORDS)

    sandbox = made_by(cast.mei).sandbox

    customer = part(sandbox, "customer").tenant
    assert customer_acceptance_of(customer.pk) is not None
    assert not lacks_agreement(part(sandbox, "provider").tenant_id, customer.pk)

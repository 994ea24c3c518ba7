"""A sandbox is emptied or deleted: it is closed at once, and the worker takes down what was in it.

Its rows go, and with them the clear text of names in its part of the log; the sealed records stay, as nobody may remove
any (G-37): ids, digests and signatures that name nobody.
"""

import uuid

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.directory.models import Domain, Family, Person, Tenant
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.sandbox.errors import NotInSandbox, SandboxGone, StillBuying
from toiya.sandbox.making import MadeSandbox, build, lock_owner
from toiya.sandbox.models import Sandbox
from toiya.sandbox.taking_down import take_down
from toiya.subscriptions.models import LIVE, Subscription

PIECE = 10


@transaction.atomic
def reset_sandbox(actor: Actor, *, sandbox_id: uuid.UUID) -> MadeSandbox:
    """An empty one takes the place of the one that was shown. Raises NotVisible, SandboxGone for a second click."""
    actor.must(Permission.SANDBOX_MAKE)
    actor.must_be_fresh()
    owner = lock_owner(actor)
    former = _present(actor, sandbox_id)
    _close(former)
    made = build(actor, owner)
    record(
        actor,
        AuditAction.RESET_SANDBOX,
        made.sandbox,
        tenant_id=owner.pk,
        before={"family": str(former.family_id)},
        after={"family": str(made.sandbox.family_id)},
    )
    return made


@transaction.atomic
def delete_sandbox(actor: Actor, *, sandbox_id: uuid.UUID) -> None:
    """Nothing takes its place. Raises NotVisible, SandboxGone for a second click."""
    actor.must(Permission.SANDBOX_MAKE)
    actor.must_be_fresh()
    owner = lock_owner(actor)
    former = _present(actor, sandbox_id)
    _close(former)
    record(
        actor,
        AuditAction.DELETE_SANDBOX,
        former,
        tenant_id=owner.pk,
        before={"family": str(former.family_id)},
    )


def _present(actor: Actor, sandbox_id: uuid.UUID) -> Sandbox:
    """The sandbox that the page showed, if it is still the present one; the caller holds the owner's row."""
    found = Sandbox.objects.filter(tenant_id=actor.tenant_id, pk=sandbox_id).first()
    if found is not None and found.closed_at is None:
        return found
    if found is not None or Sandbox.objects.live().filter(tenant_id=actor.tenant_id).exists():
        raise SandboxGone
    raise NotVisible


def _close(sandbox: Sandbox) -> None:
    """From now on nobody signs in there, nothing falls due, and its names are free again."""
    now = real_now()
    Sandbox.objects.filter(pk=sandbox.pk).update(closed_at=now, moving_to=None)
    Family.objects.filter(pk=sandbox.family_id).update(closed_at=now)
    Domain.objects.filter(tenant__family_id=sandbox.family_id).delete()
    Person.accounts.filter(tenant__family_id=sandbox.family_id).update(
        disabled_at=now,
        session_version=F("session_version") + 1,
        user_name=Concat(Cast("id", CharField()), Value("@closed.invalid")),
    )


# ---------------------------------------------------------------- the worker
def take_down_closed() -> int:
    """Closed sandboxes, a few organisations at a time; says how many rows went."""
    closed = Sandbox.objects.filter(closed_at__isnull=False)
    return sum(_take_down(family_id) for family_id in closed.values_list("family_id", flat=True))


def _take_down(family_id: uuid.UUID) -> int:
    gone = 0
    tenants = Tenant.objects.filter(family_id=family_id)
    # Customers before those who sell to them, so that each piece is whole.
    while piece := list(tenants.filter(tenant_capacities__isnull=True).values_list("pk", flat=True)[:PIECE]):
        gone += take_down({Tenant: set(piece)})
    for capacity in (Capacity.RESELLER, Capacity.PROVIDER, Capacity.OPERATOR):
        held = tenants.filter(tenant_capacities__capacity=capacity)
        while piece := list(held.values_list("pk", flat=True)[:PIECE]):
            gone += take_down({Tenant: set(piece)})
    return gone + take_down({Family: {family_id}})


# ---------------------------------------------------------------- one organisation
@transaction.atomic
def delete_customer(actor: Actor, *, customer: Tenant) -> None:
    """A customer of the sandbox and all that it has. Raises NotInSandbox, NotVisible."""
    _must_be_inside(actor)
    actor.must(Permission.CUSTOMERS_ADD)
    served = ResellerRelationship.objects.of_partner(actor).live().filter(customer=customer)
    if not served.exists() or customer.tenant_capacities.exists():
        raise NotVisible
    _delete(actor, customer)


@transaction.atomic
def delete_reseller(actor: Actor, *, reseller: Tenant) -> None:
    """A reseller of the sandbox's provider. Raises NotInSandbox, NotVisible, StillBuying."""
    _must_be_inside(actor)
    actor.must(Permission.PARTNERSHIPS_END)
    partners = Partnership.objects.filter(provider_id=actor.tenant_id, reseller=reseller)
    if not partners.exists():
        raise NotVisible
    if Subscription.objects.filter(reseller=reseller, state__in=LIVE).exists():
        raise StillBuying
    _delete(actor, reseller)


def _must_be_inside(actor: Actor) -> None:
    if not actor.in_sandbox:
        raise NotInSandbox


def _delete(actor: Actor, tenant: Tenant) -> None:
    record(
        actor,
        AuditAction.DELETE_SANDBOX_ORGANIZATION,
        tenant,
        tenant_id=actor.tenant_id,
        before={"name": tenant.name, "domain": tenant.domain},
    )
    take_down({Tenant: {tenant.pk}})

"""Policies: how devices of a customer greet their first user."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count

from toiya.audit.actions import AuditAction
from toiya.audit.record import Values, record
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.permissions import Permission
from toiya.customers.relationships import relationship_with
from toiya.devices.errors import NothingGiven, PolicyInUse, TooLong
from toiya.devices.models import Policy, PolicyQuerySet, PolicySetting

LONGEST = {"name": 100, "description": 1000}


def policies_of(actor: Actor, *, customer_id: uuid.UUID) -> PolicyQuerySet:
    """The partner's policies for the customer, with the number of their devices. Raises NotVisible, RoleMissing."""
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    policies: PolicyQuerySet = Policy.objects.visible_to(actor).filter(customer_id=customer_id)
    return policies.annotate(devices_count=Count("devices")).order_by("name", "id")


def policy_of(actor: Actor, *, customer_id: uuid.UUID, policy_id: uuid.UUID) -> Policy:
    """One of them. Raises NotVisible, RoleMissing."""
    found: Policy | None = policies_of(actor, customer_id=customer_id).filter(pk=policy_id).first()
    if found is None:
        raise NotVisible
    return found


@transaction.atomic
def create_policy(
    actor: Actor, *, customer_id: uuid.UUID, name: str, description: str, settings: Sequence[PolicySetting]
) -> Policy:
    """A new policy for the customer's devices. Raises NotVisible, RoleMissing, NothingGiven, TooLong."""
    actor.must(Permission.DEVICES_MANAGE)
    customer = relationship_with(actor, customer_id).customer
    values = _values(name, description, settings)
    policy = Policy.objects.create(
        tenant_id=actor.tenant_id,
        customer=customer,
        created_at=actor.now,
        changed_at=actor.now,
        **values,
    )
    _record(actor, AuditAction.POLICY_CREATED, policy, after=values)
    return policy


@transaction.atomic
def update_policy(
    actor: Actor,
    *,
    customer_id: uuid.UUID,
    policy_id: uuid.UUID,
    version: int | None,
    name: str,
    description: str,
    settings: Sequence[PolicySetting],
) -> Policy:
    """The policy as a whole, anew. ``version``: the one that was read; None: whatever stands there.

    Raises NotVisible, RoleMissing, ChangedMeanwhile, NothingGiven, TooLong.
    """
    policy = _locked(actor, customer_id, policy_id)
    if version is not None and version != policy.version:
        raise ChangedMeanwhile
    values = _values(name, description, settings)
    before = {key: getattr(policy, key) for key, value in values.items() if getattr(policy, key) != value}
    if before:
        for key in before:
            setattr(policy, key, values[key])
        policy.changed_at = actor.now
        policy.version += 1
        policy.save(update_fields=[*before, "changed_at", "version"])
        after = {key: values[key] for key in before}
        _record(actor, AuditAction.POLICY_UPDATED, policy, before=before, after=after)
    return policy_of(actor, customer_id=customer_id, policy_id=policy_id)


@transaction.atomic
def delete_policy(actor: Actor, *, customer_id: uuid.UUID, policy_id: uuid.UUID) -> None:
    """The policy is gone; no device may have it. Raises NotVisible, RoleMissing, PolicyInUse."""
    policy = _locked(actor, customer_id, policy_id)
    count = policy.devices.count()
    if count:
        raise PolicyInUse(count=count)
    _record(actor, AuditAction.POLICY_DELETED, policy, before={"name": policy.name})
    policy.delete()


def _locked(actor: Actor, customer_id: uuid.UUID, policy_id: uuid.UUID) -> Policy:
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    found: Policy | None = (
        Policy.objects.visible_to(actor)
        .select_for_update()
        .filter(customer_id=customer_id, pk=policy_id)
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def _values(name: str, description: str, settings: Sequence[PolicySetting]) -> dict[str, object]:
    if not name.strip():
        raise NothingGiven(field="name")
    for field, text in (("name", name), ("description", description)):
        if len(text) > LONGEST[field]:
            raise TooLong(field=field, found=len(text), limit=LONGEST[field])
    chosen = [setting.value for setting in PolicySetting if setting in settings]
    return {"name": name, "description": description, "settings": chosen}


def _record(
    actor: Actor,
    action: AuditAction,
    policy: Policy,
    *,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    record(
        actor,
        action,
        policy,
        tenant_id=policy.tenant_id,
        counterparty_id=policy.customer_id,
        customer_id=policy.customer_id,
        before=before,
        after=after,
    )

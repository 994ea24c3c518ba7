"""Devices of a customer: handed in as lists, registered by the worker, given policies, taken off the list."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from toiya.audit.actions import AuditAction
from toiya.audit.record import Values, record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.holding import Strength, hold
from toiya.core.permissions import Permission
from toiya.customers.relationships import relationship_with
from toiya.devices.errors import (
    BatchTaken,
    DeviceTaken,
    NameNotPossible,
    NoSuchPolicy,
    NothingGiven,
    NotIdentified,
    TooLong,
    TooManyDevices,
)
from toiya.devices.models import Batch, BatchQuerySet, Device, DeviceQuerySet, Entry, HandedIn, Policy

MOST_DEVICES = 1_000
LONGEST_NAME = 100
LONGEST = {
    "serial_number": 100,
    "product_key": 100,
    "hardware_hash": 20_000,
    "model_name": 100,
    "manufacturer": 100,
}
Given = Mapping[str, str]


def batches_of(actor: Actor, *, customer_id: uuid.UUID) -> BatchQuerySet:
    """The partner's batches for the customer, with the number of devices and whether one of their lists is open.

    Raises NotVisible, RoleMissing.
    """
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    batches: BatchQuerySet = Batch.objects.visible_to(actor).filter(customer_id=customer_id)
    open_lists = HandedIn.objects.filter(batch=OuterRef("pk"), finished_at__isnull=True)
    counted: BatchQuerySet = batches.annotate(devices_count=Count("devices"), is_open=Exists(open_lists))
    return counted.select_related("created_by").order_by("name", "id")


def devices_of(actor: Actor, *, customer_id: uuid.UUID, batch_name: str) -> DeviceQuerySet:
    """The devices of a batch. Raises NotVisible, RoleMissing."""
    batch = _batch(actor, customer_id, batch_name)
    devices: DeviceQuerySet = Device.objects.visible_to(actor).filter(batch=batch)
    return devices


def device_of(actor: Actor, *, customer_id: uuid.UUID, batch_name: str, device_id: uuid.UUID) -> Device:
    """One of them. Raises NotVisible, RoleMissing."""
    devices = devices_of(actor, customer_id=customer_id, batch_name=batch_name)
    found: Device | None = devices.filter(pk=device_id).first()
    if found is None:
        raise NotVisible
    return found


def list_handed_in(actor: Actor, *, customer_id: uuid.UUID, list_id: uuid.UUID) -> HandedIn:
    """A list with what became of its entries. Raises NotVisible, RoleMissing."""
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    lists = HandedIn.objects.visible_to(actor).filter(customer_id=customer_id, pk=list_id)
    found: HandedIn | None = lists.first()
    if found is None:
        raise NotVisible
    return found


def _batch(actor: Actor, customer_id: uuid.UUID, name: str) -> Batch:
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    found: Batch | None = Batch.objects.visible_to(actor).filter(customer_id=customer_id, name=name).first()
    if found is None:
        raise NotVisible
    return found


@transaction.atomic
def create_batch(actor: Actor, *, customer_id: uuid.UUID, name: str, devices: Sequence[Given]) -> HandedIn:
    """A new batch with a list of devices, which the worker registers one by one.

    Raises NotVisible, RoleMissing, NothingGiven, TooLong, NameNotPossible, TooManyDevices, BatchTaken.
    """
    actor.must(Permission.DEVICES_MANAGE)
    customer = relationship_with(actor, customer_id).customer
    if not name.strip():
        raise NothingGiven(field="name")
    if len(name) > LONGEST_NAME:
        raise TooLong(field="name", found=len(name), limit=LONGEST_NAME)
    if "/" in name or name != name.strip():
        raise NameNotPossible(found=name)
    batch, is_new = Batch.objects.get_or_create(
        tenant_id=actor.tenant_id,
        customer=customer,
        name=name,
        defaults={"created_by_id": actor.person_id, "created_at": actor.now},
    )
    if not is_new:
        raise BatchTaken(name=name)
    action = AuditAction.DEVICES_UPLOAD_TO_NEW_BATCH_ATTEMPTED
    return _hand_in(actor, customer.pk, devices, action=action, batch=batch)


@transaction.atomic
def add_devices(
    actor: Actor, *, customer_id: uuid.UUID, batch_name: str, devices: Sequence[Given]
) -> HandedIn:
    """More devices for a batch that is there. Raises NotVisible, RoleMissing, NothingGiven, TooManyDevices."""
    batch = _batch(actor, customer_id, batch_name)
    action = AuditAction.DEVICES_UPLOAD_TO_EXISTING_BATCH_ATTEMPTED
    return _hand_in(actor, customer_id, devices, action=action, batch=batch)


@transaction.atomic
def hand_in_policies(actor: Actor, *, customer_id: uuid.UUID, devices: Sequence[Given]) -> HandedIn:
    """Policies for many devices: each entry names a ``device`` and a ``policy``, empty for none; the worker sets them.

    Raises NotVisible, RoleMissing, NothingGiven, TooManyDevices.
    """
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    return _hand_in(actor, customer_id, devices, action=AuditAction.DEVICES_UPDATE_ATTEMPTED)


def _hand_in(
    actor: Actor,
    customer_id: uuid.UUID,
    devices: Sequence[Given],
    *,
    action: AuditAction,
    batch: Batch | None = None,
) -> HandedIn:
    if not devices:
        raise NothingGiven(field="devices")
    if len(devices) > MOST_DEVICES:
        raise TooManyDevices(found=len(devices), limit=MOST_DEVICES)
    handed_in = HandedIn.objects.create(
        tenant_id=actor.tenant_id,
        customer_id=customer_id,
        batch=batch,
        asked_by_id=actor.person_id,
        application_id=actor.application_id,
        language=actor.language,
        created_at=actor.now,
    )
    Entry.objects.bulk_create(
        Entry(tenant_id=actor.tenant_id, list=handed_in, position=position, given=dict(given))
        for position, given in enumerate(devices)
    )
    after = {"devices": len(devices), **({"batch": batch.name} if batch else {})}
    _record(actor, action, handed_in, customer_id, after=after)
    return handed_in


def register_device(actor: Actor, *, batch: Batch, given: Given) -> Device:
    """The worker's part for one entry, in its transaction. Raises NotIdentified, TooLong, DeviceTaken."""
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, batch.customer_id)
    for field, limit in LONGEST.items():
        if len(given.get(field, "")) > limit:
            raise TooLong(field=field, found=len(given[field]), limit=limit)
    device, is_new = Device.objects.get_or_create(
        tenant_id=batch.tenant_id,
        identity=_identity(given),
        defaults={
            "customer_id": batch.customer_id,
            "batch": batch,
            "uploaded_at": actor.now,
            **{field: given.get(field, "") for field in LONGEST},
        },
    )
    if not is_new:
        raise DeviceTaken
    after = {"batch": batch.name, "serial_number": device.serial_number}
    _record(actor, AuditAction.REGISTER_DEVICE, device, batch.customer_id, after=after)
    return device


def _identity(given: Given) -> str:
    """What tells a device from all others, the strongest sign first."""
    signs = (("hardware_hash",), ("product_key",), ("serial_number", "manufacturer", "model_name"))
    for fields in signs:
        values = [given.get(field, "").strip() for field in fields]
        if all(values):
            return hashlib.sha256("\n".join([fields[0], *values]).encode()).hexdigest()
    raise NotIdentified


@transaction.atomic
def update_device(
    actor: Actor,
    *,
    customer_id: uuid.UUID,
    batch_name: str,
    device_id: uuid.UUID,
    policy_id: str,
) -> Device:
    """The device has this policy from now on, or none. Raises NotVisible, RoleMissing, NoSuchPolicy."""
    device = device_of(actor, customer_id=customer_id, batch_name=batch_name, device_id=device_id)
    return set_policy(actor, customer_id=customer_id, device_id=device.pk, policy_id=policy_id)


def set_policy(actor: Actor, *, customer_id: uuid.UUID, device_id: uuid.UUID, policy_id: str) -> Device:
    """One device gets a policy, or none for an empty id. Raises NotVisible, RoleMissing, NoSuchPolicy."""
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    policy = _policy(actor, customer_id, policy_id) if policy_id else None
    devices = Device.objects.visible_to(actor).select_for_update(of=("self",)).select_related("policy")
    device: Device | None = devices.filter(customer_id=customer_id, pk=device_id).first()
    if device is None:
        raise NotVisible
    if device.policy != policy:
        before = {"policy": device.policy.name if device.policy else ""}
        device.policy = policy
        device.save(update_fields=["policy"])
        after = {"policy": policy.name if policy else ""}
        _record(actor, AuditAction.DEVICE_UPDATED, device, customer_id, before=before, after=after)
    return device


def _policy(actor: Actor, customer_id: uuid.UUID, policy_id: str) -> Policy:
    """The policy, kept from being deleted until the transaction ends."""
    try:
        named = Q(pk=uuid.UUID(policy_id))
    except ValueError as error:
        raise NoSuchPolicy(found=policy_id) from error
    policies = Policy.objects.visible_to(actor).filter(named, customer_id=customer_id)
    if not hold(policies, Strength.PRESENT):
        raise NoSuchPolicy(found=policy_id)
    policy: Policy = policies.get()
    return policy


@transaction.atomic
def delete_device(actor: Actor, *, customer_id: uuid.UUID, batch_name: str, device_id: uuid.UUID) -> None:
    """The device is off the list, and may be registered again. Raises NotVisible, RoleMissing."""
    devices = devices_of(actor, customer_id=customer_id, batch_name=batch_name).select_for_update()
    device: Device | None = devices.filter(pk=device_id).first()
    if device is None:
        raise NotVisible
    before = {"serial_number": device.serial_number, "batch": batch_name}
    _record(actor, AuditAction.DEVICE_DELETED, device, customer_id, before=before)
    device.delete()


def _record(
    actor: Actor,
    action: AuditAction,
    subject: HandedIn | Device,
    customer_id: uuid.UUID,
    *,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    record(
        actor,
        action,
        subject,
        tenant_id=actor.tenant_id,
        counterparty_id=customer_id,
        customer_id=customer_id,
        before=before,
        after=after,
    )

"""Devices of a customer: handed in as lists, registered by the worker, given policies, taken off the list."""

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

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
    NoPolicyCalled,
    NoSuchPolicy,
    NothingChosen,
    NothingGiven,
    NotIdentified,
    TooLong,
    TooManyDevices,
)
from toiya.devices.models import (
    Batch,
    BatchQuerySet,
    Device,
    DeviceQuerySet,
    Entry,
    EntryState,
    HandedIn,
    HandedInQuerySet,
    Policy,
)

MOST_DEVICES = 1_000
LONGEST_NAME = 100
NO_POLICY = "none"
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


def devices_for(
    actor: Actor, *, customer_id: uuid.UUID, search: str = "", batch: str = "", policy: str = ""
) -> DeviceQuerySet:
    """All devices of the customer, in every batch. ``search``: a part of serial number, product key, maker or model;
    ``policy``: an id, or ``NO_POLICY``.

    Raises NotVisible, RoleMissing.
    """
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    devices: DeviceQuerySet = Device.objects.visible_to(actor).filter(customer_id=customer_id)
    for word in search.split():
        devices = devices.filter(
            Q(serial_number__icontains=word)
            | Q(product_key__icontains=word)
            | Q(manufacturer__icontains=word)
            | Q(model_name__icontains=word)
        )
    if batch:
        devices = devices.filter(batch__name=batch)
    if policy == NO_POLICY:
        devices = devices.filter(policy__isnull=True)
    elif policy:
        devices = devices.filter(policy_id=policy)
    return devices.select_related("batch", "policy")


def lists_open(actor: Actor, *, customer_id: uuid.UUID) -> HandedInQuerySet:
    """The partner's lists for the customer that the worker has not finished, the oldest first. Raises NotVisible,
    RoleMissing.
    """
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    lists: HandedInQuerySet = HandedIn.objects.visible_to(actor).filter(
        customer_id=customer_id, finished_at__isnull=True
    )
    waiting = Count("entries", filter=Q(entries__state=EntryState.WAITING))
    counted: HandedInQuerySet = lists.annotate(count=Count("entries"), waiting=waiting)
    return counted.select_related("batch").order_by("created_at", "id")


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
    batch, is_new = _batch_called(actor, customer.pk, name)
    if not is_new:
        raise BatchTaken(name=name)
    action = AuditAction.DEVICES_UPLOAD_TO_NEW_BATCH_ATTEMPTED
    return _hand_in(actor, customer.pk, devices, action=action, batch=batch)


def _batch_called(actor: Actor, customer_id: uuid.UUID, name: str) -> tuple[Batch, bool]:
    if not name.strip():
        raise NothingGiven(field="name")
    if len(name) > LONGEST_NAME:
        raise TooLong(field="name", found=len(name), limit=LONGEST_NAME)
    if "/" in name or name != name.strip():
        raise NameNotPossible(found=name)
    found: tuple[Batch, bool] = Batch.objects.get_or_create(
        tenant_id=actor.tenant_id,
        customer_id=customer_id,
        name=name,
        defaults={"created_by_id": actor.person_id, "created_at": actor.now},
    )
    return found


@dataclass(frozen=True, slots=True)
class Brought:
    """A device that is on the list; ``is_new`` and ``has_changed`` say what bringing it did."""

    device: Device
    is_new: bool
    has_changed: bool


@transaction.atomic
def bring_device(
    actor: Actor, *, customer_id: uuid.UUID, batch_name: str, given: Given, policy_name: str | None
) -> Brought:
    """The device is on the customer's list, in a batch of this name, with this policy; ``""`` takes the policy away,
    None leaves it. One that is there already stays in its batch.

    Raises NotVisible, RoleMissing, NothingGiven, TooLong, NameNotPossible, NotIdentified, DeviceTaken where it is
    another customer's, NoPolicyCalled.
    """
    actor.must(Permission.DEVICES_MANAGE)
    relationship_with(actor, customer_id)
    mine = Device.objects.visible_to(actor).filter(identity=_identity(given))
    device: Device | None = mine.select_related("policy").first()
    is_new = device is None
    if device is None:
        batch, _is_new = _batch_called(actor, customer_id, batch_name)
        device = register_device(actor, batch=batch, given=given)
    elif device.customer_id != customer_id:
        raise DeviceTaken
    if policy_name is None:
        return Brought(device, is_new, has_changed=is_new)
    policy_id = str(_policy_called(actor, customer_id, policy_name).pk) if policy_name else ""
    has_changed = is_new or policy_id != str(device.policy_id or "")
    device = set_policy(actor, customer_id=customer_id, device_id=device.pk, policy_id=policy_id)
    return Brought(device, is_new, has_changed)


def _policy_called(actor: Actor, customer_id: uuid.UUID, name: str) -> Policy:
    found = list(Policy.objects.visible_to(actor).filter(customer_id=customer_id, name=name)[:2])
    if len(found) != 1:
        raise NoPolicyCalled(name=name, count=len(found))
    return found[0]


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


@transaction.atomic
def set_policies(
    actor: Actor, *, customer_id: uuid.UUID, device_ids: Collection[uuid.UUID], policy_id: str
) -> int:
    """Several devices get a policy, or none for an empty id: all of them, or nothing. How many there are.

    Raises NotVisible, RoleMissing, NothingChosen, NoSuchPolicy.
    """
    if not device_ids:
        raise NothingChosen
    for device_id in sorted(device_ids):
        set_policy(actor, customer_id=customer_id, device_id=device_id, policy_id=policy_id)
    return len(device_ids)


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

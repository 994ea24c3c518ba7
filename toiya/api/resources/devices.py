"""Devices that a partner keeps a list of for a customer, in batches, and the policies of their first start."""

import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from django.utils.translation import gettext as _

from toiya.api.errors import WireError, named_as
from toiya.api.operations import APP_USER_ONLY, Answer, Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.wire import (
    Collection,
    Link,
    Resource,
    SeekCollection,
    Wire,
    attributes_of,
    collection,
)
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.devices import devices, policies
from toiya.devices.models import Batch, Entry, EntryState, HandedIn, Policy, PolicySetting
from toiya.devices.models import Device as Registered

CUSTOMER = "/v1/customers/{customer_id}"
POLICIES, BATCHES = f"{CUSTOMER}/policies", f"{CUSTOMER}/deviceBatches"
DEVICES = f"{BATCHES}/{{batch_id}}/devices"
DEVICE = f"{DEVICES}/{{device_id}}"
MOST_ON_A_PAGE = 100
# The documents show no body. Clients that read one find this; what matters stands in Location.
NULL = msgspec.Raw(b"null")
NAMES = {"name": "name", "description": "description"}


class PolicyCategory(enum.Enum):
    """When a policy takes effect: at the first start, the out-of-box experience."""

    NONE = "none"
    OOBE = "o_o_b_e"


class PolicySettingsType(enum.Enum):
    """What is left out at the first start."""

    NUMBERS = enum.nonmember((0, 1, 2, 4, 8, 16))
    NONE = "none"
    REMOVE_OEM_PREINSTALLS = "remove_oem_preinstalls"
    OOBE_USER_NOT_LOCAL_ADMIN = "oobe_user_not_local_admin"
    SKIP_EXPRESS_SETTINGS = "skip_express_settings"
    SKIP_OEM_REGISTRATION = "skip_oem_registration"
    SKIP_EULA = "skip_eula"


class DeviceUploadStatusType(enum.Enum):
    """How far a list that was handed in has come, or one of its devices."""

    UNKNOWN = "unknown"
    QUEUED = "queued"
    PROCESSING = "processing"
    FINISHED = "finished"
    FINISHED_WITH_ERRORS = "finished_with_errors"


class ConfigurationPolicy(Resource):
    """How devices of the customer greet their first user."""

    id: str | None = None
    name: str | None = None
    category: PolicyCategory | None = None
    description: str | None = None
    devices_assigned_count: int | None = None
    policy_settings: list[PolicySettingsType] | None = None
    created_date: dt.datetime | None = None
    last_modified_date: dt.datetime | None = None
    devices_assigned: bool | None = None


class AssignedPolicy(Wire):
    """A policy of a device: ``value`` is its id."""

    key: PolicyCategory | None = None
    value: str | None = None


class Device(Resource):
    """A device, known by hardware hash, by product key, or by serial number, manufacturer and model together."""

    id: str | None = None
    serial_number: str | None = None
    product_key: str | None = None
    hardware_hash: str | None = None
    model_name: str | None = None
    oem_manufacturer_name: str | None = None
    policies: list[AssignedPolicy] | None = None
    uploaded_date: dt.datetime | None = None


class DeviceBatch(Resource):
    """Devices that belong together; ``id`` is the name that was chosen for the batch."""

    id: str | None = None
    created_by: str | None = None
    creation_date: dt.datetime | None = None
    devices_count: int | None = None
    devices_link: Link | None = None
    status: DeviceUploadStatusType | None = None


class DeviceBatchCreationRequest(Resource):
    """A new batch with its first devices."""

    batch_id: str | None = None
    devices: list[Device] | None = None


class DevicePolicyUpdateRequest(Resource):
    """Devices, each with the policy that it is to have."""

    devices: list[Device] | None = None


class DeviceUploadDetails(Resource):
    """What became of one device of a list."""

    device_id: str | None = None
    serial_number: str | None = None
    product_key: str | None = None
    status: DeviceUploadStatusType | None = None
    error_code: str | None = None
    error_description: str | None = None


class BatchUploadDetails(Resource):
    """What became of a list."""

    batch_tracking_id: str | None = None
    status: DeviceUploadStatusType | None = None
    started_time: dt.datetime | None = None
    completed_time: dt.datetime | None = None
    devices_status: list[DeviceUploadDetails] | None = None


# ---------------------------------------------------------------- policies
def _policy(policy: Policy, count: int) -> ConfigurationPolicy:
    return ConfigurationPolicy(
        id=str(policy.pk),
        name=policy.name,
        category=PolicyCategory.OOBE,
        description=policy.description or None,
        devices_assigned_count=count,
        policy_settings=[PolicySettingsType(setting) for setting in policy.settings],
        created_date=policy.created_at,
        last_modified_date=policy.changed_at,
        devices_assigned=count > 0,
        attributes=attributes_of("ConfigurationPolicy", policy.version),
    )


def _counted(policy: Any) -> ConfigurationPolicy:  # noqa: ANN401  (a policy with the number of its devices)
    return _policy(policy, policy.devices_count)


def _settings(body: ConfigurationPolicy) -> list[PolicySetting]:
    if body.category is not PolicyCategory.OOBE:
        raise WireError(400, 800002, _("The only category of policies is OOBE."), "category")
    given = body.policy_settings or []
    return [PolicySetting(setting.value) for setting in given if setting is not PolicySettingsType.NONE]


@operation(
    "devices.list_policies",
    "GET",
    POLICIES,
    needs=Permission.DEVICES_MANAGE,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_policies(call: Call, customer_id: uuid.UUID) -> Collection[ConfigurationPolicy]:
    """The partner's policies for devices of the customer, by name."""
    relationship_in(call, customer_id)
    found = policies.policies_of(call.actor, customer_id=customer_id)
    return collection([_counted(policy) for policy in found], at=f"/customers/{customer_id}/policies")


@operation(
    "devices.create_policy",
    "POST",
    POLICIES,
    needs=Permission.DEVICES_MANAGE,
    required=("name", "category", "policySettings"),
    errors=(NO_SUCH_CUSTOMER,),
    example={"name": "Office computers", "category": "o_o_b_e", "policySettings": ["skip_eula"]},
)
def create_policy(call: Call, customer_id: uuid.UUID, body: ConfigurationPolicy) -> ConfigurationPolicy:
    """A new policy for devices of the customer."""
    relationship_in(call, customer_id)
    with named_as(NAMES):
        policy = policies.create_policy(
            call.actor,
            customer_id=customer_id,
            name=body.name or "",
            description=body.description or "",
            settings=_settings(body),
        )
    return _policy(policy, 0)


@operation(
    "devices.get_policy",
    "GET",
    f"{POLICIES}/{{policy_id}}",
    needs=Permission.DEVICES_MANAGE,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_policy(call: Call, customer_id: uuid.UUID, policy_id: uuid.UUID) -> ConfigurationPolicy:
    """One policy, with the number of devices that have it."""
    relationship_in(call, customer_id)
    return _counted(policies.policy_of(call.actor, customer_id=customer_id, policy_id=policy_id))


@operation(
    "devices.update_policy",
    "PUT",
    f"{POLICIES}/{{policy_id}}",
    needs=Permission.DEVICES_MANAGE,
    required=("name", "category", "policySettings"),
    errors=(NO_SUCH_CUSTOMER, 2055),
    example={"name": "Office computers", "category": "o_o_b_e", "policySettings": []},
)
def update_policy(
    call: Call, customer_id: uuid.UUID, policy_id: uuid.UUID, body: ConfigurationPolicy
) -> ConfigurationPolicy:
    """The policy as a whole, anew; devices that have it follow."""
    relationship_in(call, customer_id)
    version = None if call.etag(body) is None else call.version(body, current=0)
    with named_as(NAMES):
        policy = policies.update_policy(
            call.actor,
            customer_id=customer_id,
            policy_id=policy_id,
            version=version,
            name=body.name or "",
            description=body.description or "",
            settings=_settings(body),
        )
    return _counted(policy)


@operation(
    "devices.delete_policy",
    "DELETE",
    f"{POLICIES}/{{policy_id}}",
    needs=Permission.DEVICES_MANAGE,
    status=204,
    errors=(NO_SUCH_CUSTOMER,),
)
def delete_policy(call: Call, customer_id: uuid.UUID, policy_id: uuid.UUID) -> None:
    """The policy is gone. Refused (409) while devices have it."""
    relationship_in(call, customer_id)
    policies.delete_policy(call.actor, customer_id=customer_id, policy_id=policy_id)


# ---------------------------------------------------------------- batches and devices
def _batch(batch: Any) -> DeviceBatch:  # noqa: ANN401  (a batch with the number of its devices)
    row: Batch = batch
    return DeviceBatch(
        id=row.name,
        created_by=row.created_by.user_name,
        creation_date=row.created_at,
        devices_count=batch.devices_count,
        devices_link=Link(uri=_devices_of(row.customer_id, row.name)),
        status=DeviceUploadStatusType.PROCESSING if batch.is_open else DeviceUploadStatusType.FINISHED,
        attributes=attributes_of("DeviceBatch"),
    )


def _devices_of(customer_id: uuid.UUID, batch_name: str) -> str:
    return f"/customers/{customer_id}/deviceBatches/{quote(batch_name, safe='')}/devices"


def _device(device: Registered) -> Device:
    policy = AssignedPolicy(key=PolicyCategory.OOBE, value=str(device.policy_id))
    return Device(
        id=str(device.pk),
        serial_number=device.serial_number or None,
        product_key=device.product_key or None,
        hardware_hash=device.hardware_hash or None,
        model_name=device.model_name or None,
        oem_manufacturer_name=device.manufacturer or None,
        policies=[policy] if device.policy_id else [],
        uploaded_date=device.uploaded_at,
        attributes=attributes_of("Device"),
    )


def _given(device: Device) -> Mapping[str, str]:
    """A device of a list in the words of the business."""
    given = {
        "serial_number": device.serial_number,
        "product_key": device.product_key,
        "hardware_hash": device.hardware_hash,
        "model_name": device.model_name,
        "manufacturer": device.oem_manufacturer_name,
    }
    return {name: value for name, value in given.items() if value is not None}


def _policy_for(device: Device, name: str) -> str:
    """The id of the one policy that the device is to have; empty for none."""
    given = [policy for policy in device.policies or [] if policy.key is not PolicyCategory.NONE]
    if len(given) > 1:
        raise WireError(400, 800002, _("A device has at most one policy, of the category OOBE."), name)
    return (given[0].value or "") if given else ""


def _accepted(call: Call, handed_in: HandedIn) -> Answer[Any]:
    """The list will be worked on; Location says where its outcome is read."""
    place = f"{call.base}/v1/customers/{handed_in.customer_id}/batchJobStatus/{handed_in.pk}"
    return Answer(NULL, status=202, headers={"Location": place})


@operation(
    "devices.list_batches",
    "GET",
    BATCHES,
    needs=Permission.DEVICES_MANAGE,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_batches(call: Call, customer_id: uuid.UUID) -> Collection[DeviceBatch]:
    """The partner's batches of devices for the customer, by name."""
    relationship_in(call, customer_id)
    found = devices.batches_of(call.actor, customer_id=customer_id)
    return collection([_batch(batch) for batch in found], at=f"/customers/{customer_id}/deviceBatches")


@operation(
    "devices.create_batch",
    "POST",
    BATCHES,
    needs=Permission.DEVICES_MANAGE,
    tokens=APP_USER_ONLY,
    status=202,
    required=("batchId", "devices"),
    errors=(NO_SUCH_CUSTOMER,),
    example={
        "batchId": "spring",
        "devices": [{"serialNumber": "A-1", "oemManufacturerName": "Tsubame", "modelName": "Wing 2"}],
    },
)
def create_batch(call: Call, customer_id: uuid.UUID, body: DeviceBatchCreationRequest) -> Answer[Any]:
    """A new batch with devices, which are registered one by one; Location says where their outcome is read."""
    relationship_in(call, customer_id)
    given = [_given(device) for device in body.devices or []]
    with named_as({"name": "batchId"}):
        return _accepted(
            call,
            devices.create_batch(
                call.actor, customer_id=customer_id, name=body.batch_id or "", devices=given
            ),
        )


@operation(
    "devices.list_devices",
    "GET",
    DEVICES,
    needs=Permission.DEVICES_MANAGE,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_devices(
    call: Call, customer_id: uuid.UUID, batch_id: str, query: SeekQuery
) -> SeekCollection[Device]:
    """The registered devices of a batch, a hundred on a page, the earliest registered first."""
    relationship_in(call, customer_id)
    found = devices.devices_of(call.actor, customer_id=customer_id, batch_name=batch_id)
    size = size_of(query, usual=MOST_ON_A_PAGE, most=MOST_ON_A_PAGE)
    page = page_by_key(found, fields=("uploaded_at", "id"), cursor=place_of(call, query), size=size)
    return seek_collection(page, _device, at=_devices_of(customer_id, batch_id), size=query.size)


@operation(
    "devices.add_devices",
    "POST",
    DEVICES,
    needs=Permission.DEVICES_MANAGE,
    status=202,
    errors=(NO_SUCH_CUSTOMER,),
)
def add_devices(call: Call, customer_id: uuid.UUID, batch_id: str, body: list[Device]) -> Answer[Any]:
    """More devices for a batch; they are registered one by one, and Location says where their outcome is read."""
    relationship_in(call, customer_id)
    given = [_given(device) for device in body]
    return _accepted(
        call,
        devices.add_devices(call.actor, customer_id=customer_id, batch_name=batch_id, devices=given),
    )


@operation(
    "devices.update_device",
    "PUT",
    DEVICE,
    needs=Permission.DEVICES_MANAGE,
    errors=(NO_SUCH_CUSTOMER,),
    example={"policies": [{"key": "o_o_b_e", "value": "9a3f6f0e-5d29-4f5e-8c55-1f6f0c1f7a10"}]},
)
def update_device(
    call: Call, customer_id: uuid.UUID, batch_id: str, device_id: uuid.UUID, body: Device
) -> Device:
    """The device has the policy that is given, or none. What the device is known by never changes."""
    relationship_in(call, customer_id)
    return _device(
        devices.update_device(
            call.actor,
            customer_id=customer_id,
            batch_name=batch_id,
            device_id=device_id,
            policy_id=_policy_for(body, "policies"),
        )
    )


@operation(
    "devices.delete_device",
    "DELETE",
    DEVICE,
    needs=Permission.DEVICES_MANAGE,
    status=204,
    errors=(NO_SUCH_CUSTOMER,),
)
def delete_device(call: Call, customer_id: uuid.UUID, batch_id: str, device_id: uuid.UUID) -> None:
    """The device is off the list, and may be registered again."""
    relationship_in(call, customer_id)
    devices.delete_device(call.actor, customer_id=customer_id, batch_name=batch_id, device_id=device_id)


@operation(
    "devices.update_device_policies",
    "PATCH",
    f"{CUSTOMER}/DevicePolicyUpdates",
    needs=Permission.DEVICES_MANAGE,
    status=202,
    required=("devices",),
    errors=(NO_SUCH_CUSTOMER,),
    example={
        "devices": [
            {
                "id": "d0f7f6d6-5a8d-4c0f-9f5d-2a1f4f1f9a11",
                "policies": [{"key": "o_o_b_e", "value": "9a3f6f0e-5d29-4f5e-8c55-1f6f0c1f7a10"}],
            }
        ]
    },
)
def update_device_policies(
    call: Call, customer_id: uuid.UUID, body: DevicePolicyUpdateRequest
) -> Answer[Any]:
    """Policies for many devices, set one by one; Location says where their outcome is read."""
    relationship_in(call, customer_id)
    given = [
        {"device": device.id or "", "policy": _policy_for(device, f"devices[{number}].policies")}
        for number, device in enumerate(body.devices or [])
    ]
    return _accepted(call, devices.hand_in_policies(call.actor, customer_id=customer_id, devices=given))


@operation(
    "devices.get_batch_status",
    "GET",
    f"{CUSTOMER}/batchJobStatus/{{batch_tracking_id}}",
    needs=Permission.DEVICES_MANAGE,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_batch_status(call: Call, customer_id: uuid.UUID, batch_tracking_id: uuid.UUID) -> BatchUploadDetails:
    """What became of a list: the whole, and each of its devices."""
    relationship_in(call, customer_id)
    handed_in = devices.list_handed_in(call.actor, customer_id=customer_id, list_id=batch_tracking_id)
    entries = list(handed_in.entries.order_by("position"))
    return BatchUploadDetails(
        batch_tracking_id=str(handed_in.pk),
        status=_status(handed_in, entries),
        started_time=handed_in.started_at,
        completed_time=handed_in.finished_at,
        devices_status=[_entry(entry) for entry in entries],
        attributes=attributes_of("BatchUploadDetails"),
    )


def _status(handed_in: HandedIn, entries: Sequence[Entry]) -> DeviceUploadStatusType:
    if handed_in.finished_at is None:
        return DeviceUploadStatusType.PROCESSING if handed_in.started_at else DeviceUploadStatusType.QUEUED
    if any(entry.state == EntryState.FAILED for entry in entries):
        return DeviceUploadStatusType.FINISHED_WITH_ERRORS
    return DeviceUploadStatusType.FINISHED


STATUS_OF = {
    EntryState.WAITING: DeviceUploadStatusType.QUEUED,
    EntryState.DONE: DeviceUploadStatusType.FINISHED,
    EntryState.FAILED: DeviceUploadStatusType.FINISHED_WITH_ERRORS,
}


def _entry(entry: Entry) -> DeviceUploadDetails:
    device_id = str(entry.device_id) if entry.device_id else entry.given.get("device")
    return DeviceUploadDetails(
        device_id=device_id or None,
        serial_number=entry.given.get("serial_number"),
        product_key=entry.given.get("product_key"),
        status=STATUS_OF[EntryState(entry.state)],
        error_code=entry.code or None,
        error_description=entry.message or None,
        attributes=attributes_of("DeviceUploadDetails"),
    )

"""Devices of a customer over the API: batches, registration by the worker, policies."""

import datetime as dt
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Api, Told, api_of, api_of_application
from tests.cast import Cast, browser_of, relate
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Role
from toiya.devices.models import Batch, Device, Entry, EntryState, HandedIn, Policy
from toiya.directory.models import RoleAssignment, Tenant
from toiya.jobs.clock import DUTIES
from toiya.relations.models import ResellerRelationship

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def customers(cast: Cast) -> None:
    """Hinode and Kawase both serve Aoba."""
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)


def at(customer: Tenant, tail: str) -> str:
    """An address under the customer."""
    return f"/v1/customers/{customer.pk}/{tail}"


def work() -> int:
    """What the worker does."""
    done = next(duty.do for duty in DUTIES if duty.name == "register devices")()
    assert isinstance(done, int)
    return done


def wing(number: int) -> dict[str, str]:
    """A device that is known by serial number, maker and model."""
    return {"serialNumber": f"W-{number}", "oemManufacturerName": "Tsubame", "modelName": "Wing 2"}


def code(told: Told) -> tuple[int, int]:
    """Status and number of a refusal."""
    return told.status, told.body["code"]


def location(told: Told) -> str:
    """Where the outcome of a list is read."""
    assert told.status == 202, told.body
    return urlsplit(told.headers["Location"]).path


def batch_of(api: Api, customer: Tenant, *devices: dict[str, str], name: str = "spring") -> str:
    """A batch with its devices registered; where its outcome is read."""
    told = api.post(at(customer, "deviceBatches"), {"batchId": name, "devices": list(devices)})
    while work():
        pass
    return location(told)


@pytest.mark.operation(
    "devices.create_batch",
    "devices.list_batches",
    "devices.list_devices",
    "devices.get_batch_status",
    "devices.add_devices",
)
def test_a_list_of_devices_becomes_a_batch(cast: Cast) -> None:
    """Accepted, queued, worked on, finished; each device with its outcome, read back from the batch.

    The documents show an empty body of the acceptance; it is ``null`` here, because clients read JSON from it. Planted
    faults: ``register_device`` without its identity (both copies of W-1 are registered); ``_carry_out`` that marks what
    was refused as done.
    """
    api, request_id = api_of(cast.kai), str(uuid.uuid4())
    body = {
        "batchId": "春 2026",
        "devices": [wing(1), {"hardwareHash": "h" * 4000, "serialNumber": "H"}, wing(1), {}],
    }

    told = api.post(at(cast.aoba, "devicebatches"), body, MS_RequestId=request_id)

    assert (told.status, told.content) == (202, b"null")
    again = api.post(at(cast.aoba, "devicebatches"), body, MS_RequestId=request_id)
    assert again.headers["Location"] == told.headers["Location"]
    path = location(told)
    assert path == at(cast.aoba, f"batchJobStatus/{HandedIn.objects.get().pk}")
    queued = api.get(path).body
    assert {queued["status"], *(entry["status"] for entry in queued["devicesStatus"])} == {"queued"}
    (batch,) = api.get(at(cast.aoba, "deviceBatches")).body["items"]
    assert (batch["status"], batch["devicesCount"]) == ("processing", 0)

    assert (work(), work()) == (4, 0)

    status = api.get(path).body
    times = (
        dt.datetime.fromisoformat(status.pop("startedTime")),
        dt.datetime.fromisoformat(status.pop("completedTime")),
    )
    assert times[0] <= times[1]
    wing_1, hash_ = Device.objects.order_by("serial_number")[1], Device.objects.get(serial_number="H")
    detail = {"objectType": "DeviceUploadDetails"}
    errors = [entry.pop("errorDescription", "") for entry in status["devicesStatus"]]
    assert status == {
        "batchTrackingId": path.rpartition("/")[2],
        "status": "finished_with_errors",
        "devicesStatus": [
            {"deviceId": str(wing_1.pk), "serialNumber": "W-1", "status": "finished", "attributes": detail},
            {"deviceId": str(hash_.pk), "serialNumber": "H", "status": "finished", "attributes": detail},
            {
                "serialNumber": "W-1",
                "status": "finished_with_errors",
                "errorCode": "device_taken",
                "attributes": detail,
            },
            {"status": "finished_with_errors", "errorCode": "device_not_identified", "attributes": detail},
        ],
        "attributes": {"objectType": "BatchUploadDetails"},
    }
    assert errors[2] == "This device is registered already."
    (batch,) = api.get(at(cast.aoba, "deviceBatches")).body["items"]
    created = batch.pop("creationDate")
    assert dt.datetime.fromisoformat(created) == Batch.objects.get().created_at
    link = f"/customers/{cast.aoba.pk}/deviceBatches/%E6%98%A5%202026/devices"
    assert batch == {
        "id": "春 2026",
        "createdBy": cast.kai.user_name,
        "devicesCount": 2,
        "devicesLink": {"uri": link, "method": "GET", "headers": []},
        "status": "finished",
        "attributes": {"objectType": "DeviceBatch"},
    }
    first = api.get(f"/v1{link}").body["items"][0]
    assert dt.datetime.fromisoformat(first.pop("uploadedDate")) == wing_1.uploaded_at
    assert first == {"id": str(wing_1.pk), **wing(1), "policies": [], "attributes": {"objectType": "Device"}}


@pytest.mark.operation("devices.add_devices")
def test_more_devices_for_a_batch_and_what_the_customer_reads_of_it(cast: Cast) -> None:
    """Each act and each registration stands in the log, which the customer sees too.

    Plant: ``register_device`` that writes no record.
    """
    api = api_of(cast.kai)
    batch_of(api, cast.aoba, wing(1), {"hardwareHash": "hash"})
    link = f"/customers/{cast.aoba.pk}/deviceBatches/spring/devices"

    more = api.post(f"/v1{link}", [wing(2), {"ProductKey": "00329-00000-0003-AA606", "HardwareHash": None}])
    assert more.content == b"null"
    assert work() == 2
    assert api.get(location(more)).body["status"] == "finished"
    assert api.get(f"/v1{link}").body["totalCount"] == 4
    actions = AuditRecord.objects.filter(tenant_id=cast.kawase.pk, customer_id=cast.aoba.pk).order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        AuditAction.DEVICES_UPLOAD_TO_NEW_BATCH_ATTEMPTED,
        *[AuditAction.REGISTER_DEVICE] * 2,
        AuditAction.DEVICES_UPLOAD_TO_EXISTING_BATCH_ATTEMPTED,
        *[AuditAction.REGISTER_DEVICE] * 2,
    ]
    assert "List of devices handed in" in browser_of(cast.emi).get("/organization/activity/").content.decode()


@pytest.mark.operation("devices.list_devices", "devices.list_batches", "devices.delete_device")
def test_devices_page_by_page_and_taken_off(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """A device that is off the list may be registered again. The number of statements does not grow.

    Plant: a list ordered by serial number alone, and pages overlap.
    """
    api = api_of(cast.kai)
    batch_of(api, cast.aoba, *(wing(number) for number in range(5)))
    path = at(cast.aoba, "deviceBatches/spring/devices")

    seen, told = [], api.get(f"{path}?size=2")
    while True:
        seen += [item["serialNumber"] for item in told.body["items"]]
        following = told.body["links"].get("next")
        if not following:
            break
        token = {header["key"]: header["value"] for header in following["headers"]}
        told = api.get(f"/v1{following['uri']}", **token)

    assert seen == ["W-0", "W-1", "W-2", "W-3", "W-4"]
    for size in (1, 3):
        with django_assert_num_queries(7):
            assert api.get(f"{path}?size={size}").body["totalCount"] == size
    with django_assert_num_queries(6):
        assert api.get(at(cast.aoba, "deviceBatches")).body["totalCount"] == 1
    for name in ("summer", "winter"):
        batch_of(api, cast.aoba, wing(len(name) * 10), wing(1), name=name)
    with django_assert_num_queries(6):
        batches = api.get(at(cast.aoba, "deviceBatches")).body["items"]
    assert [(batch["id"], batch["devicesCount"]) for batch in batches] == [
        ("spring", 5),
        ("summer", 1),
        ("winter", 0),
    ]

    gone = Device.objects.get(serial_number="W-1")
    deleted = api.delete(f"{path}/{gone.pk}")
    assert (deleted.status, deleted.content) == (204, b"")
    assert code(api.delete(f"{path}/{gone.pk}")) == (404, 1000)
    assert api.get(path).body["totalCount"] == 4
    again = api.post(path, [wing(1)])
    work()
    assert api.get(location(again)).body["status"] == "finished"


@pytest.mark.operation(
    "devices.create_policy",
    "devices.list_policies",
    "devices.get_policy",
    "devices.update_policy",
)
def test_a_policy_and_its_versions(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Created, and changed as a whole with its etag. Plant: ``update_policy`` without the version."""
    api = api_of_application(cast.kawase, Role.ADMIN_AGENT)
    given = {
        "Name": "Office",
        "Category": "OOBE",
        "PolicySettings": ["SkipEula", 1],
        "Description": "At home",
    }

    made = api.post(at(cast.aoba, "policies"), given)

    policy = Policy.objects.get()
    stamp = policy.created_at
    expected = {
        "id": str(policy.pk),
        "name": "Office",
        "category": "o_o_b_e",
        "description": "At home",
        "devicesAssignedCount": 0,
        "devicesAssigned": False,
        "policySettings": ["remove_oem_preinstalls", "skip_eula"],
        "attributes": {"etag": "1", "objectType": "ConfigurationPolicy"},
    }
    dates = [dt.datetime.fromisoformat(made.body.get(name)) for name in ("createdDate", "lastModifiedDate")]
    assert ({k: v for k, v in made.body.items() if not k.endswith("Date")}, made.status) == (expected, 200)
    assert dates == [stamp, stamp]
    path = at(cast.aoba, f"policies/{policy.pk}")
    with django_assert_num_queries(6):
        assert api.get(path).body == made.body
    with django_assert_num_queries(6):
        assert api.get(at(cast.aoba, "policies")).body["items"] == [made.body]

    whole = {**made.body, "name": "Field", "policySettings": [4, "none"]}
    changed = api.put(path, whole)
    assert (
        changed.status,
        changed.body["name"],
        changed.body["policySettings"],
        changed.body["attributes"]["etag"],
    ) == (
        200,
        "Field",
        ["skip_express_settings"],
        "2",
    )
    assert code(api.put(path, whole)) == (400, 2055)
    assert code(api.put(path, {**whole, "attributes": {"etag": "abc"}})) == (400, 2055)
    assert api.put(path, {**whole, "attributes": None}).body["attributes"]["etag"] == "2", "nothing new"


@pytest.mark.operation("devices.update_device", "devices.update_device_policies", "devices.delete_policy")
def test_devices_get_policies_one_by_one_or_many_at_once(cast: Cast) -> None:
    """The count of the policy follows; a policy that a device has is not deleted.

    Plant: ``delete_policy`` without the count.
    """
    api = api_of_application(cast.kawase, Role.ADMIN_AGENT)
    office = {"name": "Office", "category": "OOBE", "policySettings": []}
    policy = Policy.objects.get(pk=api.post(at(cast.aoba, "policies"), office).body["id"])
    path = at(cast.aoba, f"policies/{policy.pk}")
    batch_of(api_of(cast.kai), cast.aoba, *(wing(number) for number in range(3)))
    one, two, three = Device.objects.order_by("serial_number")
    devices = at(cast.aoba, "deviceBatches/spring/devices")
    wants = [{"key": "OOBE", "value": str(policy.pk)}]
    told = api.put(f"{devices}/{one.pk}", {"id": str(one.pk), "policies": wants})
    assert told.body["policies"] == [{"key": "o_o_b_e", "value": str(policy.pk)}]
    many = api.patch(
        at(cast.aoba, "devicepolicyupdates"),
        {
            "devices": [
                {"id": str(two.pk), "policies": wants},
                {"id": str(three.pk), "policies": [{"key": "o_o_b_e", "value": str(uuid.uuid4())}]},
                {"id": str(uuid.uuid4()), "policies": wants},
                {"id": str(one.pk), "policies": []},
            ]
        },
    )
    assert work() == 4
    outcome = api.get(location(many)).body
    assert [entry.get("errorCode", entry["status"]) for entry in outcome["devicesStatus"]] == [
        "finished",
        "no_such_policy",
        "not_found",
        "finished",
    ]
    assert list(Device.objects.filter(policy=policy)) == [two]
    assert api.get(path).body["devicesAssignedCount"] == 1
    assert (code(api.delete(path)), Policy.objects.count()) == ((409, 800002), 1)
    assert api.put(f"{devices}/{two.pk}", {"policies": None}).body["policies"] == []
    assert (api.delete(path).status, api.get(path).status) == (204, 404)


@pytest.mark.operation(
    "devices.create_batch", "devices.create_policy", "devices.add_devices", "devices.update_device"
)
@pytest.mark.parametrize(
    ("method", "tail", "body", "expected"),
    [
        ("POST", "deviceBatches", {"batchId": "", "devices": [wing(7)]}, (400, "batchId")),
        ("POST", "deviceBatches", {"batchId": " ", "devices": [wing(7)]}, (400, "batchId")),
        ("POST", "deviceBatches", {"batchId": "a/b", "devices": [wing(7)]}, (400, "batchId")),
        ("POST", "deviceBatches", {"batchId": "x" * 101, "devices": [wing(7)]}, (400, "batchId")),
        ("POST", "deviceBatches", {"batchId": "spring", "devices": [wing(7)]}, (409, "batchId")),
        ("POST", "deviceBatches", {"batchId": "new", "devices": []}, (400, "devices")),
        ("POST", "deviceBatches", {"batchId": "new"}, (400, "devices")),
        ("POST", "deviceBatches", {"batchId": "new", "devices": [{}] * 1001}, (400, "devices")),
        ("POST", "deviceBatches", {"batchId": "new", "devices": [1]}, (400, "devices[0]")),
        ("POST", "deviceBatches", {"batchId": "n\0w", "devices": [wing(7)]}, (400, None)),
        ("POST", "deviceBatches/spring/devices", [], (400, "devices")),
        ("POST", "deviceBatches/spring/devices", {"a": 1}, (400, "$")),
        ("POST", "deviceBatches/autumn/devices", [wing(7)], (404, None)),
        ("POST", "policies", {"name": "a", "category": "none", "policySettings": []}, (400, "category")),
        ("POST", "policies", {"name": "x" * 101, "category": 1, "policySettings": []}, (400, "name")),
        ("POST", "policies", {"name": "a", "category": 1, "policySettings": [3]}, (400, "policySettings[0]")),
        ("POST", "policies", {"name": "a", "category": 1}, (400, "policySettings")),
        (
            "POST",
            "policies",
            {"name": "a", "category": 1, "policySettings": [], "description": "x" * 1001},
            (400, "description"),
        ),
        ("PATCH", "DevicePolicyUpdates", {"devices": []}, (400, "devices")),
        (
            "PATCH",
            "DevicePolicyUpdates",
            {"devices": [{"id": "x", "policies": [{"key": 1, "value": "a"}, {"key": 1, "value": "b"}]}]},
            (400, "devices[0].policies"),
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_property(
    cast: Cast, method: str, tail: str, body: object, expected: tuple[int, str | None]
) -> None:
    """The property in ``data``, nothing handed in."""
    api = api_of(cast.kai)
    batch_of(api, cast.aoba, wing(1))
    before = (HandedIn.objects.count(), Batch.objects.count(), Policy.objects.count())

    told = api.call(method, at(cast.aoba, tail), body)

    assert told.status == expected[0], told.body
    assert expected[1] is None or told.body["data"][-1] == expected[1], told.body
    assert (HandedIn.objects.count(), Batch.objects.count(), Policy.objects.count()) == before


def test_entries_that_are_too_long_are_told_one_by_one(cast: Cast) -> None:
    """One entry never keeps the others from being registered."""
    long = [{**wing(1), name: "x" * 20_001} for name in ("serialNumber", "hardwareHash", "modelName")]
    api = api_of(cast.kai, language="ja-JP")

    status = api.get(batch_of(api, cast.aoba, *long, wing(2))).body

    assert [entry.get("errorCode") for entry in status["devicesStatus"]] == ["too_long"] * 3 + [None]
    assert "文字" in status["devicesStatus"][0]["errorDescription"]


@pytest.mark.goal("G-06")
@pytest.mark.parametrize("ends", ["role", "relationship", "account"])
def test_rights_that_end_before_the_worker_comes_end_the_list(cast: Cast, ends: str) -> None:
    """Whoever handed it in is asked again for each device (T-18).

    Planted fault: ``register_device`` without its two questions.
    """
    api = api_of(cast.kai)
    told = api.post(at(cast.aoba, "deviceBatches"), {"batchId": "spring", "devices": [wing(1)]})
    if ends == "role":
        RoleAssignment.objects.filter(person=cast.kai).delete()
    elif ends == "relationship":
        ResellerRelationship.objects.filter(partner=cast.kawase).update(ended_at=cast.aoba.created_at)
    else:
        cast.kai.disabled_at = cast.aoba.created_at
        cast.kai.save()

    assert work() == 1

    entry = Entry.objects.get()
    expected = "not_found" if ends == "relationship" else "role_missing"
    assert (entry.state, entry.code, Device.objects.exists()) == (EntryState.FAILED, expected, False)
    assert location(told)


@pytest.mark.goal("G-01")
@pytest.mark.operation(
    "devices.list_policies",
    "devices.get_policy",
    "devices.update_policy",
    "devices.delete_policy",
    "devices.list_batches",
    "devices.list_devices",
    "devices.update_device",
    "devices.delete_device",
    "devices.update_device_policies",
    "devices.get_batch_status",
)
def test_each_partner_has_its_own_list(cast: Cast) -> None:
    """Another partner of the same customer sees nothing of it, an outsider not even the customer.

    Planted fault: ``visible_to`` that lets all partners of the customer see.
    """
    kai = api_of(cast.kai)
    status = batch_of(kai, cast.aoba, wing(1))
    policy_id = kai.post(
        at(cast.aoba, "policies"), {"name": "a", "category": "OOBE", "policySettings": []}
    ).body["id"]
    device_id = Device.objects.get().pk
    device = at(cast.aoba, f"deviceBatches/spring/devices/{device_id}")
    body: dict[str, Any] = {"name": "b", "category": "OOBE", "policySettings": []}

    def everything(api: Api) -> list[Told]:
        return [
            api.get(status),
            api.get(at(cast.aoba, f"policies/{policy_id}")),
            api.put(at(cast.aoba, f"policies/{policy_id}"), body),
            api.delete(at(cast.aoba, f"policies/{policy_id}")),
            api.get(at(cast.aoba, "deviceBatches/spring/devices")),
            api.post(at(cast.aoba, "deviceBatches/spring/devices"), [wing(2)]),
            api.put(device, {"policies": []}),
            api.delete(device),
        ]

    def lists(api: Api) -> list[Told]:
        return [
            api.get(at(cast.aoba, "policies")),
            api.get(at(cast.aoba, "deviceBatches")),
            api.post(at(cast.aoba, "policies"), body),
            api.post(at(cast.aoba, "deviceBatches"), {"batchId": "spring", "devices": [wing(1)]}),
            api.patch(
                at(cast.aoba, "DevicePolicyUpdates"), {"devices": [{"id": str(device_id), "policies": []}]}
            ),
        ]

    for outsider in (cast.yui, cast.jun):
        assert {code(told) for told in everything(api_of(outsider)) + lists(api_of(outsider))} == {
            (404, 60003)
        }
    for person in (cast.nao, cast.riku):
        assert {code(told) for told in everything(api_of(person)) + lists(api_of(person))} == {(403, 900150)}
    mei = api_of(cast.mei)
    assert {code(told) for told in everything(mei)} == {(404, 1000)}
    policies, batches, *_rest, patched = lists(mei)
    assert (policies.body["items"], batches.body["items"]) == ([], [])
    work()
    (entry,) = mei.get(location(patched)).body["devicesStatus"]
    assert entry["errorCode"] == "not_found"
    assert Device.objects.filter(tenant=cast.kawase).count() == 1
    assert Policy.objects.get(pk=policy_id).name == "a"
    alone = api_of_application(cast.kawase, Role.ADMIN_AGENT)
    assert alone.get(status).status == 200
    assert code(alone.post(at(cast.aoba, "deviceBatches"), {"batchId": "x", "devices": [wing(3)]})) == (
        403,
        900329,
    )
    added = alone.post(at(cast.aoba, "deviceBatches/spring/devices"), [wing(4)])
    work()
    assert alone.get(location(added)).body["status"] == "finished"

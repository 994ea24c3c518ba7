"""The devices of a customer on the pages: handed in as a file, given policies, found, taken off the list."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bulk.story import checked, confirmed, csv_of, handed_in, results
from tests.cast import Cast, actor_of, browser_of, found, relate
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Role
from toiya.devices.devices import create_batch
from toiya.devices.models import Batch, Device, Policy, PolicySetting
from toiya.devices.policies import create_policy, update_policy
from toiya.directory.models import Person, RoleAssignment, Tenant
from toiya.relations.models import ResellerRelationship

pytestmark = pytest.mark.django_db
HEADER = ("Serial number", "Manufacturer", "Model", "Batch", "Policy")


@pytest.fixture(autouse=True)
def momiji(cast: Cast) -> Tenant:
    """Hinode and Kawase both serve Aoba; Kawase serves Momiji too."""
    momiji = found(cast.family, "モミジ書店", "momiji.example")
    for partner, customer in ((cast.hinode, cast.aoba), (cast.kawase, cast.aoba), (cast.kawase, momiji)):
        relate(partner, customer)
    return momiji


def at(customer: Tenant, tail: str = "devices/") -> str:
    """An address under the customer."""
    return f"/dashboard/customers/{customer.pk}/{tail}"


def read(browser: Client, path: str, status: int = 200, **query: str) -> str:
    """What stands on the page."""
    answer = browser.get(path, query)
    assert answer.status_code == status, path
    return text_of(answer.content)


def text_of(content: bytes) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content.decode())).split())


def office(person: Person, customer: Tenant, name: str = "Office") -> Policy:
    """A policy for the customer's devices."""
    return create_policy(
        actor_of(person),
        customer_id=customer.pk,
        name=name,
        description="",
        settings=[PolicySetting.SKIP_EULA],
    )


def wings(person: Person, customer: Tenant, *numbers: int) -> list[Device]:
    """Devices in the batch “spring”."""
    rows = csv_of(HEADER, *((f"W-{number}", "Tsubame", "Wing 2", "spring", "") for number in numbers))
    file = checked(person, "devices", rows, customer=customer.domain)
    confirmed(browser_of(person), file)
    return list(Device.objects.filter(customer=customer).order_by("serial_number"))


def test_a_file_is_rehearsed_and_carried_out_and_repeating_it_changes_nothing(
    cast: Cast, momiji: Tenant
) -> None:
    """Planted faults: ``bring_device`` that does not look whose the device is (W-3 moves to another customer); a
    rehearsal that is not rolled back (devices are there before anybody confirmed).
    """
    kai, policy = browser_of(cast.kai), office(cast.kai, cast.aoba)
    assert "No device yet" in read(kai, at(cast.aoba))
    wings(cast.kai, momiji, 3)
    logged = AuditRecord.objects.filter(action=AuditAction.REGISTER_DEVICE).count()
    rows = csv_of(
        HEADER,
        ("W-1", "Tsubame", "Wing 2", "spring", "Office"),
        ("W-2", "Tsubame", "Wing 2", "", ""),
        ("W-3", "Tsubame", "Wing 2", "spring", ""),
        ("", "Tsubame", "Wing 2", "spring", ""),
        ("W-4", "Tsubame", "Wing 2", "spring", "Warehouse"),
        ("W-5", "Tsubame", "Wing 2", "a/b", ""),
    )
    file = checked(cast.kai, "devices", rows, customer="aoba.example")
    assert results(file) == [
        (2, "ready"),
        (3, "ready"),
        (4, "wrong"),
        (5, "wrong"),
        (6, "wrong"),
        (7, "wrong"),
    ]
    assert list(file.rows.filter(state="wrong").order_by("line").values_list("code", flat=True)) == [
        "device_taken",
        "device_not_identified",
        "no_policy_called",
        "name_not_possible",
    ]
    assert not Device.objects.filter(customer=cast.aoba).exists()

    confirmed(kai, file)
    registered = {
        device.serial_number: (device.batch.name, device.policy)
        for device in Device.objects.filter(customer=cast.aoba).select_related("batch", "policy")
    }
    assert registered == {"W-1": ("spring", policy), "W-2": ("rows", None)}
    assert AuditRecord.objects.filter(action=AuditAction.REGISTER_DEVICE).count() == logged + 2

    again = checked(
        cast.kai,
        "devices",
        csv_of(
            HEADER,
            ("W-1", "Tsubame", "Wing 2", "autumn", ""),
            ("W-2", "Tsubame", "Wing 2", "", "Office"),
        ),
        customer="aoba.example",
    )
    assert results(again) == [(2, "unchanged"), (3, "ready")]
    confirmed(kai, again)
    assert Device.objects.get(serial_number="W-1").batch.name == "spring"
    assert Device.objects.get(serial_number="W-2").policy == policy


def test_a_list_of_another_program_is_read_as_it_is(cast: Cast) -> None:
    """Its headings are known, a hardware hash is longer than other cells, and the batch is the name of the file."""
    rows = csv_of(
        ("Device Serial Number", "Windows Product ID", "Hardware Hash"),
        ("W-1", "", "A" * 4_000),
        ("W-2", "", "B" * 20_001),
    )
    answer = handed_in(cast.kai, "devices", rows, name="autopilot.csv", customer="aoba.example")
    assert answer.status_code == 302  # type: ignore[attr-defined]
    file = checked(cast.kai, "devices", rows, customer="aoba.example")
    assert results(file) == [(2, "ready"), (3, "wrong")]
    confirmed(browser_of(cast.kai), file)
    device = Device.objects.get()
    assert (device.hardware_hash, device.batch.name) == ("A" * 4_000, "rows")
    page = read(browser_of(cast.kai), at(cast.aoba, f"devices/{device.pk}/"))
    assert "A" * 100 in page


def test_each_partner_keeps_its_own_list_and_outsiders_see_none(cast: Cast) -> None:
    """Planted fault: ``devices_for`` without ``visible_to``."""
    (device,) = wings(cast.kai, cast.aoba, 1)
    policy = office(cast.kai, cast.aoba)
    pages = {
        "devices/": 200,
        f"devices/{device.pk}/": 404,
        f"devices/{device.pk}/delete/": 404,
        f"policies/{policy.pk}/": 404,
        f"policies/{policy.pk}/delete/": 404,
    }
    mei, yui, nao, emi = (browser_of(person) for person in (cast.mei, cast.yui, cast.nao, cast.emi))
    for page, status in pages.items():
        assert mei.get(at(cast.aoba, page)).status_code == status, page
        assert yui.get(at(cast.aoba, page)).status_code == 404, page
        assert nao.get(at(cast.aoba, page)).status_code == 403, page
        assert emi.get(at(cast.aoba, page)).status_code == 302, page
    assert "W-1" not in read(mei, at(cast.aoba))
    assert "W-1" in read(browser_of(cast.kai), at(cast.aoba))
    taken = mei.post(at(cast.aoba, "devices/policy/"), {"device": str(device.pk), "policy": ""})
    assert taken.status_code == 404
    assert "Devices" not in read(nao, at(cast.aoba, "account/"))
    assert handed_in(cast.nao, "devices", csv_of(HEADER), customer="aoba.example").status_code == 403  # type: ignore[attr-defined]

    ResellerRelationship.objects.filter(partner=cast.kawase).update(ended_at=actor_of(cast.kai).now)
    assert browser_of(cast.kai).get(at(cast.aoba)).status_code == 404


def test_devices_are_found_and_many_get_a_policy(cast: Cast, momiji: Tenant) -> None:
    """All that are ticked, or none. Planted fault: ``set_policies`` that is no transaction."""
    first, second = wings(cast.kai, cast.aoba, 1, 2)
    policy, other = office(cast.kai, cast.aoba), office(cast.kai, momiji, "Warehouse")
    kai = browser_of(cast.kai)
    url = at(cast.aoba, "devices/policy/")

    nothing = kai.post(url, {"policy": str(policy.pk)})
    assert nothing.status_code == 400
    assert "Tick at least one device first." in text_of(nothing.content)
    foreign = kai.post(url, {"device": [first.pk, second.pk], "policy": str(other.pk)})
    assert foreign.status_code == 400
    assert "The customer has no policy with the id" in text_of(foreign.content)
    assert kai.post(url, {"device": "W-1", "policy": str(policy.pk)}).status_code == 404
    elsewhere = wings(cast.kai, momiji, 9)
    mixed = kai.post(url, {"device": [first.pk, elsewhere[0].pk], "policy": str(policy.pk)})
    assert mixed.status_code == 404
    assert not Device.objects.filter(policy__isnull=False).exists()

    done = kai.post(f"{url}?q=wing", {"device": [first.pk, second.pk], "policy": str(policy.pk)}, follow=True)
    assert "The policy of 2 devices has been set." in text_of(done.content)
    assert done.redirect_chain[0][0] == f"{at(cast.aoba)}?q=wing"
    assert AuditRecord.objects.filter(action=AuditAction.DEVICE_UPDATED).count() == 2


def test_devices_are_found_exported_and_taken_off(cast: Cast, momiji: Tenant) -> None:
    first, second, third = wings(cast.kai, cast.aoba, 1, 2, 3)
    policy, other = office(cast.kai, cast.aoba), office(cast.kai, momiji, "Warehouse")
    kai = browser_of(cast.kai)
    kai.post(at(cast.aoba, "devices/policy/"), {"device": [first.pk, second.pk], "policy": str(policy.pk)})

    assert [name in read(kai, at(cast.aoba), q="w-1") for name in ("W-1", "W-2")] == [True, False]
    assert "W-3" not in read(kai, at(cast.aoba), policy=str(policy.pk))
    assert "W-1" not in read(kai, at(cast.aoba), policy="none")
    assert "No device found" in read(kai, at(cast.aoba), q="nothing")
    exported = kai.get(at(cast.aoba, "devices/export.csv"), {"policy": "none"}).content.decode("utf-8-sig")
    assert exported.splitlines()[1].startswith("W-3,Tsubame,Wing 2,")
    assert len(exported.splitlines()) == 2
    assert kai.get(at(cast.aoba, "devices/export.exe")).status_code == 404

    page = at(cast.aoba, f"devices/{third.pk}/")
    assert kai.post(page, {"policy": str(policy.pk)}).status_code == 302
    assert kai.post(page, {"policy": str(other.pk)}).status_code == 400
    assert "Take “W-3” off the list?" in read(kai, f"{page}delete/")
    gone = kai.post(f"{page}delete/", follow=True)
    assert "“W-3” is off the list." in text_of(gone.content)
    assert AuditRecord.objects.filter(action=AuditAction.DEVICE_DELETED).count() == 1
    assert kai.get(page).status_code == 404


def test_a_policy_is_made_changed_and_deleted(cast: Cast) -> None:
    """Whoever saves second sees what is there; a policy that devices have stays. Planted fault: ``update_policy``
    without its version.
    """
    kai, policies = browser_of(cast.kai), at(cast.aoba, "policies/")
    assert "No policy yet" in read(kai, policies)
    assert kai.post(f"{policies}new/", {"name": "", "settings": ["skip_eula"]}).status_code == 400
    typed = {"name": "Office", "description": "Desks", "settings": ["skip_eula"]}
    assert kai.post(f"{policies}new/", typed).status_code == 302
    policy = Policy.objects.get()
    page = f"{policies}{policy.pk}/"
    assert kai.post(page, {**typed, "name": "Offices", "version": "1"}).status_code == 302
    update_policy(
        actor_of(cast.kai),
        customer_id=cast.aoba.pk,
        policy_id=policy.pk,
        version=2,
        name="Desks",
        description="",
        settings=[],
    )
    stale = kai.post(page, {**typed, "version": "2"})
    assert stale.status_code == 412
    assert "Somebody changed this while you were editing." in text_of(stale.content)
    assert 'value="Office"' in stale.content.decode()
    assert kai.post(page, {**typed, "version": "3"}).status_code == 302

    (device,) = wings(cast.kai, cast.aoba, 1)
    kai.post(at(cast.aoba, "devices/policy/"), {"device": device.pk, "policy": str(policy.pk)})
    assert "1 device has this policy." in read(kai, f"{page}delete/")
    kept = kai.post(f"{page}delete/", follow=True)
    assert "1 devices have this policy." in text_of(kept.content)
    kai.post(at(cast.aoba, "devices/policy/"), {"device": device.pk, "policy": ""})
    gone = kai.post(f"{page}delete/", follow=True)
    assert "The policy “Office” is deleted." in text_of(gone.content)
    assert not Policy.objects.exists()
    assert AuditRecord.objects.filter(action=AuditAction.POLICY_DELETED).count() == 1


def test_a_list_that_a_program_handed_in_is_told_until_it_is_done(cast: Cast) -> None:
    create_batch(
        actor_of(cast.kai), customer_id=cast.aoba.pk, name="summer", devices=[{"serial_number": "W-1"}]
    )
    page = read(browser_of(cast.kai), at(cast.aoba))
    assert "handed in through the API" in page
    assert "Batch: summer" in page


def test_the_list_asks_no_more_for_more(cast: Cast) -> None:
    """The statements do not grow with devices, batches and policies."""
    kai, counts = browser_of(cast.kai), []
    for wave in (1, 2):
        policy = office(cast.kai, cast.aoba, f"Office {wave}")
        devices = wings(cast.kai, cast.aoba, *range(wave * 10, wave * 10 + wave * 2))
        kai.post(
            at(cast.aoba, "devices/policy/"),
            {"device": [device.pk for device in devices], "policy": str(policy.pk)},
        )
        Batch.objects.filter(customer=cast.aoba, name="spring").update(name=f"spring {wave}")
        kai.get(at(cast.aoba))
        with CaptureQueriesContext(connection) as captured:
            assert kai.get(at(cast.aoba)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] == STATEMENTS


STATEMENTS = 18


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", ("デバイスはまだありません", "ポリシーはまだありません")),
        ("en", ("No device yet", "No policy yet")),
    ],
    ids=["ja", "en"],
)
def test_the_pages_speak_both_languages(cast: Cast, language: str, words: tuple[str, str]) -> None:
    kai = browser_of(cast.kai)
    kai.cookies["toiya-language"] = language
    assert words[0] in read(kai, at(cast.aoba))
    assert words[1] in read(kai, at(cast.aoba, "policies/"))
    form = read(kai, reverse("bulk:hand_in", args=["devices"]), customer="aoba.example")
    assert ("ハードウェア ハッシュ" in form) == (language == "ja")


def test_whoever_loses_the_role_keeps_no_devices(cast: Cast) -> None:
    """Asked of the database at each request."""
    kai = browser_of(cast.kai)
    assert kai.get(at(cast.aoba)).status_code == 200
    RoleAssignment.objects.filter(person=cast.kai).exclude(role=Role.USER_ADMIN).delete()
    assert kai.get(at(cast.aoba)).status_code == 403

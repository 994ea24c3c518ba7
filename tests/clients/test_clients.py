"""Two public clients of the original API, unmodified, against Toiya (docs/clients.md)."""

import json
import os
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from tests.api.speaking import Api, api_of
from tests.api.test_profiles import membership
from tests.api.test_sandbox import inside
from tests.api.tokens import program_of, with_second_factor
from tests.cast import actor_of, browser_of, cast_in_place
from tests.clients.stage import NAMES, OWN_NAME, staged
from tests.clients.store import (
    ELSEWHERE,
    Scene,
    StoreCall,
    absent_calls,
    device_calls,
    ends,
    first_calls,
    made_up_customer_deleted,
    scene_of,
)
from tests.orders.story import Market, market
from tests.sandbox.story import made_by, part
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.devices.work import work_on_devices
from toiya.directory.models import Person
from toiya.relations.grants import grant_administration
from toiya.tokens.models import Flow, Kind
from tools.bootstrap import CLIENTS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
HERE = Path(__file__).parent
PYTHON = str(CLIENTS / "bin" / "python")


@pytest.fixture
def at(transactional_db: None) -> Market:
    """Hinode sells to Aoba, which has let it administer users and licences."""
    cast = cast_in_place()
    made = market(cast)
    emi = actor_of(cast.emi)
    grant_administration(
        emi,
        tenant=cast.aoba,
        grantee=cast.hinode,
        capacity=Capacity.PROVIDER,
        roles=[DirectoryRole.GLOBAL_ADMINISTRATOR],
        expires_at=emi.now.replace(year=emi.now.year + 1),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )
    return made


def run(script: str, *arguments: str, given: object = None, environment: dict[str, str] | None = None) -> Any:  # noqa: ANN401  (JSON)
    """The script in the clients' environment, and the JSON that it told."""
    done = subprocess.run(
        [PYTHON, "-W", "ignore", str(HERE / script), *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@dataclass
class Store:
    """What the generated client was told, run by run; each operation that it called."""

    url: str
    called: set[tuple[str, str]] = field(default_factory=set)

    def tell(self, api: Api, calls: list[StoreCall]) -> dict[str, Any]:
        """One run with the token of this program."""
        self.called |= {(owner, name) for _label, owner, name, _arguments in calls}
        found: dict[str, Any] = run(
            "run_store.py", given={"url": self.url, "token": api.token, "calls": calls}
        )
        return found


def must_have_passed(told: dict[str, Any], *, disagreeing: tuple[str, ...] = ()) -> None:
    """Every answer was a success that the client could read; or, for these, one that it reads differently."""
    for label in disagreeing:
        assert "DeserializationError" in told.pop(label)["error"]
    assert {label: one["error"] for label, one in told.items() if "error" in one} == {}
    assert {label: one["text"] for label, one in told.items() if one["status"] >= 300} == {}


@pytest.fixture
def store(live_server: LiveServer) -> Store:
    return Store(live_server.url)


def test_every_operation_of_a_generated_client(at: Market, store: Store) -> None:
    """``partnercenterservices`` 0.1.2, generated from the original's own description, calls all that it offers outside
    usage, support and analytics, and reads every answer; the worker comes in between.

    Documents win over this client (conventions.md section 5): policies and devices are collections, where it expects a
    bare list; the password of a new customer is a text, where it expects a resource; a token is exchanged by a form,
    where it sends JSON. That it calls everything is compared with what it offers itself.
    """
    membership(at.cast, at.cast.hinode, "4391507")
    mei, scene = api_of(at.cast.mei), scene_of(at)

    told = store.tell(mei, first_calls(scene))

    must_have_passed(told, disagreeing=("policies", "new customer"))
    partner_reads_it_back(mei, scene, told)
    customer_s_rows_changed(at, mei, scene, told)
    relationships_end(at, mei, scene, store)
    devices_follow(mei, scene, told, store)
    made_up_customer_goes(at, store)
    what_has_no_meaning_says_so(mei, scene, store)
    offered = run("run_store.py", "offered", given={"url": store.url, "token": mei.token, "calls": []})
    assert len(offered) == 131
    assert store.called == {
        (owner, name) for owner, name, address in offered if not any(word in address for word in ELSEWHERE)
    }


def partner_reads_it_back(mei: Api, scene: Scene, told: dict[str, Any]) -> None:
    """The own profiles are as the client kept them; what it read is what is there."""
    assert told["customers"]["body"]["total_count"] == 3
    assert told["customer"]["body"]["company_profile"]["domain"] == "aoba.example"
    assert told["subscription"]["body"]["quantity"] == 10
    (reseller,) = told["relationships by the own id"]["body"]["items"]
    assert reseller["id"] == scene.partner
    assert told["roles"]["body"]["total_count"] == mei.get("/v1/roles").body["totalCount"]
    assert mei.get("/v1/profiles/legalbusiness").body["primaryContact"]["lastName"] == "Hino"
    assert mei.get("/v1/profiles/organization").body["language"] == "en"
    assert mei.get("/v1/profiles/billing").body["purchaseOrderNumber"] == "PO-9888"
    assert mei.get("/v1/profiles/support").body["website"] == "https://help.hinode.example/"
    assert Person.objects.get(pk=scene.colleague).roles == {Role.HELPDESK_AGENT}
    assert told["role given"]["status"] == told["role given by query"]["status"] == 201


def customer_s_rows_changed(at: Market, mei: Api, scene: Scene, told: dict[str, Any]) -> None:
    """Orders, subscriptions, users, roles and licences of Aoba are as the client left them."""
    base = f"/v1/customers/{scene.customer}"
    office = mei.get(f"{base}/subscriptions/{scene.sold}").body
    assert (office["quantity"], office["friendlyName"]) == (12, "Head office")
    assert mei.get(f"{base}/subscriptions/{scene.trial}").body["offerName"] == "Office Standard"
    assert mei.get(f"{base}/subscriptions/{scene.upgradable}").body["offerName"] == "Office Premium"
    assert told["new order"]["body"]["line_items"][0]["quantity"] == 2
    assert told["order taken back"]["body"]["status"] == "cancelled"
    assert told["checked out"]["body"]["orders"][0]["line_items"][0]["quantity"] == 3
    deleted = at.cast.aoba.people.filter(deleted_at__isnull=False).values_list("user_name", flat=True)
    assert set(deleted) == {"hanako@aoba.example", "jiro@aoba.example"}
    assert told["licence given"]["body"]["licenses_to_assign"][0]["sku_id"] == scene.office
    assert mei.get(f"{base}/users/{scene.user}/licenses").body["items"] == []
    assert told["member added"]["status"] == told["member added by query"]["status"] == 201
    assert Person.objects.get(pk=scene.user).roles == frozenset()


def relationships_end(at: Market, mei: Api, scene: Scene, store: Store) -> None:
    """Aoba alone stays of the four customers."""
    names = {
        row["companyProfile"]["companyName"]: row["id"] for row in mei.get("/v1/customers").body["items"]
    }
    assert set(names) == {at.cast.aoba.name, "Beni", "Kon", "Momo"}

    must_have_passed(store.tell(mei, ends(scene, new=names["Momo"])))

    assert [row["id"] for row in mei.get("/v1/customers").body["items"]] == [scene.customer]


def devices_follow(mei: Api, scene: Scene, told: dict[str, Any], store: Store) -> None:
    """The worker registers what was handed in; one device is taken off, another one comes."""
    base = f"/v1/customers/{scene.customer}"
    work_on_devices()
    (device,) = mei.get(f"{base}/deviceBatches/spring/devices").body["items"]
    status = told["new batch"]["location"].rpartition("/")[2]
    policy = told["new policy"]["body"]["id"]

    later = store.tell(mei, device_calls(scene, device=device["id"], status=status, policy=policy))

    must_have_passed(later, disagreeing=("devices",))
    assert later["batch status"]["body"]["status"] == "finished"
    assert later["policy kept"]["body"]["policy_settings"] == ["skip_express_settings"]
    work_on_devices()
    kept = mei.get(f"{base}/deviceBatches/spring/devices").body["items"]
    assert [one["serialNumber"] for one in kept] == ["W-2"]
    assert mei.get(f"{base}/policies").body["items"] == []


def made_up_customer_goes(at: Market, store: Store) -> None:
    """Customers are deleted in a sandbox only."""
    sandbox = made_by(at.cast.mei).sandbox
    customer = str(part(sandbox, "customer").tenant_id)
    provider = inside(sandbox, "provider")

    must_have_passed(store.tell(provider, [made_up_customer_deleted(customer)]))

    assert provider.get(f"/v1/customers/{customer}").status == 404


def what_has_no_meaning_says_so(mei: Api, scene: Scene, store: Store) -> None:
    """501 with code 0 and a reason."""
    told = store.tell(mei, absent_calls(scene))

    exchange = told.pop("token exchanged")
    assert (exchange["status"], exchange["body"]["error"]) == (400, "invalid_request")
    answers = {label: (one["status"], one["body"]["code"]) for label, one in told.items()}
    assert answers == dict.fromkeys(told, (501, 0))
    assert all(len(one["body"]["description"]) > 40 for one in told.values())


@pytest.fixture
def other_hosts(settings: LazySettings) -> None:
    """An installation at https://partners.example that also answers by the original's names (TOIYA_OTHER_HOSTS)."""
    settings.ORIGIN = f"https://{OWN_NAME}"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *NAMES]


def test_a_program_with_fixed_addresses(
    at: Market, live_server: LiveServer, other_hosts: None, tmp_path: Path
) -> None:
    """``ms-partner-tools`` 0.1.1 asks the original's hosts: it signs in by a device code through azure-identity, reads
    customers and the request link, and enrols devices.
    """
    cast = at.cast
    program = program_of(
        cast.mei, kind=Kind.PUBLIC, redirect_uris=(), flows=frozenset({Flow.DEVICE_CODE}), name="Device desk"
    )
    with_second_factor(cast.mei)
    told: list[str] = []
    with staged(tmp_path, live_server.thread.port) as stage:
        command = [PYTHON, "-W", "ignore", str(HERE / "run_tools.py")]
        with subprocess.Popen(
            [*command, str(program.pk), str(cast.hinode.pk), str(cast.aoba.pk)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **stage.environment, "PARTNER_TOOLS_CONFIG": str(tmp_path / "config")},
        ) as process:
            out, err = process.stdout, process.stderr
            assert out is not None
            assert err is not None
            noise: list[str] = []
            reader = threading.Thread(target=lambda: noise.extend(err))
            reader.start()
            first = out.readline()
            assert first, "".join(noise)[-3000:]
            code = json.loads(first)["code"]
            answer = browser_of(cast.mei).post("/device/", {"code": code, "approve": "yes"})
            assert answer.status_code == 302, answer.content
            told = out.readlines()
            process.wait(60)
            reader.join(10)
    assert told, "".join(noise)[-3000:]
    body = json.loads(told[-1])
    assert [one["id"] for one in body["customers"]] == [str(cast.aoba.pk)]
    assert body["link"].startswith("http")
    assert body["devices"] == []  # the worker has not been there yet
    work_on_devices()
    kept = api_of(cast.mei).get(f"/v1/customers/{cast.aoba.pk}/deviceBatches/spring/devices").body["items"]
    assert sorted(one["serialNumber"] for one in kept) == ["5CG1234567", "5CG7654321"]

"""Two public clients of the original API, unmodified, against Toiya (docs/clients.md)."""

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from tests.api.speaking import api_of
from tests.api.test_profiles import membership
from tests.api.tokens import program_of, with_second_factor
from tests.cast import actor_of, browser_of, cast_in_place, found, hire, relate
from tests.clients.stage import NAMES, OWN_NAME, staged
from tests.orders.story import Market, market, ordered
from toiya.api.items import catalog_item_id
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.devices.work import work_on_devices
from toiya.relations.grants import grant_administration
from toiya.subscriptions.models import Subscription
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


def store_calls(
    at: Market, item: str, order_id: str, subscription_id: str, user_id: str
) -> list[tuple[Any, ...]]:
    """Everything that ``partnercenterservices`` offers outside billing, usage, support and analytics, in an order in
    which each finds what it needs. (label, owner, operation, arguments)
    """
    c = {"customer_id": str(at.cast.aoba.pk), "version": "1"}
    s = {**c, "subscription_id": subscription_id}
    u = {**c, "user_id": user_id}
    v = {"version": "1"}
    get, post, put = (
        "getvversioncustomerscustomer",
        "postvversioncustomerscustomer",
        "putvversioncustomerscustomer",
    )
    patch, delete = "patchvversioncustomerscustomer", "deletevversioncustomerscustomer"
    domain = "getvversionvalidationscheckdomainavailabilitydomain"
    address = {
        "country": "JP",
        "state": "東京都",
        "city": "港区",
        "addressLine1": "芝公園 4-2-8",
        "postalCode": "105-0011",
        "firstName": "Aoi",
        "lastName": "Aoki",
        "phoneNumber": "+81312345678",
    }
    return [
        ("country rules", "", "getvversioncountryvalidationrulescountry", {"country": "JP", **v}),
        ("address", "", "postvversionvalidationsaddress", {"address": address, **v}),
        ("domain taken", "", "headvversiondomainsdomain", {"domain": "aoba.example", **v}),
        ("domain prefix", domain, "prefix", {"domain_prefix": "aoba", **v}),
        ("legal business", "getvversionprofileslegalbusinessvetting_versionvetting_version", "value", v),
        ("mpn", "getvversionprofilesmpnmpn_idmpn_id", "value", v),
        ("network profile", "getvversionprofilespartnernetworkprofilempn_idmpn_id", "value", v),
        ("organization", "", "getvversionprofilesorganization", v),
        ("billing", "", "getvversionprofilesbilling", v),
        ("support", "", "getvversionprofilessupport", v),
        ("customers", "getvversioncustomersfilterfilter", "value", {**v, "size": 5}),
        (
            "relationships",
            "getvversionrelationshipsrelationship",
            "value",
            {**v, "relationship_type": "IsIndirectCloudSolutionProviderOf"},
        ),
        (
            "request link",
            "getvversioncustomersrelationshiprequestsindirect_cloud_solution_provider_idindirect_cloud_solution_provider_id",
            "value",
            v,
        ),
        ("roles", "getvversionrolesrole", "value", v),
        ("role members", "getvversionrolesrole", "value1", {**v, "role_id": "$roles.items.0.id"}),
        ("offer categories", "getvversionoffercategoriescountrycountry", "value", {**v, "country": "JP"}),
        ("offers", "getvversionofferscountrycountry", "value", {**v, "country": "JP"}),
        (
            "offer",
            "getvversionoffersoffer",
            "value1",
            {**v, "country": "JP", "offer_id": "$offers.items.0.id"},
        ),
        (
            "offer add-ons",
            "getvversionoffersoffer",
            "value",
            {**v, "country": "JP", "offer_id": "$offers.items.0.id"},
        ),
        ("customer", get, "id", c),
        ("company", get, "idprofilescompany", c),
        ("customer billing", get, "idprofilesbilling", c),
        ("customer relationships", get, "idrelationships", c),
        ("managed services", get, "idmanagedservices", c),
        ("customer offer categories", get, "idoffercategories", c),
        ("customer offers", get, "value2", c),
        ("orders", get, "value7", c),
        ("order", get, "id5", {**c, "order_id": order_id}),
        ("subscriptions", get, "value9", c),
        ("subscription", get, "id6", s),
        ("add-ons", get, "idaddons", s),
        ("conversions", get, "idconversions", s),
        ("upgrades", get, "idupgrades", s),
        ("provisioning", get, "idprovisioningstatus", s),
        ("support contact", get, "idsupportcontact", s),
        ("licences", get, "value4", c),
        ("users", get, "value6", c),
        ("user", get, "id2", u),
        ("user roles", get, "iddirectoryroles", u),
        ("user licences", get, "value5", u),
        ("directory roles", get, "value", c),
        ("members", get, "value1", {**c, "role_id": "$directory roles.items.0.id"}),
        ("policies", get, "idpolicies", c),
        ("batches", get, "iddevice_batches", c),
        (
            "new policy",
            post,
            "idpolicies",
            {**c, "policy": {"name": "Spring", "category": "o_o_b_e", "policySettings": ["skip_eula"]}},
        ),
        (
            "new user",
            post,
            "idusers",
            {
                **c,
                "user": {
                    "usageLocation": "JP",
                    "userPrincipalName": "hanako@aoba.example",
                    "firstName": "Hanako",
                    "lastName": "Aoki",
                    "displayName": "Hanako Aoki",
                },
            },
        ),
        (
            "renamed user",
            patch,
            "id2",
            {**c, "user_id": "$new user.id", "user": {"displayName": "Hanako Suzuki"}},
        ),
        (
            "new order",
            post,
            "idorders",
            {
                **c,
                "order": {
                    "referenceCustomerId": str(at.cast.aoba.pk),
                    "billingCycle": "monthly",
                    "lineItems": [
                        {"lineItemNumber": 0, "offerId": item, "quantity": 2, "friendlyName": "Branch"}
                    ],
                },
            },
        ),
        (
            "patched subscription",
            patch,
            "id4",
            {**s, "subscription": {"friendlyName": "Head office", "quantity": 12}},
        ),
        ("deleted user", delete, "id2", {**c, "user_id": "$new user.id"}),
        (
            "customer billing kept",
            put,
            "idprofilesbilling",
            {
                **c,
                "customer_billing_profile": {
                    "firstName": "Aoi",
                    "lastName": "Aoki",
                    "email": "aoi@aoba.example",
                    "culture": "ja-JP",
                    "language": "ja",
                    "companyName": "Aoba",
                    "defaultAddress": address,
                },
            },
        ),
    ]


def test_every_operation_of_a_generated_client(at: Market, live_server: LiveServer) -> None:
    """``partnercenterservices`` 0.1.2, generated from the original's own description, reads every answer.

    What it is told is compared with what the API tells a program of the tests.
    """
    cast = at.cast
    order = ordered(at, ("office", 10))
    sold = Subscription.objects.get(order_id=order.pk)
    item = catalog_item_id(at.shop.offers["office"])
    relate(cast.hinode, found(cast.family, "Beni", "beni.example.com"))
    hire(cast.aoba, "Saki")
    membership(cast, cast.hinode, "4391507")
    api = api_of(cast.mei)
    calls = store_calls(at, item, str(order.pk), str(sold.pk), str(cast.taro.pk))

    told = run("run_store.py", given={"url": live_server.url, "token": api.token, "calls": calls})

    # The documents answer a collection of policies, as the SDKs read it; this client expects a bare list. The documents
    # win (conventions.md section 5).
    disagreeing = told.pop("policies")
    assert "DeserializationError" in disagreeing["error"]
    assert {label: one["error"] for label, one in told.items() if "error" in one} == {}
    assert {label: one["text"] for label, one in told.items() if one["status"] >= 300} == {}
    assert told["customers"]["body"]["total_count"] == 2
    assert told["customer"]["body"]["company_profile"]["domain"] == "aoba.example"
    assert told["subscription"]["body"]["quantity"] == 10
    assert told["patched subscription"]["body"]["quantity"] == 12
    now = api.get(f"/v1/customers/{cast.aoba.pk}/subscriptions/{sold.pk}").body
    assert (now["quantity"], now["friendlyName"]) == (12, "Head office")
    assert told["new order"]["body"]["line_items"][0]["quantity"] == 2
    assert cast.aoba.people.filter(user_name="hanako@aoba.example", deleted_at__isnull=False).exists()


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

"""Generated requests for every operation of the document: no error of the server, no answer outside its schema.

The document describes what the API reads; half of the requests keep to it and half break it, most of them with ids
that exist. ``make prove`` sends 10,000 for each of three seeds, ``make check`` some hundred.
"""

import datetime as dt
import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import LazySettings
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy, one_of
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.access.test_matrix import writes_noted
from tests.access.world import World, build_world
from tests.api.speaking import api_of
from tests.cast import actor_of
from toiya.api.openapi import document
from toiya.api.operations import OPERATIONS, Operation
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.core.role_ids import GROUP_IDS
from toiya.directory.models import Person, Tenant
from toiya.orders.carts import start_cart
from toiya.orders.models import Order
from toiya.relations.grants import grant_administration
from toiya.relations.models import AdministrationGrant
from toiya.wsgi import application

CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance, status_code_conformance]
SEEDS = [int(text) for text in os.environ.get("TOIYA_SEEDS", "1 2 3").split()]
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


def existing(world: World, reader: Person) -> dict[str, str]:
    """For each path parameter the id of something that is there and that the reader's organization sees."""
    here = str(reader.tenant.domain).partition(".")[0]
    ids: dict[str, str] = {}
    for instances in world.objects.values():
        for names, seen_by in instances.values():
            if here in seen_by:
                ids = {name: str(value) for name, value in names.items()} | ids
    order = Order.objects.get(pk=ids["order_id"])
    customer = order.customer
    grant = lent(customer, reader)
    cart = start_cart(actor_of(reader), customer=customer, partner=order.reseller)
    return {
        **ids,
        "customer_id": str(customer.pk),
        "user_id": str(customer.people.order_by("created_at")[1].pk),
        "member_id": str(reader.tenant.people.with_role(Role.SALES_AGENT).first().pk),
        "role_id": str(GROUP_IDS[Role.HELPDESK_AGENT]),
        "relationship_id": f"{grant.pk}-{reader.tenant_id}",
        "assignment_id": str(GROUP_IDS[Role.ADMIN_AGENT]),
        "cart_id": str(cart.pk),
        "iso2_code": "JP",
        "market": "JP",
    }


def lent(customer: Tenant, reader: Person) -> AdministrationGrant:
    """The customer lets the reader's organization administer it."""
    owner = customer.people.with_role(Role.GLOBAL_ADMIN).filter(disabled_at=None).get()
    actor = actor_of(owner)
    return grant_administration(
        actor,
        tenant=customer,
        grantee=reader.tenant,
        capacity=Capacity.PROVIDER,
        roles=[DirectoryRole.USER_ADMINISTRATOR, DirectoryRole.LICENSE_ADMINISTRATOR],
        expires_at=actor.now + dt.timedelta(days=30),
        consented_by_id=owner.pk,
        invitation_id=None,
    )


def ways_of(
    operation: APIOperation[Any, Any, Any, Any], row: Operation, ids: dict[str, str]
) -> list[SearchStrategy[schemathesis.Case[Any]]]:
    """Keeping to the document and breaking it, with any ids and with those that exist, with the document's example."""
    known = {one.name: ids[one.name] for one in operation.path_parameters if one.name in ids}
    ways = [operation.as_strategy(mode) for mode in MODES]
    if known:
        ways += [operation.as_strategy(mode, path_parameters=known) for mode in (*MODES, MODES[0])]
    if row.example is not None:
        ways.append(operation.as_strategy(MODES[0], path_parameters=known, body=row.example))
    return ways


def send(world: World, *, seed: int, each: int) -> Counter[int]:
    """So many requests to each operation; the statuses that came back."""
    described = json.loads(json.dumps(document()))
    del described[
        "security"
    ]  # else it sends no token at every tenth request: what that is answered, the matrix asks
    schema = schemathesis.openapi.from_dict(described)
    schema.app = application
    reader = next(persona.person for persona in world.personas if persona.name == "mei")
    assert reader is not None
    token, ids = api_of(reader).token, existing(world, reader)
    found: Counter[int] = Counter()
    without: dict[str, int] = {}  # what a request to each operation was answered that brought no token
    wrong: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        row = OPERATIONS.get(operation.definition.raw["operationId"])
        if row is None:
            continue
        ways = ways_of(operation, row, ids)

        @seeded(seed)
        @settings(max_examples=each, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=one_of(ways))
        def try_one(case: schemathesis.Case[Any]) -> None:
            with writes_noted():  # and undone, so that the next one finds all there
                response = case.call(headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
            name = case.operation.definition.raw["operationId"]
            if name not in without:
                without[name] = case.call(headers={"Host": "localhost"}).status_code
            found[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        try:
            try_one()
        except BaseException as error:  # noqa: BLE001  (all operations are tried; hypothesis raises groups too)
            wrong.append(f"{row.id}: {error}"[:1500])
    assert not wrong, "\n\n".join(wrong)
    assert without == dict.fromkeys(OPERATIONS, 401)
    return found


@pytest.fixture
def world(db: None, caplog: pytest.LogCaptureFixture, settings: LazySettings) -> Iterator[World]:
    """Everybody and one of everything. The server would close the connection after each request, and with it the
    story's transaction; and nobody makes so many calls in a minute.
    """
    settings.API_CALLS_PER_MINUTE = 10**6
    caplog.set_level(logging.CRITICAL)
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield build_world()
    for signal in ends:
        signal.connect(close_old_connections)


def told(seed: int, found: Counter[int]) -> None:
    """The figures, and how many got beyond the first refusals."""
    beyond = sum(number for status, number in found.items() if status not in range(400, 405))
    print(f"\nseed {seed}: {found.total()} requests, {dict(sorted(found.items()))}, {beyond} beyond 400-404")  # noqa: T201


@pytest.mark.once
def test_generated_requests(world: World) -> None:
    """A few for each operation."""
    found = send(world, seed=SEEDS[0], each=4)
    told(SEEDS[0], found)
    assert {200, 400, 404} <= set(found)
    assert 429 not in found


@pytest.mark.proof
@pytest.mark.parametrize("seed", SEEDS)
def test_ten_thousand_generated_requests(world: World, seed: int) -> None:
    """10,000 of each seed, evenly over all operations."""
    found = send(world, seed=seed, each=-(-10_000 // len(OPERATIONS)))
    told(seed, found)
    assert found.total() >= 10_000
    assert 429 not in found

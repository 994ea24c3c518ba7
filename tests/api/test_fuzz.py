"""Generated requests for every operation of the document: no error of the server, no answer outside its schema.

The document describes what the API reads; half of the requests keep to it and half break it, half of them with ids that
exist. ``make prove`` sends 10,000 for each of three seeds, ``make check`` some hundred.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy, one_of
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.speaking import api_of
from tests.cast import Cast
from tests.orders.story import market, ordered
from toiya.api.openapi import document
from toiya.api.operations import OPERATIONS
from toiya.subscriptions.models import Subscription
from toiya.wsgi import application

CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance, status_code_conformance]
SEEDS = [int(text) for text in os.environ.get("TOIYA_SEEDS", "1 2 3").split()]
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


def existing(cast: Cast) -> dict[str, str]:
    """Ids of things that are there, for the path parameters of the same name."""
    order = ordered(market(cast), ("office", 5))
    sold = Subscription.objects.get(order_id=order.pk)
    return {
        "customer_id": str(cast.aoba.pk),
        "order_id": str(order.pk),
        "subscription_id": str(sold.pk),
        "user_id": str(cast.taro.pk),
        "product_id": str(sold.sku.product_id),
        "sku_id": str(sold.sku_id),
        "availability_id": str(sold.availability_id),
    }


def send(cast: Cast, names: list[str], ids: Mapping[str, str], *, seed: int, each: int) -> Counter[int]:
    """So many requests to each operation; the statuses that came back."""
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document())))
    schema.app = application
    token = api_of(cast.mei).token
    found: Counter[int] = Counter()
    wrong: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        if operation.definition.raw["operationId"] not in names:
            continue
        known = {one.name: ids[one.name] for one in operation.path_parameters if one.name in ids}
        ways: list[SearchStrategy[schemathesis.Case[Any]]] = [operation.as_strategy(mode) for mode in MODES]
        if known:
            ways += [operation.as_strategy(mode, path_parameters=known) for mode in MODES]

        @seeded(seed)
        @settings(max_examples=each, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=one_of(ways))
        def try_one(case: schemathesis.Case[Any]) -> None:
            response = case.call(headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
            found[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        try:
            try_one()
        except BaseException as error:  # noqa: BLE001  (all operations are tried; hypothesis raises groups too)
            wrong.append(f"{operation.definition.raw['operationId']}: {error}"[:1500])
    assert not wrong, "\n\n".join(wrong)
    return found


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The server would close the connection after each request, and with it the story's transaction."""
    caplog.set_level(logging.CRITICAL)
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.mark.once
def test_generated_requests(cast: Cast, quiet: None) -> None:
    """A few for each operation."""
    found = send(cast, list(OPERATIONS), existing(cast), seed=SEEDS[0], each=4)
    print(f"\nseed {SEEDS[0]}: {found.total()} requests, {dict(found)}")  # noqa: T201
    assert {200, 400, 404} <= set(found)


@pytest.mark.proof
@pytest.mark.parametrize("seed", SEEDS)
def test_ten_thousand_generated_requests(cast: Cast, quiet: None, seed: int) -> None:
    """10,000 of each seed, evenly over all operations."""
    found = send(cast, list(OPERATIONS), existing(cast), seed=seed, each=-(-10_000 // len(OPERATIONS)))
    print(f"\nseed {seed}: {found.total()} requests, {dict(found)}")  # noqa: T201
    assert found.total() >= 10_000

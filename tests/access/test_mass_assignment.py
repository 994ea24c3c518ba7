"""That the walk of ``tests/undeclared.py`` over all writing requests sees what it looks for (G-06, T-36)."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.models.signals import post_init, pre_save
from django.http import HttpRequest

from tests import undeclared
from tests.api.selling import line, open_market
from tests.api.speaking import api_of
from tests.cast import Cast
from tests.undeclared import EXCEPTIONS, WALKED, camel, writing
from toiya.api import door
from toiya.api.operations import Operation
from toiya.orders.models import Cart, CartLine


def given_in(place: str, request: HttpRequest) -> Mapping[str, Any]:
    """What stands in the body, in the first object of the body's list, or behind the question mark."""
    if place == "address":
        return request.GET.dict()
    body: dict[str, Any] = json.loads(request.body)
    return body if place == "body" else body["lineItems"][0]


@contextmanager
def assigning(patch: pytest.MonkeyPatch, field: str, place: str) -> Iterator[None]:
    """The planted fault: rows take this field from the request wherever somebody names it."""
    given: dict[str, Any] = {}
    read = door._arguments  # noqa: SLF001

    def remembering(operation: Operation, values: tuple[str, ...], request: HttpRequest) -> dict[str, Any]:
        given.clear()
        given.update(given_in(place, request))
        return read(operation, values, request)

    def assign(instance: Cart | CartLine, **_signal: object) -> None:
        value = next((given[name] for name in (field, camel(field)) if name in given), None)
        if value is not None:
            setattr(instance, field, value)

    with patch.context() as during:
        during.setattr(door, "_arguments", remembering)
        pre_save.connect(assign, sender=Cart)
        post_init.connect(assign, sender=CartLine)  # lines are saved at once, without a signal
        try:
            yield
        finally:
            pre_save.disconnect(assign, sender=Cart)
            post_init.disconnect(assign, sender=CartLine)


@pytest.mark.once
@pytest.mark.goal("G-06")
@pytest.mark.parametrize(
    ("field", "place", "table"),
    [
        ("reseller_id", "body", "orders_cart"),
        ("expires_at", "body", "orders_cart"),
        ("checked_out_at", "body", "orders_cart"),
        ("version", "address", "orders_cart"),
        ("wish_id", "line", "orders_cartline"),
        ("created_at", "address", "orders_cart"),
    ],
)
def test_a_field_that_is_taken_from_the_request_is_seen(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, field: str, place: str, table: str
) -> None:
    story = open_market(cast)
    path = f"/v1/customers/{cast.aoba.pk}/carts"
    body = {"lineItems": [line(story, "office", 5)]}

    with (
        assigning(monkeypatch, field, place),
        pytest.raises(AssertionError, match=re.compile(rf"carts\.create takes.*{table}", re.DOTALL)),
    ):
        api_of(cast.mei).post(path, body)

    before = WALKED["carts.create"]
    assert api_of(cast.mei).post(path, body).status == 201
    assert WALKED["carts.create"] == before + 1, "the same request without the fault is walked and passes"


def test_every_exception_is_an_operation_that_writes() -> None:
    """The list of what is not walked does not outlive what it names."""
    assert set(EXCEPTIONS) <= set(writing())


@pytest.mark.once
@pytest.mark.goal("G-06")
def test_a_declared_property_that_is_taken_must_stand_in_the_list(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk over what a resource declares, which `make prove` asks for. The fault: an empty list."""
    story = open_market(cast)
    path, body = f"/v1/customers/{cast.aoba.pk}/carts", {"lineItems": [line(story, "office", 5)]}
    monkeypatch.setattr(undeclared, "IS_ASKED", True)
    monkeypatch.setattr(undeclared, "TRIED", Counter())
    assert api_of(cast.mei).post(path, body).status == 201
    assert undeclared.TRIED["carts.create"] > 30

    monkeypatch.setattr(undeclared, "TRIED", Counter())
    monkeypatch.setattr(undeclared, "TAKEN", {})

    with pytest.raises(AssertionError, match=r"carts\.create takes .*friendlyName"):
        api_of(cast.mei).post(path, body)

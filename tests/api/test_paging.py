"""Long lists, page by page, forwards and backwards (conventions.md section 6)."""

import copy
import datetime as dt
import json
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, get_origin

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from tests.access.world import build_world
from tests.api.speaking import Api, Told, api_of
from tests.cast import Cast, actor_of, found, hire, partner, relate
from toiya.api import resources  # noqa: F401  (fills the table)
from toiya.api.operations import OPERATIONS, SeekQuery
from toiya.api.wire import Collection
from toiya.audit.seal import seal_records
from toiya.bulk.models import BulkFile, BulkRow
from toiya.core.clock import real_now
from toiya.core.ids import new_id
from toiya.core.pagination import cursor_of_values
from toiya.core.permissions import Capacity, Role
from toiya.core.role_ids import GROUP_IDS, ROLE_IDS
from toiya.customers.models import RelationshipInvitation
from toiya.devices.models import Batch, Device
from toiya.directory.models import Person, Tenant
from toiya.orders.models import Order, OrderRequest
from toiya.orders.overviews import page_of_order_overviews
from toiya.partnerships.models import PartnerInvitation
from toiya.pricing.models import PriceRule
from toiya.subscriptions.lists import page_of_subscriptions
from toiya.subscriptions.models import Subscription

SEEKING = {
    name
    for name, row in OPERATIONS.items()
    if isinstance(row.query, type)
    and issubclass(row.query, SeekQuery)
    and get_origin(row.answer) is not Collection  # short, and comes whole
}


def again(row: models.Model | None, **changes: Callable[[int], object]) -> None:
    """Two more of it."""
    assert row is not None
    for number in range(2):
        more = copy.copy(row)
        more.pk = new_id() if isinstance(row.pk, uuid.UUID) else None
        for name, value in changes.items():
            setattr(more, name, value(number))
        more.save(force_insert=True)


def fill(hinode: Tenant, kawase: Tenant, aoba: Tenant) -> dict[str, str]:
    """Three rows or more in each long list. The addresses that name something, by the operation."""
    kai, now = Person.objects.get(tenant=kawase, name="Kai"), real_now()
    for name in ("Beni", "Chika"):
        relate(kawase, found(hinode.family, name, f"{name.lower()}.more.example.com"))
        partner(found(hinode.family, f"P{name}", f"p{name.lower()}.example.com", Capacity.PROVIDER), kawase)
        hire(aoba, name, Role.BILLING_ADMIN)
        hire(kawase, name, Role.BILLING_ADMIN)
    hire(aoba, "Dan", Role.BILLING_ADMIN)
    hire(kawase, "Dan", Role.BILLING_ADMIN)
    file = BulkFile.objects.get(tenant=kawase)
    again(file)
    for line in range(1, 4):
        BulkRow.objects.create(tenant=kawase, file=file, line=line)
    batch = Batch.objects.create(tenant=kawase, customer=aoba, name="pages", created_by=kai, created_at=now)
    for number in range(3):
        Device.objects.create(
            tenant=kawase, customer=aoba, batch=batch, identity=f"pages {number}", uploaded_at=now
        )
    again(
        OrderRequest.objects.filter(tenant=kawase).first(),
        number=lambda at: 100 + at,
        cart_id=lambda _at: None,
    )
    again(
        Order.objects.filter(reseller=kawase).first(),
        number=lambda at: 100 + at,
        submission_key=lambda at: f"{at}",
        request_id=lambda _at: None,
    )
    again(Subscription.objects.filter(reseller=kawase).first())
    again(PriceRule.objects.filter(tenant=kawase).first())
    again(
        PartnerInvitation.objects.filter(tenant=hinode).first(), email=lambda number: f"{number}@more.example"
    )
    again(RelationshipInvitation.objects.filter(tenant=kawase).first())
    seal_records()
    customer, since = f"/v1/customers/{aoba.pk}", (now - dt.timedelta(days=1)).strftime("%Y-%m-%d")
    return {
        "audit.list_service": f"/auditactivity/v1/auditrecords?auditRequest.startDate={since}&auditRequest.",
        "users.list": f"{customer}/users",
        "directory_roles.list": f"{customer}/directoryroles",
        "directory_roles.list_members": f"{customer}/directoryroles/{ROLE_IDS[Role.BILLING_ADMIN]}/usermembers",
        "devices.list_devices": f"{customer}/deviceBatches/pages/devices",
        "roles.list_members": f"/v1/roles/{GROUP_IDS[Role.BILLING_ADMIN]}/usermembers",
        "toiya.bulk_files.list_rows": f"/v1/toiya/bulkFiles/{file.pk}/rows",
    }


def follow(api: Api, link: dict[str, Any]) -> Told:
    """Ask as the link says."""
    headers = {one["key"]: one["value"] for one in link["headers"]}
    return api.call(link["method"], f"/v1{link['uri']}", **headers)


def rows_of(told: Told) -> list[str]:
    """The rows of one page, as texts."""
    return [json.dumps(item, sort_keys=True) for item in told.body["items"]]


def pages_of(api: Api, told: Told, way: str) -> list[tuple[list[str], int]]:
    """The rows of this page and of those that its links of that name lead to, each with the statements that it took."""
    pages, statements = [], 0
    while True:
        assert told.status == 200, told.body
        pages.append((rows_of(told), statements))
        link = told.body["links"].get(way)
        if link is None:
            return pages
        with CaptureQueriesContext(connection) as noted:
            told = follow(api, link)
        statements = len(noted)


def wrong_with(api: Api, path: str) -> list[str]:
    """What is wrong with the list; nothing where forwards and backwards are the same."""
    ask = f"{path}size=" if "?" in path else f"{path}?size="
    first = api.get(f"{ask}1")
    forwards = pages_of(api, first, "next")
    backwards = pages_of(api, api.get(f"{ask}1&seekOperation=Last"), "previous")
    pairs = pages_of(api, api.get(f"{ask}2&seekOperation=Last"), "previous")
    rows = [row for page, _statements in forwards for row in page]
    if len(forwards) < 3 or len(set(rows)) < 3:
        return [f"{len(rows)} rows are too few"]
    second = follow(api, first.body["links"]["next"])
    token = second.body.get("continuationToken", "")
    back = api.get(f"{ask}1&seekOperation=previous", MS_ContinuationToken=token)
    right = {
        "other rows backwards": [page for page, _ in backwards] == [page for page, _ in forwards][::-1],
        "other rows in pairs": [row for page, _ in reversed(pairs) for row in page] == rows,
        "more statements backwards": forwards[1] == backwards[-2],
        "a page before the first": "previous" not in first.body["links"],
        "not back by the token of the page": rows_of(back) == forwards[0][0],
    }
    return [problem for problem, is_right in right.items() if not is_right]


def test_every_long_list_is_read_in_both_directions(db: None) -> None:
    """First to last by the links, and last to first: the same rows, one or two a page, as many statements each way.

    Planted faults: rows that stand in the order of reading (without ``reverse`` in core/pagination.py); a condition
    that does not turn round with the order; ``_lines`` of the customers without its way.
    """
    build_world()
    hinode, kawase, aoba = (
        Tenant.objects.get(domains__name=f"{name}.example") for name in ("hinode", "kawase", "aoba")
    )
    paths = fill(hinode, kawase, aoba)
    kai, mei = (api_of(Person.objects.get(name=name)) for name in ("Kai", "Mei"))
    providers = {"toiya.partnership_invitations.list", "toiya.sandbox.list_mails"}

    wrong = {
        name: problem
        for name in SEEKING
        if (problem := wrong_with(mei if name in providers else kai, paths.get(name, OPERATIONS[name].path)))
    }

    assert len(SEEKING) >= 22
    assert not wrong


@pytest.mark.operation("customers.list")
def test_a_page_before_the_first_and_ways_that_are_none(cast: Cast) -> None:
    """Before the first page there is an empty one; what cannot be answered is refused with what can."""
    for name in ("Beni", "Chika"):
        relate(cast.hinode, found(cast.family, name, f"{name.lower()}.example.com"))
    api = api_of(cast.mei)
    first = api.get("/v1/customers?size=1").body

    before = api.get("/v1/customers?seekOperation=Previous", MS_ContinuationToken=first["continuationToken"])

    assert (before.body["totalCount"], set(before.body["links"])) == (0, {"self"})
    for way in ("PageIndex", "Sideways", "Previous", "Next"):
        told = api.get(f"/v1/customers?seekOperation={way}")
        assert (told.status, told.body["code"], told.body["data"]) == (400, 800002, ["seekOperation"])
    assert (
        "Next, Previous, First, Last" in api.get("/v1/customers?seekOperation=PageIndex").body["description"]
    )
    for way in ("Previous", "Next", ""):
        told = api.get(f"/v1/customers?size=1&seekOperation={way}", MS_ContinuationToken="nonsense")
        assert told.body["items"] == first["items"]


def test_an_instant_that_no_row_can_have_is_no_place(cast: Cast) -> None:
    """A cursor that somebody wrote by hand, without a zone or before the calendar: the first page, and no error.

    Planted fault that this test finds: the text read as it is.
    """
    actor = actor_of(cast.mei)
    for text in ("2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"):
        cursor = cursor_of_values(text, uuid.uuid4())
        pages = (page_of_subscriptions, partial(page_of_order_overviews, size=2))
        assert [page(actor, cursor=cursor).is_first for page in pages] == [True, True], text

"""Toiya's own: the log with its proof. The verifier is the one that docs/api.md prints."""

import copy
import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import LazySettings
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, Api, api_of, api_of_application
from tests.cast import Cast, actor_of, hire
from toiya.audit.actions import AuditAction
from toiya.audit.checkpoints import public_key, sign_checkpoints
from toiya.audit.models import AuditRecord, ChainLink, PersonalValue
from toiya.audit.record import record
from toiya.core.permissions import Role
from toiya.directory.models import Tenant

PROOF = "/v1/toiya/auditProof"
DOCS = Path(__file__).parents[2] / "docs" / "api.md"
Page = dict[str, Any]


def verifier() -> Callable[[list[Page], str], list[dict[str, Any]]]:
    """The function of the documentation."""
    block = re.search(r"## The log with its proof.*?```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert block is not None
    names: dict[str, Any] = {}
    exec(block[1], names)  # noqa: S102  (our own documentation, which must work as it is printed)
    verify: Callable[[list[Page], str], list[dict[str, Any]]] = names["verify"]
    return verify


def write(cast: Cast, tenant: Tenant, count: int) -> None:
    """The log grows by some records."""
    actor = actor_of(cast.ren)
    for number in range(count):
        record(
            actor,
            AuditAction.UPDATE_PARTNER_PROFILE,
            tenant,
            tenant_id=tenant.pk,
            before={"legal_name": "旧社名", "name": f"Old {number}"},
            after={"legal_name": f"新社名 {number}", "name": f"花子 {number}"},
        )


@pytest.fixture
def log(cast: Cast, settings: LazySettings, tmp_path: Path) -> Cast:
    """Logs of two organisations, signed, with records after the signature."""
    settings.CHECKPOINT_FOLDER = tmp_path / "checkpoints"
    write(cast, cast.hinode, 3)
    write(cast, cast.midori, 2)
    sign_checkpoints()
    write(cast, cast.hinode, 2)
    return cast


def pages(api: Api, query: str = "?size=2") -> list[Page]:
    """Page after page."""
    told = [api.get(f"{PROOF}{query}").body]
    while following := told[-1]["links"].get("next"):
        headers = {entry["key"]: entry["value"] for entry in following["headers"]}
        told.append(api.get(f"/v1{following['uri']}", **headers).body)
    return told


@pytest.mark.operation("toiya.audit_proof.get")
@pytest.mark.requirement("N-42")
def test_a_third_party_verifies_what_the_organization_hands_over(
    log: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Every signed record of the span, page by page; what is not signed yet is not proven; nothing of others is there.

    Plant: the chain fetched without its tenant; Midori's places stand between.
    """
    api = api_of_application(log.hinode, Role.ADMIN_AGENT)
    sign_checkpoints()
    told = pages(api)
    own = AuditRecord.objects.filter(tenant_id=log.hinode.pk)

    proven = verifier()(told, public_key())

    assert len(told) > 2
    assert len(proven) == own.count()
    assert [entry["after"] for entry in proven] == list(own.order_by("pk").values_list("after", flat=True))
    assert {entry["tenant_id"] for entry in proven} == {str(log.hinode.pk)}
    assert {"花子 0", "花子 1"} <= {part["value"] for page in told for part in page["values"]}
    assert (told[0]["publicKey"], told[0]["unsealed"]) == (public_key(), 0)
    mei = api_of(log.mei)
    for size in (1, 100):
        with django_assert_num_queries(TOKEN + 8):
            mei.get(f"{PROOF}?size={size}")
    hers = verifier()(pages(api_of(log.jun), ""), public_key())
    assert {entry["tenant_id"] for entry in hers} == {str(log.midori.pk)}


def test_what_is_not_signed_or_sealed_yet(log: Cast) -> None:
    """The last records wait for the worker: they are counted, and not returned as proven."""
    api = api_of_application(log.hinode, Role.ADMIN_AGENT)
    told = pages(api)
    signed = max(point["position"] for page in told for point in page["checkpoints"])
    assert len(verifier()(told, public_key())) == signed
    assert told[0]["unsealed"] == AuditRecord.objects.filter(tenant_id=log.hinode.pk).count() - signed
    assert told[0]["unsealed"] >= 2


def test_a_span_in_the_middle(log: Cast) -> None:
    """It begins with the hash before it, and ends at the next signature; what is outside the span is a digest only.

    Plant: ``previous_hash`` always the beginning of the chain.
    """
    write(log, log.hinode, 1)
    sign_checkpoints()
    api = api_of_application(log.hinode, Role.ADMIN_AGENT)
    own = list(AuditRecord.objects.filter(tenant_id=log.hinode.pk).order_by("pk"))
    middle = own[-3:-1]

    told = pages(api, f"?since={_utc(middle[0].at)}&until={_utc(own[-1].at)}")

    places = [place for page in told for place in page["items"]]
    before = ChainLink.objects.get(record_id=own[-4].pk)
    assert told[0]["previousHash"] == before.hash
    assert [place["id"] for place in places] == [str(entry.pk) for entry in own[-3:]]
    assert [place["id"] for place in places if "content" in place] == [str(entry.pk) for entry in middle]
    assert len(verifier()(told, public_key())) == len(middle)


def _utc(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).replace(tzinfo=None).isoformat()


def edited(told: list[Page]) -> None:
    """Another value in a record."""
    place = told[0]["items"][0]
    place["content"] = place["content"].replace("{", '{"x":1,', 1)


def removed(told: list[Page]) -> None:
    """A record is left out."""
    del told[1]["items"][0]


def exchanged(told: list[Page]) -> None:
    """Another record in its place, with its digest."""
    told[0]["items"][1]["recordDigest"] = "0" * 64


def resigned(told: list[Page]) -> None:
    """A signature of somebody else."""
    for page in told:
        for point in page["checkpoints"]:
            point["signature"] = "00" * 64


def renamed(told: list[Page]) -> None:
    """Another name behind a digest."""
    next(page for page in told if page["values"])["values"][0]["value"] = "somebody else"


@pytest.mark.parametrize("tamper", [edited, removed, exchanged, resigned, renamed])
def test_what_was_tampered_with_is_found(log: Cast, tamper: Callable[[list[Page]], None]) -> None:
    """Whoever hands it over cannot change it; nor can who keeps the database, for the key is noted elsewhere."""
    sign_checkpoints()
    told = pages(api_of_application(log.hinode, Role.ADMIN_AGENT))
    verify, changed = verifier(), copy.deepcopy(told)
    tamper(changed)
    with pytest.raises((ValueError, InvalidSignature)):
        verify(changed, public_key())
    foreign = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    with pytest.raises(InvalidSignature):
        verify(told, foreign)


def test_what_was_erased_stays_proven(log: Cast) -> None:
    """The name is gone, the record and its proof stay."""
    api = api_of_application(log.hinode, Role.ADMIN_AGENT)
    sign_checkpoints()
    PersonalValue.objects.filter(tenant_id=log.hinode.pk).delete()
    told = pages(api)
    assert verifier()(told, public_key())
    assert "花子" not in json.dumps(told, ensure_ascii=False)


def test_who_may_not_and_what_is_no_span(log: Cast) -> None:
    """The log is for administrators and admin agents; a span runs forwards, and may be empty."""
    refused = api_of(log.sora).get(PROOF)
    assert (refused.status, refused.body["code"]) == (403, 900150)
    mei = api_of(log.mei)
    for wrong in (
        "since=x",
        "since=2026-01-02&until=2026-01-01",
        "until=2026-01-01T00:00:00Z&since=2026-01-01",
    ):
        assert mei.get(f"{PROOF}?{wrong}").body["code"] == 800002, wrong
    empty = mei.get(f"{PROOF}?since=0001-01-02&until=0001-01-03")
    assert (empty.status, empty.body["items"], empty.body["checkpoints"]) == (200, [], [])
    assert mei.get(f"{PROOF}?since=9999-12-31T23:59:59-23:00").status == 400
    assert api_of(hire(log.aoba, "Gin", Role.GLOBAL_ADMIN)).get(PROOF).status == 200

"""Toiya's own: the log with its proof, for somebody who does not trust whoever keeps it (docs/api.md)."""

import datetime as dt
import uuid

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.operations import Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.wire import Resource, Wire, attributes_of, utc
from toiya.audit.checkpoints import key_id, public_key
from toiya.audit.models import ChainLink
from toiya.audit.proof import prove
from toiya.core.permissions import Permission

A_MONTH = dt.timedelta(days=30)
A_MOMENT = dt.timedelta(microseconds=1)


class ProofQuery(SeekQuery):
    """From ``since`` up to, not including, ``until``; the last 30 days by default."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None


class ChainPlace(Wire):
    """A place of the chain: ``hash`` is SHA-256 of ``{hash before}|{recordDigest}|{tenantId}|{position}``.

    ``content``: the canonical JSON of a record of the span, whose SHA-256 is ``recordDigest``.
    """

    position: int
    hash: str
    record_digest: str
    id: str
    content: str | None = None


class SignedCheckpoint(Wire):
    """An Ed25519 signature (hexadecimal) over the head of the chain at an instant, by the key of this short name."""

    position: int
    hash: str
    signed_at: str
    key: str
    signature: str


class PersonalPart(Wire):
    """The clear text behind a digest of the log: SHA-256 of ``salt`` (hexadecimal) and ``value``."""

    digest: str
    salt: str
    value: str


class AuditProof(Resource):
    """A page of the chain, and what it takes to verify it.

    ``unsealed``: how many records of the span no chain holds yet.
    """

    tenant_id: uuid.UUID | None = None
    public_key: str | None = None
    key: str | None = None
    previous_hash: str | None = None
    total_count: int | None = None
    items: list[ChainPlace] | None = None
    checkpoints: list[SignedCheckpoint] | None = None
    values: list[PersonalPart] | None = None
    unsealed: int | None = None
    continuation_token: str | None = None


@operation("toiya.audit_proof.get", "GET", "/v1/toiya/auditProof", needs=Permission.ACTIVITY_VIEW)
def get_audit_proof(call: Call, query: ProofQuery) -> AuditProof:
    """The organisation's own records of a span with their chain and its signatures, so that a third party can verify
    that nothing between was changed, removed or put in.
    """
    until = utc(query.until, "until") if query.until else call.actor.now + A_MOMENT
    since = utc(query.since, "since") if query.since else call.actor.now - A_MONTH
    if since >= until:
        text = _("until is %(until)s; it must be after since, %(since)s.")
        values = {"until": until.isoformat(), "since": since.isoformat()}
        raise WireError(400, 800002, text % values, "until")
    proof = prove(call.actor, since=since, until=until, cursor=place_of(call, query), size=size_of(query))

    def place(link: ChainLink) -> ChainPlace:
        return ChainPlace(
            position=link.position,
            hash=link.hash,
            record_digest=link.record_digest,
            id=str(link.record_id),
            content=proof.contents.get(link.record_id),
        )

    page = seek_collection(
        proof.links,
        place,
        at="/toiya/auditProof",
        size=query.size,
        since=since.isoformat(),
        until=until.isoformat(),
    )
    return AuditProof(
        tenant_id=call.actor.tenant_id,
        public_key=public_key(),
        key=key_id(public_key()),
        previous_hash=proof.previous_hash,
        total_count=page.total_count,
        items=page.items,
        checkpoints=[
            SignedCheckpoint(
                position=head.position,
                hash=head.hash,
                signed_at=head.signed_at,
                key=head.key,
                signature=head.signature,
            )
            for head in proof.checkpoints
        ],
        values=[
            PersonalPart(digest=row.digest, salt=bytes(row.salt).hex(), value=row.value)
            for row in proof.values
        ],
        unsealed=proof.unsealed,
        continuation_token=page.continuation_token,
        links=page.links,
        attributes=attributes_of("AuditProof"),
    )

"""Does the log still say what was written? Recomputes every digest and chain, and compares with signed
checkpoints.
"""

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from toiya.audit.checkpoints import (
    SignedHead,
    UnreadableCheckpoint,
    is_genuine,
    kept_checkpoints,
    public_key,
    stored_checkpoints,
)
from toiya.audit.models import AuditRecord, ChainLink, Checkpoint, PersonalValue
from toiya.audit.record import record_digest
from toiya.audit.seal import BEGINNING, link_hash, unsealed_records

CHUNK = 1000


class Fault(StrEnum):
    """What can be wrong with a log."""

    EDITED_RECORD = "edited_record"
    REMOVED_RECORD = "removed_record"
    BROKEN_LINK = "broken_link"
    MISSING_LINK = "missing_link"
    EDITED_VALUE = "edited_value"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    FORGED_CHECKPOINT = "forged_checkpoint"
    UNREADABLE_CHECKPOINT = "unreadable_checkpoint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written."""

    fault: Fault
    tenant: str = ""
    position: int = 0
    record_id: int = 0
    place: str = ""

    def __str__(self) -> str:
        sentences = {
            Fault.EDITED_RECORD: _("Record %(record)s was changed after it was written."),
            Fault.REMOVED_RECORD: _("Record %(record)s was removed; its place in the chain is %(position)s."),
            Fault.BROKEN_LINK: _(
                "The chain is broken at place %(position)s (record %(record)s): changed or reordered."
            ),
            Fault.MISSING_LINK: _("Place %(position)s of the chain is missing."),
            Fault.EDITED_VALUE: _("A personal value behind the log was changed (digest %(place)s)."),
            Fault.TRUNCATED: _(
                "The chain ends before place %(position)s, which was signed: newer entries were removed."
            ),
            Fault.REWRITTEN: _("The chain was rewritten: place %(position)s is not what was signed."),
            Fault.FORGED_CHECKPOINT: _("The signature of the checkpoint at place %(position)s is not ours."),
            Fault.UNREADABLE_CHECKPOINT: _("A line of the kept checkpoints cannot be read: %(place)s."),
        }
        sentence = sentences[self.fault] % {
            "record": self.record_id,
            "position": self.position,
            "place": self.place,
        }
        return (
            _("Organization %(tenant)s: %(sentence)s") % {"tenant": self.tenant, "sentence": sentence}
            if self.tenant
            else sentence
        )


@dataclass(frozen=True, slots=True)
class Tail:
    """Records of a tenant that no chain holds yet: what happened to them cannot be shown."""

    tenant: str
    count: int
    since: dt.datetime


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found."""

    records: int = 0
    chains: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    tails: list[Tail] = field(default_factory=list)


def verify_log(*, kept: Path | None = None, public: str = "") -> Report:
    """Compare the whole log with its chains and checkpoints; ``kept`` are copies of checkpoints from
    elsewhere.

    ``public`` is the public key that was noted down elsewhere; without it the installation's own key is used.
    """
    report, public = Report(), public or public_key()
    kept_heads = _kept(kept, report)
    tenants = {*map(str, ChainLink.objects.values_list("tenant_id", flat=True).distinct()), *kept_heads}
    tenants |= {str(head) for head in _checkpointed_tenants()}
    for tenant in sorted(tenants):
        tenant_id = uuid.UUID(tenant)
        signed = [*stored_checkpoints(tenant_id), *kept_heads.get(tenant, [])]
        report.chains += 1
        report.checkpoints += len(signed)
        _verify_chain(tenant_id, _genuine(signed, public, report), report)
    report.findings += _changed_values()
    report.tails = [
        Tail(str(row["tenant_id"]), row["count"], row["since"])
        for row in unsealed_records()
        .values("tenant_id")
        .annotate(count=Count("pk"), since=Min("recorded_at"))
        .order_by("tenant_id")
    ]
    return report


def _checkpointed_tenants() -> Iterable[uuid.UUID]:
    return Checkpoint.objects.values_list("tenant_id", flat=True).distinct()


def _kept(place: Path | None, report: Report) -> dict[str, list[SignedHead]]:
    heads: dict[str, list[SignedHead]] = defaultdict(list)
    if place is None:
        return heads
    try:
        for head in kept_checkpoints(place):
            heads[head.tenant].append(head)
    except UnreadableCheckpoint as error:
        report.findings.append(Finding(Fault.UNREADABLE_CHECKPOINT, place=str(error)))
    return heads


def _genuine(heads: list[SignedHead], public: str, report: Report) -> dict[int, set[str]]:
    """The signed hashes by position; a checkpoint with a foreign signature is a finding."""
    signed: dict[int, set[str]] = defaultdict(set)
    for head in heads:
        if is_genuine(head, public):
            signed[head.position].add(head.hash)
        else:
            report.findings.append(Finding(Fault.FORGED_CHECKPOINT, head.tenant, head.position))
    return signed


def _verify_chain(tenant_id: uuid.UUID, signed: dict[int, set[str]], report: Report) -> None:
    previous, expected, tenant = BEGINNING, 1, str(tenant_id)
    for link, record in _links_with_records(tenant_id):
        report.records += 1
        while expected < link.position:
            report.findings.append(Finding(Fault.MISSING_LINK, tenant, expected))
            expected += 1
        if record is None:
            report.findings.append(Finding(Fault.REMOVED_RECORD, tenant, link.position, link.record_id))
        elif _was_changed(record, link):
            report.findings.append(Finding(Fault.EDITED_RECORD, tenant, link.position, link.record_id))
        if (
            link.hash != link_hash(previous, link.record_digest, tenant_id, link.position)
            or link.position < expected
        ):
            report.findings.append(Finding(Fault.BROKEN_LINK, tenant, link.position, link.record_id))
        if signed.get(link.position, {link.hash}) != {link.hash}:
            report.findings.append(Finding(Fault.REWRITTEN, tenant, link.position, link.record_id))
        previous, expected = link.hash, link.position + 1
    if signed and max(signed) >= expected:
        report.findings.append(Finding(Fault.TRUNCATED, tenant, max(signed)))


def _was_changed(record: AuditRecord, link: ChainLink) -> bool:
    return (
        not (record_digest(record) == record.digest == link.record_digest)
        or record.tenant_id != link.tenant_id
    )


def _links_with_records(tenant_id: uuid.UUID) -> Iterator[tuple[ChainLink, AuditRecord | None]]:
    position = None
    links = ChainLink.objects.filter(tenant_id=tenant_id).order_by("position")
    while chunk := list((links if position is None else links.filter(position__gt=position))[:CHUNK]):
        records = AuditRecord.objects.in_bulk([link.record_id for link in chunk])
        yield from ((link, records.get(link.record_id)) for link in chunk)
        position = chunk[-1].position


def _changed_values() -> Iterator[Finding]:
    """Erased values are no finding: the log keeps their digest."""
    for value in PersonalValue.objects.order_by("pk").iterator(CHUNK):
        if hashlib.sha256(bytes(value.salt) + value.value.encode()).hexdigest() != value.digest:
            yield Finding(Fault.EDITED_VALUE, str(value.tenant_id), place=value.digest)

"""Sealing: each tenant's records become a chain, in the order in which the worker saw them committed
(design.md 7).
"""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from toiya.audit.models import AuditRecord, ChainLink

BATCH = 1000
# Numbers are handed out before their rows are committed; a row may appear this far behind the newest sealed
# one.
# Signing a checkpoint looks at the whole log, so that even a later one is not forgotten.
WINDOW = 10_000
BEGINNING = "0" * 64


def link_hash(previous: str, record_digest: str, tenant_id: uuid.UUID, position: int) -> str:
    """SHA-256 over the link before, the record, its tenant and its place: none can change alone."""
    content = f"{previous}|{record_digest}|{tenant_id}|{position}"
    return hashlib.sha256(content.encode()).hexdigest()


def unsealed_records(*, everywhere: bool = True) -> QuerySet[AuditRecord]:
    """Records that no chain holds yet."""
    rows = AuditRecord.objects.filter(~Exists(ChainLink.objects.filter(record_id=OuterRef("pk"))))
    if everywhere:
        return rows
    newest = ChainLink.objects.aggregate(newest=Max("record_id"))["newest"] or 0
    return rows.filter(pk__gt=newest - WINDOW)


def seal_records(*, everywhere: bool = False) -> int:
    """Add what is new to the chains. Says how many records; 0 as well when another worker was quicker."""
    if not unsealed_records(everywhere=everywhere).exists():
        return 0
    sealed = 0
    while count := _seal_batch(everywhere=everywhere):
        sealed += count
        if count < BATCH:
            break
    return sealed


def _seal_batch(*, everywhere: bool) -> int:
    try:
        with transaction.atomic():
            records = (
                unsealed_records(everywhere=everywhere)
                .order_by("pk")
                .only("pk", "tenant_id", "digest")[:BATCH]
            )
            return len(ChainLink.objects.bulk_create(_links(records)))
    except IntegrityError:
        return 0  # another worker took the same places; its chain is as good


def _links(records: Iterable[AuditRecord]) -> list[ChainLink]:
    by_tenant: dict[uuid.UUID, list[AuditRecord]] = defaultdict(list)
    for record in records:
        by_tenant[record.tenant_id].append(record)
    links: list[ChainLink] = []
    for tenant_id, own in by_tenant.items():
        head = ChainLink.objects.filter(tenant_id=tenant_id).order_by("-position").first()
        position, previous = (head.position, head.hash) if head else (0, BEGINNING)
        for record in own:
            position += 1
            previous = link_hash(previous, record.digest, tenant_id, position)
            links.append(
                ChainLink(
                    tenant_id=tenant_id,
                    position=position,
                    record_id=record.pk,
                    record_digest=record.digest,
                    hash=previous,
                )
            )
    return links

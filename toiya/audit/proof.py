"""What an organisation hands to a third party: its records of a span with their places in its chain, and the signatures
over it (docs/api.md says how they are verified).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, Max, Min, OuterRef

from toiya.audit.checkpoints import SignedHead, signed_head
from toiya.audit.models import AuditRecord, ChainLink, Checkpoint, PersonalValue
from toiya.audit.record import canonical
from toiya.audit.seal import BEGINNING
from toiya.core.actor import Actor
from toiya.core.pagination import Page, page_by_key
from toiya.core.permissions import Permission


@dataclass(frozen=True, slots=True)
class Proof:
    """A page of the chain. ``contents``: the canonical JSON of the records of the span, by number.

    ``previous_hash``: what the first place builds on. ``unsealed``: how many records of the span no chain holds yet.
    """

    links: Page[ChainLink]
    contents: Mapping[int, str]
    values: Sequence[PersonalValue]
    previous_hash: str
    checkpoints: Sequence[SignedHead]
    unsealed: int


def prove(actor: Actor, *, since: dt.datetime, until: dt.datetime, cursor: str, size: int) -> Proof:
    """The places of the organisation's own chain, from its first record in the span to the first checkpoint after its
    last one. Personal values are its own, and told until they are erased.
    """
    actor.must(Permission.ACTIVITY_VIEW)
    own = AuditRecord.objects.filter(tenant_id=actor.tenant_id, at__gte=since, at__lt=until)
    chain = ChainLink.objects.filter(tenant_id=actor.tenant_id)
    ends = chain.filter(record_id__in=own.values("pk")).aggregate(first=Min("position"), last=Max("position"))
    first, last = ends["first"] or 1, ends["last"] or 0
    signed = Checkpoint.objects.filter(tenant_id=actor.tenant_id)
    until_signed = signed.filter(position__gte=last).aggregate(first=Min("position"))["first"]
    if ends["last"] and until_signed:
        last = until_signed
    within = chain.filter(position__gte=first, position__lte=last)
    page = page_by_key(within, fields=("position",), cursor=cursor, size=size)
    records = own.in_bulk([link.record_id for link in page.rows])
    return Proof(
        links=page,
        contents={number: canonical(entry).decode() for number, entry in records.items()},
        values=_values_of(actor, records.values()),
        previous_hash=_before(actor, page.rows),
        checkpoints=_checkpoints(actor, page.rows),
        unsealed=own.filter(~Exists(ChainLink.objects.filter(record_id=OuterRef("pk")))).count(),
    )


def _before(actor: Actor, links: Sequence[ChainLink]) -> str:
    if not links:
        return BEGINNING
    before = ChainLink.objects.filter(tenant_id=actor.tenant_id, position=links[0].position - 1)
    return before.values_list("hash", flat=True).first() or BEGINNING


def _checkpoints(actor: Actor, links: Sequence[ChainLink]) -> list[SignedHead]:
    if not links:
        return []
    ends = (links[0].position, links[-1].position)
    rows = Checkpoint.objects.filter(tenant_id=actor.tenant_id, position__range=ends)
    return [signed_head(row) for row in rows.order_by("position")]


def _values_of(actor: Actor, records: Iterable[AuditRecord]) -> list[PersonalValue]:
    digests = {
        str(value["digest"])
        for entry in records
        for values in (entry.before, entry.after)
        for value in values.values()
        if isinstance(value, dict) and set(value) == {"digest"}
    }
    return list(PersonalValue.objects.filter(tenant_id=actor.tenant_id, digest__in=digests).order_by("pk"))

"""The activity log as people read it: who did what to whom, with values before and after (N-42)."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord, AuditRecordQuerySet, PersonalValue
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.reader import reader_name
from toiya.core.text import fold
from toiya.directory.models import Person, Tenant

ACTOR_KINDS: Mapping[str, str | Promise] = {
    "primary_contact": gettext_lazy("Primary contact"),
    "self_service": gettext_lazy("The applicant, before the first sign-in"),
    "command_line": gettext_lazy("Command line"),
    "worker": gettext_lazy("System"),
}
LONGEST_NUMBER = 18
HIDDEN = frozenset({"digest", "invitation"})
Words = Callable[[str, str], str]
"""The reader's word for a value (field name, value), or for the field itself (field name, '')."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log as this reader may see it."""

    number: int
    at: dt.datetime
    action: str
    person_name: str
    organization: Tenant | None
    affected: Sequence[Tenant]
    subject: str
    changes: Sequence[Mapping[str, str]]


def activity_of(
    actor: Actor,
    *,
    since: dt.datetime,
    until: dt.datetime,
    actions: Collection[str] | None = None,
    is_own: bool | None = None,
    customer_id: uuid.UUID | None = None,
    company: str = "",
) -> AuditRecordQuerySet:
    """What the actor's organisation did or what was done to it, in a span of time.

    ``is_own``: whether its own things were changed, or another organisation's. ``customer_id`` and ``company`` (a part
    of a name) keep what concerns one customer, or those so called.
    """
    rows = AuditRecord.objects.visible_to(actor).filter(at__gte=since, at__lt=until)
    if actions is not None:
        rows = rows.filter(action__in=actions)
    if is_own is not None:
        own = Q(tenant_id=actor.tenant_id)
        rows = rows.filter(own if is_own else ~own)
    if customer_id is not None:
        rows = rows.filter(_about(actor, Q(customer_id=customer_id), [customer_id]))
    folded = fold(company)
    if folded:
        named = Tenant.objects.filter(family_id=actor.family_id, search_key__contains=folded).values("pk")
        rows = rows.filter(_about(actor, Q(customer_id__in=named), named))
    return rows


def _about(actor: Actor, named: Q, tenants: Any) -> Q:  # noqa: ANN401  (ids, or a query for them)
    """An act by a grant concerns the organisation that gave it, although the entry names no customer."""
    by_grant = Q(grant_id__isnull=False, customer_id__isnull=True)
    own = Q(tenant_id=actor.tenant_id)
    other = (~own & Q(tenant_id__in=tenants)) | (own & Q(counterparty_id__in=tenants))
    return named | (by_grant & other)


@dataclass(frozen=True, slots=True)
class Told:
    """One entry for programs: the values themselves instead of the reader's words for them."""

    record: AuditRecord
    user_name: str
    customer_id: uuid.UUID | None
    customer: Tenant | None
    parties: Sequence[uuid.UUID]
    is_own: bool
    before: Mapping[str, object]
    after: Mapping[str, object]


def tell(actor: Actor, records: Sequence[AuditRecord]) -> Mapping[int, Told]:
    """The records by number, with what this reader may know; the same rules as for people."""
    customers = {record.pk: _customer_of(actor, record) for record in records}
    tenants = Tenant.objects.in_bulk({found for found in customers.values() if found})
    people = dict(
        Person.objects.visible_to(actor)
        .filter(pk__in={record.actor_id for record in records if record.actor_id})
        .values_list("pk", "user_name")
    )
    personal = _personal_values(actor, records)
    return {
        record.pk: Told(
            record=record,
            user_name=people.get(record.actor_id, "") if record.actor_id else "",
            customer_id=customers[record.pk],
            customer=tenants.get(customers[record.pk]) if customers[record.pk] else None,
            parties=list(
                dict.fromkeys(
                    party for party in (record.tenant_id, record.counterparty_id, record.customer_id) if party
                )
            ),
            is_own=record.tenant_id == actor.tenant_id,
            before=_plain(record.before, personal),
            after=_plain(record.after, personal),
        )
        for record in records
    }


def told_entry(actor: Actor, number: str) -> Told:
    """One of them. Raises NotVisible."""
    known = number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER
    found = AuditRecord.objects.visible_to(actor).filter(pk=int(number)).first() if known else None
    if found is None:
        raise NotVisible
    return tell(actor, [found])[found.pk]


def _customer_of(actor: Actor, record: AuditRecord) -> uuid.UUID | None:
    """The customer that the entry names, else the organisation that gave the grant by which somebody acted."""
    if record.customer_id or record.grant_id is None:
        return record.customer_id
    return record.counterparty_id if record.tenant_id == actor.tenant_id else record.tenant_id


def _plain(values: Mapping[str, object], personal: Mapping[str, str]) -> Mapping[str, object]:
    """Without what is not for this reader."""
    clear = {
        name: personal.get(str(value["digest"])) if isinstance(value, dict) and _is_digest(value) else value
        for name, value in values.items()
        if name not in HIDDEN
    }
    return {name: value for name, value in clear.items() if value is not None}


def actions_seen_by(actor: Actor) -> list[tuple[str, str]]:
    """The kinds of change that occur in the actor's log, for a filter."""
    values = AuditRecord.objects.visible_to(actor).order_by().values_list("action", flat=True).distinct()
    return sorted(((value, str(AuditAction(value).label)) for value in values), key=lambda pair: pair[1])


def read_entries(actor: Actor, records: Sequence[AuditRecord], words: Words) -> list[Entry]:
    """The records with names. People's names and personal values are told to their own organisation only."""
    tenants = Tenant.objects.in_bulk({found for record in records for found in _tenants_of(record)})
    parties = {str(tenant.pk): reader_name(tenant) for tenant in tenants.values()}
    people = dict(
        Person.accounts.visible_to(actor)
        .filter(pk__in={record.actor_id for record in records if record.actor_id})
        .values_list("pk", "name")
    )
    personal = _personal_values(actor, records)
    return [
        Entry(
            number=record.pk,
            at=record.at,
            action=str(AuditAction(record.action).label),
            person_name=_who(record, people),
            organization=tenants.get(record.actor_tenant_id),
            affected=_affected(actor, record, tenants),
            subject=record.subject_id,
            changes=_changes(record, personal | parties, words),
        )
        for record in records
    ]


def _tenants_of(record: AuditRecord) -> Iterable[uuid.UUID]:
    ids = (record.tenant_id, record.counterparty_id, record.customer_id, record.actor_tenant_id)
    named = (
        uuid.UUID(party) for values in (record.before, record.after) for party in values.get("parties", ())
    )
    return (found for found in (*ids, *named) if found)


def _who(record: AuditRecord, people: Mapping[uuid.UUID, str]) -> str:
    if record.actor_id:
        return people.get(record.actor_id, "")
    return str(ACTOR_KINDS.get(record.actor_kind, ACTOR_KINDS["worker"]))


def _affected(actor: Actor, record: AuditRecord, tenants: Mapping[uuid.UUID, Tenant]) -> list[Tenant]:
    """The organisations other than the reader's own that the change is about."""
    ids = dict.fromkeys((record.customer_id, record.tenant_id, record.counterparty_id))
    return [tenants[found] for found in ids if found and found != actor.tenant_id and found in tenants]


def _personal_values(actor: Actor, records: Sequence[AuditRecord]) -> dict[str, str]:
    digests = {
        value["digest"]
        for record in records
        if record.tenant_id == actor.tenant_id
        for values in (record.before, record.after)
        for value in values.values()
        if _is_digest(value)
    }
    rows = PersonalValue.objects.filter(tenant_id=actor.tenant_id, digest__in=digests)
    return dict(rows.values_list("digest", "value"))


def _is_digest(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"digest"}


def _changes(record: AuditRecord, known: Mapping[str, str], words: Words) -> list[Mapping[str, str]]:
    names = dict.fromkeys((*record.before, *record.after))
    return [
        {
            "label": words(name, ""),
            "before": _shown(name, record.before.get(name), known, words),
            "after": _shown(name, record.after.get(name), known, words),
        }
        for name in names
        if name not in HIDDEN
    ]


def _shown(name: str, value: object, known: Mapping[str, str], words: Words) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return known.get(str(value.get("digest")), _("(personal data, not shown)"))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_shown(name, part, known, words) for part in value)
    return known.get(str(value)) or words(name, str(value))

"""The activity log as people read it: who did what to whom, with values before and after (N-42)."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord, AuditRecordQuerySet, PersonalValue
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.directory.models import Person, Tenant
from toiya.programme.countries import country_name

ACTOR_KINDS: Mapping[str, str | Promise] = {
    "primary_contact": gettext_lazy("Primary contact"),
    "self_service": gettext_lazy("The applicant, before the first sign-in"),
    "command_line": gettext_lazy("Command line"),
    "worker": gettext_lazy("System"),
}
VALUE_LABELS: Mapping[str, str | Promise] = {
    "capacity": gettext_lazy("Capacity"),
    "channel": gettext_lazy("How the customer was won"),
    "contact_email": gettext_lazy("Mail address of the primary contact"),
    "contact_name": gettext_lazy("Name of the primary contact"),
    "contact_phone": gettext_lazy("Phone of the primary contact"),
    "countries": gettext_lazy("Countries and regions"),
    "country": gettext_lazy("Country or region"),
    "domain": gettext_lazy("Domain"),
    "email": gettext_lazy("Mail address"),
    "evidence": gettext_lazy("Evidence"),
    "expires_at": gettext_lazy("Expires"),
    "group": gettext_lazy("Group"),
    "kind": gettext_lazy("Kind"),
    "legal_name": gettext_lazy("Legal name"),
    "membership_id": gettext_lazy("Membership ID"),
    "name": gettext_lazy("Full name"),
    "note": gettext_lazy("Note"),
    "passed": gettext_lazy("Passed"),
    "portal": gettext_lazy("Portal"),
    "reason": gettext_lazy("Reason"),
    "reference": gettext_lazy("Reference"),
    "roles": gettext_lazy("Roles"),
    "since": gettext_lazy("Since"),
    "state": gettext_lazy("State"),
    "support_email": gettext_lazy("Support mail address"),
    "support_phone": gettext_lazy("Support phone"),
    "support_website": gettext_lazy("Support website"),
    "user_name": gettext_lazy("User name"),
    "version": gettext_lazy("Version"),
    "website": gettext_lazy("Website"),
}
ROLE_LABELS: Mapping[str, str | Promise] = {
    **{role.value: role.label for role in DirectoryRole},
    **{role.value: role.label for role in Role},
}
CAPACITY_LABELS: Mapping[str, str | Promise] = {capacity.value: capacity.label for capacity in Capacity}


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
    actor: Actor, *, since: dt.datetime, until: dt.datetime, action: str = ""
) -> AuditRecordQuerySet:
    """What the actor's organisation did or what was done to it, in a span of time."""
    rows = AuditRecord.objects.visible_to(actor).filter(at__gte=since, at__lt=until)
    return rows.filter(action=action) if action else rows


def actions_seen_by(actor: Actor) -> list[tuple[str, str]]:
    """The kinds of change that occur in the actor's log, for a filter."""
    values = AuditRecord.objects.visible_to(actor).order_by().values_list("action", flat=True).distinct()
    return sorted(((value, str(AuditAction(value).label)) for value in values), key=lambda pair: pair[1])


def read_entries(actor: Actor, records: Sequence[AuditRecord]) -> list[Entry]:
    """The records with names. People's names and personal values are told to their own organisation only."""
    tenants = Tenant.objects.in_bulk({found for record in records for found in _tenants_of(record)})
    people = dict(
        Person.objects.visible_to(actor)
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
            changes=_changes(record, personal),
        )
        for record in records
    ]


def _tenants_of(record: AuditRecord) -> Iterable[uuid.UUID]:
    ids = (record.tenant_id, record.counterparty_id, record.customer_id, record.actor_tenant_id)
    return (found for found in ids if found)


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


def _changes(record: AuditRecord, personal: Mapping[str, str]) -> list[Mapping[str, str]]:
    names = dict.fromkeys((*record.before, *record.after))
    return [
        {
            "label": str(VALUE_LABELS.get(name, name.replace("_", " "))),
            "before": _shown(name, record.before.get(name), personal),
            "after": _shown(name, record.after.get(name), personal),
        }
        for name in names
        if name != "digest"
    ]


def _shown(name: str, value: object, personal: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return personal.get(str(value.get("digest")), _("(personal data, not shown)"))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_shown(name, part, personal) for part in value)
    return _word(name, str(value))


def _word(name: str, value: str) -> str:
    """The reader's word for a value that is a code."""
    if name in {"country", "countries"}:
        return country_name(value)
    if name == "capacity":
        return str(CAPACITY_LABELS.get(value, value))
    if name in {"roles", "group", "role"} or name.endswith("_roles"):
        return str(ROLE_LABELS.get(value, value))
    return value

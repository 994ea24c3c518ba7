"""The provider directory: providers write their entry, the operator approves it (S-004 to S-007, C-18)."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission, Role
from toiya.core.text import fold
from toiya.directory.models import Person
from toiya.mail import outbox
from toiya.membership.errors import NoEntry, NothingToApprove, NotListed, ProfileChanged
from toiya.membership.models import ProviderEntry, ProviderEntryQuerySet
from toiya.programme.models import Country

FACETS = ("technical_support", "marketing_help", "financing")
ENTRY_FIELDS = (
    "summary_ja",
    "summary_en",
    "logo",
    "website",
    "websites",
    "contact_email",
    "contact_phone",
    "languages",
    "support_hours_ja",
    "support_hours_en",
    *FACETS,
    *(f"{facet}_{language}" for facet in FACETS for language in ("ja", "en")),
    "onboarding_days",
)
MEANS_PROVIDER = frozenset(
    fold(word)
    for word in (
        "indirect provider",
        "indirect providers",
        "provider",
        "providers",
        "distributor",
        "distributors",
        "間接プロバイダー",
        "間接プロバイダ",
        "プロバイダー",
        "プロバイダ",
        "ディストリビューター",
        "ディストリビュータ",
        "認定間接プロバイダー",
    )
)


def names_every_provider(text: str) -> bool:
    """Whether the text is only a word for what all of them are (S-004)."""
    return fold(text) in MEANS_PROVIDER


def find_providers(
    reader: Actor | None = None,
    *,
    text: str = "",
    country: str = "",
    language: str = "",
    facets: tuple[str, ...] = (),
) -> ProviderEntryQuerySet:
    """Listed providers that serve the country and the language and offer every one of the facets.

    "Distributor" and "indirect provider" both mean every one of them; other words are looked up in the names.
    """
    rows = ProviderEntry.objects.listed(reader)
    if country:
        rows = rows.filter(countries=country)
    if language:
        rows = rows.filter(languages__contains=language)
    for facet in FACETS:
        if facet in facets:
            rows = rows.filter(**{facet: True})
    if not names_every_provider(text):
        for word in fold(text).split():
            if word not in MEANS_PROVIDER:
                rows = rows.filter(tenant__search_key__contains=word)
    return rows


def entry_values(entry: ProviderEntry) -> dict[str, object]:
    """What the public sees of the entry, in the form in which a proposal is kept."""
    values: dict[str, object] = {name: getattr(entry, name) for name in ENTRY_FIELDS}
    values["countries"] = sorted(country.code for country in entry.countries.all())
    return values


def proposed_values(entry: ProviderEntry) -> dict[str, Any]:
    """What the provider wrote last; what a proposal of an older day does not speak of stays as it is public."""
    return {**entry_values(entry), **entry.proposed}


def _logged(values: Mapping[str, object], names: list[str]) -> dict[str, object]:
    """What the activity log keeps: of a picture its fingerprint."""
    kept = {name: values.get(name) for name in names}
    if kept.get("logo"):
        kept["logo"] = hashlib.sha256(str(kept["logo"]).encode()).hexdigest()
    return kept


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [name for name in after if before.get(name) != after[name]]


@transaction.atomic
def propose_provider_entry(actor: Actor, *, version: int, values: Mapping[str, object]) -> ProviderEntry:
    """A provider rewrites its entry; the public keeps seeing the approved one meanwhile.

    Raises NoEntry, ProfileChanged.
    """
    actor.must(Permission.PARTNER_PROFILE_MANAGE)
    if Capacity.PROVIDER not in actor.capacities:
        raise NoEntry
    entry = ProviderEntry.objects.select_for_update().filter(pk=actor.tenant_id).first()
    if entry is None:
        entry = ProviderEntry.objects.create(tenant_id=actor.tenant_id, version=version)
    proposed = {name: values[name] for name in (*ENTRY_FIELDS, "countries")}
    before = proposed_values(entry)
    if not ProviderEntry.objects.filter(pk=entry.pk, version=version).update(
        proposed=proposed, proposed_at=actor.now, review_note="", version=F("version") + 1
    ):
        raise ProfileChanged
    changed = _differences(before, proposed)
    entry.refresh_from_db()
    record(
        actor,
        AuditAction.UPDATE_PROVIDER_ENTRY,
        entry,
        tenant_id=actor.tenant_id,
        before=_logged(before, changed),
        after={"version": entry.version, **_logged(proposed, changed)},
    )
    return entry


def _lock(actor: Actor, tenant_id: uuid.UUID) -> ProviderEntry:
    actor.must(Permission.PARTNERS_MANAGE)
    entry = ProviderEntry.objects.visible_to(actor).select_for_update().filter(pk=tenant_id).first()
    if entry is None:
        raise NoEntry
    return entry


@transaction.atomic
def approve_provider_entry(actor: Actor, *, tenant_id: uuid.UUID, version: int) -> ProviderEntry:
    """The operator publishes what the provider wrote, and exactly the version that the operator read.

    Raises NoEntry, NothingToApprove.
    """
    entry = _lock(actor, tenant_id)
    if entry.proposed_at is None or entry.version != version:
        raise NothingToApprove
    before = entry_values(entry)
    proposed = proposed_values(entry)
    for name in ENTRY_FIELDS:
        setattr(entry, name, proposed[name])
    entry.proposed, entry.proposed_at, entry.review_note = {}, None, ""
    entry.approved_at = actor.now
    entry.version += 1
    entry.save()
    entry.countries.set(Country.objects.filter(pk__in=proposed["countries"]))
    changed = _differences(before, proposed)
    record(
        actor,
        AuditAction.APPROVE_PROVIDER_ENTRY,
        entry,
        tenant_id=tenant_id,
        counterparty_id=actor.tenant_id,
        before=_logged(before, changed),
        after=_logged(proposed, changed),
    )
    _tell(actor, entry, "approved", note="")
    return entry


@transaction.atomic
def return_provider_entry(actor: Actor, *, tenant_id: uuid.UUID, note: str) -> ProviderEntry:
    """The provider is asked to change what it wrote; the published entry stays. Raises NothingToApprove."""
    entry = _lock(actor, tenant_id)
    if entry.proposed_at is None:
        raise NothingToApprove
    entry.proposed_at, entry.review_note = None, note
    entry.version += 1
    entry.save(update_fields=["proposed_at", "review_note", "version"])
    record(
        actor,
        AuditAction.RETURN_PROVIDER_ENTRY,
        entry,
        tenant_id=tenant_id,
        counterparty_id=actor.tenant_id,
        after={"note": note},
    )
    _tell(actor, entry, "returned", note=note)
    return entry


@transaction.atomic
def withdraw_provider_entry(actor: Actor, *, tenant_id: uuid.UUID, note: str) -> ProviderEntry:
    """The entry leaves the public directory until the operator approves it again. Raises NotListed."""
    entry = _lock(actor, tenant_id)
    if entry.approved_at is None:
        raise NotListed
    entry.proposed = proposed_values(entry)
    entry.approved_at, entry.review_note = None, note
    entry.version += 1
    entry.save(update_fields=["proposed", "approved_at", "review_note", "version"])
    record(
        actor,
        AuditAction.WITHDRAW_PROVIDER_ENTRY,
        entry,
        tenant_id=tenant_id,
        counterparty_id=actor.tenant_id,
        after={"note": note},
    )
    _tell(actor, entry, "withdrawn", note=note)
    return entry


def _tell(actor: Actor, entry: ProviderEntry, outcome: str, *, note: str) -> None:
    administrators = Person.objects.filter(tenant_id=entry.tenant_id).active().with_role(Role.GLOBAL_ADMIN)
    for person in administrators:
        outbox.post(
            actor,
            f"membership/provider_entry_{outcome}",
            to=person.contact_email,
            language=person.language,
            subject_id=entry.tenant_id,
            context={
                "person_name": person.name,
                "provider_name": entry.tenant.name,
                "note": note,
                "entry_link": {"path": "/dashboard/settings/partner-profile/directory-entry/"},
            },
        )

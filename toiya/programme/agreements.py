"""Agreements of the programme: versions are published, and never changed or taken back."""

import uuid

from django.db import transaction
from django.db.models import QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.programme.errors import NothingNew
from toiya.programme.models import Agreement, AgreementKind


def agreements() -> QuerySet[Agreement]:
    """Every published version, the newest first."""
    return Agreement.objects.order_by("kind", "-version")


def agreement_version(agreement_id: uuid.UUID) -> Agreement | None:
    """One published version."""
    return Agreement.objects.filter(pk=agreement_id).first()


def agreement_in_force(kind: AgreementKind) -> Agreement | None:
    """The version that applicants accept now."""
    return Agreement.objects.filter(kind=kind).order_by("-version").first()


@transaction.atomic
def publish_agreement(
    actor: Actor, *, kind: AgreementKind, title_ja: str, title_en: str, text_ja: str, text_en: str
) -> Agreement:
    """A new version is in force from now on; who accepted an earlier one keeps that. Raises NothingNew."""
    actor.must(Permission.PROGRAMME_MANAGE)
    former = Agreement.objects.select_for_update().filter(kind=kind).order_by("-version").first()
    words = {"title_ja": title_ja, "title_en": title_en, "text_ja": text_ja, "text_en": text_en}
    if former and all(getattr(former, name) == text for name, text in words.items()):
        raise NothingNew
    version = former.version + 1 if former else 1
    agreement = Agreement.objects.create(kind=kind, version=version, published_at=actor.now, **words)
    record(
        actor,
        AuditAction.PUBLISH_AGREEMENT,
        agreement,
        tenant_id=actor.tenant_id,
        before={"version": former.version if former else None},
        after={"version": version, "title_ja": title_ja, "title_en": title_en},
    )
    return agreement

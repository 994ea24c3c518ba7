"""Agreements of the programme: versions are published, and never changed or taken back."""

import datetime as dt
import uuid

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import InvalidLink
from toiya.core.permissions import Permission
from toiya.programme.errors import DocumentLinkExpired, NothingNew
from toiya.programme.models import Agreement, AgreementKind

DOCUMENT_LIFETIME = dt.timedelta(minutes=5)
DOCUMENT_SALT = "toiya.programme.agreements.document"


def agreements() -> QuerySet[Agreement]:
    """Every published version, the newest first."""
    return Agreement.objects.order_by("kind", "-version")


def agreement_version(agreement_id: uuid.UUID) -> Agreement | None:
    """One published version."""
    return Agreement.objects.filter(pk=agreement_id).first()


def agreement_in_force(kind: AgreementKind) -> Agreement | None:
    """The version that applicants accept now."""
    return Agreement.objects.filter(kind=kind).order_by("-version").first()


def document_token(agreement: Agreement, language: str) -> str:
    """What stands in the address of the document: good for five minutes, for this version in this language only."""
    return signing.dumps([str(agreement.pk), language], salt=DOCUMENT_SALT)


def document_behind(token: str) -> tuple[Agreement, str]:
    """The version and the language that the address names. Raises InvalidLink, DocumentLinkExpired."""
    try:
        agreement_id, language = signing.loads(token, salt=DOCUMENT_SALT, max_age=DOCUMENT_LIFETIME)
    except signing.SignatureExpired as error:
        raise DocumentLinkExpired from error
    except signing.BadSignature as error:
        raise InvalidLink from error
    return Agreement.objects.get(pk=agreement_id), language


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

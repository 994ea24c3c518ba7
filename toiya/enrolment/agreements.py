"""Acceptance of the programme agreement: which version, by whom, for which organisation."""

import uuid

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.enrolment.errors import AgreementChanged, AgreementMissing
from toiya.enrolment.models import AgreementAcceptance
from toiya.programme.agreements import agreement_in_force
from toiya.programme.models import Agreement, AgreementKind


def agreement_to_accept(tenant_id: uuid.UUID) -> Agreement | None:
    """The version in force, unless the organisation has accepted it already."""
    agreement = agreement_in_force(AgreementKind.RESELLER)
    if (
        agreement is None
        or AgreementAcceptance.objects.filter(tenant_id=tenant_id, agreement=agreement).exists()
    ):
        return None
    return agreement


def accept_agreement(actor: Actor, *, version: int | None) -> None:
    """The organisation accepts the version that was read. Raises AgreementMissing, AgreementChanged."""
    agreement = agreement_to_accept(actor.tenant_id)
    if agreement is None:
        return
    if version is None:
        raise AgreementMissing(field="agree")
    if version != agreement.version:
        raise AgreementChanged(field="agree")
    acceptance = AgreementAcceptance.objects.create(
        tenant_id=actor.tenant_id, agreement=agreement, person_id=actor.person_id, at=actor.now
    )
    record(
        actor,
        AuditAction.ACCEPT_AGREEMENT,
        acceptance,
        tenant_id=actor.tenant_id,
        after={"agreement": agreement.kind, "version": agreement.version},
    )

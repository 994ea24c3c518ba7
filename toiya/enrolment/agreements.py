"""Acceptance of the programme agreement: which version, by whom, for which organisation."""

import uuid
from dataclasses import dataclass

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.directory.models import Tenant
from toiya.enrolment.errors import AgreementChanged, AgreementMissing
from toiya.enrolment.models import AgreementAcceptance
from toiya.programme.agreements import agreement_in_force
from toiya.programme.models import Agreement, AgreementKind


def agreement_to_accept(
    tenant_id: uuid.UUID, kind: AgreementKind = AgreementKind.RESELLER
) -> Agreement | None:
    """The version in force, unless the organisation has accepted it already."""
    agreement = agreement_in_force(kind)
    if (
        agreement is None
        or AgreementAcceptance.objects.filter(tenant_id=tenant_id, agreement=agreement).exists()
    ):
        return None
    return agreement


def accept_agreement(
    actor: Actor, *, version: int | None, kind: AgreementKind = AgreementKind.RESELLER
) -> None:
    """The organisation accepts the version that was read. Raises AgreementMissing, AgreementChanged."""
    agreement = agreement_to_accept(actor.tenant_id, kind)
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


@transaction.atomic
def accept_customer_agreement(actor: Actor, *, version: int | None) -> None:
    """A customer accepts the customer agreement by itself, instead of through its provider.

    Raises AgreementMissing, AgreementChanged, SecondFactorStale.
    """
    actor.must(Permission.CUSTOMER_AGREEMENT_ACCEPT)
    actor.must_be_here()
    accept_agreement(actor, version=version, kind=AgreementKind.CUSTOMER)


def customer_acceptance_of(tenant_id: uuid.UUID) -> AgreementAcceptance | None:
    """The latest acceptance of the customer agreement by the organisation itself."""
    own = AgreementAcceptance.objects.filter(tenant_id=tenant_id, agreement__kind=AgreementKind.CUSTOMER)
    return own.select_related("agreement", "person").order_by("-agreement__version").first()


@dataclass(frozen=True, slots=True)
class ResellerStanding:
    """What a provider may know of an organisation before it works with it as a reseller."""

    is_reseller: bool
    is_in_region: bool
    has_accepted: bool


def standing_of(actor: Actor, tenant: Tenant | None) -> ResellerStanding:
    """Whether the organisation is an indirect reseller, in the sales region of the actor's, and has accepted the
    reseller agreement, in whatever version. Organisations of other families do not exist.
    """
    if tenant is None or tenant.family_id != actor.family_id:
        return ResellerStanding(is_reseller=False, is_in_region=False, has_accepted=False)
    own = Tenant.objects.select_related("country").get(pk=actor.tenant_id)
    accepted = AgreementAcceptance.objects.filter(tenant=tenant, agreement__kind=AgreementKind.RESELLER)
    return ResellerStanding(
        is_reseller=tenant.tenant_capacities.filter(capacity=Capacity.RESELLER).exists(),
        is_in_region=tenant.country.sales_region == own.country.sales_region,
        has_accepted=accepted.exists(),
    )

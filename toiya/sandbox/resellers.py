"""Another indirect reseller for a provider of the sandbox, enrolled and authorised in one step."""

import secrets
import uuid
from dataclasses import dataclass

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.directory.errors import DomainTaken
from toiya.directory.models import Family, Tenant
from toiya.directory.tenants import FirstAdministrator, create_tenant, vet
from toiya.enrolment.agreements import accept_agreement, agreement_to_accept
from toiya.enrolment.models import AgreementAcceptance
from toiya.membership.models import OrganizationProfile, PartnerProfile
from toiya.membership.registration import ProfileDetails, register_profile
from toiya.partnerships.acceptance import accept_invitation
from toiya.partnerships.invitations import invite_reseller, send_invitation
from toiya.relations.models import Partnership
from toiya.sandbox.errors import IdInUse, NotInSandbox
from toiya.sandbox.people import OpenedAccount, acting, become_agent, first_account


@dataclass(frozen=True, slots=True, kw_only=True)
class ResellerDetails:
    """What is made up about the reseller; the address may be empty."""

    name: str
    domain: str
    country: str
    language: str
    membership_id: str
    administrator_user: str
    administrator_name: str
    administrator_email: str
    contact_phone: str
    reading: str = ""
    latin_name: str = ""
    legal_name: str = ""
    contact_name: str = ""
    contact_email: str = ""
    postal_code: str = ""
    region: str = ""
    city: str = ""
    street: str = ""


@dataclass(frozen=True, slots=True)
class NewReseller:
    """The reseller, its administrator with a one-time password, what it signed, and its partnership."""

    tenant: Tenant
    membership_id: str
    account: OpenedAccount
    acceptance: AgreementAcceptance | None
    partnership: Partnership


@transaction.atomic
def add_reseller(actor: Actor, *, details: ResellerDetails) -> NewReseller:
    """A reseller that has accepted the agreement and the provider's invitation; the mails are in the mailbox.

    Raises NotInSandbox, IdInUse, SandboxFull.
    """
    if not actor.in_sandbox:
        raise NotInSandbox
    actor.must(Permission.PARTNERSHIPS_INVITE)
    actor.must_be_fresh()
    family = Family.objects.select_for_update().get(pk=actor.family_id)
    tenant = _found(family, details)
    account = first_account(tenant)
    acceptance = _enrol(actor, family, tenant, account, details)
    partnership = _authorise(actor, tenant, account)
    record(
        actor,
        AuditAction.ADD_SANDBOX_RESELLER,
        tenant,
        tenant_id=tenant.pk,
        counterparty_id=actor.tenant_id,
        after={"domain": details.domain, "membership_id": details.membership_id},
    )
    return NewReseller(tenant, details.membership_id, account, acceptance, partnership)


def _found(family: Family, details: ResellerDetails) -> Tenant:
    try:
        return create_tenant(
            family=family,
            name=details.name,
            reading=details.reading,
            latin_name=details.latin_name,
            domain=details.domain,
            country=details.country,
            language=details.language,
            administrator=FirstAdministrator(
                user_name=f"{details.administrator_user}@{details.domain}",
                name=details.administrator_name,
                contact_email=details.administrator_email,
                password=secrets.token_urlsafe(24),
            ),
        )
    except DomainTaken as taken:
        raise IdInUse(found=details.domain, field="domain") from taken


def _enrol(
    actor: Actor, family: Family, tenant: Tenant, account: OpenedAccount, details: ResellerDetails
) -> AgreementAcceptance | None:
    if OrganizationProfile.objects.filter(sandbox=family, membership_id=details.membership_id).exists():
        raise IdInUse(found=details.membership_id, field="membership_id")
    place = {part: getattr(details, part) for part in ("postal_code", "region", "city", "street")}
    register_profile(
        details=ProfileDetails(
            membership_id=details.membership_id,
            name=details.legal_name or details.name,
            country=details.country,
            reading=details.reading,
            latin_name=details.latin_name,
            phone=details.contact_phone,
            **place,
        ),
        owner=tenant,
        sandbox=family,
    )
    PartnerProfile.objects.create(
        tenant=tenant,
        legal_name=details.legal_name or details.name,
        contact_name=details.contact_name or details.administrator_name,
        contact_email=details.contact_email or details.administrator_email,
        contact_phone=details.contact_phone,
        **place,
    )
    agreement = agreement_to_accept(tenant.pk)
    accept_agreement(acting(account.person), version=agreement.version if agreement else None)
    vet(tenant, Capacity.RESELLER, actor)
    become_agent(account.person)
    return AgreementAcceptance.objects.filter(tenant=tenant).select_related("agreement").first()


def _authorise(actor: Actor, tenant: Tenant, account: OpenedAccount) -> Partnership:
    """By the invitation that every provider sends and every reseller answers."""
    invitation = invite_reseller(actor, language=tenant.language, named_domain=tenant.domain)
    send_invitation(actor, invitation=invitation, email=account.person.contact_email)
    return accept_invitation(
        acting(account.person),
        invitation=invitation,
        version=invitation.version,
        roles=invitation.directory_roles,
    )


def reseller_in_sandbox(actor: Actor, reseller_id: uuid.UUID) -> Tenant:
    """The reseller of the provider, in the sandbox that the provider lives in. Raises NotInSandbox, NotVisible."""
    if not actor.in_sandbox:
        raise NotInSandbox
    partners = Partnership.objects.live().filter(provider_id=actor.tenant_id).values("reseller_id")
    found = Tenant.objects.filter(pk__in=partners, family_id=actor.family_id, pk=reseller_id).first()
    if found is None:
        raise NotVisible
    return found

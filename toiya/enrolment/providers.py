"""The operator registers an indirect provider: providers are vetted before, and do not enrol themselves."""

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.core.text import fold
from toiya.directory.models import Family, Person, Tenant
from toiya.directory.sign_in import set_temporary_password
from toiya.directory.tenants import FirstAdministrator, create_tenant, vet
from toiya.membership.models import PartnerProfile, ProviderEntry
from toiya.programme.errors import NotADomain
from toiya.programme.web_mail import DOMAIN, plain_domain


@dataclass(frozen=True, slots=True)
class ProviderDetails:
    """What the operator knows of a new provider and of the person who will run it."""

    name: str
    domain: str
    country: str
    language: str
    administrator_name: str
    administrator_user: str
    administrator_email: str
    phone: str
    website: str
    reading: str = ""
    latin_name: str = ""


@dataclass(frozen=True, slots=True)
class RegisteredProvider:
    """The provider, its first global administrator, and the password that is shown once."""

    tenant: Tenant
    administrator: Person
    temporary_password: str


@transaction.atomic
def register_provider(actor: Actor, *, details: ProviderDetails) -> RegisteredProvider:
    """A new organisation that may act as an indirect provider at once; its directory entry is not public yet.

    Raises NotADomain, DomainTaken.
    """
    actor.must(Permission.PARTNERS_MANAGE)
    domain = plain_domain(details.domain)
    if not DOMAIN.fullmatch(domain):
        raise NotADomain(
            _("“%(found)s” is not a domain. Enter one like example.com.") % {"found": details.domain},
            field="domain",
        )
    user_name = f"{fold(details.administrator_user)}@{domain}"
    tenant = create_tenant(
        family=Family.objects.get(pk=actor.family_id),
        name=details.name,
        reading=details.reading,
        latin_name=details.latin_name,
        domain=domain,
        country=details.country,
        language=details.language,
        administrator=FirstAdministrator(
            user_name=user_name,
            name=details.administrator_name,
            contact_email=details.administrator_email,
            password=secrets.token_urlsafe(32),
        ),
    )
    vet(tenant, Capacity.PROVIDER, actor)
    administrator = Person.objects.get(tenant=tenant)
    temporary_password = set_temporary_password(administrator)
    administrator.save()
    _describe(tenant, details)
    record(
        actor,
        AuditAction.REGISTER_PROVIDER,
        tenant,
        tenant_id=tenant.pk,
        counterparty_id=actor.tenant_id,
        after={"domain": domain, "country": details.country, "capacity": Capacity.PROVIDER.value},
    )
    return RegisteredProvider(tenant, administrator, temporary_password)


def _describe(tenant: Tenant, details: ProviderDetails) -> None:
    contact = {"contact_email": details.administrator_email, "contact_phone": details.phone}
    PartnerProfile.objects.create(
        tenant=tenant, legal_name=details.name, contact_name=details.administrator_name, **contact
    )
    entry = ProviderEntry.objects.create(tenant=tenant, website=details.website, **contact)
    entry.countries.add(tenant.country)

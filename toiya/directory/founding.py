"""The beginning of a fresh installation: the programme, and the operator with its first administrator."""

import secrets
from dataclasses import dataclass

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.permissions import Capacity, Role
from toiya.directory.actors import bystander_for
from toiya.directory.errors import AlreadyFounded
from toiya.directory.models import Family, Person, Tenant
from toiya.directory.sign_in import set_temporary_password
from toiya.directory.tenants import FirstAdministrator, create_tenant, hold_role, vet
from toiya.programme.countries import usual_currency
from toiya.programme.models import Country, Programme
from toiya.programme.web_mail import fill_web_mail_domains


@dataclass(frozen=True, slots=True)
class OperatorDetails:
    """What the person who sets up an installation knows about the operator."""

    name: str
    domain: str
    country: str
    language: str
    administrator_name: str
    administrator_email: str
    user: str = "admin"
    reading: str = ""
    latin_name: str = ""


@dataclass(frozen=True, slots=True)
class Founded:
    """The operator, its first person, and the password that is shown once."""

    operator: Tenant
    administrator: Person
    temporary_password: str


@transaction.atomic
def found_operator(details: OperatorDetails) -> Founded:
    """An empty installation gets its operator, who can then set the rest. Raises AlreadyFounded."""
    if Programme.objects.exists() or Family.objects.exists():
        raise AlreadyFounded
    programme = Programme.objects.create(
        name_ja=f"{details.name} パートナー プログラム",
        name_en=f"{details.name} Partner Programme",
        operator_name_ja=details.name,
        operator_name_en=details.name,
        membership_id_ja="メンバーシップ ID",
        membership_id_en="membership ID",
        membership_site_ja="メンバーシップ サイト",
        membership_site_en="membership site",
        support_email=details.administrator_email,
    )
    currency = usual_currency(details.country)
    Country.objects.create(code=details.country, currency=currency, sales_region=details.country)
    fill_web_mail_domains()
    family = Family.objects.create(name="production")
    operator = create_tenant(
        family=family,
        name=details.name,
        reading=details.reading,
        latin_name=details.latin_name,
        domain=details.domain,
        country=details.country,
        language=details.language,
        administrator=FirstAdministrator(
            user_name=f"{details.user}@{details.domain}",
            name=details.administrator_name,
            contact_email=details.administrator_email,
            password=secrets.token_urlsafe(32),
        ),
    )
    by = bystander_for(operator, kind="command_line")
    vet(operator, Capacity.OPERATOR, by)
    administrator = Person.objects.get(tenant=operator)
    hold_role(administrator, Role.PROGRAMME_MANAGER, by)
    temporary_password = set_temporary_password(administrator)
    administrator.save()
    record(by, AuditAction.FOUND_OPERATOR, programme, tenant_id=operator.pk, after={"domain": details.domain})
    return Founded(operator, administrator, temporary_password)

"""A partner's tax data: its number, valid for its country (N-41), and exemption, declared before it sells (N-08).

Stands here because it asks for customers and subscriptions.
"""

import re

from django.db import transaction
from django.db.models import F
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.membership.errors import ProfileChanged
from toiya.membership.models import PartnerProfile
from toiya.orders.errors import TaxDeclaredTooLate, WrongTaxNumber
from toiya.programme.countries import country_name
from toiya.relations.models import ResellerRelationship
from toiya.subscriptions.models import Subscription

KINDS = ("vat", "tin", "ein", "brn")
PLAIN = re.compile(r"[A-Z0-9-]{5,30}")
QUALIFIED_INVOICE = "T"


def as_tax_number(typed: str, country: str) -> str:
    """The number in its country's compact spelling, '' for none. Raises WrongTaxNumber.

    Japan: the corporate number, or with a T the number of a qualified invoice issuer. A country for which no rule is
    known takes any plain number.
    """
    text = "".join(typed.upper().split())
    if not text:
        return ""
    prefix = QUALIFIED_INVOICE if country == "JP" and text.startswith(QUALIFIED_INVOICE) else ""
    modules = [module for kind in KINDS if (module := get_cc_module(country.lower(), kind))]
    for module in modules:
        try:
            return f"{prefix}{module.validate(text.removeprefix(prefix))}"
        except ValidationError:
            continue
    if not modules and PLAIN.fullmatch(text):
        return text
    raise WrongTaxNumber(found=typed.strip(), country=country_name(country))


def may_declare_exemption(actor: Actor) -> bool:
    """Whether nothing has been sold and nobody is served yet."""
    return not any(_sold(actor))


def _sold(actor: Actor) -> tuple[int, int]:
    own = actor.tenant_id
    customers = ResellerRelationship.objects.filter(partner_id=own).count()
    sold = Subscription.objects.filter(tenant_id=own) | Subscription.objects.filter(reseller_id=own)
    return customers, sold.count()


@transaction.atomic
def change_tax_data(actor: Actor, *, version: int, tax_number: str, is_tax_exempt: bool) -> PartnerProfile:
    """Number and exemption, as the partner declares them. An exemption can be given back at any time, never taken late.

    Raises WrongTaxNumber, TaxDeclaredTooLate, ProfileChanged.
    """
    actor.must(Permission.PARTNER_PROFILE_MANAGE)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    number = as_tax_number(tax_number, tenant.country_id)
    profile, _made = PartnerProfile.objects.get_or_create(
        tenant=tenant, defaults={"legal_name": tenant.name, "version": 0}
    )
    if profile.version != version:
        raise ProfileChanged
    if is_tax_exempt and not profile.is_tax_exempt:
        customers, subscriptions = _sold(actor)
        if customers or subscriptions:
            raise TaxDeclaredTooLate(customers=customers, subscriptions=subscriptions)
    since = (profile.tax_exempt_since or actor.now) if is_tax_exempt else None
    written = PartnerProfile.objects.filter(pk=tenant.pk, version=version).update(
        tax_number=number, is_tax_exempt=is_tax_exempt, tax_exempt_since=since, version=F("version") + 1
    )
    if not written:
        raise ProfileChanged
    if number != profile.tax_number:
        record(
            actor,
            AuditAction.SET_TAX_NUMBER,
            profile,
            tenant_id=tenant.pk,
            before={"tax_number": profile.tax_number},
            after={"tax_number": number, "version": version + 1},
        )
    if is_tax_exempt != profile.is_tax_exempt:
        record(
            actor,
            AuditAction.DECLARE_TAX_EXEMPTION,
            profile,
            tenant_id=tenant.pk,
            before={"is_tax_exempt": profile.is_tax_exempt},
            after={"is_tax_exempt": is_tax_exempt, "version": version + 1},
        )
    profile.refresh_from_db()
    return profile

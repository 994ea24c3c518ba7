"""Where the operator's invoices to a partner go. Stands here because the tax number belongs to them (``tax``)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.enrolment.addresses import PARTS, as_written
from toiya.enrolment.details import LENGTHS, Problems, Section, phone_as_kept, problems_in, tidy
from toiya.enrolment.errors import IncompleteDetails
from toiya.membership.errors import ProfileChanged
from toiya.membership.models import PartnerBilling, PartnerProfile
from toiya.orders.tax import change_tax_data

BILLING = ("billing_name", *PARTS)
CONTACT = ("contact_name", "contact_email", "contact_phone")
BILLING_FIELDS = (*BILLING, *CONTACT, "purchase_order_number")
LONGEST_NUMBER = 50


@dataclass(frozen=True, slots=True)
class BillingData:
    """Where a partner's invoices go now."""

    billing_name: str
    postal_code: str
    region: str
    city: str
    street: str
    contact_name: str
    contact_email: str
    contact_phone: str
    purchase_order_number: str
    tax_number: str
    country: str
    currency: str
    version: int


def billing_of(actor: Actor) -> BillingData:
    """The billing data of the actor's organisation: what it said, else its legal profile and primary contact."""
    return billing_of_partner(Tenant.objects.select_related("country").get(pk=actor.tenant_id))


def billing_of_partner(tenant: Tenant) -> BillingData:
    """The same for whoever writes an invoice to the partner."""
    own = PartnerBilling.objects.filter(pk=tenant.pk).first()
    legal = PartnerProfile.objects.filter(pk=tenant.pk).first()
    if own is not None:
        values = {name: getattr(own, name) for name in BILLING_FIELDS}
    else:
        values = {name: getattr(legal, name, "") for name in BILLING_FIELDS}
        values["billing_name"] = legal.legal_name if legal else tenant.name
    return BillingData(
        **values,
        tax_number=legal.tax_number if legal else "",
        country=tenant.country_id,
        currency=tenant.country.currency,
        version=own.version if own else 0,
    )


@transaction.atomic
def change_partner_billing(
    actor: Actor, *, version: int, values: Mapping[str, str], tax_number: str | None = None
) -> BillingData:
    """Save where invoices go; what ``values`` does not speak of stays as it is. ``version`` is the one that was read.

    Raises IncompleteDetails, ProfileChanged, and for the tax number what ``change_tax_data`` raises.
    """
    actor.must(Permission.PARTNER_PROFILE_MANAGE)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    present = billing_of(actor)
    before = {name: str(getattr(present, name)) for name in BILLING_FIELDS}
    kept = _as_kept({**before, **values}, tenant.country_id)
    problems = _problems_in(kept, tenant.country_id)
    if problems:
        raise IncompleteDetails(problems)
    if present.version != version:
        raise ProfileChanged
    if version == 0:
        PartnerBilling.objects.create(tenant=tenant, **kept)
    elif not PartnerBilling.objects.filter(pk=tenant.pk, version=version).update(
        version=F("version") + 1, **kept
    ):
        raise ProfileChanged
    billing = PartnerBilling.objects.get(pk=tenant.pk)
    changed = [name for name in BILLING_FIELDS if before[name] != kept[name]]
    record(
        actor,
        AuditAction.UPDATE_PARTNER_BILLING,
        billing,
        tenant_id=tenant.pk,
        before={"version": version, **{name: before[name] for name in changed}},
        after={"version": billing.version, **{name: kept[name] for name in changed}},
    )
    if tax_number is not None and tax_number != present.tax_number:
        legal = PartnerProfile.objects.visible_to(actor).first()
        change_tax_data(
            actor,
            version=legal.version if legal else 0,
            tax_number=tax_number,
            is_tax_exempt=legal.is_tax_exempt if legal else False,
        )
    return billing_of(actor)


def _as_kept(values: Mapping[str, str], country: str) -> dict[str, str]:
    kept = {name: tidy(values[name]) for name in BILLING_FIELDS}
    kept |= as_written(country, kept)
    if kept["contact_phone"]:
        kept["contact_phone"] = phone_as_kept(kept["contact_phone"], country)
    kept["contact_email"] = kept["contact_email"].lower()
    return kept


def _problems_in(kept: Mapping[str, str], country: str) -> Problems:
    """Name and address are asked for; contact and order number may be left empty."""
    needed = {"legal_name": kept["billing_name"], **{name: kept[name] for name in PARTS}}
    problems: Problems = {
        "billing_name" if name == "legal_name" else name: problem
        for name, problem in problems_in(Section.LEGAL_PROFILE, needed, country).items()
    }
    contact = {name: kept[name] for name in ("contact_name", "contact_phone") if kept[name]}
    found = problems_in(Section.CONTACT, contact, country)
    problems |= {name: problem for name, problem in found.items() if name in contact}
    address = kept["contact_email"]
    if address and (len(address) > (LENGTHS["contact_email"] or 0) or not _is_address(address)):
        problems["contact_email"] = _(
            "“%(found)s” is not an email address; it should look like name@company.example."
        ) % {"found": address}
    number = kept["purchase_order_number"]
    if len(number) > LONGEST_NUMBER:
        problems["purchase_order_number"] = _("At most %(limit)s characters; this has %(found)s.") % {
            "limit": LONGEST_NUMBER,
            "found": len(number),
        }
    return problems


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True

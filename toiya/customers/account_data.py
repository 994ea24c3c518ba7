"""A customer's account: company and billing data, kept by its partners (N-23), without which nobody trades (S-077)."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import CapacityMissing, ChangedMeanwhile, NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.core.terms import Segment
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Tenant
from toiya.enrolment.addresses import PARTS, as_written
from toiya.enrolment.details import Problems, Section, phone_as_kept, problems_in, tidy, too_long
from toiya.enrolment.errors import IncompleteDetails
from toiya.relations.models import ResellerRelationship

BILLING = ("billing_name", "postal_code", "region", "city", "street", "street_more")
CONTACT = ("contact_name", "contact_email", "contact_phone")


@transaction.atomic
def update_customer_account(
    actor: Actor,
    *,
    relationship: ResellerRelationship,
    version: int,
    values: Mapping[str, str],
    segment: Segment | None = None,
) -> CustomerAccount:
    """アカウント → 更新 → 送信 (N-23): company and billing data, in the spelling of the customer's country.

    ``version`` is that of the page, 0 where the customer had no account yet: then this is its account (S-077).
    ``segment``: a provider may say it; it decides which offers the customer may buy (N-27). Raises NotVisible,
    IncompleteDetails, ChangedMeanwhile.
    """
    if relationship.partner_id != actor.tenant_id or relationship.ended_at is not None:
        raise NotVisible
    actor.must(Permission.CUSTOMER_ACCOUNT_UPDATE)
    customer = Tenant.objects.select_for_update(no_key=True).get(pk=relationship.customer_id)
    fields = as_kept(values, customer.country_id)
    problems = problems_in_account(fields, customer.country_id)
    if problems:
        raise IncompleteDetails(problems)
    if segment is not None and Capacity.PROVIDER in actor.capacities:
        fields["segment"] = segment.value
    return _change(actor, customer, fields, version)


@transaction.atomic
def qualify_customer(
    actor: Actor, *, relationship: ResellerRelationship, segment: Segment, evidence: Mapping[str, str]
) -> CustomerAccount:
    """A provider says what kind of customer it is, which decides what the customer may buy (N-27).

    Its word is enough; what it says as evidence stands in the log. Raises NotVisible, CapacityMissing.
    """
    if relationship.partner_id != actor.tenant_id or relationship.ended_at is not None:
        raise NotVisible
    actor.must(Permission.CUSTOMER_ACCOUNT_UPDATE)
    if Capacity.PROVIDER not in actor.capacities:
        raise CapacityMissing
    customer = Tenant.objects.select_for_update(no_key=True).get(pk=relationship.customer_id)
    former = CustomerAccount.objects.filter(pk=customer.pk).first()
    version = former.version if former else 0
    return _change(actor, customer, {"segment": segment.value}, version, evidence)


def _change(
    actor: Actor,
    customer: Tenant,
    fields: dict[str, str],
    version: int,
    evidence: Mapping[str, str] | None = None,
) -> CustomerAccount:
    """Write the columns over ``version``, and record what differs."""
    former = CustomerAccount.objects.filter(pk=customer.pk).first()
    before = {name: getattr(former, name) if former else "" for name in fields}
    changed = [name for name in fields if before[name] != fields[name]]
    kept: dict[str, Any] = dict(fields)
    if "segment" in changed:
        kept["segment_since"] = actor.now
    if former is None and version == 0:
        CustomerAccount.objects.create(tenant=customer, **kept)
    elif not CustomerAccount.objects.filter(pk=customer.pk, version=version).update(
        version=F("version") + 1, **kept
    ):
        raise ChangedMeanwhile
    account = CustomerAccount.objects.get(pk=customer.pk)
    record(
        actor,
        AuditAction.UPDATE_CUSTOMER_ACCOUNT,
        account,
        tenant_id=customer.pk,
        counterparty_id=actor.tenant_id,
        customer_id=customer.pk,
        before={"version": version, **{name: before[name] for name in changed}},
        after={"version": account.version, **{name: fields[name] for name in changed}, **(evidence or {})},
    )
    return account


def as_kept(values: Mapping[str, str], country: str) -> dict[str, str]:
    """The answers in the spelling in which they are kept."""
    kept = {name: tidy(values.get(name) or "") for name in (*BILLING, *CONTACT)}
    kept |= as_written(country, kept)
    kept["contact_phone"] = phone_as_kept(kept["contact_phone"], country) if kept["contact_phone"] else ""
    kept["contact_email"] = kept["contact_email"].lower()
    return kept


def problems_in_account(fields: Mapping[str, str], country: str) -> Problems:
    """A sentence beside each answer; name and address are asked for, the contact may be left empty."""
    needed = {"legal_name": fields["billing_name"], **{name: fields[name] for name in PARTS}}
    problems: Problems = {
        "billing_name" if name == "legal_name" else name: problem
        for name, problem in problems_in(Section.LEGAL_PROFILE, needed, country).items()
    }
    for name, like in (("contact_name", "contact_name"), ("street_more", "street")):
        if problem := too_long(like, fields[name]):
            problems[name] = problem
    phone = fields["contact_phone"]
    if phone:
        found = problems_in(Section.CONTACT, {"contact_phone": phone}, country)
        problems |= {name: problem for name, problem in found.items() if name == "contact_phone"}
    address = fields["contact_email"]
    if address:
        try:
            validate_email(address, check_deliverability=False)
        except EmailNotValidError:
            problems["contact_email"] = _(
                "“%(found)s” is not an email address; it should look like name@company.example."
            ) % {"found": address}
    return problems

"""The customer agreement: a provider confirms that its customer has accepted it.

A customer may accept it by itself instead (``enrolment.agreements``).
"""

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.customers.errors import AgreementConfirmed
from toiya.customers.models import CustomerAgreement, CustomerAgreementQuerySet
from toiya.directory.models import Tenant
from toiya.enrolment.details import Problems, Section, phone_as_kept, problems_in, tidy
from toiya.enrolment.errors import IncompleteDetails
from toiya.programme.models import Agreement, AgreementKind
from toiya.relations.models import ResellerRelationship

A_DAY = dt.timedelta(days=1)
EARLIEST = 1900


def confirmations_of(actor: Actor, customer_id: uuid.UUID) -> CustomerAgreementQuerySet:
    """What the actor's organisation confirmed about a customer, or partners about it; the latest first."""
    rows = CustomerAgreement.objects.visible_to(actor).filter(customer_id=customer_id)
    return rows.select_related("agreement", "tenant", "person").order_by("-confirmed_at", "-id")


@transaction.atomic
def confirm_customer_agreement(
    actor: Actor,
    *,
    relationship: ResellerRelationship,
    agreement_id: uuid.UUID | None,
    agreed_at: dt.datetime,
    contact_name: str,
    contact_email: str,
    contact_phone: str,
) -> CustomerAgreement:
    """The customer has accepted this version at that moment, in the words of that person: the provider answers for it.

    Raises NotVisible, IncompleteDetails with a sentence for each wrong answer, AgreementConfirmed.
    """
    if relationship.partner_id != actor.tenant_id or relationship.ended_at is not None:
        raise NotVisible
    actor.must(Permission.CUSTOMER_AGREEMENT_CONFIRM)
    customer = Tenant.objects.get(pk=relationship.customer_id)
    contact = {
        "contact_name": tidy(contact_name),
        "contact_email": tidy(contact_email).lower(),
        "contact_phone": tidy(contact_phone),
    }
    if contact["contact_phone"]:
        contact["contact_phone"] = phone_as_kept(contact["contact_phone"], customer.country_id)
    agreement = _version(agreement_id)
    problems = _problems_in(contact, customer.country_id)
    if agreed_at.year < EARLIEST or agreed_at > actor.now + A_DAY:
        problems["agreed_at"] = _(
            "The customer cannot have accepted the agreement on %(found)s; enter the day on which it did."
        ) % {"found": agreed_at.date().isoformat()}
    if agreement is None:
        problems["agreement"] = _("There is no such version of the customer agreement.")
    if agreement is None or problems:
        raise IncompleteDetails(problems)
    try:
        with transaction.atomic():
            confirmed = CustomerAgreement.objects.create(
                tenant_id=actor.tenant_id,
                customer=customer,
                agreement=agreement,
                agreed_at=agreed_at,
                person_id=actor.person_id,
                confirmed_at=actor.now,
                **contact,
            )
    except IntegrityError as error:
        raise AgreementConfirmed from error
    record(
        actor,
        AuditAction.CONFIRM_CUSTOMER_AGREEMENT,
        confirmed,
        tenant_id=actor.tenant_id,
        counterparty_id=customer.pk,
        customer_id=customer.pk,
        after={
            "agreement": agreement.kind,
            "version": agreement.version,
            "agreed_at": agreed_at.isoformat(),
            **contact,
        },
    )
    return confirmed


def _version(agreement_id: uuid.UUID | None) -> Agreement | None:
    if agreement_id is None:
        return None
    return Agreement.objects.filter(pk=agreement_id, kind=AgreementKind.CUSTOMER).first()


def _problems_in(contact: dict[str, str], country: str) -> Problems:
    """Name and address of the person are asked for, the phone is not."""
    asked = ("contact_name", "contact_phone") if contact["contact_phone"] else ("contact_name",)
    found = problems_in(Section.CONTACT, contact, country)
    problems: Problems = {name: problem for name, problem in found.items() if name in asked}
    address = contact["contact_email"]
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        problems["contact_email"] = _(
            "“%(found)s” is not an email address; it should look like name@company.example."
        ) % {"found": address}
    return problems

"""Agreements: whether a reseller has accepted its own, and what customers accept."""

import datetime as dt
import re
import uuid
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.api.common import Contact, parts_of_name, whole_name
from toiya.api.errors import NOT_FOUND, WireError, named_as
from toiya.api.operations import APP_USER_ONLY, Call, as_id, operation, unbuilt
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.wire import Collection, Wire, collection, utc
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.customers.agreements import confirm_customer_agreement, confirmations_of
from toiya.customers.models import CustomerAgreement
from toiya.directory.models import Language
from toiya.directory.tenants import tenant_in_family
from toiya.enrolment.agreements import customer_acceptance_of, standing_of
from toiya.membership.profiles import holder_of
from toiya.programme.agreements import agreement_in_force, agreement_version, document_token
from toiya.programme.models import Agreement as Version
from toiya.programme.models import AgreementKind

CUSTOMER_AGREEMENT = "MicrosoftCustomerAgreement"
CLOUD_AGREEMENT = "MicrosoftCloudAgreement"
EVERY_TYPE = "*"
PROGRAMME = "csp"
COUNTRY = re.compile(r"[A-Za-z]{2}")
TAGS = {Language.JAPANESE: "ja-JP", Language.ENGLISH: "en-US"}
STATUS_CODES = (2000, 2001, 2200, 2201, 2203, 2204, 2205, 2206)


class AgreementSignatureStatus(Wire):
    """Whether the reseller agreement was accepted."""

    is_agreement_signed: bool | None = None


class AgreementMetaData(Wire):
    """A published version of an agreement."""

    template_id: str | None = None
    agreement_type: str | None = None
    agreement_link: str | None = None
    version_rank: int | None = None


class AgreementDocument(Wire):
    """Where the words are to be read for the next five minutes."""

    display_uri: str | None = None
    download_uri: str | None = None
    language: str | None = None
    country: str | None = None
    version_rank: int | None = None


class Agreement(Wire):
    """A partner's confirmation that a customer has accepted an agreement."""

    user_id: str | None = None
    primary_contact: Contact | None = None
    template_id: str | None = None
    date_agreed: dt.datetime | None = None
    type: str | None = None
    agreement_link: str | None = None


class DirectSignedCustomerAgreementStatus(Wire):
    """Whether the customer has accepted the agreement by itself."""

    is_signed: bool | None = None


class StatusQuery(Wire):
    """One of the two."""

    mpn_id: str | None = None
    tenant_id: str | None = None


class TypeQuery(Wire):
    """``agreementType``: MicrosoftCustomerAgreement, MicrosoftCloudAgreement (also when it is left out), or ``*``."""

    agreement_type: str | None = None


class DocumentQuery(Wire):
    """``language`` as ja-JP or en-US, ``country`` as JP; en-US and US when they are left out."""

    language: str | None = None
    country: str | None = None


@operation(
    "compliance.get_agreement_status",
    "GET",
    "/v1/compliance/{program_name}/agreementstatus",
    needs=Permission.PARTNERSHIPS_VIEW,
    capacity=Capacity.PROVIDER,
    tokens=APP_USER_ONLY,
    errors=STATUS_CODES,
)
def get_agreement_status(call: Call, program_name: str, query: StatusQuery) -> AgreementSignatureStatus:
    """Whether an indirect reseller has accepted the reseller agreement; a number says why it is not known to have."""
    if program_name.lower() != PROGRAMME:
        raise NotVisible
    if query.mpn_id is not None and query.tenant_id is not None:
        raise _refused(2000, _("Name mpnId or tenantId, not both."), query.mpn_id, query.tenant_id)
    if query.mpn_id is not None:
        return _status_of_member(call, query.mpn_id)
    if query.tenant_id is not None:
        return _status_of_tenant(call, query.tenant_id)
    raise _refused(2001, _("Name the reseller by mpnId or tenantId."))


def _status_of_member(call: Call, given: str) -> AgreementSignatureStatus:
    if not (given.isascii() and given.isalnum()):
        raise _refused(2000, _("“%(found)s” is not a membership ID.") % {"found": given}, given)
    tenant = holder_of(given, family_id=call.actor.family_id)
    if tenant is None:
        raise _refused(2200, _("No partner has the membership ID “%(found)s”.") % {"found": given}, given)
    standing = standing_of(call.actor, tenant)
    if not standing.is_reseller:
        text = _("The partner with the membership ID “%(found)s” is not an indirect reseller.")
        raise _refused(2204, text % {"found": given}, given)
    if not standing.is_in_region:
        text = _("The partner with the membership ID “%(found)s” sells in another region than you.")
        raise _refused(2201, text % {"found": given}, given)
    if not standing.has_accepted:
        text = _("The partner with the membership ID “%(found)s” has not accepted the reseller agreement.")
        raise _refused(2203, text % {"found": given}, given)
    return AgreementSignatureStatus(is_agreement_signed=True)


def _status_of_tenant(call: Call, given: str) -> AgreementSignatureStatus:
    tenant_id = as_id(given)
    if tenant_id is None:
        raise _refused(2000, _("“%(found)s” is not a tenant id.") % {"found": given}, given)
    standing = standing_of(call.actor, tenant_in_family(tenant_id, call.actor.family_id))
    if not standing.is_reseller:
        text = _("There is no indirect reseller with the tenant id “%(found)s”.")
        raise _refused(2205, text % {"found": given}, given)
    if not standing.is_in_region:
        text = _("The reseller with the tenant id “%(found)s” sells in another region than you.")
        raise _refused(2201, text % {"found": given}, given)
    if not standing.has_accepted:
        text = _("The reseller with the tenant id “%(found)s” has not accepted the reseller agreement.")
        raise _refused(2206, text % {"found": given}, given)
    return AgreementSignatureStatus(is_agreement_signed=True)


def _refused(code: int, text: str, *found: str) -> WireError:
    return WireError(400, code, text, *found)


@operation(
    "agreements.list_metadata",
    "GET",
    "/v1/agreements",
    needs=Permission.CATALOGUE_VIEW,
    tokens=APP_USER_ONLY,
)
def list_metadata(call: Call, query: TypeQuery) -> Collection[AgreementMetaData]:
    """The agreements that customers accept, in the version in force. A cloud agreement was never published here."""
    del call
    found = (
        agreement_in_force(AgreementKind.CUSTOMER)
        if _is_customer_agreement(query.agreement_type, "agreementType")
        else None
    )
    return collection([_metadata(found)] if found else [])


def _is_customer_agreement(given: str | None, name: str) -> bool:
    """Without a type the cloud agreement is meant, for older clients (so the documents)."""
    given = given or CLOUD_AGREEMENT
    known = (CLOUD_AGREEMENT, CUSTOMER_AGREEMENT, EVERY_TYPE)
    if given.lower() not in {name.lower() for name in known}:
        text = _("%(name)s is “%(found)s”; it must be one of %(known)s.")
        told = text % {"name": name, "found": given, "known": ", ".join(known)}
        raise WireError(400, 800002, told, name, given)
    return given.lower() != CLOUD_AGREEMENT.lower()


def _metadata(version: Version) -> AgreementMetaData:
    return AgreementMetaData(
        template_id=str(version.pk),
        agreement_type=CUSTOMER_AGREEMENT,
        agreement_link=_page_of(version.pk),
        version_rank=version.version,
    )


@operation(
    "agreements.get_template_document",
    "GET",
    "/v1/agreementtemplates/{template_id}/document",
    needs=Permission.CATALOGUE_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NOT_FOUND,),
)
def get_template_document(call: Call, template_id: str, query: DocumentQuery) -> AgreementDocument:
    """Where the words of a version are to be read and kept; the addresses are good for five minutes."""
    del call
    found_id = as_id(template_id)
    version = agreement_version(found_id) if found_id and str(found_id) == template_id else None
    if version is None:
        raise NotVisible
    country = query.country or "US"
    if not COUNTRY.fullmatch(country):
        text = _("country is “%(found)s”; it must be a code such as JP.") % {"found": country}
        raise WireError(400, 800002, text, "country", country)
    is_japanese = (query.language or "").lower().startswith("ja")
    language = Language.JAPANESE if is_japanese else Language.ENGLISH
    token = document_token(version, language)
    address = f"{settings.ORIGIN}{reverse('public:agreement_document', args=[token])}"
    return AgreementDocument(
        display_uri=address,
        download_uri=f"{address}?download",
        language=TAGS[language],
        country=country.upper(),
        version_rank=version.version,
    )


@operation(
    "agreements.list_customer",
    "GET",
    "/v1/customers/{customer_id}/agreements",
    needs=Permission.CUSTOMERS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_customer_agreements(call: Call, customer_id: uuid.UUID, query: TypeQuery) -> Collection[Agreement]:
    """What the partner confirmed about the customer, the latest first."""
    relationship_in(call, customer_id)
    rows = (
        confirmations_of(call.actor, customer_id)
        if _is_customer_agreement(query.agreement_type, "agreementType")
        else []
    )
    return collection([_agreement(row) for row in rows])


@operation(
    "agreements.create_customer",
    "POST",
    "/v1/customers/{customer_id}/agreements",
    needs=Permission.CUSTOMER_AGREEMENT_CONFIRM,
    tokens=APP_USER_ONLY,
    status=201,
    required=(
        "primaryContact.firstName",
        "primaryContact.lastName",
        "primaryContact.email",
        "templateId",
        "dateAgreed",
        "type",
    ),
    errors=(NO_SUCH_CUSTOMER, 600061),
)
def create_customer_agreement(call: Call, customer_id: uuid.UUID, body: Agreement) -> Agreement:
    """Confirm that the customer has accepted the agreement; who confirms is the person of the token."""
    relationship = relationship_in(call, customer_id)
    given: Any = body
    contact: Any = body.primary_contact
    is_customer_agreement = _is_customer_agreement(body.type, "type")
    names = {
        "agreement": "templateId",
        "agreed_at": "dateAgreed",
        "contact_name": "primaryContact.lastName",
        "contact_email": "primaryContact.email",
        "contact_phone": "primaryContact.phoneNumber",
    }
    with named_as(names):
        confirmed = confirm_customer_agreement(
            call.actor,
            relationship=relationship,
            agreement_id=as_id(given.template_id) if is_customer_agreement else None,
            agreed_at=utc(given.date_agreed, "dateAgreed"),
            contact_name=whole_name(contact.first_name, contact.last_name),
            contact_email=contact.email,
            contact_phone=contact.phone_number or "",
        )
    return _agreement(confirmed)


def _agreement(row: CustomerAgreement) -> Agreement:
    first, last = parts_of_name(row.contact_name)
    return Agreement(
        user_id=str(row.person_id),
        primary_contact=Contact(
            first_name=first,
            last_name=last,
            email=row.contact_email,
            phone_number=row.contact_phone or None,
        ),
        template_id=str(row.agreement_id),
        date_agreed=row.agreed_at,
        type=CUSTOMER_AGREEMENT,
        agreement_link=_page_of(row.agreement_id),
    )


@operation(
    "agreements.get_direct_sign_status",
    "GET",
    "/v1/customers/{customer_id}/directSignedMicrosoftCustomerAgreementStatus",
    needs=Permission.CUSTOMERS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_direct_sign_status(call: Call, customer_id: uuid.UUID) -> DirectSignedCustomerAgreementStatus:
    """Whether the customer has accepted the agreement by itself, in the organization portal."""
    relationship_in(call, customer_id)
    return DirectSignedCustomerAgreementStatus(is_signed=customer_acceptance_of(customer_id) is not None)


def _page_of(agreement_id: uuid.UUID) -> str:
    return f"{settings.ORIGIN}{reverse('public:agreement', args=[agreement_id])}"


unbuilt(
    "These addresses stand in a configuration file of the .NET SDK, but no client calls them and no document says what "
    "they answer.",
    ("agreements.list_by_type_partner", "GET", "/v1/agreements/{agreement_type}/"),
    ("agreements.list_signatures_partner", "GET", "/v1/agreements/{agreement_type}/signatures"),
    (
        "agreements.get_signature_by_version_partner",
        "GET",
        "/v1/agreements/{agreement_type}/signatures/{version}",
    ),
)

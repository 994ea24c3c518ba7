"""What a partner keeps about a customer, and what the customer lets it read of its organisation."""

import enum
import uuid
from typing import Any

from django.utils.translation import gettext as _

from toiya.api.common import Address, parts_of_name, whole_name
from toiya.api.errors import WireError, named_as
from toiya.api.operations import APP_USER_ONLY, Call, operation
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.wire import Link, Links, Resource, Wire, attributes_of
from toiya.core.permissions import DirectoryAction, Permission
from toiya.customers.account_data import update_customer_account
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Tenant
from toiya.enrolment.addresses import region_named
from toiya.orders.reach import may_be_sold_to
from toiya.relations.rights import must_be_lent, rights_in

CULTURES = {"ja": "ja-JP", "en": "en-US"}
NO_STATUS = 600074
PROPERTIES = {
    "billing_name": "companyName",
    "postal_code": "defaultAddress.postalCode",
    "region": "defaultAddress.state",
    "city": "defaultAddress.city",
    "street": "defaultAddress.addressLine1",
    "street_more": "defaultAddress.addressLine2",
    "contact_name": "firstName",
    "contact_email": "email",
    "contact_phone": "defaultAddress.phoneNumber",
}


class CustomerCompanyProfile(Resource):
    """Who the customer is."""

    tenant_id: str | None = None
    domain: str | None = None
    company_name: str | None = None
    organization_registration_number: str | None = None
    address: Address | None = None
    email: str | None = None


class CustomerBillingProfile(Resource):
    """Where the customer's bills go."""

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    culture: str | None = None
    language: str | None = None
    company_name: str | None = None
    default_address: Address | None = None


def account_of(call: Call, customer: Tenant) -> CustomerAccount | None:
    """What partners have told about the customer; None where nobody has yet."""
    return CustomerAccount.objects.visible_to(call.actor).filter(pk=customer.pk).first()


def domains_of(customer: Tenant) -> list[str]:
    """Its domains, the first one first."""
    rows = sorted(customer.domains.all(), key=lambda row: (not row.is_primary, row.name))
    return [row.name for row in rows]


def company_profile(
    customer: Tenant, account: CustomerAccount | None, *, may_read: bool
) -> CustomerCompanyProfile:
    """``may_read``: the customer lends reading, so that its address and mail address are told."""
    return CustomerCompanyProfile(
        tenant_id=str(customer.pk),
        domain=customer.domain,
        company_name=customer.name,
        organization_registration_number=account.registration_number or None if account else None,
        address=_address(customer, account) if may_read else None,
        email=account.contact_email or None if account and may_read else None,
        links=Links(self=Link(uri=f"/customers/{customer.pk}/profiles/company")),
        attributes=attributes_of("CustomerCompanyProfile"),
    )


def billing_profile(customer: Tenant, account: CustomerAccount | None) -> CustomerBillingProfile:
    """The etag is the account's version; 0 where nothing was told yet."""
    first, last = parts_of_name(account.contact_name) if account else (None, None)
    return CustomerBillingProfile(
        id=str(customer.pk),
        first_name=first,
        last_name=last,
        email=account.contact_email or None if account else None,
        culture=CULTURES[customer.language],
        language=customer.language,
        company_name=account.billing_name or None if account else None,
        default_address=_address(customer, account, first=first, last=last),
        links=Links(self=Link(uri=f"/customers/{customer.pk}/profiles/billing")),
        attributes=attributes_of("CustomerBillingProfile", account.version if account else 0),
    )


def _address(
    customer: Tenant, account: CustomerAccount | None, *, first: str | None = None, last: str | None = None
) -> Address:
    if account is None:
        return Address(country=customer.country_id)
    return Address(
        country=customer.country_id,
        postal_code=account.postal_code or None,
        state=account.region or None,
        city=account.city or None,
        address_line1=account.street or None,
        address_line2=account.street_more or None,
        first_name=first,
        last_name=last,
        phone_number=account.contact_phone or None,
    )


def billing_values(body: CustomerBillingProfile) -> dict[str, str]:
    """The profile as our business names its parts. A region comes as its key or by its name."""
    address = body.default_address or Address()
    state = address.state or address.region or ""
    country = (address.country or "").upper()
    return {
        "billing_name": body.company_name or "",
        "postal_code": address.postal_code or "",
        "region": region_named(country, state),
        "city": address.city or "",
        "street": address.address_line1 or "",
        "street_more": address.address_line2 or "",
        "contact_name": whole_name(
            body.first_name or address.first_name, body.last_name or address.last_name
        ),
        "contact_email": body.email or "",
        "contact_phone": address.phone_number or "",
    }


@operation(
    "customers.get_company_profile",
    "GET",
    "/v1/customers/{customer_id}/profiles/company",
    needs=Permission.CUSTOMERS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_company_profile(call: Call, customer_id: uuid.UUID) -> CustomerCompanyProfile:
    """Who the customer is; address and mail address where it lends reading."""
    customer = relationship_in(call, customer_id).customer
    may_read = DirectoryAction.READ_PEOPLE in rights_in(call.actor, customer_id)
    return company_profile(customer, account_of(call, customer), may_read=may_read)


@operation(
    "customers.get_billing_profile",
    "GET",
    "/v1/customers/{customer_id}/profiles/billing",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_billing_profile(call: Call, customer_id: uuid.UUID) -> CustomerBillingProfile:
    """Name, address and contact of the customer's bills, as its partners keep them."""
    customer = relationship_in(call, customer_id).customer
    return billing_profile(customer, account_of(call, customer))


@operation(
    "customers.update_billing_profile",
    "PUT",
    "/v1/customers/{customer_id}/profiles/billing",
    needs=Permission.CUSTOMER_ACCOUNT_UPDATE,
    errors=(2055, NO_SUCH_CUSTOMER),
)
def update_billing_profile(
    call: Call, customer_id: uuid.UUID, body: CustomerBillingProfile
) -> CustomerBillingProfile:
    """Replace it. Country and language of the customer stay as they are; another country is refused."""
    relationship = relationship_in(call, customer_id)
    customer = relationship.customer
    address = body.default_address or Address()
    if address.country and address.country.upper() != customer.country_id:
        raise WireError(
            400,
            800002,
            _("The customer is in %(expected)s; its country cannot become “%(found)s”.")
            % {"expected": customer.country_id, "found": address.country},
            "defaultAddress.country",
        )
    address.country = customer.country_id
    body.default_address = address
    account = account_of(call, customer)
    with named_as(PROPERTIES):
        changed = update_customer_account(
            call.actor,
            relationship=relationship,
            version=call.version(body, current=account.version if account else 0),
            values=billing_values(body),
        )
    return billing_profile(customer, changed)


# ---------------------------------------------------------------- with the customer's consent
class CustomerOrganization(Wire):
    """The customer's organisation as its directory has it."""

    street: str | None = None
    country_letter_code: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    display_name: str | None = None
    technical_notification_mails: list[str] | None = None


@operation(
    "customers.get_organization",
    "GET",
    "/v1/customers/{customer_id}/organization",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_organization(call: Call, customer_id: uuid.UUID) -> list[CustomerOrganization]:
    """The customer's organisation, to whom it lends at least reading (Directory reader)."""
    customer = relationship_in(call, customer_id).customer
    must_be_lent(call.actor, customer_id, DirectoryAction.READ_PEOPLE)
    told: dict[str, Any] = {}
    if account := account_of(call, customer):
        street = " ".join(filter(None, (account.street, account.street_more)))
        told = {
            "street": street or None,
            "postal_code": account.postal_code or None,
            "city": account.city or None,
            "state": account.region or None,
        }
    return [CustomerOrganization(display_name=customer.name, country_letter_code=customer.country_id, **told)]


@operation(
    "customers.list_custom_domains",
    "GET",
    "/v1/customers/{customer_id}/customDomains",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_custom_domains(call: Call, customer_id: uuid.UUID) -> list[str]:
    """The customer's domains, to whom it lends at least reading (Directory reader)."""
    customer = relationship_in(call, customer_id).customer
    must_be_lent(call.actor, customer_id, DirectoryAction.READ_PEOPLE)
    return domains_of(customer)


# ---------------------------------------------------------------- may it buy
class ValidationType(enum.Enum):
    """What is asked about."""

    ACCOUNT = "Account"


class ValidationStatus(Wire):
    """Whether the customer may buy: Allowed or NotAllowed."""

    type: ValidationType | None = None
    status: str | None = None
    last_update_date_time: str | None = None


class ValidationQuery(Wire):
    """``type``: account."""

    type: ValidationType | None = None


@operation(
    "customers.get_validation_status",
    "GET",
    "/v1/customers/{customer_id}/validationStatus",
    needs=Permission.CUSTOMERS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER, NO_STATUS),
)
def get_validation_status(call: Call, customer_id: uuid.UUID, query: ValidationQuery) -> ValidationStatus:
    """Whether the customer may buy at all: it has an account, its country is open, and it is no partner itself."""
    if query.type is None:
        raise WireError(
            400, 800002, _("These properties are missing: %(names)s.") % {"names": "type"}, "type"
        )
    customer = relationship_in(call, customer_id).customer
    is_open = may_be_sold_to(customer)
    if is_open is None:
        raise WireError(404, NO_STATUS, _("Nothing has been told about this customer's account yet."))
    return ValidationStatus(
        type=query.type,
        status="Allowed" if is_open else "NotAllowed",
        last_update_date_time=customer.created_at.isoformat(),
    )

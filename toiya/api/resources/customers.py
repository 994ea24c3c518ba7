"""Customers: the list, one of them, and what a partner keeps about each."""

import enum
import uuid

from django.utils.translation import gettext as _

from toiya.api.common import Address, UserCredentials
from toiya.api.errors import WireError
from toiya.api.filters import conditions
from toiya.api.operations import Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.wire import Link, Links, Resource, SeekCollection, attributes_of
from toiya.core.permissions import Permission
from toiya.customers.search import Line, page_of_customers

FILTERS = {
    "CompanyName": ("starts_with",),
    "Domain": ("starts_with",),
    "IndirectReseller": ("starts_with", "equals"),
}


class CustomerPartnerRelationship(enum.Enum):
    """What the partner is to the customer."""

    UNKNOWN = "unknown"
    RESELLER = "reseller"
    ADVISOR = "advisor"
    SYNDICATION = "syndication"
    MICROSOFT_SUPPORT = "microsoft_support"
    NONE = "none"


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


class Customer(Resource):
    """A customer of the partner. Lists carry the company profile and the relationship only."""

    id: str | None = None
    commerce_id: str | None = None
    company_profile: CustomerCompanyProfile | None = None
    billing_profile: CustomerBillingProfile | None = None
    relationship_to_partner: CustomerPartnerRelationship | None = None
    allow_delegated_access: bool | None = None
    user_credentials: UserCredentials | None = None
    custom_domains: list[str] | None = None
    associated_partner_id: str | None = None


class CustomersQuery(SeekQuery):
    """``filter``: CompanyName or Domain starts with a text; IndirectReseller is a reseller's tenant id."""

    filter: str | None = None


CUSTOMER = attributes_of("Customer")
COMPANY_PROFILE = attributes_of("CustomerCompanyProfile")


@operation("customers.list", "GET", "/v1/customers", needs=Permission.CUSTOMERS_VIEW)
def list_customers(call: Call, query: CustomersQuery) -> SeekCollection[Customer]:
    """The partner's customers, by name.

    A provider sees all whose relationship it holds; with the filter IndirectReseller those that this reseller serves.
    """
    size = size_of(query)
    asked = {condition.field: condition.value for condition in conditions(query.filter, FILTERS)}
    page = page_of_customers(
        call.actor,
        search=asked.get("CompanyName") or asked.get("Domain", ""),
        reseller_id=_reseller(asked.get("IndirectReseller")),
        cursor=place_of(call, query),
        size=size,
    )
    return seek_collection(page, _in_list, at="/customers", size=query.size, filter=query.filter)


def _reseller(given: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(given) if given else None
    except ValueError as error:
        raise WireError(
            400,
            800002,
            _("IndirectReseller is “%(found)s”; it must be a tenant id.") % {"found": given},
            "filter",
        ) from error


def _in_list(line: Line) -> Customer:
    customer_id = str(line.customer_id)
    return Customer(
        id=customer_id,
        company_profile=CustomerCompanyProfile(
            tenant_id=customer_id, domain=line.domain, company_name=line.name, attributes=COMPANY_PROFILE
        ),
        relationship_to_partner=CustomerPartnerRelationship.RESELLER,
        links=Links(self=Link(uri=f"/customers/{customer_id}")),
        attributes=CUSTOMER,
    )


@operation(
    "customers.get",
    "GET",
    "/v1/customers/{customer_id}",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_customer(call: Call, customer_id: uuid.UUID) -> Customer:
    """One customer of the partner, with its profiles."""
    customer = relationship_in(call, customer_id).customer
    return Customer(
        id=str(customer.pk),
        company_profile=CustomerCompanyProfile(
            tenant_id=str(customer.pk),
            domain=customer.domain,
            company_name=customer.name,
            attributes=COMPANY_PROFILE,
        ),
        relationship_to_partner=CustomerPartnerRelationship.RESELLER,
        links=Links(self=Link(uri=f"/customers/{customer.pk}")),
        attributes=CUSTOMER,
    )

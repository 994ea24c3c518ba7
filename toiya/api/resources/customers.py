"""Customers: the list, one of them, a new one, and the end of a relationship."""

import enum
import uuid
from collections.abc import Sequence

import msgspec
from django.utils.translation import gettext as _

from toiya.api.common import Address, UserCredentials, whole_name
from toiya.api.errors import WireError, named_as, told_as
from toiya.api.filters import conditions
from toiya.api.operations import APP_USER_ONLY, Call, SeekQuery, as_id, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.resources.customer_profiles import (
    CustomerBillingProfile,
    CustomerCompanyProfile,
    account_of,
    billing_profile,
    billing_values,
    company_profile,
    domains_of,
)
from toiya.api.wire import Link, Links, Resource, SeekCollection, attributes_of
from toiya.core.errors import NotVisible
from toiya.core.permissions import DirectoryAction, Permission
from toiya.core.terms import Segment
from toiya.customers.relationship_requests import RESELLER_DEFAULT
from toiya.customers.relationships import grants_from
from toiya.customers.search import Line, page_of_customers
from toiya.directory.models import Tenant
from toiya.orders.new_customers import Levers, NewCustomer, add_customer, reseller_of
from toiya.relations.grants import remove_grant
from toiya.relations.models import AdministrationGrant, ResellerRelationship
from toiya.relations.rights import rights_in
from toiya.subscriptions.offboarding import end_relationship

FILTERS: dict[str, Sequence[str]] = {
    "CompanyName": ("starts_with",),
    "Domain": ("starts_with",),
    "IndirectReseller": ("starts_with", "equals"),
    "IndirectCloudSolutionProvider": ("starts_with", "equals"),
}
ADMINISTRATOR = "admin"
NOT_A_RESELLER = 800015
# What our business calls the answers, and in which properties a new customer brings them.
PROPERTIES = {
    "company": "billingProfile.companyName",
    "country": "billingProfile.defaultAddress.country",
    "domain": "companyProfile.domain",
    "user": "companyProfile.domain",
    "name": "billingProfile.firstName",
    "billing_name": "billingProfile.companyName",
    "postal_code": "billingProfile.defaultAddress.postalCode",
    "region": "billingProfile.defaultAddress.state",
    "city": "billingProfile.defaultAddress.city",
    "street": "billingProfile.defaultAddress.addressLine1",
    "street_more": "billingProfile.defaultAddress.addressLine2",
    "contact_name": "billingProfile.firstName",
    "contact_email": "billingProfile.email",
    "contact_phone": "billingProfile.defaultAddress.phoneNumber",
    "registration_number": "companyProfile.organizationRegistrationNumber",
}


class CustomerPartnerRelationship(enum.Enum):
    """What the partner is to the customer."""

    UNKNOWN = "unknown"
    RESELLER = "reseller"
    ADVISOR = "advisor"
    SYNDICATION = "syndication"
    MICROSOFT_SUPPORT = "microsoft_support"
    NONE = "none"


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
    enable_gdap_by_default: bool | None = msgspec.field(name="enableGDAPByDefault", default=None)


class CustomersQuery(SeekQuery):
    """``filter``: CompanyName or Domain starts with a text; IndirectReseller is a reseller's tenant id."""

    filter: str | None = None


CUSTOMER = attributes_of("Customer")
COMPANY_PROFILE = attributes_of("CustomerCompanyProfile")


@operation("customers.list", "GET", "/v1/customers", needs=Permission.CUSTOMERS_VIEW)
def list_customers(call: Call, query: CustomersQuery) -> SeekCollection[Customer]:
    """The partner's customers, by name.

    Filters: CompanyName and Domain begin with a text; IndirectReseller is the tenant id of a reseller, for its
    provider; IndirectCloudSolutionProvider that of a provider, for its reseller: the customers whom that partner
    serves as well.
    """
    size = size_of(query)
    asked: dict[str, str] = {}
    for condition in conditions(query.filter, FILTERS):
        if asked.setdefault(condition.field, condition.value) != condition.value:
            raise _wrong_filter(_("filter names %(field)s twice.") % {"field": condition.field})
    page = page_of_customers(
        call.actor,
        name_begins=asked.get("CompanyName", ""),
        domain_begins=asked.get("Domain", ""),
        reseller_id=_partner("IndirectReseller", asked),
        provider_id=_partner("IndirectCloudSolutionProvider", asked),
        cursor=place_of(call, query),
        size=size,
    )
    return seek_collection(page, _in_list, at="/customers", size=query.size, filter=query.filter)


def _partner(field: str, asked: dict[str, str]) -> uuid.UUID | None:
    given = asked.get(field)
    found = as_id(given) if given else None
    if given and found is None:
        raise _wrong_filter(
            _("%(field)s is “%(found)s”; it must be a tenant id.") % {"field": field, "found": given}
        )
    return found


def _wrong_filter(text: str) -> WireError:
    return WireError(400, 800002, text, "filter")


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
    """One customer of the partner, with its profiles.

    Address and mail address of the company and its domains are told to whom the customer lends at least reading.
    """
    return _whole(call, relationship_in(call, customer_id))


def _whole(call: Call, relationship: ResellerRelationship) -> Customer:
    customer = relationship.customer
    account = account_of(call, customer)
    is_lent = bool(grants_from(call.actor, customer.pk))
    may_read = is_lent and DirectoryAction.READ_PEOPLE in rights_in(call.actor, customer.pk)
    return Customer(
        id=str(customer.pk),
        company_profile=company_profile(customer, account, may_read=may_read),
        billing_profile=billing_profile(customer, account),
        relationship_to_partner=CustomerPartnerRelationship.RESELLER,
        allow_delegated_access=is_lent,
        custom_domains=domains_of(customer) if may_read else None,
        links=Links(self=Link(uri=f"/customers/{customer.pk}")),
        attributes=CUSTOMER,
    )


# ---------------------------------------------------------------- a new one
@operation(
    "customers.create",
    "POST",
    "/v1/customers",
    needs=Permission.CUSTOMERS_ADD,
    status=201,
    required=(
        "companyProfile.domain",
        "billingProfile.email",
        "billingProfile.culture",
        "billingProfile.language",
        "billingProfile.companyName",
        "billingProfile.defaultAddress.country",
    ),
    errors=(2030, 600002, 600049, 600050, 600051, NOT_A_RESELLER),
    example={
        "companyProfile": {"domain": "aoba.example"},
        "billingProfile": {
            "firstName": "花子",
            "lastName": "青葉",
            "email": "hanako@aoba.example",
            "culture": "ja-JP",
            "language": "ja",
            "companyName": "アオバ工業",
            "defaultAddress": {
                "country": "JP",
                "postalCode": "100-0001",
                "state": "東京都",
                "city": "千代田区",
                "addressLine1": "千代田1-1",
                "phoneNumber": "+81 3-1234-5678",
            },
        },
    },
)
def create_customer(call: Call, body: Customer) -> Customer:
    """A provider adds a customer: its organisation, its first administrator, and the relationship.

    ``userCredentials`` stand in this answer only. ``associatedPartnerId``: the customer of this reseller, with which
    the provider works; with ``enableGDAPByDefault`` the reseller may administer users and licences. That is said in
    the name of a person, not by an application alone.
    """
    reseller = _reseller(call, body.associated_partner_id)
    company, billing = body.company_profile or CustomerCompanyProfile(), body.billing_profile
    billing = billing or CustomerBillingProfile()
    address = billing.default_address or Address()
    told = billing_values(billing)
    speaks = (billing.culture or billing.language or "").lower()
    with named_as(PROPERTIES):
        made = add_customer(
            call.actor,
            values={
                "company": company.company_name or billing.company_name or "",
                "country": (address.country or "").upper(),
                "domain": company.domain or "",
                "name": told["contact_name"]
                or whole_name(address.first_name, address.last_name)
                or (billing.company_name or "")[:100],
                "contact_email": billing.email or "",
                "contact_phone": address.phone_number or "",
                "user": ADMINISTRATOR,
                "registration_number": company.organization_registration_number or "",
            },
            segment=Segment.COMMERCIAL,
            language="ja" if speaks.startswith("ja") else "en",
            reseller=reseller,
            levers=Levers(roles=RESELLER_DEFAULT if reseller and body.enable_gdap_by_default else ()),
            lines=(),
            key=f"{call.actor.tenant_id}:{call.request_id}",
            billing=told,
        )
    return _added(call, made, reseller)


def _reseller(call: Call, given: str | None) -> Tenant | None:
    if not given:
        return None
    if call.is_app_only:
        raise WireError(403, 900329, _("A customer of a reseller is added in the name of a person."))
    with told_as(NOT_A_RESELLER):
        found = as_id(given)
        if found is None:
            raise NotVisible
        return reseller_of(call.actor, found)


def _added(call: Call, made: NewCustomer, reseller: Tenant | None) -> Customer:
    """The customer, and once, now, how its administrator signs in."""
    customer = _whole(call, relationship_in(call, made.tenant.pk))
    customer.user_credentials = UserCredentials(user_name=ADMINISTRATOR, password=made.password)
    customer.associated_partner_id = str(reseller.pk) if reseller else None
    return customer


# ---------------------------------------------------------------- the end
@operation(
    "customers.patch",
    "PATCH",
    "/v1/customers/{customer_id}",
    needs=Permission.RELATIONSHIPS_REMOVE,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
    example={"relationshipToPartner": "none"},
)
def patch_customer(call: Call, customer_id: uuid.UUID, body: Customer) -> Customer:
    """End the reseller relationship (``relationshipToPartner`` none), the administrator access
    (``allowDelegatedAccess`` false), or both.

    The relationship ends only when no subscription of the customer is active through the partner; the access stays
    unless it is named.
    """
    relationship = relationship_in(call, customer_id)
    grants = grants_from(call.actor, customer_id)
    _must_be_an_end(body, is_lent=bool(grants))
    given_up = grants if body.allow_delegated_access is False else []
    if body.relationship_to_partner is not CustomerPartnerRelationship.NONE:
        for grant in given_up:
            remove_grant(call.actor, grant=grant)
        return _whole(call, relationship)
    before = _whole(call, relationship)
    stop_serving(call, relationship, given_up)
    before.relationship_to_partner = CustomerPartnerRelationship.NONE
    before.allow_delegated_access = bool(grants) and not given_up
    return before


def stop_serving(
    call: Call, relationship: ResellerRelationship, given_up: Sequence[AdministrationGrant] = ()
) -> None:
    """End the relationship; the wire has no word for the reason, which the customer reads in its mail."""
    end_relationship(
        call.actor,
        relationship=relationship,
        reason=_("Ended by the partner through the API."),
        give_up_grants=[grant.pk for grant in given_up],
    )


def _must_be_an_end(body: Customer, *, is_lent: bool) -> None:
    """A relationship and administrator access are the customer's to give; a partner only lets go of them."""
    ends, access = body.relationship_to_partner, body.allow_delegated_access
    if access and not is_lent:
        text = _("Administrator access is the customer's to give: send it an invitation that asks for it.")
        raise WireError(400, 800002, text, "allowDelegatedAccess")
    if ends is None and access is None:
        text = _("Nothing was asked for: relationshipToPartner none, or allowDelegatedAccess false.")
        raise WireError(400, 800002, text, "relationshipToPartner", "allowDelegatedAccess")
    if ends not in {None, CustomerPartnerRelationship.RESELLER, CustomerPartnerRelationship.NONE}:
        text = _("relationshipToPartner can be changed to none only.")
        raise WireError(400, 800002, text, "relationshipToPartner")

"""What a partner tells about itself: legal business, organization, billing and support, and its membership ID."""

import enum
from collections.abc import Mapping

from django.utils.translation import gettext as _

from toiya.api.common import (
    Address,
    Contact,
    address_at,
    given_address,
    parts_of_name,
    whole_name,
)
from toiya.api.errors import WireError, named_as
from toiya.api.operations import APP_USER_ONLY, Call, operation
from toiya.api.wire import Link, Links, Resource, Wire, attributes_of
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Language, Tenant
from toiya.enrolment.partner_profile import change_partner_profile
from toiya.membership.models import PartnerProfile
from toiya.membership.profiles import holder_of, membership_ids_of
from toiya.orders.partner_billing import BillingData, billing_of, change_partner_billing

NO_SUCH_PARTNER = 3000
INVALID_PROPERTY = 3000
ADDRESS = {
    "postal_code": "postalCode",
    "region": "state",
    "city": "city",
    "street": "addressLine1",
}
CONTACT = {
    "contact_name": "primaryContact.lastName",
    "contact_email": "primaryContact.email",
    "contact_phone": "primaryContact.phoneNumber",
}


class VettingStatus(enum.Enum):
    """Whether the partner may act in the programme."""

    NONE = "none"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    REJECTED = "rejected"


class VettingSubStatus(enum.Enum):
    """The step of a vetting that is under way."""

    NONE = "none"
    ENTRY = "entry"
    EMAIL_OWNERSHIP = "email_ownership"
    EMAIL_DOMAIN = "email_domain"
    EMPLOYMENT_VERIFICATION = "employment_verification"
    DECISION = "decision"
    OTHER = "other"
    BUSINESS_VERIFICATION = "business_verification"


class VettingVersion(enum.Enum):
    """Which version of the profile is asked for."""

    NONE = "None"
    CURRENT = "Current"
    LAST_FINALIZED = "LastFinalized"


class LegalBusinessProfile(Resource):
    """The organization as it is registered, and its primary contact."""

    company_name: str | None = None
    address: Address | None = None
    primary_contact: Contact | None = None
    company_approver_address: Address | None = None
    company_approver_email: str | None = None
    vetting_status: VettingStatus | None = None
    vetting_sub_status: VettingSubStatus | None = None
    profile_type: str | None = None


class MpnProfile(Resource):
    """A partner and its membership ID."""

    partner_name: str | None = None
    mpn_id: str | None = None
    profile_type: str | None = None


class OrganizationProfile(Resource):
    """The organization as the programme knows it."""

    id: str | None = None
    company_name: str | None = None
    default_address: Address | None = None
    tenant_id: str | None = None
    domain: str | None = None
    email: str | None = None
    language: str | None = None
    culture: str | None = None
    profile_type: str | None = None


class BillingProfile(Resource):
    """Where the operator's invoices go."""

    company_name: str | None = None
    address: Address | None = None
    primary_contact: Contact | None = None
    purchase_order_number: str | None = None
    tax_id: str | None = None
    billing_day: int | None = None
    billing_currency: str | None = None
    profile_type: str | None = None


class SupportProfile(Resource):
    """Where the partner's customers get help."""

    email: str | None = None
    telephone: str | None = None
    website: str | None = None
    profile_type: str | None = None


class LegalQuery(Wire):
    """``vettingVersion``: what is saved is in force at once, so that all versions are the same."""

    vetting_version: VettingVersion | None = None


class MpnQuery(Wire):
    """``mpnId``: of another partner; the own one where it is not given."""

    mpn_id: str | None = None
    verify_advisor: bool | None = None


# ---------------------------------------------------------------- legal business
@operation(
    "profiles.get_legal_business", "GET", "/v1/profiles/legalbusiness", needs=Permission.PARTNER_PROFILE_VIEW
)
def get_legal_business(call: Call, query: LegalQuery) -> LegalBusinessProfile:
    """The organization as it is registered, and its primary contact."""
    del query
    return _legal_business(call, *_own(call))


@operation(
    "profiles.update_legal_business",
    "PUT",
    "/v1/profiles/legalbusiness",
    needs=Permission.PARTNER_PROFILE_MANAGE,
    tokens=APP_USER_ONLY,
    errors=(2055,),
)
def update_legal_business(call: Call, body: LegalBusinessProfile) -> LegalBusinessProfile:
    """Change name, address and primary contact; what is not given stays. The vetting status is the operator's."""
    tenant, profile = _own(call)
    values = {**_given({"legal_name": body.company_name}), **given_address(body.address)}
    values |= _given_contact(body.primary_contact, profile)
    names = {"legal_name": "companyName", **_inside("address"), **CONTACT}
    _must_be(tenant.country_id, body.address.country if body.address else None, "address.country")
    changed = _change(call, body, profile, values, names)
    return _legal_business(call, tenant, changed)


def _legal_business(call: Call, tenant: Tenant, profile: PartnerProfile) -> LegalBusinessProfile:
    address = address_at(profile, tenant.country_id)
    is_live = bool(call.actor.capacities)
    return LegalBusinessProfile(
        company_name=profile.legal_name or tenant.name,
        address=address,
        primary_contact=_contact(profile),
        company_approver_address=address,
        company_approver_email=profile.contact_email or None,
        vetting_status=VettingStatus.AUTHORIZED if is_live else VettingStatus.REJECTED,
        vetting_sub_status=VettingSubStatus.NONE,
        profile_type="LegalBusinessProfile",
        links=_self("/profiles/legalbusiness"),
        attributes=attributes_of("LegalBusinessProfile", profile.version),
    )


# ---------------------------------------------------------------- membership ID
@operation(
    "profiles.get_mpn",
    "GET",
    "/v1/profiles/mpn",
    needs=Permission.HOME_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_PARTNER,),
)
def get_mpn(call: Call, query: MpnQuery) -> MpnProfile:
    """The own membership ID, or the partner to which one belongs."""
    tenant: Tenant | None
    membership_id = query.mpn_id
    if membership_id is None:
        tenant = _tenant(call)
        membership_id = membership_ids_of([tenant.pk]).get(tenant.pk)
    else:
        tenant = holder_of(membership_id, family_id=call.actor.family_id)
    if tenant is None or membership_id is None:
        text = _("No partner has the membership ID “%(found)s”.") % {"found": query.mpn_id or ""}
        raise WireError(404, NO_SUCH_PARTNER, text, *([query.mpn_id] if query.mpn_id else []))
    return MpnProfile(
        partner_name=reader_name(tenant),
        mpn_id=membership_id,
        profile_type="MpnProfile",
        links=_self("/profiles/mpn"),
        attributes=attributes_of("MpnProfile"),
    )


@operation(
    "profiles.get_partner_network",
    "GET",
    "/v1/profiles/partnernetworkprofile",
    needs=Permission.HOME_VIEW,
    errors=(NO_SUCH_PARTNER,),
)
def get_partner_network(call: Call, query: MpnQuery) -> MpnProfile:
    """The older address of the membership ID."""
    return get_mpn(call, query)


# ---------------------------------------------------------------- organization
@operation(
    "profiles.get_organization",
    "GET",
    "/v1/profiles/organization",
    needs=Permission.PARTNER_PROFILE_VIEW,
    tokens=APP_USER_ONLY,
)
def get_organization(call: Call) -> OrganizationProfile:
    """The organization as the programme knows it."""
    return _organization(*_own(call))


@operation(
    "profiles.update_organization",
    "PUT",
    "/v1/profiles/organization",
    needs=Permission.PARTNER_PROFILE_MANAGE,
    tokens=APP_USER_ONLY,
    errors=(INVALID_PROPERTY, 2055),
)
def update_organization(call: Call, body: OrganizationProfile) -> OrganizationProfile:
    """Change address, contact and language; name, domain and country of an organization do not change."""
    tenant, profile = _own(call)
    _must_be(str(tenant.pk), body.id, "id")
    _must_be(str(tenant.pk), body.tenant_id, "tenantId")
    _must_be(tenant.name, body.company_name, "companyName")
    _must_be(tenant.domain, body.domain, "domain")
    address = body.default_address
    contact = Contact(email=body.email)
    if address is not None:
        _must_be(tenant.country_id, address.country, "defaultAddress.country")
        contact.first_name, contact.last_name = address.first_name, address.last_name
        contact.phone_number = address.phone_number or None
    names = {
        **_inside("defaultAddress"),
        "contact_name": "defaultAddress.lastName",
        "contact_phone": "defaultAddress.phoneNumber",
        "contact_email": "email",
    }
    values = {**given_address(address), **_given_contact(contact, profile)}
    changed = _change(call, body, profile, values, names, language=_language(body.language))
    return _organization(_tenant(call), changed)


def _organization(tenant: Tenant, profile: PartnerProfile) -> OrganizationProfile:
    address = address_at(profile, tenant.country_id)
    address.first_name, address.last_name = parts_of_name(profile.contact_name)
    address.phone_number = profile.contact_phone or None
    return OrganizationProfile(
        id=str(tenant.pk),
        company_name=tenant.name,
        default_address=address,
        tenant_id=str(tenant.pk),
        domain=tenant.domain,
        email=profile.contact_email or None,
        language=tenant.language,
        culture=f"{tenant.language}-{tenant.country_id}",
        profile_type="OrganizationProfile",
        links=_self("/profiles/organization"),
        attributes=attributes_of("OrganizationProfile", profile.version),
    )


def _language(given: str | None) -> Language | None:
    """The language of a tag: ja of ja-JP. Raises WireError (3000) for one in which nobody is written to."""
    if given is None:
        return None
    code = given.partition("-")[0].lower()
    if code not in Language.values:
        raise _invalid("language", given, " / ".join(Language.values))
    return Language(code)


# ---------------------------------------------------------------- billing
@operation(
    "profiles.get_billing",
    "GET",
    "/v1/profiles/billing",
    needs=Permission.PARTNER_PROFILE_VIEW,
    tokens=APP_USER_ONLY,
)
def get_billing(call: Call) -> BillingProfile:
    """Where the operator's invoices go."""
    return _billing(billing_of(call.actor))


@operation(
    "profiles.update_billing",
    "PUT",
    "/v1/profiles/billing",
    needs=Permission.PARTNER_PROFILE_MANAGE,
    tokens=APP_USER_ONLY,
    errors=(INVALID_PROPERTY, 2055),
)
def update_billing(call: Call, body: BillingProfile) -> BillingProfile:
    """Change address, contact, order number and tax number; the currency is that of the country."""
    present = billing_of(call.actor)
    _must_be(present.currency, body.billing_currency, "billingCurrency")
    _must_be(present.country, body.address.country if body.address else None, "address.country")
    values = {
        **_given({"billing_name": body.company_name, "purchase_order_number": body.purchase_order_number}),
        **given_address(body.address),
        **_given_contact(body.primary_contact, present),
    }
    names = {
        "billing_name": "companyName",
        "purchase_order_number": "purchaseOrderNumber",
        "tax_number": "taxId",
        **_inside("address"),
        **CONTACT,
    }
    with named_as(names):
        changed = change_partner_billing(
            call.actor,
            version=call.version(body, current=present.version),
            values=values,
            tax_number=body.tax_id,
        )
    return _billing(changed)


def _billing(data: BillingData) -> BillingProfile:
    return BillingProfile(
        company_name=data.billing_name,
        address=address_at(data, data.country),
        primary_contact=_contact(data),
        purchase_order_number=data.purchase_order_number or None,
        tax_id=data.tax_number or None,
        billing_currency=data.currency,
        profile_type="BillingProfile",
        links=_self("/profiles/billing"),
        attributes=attributes_of("BillingProfile", data.version),
    )


# ---------------------------------------------------------------- support
@operation(
    "profiles.get_support",
    "GET",
    "/v1/profiles/support",
    needs=Permission.PARTNER_PROFILE_VIEW,
    tokens=APP_USER_ONLY,
)
def get_support(call: Call) -> SupportProfile:
    """Where the partner's customers get help."""
    return _support(_own(call)[1])


@operation(
    "profiles.update_support",
    "PUT",
    "/v1/profiles/support",
    needs=Permission.PARTNER_PROFILE_MANAGE,
    tokens=APP_USER_ONLY,
    errors=(2055,),
)
def update_support(call: Call, body: SupportProfile) -> SupportProfile:
    """Change where customers get help; a website without https:// in front is understood."""
    website = body.website
    if website and "://" not in website:
        website = f"https://{website}"
    values = _given(
        {"support_email": body.email, "support_phone": body.telephone, "support_website": website}
    )
    names = {"support_email": "email", "support_phone": "telephone", "support_website": "website"}
    return _support(_change(call, body, _own(call)[1], values, names))


@operation(
    "profiles.update_support_alias",
    "PUT",
    "/v1/profiles/supportprofile",
    needs=Permission.PARTNER_PROFILE_MANAGE,
    tokens=APP_USER_ONLY,
    errors=(2055,),
)
def update_support_alias(call: Call, body: SupportProfile) -> SupportProfile:
    """The same by the address in the documents; clients use the other one."""
    return update_support(call, body)


def _support(profile: PartnerProfile) -> SupportProfile:
    return SupportProfile(
        email=profile.support_email or None,
        telephone=profile.support_phone or None,
        website=profile.support_website or None,
        profile_type="SupportProfile",
        links=_self("/profiles/support"),
        attributes=attributes_of("PartnerSupportProfile", profile.version),
    )


# ---------------------------------------------------------------- common to them
def _tenant(call: Call) -> Tenant:
    return Tenant.objects.visible_to(call.actor).prefetch_related("domains").get(pk=call.actor.tenant_id)


def _own(call: Call) -> tuple[Tenant, PartnerProfile]:
    """The organisation and what it told; an empty profile of version 0 where it told nothing yet."""
    tenant = _tenant(call)
    found = PartnerProfile.objects.visible_to(call.actor).first()
    return tenant, found or PartnerProfile(tenant=tenant, version=0)


def _change(
    call: Call,
    body: Resource,
    profile: PartnerProfile,
    values: Mapping[str, str],
    names: Mapping[str, str],
    *,
    language: Language | None = None,
) -> PartnerProfile:
    with named_as(names):
        return change_partner_profile(
            call.actor,
            version=call.version(body, current=profile.version),
            values=values,
            language=language,
        )


def _contact(person: PartnerProfile | BillingData) -> Contact:
    first, last = parts_of_name(person.contact_name)
    return Contact(
        first_name=first,
        last_name=last,
        email=person.contact_email or None,
        phone_number=person.contact_phone or None,
    )


def _given_contact(contact: Contact | None, present: PartnerProfile | BillingData) -> dict[str, str]:
    """What was given of the contact; one half of the name leaves the other as it is."""
    if contact is None:
        return {}
    first, last = parts_of_name(present.contact_name)
    name = None
    if contact.first_name is not None or contact.last_name is not None:
        name = whole_name(
            first if contact.first_name is None else contact.first_name,
            last if contact.last_name is None else contact.last_name,
        )
    return _given(
        {"contact_name": name, "contact_email": contact.email, "contact_phone": contact.phone_number}
    )


def _given(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _inside(place: str) -> dict[str, str]:
    return {field: f"{place}.{name}" for field, name in ADDRESS.items()}


def _must_be(expected: str, given: str | None, name: str) -> None:
    """What cannot be changed may be sent back as it was read. Raises WireError (3000)."""
    if given is not None and given.casefold() != expected.casefold():
        raise _invalid(name, given, expected)


def _invalid(name: str, found: str, expected: str) -> WireError:
    text = _("%(name)s is “%(found)s”; it must be “%(expected)s”.")
    return WireError(
        400, INVALID_PROPERTY, text % {"name": name, "found": found, "expected": expected}, name, found
    )


def _self(at: str) -> Links:
    return Links(self=Link(uri=at))

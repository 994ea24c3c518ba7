"""The sandbox: made-up resellers and customers in the field's words; making, moving and emptying one in Toiya's own."""

import datetime as dt
import re
import uuid
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from toiya.api.common import Address, Contact, given_address, parts_of_name, whole_name
from toiya.api.errors import INVALID_INPUT, WireError, named_as, told_as
from toiya.api.operations import APP_USER_ONLY, Answer, Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.wire import Resource, SeekCollection, Wire, attributes_of
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.terms import add_months
from toiya.directory.models import Language, Tenant
from toiya.mail.mailbox import mails_of_sandbox
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.programme.countries import open_countries
from toiya.programme.web_mail import DOMAIN
from toiya.programme.words import current_programme
from toiya.sandbox.clock import move_clock, sandbox_of, start_clock, stop_clock
from toiya.sandbox.closing import delete_customer, delete_reseller, delete_sandbox, reset_sandbox
from toiya.sandbox.errors import IdInUse, NotInSandbox, StillBuying
from toiya.sandbox.making import MadeSandbox, make_sandbox
from toiya.sandbox.models import Sandbox
from toiya.sandbox.people import people_of
from toiya.sandbox.resellers import NewReseller, ResellerDetails, add_reseller, reseller_in_sandbox

CONFLICT, NOT_ALLOWED, FULL, NOT_HERE = 1003, 6003, 800018, 800019
SPAN = re.compile(
    r"P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?)?"
)
LONGEST_ID = 20
RESELLER = "/v1/sandboxIndirectReseller"
SANDBOX = "/v1/toiya/sandbox"


# ---------------------------------------------------------------- resellers and customers, in the field's words
class TenantRequest(Wire):
    """The made-up organisation: ``domainPrefix`` becomes its domain, or is one already."""

    domain_prefix: str | None = None
    name: str | None = None
    display_name: str | None = None
    admin_user_name: str | None = None
    admin_first_name: str | None = None
    admin_last_name: str | None = None
    admin_alternate_email: str | None = None
    country: str | None = None
    culture: str | None = None


class LegalProfile(Wire):
    """The made-up company behind it."""

    company_name: str | None = None
    address: Address | None = None
    primary_contact: Contact | None = None
    culture: str | None = None


class IndirectResellerRequest(Wire):
    """What is made up about an indirect reseller of the sandbox."""

    mpn_id: str | None = None
    tenant: TenantRequest | None = None
    legal_business_profile: LegalProfile | None = None
    organization_profile_language: str | None = None


class SandboxTenant(Wire):
    """The organisation, and how its administrator gets in: once, within 24 hours."""

    id: uuid.UUID
    admin_user_account: str
    password: str


class AgreementSignature(Resource):
    """The reseller agreement as the new reseller accepted it."""

    account_id: uuid.UUID | None = None
    agreement_id: uuid.UUID | None = None
    agreement_type: str | None = None
    date_signed: dt.datetime | None = None
    signed_by_first_name: str | None = None
    signed_by_last_name: str | None = None
    signed_by_user_principal_name: str | None = None
    signed_by_user_object_id: uuid.UUID | None = None
    signed_by_user_tenant_id: uuid.UUID | None = None


class ResellerRelationship(Resource):
    """The partnership that began with it."""

    id: uuid.UUID | None = None
    name: str | None = None
    relationship_type: str | None = None
    mpn_id: str | None = None
    location: str | None = None
    state: str | None = None


class IndirectReseller(Wire):
    """An indirect reseller of the sandbox, enrolled and authorised; the password is told here only."""

    account_id: uuid.UUID
    mpn_id: str
    tenant: SandboxTenant
    partner_relationship: ResellerRelationship
    agreement_signature: AgreementSignature | None = None


@operation(
    "sandbox.create_indirect_reseller",
    "POST",
    RESELLER,
    needs=Permission.PARTNERSHIPS_INVITE,
    capacity=Capacity.PROVIDER,
    tokens=APP_USER_ONLY,
    required=(
        "mpnId",
        "tenant.domainPrefix",
        "tenant.name",
        "tenant.adminUserName",
        "tenant.adminFirstName",
        "tenant.adminLastName",
        "tenant.adminAlternateEmail",
        "tenant.country",
        "legalBusinessProfile.companyName",
    ),
    errors=(CONFLICT, NOT_ALLOWED, FULL),
    example={
        "mpnId": "4390999",
        "tenant": {
            "domainPrefix": "sumire",
            "name": "Sumire",
            "displayName": "Sumire Systems",
            "adminUserName": "admin",
            "adminFirstName": "Sumi",
            "adminLastName": "Ito",
            "adminAlternateEmail": "sumi@mail.sumire.example",
            "country": "JP",
            "culture": "ja-JP",
        },
        "legalBusinessProfile": {
            "companyName": "Sumire Systems",
            "address": {"country": "JP", "city": "Chiyoda", "state": "Tokyo", "addressLine1": "1-2-3"},
            "primaryContact": {"firstName": "Sumi", "lastName": "Ito", "email": "sumi@mail.sumire.example"},
            "culture": "ja-JP",
        },
        "organizationProfileLanguage": "ja",
    },
)
def create_indirect_reseller(call: Call, body: IndirectResellerRequest) -> IndirectReseller:
    """A reseller that has accepted the agreement and the provider's invitation; in a sandbox only."""
    with (
        named_as({"domain": "tenant.domainPrefix"}),
        told_as(NOT_ALLOWED, status=403, of=NotInSandbox),
        told_as(CONFLICT, status=409, of=IdInUse),
    ):
        return _reseller(add_reseller(call.actor, details=_details(body)))


def _details(body: IndirectResellerRequest) -> ResellerDetails:
    tenant, profile = body.tenant or TenantRequest(), body.legal_business_profile or LegalProfile()
    contact = profile.primary_contact or Contact()
    country = (tenant.country or "").upper()
    if country not in dict(open_countries()):
        raise _wrong(
            _("The programme does not operate in “%(found)s”.") % {"found": country}, "tenant.country"
        )
    return ResellerDetails(
        name=tenant.display_name or tenant.name or "",
        domain=_domain(tenant.domain_prefix or ""),
        country=country,
        language=_language(tenant.culture or body.organization_profile_language or ""),
        membership_id=_membership_id(body.mpn_id or ""),
        administrator_user=_user(tenant.admin_user_name or ""),
        administrator_name=whole_name(tenant.admin_first_name, tenant.admin_last_name),
        administrator_email=tenant.admin_alternate_email or "",
        contact_phone=contact.phone_number or "",
        legal_name=profile.company_name or "",
        contact_name=whole_name(contact.first_name, contact.last_name),
        contact_email=contact.email or "",
        **given_address(profile.address),
    )


def _wrong(sentence: str, name: str) -> WireError:
    return WireError(400, INVALID_INPUT, sentence, name)


def _domain(prefix: str) -> str:
    domain = prefix.lower() if "." in prefix else f"{prefix.lower()}.{settings.SANDBOX_DOMAIN}"
    if not DOMAIN.fullmatch(domain):
        found = _("“%(found)s” is not a domain; it should look like company.example.") % {"found": prefix}
        raise _wrong(found, "tenant.domainPrefix")
    return domain


def _user(name: str) -> str:
    local_part = name.partition("@")[0].lower()
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?", local_part):
        raise _wrong(
            _("“%(found)s” cannot be a user name; use letters a to z, digits, dot, hyphen and underscore.")
            % {"found": name},
            "tenant.adminUserName",
        )
    return local_part


def _membership_id(text: str) -> str:
    if len(text) > LONGEST_ID:
        raise _wrong(
            _("At most %(limit)s characters; this has %(found)s.")
            % {"limit": LONGEST_ID, "found": len(text)},
            "mpnId",
        )
    return text


def _language(culture: str) -> str:
    return Language.JAPANESE.value if culture.lower().startswith("ja") else Language.ENGLISH.value


def _reseller(made: NewReseller) -> IndirectReseller:
    tenant, person = made.tenant, made.account.person
    return IndirectReseller(
        account_id=tenant.pk,
        mpn_id=made.membership_id,
        tenant=SandboxTenant(
            id=tenant.pk, admin_user_account=person.user_name, password=made.account.password
        ),
        agreement_signature=_signature(made),
        partner_relationship=ResellerRelationship(
            id=tenant.pk,
            name=tenant.name,
            relationship_type="is_indirect_cloud_solution_provider_of",
            mpn_id=made.membership_id,
            location=tenant.country_id,
            state="Active",
            attributes=attributes_of("PartnerRelationshipResponse"),
        ),
    )


def _signature(made: NewReseller) -> AgreementSignature | None:
    if made.acceptance is None:
        return None
    person = made.account.person
    first, last = parts_of_name(person.name)
    return AgreementSignature(
        account_id=made.tenant.pk,
        agreement_id=made.acceptance.agreement_id,
        agreement_type="ValueAddedReseller",
        date_signed=made.acceptance.at,
        signed_by_first_name=first,
        signed_by_last_name=last,
        signed_by_user_principal_name=person.user_name,
        signed_by_user_object_id=person.pk,
        signed_by_user_tenant_id=made.tenant.pk,
        attributes=attributes_of("AgreementSignatureResponse"),
    )


@operation(
    "sandbox.delete_indirect_reseller",
    "DELETE",
    f"{RESELLER}/{{reseller_id}}",
    needs=Permission.PARTNERSHIPS_END,
    capacity=Capacity.PROVIDER,
    tokens=APP_USER_ONLY,
    status=204,
    errors=(CONFLICT, NOT_ALLOWED, 800015),
)
def delete_indirect_reseller(call: Call, reseller_id: uuid.UUID) -> None:
    """A made-up reseller goes with all that it has; its customers must have nothing left that was bought through it."""
    with (
        told_as(NOT_ALLOWED, status=403, of=NotInSandbox),
        told_as(CONFLICT, status=409, of=StillBuying),
        told_as(800015),
    ):
        delete_reseller(call.actor, reseller=reseller_in_sandbox(call.actor, reseller_id))


@operation(
    "customers.delete_sandbox",
    "DELETE",
    "/v1/customers/{customer_id}",
    needs=(Permission.CUSTOMERS_VIEW, Permission.CUSTOMERS_ADD),
    status=204,
    errors=(NO_SUCH_CUSTOMER, NOT_HERE),
)
def delete_sandbox_customer(call: Call, customer_id: uuid.UUID) -> None:
    """A made-up customer goes with all that it has; a real one stays (403)."""
    customer = relationship_in(call, customer_id).customer
    with told_as(NOT_HERE, status=403, of=NotInSandbox), told_as(NO_SUCH_CUSTOMER):
        delete_customer(call.actor, customer=customer)


# ---------------------------------------------------------------- the sandbox itself, in Toiya's own words
class Account(Wire):
    """A person of the sandbox; the one-time password is told when it is made, and never again."""

    user_name: str
    name: str
    roles: list[str]
    password: str | None = None


class Program(Wire):
    """A program of the organisation; its secret is told when it is made, and never again."""

    client_id: uuid.UUID
    secret: str


class Organization(Wire):
    """An organisation of the sandbox with its people."""

    id: uuid.UUID
    name: str
    domain: str
    capacities: list[str]
    people: list[Account]
    application: Program | None = None


class Clock(Resource):
    """What time it is in the sandbox. ``movingTo``: it is on its way there; ask again until that is gone."""

    now: dt.datetime | None = None
    is_stopped: bool | None = None
    moving_to: dt.datetime | None = None


class SandboxOverview(Resource):
    """A family of made-up organisations with a clock and a mailbox of its own."""

    id: uuid.UUID | None = None
    made_at: dt.datetime | None = None
    clock: Clock | None = None
    organizations: list[Organization] | None = None


class ClockMove(Wire):
    """Where to: an instant, or a span from now on like P1M, P1Y, P7D or PT12H."""

    to: dt.datetime | None = None
    by: str | None = None


class CaughtMail(Resource):
    """A mail that was written in the sandbox and never left; ``text`` and ``html`` stand in the single mail only."""

    id: uuid.UUID | None = None
    message: str | None = None
    to: str | None = None
    language: str | None = None
    subject: str | None = None
    posted_at: dt.datetime | None = None
    text: str | None = None
    html: str | None = None


class MailsQuery(SeekQuery):
    """``text`` stands in the recipient's address or in the subject."""

    text: str | None = None


def _overview(call: Call, sandbox: Sandbox, made: MadeSandbox | None = None) -> SandboxOverview:
    passwords = {account.person.pk: account.password for account in made.accounts} if made else {}
    programs = (
        {one.tenant.pk: Program(client_id=one.client_id, secret=one.secret) for one in made.applications}
        if made
        else {}
    )
    return SandboxOverview(
        id=sandbox.pk,
        made_at=sandbox.made_at,
        clock=_clock(sandbox),
        organizations=[
            _organization(
                members.tenant,
                [
                    Account(
                        user_name=person.user_name,
                        name=person.name,
                        roles=sorted(row.role for row in person.role_assignments.all()),
                        password=passwords.get(person.pk),
                    )
                    for person in members.people
                ],
                programs.get(members.tenant.pk),
            )
            for members in people_of(call.actor, sandbox)
        ],
        attributes=attributes_of("Sandbox"),
    )


def _organization(tenant: Tenant, people: list[Account], program: Program | None) -> Organization:
    return Organization(
        id=tenant.pk,
        name=tenant.name,
        domain=tenant.domain,
        capacities=sorted(row.capacity for row in tenant.tenant_capacities.all()),
        people=people,
        application=program,
    )


def _clock(sandbox: Sandbox) -> Clock:
    family = sandbox.family
    return Clock(
        now=family.clock.now(),
        is_stopped=family.clock_stopped_at is not None,
        moving_to=sandbox.moving_to,
        attributes=attributes_of("SandboxClock"),
    )


@operation("toiya.sandbox.make", "POST", SANDBOX, needs=Permission.SANDBOX_MAKE, status=201)
def make(call: Call) -> SandboxOverview:
    """A sandbox of one's own: operator, provider, reseller and customer. Passwords and secrets are told here only."""
    made = make_sandbox(call.actor)
    return _overview(call, made.sandbox, made)


@operation("toiya.sandbox.get", "GET", SANDBOX, needs=Permission.SANDBOX_MAKE)
def get(call: Call) -> SandboxOverview:
    """The organisation's sandbox with everybody in it."""
    return _overview(call, sandbox_of(call.actor))


@operation(
    "toiya.sandbox.reset",
    "POST",
    f"{SANDBOX}/{{sandbox_id}}/reset",
    needs=Permission.SANDBOX_MAKE,
    status=201,
)
def reset(call: Call, sandbox_id: uuid.UUID) -> SandboxOverview:
    """Everything in it goes, and a new one takes its place: with another id, other people and other secrets."""
    made = reset_sandbox(call.actor, sandbox_id=sandbox_id)
    return _overview(call, made.sandbox, made)


@operation(
    "toiya.sandbox.delete", "DELETE", f"{SANDBOX}/{{sandbox_id}}", needs=Permission.SANDBOX_MAKE, status=204
)
def delete(call: Call, sandbox_id: uuid.UUID) -> None:
    """Everything in it goes."""
    delete_sandbox(call.actor, sandbox_id=sandbox_id)


@operation("toiya.sandbox.get_clock", "GET", f"{SANDBOX}/clock", needs=Permission.SANDBOX_CLOCK_MOVE)
def get_clock(call: Call) -> Clock:
    """What time it is there; for its maker, and for the administrators inside."""
    return _clock(sandbox_of(call.actor))


@operation(
    "toiya.sandbox.move_clock",
    "POST",
    f"{SANDBOX}/clock/move",
    needs=Permission.SANDBOX_CLOCK_MOVE,
    status=202,
    example={"by": "P1M"},
)
def move(call: Call, body: ClockMove) -> Answer[Clock]:
    """Time goes on, and what falls due on the way happens in its order; ask for the clock until it has arrived."""
    moved = move_clock(call.actor, to=_target(call, body))
    return Answer(_clock(moved), 202, {"Location": f"{call.base}{SANDBOX}/clock"})


def _target(call: Call, body: ClockMove) -> dt.datetime:
    if (body.to is None) == (body.by is None):
        raise _wrong(_("Say to which instant the clock moves, or by how much."), "to")
    if body.to is not None:
        return body.to if body.to.tzinfo else body.to.replace(tzinfo=dt.UTC)
    found = SPAN.fullmatch(body.by or "")
    if found is None or not any(found.groups()):
        raise _wrong(
            _("“%(found)s” is no span of time; it must look like P1M, P7D or PT12H.") % {"found": body.by},
            "by",
        )
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    now = sandbox_of(call.actor).family.clock.now()
    span = dt.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    return dt.datetime.combine(add_months(now.date(), 12 * years + months), now.timetz()) + span


@operation("toiya.sandbox.stop_clock", "POST", f"{SANDBOX}/clock/stop", needs=Permission.SANDBOX_CLOCK_MOVE)
def stop(call: Call) -> Clock:
    """Time stands still there."""
    return _clock(stop_clock(call.actor))


@operation("toiya.sandbox.start_clock", "POST", f"{SANDBOX}/clock/start", needs=Permission.SANDBOX_CLOCK_MOVE)
def start(call: Call) -> Clock:
    """Time runs on there."""
    return _clock(start_clock(call.actor))


@operation("toiya.sandbox.list_mails", "GET", f"{SANDBOX}/mails", needs=Permission.SANDBOX_CLOCK_MOVE)
def list_mails(call: Call, query: MailsQuery) -> SeekCollection[CaughtMail]:
    """Every mail that was written in the sandbox, the newest first."""
    mails = mails_of_sandbox(sandbox_of(call.actor).family_id, text=query.text or "")
    page = page_by_key(
        mails,
        fields=("posted_at", "due_at", "id"),
        cursor=place_of(call, query),
        size=size_of(query),
        descending=True,
    )
    return seek_collection(page, _mail, at="/toiya/sandbox/mails", size=query.size, text=query.text)


def _mail(mail: OutgoingMail, **more: Any) -> CaughtMail:
    return CaughtMail(
        id=mail.pk,
        message=mail.message,
        to=mail.to,
        language=mail.language,
        subject=more.pop("subject", mail.subject),
        posted_at=mail.posted_at,
        attributes=attributes_of("CaughtMail"),
        **more,
    )


@operation(
    "toiya.sandbox.get_mail", "GET", f"{SANDBOX}/mails/{{mail_id}}", needs=Permission.SANDBOX_CLOCK_MOVE
)
def get_mail(call: Call, mail_id: uuid.UUID) -> CaughtMail:
    """One mail as its reader would see it, with links that work."""
    mail = mails_of_sandbox(sandbox_of(call.actor).family_id).filter(pk=mail_id).first()
    if mail is None:
        raise NotVisible
    with override(mail.language):
        rendered = render(mail, programme=current_programme())
    return _mail(mail, subject=rendered.subject[:], text=rendered.text[:], html=rendered.html[:])

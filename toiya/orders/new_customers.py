"""A provider adds a customer: organisation, relationships, and what it is to have from the first day (N-12 to N-15).

Three levers are separate: administration delegated to the reseller, the reseller on the subscriptions, and the support
contact. The customer is told of each by mail, and takes back what it does not want.
"""

import datetime as dt
import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Availability, SkuKind
from toiya.catalogue.offers import Buyer, Holdings, prerequisites_of
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible, Refusal
from toiya.core.permissions import Capacity, DirectoryRole, Permission
from toiya.core.reader import reader_name
from toiya.core.terms import Segment
from toiya.customers.account_data import as_kept, problems_in_account
from toiya.customers.models import CustomerAccount
from toiya.customers.registration import must_be_registered
from toiya.directory.models import Person, Tenant
from toiya.directory.sign_in import set_temporary_password
from toiya.directory.tenants import FirstAdministrator, create_tenant
from toiya.enrolment.details import Problems, tidy
from toiya.enrolment.errors import IncompleteDetails
from toiya.enrolment.work_accounts import problems_with
from toiya.orders.carts import Wanted, start_cart
from toiya.orders.checkout import Purchase, digest_of, place_order
from toiya.orders.errors import CustomerAddedBefore, MarketClosed, PartnershipMissing, SupportNeedsAccess
from toiya.orders.models import Cart, CartLine, Order
from toiya.orders.notices import tell_customer_added
from toiya.orders.reach import lacks_agreement
from toiya.pricing.offers import Chain, Offer, judge, offers_in
from toiya.pricing.promotions import promotions_for
from toiya.programme.models import Country
from toiya.programme.web_mail import plain_domain
from toiya.programme.words import current_programme
from toiya.relations.grants import grant_administration
from toiya.relations.models import Channel, Origin, ResellerRelationship
from toiya.relations.rights import are_partners

GRANT_DAYS = 365
ANSWERS = ("company", "reading", "latin_name", "country", "domain", "name", "contact_email", "user")
REGISTERED = ("registration_number", "contact_phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """What the reseller gets, each by itself (N-15)."""

    roles: Collection[DirectoryRole] = ()
    on_subscriptions: bool = True
    is_support_contact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """Something that the customer has from the first day."""

    availability: Availability
    quantity: int


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """The customer, its first administrator with the temporary password that is shown once (N-14), and the order; or
    the cart in which its lines wait for the customer agreement.
    """

    tenant: Tenant
    administrator: Person
    password: str
    order: Order | None
    cart: Cart | None = None


def problems_of_details(values: Mapping[str, str]) -> Problems:
    """What is wrong with the details, beside each; asked by the wizard's first step and again at the end."""
    answers = as_answers(values)
    found = problems_with(answers, secrets.token_urlsafe(24))
    problems = {name: problem for name, problem in found.items() if name in ANSWERS}
    if "country" not in problems:
        account = _account(answers, {})
        wrong = problems_in_account(account, answers["country"]).get("contact_phone")
        problems |= {"contact_phone": wrong} if wrong else {}
        try:
            _must_be_registered(answers)
        except Refusal as refusal:
            problems.setdefault(refusal.field or "country", str(refusal))
    return problems


def _account(answers: Mapping[str, str], billing: Mapping[str, str]) -> dict[str, str]:
    """What the customer's account begins with: what was told of the billing, and else the administrator."""
    told = {
        "billing_name": answers["company"],
        "contact_name": answers["name"],
        "contact_email": answers["contact_email"],
        "contact_phone": answers["contact_phone"],
        **billing,
    }
    return as_kept(told, answers["country"])


def _must_be_registered(answers: Mapping[str, str]) -> None:
    must_be_registered(
        answers["country"], number=answers["registration_number"], phone=answers["contact_phone"]
    )


def as_answers(values: Mapping[str, str]) -> dict[str, str]:
    """The details in the spelling in which they are kept."""
    answers = {name: tidy(values.get(name) or "") for name in (*ANSWERS, *REGISTERED)}
    answers["domain"] = plain_domain(answers["domain"])
    answers["user"] = answers["user"].lower()
    answers["contact_email"] = answers["contact_email"].lower()
    return answers


@transaction.atomic
def add_customer(
    actor: Actor,
    *,
    values: Mapping[str, str],
    segment: Segment,
    language: str,
    reseller: Tenant | None,
    levers: Levers,
    lines: Sequence[NewLine],
    key: str,
    billing: Mapping[str, str] | None = None,
) -> NewCustomer:
    """Everything or nothing: organisation, account, relationships, access, order. Where orders wait for the customer
    agreement, nobody can have confirmed it yet, and the lines wait in a cart.

    ``billing``: name, address and contact for the invoices (``account_data``); told later where it is None.
    Raises IncompleteDetails, DomainTaken, MarketClosed, PartnershipMissing, SupportNeedsAccess, NothingOrdered, what
    ``must_be_registered`` raises, CustomerAddedBefore for a key that has made a customer, and SecondFactorStale, since
    it makes an account with a password.
    """
    actor.must(Permission.CUSTOMERS_ADD)
    actor.must_be_fresh()
    if lines:
        actor.must(Permission.ORDERS_SUBMIT)
    provider = _once(actor, key)
    if reseller is not None and not are_partners(provider.pk, reseller.pk):
        raise PartnershipMissing(provider=reader_name(provider), reseller=reader_name(reseller))
    if levers.is_support_contact and not (reseller and levers.roles):
        raise SupportNeedsAccess
    answers, account = _checked(values, billing)
    must_sell_in(provider, answers["country"])
    customer = create_tenant(
        family=provider.family,
        name=answers["company"],
        reading=answers["reading"],
        latin_name=answers["latin_name"],
        domain=answers["domain"],
        country=answers["country"],
        language=language,
        administrator=FirstAdministrator(
            user_name=f"{answers['user']}@{answers['domain']}",
            name=answers["name"],
            contact_email=answers["contact_email"],
            password=secrets.token_urlsafe(24),
        ),
    )
    administrator = customer.people.get()
    password = set_temporary_password(administrator)
    administrator.save()
    CustomerAccount.objects.create(
        tenant=customer,
        segment=segment,
        segment_since=actor.now,
        registration_number=answers["registration_number"],
        submission_key=key or None,
        **account,
    )
    parties = [provider, *([reseller] if reseller else [])]
    for party in parties:
        _relate(actor, party, customer)
    record(
        actor,
        AuditAction.ADD_CUSTOMER,
        customer,
        tenant_id=provider.pk,
        counterparty_id=reseller.pk if reseller else None,
        customer_id=customer.pk,
        after={"domain": answers["domain"], "country": answers["country"], "segment": segment.value},
    )
    programme = current_programme()
    until = actor.now + dt.timedelta(days=programme.grant_days if programme else GRANT_DAYS)
    if reseller is not None and levers.roles:
        grant_administration(
            actor,
            tenant=customer,
            grantee=reseller,
            capacity=Capacity.RESELLER,
            roles=levers.roles,
            expires_at=until,
            consented_by_id=actor.person_id,
            invitation_id=None,
            is_founding=True,
        )
    order, cart = None, None
    if lines and lacks_agreement(provider.pk, customer.pk):
        cart = _fill_cart(actor, reseller, customer, levers, lines)
    elif lines:
        order = _order(actor, provider, reseller, customer, levers, lines, key)
    tell_customer_added(actor, customer, administrator, provider, reseller, levers.roles, order)
    return NewCustomer(customer, administrator, password, order, cart)


def _checked(
    values: Mapping[str, str], billing: Mapping[str, str] | None
) -> tuple[dict[str, str], dict[str, str]]:
    """The answers and the account as they are kept."""
    answers, problems = as_answers(values), problems_of_details(values)
    if problems.keys() <= set(REGISTERED):
        _must_be_registered(answers)
    account = {} if "country" in problems else _account(answers, billing or {})
    if billing is not None and account:
        problems |= problems_in_account(account, answers["country"])
    if problems:
        raise IncompleteDetails(problems)
    return answers, account


def _once(actor: Actor, key: str) -> Tenant:
    """The provider that adds, one customer at a time: the second of two clicks waits here for the first."""
    own = Tenant.objects.select_for_update(no_key=True, of=("self",)).select_related("country", "family")
    provider = own.get(pk=actor.tenant_id)
    if key and (added := added_with(actor, key)):
        raise CustomerAddedBefore(customer=added)
    return provider


def added_with(actor: Actor, key: str) -> Tenant | None:
    """The customer that this submission of the actor's organisation has made."""
    made = (
        CustomerAccount.objects.visible_to(actor).filter(submission_key=key).select_related("tenant").first()
    )
    return made.tenant if made else None


def must_sell_in(provider: Tenant, country: str) -> None:
    """Raises MarketClosed for a country outside the provider's sales region, or where the programme is closed."""
    there = Country.objects.get(pk=country)
    if not there.is_open or there.sales_region != provider.country.sales_region:
        raise MarketClosed(found=there.sales_region, expected=provider.country.sales_region, field="country")


def _relate(actor: Actor, party: Tenant, customer: Tenant) -> None:
    made = ResellerRelationship.objects.create(
        partner=party,
        customer=customer,
        **ResellerRelationship.keys_of(customer),
        since=actor.now,
        origin=Origin.ADDED_BY_PROVIDER,
        channel=Channel.PROVIDER,
    )
    record(
        actor,
        AuditAction.CREATE_RESELLER_RELATIONSHIP,
        made,
        tenant_id=party.pk,
        counterparty_id=customer.pk,
        customer_id=customer.pk,
        after={"origin": Origin.ADDED_BY_PROVIDER.value},
    )


def _order(  # noqa: PLR0917  (the parties of a chain)
    actor: Actor,
    provider: Tenant,
    reseller: Tenant | None,
    customer: Tenant,
    levers: Levers,
    lines: Sequence[NewLine],
    key: str,
) -> Order:
    fresh = Tenant.objects.select_related("country").get(pk=customer.pk)
    through = reseller if levers.on_subscriptions else None
    return place_order(
        actor,
        Purchase(
            provider=provider,
            reseller=through,
            customer=fresh,
            lines=as_lines(lines),
            key=key or f"customer:{customer.pk}",
            digest=digest_of(customer.pk, *(f"{line.availability.pk}x{line.quantity}" for line in lines)),
            support_contact=through if levers.is_support_contact else None,
        ),
    )


def _fill_cart(
    actor: Actor, reseller: Tenant | None, customer: Tenant, levers: Levers, lines: Sequence[NewLine]
) -> Cart:
    through = reseller if levers.on_subscriptions else None
    wanted = {
        line.position: Wanted(
            availability=line.availability, quantity=line.quantity, parent_position=line.parent_position
        )
        for line in as_lines(lines)
    }
    support = through if levers.is_support_contact else None
    return start_cart(actor, customer=customer, partner=through, support_contact=support, lines=wanted)


def as_lines(lines: Sequence[NewLine]) -> list[CartLine]:
    """Lines of a basket; an add-on belongs to the first line that may be its parent."""
    needed = prerequisites_of([line.availability.sku_id for line in lines])
    ordered = sorted(lines, key=lambda line: line.availability.sku.kind == SkuKind.ADD_ON)
    made: list[CartLine] = []
    for position, line in enumerate(ordered, start=1):
        parents = {sku.pk for sku in needed.get(line.availability.sku_id, [])}
        parent = next((other.position for other in made if other.availability.sku_id in parents), None)
        made.append(
            CartLine(
                position=position,
                availability=line.availability,
                quantity=line.quantity,
                parent_position=parent if line.availability.sku.kind == SkuKind.ADD_ON else None,
            )
        )
    return made


def customer_to_be(actor: Actor, country: str) -> Tenant:
    """An organisation that is not there yet, as the catalogue and the prices ask for it."""
    return Tenant(
        id=uuid.uuid4(), family_id=actor.family_id, country=Country.objects.get(pk=country), name="–"
    )


def offers_for_new(
    actor: Actor, *, country: str, segment: Segment, reseller: Tenant | None, billing_cycle: str
) -> list[Offer]:
    """What a customer that is not there yet could buy from the actor's organisation (N-27)."""
    provider = Tenant.objects.select_related("country").get(pk=actor.tenant_id)
    there = customer_to_be(actor, country)
    rows = offers_in(country, family_id=actor.family_id, term=None, billing_cycle=billing_cycle)
    skus = {row.sku_id for row in rows}
    needed, promotions = prerequisites_of(skus), promotions_for(skus)
    # An add-on is judged with what it needs; whether that is chosen too is asked when the order is placed.
    together = frozenset(other.pk for others in needed.values() for other in others)
    chain = Chain(provider, reseller, Buyer(there, segment, Holdings({}, together, frozenset())))
    book = chain.book(rows, there.country.local_date(actor.now))
    return [
        judge(
            row,
            chain,
            book,
            needed=needed.get(row.sku_id, []),
            promotions=promotions,
            quantity=row.sku.min_quantity,
        )
        for row in rows
    ]


def reseller_of(actor: Actor, reseller_id: uuid.UUID) -> Tenant:
    """A partner of the actor's organisation. Raises NotVisible."""
    found = Tenant.objects.filter(pk=reseller_id).first()
    if found is None or not are_partners(actor.tenant_id, reseller_id):
        raise NotVisible
    return found

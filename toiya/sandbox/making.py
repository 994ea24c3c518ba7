"""A partner makes its sandbox: an operator with the programme's catalogue, a provider, a reseller and a customer."""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.copying import copy_catalogue
from toiya.core.actor import Actor
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Capacity, DirectoryRole, Permission
from toiya.customers.answers import accept_invitation
from toiya.customers.drafts import with_link
from toiya.customers.relationship_requests import RESELLER_DEFAULT, Wish, invite_for_both
from toiya.customers.sending import send_invitation
from toiya.directory.models import Family, Person, Tenant
from toiya.directory.tenants import FirstAdministrator, create_tenant, vet
from toiya.enrolment.agreements import accept_customer_agreement
from toiya.enrolment.details import example_phone
from toiya.enrolment.providers import ProviderDetails, register_provider
from toiya.pricing.copying import copy_prices
from toiya.pricing.models import PriceBasis
from toiya.pricing.rules import RuleTerms, create_price_rule
from toiya.programme.agreements import agreement_in_force
from toiya.programme.models import AgreementKind
from toiya.relations.models import Channel, Partnership
from toiya.sandbox.errors import NothingToSell, SandboxExists
from toiya.sandbox.models import Sandbox
from toiya.sandbox.people import (
    OpenedAccount,
    OpenedApplication,
    acting,
    become_agent,
    first_account,
    open_application,
)
from toiya.sandbox.resellers import ResellerDetails, add_reseller

USER = "admin"
GRANT_DAYS, VALID_DAYS = 365, 30
PROVIDER_MARGIN = 1000  # hundredths of a percent
NAMES = {
    "operator": (gettext_noop("Sandbox operator"), "さんどぼっくすうんえい"),
    "provider": (gettext_noop("Sandbox provider"), "さんどぼっくすおろし"),
    "reseller": (gettext_noop("Sandbox reseller"), "さんどぼっくすはんばい"),
    "customer": (gettext_noop("Sandbox customer"), "さんどぼっくすこきゃく"),
}


@dataclass(frozen=True, slots=True)
class MadeSandbox:
    """The sandbox, and how people and programs get into it: shown once."""

    sandbox: Sandbox
    accounts: tuple[OpenedAccount, ...]
    applications: tuple[OpenedApplication, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every organisation of one sandbox has in common."""

    family: Family
    owner: Tenant
    mark: str

    def domain(self, part: str) -> str:
        return f"{part}-{self.mark}.{settings.SANDBOX_DOMAIN}"

    def called(self, part: str) -> dict[str, str]:
        """The names: in the owner's language, with reading and Latin letters where the language has others."""
        text, reading = NAMES[part]
        with translation.override(self.owner.language):
            name = _(text)
        return {"name": name, "reading": reading if name != text else "", "latin_name": text}

    def administrator(self) -> str:
        with translation.override(self.owner.language):
            return _("Sandbox administrator")

    def place(self) -> dict[str, str]:
        return {"country": self.owner.country_id, "language": self.owner.language}


@transaction.atomic
def make_sandbox(actor: Actor) -> MadeSandbox:
    """A family of its own, made by the use cases that make real ones. Raises SandboxExists, NothingToSell."""
    actor.must(Permission.SANDBOX_MAKE)
    actor.must_be_fresh()
    owner = lock_owner(actor)
    if Sandbox.objects.live().filter(tenant=owner).exists():
        raise SandboxExists
    made = build(actor, owner)
    record(
        actor,
        AuditAction.MAKE_SANDBOX,
        made.sandbox,
        tenant_id=owner.pk,
        after={"family": str(made.sandbox.family_id)},
    )
    return made


def lock_owner(actor: Actor) -> Tenant:
    """One thing at a time with the sandbox of an organisation: a second click waits, and finds it done."""
    own = Tenant.objects.select_for_update(no_key=True, of=("self",)).select_related("country", "family")
    return own.get(pk=actor.tenant_id)


def build(actor: Actor, owner: Tenant) -> MadeSandbox:
    """Everything new; the caller holds the owner's row, and records."""
    mark = secrets.token_hex(4)
    family = Family.objects.create(name=f"sandbox {owner.domain[:70]} {mark}", is_sandbox=True)
    try:
        with transaction.atomic():
            sandbox = Sandbox.objects.create(
                tenant=owner, family=family, made_at=actor.now, made_by_id=actor.person_id
            )
    except IntegrityError as error:  # two databases agree even where a lock does nothing
        raise SandboxExists from error
    plan = _Plan(family, owner, mark)
    operator = _operator(actor, plan)
    provider = _provider(plan, operator.person)
    reseller = _reseller(plan, provider.person)
    customer = _customer(plan, reseller.person)
    applications = tuple(open_application(account.person) for account in (provider, reseller))
    return MadeSandbox(sandbox, (provider, reseller, customer, operator), applications)


def _found(plan: _Plan, part: str) -> OpenedAccount:
    domain = plan.domain(part)
    tenant = create_tenant(
        family=plan.family,
        domain=domain,
        administrator=FirstAdministrator(
            user_name=f"{USER}@{domain}",
            name=plan.administrator(),
            contact_email=f"{USER}@{domain}",
            password=secrets.token_urlsafe(24),
        ),
        **plan.called(part),
        **plan.place(),
    )
    return first_account(tenant)


def _operator(actor: Actor, plan: _Plan) -> OpenedAccount:
    held = Tenant.objects.filter(family_id=plan.owner.family_id)
    source = held.filter(tenant_capacities__capacity=Capacity.OPERATOR).order_by("created_at").first()
    if source is None:
        raise NothingToSell
    account = _found(plan, "operator")
    vet(account.person.tenant, Capacity.OPERATOR, acting(account.person))
    manager = acting(account.person)
    copies = copy_catalogue(manager, source=source)
    is_provider = Capacity.PROVIDER in actor.capacities | actor.suspended
    copy_prices(manager, source=source, copies=copies, knows_cost=is_provider)
    return account


def _provider(plan: _Plan, manager: Person) -> OpenedAccount:
    domain = plan.domain("provider")
    registered = register_provider(
        acting(manager),
        details=ProviderDetails(
            domain=domain,
            administrator_name=plan.administrator(),
            administrator_user=USER,
            administrator_email=f"{USER}@{domain}",
            phone=example_phone(plan.owner.country_id),
            website=f"https://{domain}/",
            **plan.called("provider"),
            **plan.place(),
        ),
    )
    become_agent(registered.administrator)
    _price(registered.administrator, Capacity.PROVIDER, PriceBasis.COST, PROVIDER_MARGIN)
    return OpenedAccount(registered.administrator, registered.temporary_password)


def _reseller(plan: _Plan, seller: Person) -> OpenedAccount:
    domain = plan.domain("reseller")
    added = add_reseller(
        acting(seller),
        details=ResellerDetails(
            domain=domain,
            membership_id=f"SB-{plan.mark}",
            administrator_user=USER,
            administrator_name=plan.administrator(),
            administrator_email=f"{USER}@{domain}",
            contact_phone=example_phone(plan.owner.country_id),
            **plan.called("reseller"),
            **plan.place(),
        ),
    )
    _price(added.account.person, Capacity.RESELLER, PriceBasis.RETAIL, 0)
    return added.account


def _price(seller: Person, sells_as: Capacity, basis: PriceBasis, percent: int) -> None:
    """Something to buy at: one rule for everything, to be changed like any other."""
    actor = acting(seller)
    create_price_rule(
        actor,
        terms=RuleTerms(
            sells_as=sells_as,
            basis=basis,
            percent=percent,
            currency=seller.tenant.country.currency,
            valid_from=actor.now.date(),
        ),
    )


def _customer(plan: _Plan, seller: Person) -> OpenedAccount:
    """By an invitation of reseller and provider together, which the customer accepts, as it does the customer
    agreement: orders for it need nothing more.
    """
    account = _found(plan, "customer")
    domain = plan.domain("customer")
    invitation = invite_for_both(
        acting(seller),
        partnership=Partnership.objects.live().get(reseller=seller.tenant),
        wish=Wish(
            language=plan.owner.language,
            channel=Channel.OWN_MARKETING,
            grant_days=GRANT_DAYS,
            valid_days=VALID_DAYS,
            roles={Capacity.RESELLER: frozenset(RESELLER_DEFAULT)},
            customer_name=account.person.tenant.name,
            email=account.person.contact_email,
            named_domain=domain,
        ),
    )
    send_invitation(
        acting(seller), invitation=invitation, text=with_link(invitation), email=account.person.contact_email
    )
    invitation.refresh_from_db()
    accept_invitation(
        acting(account.person),
        token=link_token(Purpose.RELATIONSHIP_INVITATION, invitation.pk, invitation.version),
        consent={
            party.pk: [DirectoryRole(row.role) for row in invitation.requested_roles.filter(grantee=party)]
            for party in invitation.parties
        },
        agreed=True,
    )
    agreement = agreement_in_force(AgreementKind.CUSTOMER)
    if agreement is not None:
        accept_customer_agreement(acting(account.person), version=agreement.version)
    return account

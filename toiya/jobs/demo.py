"""The demo's story so far: every company came in through the same use cases that its pages call."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import transaction

from toiya.billing.issuing import bill_family, next_month_end
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.customers.agreements import confirm_customer_agreement
from toiya.customers.answers import accept_invitation as accept_relationship
from toiya.customers.drafts import with_link
from toiya.customers.relationship_requests import Wish, invite_for_both, request_relationship
from toiya.customers.relationships import relationship_with
from toiya.customers.sending import send_invitation as send_relationship_invitation
from toiya.directory.actors import actor_for, person_for_request
from toiya.directory.demo import DEMO_PASSWORD, equip_demo_person
from toiya.directory.family_clock import move_clock, start_clock, stop_clock
from toiya.directory.founding import OperatorDetails, found_operator
from toiya.directory.models import Domain, Family, Person, Tenant
from toiya.directory.people import add_person, assign_roles
from toiya.directory.setup import finish_setup
from toiya.directory.tenants import FirstAdministrator, create_tenant
from toiya.enrolment.details import Section
from toiya.enrolment.drafts import save_details, start_application
from toiya.enrolment.models import Application, CheckKind
from toiya.enrolment.profiles import choose_profile
from toiya.enrolment.providers import ProviderDetails, register_provider
from toiya.enrolment.review import approve_application, record_check
from toiya.enrolment.submission import submit_application
from toiya.enrolment.verification import LINK_VERSION, confirm_contact
from toiya.jobs.demo_cast import (
    AGREEMENT,
    AOBA,
    AOBA_PEOPLE,
    COUNTRIES,
    CUSTOMER_AGREEMENT,
    CUSTOMERS,
    HIBARI,
    HINODE,
    KAWASE,
    KAWASE_PROFILE,
    MEMBERSHIP_LOGIN,
    OLDER_CUSTOMERS,
    OPERATOR_DOMAIN,
    PROVIDERS,
    WORDS,
    YAMABUKI,
    YAMABUKI_PROFILES,
    Company,
    CustomerCompany,
    ProviderCompany,
)
from toiya.jobs.demo_devices import equip
from toiya.jobs.demo_orders import leave_open, let_small_requests_pass, order_first, use_seats
from toiya.jobs.demo_programs import listen, register_orders_program
from toiya.jobs.demo_sandbox import play
from toiya.jobs.demo_shop import (
    announce_promotions,
    price_for_customers,
    price_for_resellers,
    publish_prices,
    stock_shop,
)
from toiya.membership.models import ProviderEntry
from toiya.membership.provider_entry import FACETS, approve_provider_entry, propose_provider_entry
from toiya.membership.registration import register_membership
from toiya.partnerships.acceptance import accept_invitation as accept_partnership
from toiya.partnerships.invitations import invite_reseller
from toiya.partnerships.invitations import send_invitation as send_partner_invitation
from toiya.programme.agreements import agreement_in_force, publish_agreement
from toiya.programme.countries import set_country
from toiya.programme.models import AgreementKind, Programme
from toiya.programme.words import update_programme
from toiya.relations.grants import LEAST_PRIVILEGE
from toiya.relations.models import Partnership
from toiya.relations.older import register_older_relationship

BEGUN_DAYS_AGO = 90
ENROLLED_DAYS_AGO = 60
PARTNERS_DAYS_AGO = 50
DAY = dt.timedelta(days=1)
MORNING_IN_TOKYO = 1  # in UTC


def is_seeded() -> bool:
    """Whether the demo's operator is there."""
    return Domain.objects.filter(name=OPERATOR_DOMAIN).exists()


def somebody_else_is_here() -> bool:
    """Whether the database is set up, but not as the demo: nobody's codes may be shown then."""
    return Programme.objects.exists() and not is_seeded()


@transaction.atomic
def seed_demo() -> None:
    """The whole story, or nothing of it."""
    founded = found_operator(
        OperatorDetails(
            name="ツバメ クラウド",
            reading="つばめくらうど",
            latin_name="Tsubame Cloud",
            domain=OPERATOR_DOMAIN,
            country="JP",
            language="ja",
            administrator_name="高橋 蓮",
            administrator_email=f"ren@mail.{OPERATOR_DOMAIN}",
            user="ren",
        )
    )
    ren, family = founded.administrator, founded.operator.family
    equip_demo_person(ren)
    begun = (real_now() - BEGUN_DAYS_AGO * DAY).replace(hour=MORNING_IN_TOKYO, minute=5)
    stop_clock(family, at=begun)
    _set_programme(ren)
    _open_shop(ren)
    for company in PROVIDERS:
        _bring_provider(ren, company)
    _advance(family, begun, ENROLLED_DAYS_AGO)
    _enrol_kawase(family, ren)
    _advance(family, begun, PARTNERS_DAYS_AGO)
    _make_partners()
    listen(_as(_chief(KAWASE)))
    price_for_resellers(_as(_chief(HINODE)), today=_today(_as(ren)), buyer=KAWASE.domain)
    price_for_customers(_as(_chief(KAWASE)), today=_today(_as(ren)))
    for customer in CUSTOMERS:
        _advance(family, begun, customer.won_days_ago)
        _win(family, customer)
        _sell(customer)
    _advance(family, begun, 5)
    _announce_prices(ren)
    _prepare_newcomer(family, ren)
    _leave_open()
    _leave_selling_open()
    start_clock(family, real=True)
    register_orders_program(_as(_chief(KAWASE)))
    play(_as(_chief(KAWASE)))


def _advance(family: Family, begun: dt.datetime, days_ago: int) -> None:
    """Business goes on until so many days before today; whenever a month is over, the operator's invoices go out."""
    family.refresh_from_db()
    until = begun + (BEGUN_DAYS_AGO - days_ago) * DAY
    while (over := next_month_end(family)) is not None and over <= until:
        _move_to(family, over)
        bill_family(family)
    _move_to(family, until)


def _move_to(family: Family, moment: dt.datetime) -> None:
    move_clock(family, by=moment - family.clock.now())
    family.refresh_from_db()


def _as(person: Person) -> Actor:
    fresh = person_for_request(person.pk)
    if fresh is None:
        raise LookupError(person.user_name)
    return actor_for(fresh, language=fresh.language, second_factor_at=real_now())


def _chief(company: Company) -> Person:
    chief: Person = Person.objects.get(user_name=f"{company.user}@{company.domain}")
    return chief


def _become_agent(person: Person) -> None:
    assign_roles(_as(person), person=person, roles=person.roles | {Role.ADMIN_AGENT})
    finish_setup(_as(person))


def _hire(chief: Person, local_part: str, name: str, *roles: Role) -> None:
    domain = chief.user_name.split("@", 1)[1]
    hired = add_person(
        _as(chief),
        name=name,
        contact_email=f"{local_part}@mail.{domain}",
        local_part=local_part,
        domain=domain,
        roles=frozenset(roles),
        language=chief.language,
    )
    equip_demo_person(hired.person)


def _today(actor: Actor) -> dt.date:
    return actor.now.date()


# ---------------------------------------------------------------- the operator and its providers
def _open_shop(ren: Person) -> None:
    """The catalogue, and the price list that has been in force since the month began."""
    stock_shop(_as(ren))
    publish_prices(_as(ren), valid_from=_today(_as(ren)).replace(day=1), changes=False)
    announce_promotions(_as(ren), today=_today(_as(ren)))


def _announce_prices(ren: Person) -> None:
    """Next month's prices can be looked at now (N-33); Kawase has a faithful customer by then."""
    following = (_today(_as(ren)).replace(day=1) + 62 * DAY).replace(day=1)
    soon = _today(_as(ren)) + 25 * DAY
    publish_prices(_as(ren), valid_from=min(following, soon), changes=True)
    price_for_customers(_as(_chief(KAWASE)), today=_today(_as(ren)), buyer=AOBA.domain)


def _set_programme(ren: Person) -> None:
    update_programme(_as(ren), settings=WORDS)
    for code, currency, region, tax in COUNTRIES:
        set_country(
            _as(ren), code=code, currency=currency, sales_region=region, is_open=True, tax_basis_points=tax
        )
    publish_agreement(_as(ren), kind=AgreementKind.RESELLER, **AGREEMENT)
    publish_agreement(_as(ren), kind=AgreementKind.CUSTOMER, **CUSTOMER_AGREEMENT)
    _hire(ren, "aki", "佐々木 晶", Role.REVIEWER)


def _bring_provider(ren: Person, company: ProviderCompany) -> None:
    registered = register_provider(
        _as(ren),
        details=ProviderDetails(
            name=company.name,
            reading=company.reading,
            latin_name=company.latin_name,
            domain=company.domain,
            country=company.country,
            language=company.language,
            administrator_name=company.person,
            administrator_user=company.user,
            administrator_email=company.email,
            phone=company.phone,
            website=f"https://{company.domain}/",
        ),
    )
    chief = registered.administrator
    equip_demo_person(chief)
    _become_agent(chief)
    entry = ProviderEntry.objects.get(tenant=registered.tenant)
    entry = propose_provider_entry(_as(chief), version=entry.version, values=_entry(company))
    approve_provider_entry(_as(ren), tenant_id=registered.tenant.pk, version=entry.version)
    if company is HINODE:
        _hire(chief, "sora", "伊藤 空", Role.SALES_AGENT)
        _hire(chief, "rin", "清水 凛", Role.BILLING_ADMIN)


def _entry(company: ProviderCompany) -> Mapping[str, object]:
    offered = {facet: getattr(company, facet) for facet in FACETS}
    words = {
        "technical_support": ("平日 9 時から 18 時、電話とメール", "Weekdays 9:00 to 18:00, phone and mail"),
        "marketing_help": ("共同セミナーと販促資料", "Joint seminars and marketing material"),
        "financing": ("月末締め翌月末払い", "Payment at the end of the following month"),
    }
    said = {
        f"{facet}_{language}": words[facet][position] if offered[facet] else ""
        for facet in FACETS
        for position, language in enumerate(("ja", "en"))
    }
    return {
        "summary_ja": company.summary_ja,
        "summary_en": company.summary_en,
        "website": f"https://{company.domain}/",
        "websites": "",
        "logo": "",
        "contact_email": f"partners@{company.domain}",
        "contact_phone": company.phone,
        "languages": company.languages,
        "support_hours_ja": "平日 9:00-18:00",
        "support_hours_en": "Weekdays 9:00-18:00",
        **offered,
        **said,
        "onboarding_days": company.onboarding_days,
        "countries": sorted(company.countries),
    }


# ---------------------------------------------------------------- a reseller that is at work already
def _found(family: Family, company: Company) -> Tenant:
    tenant = create_tenant(
        family=Family.objects.get(pk=family.pk),
        name=company.name,
        reading=company.reading,
        latin_name=company.latin_name,
        domain=company.domain,
        country=company.country,
        language=company.language,
        administrator=FirstAdministrator(
            user_name=f"{company.user}@{company.domain}",
            name=company.person,
            contact_email=company.email,
            password=DEMO_PASSWORD,
        ),
    )
    equip_demo_person(_chief(company))
    return tenant


def _enrol_kawase(family: Family, ren: Person) -> None:
    _found(family, KAWASE)
    kai = _chief(KAWASE)
    login = register_membership(
        user_name="kai.watanabe", password=DEMO_PASSWORD, name=KAWASE.person, profiles=[KAWASE_PROFILE]
    )
    application = start_application(_as(kai))
    application = choose_profile(_as(kai), application=application, login=login, profile=login.profiles.get())
    for section, values in _answers(application):
        application = save_details(_as(kai), application=application, section=section, values=values)
    submit_application(
        _as(kai), application=application, seen_version=application.version, agreement_version=1
    )
    asked = application.verifications.get()
    application = confirm_contact(token=link_token(Purpose.CONTACT_VERIFICATION, asked.pk, LINK_VERSION))
    for kind, evidence in (
        (CheckKind.ORGANIZATION, "登記簿と会員記録の名称・住所が一致"),
        (CheckKind.AUTHORITY, "代表番号へ電話し、担当者の在籍と権限を確認"),
    ):
        record_check(_as(ren), application=application, kind=kind, passed=True, evidence=evidence)
    approve_application(_as(ren), application=application)
    finish_setup(_as(kai))
    _hire(kai, "nao", "中村 直", Role.HELPDESK_AGENT)


def _answers(application: Application) -> Iterable[tuple[Section, dict[str, str]]]:
    kept = {name: getattr(application, name) for name in Section.LEGAL_PROFILE.value}
    yield Section.LEGAL_PROFILE, kept
    yield (
        Section.CONTACT,
        {
            "contact_name": KAWASE.person,
            "contact_email": KAWASE.email,
            "contact_phone": KAWASE.phone,
            "contact_language": "ja",
        },
    )
    yield (
        Section.SUPPORT,
        {
            "support_website": f"https://{KAWASE.domain}/support/",
            "support_email": f"support@{KAWASE.domain}",
            "support_phone": KAWASE.phone,
        },
    )


# ---------------------------------------------------------------- partners and customers
def _make_partners() -> None:
    mei, kai = _chief(HINODE), _chief(KAWASE)
    invitation = invite_reseller(
        _as(mei), language="ja", email=KAWASE.email, named_domain=KAWASE.domain, roles=LEAST_PRIVILEGE
    )
    send_partner_invitation(_as(mei), invitation=invitation, email=KAWASE.email)
    accept_partnership(
        _as(kai), invitation=invitation, version=invitation.version, roles=invitation.directory_roles
    )


def _win(family: Family, company: CustomerCompany) -> None:
    _found(family, company)
    kai, chief = _chief(KAWASE), _chief(company)
    wish = Wish(
        language="ja",
        channel=company.channel,
        grant_days=365,
        valid_days=30,
        roles={
            Capacity.RESELLER: frozenset(
                {DirectoryRole.USER_ADMINISTRATOR, DirectoryRole.LICENSE_ADMINISTRATOR}
            )
        },
        customer_name=company.name,
        email=company.email,
        named_domain=company.domain,
    )
    if company.together:
        invitation = invite_for_both(_as(kai), partnership=Partnership.objects.live().get(), wish=wish)
    else:
        invitation = request_relationship(_as(kai), capacity=Capacity.RESELLER, wish=wish)
    send_relationship_invitation(
        _as(kai), invitation=invitation, text=with_link(invitation), email=company.email
    )
    invitation.refresh_from_db()
    accept_relationship(
        _as(chief),
        token=link_token(Purpose.RELATIONSHIP_INVITATION, invitation.pk, invitation.version),
        consent={
            party.pk: [DirectoryRole(row.role) for row in invitation.requested_roles.filter(grantee=party)]
            for party in invitation.parties
        },
        agreed=True,
    )
    if company is AOBA:
        for local_part, name in AOBA_PEOPLE:
            _hire(chief, local_part, name)


def _sell(company: CustomerCompany) -> None:
    """Kai asks Mei for the customer's first subscriptions, and gives the people of Aoba their licences."""
    customer = _chief(company).tenant
    if company.together:
        _confirm_agreement(_as(_chief(HINODE)), company, customer)
    order_first(_as(_chief(KAWASE)), _as(_chief(HINODE)), customer=customer)
    if company is AOBA:
        users = tuple(f"{local_part}@{company.domain}" for local_part, _name in AOBA_PEOPLE)
        use_seats(_as(_chief(KAWASE)), customer=customer, user_names=users)
        equip(_as(_chief(KAWASE)), customer=customer)


def _confirm_agreement(provider: Actor, company: CustomerCompany, customer: Tenant) -> None:
    """Mei answers for it that the customer has accepted the customer agreement; orders wait for that."""
    version = agreement_in_force(AgreementKind.CUSTOMER)
    confirm_customer_agreement(
        provider,
        relationship=relationship_with(provider, customer.pk),
        agreement_id=version.pk if version else None,
        agreed_at=provider.now,
        contact_name=company.person,
        contact_email=company.email,
        contact_phone="",
    )


def _leave_selling_open() -> None:
    """Small requests pass by themselves; a larger one waits for Mei, and Emi waits for Kai."""
    mei, kai, emi = _chief(HINODE), _chief(KAWASE), _chief(AOBA)
    let_small_requests_pass(_as(mei), Partnership.objects.live().get())
    leave_open(_as(kai), _as(emi), customer=emi.tenant, provider=mei.tenant)


# ---------------------------------------------------------------- what the newcomer will do
def _prepare_newcomer(family: Family, ren: Person) -> None:
    """Yamabuki has a work account and memberships, and is about to enrol."""
    _found(family, YAMABUKI)
    register_membership(
        user_name=MEMBERSHIP_LOGIN, password=DEMO_PASSWORD, name=YAMABUKI.person, profiles=YAMABUKI_PROFILES
    )
    for company, portal in OLDER_CUSTOMERS:
        _found(family, company)
        register_older_relationship(
            _as(ren),
            partner_domain=YAMABUKI.domain,
            customer_domain=company.domain,
            portal=portal,
            since=dt.date(2023, 4, 1),
        )
    _found(family, HIBARI)


def _leave_open() -> None:
    """Kawase has just asked Hibari, who has not answered yet."""
    kai = _chief(KAWASE)
    wish = Wish(
        language="ja",
        channel=CUSTOMERS[0].channel,
        grant_days=365,
        valid_days=30,
        roles={Capacity.RESELLER: frozenset({DirectoryRole.LICENSE_ADMINISTRATOR})},
        customer_name=HIBARI.name,
        email=HIBARI.email,
        named_domain=HIBARI.domain,
    )
    invitation = invite_for_both(_as(kai), partnership=Partnership.objects.live().get(), wish=wish)
    send_relationship_invitation(
        _as(kai), invitation=invitation, text=with_link(invitation), email=HIBARI.email
    )

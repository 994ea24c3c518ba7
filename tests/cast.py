"""The people of every story.

Hinode (indirect provider): Mei, global administrator and admin agent; Sora, sales agent.
Kawase (indirect reseller): Kai, global administrator and admin agent; Nao, helpdesk agent; Riku, no role at all.
Aoba (customer): Emi, global administrator; Taro, an ordinary user.
Yamabuki (another reseller, the outsider): Yui, global administrator and admin agent.
Midori (another provider): Jun, global administrator and admin agent.
Operator: Ren, global administrator and reviewer; Aki, reviewer.
"""

import datetime as dt
import functools
import pickle
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.test import Client

from tests.repeat import Statement, recorded, repeat
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.core.text import search_key, sort_key
from toiya.customers.models import CustomerAccount
from toiya.directory.actors import actor_for, bystander_for, person_for_request
from toiya.directory.models import Domain, Family, Person, Tenant
from toiya.directory.tenants import hold_role, vet
from toiya.membership.models import PartnerProfile, ProviderEntry
from toiya.programme.models import Agreement, AgreementKind, Country, Programme, WebMailDomain
from toiya.relations.models import Channel, Origin, Partnership, ResellerRelationship

PASSWORD = "correct horse battery staple"


def day_in_japan() -> dt.date:
    """Today where the stories happen; for nine hours of each day that is tomorrow's date of UTC."""
    return real_now().astimezone(ZoneInfo("Asia/Tokyo")).date()


@functools.cache
def _hash() -> str:
    return make_password(PASSWORD)


def hire(tenant: Tenant, name: str, *roles: Role, language: str = "ja") -> Person:
    """A person of the tenant, with a known password and these roles."""
    person: Person = Person.objects.create(
        tenant=tenant,
        user_name=f"{name.lower()}@{tenant.domain}",
        name=name,
        contact_email=f"{name.lower()}@mail.{tenant.domain}",
        language=language,
        password=_hash(),
        created_at=tenant.created_at,
    )
    for role in roles:
        hold_role(person, role, bystander_for(tenant, kind="test"))
    return person


def found(
    family: Family, name: str, domain: str, *capacities: Capacity, country: str = "JP", reading: str = ""
) -> Tenant:
    """An organisation, vetted in these capacities."""
    tenant = Tenant.objects.create(
        family=family,
        name=name,
        reading=reading,
        country_id=country,
        search_key=search_key(name, reading, domain),
        sort_key=sort_key(name, reading),
        created_at=real_now(),
    )
    Domain.objects.create(tenant=tenant, name=domain, is_primary=True, verified_at=tenant.created_at)
    for capacity in capacities:
        vet(tenant, capacity, bystander_for(tenant, kind="test"))
    return tenant


@dataclass(frozen=True)
class Cast:
    """Everybody, and the organisations they work for."""

    family: Family
    operator: Tenant
    hinode: Tenant
    kawase: Tenant
    aoba: Tenant
    yamabuki: Tenant
    midori: Tenant
    ren: Person
    aki: Person
    mei: Person
    sora: Person
    kai: Person
    nao: Person
    riku: Person
    emi: Person
    taro: Person
    yui: Person
    jun: Person


def build_programme() -> None:
    """The operator's settings, as the stories expect them."""
    for code, currency, region in (("JP", "JPY", "Japan"), ("US", "USD", "Americas"), ("KR", "KRW", "Asia")):
        Country.objects.get_or_create(code=code, defaults={"currency": currency, "sales_region": region})
    Programme.objects.get_or_create(
        id=1,
        defaults={
            "name_ja": "ツバメ クラウド パートナー プログラム",
            "name_en": "Tsubame Cloud Partner Programme",
            "operator_name_ja": "ツバメ クラウド",
            "operator_name_en": "Tsubame Cloud",
            "membership_id_ja": "メンバーシップ ID",
            "membership_id_en": "membership ID",
            "membership_site_ja": "メンバーシップ サイト",
            "membership_site_en": "membership site",
            "support_email": "support@tsubame.example",
        },
    )
    for name in ("gmail.com", "yahoo.co.jp", "icloud.com", "aol.com", "outlook.com"):
        WebMailDomain.objects.get_or_create(name=name)
    Agreement.objects.get_or_create(
        kind=AgreementKind.RESELLER,
        version=1,
        defaults={
            "title_ja": "間接リセラー契約",
            "title_en": "Indirect reseller agreement",
            "text_ja": "この契約は、間接リセラーの権利と義務を定めます。",
            "text_en": "This agreement sets out the rights and duties of an indirect reseller.",
            "published_at": real_now(),
        },
    )


def build_cast() -> Cast:
    """Everybody in place, nobody related to anybody yet."""
    build_programme()
    family = Family.objects.create(name="production")
    operator = found(
        family, "ツバメ クラウド", "tsubame.example", Capacity.OPERATOR, reading="つばめくらうど"
    )
    hinode = found(family, "ヒノデ商事", "hinode.example", Capacity.PROVIDER, reading="ひのでしょうじ")
    kawase = found(
        family, "カワセシステムズ", "kawase.example", Capacity.RESELLER, reading="かわせしすてむず"
    )
    aoba = found(family, "アオバ工業", "aoba.example", reading="あおばこうぎょう")
    yamabuki = found(
        family, "ヤマブキ情報", "yamabuki.example", Capacity.RESELLER, reading="やまぶきじょうほう"
    )
    midori = found(family, "ミドリ流通", "midori.example", Capacity.PROVIDER, reading="みどりりゅうつう")
    for provider in (hinode, midori):
        entry = ProviderEntry.objects.create(
            tenant=provider,
            website=f"https://{provider.domain}/",
            contact_email=f"partners@{provider.domain}",
            contact_phone="+81 3-1234-5678",
            technical_support=True,
            approved_at=real_now(),
        )
        entry.countries.add(Country.objects.get(code="JP"))
    for reseller in (kawase, yamabuki):
        PartnerProfile.objects.create(
            tenant=reseller,
            legal_name=reseller.name,
            contact_name="担当者",
            contact_email=f"contact@{reseller.domain}",
            contact_phone="+81 3-1234-5678",
        )
    return Cast(
        family=family,
        operator=operator,
        hinode=hinode,
        kawase=kawase,
        aoba=aoba,
        yamabuki=yamabuki,
        midori=midori,
        ren=hire(operator, "Ren", Role.GLOBAL_ADMIN, Role.REVIEWER),
        aki=hire(operator, "Aki", Role.REVIEWER),
        mei=hire(hinode, "Mei", Role.GLOBAL_ADMIN, Role.ADMIN_AGENT),
        sora=hire(hinode, "Sora", Role.SALES_AGENT),
        kai=hire(kawase, "Kai", Role.GLOBAL_ADMIN, Role.ADMIN_AGENT),
        nao=hire(kawase, "Nao", Role.HELPDESK_AGENT),
        riku=hire(kawase, "Riku"),
        emi=hire(aoba, "Emi", Role.GLOBAL_ADMIN),
        taro=hire(aoba, "Taro"),
        yui=hire(yamabuki, "Yui", Role.GLOBAL_ADMIN, Role.ADMIN_AGENT),
        jun=hire(midori, "Jun", Role.GLOBAL_ADMIN, Role.ADMIN_AGENT),
    )


_rehearsed: list[tuple[dt.datetime, list[Statement], bytes]] = []
FRESH = dt.timedelta(minutes=20)


def cast_in_place() -> Cast:
    """As ``build_cast`` on an empty database, but built once in a while and then repeated: nearly every test asks."""
    now = real_now()
    if _rehearsed and abs(now - _rehearsed[0][0]) < FRESH and not Programme.objects.exists():
        repeat(_rehearsed[0][1])
        again: Cast = pickle.loads(_rehearsed[0][2])  # noqa: S301 (made below)
        return again
    built: list[Cast] = []
    was_empty = not Programme.objects.exists()
    statements = recorded(lambda: built.append(build_cast()))
    if was_empty:
        _rehearsed[:] = [(now, statements, pickle.dumps(built[0]))]
    return built[0]


def partner(provider: Tenant, reseller: Tenant) -> Partnership:
    """The two are partners already."""
    return Partnership.objects.create(
        provider=provider, reseller=reseller, since=real_now(), confirmed_at=real_now()
    )


def relate(partner_: Tenant, customer: Tenant) -> ResellerRelationship:
    """The partner serves the customer already; the customer has its account (S-077)."""
    CustomerAccount.objects.get_or_create(tenant=customer)
    return ResellerRelationship.objects.create(
        partner=partner_,
        customer=customer,
        **ResellerRelationship.keys_of(customer),
        since=real_now(),
        origin=Origin.INVITATION,
        channel=Channel.OWN_MARKETING,
    )


def actor_of(person: Person, *, second_factor_at: dt.datetime | None = None) -> Actor:
    """The person as an actor of this moment, with a fresh second factor unless told otherwise."""
    fresh = person_for_request(person.pk)
    assert fresh is not None
    return actor_for(fresh, language="en", second_factor_at=second_factor_at or real_now())


def browser_of(
    person: Person, *, second_factor: bool = True, language: str = "en", age: dt.timedelta = dt.timedelta()
) -> Client:
    """A browser in which the person has signed in; ``age`` is how long ago the second factor was given."""
    client = Client()
    client.force_login(person)
    client.cookies["toiya-language"] = language
    if second_factor:
        session = client.session
        at = (real_now() - age).timestamp()
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": at, "type": "totp"}]
        session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(person.pk)
        session.save()
    return client


def stranger(*, language: str = "en") -> Client:
    """A browser in which nobody has signed in."""
    client = Client()
    client.cookies["toiya-language"] = language
    return client

"""Synthetic data of a given size: to see how the pages behave with a million customers (``toiya load``).

One provider that serves every customer, resellers that serve one in ten each, and a few subscriptions, orders and
users of each, in a family of their own. The customers go in by COPY on PostgreSQL and in batches on SQLite; what hangs
on them is made inside the database. What is made here has no history: no events, no log, no mails.
"""

import datetime as dt
import itertools
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from django.db.models import OuterRef, Subquery, Value, Window
from django.db.models.functions import Left, RowNumber, StrIndex

from toiya.catalogue.models import Availability, Category, Product, Sku, SkuKind
from toiya.core.clock import real_now
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity, Role
from toiya.core.terms import BillingCycle, Segment, Term, add_months
from toiya.core.text import search_key, sort_key
from toiya.customers.models import CustomerAccount
from toiya.directory.actors import bystander_for
from toiya.directory.models import Domain, Family, Person, Tenant
from toiya.directory.tenants import hold_role, vet
from toiya.fulfilment.models import Connector, ConnectorKind
from toiya.orders.models import NumberSeries, Order, OrderLine, OrderLineState, OrderState, Series
from toiya.programme.models import Country
from toiya.relations.models import Channel, Origin, Partnership, ResellerRelationship
from toiya.subscriptions.models import Subscription, SubscriptionState

BATCH = 2_000
Progress = Callable[[str], None]
Changes = Mapping[str, object]
# Parts of names with their readings; their products give hundreds of thousands of different ones.
FIRST = (
    "山田 やまだ|山本 やまもと|川瀬 かわせ|川上 かわかみ|青葉 あおば|青木 あおき|"
    "日野 ひの|鈴木 すずき|佐藤 さとう|高橋 たかはし|田中 たなか|伊藤 いとう|"
    "渡辺 わたなべ|中村 なかむら|小林 こばやし|加藤 かとう|吉田 よしだ|松本 まつもと|"
    "井上 いのうえ|木村 きむら|林 はやし|清水 しみず|森 もり|池田 いけだ|"
    "橋本 はしもと|阿部 あべ|石川 いしかわ|前田 まえだ|藤田 ふじた|後藤 ごとう|"
    "岡田 おかだ|長谷 はせ|村上 むらかみ|近藤 こんどう|石井 いしい|坂本 さかもと|"
    "遠藤 えんどう|西村 にしむら|福田 ふくだ|太田 おおた|三浦 みうら|藤井 ふじい|"
    "岡本 おかもと|松田 まつだ|中川 なかがわ|中野 なかの|原田 はらだ|小川 おがわ|"
    "竹内 たけうち|金子 かねこ"
)
SECOND = (
    "東 ひがし|西 にし|南 みなみ|北 きた|中央 ちゅうおう|新 しん|"
    "第一 だいいち|第二 だいに|大和 やまと|富士 ふじ|桜 さくら|光 ひかり|"
    "緑 みどり|星 ほし|海 うみ|空 そら|泉 いずみ|曙 あけぼの|"
    "旭 あさひ|暁 あかつき"
)
TRADE = (
    "工業 こうぎょう|商事 しょうじ|食品 しょくひん|建設 けんせつ|印刷 いんさつ|運輸 うんゆ|"
    "電機 でんき|化学 かがく|製薬 せいやく|通信 つうしん|不動産 ふどうさん|設計 せっけい|"
    "病院 びょういん|学園 がくえん|銀行 ぎんこう"
)
LATIN = (
    "Kamome",
    "Orion",
    "Tanuki",
    "Sakura",
    "Fuji",
    "Hikari",
    "Midori",
    "Akebono",
    "Asahi",
    "Izumi",
    "Namba",
)
RARE, RARE_READING, PLANTED = "雲雀", "ひばり", 60
RESOLD = 10
DAYS, MOMENTS_A_DAY = 360, 24


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was made, and who may look at it."""

    family: Family
    provider: Tenant
    resellers: Sequence[Tenant]
    agent: Person
    offer: Availability
    customers: int
    subscriptions: int


def load(
    *,
    customers: int,
    subscriptions_each: int,
    orders_each: int = 0,
    resellers: int = 1,
    with_users: bool = False,
    seed: int = 1,
    tell: Progress = lambda _text: None,
) -> Loaded:
    """Make so many customers with so many subscriptions and orders each. The same seed makes the same names.

    Each of at most ten resellers serves one customer in ten. ``with_users``: each customer has one user and an account.
    """
    chance = random.Random(seed)  # noqa: S311  (synthetic names)
    with transaction.atomic():
        family, provider, partners, agent, offer = _base(resellers)
    with _Fast() as fast:
        tell(f"{customers} customers")
        like, domain = _tenant(family, "", "", "", "")
        domains: list[tuple[uuid.UUID, str]] = []
        start = Domain.objects.count()
        fast.insert(like, _customers(customers, start, chance, domains))
        fast.insert(domain, ({"tenant_id": pk, "name": name} for pk, name in domains))
        tell("relationships")
        others = [provider.pk, offer.tenant_id, *(partner.pk for partner in partners)]
        resold = [(partner, f"place %% {RESOLD} = {place}") for place, partner in enumerate(partners)]
        chains = [(None, f"place %% {RESOLD} >= {len(partners)}"), *resold]
        with _places(family, others, real_now()):
            fast.derive(_relationship(provider, like), KEYS, "place > 0")
            for partner, condition in resold:
                fast.derive(_relationship(partner, like), KEYS, condition)
            tell(f"{customers * subscriptions_each} subscriptions")
            for turn in range(subscriptions_each):
                for through, condition in chains:
                    fast.derive(_subscription(provider, through, like, offer), _terms(turn), condition)
            tell(f"{customers * orders_each} orders")
            for turn in range(orders_each):
                for through, condition in chains:
                    fast.derive(
                        _order(provider, through, like, offer), _numbers(turn, orders_each), condition
                    )
            if orders_each:
                fast.derive(_line_of_order(provider, offer), LINES, "place > 0")
                last = (customers + 1) * orders_each
                NumberSeries.objects.create(tenant=provider, series=Series.ORDER, last=last)
            if with_users:
                fast.derive(_user(like), USERS, "place > 0")
                fast.derive(_account(like), ACCOUNTS, "place > 0")
    return Loaded(family, provider, partners, agent, offer, customers, customers * subscriptions_each)


def _base(resellers: int) -> tuple[Family, Tenant, list[Tenant], Person, Availability]:
    now = real_now()
    Country.objects.get_or_create(code="JP", defaults={"currency": "JPY", "sales_region": "Japan"})
    family = Family.objects.create(name="synthetic")
    mark = uuid.uuid4().hex[:8]
    operator = _organization(family, "Synthetic Operator", f"operator-{mark}.example", Capacity.OPERATOR)
    provider = _organization(family, "Synthetic Provider", f"provider-{mark}.example", Capacity.PROVIDER)
    partners = [
        _organization(
            family, f"Synthetic Reseller {place}", f"reseller-{place}-{mark}.example", Capacity.RESELLER
        )
        for place in range(resellers)
    ]
    for partner in partners:
        Partnership.objects.create(provider=provider, reseller=partner, since=now, confirmed_at=now)
    agent = Person.objects.create(
        tenant=provider,
        user_name=f"agent@provider-{mark}.example",
        name="Agent",
        contact_email=f"agent@provider-{mark}.example",
        password=make_password(None),
        created_at=now,
    )
    for role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT):
        hold_role(agent, role, bystander_for(provider, kind="command_line"))
    connector = Connector.objects.create(
        tenant=operator, code="instant", name="Instant", kind=ConnectorKind.INSTANT, created_at=now
    )
    category = Category.objects.create(tenant=operator, code="work", name_ja="仕事", name_en="Work")
    product = Product.objects.create(
        tenant=operator,
        category=category,
        code="office",
        name_ja="オフィス",
        name_en="Office",
        search_key=search_key("オフィス", "Office"),
        published_at=now,
        created_at=now,
    )
    sku = Sku.objects.create(
        tenant=operator,
        product=product,
        connector=connector,
        code="standard",
        kind=SkuKind.LICENSE,
        name_ja="オフィス",
        name_en="Office",
    )
    offer = Availability.objects.create(
        tenant=operator,
        sku=sku,
        country_id="JP",
        currency="JPY",
        segment=Segment.COMMERCIAL,
        term=Term.YEAR,
        billing_cycle=BillingCycle.MONTHLY,
    )
    return family, provider, partners, agent, offer


def _organization(family: Family, name: str, domain: str, capacity: Capacity) -> Tenant:
    tenant, own = _tenant(family, name, "", "", domain)
    tenant.save(force_insert=True)
    own.save(force_insert=True)
    vet(tenant, capacity, bystander_for(tenant, kind="command_line"))
    return tenant


def _tenant(family: Family, name: str, reading: str, latin: str, domain: str) -> tuple[Tenant, Domain]:
    now = real_now()
    tenant = Tenant(
        id=new_id(),
        family=family,
        name=name,
        reading=reading,
        latin_name=latin,
        country_id="JP",
        search_key=search_key(name, reading, latin, domain),
        sort_key=sort_key(name, reading),
        created_at=now,
    )
    return tenant, Domain(tenant_id=tenant.pk, name=domain, is_primary=True, verified_at=now)


def _customers(
    count: int, start: int, chance: random.Random, domains: list[tuple[uuid.UUID, str]]
) -> Iterator[Changes]:
    first, second, trade = ([part.split() for part in text.split("|")] for text in (FIRST, SECOND, TRADE))
    # The same few rare names in a short list and in a long one.
    step = max(count // PLANTED, PLANTED)
    for place in range(count):
        one, kana = (RARE, RARE_READING) if place % step == 0 else chance.choice(first)
        (two, more), (what, last) = chance.choice(second), chance.choice(trade)
        name, reading = f"{two}{one}{what}", f"{more}{kana}{last}"
        latin = f"{chance.choice(LATIN)} {place % 977}" if place % 5 == 0 else ""
        domain = f"{chance.choice(LATIN).lower()}-{start + place}.example"
        pk = new_id()
        domains.append((pk, domain))
        key, order = _keys(name, reading)
        yield {
            "id": pk,
            "name": name,
            "reading": reading,
            "latin_name": latin,
            "search_key": "\n".join(filter(None, (key, latin.lower(), domain))),
            "sort_key": order,
        }


@cache
def _keys(name: str, reading: str) -> tuple[str, str]:
    """There are only some thousand different names."""
    return search_key(name, reading), sort_key(name, reading)


def _relationship(partner: Tenant, customer: Tenant) -> ResellerRelationship:
    return ResellerRelationship(
        id=new_id(),
        partner=partner,
        customer_id=customer.pk,
        **ResellerRelationship.keys_of(customer),
        since=customer.created_at,
        origin=Origin.INVITATION,
        channel=Channel.OWN_MARKETING,
    )


KEYS = {
    "customer_id": "place.id",
    "customer_sort_key": "place.sort_key",
    "customer_search_key": "place.search_key",
    "customer_name_key": "place.name_key",
    "customer_domain": "place.first_domain",
}


def _terms(turn: int) -> dict[str, str]:
    """The columns of each customer's subscription of this turn, and where they come from."""
    return {
        "customer_id": "place.id",
        "quantity": f"(place.place * 31 + {turn} * 17) %% 199 + 1",
        "term_start": "term.term_start",
        "term_end": "term.term_end",
        "anchor_day": "term.anchor_day",
        "created_at": "term.begun",
        "activated_at": "term.begun",
        "FROM": _begun(turn),
    }


def _begun(turn: int) -> str:
    return f"JOIN synthetic_term term ON term.number = (place.place * 7919 + {turn} * 1237) %% {DAYS * MOMENTS_A_DAY}"


@contextmanager
def _places(family: Family, others: Sequence[uuid.UUID], now: dt.datetime) -> Iterator[None]:
    """The customers with a number each, and the terms in which they may have begun, for as long as this takes."""
    made = Tenant.objects.filter(family=family).exclude(pk__in=others)
    first_line = Left("search_key", StrIndex("search_key", Value("\n")) - 1)
    named = Domain.objects.filter(tenant=OuterRef("pk"), is_primary=True).values("name")[:1]
    numbered = made.annotate(
        place=Window(RowNumber(), order_by="id"), name_key=first_line, first_domain=Subquery(named)
    )
    columns = ("id", "place", "sort_key", "search_key", "name_key", "first_domain")
    sql, given = numbered.values(*columns).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE synthetic_place AS {sql}", given)
        cursor.execute(
            "CREATE TEMPORARY TABLE synthetic_term (number integer PRIMARY KEY, term_start date, term_end date,"
            " anchor_day smallint, begun timestamp with time zone)"
        )
        cursor.executemany("INSERT INTO synthetic_term VALUES (%s, %s, %s, %s, %s)", list(_calendar(now)))
        try:
            yield
        finally:
            cursor.execute("DROP TABLE synthetic_place")
            cursor.execute("DROP TABLE synthetic_term")


def _calendar(now: dt.datetime) -> Iterator[tuple[Any, ...]]:
    columns: list[Any] = [
        Subscription._meta.get_field(name) for name in ("term_start", "term_end", "anchor_day", "created_at")
    ]
    for number in range(DAYS * MOMENTS_A_DAY):
        begun = now - dt.timedelta(minutes=number * (24 * 60 // MOMENTS_A_DAY))
        values = (begun.date(), add_months(begun.date(), 12), begun.day, begun)
        yield (
            number,
            *(
                column.get_db_prep_save(value, connection)
                for column, value in zip(columns, values, strict=True)
            ),
        )


def _subscription(
    provider: Tenant, reseller: Tenant | None, customer: Tenant, offer: Availability
) -> Subscription:
    return Subscription(
        tenant=provider,
        operator_id=offer.tenant_id,
        reseller=reseller,
        reseller_of_record=reseller,
        support_contact=provider,
        customer=customer,
        order_id=offer.pk,
        sku_id=offer.sku_id,
        availability=offer,
        friendly_name="Office",
        quantity=1,
        state=SubscriptionState.ACTIVE,
        term=offer.term,
        billing_cycle=offer.billing_cycle,
        **{f"{edge}_units": units for edge, units in (("cost", 1000), ("resale", 1200), ("retail", 1500))},
        **{f"{edge}_scale": 0 for edge in ("cost", "resale", "retail")},
        **{f"{edge}_currency": "JPY" for edge in ("cost", "resale", "retail")},
    )


def _order(provider: Tenant, reseller: Tenant | None, customer: Tenant, offer: Availability) -> Order:
    return Order(
        tenant=provider,
        number=0,
        operator_id=offer.tenant_id,
        reseller=reseller,
        customer=customer,
        state=OrderState.COMPLETED,
        currency=offer.currency,
        created_at=customer.created_at,
    )


def _numbers(turn: int, each: int) -> dict[str, str]:
    number = f"place.place * {each} + {turn}"
    return {
        "customer_id": "place.id",
        "number": number,
        "submission_key": f"'synthetic ' || CAST({number} AS text)",
        "created_at": "term.begun",
        "FROM": _begun(turn),
    }


def _line_of_order(provider: Tenant, offer: Availability) -> OrderLine:
    return OrderLine(
        tenant=provider,
        position=1,
        availability=offer,
        quantity=5,
        friendly_name="Office",
        state=OrderLineState.COMPLETED,
        **{f"{edge}_units": units for edge, units in (("cost", 1000), ("resale", 1200), ("retail", 1500))},
        **{f"{edge}_scale": 0 for edge in ("cost", "resale", "retail")},
        **{f"{edge}_currency": "JPY" for edge in ("cost", "resale", "retail")},
    )


LINES = {"order_id": "sold.id", "FROM": "JOIN orders_order sold ON sold.customer_id = place.id"}


def _user(customer: Tenant) -> Person:
    return Person(tenant=customer, name="Owner", password="", created_at=customer.created_at)


USERS = {
    "tenant_id": "place.id",
    "user_name": "'owner@' || CAST(place.id AS text)",
    "contact_email": "'owner@' || CAST(place.id AS text) || '.example'",
}


def _account(customer: Tenant) -> CustomerAccount:
    return CustomerAccount(
        tenant=customer,
        billing_name="経理部",
        postal_code="105-0011",
        region="東京都",
        city="港区",
        street="芝公園 4-2-8",
        contact_name="青木 葵",
        contact_email="billing@customer.example",
        contact_phone="+81312345678",
    )


ACCOUNTS = {"tenant_id": "place.id"}

NEW_ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
FILLED = (Tenant, Domain, ResellerRelationship, Subscription, Order, OrderLine)
PLAIN_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relname = ANY(%s) AND NOT i.indisunique
"""


class _Fast:
    """The quickest way into each database. On PostgreSQL indexes that keep no rule are built once, at the end."""

    def __init__(self) -> None:
        self.is_postgres = connection.vendor == "postgresql"
        self.put_aside: list[str] = []

    def __enter__(self) -> Self:
        if self.is_postgres:
            with connection.cursor() as cursor:
                cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
                if cursor.fetchone()[0]:
                    # Every key points at a row made here; checking each again would take most of the time.
                    cursor.execute("SET session_replication_role = replica")
                cursor.execute(PLAIN_INDEXES, [[model._meta.db_table for model in FILLED]])
                for name, definition in cursor.fetchall():
                    self.put_aside.append(definition)
                    cursor.execute(f'DROP INDEX "{name}"')
        return self

    def __exit__(self, *_problem: object) -> None:
        if not self.is_postgres:
            return
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("SET maintenance_work_mem = '1GB'")
            for definition in self.put_aside:
                cursor.execute(definition)
            cursor.execute("VACUUM ANALYZE")

    def insert(self, like: models.Model, changes: Iterator[Changes]) -> None:
        """Rows of one table that are like this one but for some columns."""
        columns = [
            column for column in like._meta.concrete_fields if not isinstance(column, models.AutoField)
        ]
        if not self.is_postgres:
            base = {column.attname: getattr(like, column.attname) for column in columns}
            _in_batches(type(like), ({**base, **row} for row in changes))
            return
        names = ", ".join(f'"{column.column}"' for column in columns)
        base_texts = [_text(getattr(like, column.attname)) for column in columns]
        places = {column.attname: place for place, column in enumerate(columns)}
        command = f'COPY "{like._meta.db_table}" ({names}) FROM STDIN'
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            while part := [_line(base_texts, places, row) for row in itertools.islice(changes, BATCH)]:
                copy.write("".join(part))

    def derive(self, like: models.Model, sources: Mapping[str, str], condition: str) -> None:
        """Rows that are like this one, one for each place; the named columns come from ``sources``."""
        columns = [
            column for column in like._meta.concrete_fields if not isinstance(column, models.AutoField)
        ]
        wanted, given = [], []
        for column in columns:
            if column.attname in sources:
                wanted.append(sources[column.attname])
            elif column.primary_key:
                wanted.append(NEW_ID[connection.vendor])
            else:
                wanted.append(f"CAST(%s AS {column.db_type(connection)})" if self.is_postgres else "%s")
                given.append(column.get_db_prep_save(getattr(like, column.attname), connection))
        names = ", ".join(f'"{column.column}"' for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{like._meta.db_table}" ({names}) SELECT {", ".join(wanted)}'  # noqa: S608  (own names)
                f" FROM synthetic_place place {sources.get('FROM', '')} WHERE {condition}",
                given,
            )


def _line(base: Sequence[str], places: Mapping[str, int], changes: Changes) -> str:
    texts = list(base)
    for name, value in changes.items():
        texts[places[name]] = _text(value)
    return "\t".join(texts) + "\n"


def _in_batches(model: type[models.Model], rows: Iterator[dict[str, Any]]) -> None:
    while part := [model(**row) for row in itertools.islice(rows, BATCH)]:
        model._default_manager.bulk_create(part)


def _text(value: object) -> str:
    """The value as COPY reads it. Nothing here holds a tab or a backslash; line breaks stand in search keys."""
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    return str(value).replace("\n", "\\n")


__all__: Sequence[str] = ("Loaded", "load")

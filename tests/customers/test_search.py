"""Finding customers: the short ways through a long list say exactly what the long way says."""

import random
from unittest import mock

import pytest
from django.db import connection
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, actor_of, browser_of, found, relate
from toiya.core import search
from toiya.core.pagination import PAGE_SIZE
from toiya.core.text import fold
from toiya.customers.search import Line, page_of_customers
from toiya.directory.models import Domain, Tenant

SEED = random.SystemRandom().randrange(10**9)
STEMS = (("山田", "やまだ"), ("川瀬", "かわせ"), ("山本", "やまもと"), ("青葉", "あおば"), ("Kamo & Co", ""))
TRADES = (("工業", "こうぎょう"), ("商事", "しょうじ"), ("", ""), (" 食品", "しょくひん"))
STATEMENTS = 4


def many(cast: Cast, number: int) -> list[Tenant]:
    chance = random.Random(SEED)  # noqa: S311
    customers = []
    for place in range(number):
        (stem, stem_kana), (trade, trade_kana) = chance.choice(STEMS), chance.choice(TRADES)
        reading = f"{stem_kana}{trade_kana}" if stem_kana else ""
        customer = found(cast.family, f"{stem}{trade}", f"c{place}.example", reading=reading)
        if chance.random() < 0.8:
            relate(cast.kawase, customer)
            customers.append(customer)
        else:
            relate(cast.yamabuki, customer)
    return sorted(customers, key=lambda customer: (customer.sort_key, str(customer.pk)))


@pytest.mark.requirement("N-21")
@pytest.mark.parametrize("frequent", [0, 1, 1000])
@pytest.mark.parametrize("steps", [2, 20, 10_000])
def test_every_way_finds_what_contains_finds_in_the_order_of_the_list(
    cast: Cast, steps: int, frequent: int
) -> None:
    """Walked always, where the sample says so, and never. Planted faults: pairs are taken at odd places only; 田工 is
    then not found through the index. What a walk found is shown, though it is less than a page.
    """
    customers = many(cast, 60)
    actor = actor_of(cast.kai)
    typed = [
        "山",
        "工業",
        "田工",
        "やま",
        "ヤマダ",
        "kamo",
        "& c",
        " 食",
        "c1",
        "12.ex",
        "%",
        "_",
        "無い",
        "業\nや",
    ]

    with mock.patch.multiple(search, STEPS=steps, FREQUENT=frequent):
        for text in typed:
            expected = [customer.pk for customer in customers if fold(text) in customer.search_key]
            seen, cursor = [], ""
            while True:
                page = page_of_customers(actor, search=text, cursor=cursor, size=7)
                seen += [row.customer_id for row in page.rows]
                cursor = page.next_cursor
                if not cursor:
                    break
            assert set(seen) == set(expected), (SEED, text)
            assert len(seen) == len(expected), (SEED, text)
            keys = [row.sort_key for row in customers if row.pk in set(seen)]
            assert keys == [next(c.sort_key for c in customers if c.pk == pk) for pk in seen], (SEED, text)


def test_a_frequent_text_costs_one_statement_as_the_list_does(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Planted faults: the lines of what was found by a statement of their own; the look-up beside a full page."""
    for place in range(60):
        relate(cast.kawase, found(cast.family, f"青葉工業{place}", f"c{place}.example"))
    browser = browser_of(cast.kai)
    path = reverse("customers:list")
    browser.get(path)
    with django_assert_num_queries(STATEMENTS):
        assert browser.get(path, {"q": "工業"}).content.decode().count('<th scope="row"') == PAGE_SIZE


@pytest.mark.parametrize("number", [1, 3, 30])
def test_a_search_takes_at_most_the_same_few_statements(
    cast: Cast, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Planted fault: the hits are fetched row by row."""
    for place in range(number):
        relate(cast.kawase, found(cast.family, f"青葉工業{place}", f"c{place}.example"))
    browser = browser_of(cast.kai)
    path = reverse("customers:list")
    browser.get(path)

    # PostgreSQL: a walk, and where it did not fill the page, the look-up.
    with django_assert_max_num_queries(STATEMENTS + (connection.vendor == "postgresql")):
        browser.get(path, {"q": "工業"})


def test_the_longest_names_have_room_in_the_indexes(cast: Cast) -> None:
    """㌀ is written out as four signs, 𠀀 takes four octets. Planted fault, which shows on PostgreSQL: keys as long as
    they come.
    """
    squares, rare = ("".join(chr(first + place) for place in range(200)) for first in (ord("㌀"), ord("𠀀")))
    longest = found(cast.family, squares, f"{'d' * 60}.example", reading=rare)
    relate(cast.kawase, longest)

    for text in ("アパート", rare[-2:]):
        assert [row.customer_id for row in page_of_customers(actor_of(cast.kai), search=text).rows] == [
            longest.pk
        ]


def test_a_line_says_what_the_customer_and_the_relationship_say(cast: Cast) -> None:
    """PostgreSQL gets a text of its own for the lines. Planted fault: it takes any domain for the primary one."""
    customer = cast.aoba
    relationship = relate(cast.kawase, customer)
    Domain.objects.create(tenant=customer, name="aaa.example", verified_at=relationship.since)

    for search_for in ("", "アオバ"):
        (line,) = page_of_customers(actor_of(cast.kai), search=search_for).rows
        assert line == Line(
            id=relationship.pk,
            customer_id=customer.pk,
            sort_key=customer.sort_key,
            name=customer.name,
            latin_name=customer.latin_name,
            domain=customer.domain,
            since=relationship.since,
            origin=relationship.origin,
            origin_note=relationship.origin_note,
            channel=relationship.channel,
        )

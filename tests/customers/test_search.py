"""Finding customers: the short ways through a long list say exactly what the long way says."""

import random
from unittest import mock

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, actor_of, browser_of, found, relate
from toiya.core.text import fold
from toiya.customers import search
from toiya.customers.search import page_of_customers
from toiya.directory.models import Tenant

SEED = random.SystemRandom().randrange(10**9)
STEMS = (("山田", "やまだ"), ("川瀬", "かわせ"), ("山本", "やまもと"), ("青葉", "あおば"), ("Kamo & Co", ""))
TRADES = (("工業", "こうぎょう"), ("商事", "しょうじ"), ("", ""), (" 食品", "しょくひん"))
MOST_STATEMENTS = 13


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
@pytest.mark.parametrize("walks", [(1, 2), (3, 20), (1000, 10_000)])
def test_every_way_finds_what_contains_finds_in_the_order_of_the_list(
    cast: Cast, walks: tuple[int, int]
) -> None:
    """Planted fault: pairs are taken at odd places only; 田工 is then not found through the index."""
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

    with mock.patch.multiple(search, FIRST_WALK=walks[0], LONG_WALK=walks[1], FREQUENT=1):
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


@pytest.mark.parametrize("number", [1, 30])
def test_a_search_takes_at_most_the_same_few_statements(
    cast: Cast, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Planted fault: the window is fetched row by row."""
    many(cast, number)
    browser = browser_of(cast.kai)
    path = reverse("customers:list")
    browser.get(path)

    with django_assert_max_num_queries(MOST_STATEMENTS):
        browser.get(path, {"q": "工業"})

"""Customers found by how they begin, and by the partner that serves them as well."""

import json
import random
import unicodedata
from urllib.parse import urlencode

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Api, api_of
from tests.cast import Cast, found, partner, relate
from toiya.directory.models import Domain

pytestmark = pytest.mark.operation("customers.list")
SEED = random.SystemRandom().randrange(10**9)
NAMES = (
    "株式会社アオバ",
    "株式会社",
    "ｱｵﾊﾞ",
    "アオバ 商事",
    "Aoba",
    "aob",
    "ALPHA",
    "100% Pure",
    "日\U0010ffff",
)


def asked(field: str, value: str, operator: str = "starts_with") -> str:
    return json.dumps({"Field": field, "Value": value, "Operator": operator})


def names(api: Api, *filters: str, size: int = 100) -> list[str]:
    """All pages."""
    text = filters[0]
    for more in filters[1:]:
        text = f'{{"LeftFilter":{text},"RightFilter":{more},"Operator":"and"}}'
    told = api.get(f"/v1/customers?{urlencode({'filter': text, 'size': size})}")
    seen: list[str] = []
    while True:
        assert told.status == 200, told.body
        seen += [item["companyProfile"]["companyName"] for item in told.body["items"]]
        following = told.body["links"].get("next")
        if following is None:
            return seen
        headers = {header["key"]: header["value"] for header in following["headers"]}
        told = api.call(following["method"], f"/v1{following['uri']}", **headers)


def test_names_and_domains_begin_with_the_text_and_do_not_merely_contain_it(cast: Cast) -> None:
    """Every beginning of every name, in pages of two, compared with Python; case and width of letters do not matter.

    Plant: "contains" instead of "begins with", and 会社 finds what begins with 株式会社.
    """
    chance = random.Random(SEED)  # noqa: S311
    there = []
    for place in range(25):
        customer = found(cast.family, chance.choice(NAMES), f"{chance.choice('abc')}{place}.example")
        if chance.random() < 0.8:
            relate(cast.hinode, customer)
            there.append(customer)
        else:
            relate(cast.midori, customer)
    api = api_of(cast.mei)

    def plain(text: str) -> str:
        return unicodedata.normalize("NFKC", text).lower()

    for text in {name[:length] for name in NAMES for length in (1, 2, len(name))} | {"会社", "%", "_", "z"}:
        expected = sorted(c.name for c in there if plain(c.name).startswith(plain(text)))
        assert sorted(names(api, asked("CompanyName", text), size=2)) == expected, (SEED, text)
    for text in ("a", "B1", "c", "1", ".example"):
        expected = sorted(c.name for c in there if c.domain.startswith(text.lower()))
        assert sorted(names(api, asked("Domain", text), size=2)) == expected, (SEED, text)
    both = names(api, asked("CompanyName", "a"), asked("Domain", "b"))
    assert sorted(both) == sorted(
        c.name for c in there if c.name.lower().startswith("a") and c.domain.startswith("b")
    )


def test_pages_go_on_where_they_stopped_also_when_a_domain_has_moved_meanwhile(cast: Cast) -> None:
    """A sandbox gives its domain to a real company (directory/room.py); its own list comes to an end nevertheless.

    Plant: the place of the next page is made of the domain that is shown, and the first page comes again and again.
    """
    for place in range(3):
        relate(cast.hinode, found(cast.family, f"Z{place}", f"z{place}.example"))
    Domain.objects.filter(name="z1.example").update(name="a.example")

    assert names(api_of(cast.mei), asked("Domain", "z"), size=2) == ["Z0", "Z1", "Z2"]


def test_partners_who_serve_the_customer_as_well(cast: Cast) -> None:
    """A provider filters by its reseller, a reseller by its provider, and nobody by somebody else's partner.

    Plant: without the question for the partnership Mei learns whom Yamabuki serves.
    """
    partner(cast.hinode, cast.kawase)
    beni = found(cast.family, "Beni", "beni.example")
    relate(cast.hinode, cast.aoba)
    relate(cast.hinode, beni)
    relate(cast.kawase, cast.aoba)
    relate(cast.yamabuki, beni)
    mei, kai = api_of(cast.mei), api_of(cast.kai)

    assert names(mei, asked("IndirectReseller", str(cast.kawase.pk))) == [cast.aoba.name]
    assert names(mei, asked("IndirectReseller", str(cast.kawase.pk)), asked("CompanyName", "Be")) == []
    assert names(kai, asked("IndirectCloudSolutionProvider", str(cast.hinode.pk))) == [cast.aoba.name]
    for api, field, tenant in (
        (mei, "IndirectReseller", cast.yamabuki),
        (mei, "IndirectCloudSolutionProvider", cast.midori),
        (kai, "IndirectCloudSolutionProvider", cast.midori),
        (kai, "IndirectReseller", cast.kawase),
    ):
        told = api.get(f"/v1/customers?{urlencode({'filter': asked(field, str(tenant.pk))})}")
        assert (told.status, told.body["code"]) == (404, 1000)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        asked("CompanyName", "a", "equals"),
        asked("Colour", "a"),
        asked("IndirectReseller", "kawase"),
        asked("IndirectReseller", "x" * 10_000),
        f'{{"LeftFilter":{asked("Domain", "a")},"RightFilter":{asked("Domain", "b")},"Operator":"and"}}',
    ],
)
def test_a_filter_that_the_list_does_not_know_is_named(cast: Cast, text: str) -> None:
    """400 with 800002, in the reader's language."""
    told = api_of(cast.mei, language="ja-JP").get(f"/v1/customers?{urlencode({'filter': text})}")

    assert (told.status, told.body["code"]) == (400, 800002)
    assert not told.body["description"].isascii()


def test_strange_beginnings_find_nothing_and_break_nothing(cast: Cast) -> None:
    """Signs at the ends of Unicode, blanks, and texts longer than any name."""
    relate(cast.hinode, cast.aoba)
    api = api_of(cast.mei)

    for text in ("\U0010ffff", "\ud7ff", "\U0010ffff\U0010ffff", "x" * 3000, "ア\U0010ffff"):
        assert names(api, asked("CompanyName", text)) == []
        assert names(api, asked("Domain", text)) == []
    assert names(api, asked("CompanyName", " ")) == [cast.aoba.name]


@pytest.mark.parametrize("number", [1, 3])
def test_the_filtered_list_takes_the_same_two_statements(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    """One lets the caller in, one is the page; another asks for the partnership where a partner is named."""
    partner(cast.hinode, cast.kawase)
    for place in range(number):
        customer = found(cast.family, f"Aoba {place}", f"a{place}.example")
        relate(cast.hinode, customer)
        relate(cast.kawase, customer)
    api = api_of(cast.mei)

    for text, statements in (
        (asked("CompanyName", "ao"), 2),
        (asked("Domain", "a"), 2),
        (asked("IndirectReseller", str(cast.kawase.pk)), 3),
    ):
        with django_assert_num_queries(statements):
            told = api.get(f"/v1/customers?{urlencode({'filter': text})}")
        assert told.body["totalCount"] == number

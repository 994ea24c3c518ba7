"""The list of invitations: searched, narrowed by state, taken along as a file (C-01, C-20)."""

import csv
import html
import io
import re

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, browser_of
from tests.customers.story import accepted, invited, link_path
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person

LIST = reverse("customers:invitations")
STATEMENTS_OF_THE_LIST = 7


def asked_for(cast: Cast) -> dict[str, RelationshipInvitation]:
    """One invitation in each state, by the name of its customer, and one of another partner."""
    names = {
        "waiting": {"customer_name": "Beni & Sons", "email": "hana@beni.example"},
        "taken": {"named_domain": "aoba.example"},
        "refused": {"customer_name": "フジ建設"},
        "revoked": {"customer_name": "=1+1"},
        "lapsed": {"customer_name": "カモメ倉庫", "email": "umi@kamome.example"},
    }
    made = {name: invited(cast.kai, **{"customer_name": "", **told}) for name, told in names.items()}
    accepted(cast.emi, made["taken"])
    told = {"reason": "We have a partner already", "act": "decline"}
    assert browser_of(cast.emi).post(f"{link_path(made['refused'])}decline/", told).status_code == 302
    revoke = reverse("customers:revoke", args=[made["revoked"].pk])
    assert browser_of(cast.kai).post(revoke).status_code == 302
    lapsed = made["lapsed"]
    RelationshipInvitation.objects.filter(pk=lapsed.pk).update(expires_at=lapsed.created_at)
    made["other"] = invited(cast.yui, customer_name="Beni & Sons")
    return made


def listed(by: Person, made: dict[str, RelationshipInvitation], **filters: str) -> set[str]:
    """Which of them the page shows."""
    page = browser_of(by).get(LIST, filters).content.decode()
    rows = set(re.findall(r'<th scope="row"><a href="/dashboard/customers/invitations/([0-9a-f-]+)/"', page))
    return {name for name, invitation in made.items() if str(invitation.pk) in rows}


def test_invitations_are_found_by_what_was_typed_of_the_customer_and_by_state(cast: Cast) -> None:
    """What lapsed without an answer is expired, and not open.

    Plants: ``find_invitations`` without the comparison with the clock; with the rows of all partners.
    """
    made = asked_for(cast)
    own = set(made) - {"other"}

    for filters, found in (
        ({}, own),
        ({"q": "beni"}, {"waiting"}),
        ({"q": "HANA@"}, {"waiting"}),
        ({"q": "aoba.ex"}, {"taken"}),
        ({"q": "フジ"}, {"refused"}),
        ({"q": "%"}, set()),
        ({"state": "open"}, {"waiting"}),
        ({"state": "expired"}, {"lapsed"}),
        ({"state": "accepted"}, {"taken"}),
        ({"state": "declined"}, {"refused"}),
        ({"state": "revoked"}, {"revoked"}),
        ({"state": "expired", "q": "umi"}, {"lapsed"}),
        ({"state": "open", "q": "umi"}, set()),
    ):
        assert listed(cast.kai, made, **filters) == found, filters
    assert listed(cast.yui, made, q="beni") == {"other"}


def test_a_search_keeps_its_words_and_says_that_nothing_fits(cast: Cast) -> None:
    """An unknown state is told, and nothing is left out for it; without any invitation there is nothing to search."""
    assert 'role="search"' not in browser_of(cast.kai).get(LIST).content.decode()
    made = asked_for(cast)

    typed = '"><b>'
    nothing = browser_of(cast.kai, language="ja").get(LIST, {"q": typed}).content.decode()
    assert "該当する招待がありません" in nothing
    assert f'value="{html.escape(typed)}"' in nothing
    assert "export.csv" not in nothing
    assert listed(cast.kai, made, state="lost") == set(made) - {"other"}
    assert (
        "lost is not one of the available choices"
        in browser_of(cast.kai).get(LIST, {"state": "lost"}).content.decode()
    )


@pytest.mark.goal("G-26")
def test_the_list_is_taken_along_as_a_file_with_its_filters(cast: Cast) -> None:
    """Plant: ``export`` without the filters of the page."""
    made = asked_for(cast)
    browser = browser_of(cast.kai, language="ja")
    path = reverse("customers:export_invitations", args=["csv"])

    rows = list(csv.reader(io.StringIO(browser.get(path).content.decode("utf-8-sig"))))
    by_id = {row[0]: row for row in rows[1:]}
    assert rows[0][:6] == ["招待 ID", "顧客", "メール アドレス", "ドメイン", "状態", "対象"]
    assert set(by_id) == {str(row.pk) for name, row in made.items() if name != "other"}
    refused = by_id[str(made["refused"].pk)]
    assert (refused[1], refused[4], refused[10]) == ("フジ建設", "辞退済み", "We have a partner already")
    assert by_id[str(made["revoked"].pk)][1] == "'=1+1"
    assert by_id[str(made["taken"].pk)][3:6] == ["aoba.example", "承諾済み", cast.kawase.name]

    narrowed = browser.get(path, {"state": "expired"}).content.decode("utf-8-sig")
    assert [row[1] for row in csv.reader(io.StringIO(narrowed))][1:] == ["カモメ倉庫"]
    book = browser.get(reverse("customers:export_invitations", args=["xlsx"]))
    assert book.content.startswith(b"PK")
    assert browser.get("/dashboard/customers/invitations/export.pdf").status_code == 404
    assert browser_of(cast.riku).get(path).status_code == 403


@pytest.mark.parametrize("number", [1, 7])
def test_the_list_takes_the_same_number_of_statements_however_many_rows(
    cast: Cast, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(number):
        invited(cast.kai, customer_name=f"Customer {place}")
    browser = browser_of(cast.kai)
    browser.get(LIST)

    with django_assert_num_queries(STATEMENTS_OF_THE_LIST):
        browser.get(LIST, {"q": "customer", "state": "open"})

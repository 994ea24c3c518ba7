"""The command line and the Python client, against a server on loopback."""

import json
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.api.tokens import program_of, secret_of
from tests.cast import Cast, cast_in_place, found, partner, relate
from tests.orders.story import market, ordered
from toiya.client import ApiRefused, Client
from toiya.client.command import main
from toiya.client.tables import fit, flat, table, width
from toiya.core.permissions import Role
from toiya.jobs.cli import is_remote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return cast_in_place()


@pytest.fixture
def signed_in(people: Cast, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cast:
    """An application of Hinode whose secret was given to ``toiya login``."""
    monkeypatch.setenv("TOIYA_CREDENTIALS", str(tmp_path / "credentials.json"))
    application = program_of(people.mei, Role.ADMIN_AGENT)
    monkeypatch.setenv("TOIYA_CLIENT_SECRET", secret_of(people.mei, application))
    assert (
        main(["login", live_server.url, "--tenant", "hinode.example", "--client-id", str(application.pk)])
        == 0
    )
    monkeypatch.delenv("TOIYA_CLIENT_SECRET")
    return people


def test_customers_as_a_table_and_as_json(signed_in: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """``toiya customers list``: a table that fits the terminal; ``--json`` is the answer; ``--all`` follows the pages.

    Plant: pages that stop after the first, and Aoba is missing from the second table.
    """
    relate(signed_in.hinode, signed_in.aoba)
    relate(signed_in.hinode, found(signed_in.family, "Beni", "beni.example.com"))
    capsys.readouterr()

    assert main(["customers", "list", "--size", "1", "--columns", "companyProfile.companyName"]) == 0
    first = capsys.readouterr().out
    assert main(["customers", "list", "--size=1", "--all"]) == 0
    everybody = capsys.readouterr().out
    assert main(["remote", "customers", "list", "--json", "--size", "1"]) == 0
    body = json.loads(capsys.readouterr().out)

    assert first.splitlines()[:2] == ["companyProfile.companyName", "Beni"]
    assert "--all" in first
    assert signed_in.aoba.name in everybody  # also where there is room for three columns only
    assert "Beni" in everybody
    assert body["items"][0]["companyProfile"]["companyName"] == "Beni"
    assert main(["own.customers", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["seats"] == 0


def test_orders_of_all_customers_and_of_one(signed_in: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """Two operations of one name: the one that takes as many values is meant."""
    order = ordered(market(signed_in), ("office", 5))
    capsys.readouterr()
    assert main(["orders", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["number"] == order.number
    assert main(["orders", "list", str(signed_in.aoba.pk), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["id"] == str(order.pk)


def test_what_is_refused_says_why(signed_in: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """The number, the sentence and the request's id on standard error, exit code 1; what is not understood is 2."""
    assert main(["customers", "get", str(signed_in.aoba.pk), "--language", "ja"]) == 1
    told = capsys.readouterr().err
    assert "404 60003" in told
    assert "ありません" in told
    assert "request " in told
    assert main(["customers", "fly"]) == 2
    assert "It has: " in capsys.readouterr().err
    assert main(["kiwis", "list"]) == 2
    assert main(["customers", "list", "--colour", "red"]) == 2
    assert "--size" in capsys.readouterr().err
    assert main(["customers", "get"]) == 2
    assert "<customer_id>" in capsys.readouterr().err
    assert main(["customers", "list", "--set", "x"]) == 2


def test_help_names_what_there_is(signed_in: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """An area lists its operations; an operation tells who may call it."""
    assert main(["customers"]) == 0
    assert "customers get <customer_id>" in capsys.readouterr().out
    assert main(["customers", "list", "--help"]) == 0
    assert "admin_agent" in capsys.readouterr().out


def test_without_signing_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Says how to; a wrong secret is refused and nothing is remembered; signing out forgets."""
    monkeypatch.setenv("TOIYA_CREDENTIALS", str(tmp_path / "none.json"))
    assert main(["customers", "list"]) == 2
    assert "toiya login" in capsys.readouterr().err


def test_a_wrong_secret(
    people: Cast,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The sign-in is tried at once; the file is for its owner only and not written before."""
    file = tmp_path / "keep" / "credentials.json"
    monkeypatch.setenv("TOIYA_CREDENTIALS", str(file))
    application = program_of(people.mei, Role.ADMIN_AGENT)
    said = ["login", live_server.url, "--tenant", "hinode.example", "--client-id", str(application.pk)]
    monkeypatch.setenv("TOIYA_CLIENT_SECRET", "wrong")
    assert main(said) == 1
    assert not file.exists()
    monkeypatch.setenv("TOIYA_CLIENT_SECRET", secret_of(people.mei, application))
    assert main(said) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["logout"]) == 0
    assert not file.exists()


def test_the_client_creates_once(people: Cast, live_server: LiveServer) -> None:
    """As a Python library: a person's program reads and changes; refusals are ApiRefused with the number."""
    relate(people.hinode, people.aoba)
    partner(people.hinode, people.kawase)
    application = program_of(people.mei, Role.ADMIN_AGENT)
    with Client(
        live_server.url,
        tenant=str(people.hinode.pk),
        client_id=str(application.pk),
        client_secret=secret_of(people.mei, application),
    ) as client:
        assert client.call("customers.get", str(people.aoba.pk))["id"] == str(people.aoba.pk)
        with pytest.raises(ApiRefused) as refused:
            client.call("customers.get", str(people.yamabuki.pk))
        assert (refused.value.status, refused.value.code) == (404, 60003)
        with pytest.raises(KeyError):
            client.call("customers.fly")
        with pytest.raises(TypeError):
            client.call("customers.get")
        assert [page["totalCount"] for page in client.pages("customers.list", size=1)] == [1]
    elsewhere = f"{live_server.url}/dashboard"
    with Client(elsewhere, client_id="x", client_secret="y") as astray, pytest.raises(ApiRefused) as lost:
        astray.sign_in({"grant_type": "client_credentials"})
    assert "installation" in str(lost.value)


def test_commands_of_this_installation_stay_what_they_are() -> None:
    """What this installation does itself is never sent elsewhere."""
    assert not any(
        is_remote([name]) for name in ("serve", "work", "migrate", "audit", "found-operator", "check")
    )
    assert all(is_remote([name]) for name in ("customers", "login", "remote"))
    assert not is_remote([])
    assert not is_remote(["--help"])


def test_tables_know_how_wide_japanese_is() -> None:
    """A full-width character takes two places; what has no room is cut, and says so."""
    assert width("アオバ a") == 8
    assert fit("アオバ食品", 7) == "アオバ…"
    assert flat({"a": {"b": 1, "c": None}, "links": {}, "d": [1, 2], "e": [{}], "f": True}) == {
        "a.b": "1",
        "a.c": "",
        "d": "1, 2",
        "e": "1 items",
        "f": "yes",
    }
    assert (
        table([{"name": "アオバ", "n": 1}, {"name": "x", "n": 22}], [], room=80)
        == "name    n\nアオバ  1\nx       22"
    )

"""What a program finds in the demo, and what the command line does for tokens."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.api.tokens import program_of
from tests.cast import Cast
from tests.tokens.program import Program, confidential
from toiya.core.permissions import Role
from toiya.directory.models import Person
from toiya.jobs.demo import seed_demo
from toiya.jobs.demo_programs import NAME
from toiya.jobs.management.commands import demo
from toiya.tokens.bearers import bearer_of
from toiya.tokens.cleaning import forget_old_tokens
from toiya.tokens.models import AccessToken, Application, Authorization, RefreshToken, SigningKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo writes how to get in."""
    path = tmp_path / "credentials.json"
    monkeypatch.setattr(demo, "CREDENTIALS", path)
    return path


def handed(credentials: dict[str, Any], kind: str) -> tuple[Program, str]:
    held = credentials["applications"][kind]
    found = Program(Application.objects.get(pk=held["client_id"]), held["client_secret"])
    assert held["tenant_id"] == found.tenant == credentials["tenants"][kind]["id"]
    return found, held["refresh_token"]


@pytest.mark.once
def test_the_demo_hands_out_programs_that_work(written: Path) -> None:
    """design.md, outside surface: both ways of acting, for a provider and a reseller; a second start keeps them."""
    seed_demo()
    demo.write_credentials()
    first = json.loads(written.read_text())
    for kind, user_name in (("provider", "mei@hinode.example"), ("reseller", "kai@kawase.example")):
        found, refresh = handed(first, kind)
        own = bearer_of(found.alone().body["access_token"], language="en")
        assert own.actor.roles == {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT}
        told = found.renew(refresh, 1, "common", resource="https://api.partnercenter.microsoft.com")
        assert bearer_of(told.body["access_token"], language="en").actor.user_name == user_name
    assert written.stat().st_mode & 0o077 == 0

    demo.write_credentials()
    assert json.loads(written.read_text()) == first

    Person.objects.filter(user_name="mei@hinode.example").update(session_version=99)
    demo.write_credentials()
    again = json.loads(written.read_text())
    assert again["applications"]["reseller"] == first["applications"]["reseller"]
    found, refresh = handed(again, "provider")
    assert found.renew(refresh).status == 200
    assert Application.objects.filter(name=NAME).count() == 2


def test_tokens_that_are_over_are_forgotten(cast: Cast) -> None:
    found = confidential(program_of(cast.mei), cast.mei)
    kept = found.for_person(cast.sora).body["refresh_token"]
    found.alone()
    AccessToken.objects.update(expires_at="2020-01-01T00:00:00Z")

    forget_old_tokens()

    assert not AccessToken.objects.exists()
    assert found.renew(kept).status == 200
    AccessToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    RefreshToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    Authorization.objects.get().codes.update(expires_at="2020-01-01T00:00:00Z")
    forget_old_tokens()
    assert not Authorization.objects.exists()


def test_the_command_line_replaces_the_signing_key(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rotate_token_key")

    assert str(SigningKey.objects.get(is_signing=True).pk) in capsys.readouterr().out

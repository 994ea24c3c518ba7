"""Administrators register programs, give them roles and secrets, and take all of that back (G-08, T-31)."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from tests.api.tokens import REDIRECT, let_in, program_of, secret_of
from tests.cast import Cast, browser_of
from tests.tokens.program import Program, confidential
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Role
from toiya.tokens.bearers import bearer_of
from toiya.tokens.models import Application, ApplicationSecret, Authorization, Flow, Kind

pytestmark = pytest.mark.django_db
LIST = "/dashboard/settings/applications/"


def register(cast: Cast, **changed: object) -> HttpResponse:
    fields = {
        "name": "Nightly orders",
        "kind": "confidential",
        "flows": ["client_credentials", "authorization_code"],
        "redirect_uris": f"{REDIRECT}\r\n\r\n http://localhost \r\n",
        "agent": "sales_agent",
    }
    return browser_of(cast.mei).post(f"{LIST}new/", fields | changed)  # type: ignore[return-value]


def test_an_outsider_finds_no_program(cast: Cast) -> None:
    program = program_of(cast.mei)
    secret_of(cast.mei, program)
    page = f"{LIST}{program.pk}/"

    for path in (page, f"{page}remove/", f"{page}secrets/{program.secrets.get().pk}/remove/"):
        assert browser_of(cast.yui).get(path).status_code == 404
        assert browser_of(cast.sora).get(path).status_code == 403
    assert program.name not in browser_of(cast.yui).get(LIST).content.decode()
    assert browser_of(cast.yui).post(f"{page}secrets/", {"days": "180"}).status_code == 404
    assert ApplicationSecret.objects.count() == 1


def test_from_an_empty_list_to_a_program_that_works(cast: Cast) -> None:
    browser = browser_of(cast.mei)
    assert "No application yet" in browser.get(LIST).content.decode()

    response = register(cast)
    [program] = Application.objects.all()
    assert response.headers["Location"] == f"{LIST}{program.pk}/"
    assert program.redirect_uris == [REDIRECT, "http://localhost"]
    page = browser.get(f"{LIST}{program.pk}/").content.decode()
    assert str(program.pk) in page
    assert "Without a secret the application gets no tokens." in page

    shown = browser.post(f"{LIST}{program.pk}/secrets/", {"days": "90"}).content.decode()
    found = re.search(r'id="application-secret"[^>]*>([^<]+)<', shown)
    assert found is not None
    told = Program(program, found[1]).alone()
    assert bearer_of(told.body["access_token"], language="en").actor.roles == {Role.SALES_AGENT}
    life = ApplicationSecret.objects.get().expires_at - ApplicationSecret.objects.get().created_at
    assert life == dt.timedelta(days=90)

    page = browser.get(f"{LIST}{program.pk}/").content.decode()
    assert found[1] not in page
    assert f"…{found[1][-4:]}" in page
    assert [row.action for row in AuditRecord.objects.order_by("pk")] == [
        AuditAction.REGISTER_APPLICATION,
        AuditAction.ADD_APPLICATION_CREDENTIAL,
    ]
    assert "Nightly orders" in browser.get("/dashboard/activity/").content.decode()


def test_two_secrets_and_no_third(cast: Cast) -> None:
    program = program_of(cast.mei)
    browser, path = browser_of(cast.mei), f"{LIST}{program.pk}/"
    for _ in range(2):
        assert browser.post(f"{path}secrets/", {"days": "180"}).status_code == 200

    third = browser.post(f"{path}secrets/", {"days": "180"})

    assert third.status_code == 400
    assert "at most two secrets" in third.content.decode()
    oldest = program.secrets.order_by("created_at")[0]
    assert oldest.hint in browser.get(f"{path}secrets/{oldest.pk}/remove/").content.decode()
    browser.post(f"{path}secrets/{oldest.pk}/remove/")
    assert program.secrets.count() == 1
    assert browser.post(f"{path}secrets/", {"days": "180"}).status_code == 200


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, "required"),
        ({"redirect_uris": ""}, "at least one redirect address"),
        ({"redirect_uris": "https://*.example.com/"}, "cannot be a redirect address"),
        ({"redirect_uris": "http://program.example/"}, "cannot be a redirect address"),
        ({"redirect_uris": "javascript:alert(1)"}, "cannot be a redirect address"),
        ({"redirect_uris": "https://program.example/#x"}, "cannot be a redirect address"),
        ({"redirect_uris": "https://user@program.example/"}, "cannot be a redirect address"),
        ({"redirect_uris": "https://例え.example/"}, "cannot be a redirect address"),
        ({"redirect_uris": "https://program.example:x/"}, "cannot be a redirect address"),
        ({"kind": "public"}, "cannot act by itself"),
        ({"kind": "public", "flows": ["authorization_code"]}, "acts only for people"),
        ({"flows": ["password"]}, "not one of the available choices"),
    ],
)
def test_what_a_registration_may_not_be(cast: Cast, changed: dict[str, Any], told: str) -> None:
    response = register(cast, **changed)

    assert response.status_code == 400
    assert told in response.content.decode()
    assert not Application.objects.exists()


@pytest.mark.goal("G-08")
def test_nobody_but_a_global_administrator_registers_programs(cast: Cast) -> None:
    """Whoever registers a program gives it roles; the table lets only those do it who could give them all."""
    assert browser_of(cast.sora).get(f"{LIST}new/").status_code == 403
    assert browser_of(cast.nao).post(f"{LIST}new/", {"name": "x"}).status_code == 403
    assert not Application.objects.exists()


def test_roles_change_and_count_at_once(cast: Cast) -> None:
    found = confidential(program_of(cast.mei, Role.SALES_AGENT), cast.mei)
    token = found.alone().body["access_token"]

    browser_of(cast.mei).post(f"{LIST}{found.client_id}/roles/", {"agent": "helpdesk_agent"})

    assert bearer_of(token, language="en").actor.roles == {Role.HELPDESK_AGENT}


def test_a_program_is_renamed_stopped_started_and_removed(cast: Cast) -> None:
    found = confidential(program_of(cast.mei, Role.SALES_AGENT), cast.mei)
    browser, path = browser_of(cast.mei), f"{LIST}{found.client_id}/"
    let_in(cast.sora, found.application)

    browser.post(path, {"name": "Morning orders", "flows": ["client_credentials"], "redirect_uris": ""})
    assert "Morning orders" in browser.get(LIST).content.decode()
    assert found.alone().status == 200
    browser.post(f"{path}disable/")
    assert found.alone().body["error_codes"] == [7000112]
    assert not Authorization.objects.exists()
    browser.post(f"{path}enable/")
    assert found.alone().status == 200
    assert "cannot be undone" in browser.get(f"{path}remove/").content.decode()
    browser.post(f"{path}remove/")
    assert found.alone().body["error_codes"] == [700016]
    assert browser.get(path).status_code == 404
    assert "No application yet" in browser.get(LIST).content.decode()


def test_an_administrator_ends_what_a_program_does_for_somebody(cast: Cast) -> None:
    program = program_of(cast.mei)
    browser, authorization = browser_of(cast.mei), let_in(cast.sora, program)
    page = f"{LIST}{program.pk}/"
    assert "sora@hinode.example" in browser.get(page).content.decode()
    assert "Nightly orders" in browser.get(f"/dashboard/settings/users/{cast.sora.pk}/").content.decode()

    assert browser_of(cast.yui).post(f"/account/applications/{authorization.pk}/end/").status_code == 404
    response = browser.post(f"/account/applications/{authorization.pk}/end/", {"from": "application"})

    assert response.headers["Location"] == page
    assert not Authorization.objects.exists()
    again = let_in(cast.sora, program)
    response = browser.post(f"/account/applications/{again.pk}/end/")
    assert response.headers["Location"] == f"/dashboard/settings/users/{cast.sora.pk}/"


def test_a_customer_has_programs_too(cast: Cast) -> None:
    """product/roles.md: API for customers, on their own data."""
    browser = browser_of(cast.emi)
    assert "No application yet" in browser.get("/organization/applications/").content.decode()
    fields = {"name": "Directory sync", "kind": "confidential", "flows": ["client_credentials"]}

    browser.post("/organization/applications/new/", fields | {"admin": "user_admin"})
    program = Application.objects.get()
    path = f"/organization/applications/{program.pk}/"
    assert "Directory sync" in browser.get(path).content.decode()
    secret = browser.post(f"{path}secrets/", {"days": "365"})
    assert secret.status_code == 200
    first = program.secrets.get()
    assert browser.get(f"{path}secrets/{first.pk}/remove/").status_code == 200
    for page, data in {
        "": {"name": "Sync", "flows": ["client_credentials"], "redirect_uris": ""},
        "roles/": {"admin": ""},
        f"secrets/{first.pk}/remove/": {},
        "disable/": {},
        "enable/": {},
        "remove/": {},
    }.items():
        assert browser.post(path + page, data).status_code == 302, page
    assert not Application.objects.filter(unregistered_at__isnull=True).exists()


def test_an_old_second_factor_registers_nothing(cast: Cast) -> None:
    browser = browser_of(cast.mei, age=dt.timedelta(minutes=16))

    response = browser.post(f"{LIST}new/", {"name": "x", "kind": "public", "flows": ["device_code"]})

    assert response.status_code == 403
    assert "Confirm it is you" in response.content.decode()
    assert not Application.objects.exists()


def test_pages_in_japanese(cast: Cast) -> None:
    program = program_of(cast.mei, Role.SALES_AGENT)
    secret_of(cast.mei, program)
    let_in(cast.mei, program)
    browser = browser_of(cast.mei, language="ja")
    own = f"{LIST}{program.pk}/"
    for path in (LIST, f"{LIST}new/", own, f"{own}remove/", "/account/applications/", "/device/"):
        page = browser.get(path).content.decode()
        main = (
            re.sub(r"<[^>]+>", " ", page[page.index("<main") :])
            .replace("Nightly orders", "")
            .replace(REDIRECT, "")
        )
        assert not re.search(r"\b(the|secret|program|application|with|until)\b", main), path


def test_the_list_costs_the_same_with_three_programs(
    cast: Cast, django_assert_num_queries: Callable[[int], Any]
) -> None:
    browser = browser_of(cast.mei)
    program_of(cast.mei, Role.SALES_AGENT)
    browser.get(LIST)
    with django_assert_num_queries(5):
        browser.get(LIST)
    for _ in range(2):
        secret_of(cast.mei, program_of(cast.mei, Role.SALES_AGENT))
    with django_assert_num_queries(5):
        assert browser.get(LIST).content.decode().count("Nightly orders") == 3


def test_kinds_and_flows_have_words(cast: Cast) -> None:
    public = program_of(cast.mei, kind=Kind.PUBLIC, flows=frozenset({Flow.DEVICE_CODE}), name="Desk tool")

    page = browser_of(cast.mei).get(f"{LIST}{public.pk}/").content.decode()

    assert "Public: it runs on people’s own machines" in page
    assert "Make a secret" not in page

"""Rules of the house that no linter knows. Each says why in its docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from toiya.core.permissions import RULES, Permission, Role
from toiya.web.access import ACCESS
from toiya.web.navigation import MENUS, SITES

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent / "toiya"
DOORS = [*ROOT.glob("web/**/*.py"), *ROOT.glob("jobs/**/*.py")]
WRITES = {"save", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "delete"}
THROUGH_THE_ACTOR = {"visible_to", "of_partner", "listed"}
SESSION_FORMS = {"posted": "the sign-in library's forms note the factor in the session"}

# Tables of the whole installation, and tables that hang on a row which has the tenant.
WITHOUT_TENANT = {
    "directory.Family": "a family contains tenants",
    "directory.Tenant": "is the tenant",
    "directory.Session": "hangs on a person, once somebody has signed in",
    "membership.MembershipLogin": "belongs to the membership site",
    "membership.MembershipSession": "belongs to the membership site",
    "membership.OrganizationProfile": "belongs to the membership site until a tenant owns it",
    "membership.Holding": "hangs on an organization profile",
    "tokens.SigningKey": "belongs to the installation",
    "relations.Partnership": "has two tenants: provider and reseller",
    "relations.ResellerRelationship": "has two tenants: partner and customer",
    "relations.OlderRelationship": "has two tenants: partner and customer",
    "webhooks.SigningCertificate": "the installation signs with it for all tenants",
}
INSTALLATION_WIDE = {"programme", "requests"}
BUSINESS = {
    "audit",
    "mail",
    "events",
    "webhooks",
    "directory",
    "tokens",
    "relations",
    "membership",
    "enrolment",
    "partnerships",
    "customers",
    "fulfilment",
    "catalogue",
    "pricing",
    "licences",
    "devices",
    "subscriptions",
    "orders",
    "bulk",
    "billing",
    "sandbox",
}


def _calls(path: Path) -> Iterator[tuple[int, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.lineno, node


@pytest.mark.parametrize("path", DOORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_doors_never_write(path: Path) -> None:
    """A rule that stands in a door is a rule that the API will not know."""
    writes = [
        f"{path.name}:{line} {ast.unparse(call.func)}"
        for line, call in _calls(path)
        if isinstance(call.func, ast.Attribute)
        and (
            call.func.attr in WRITES
            or (
                call.func.attr == "update"
                and any(word in ast.unparse(call.func) for word in (".objects", ".filter("))
            )
        )
        and "session" not in ast.unparse(call.func.value)
        and ast.unparse(call.func.value) not in SESSION_FORMS
    ]

    assert writes == []


@pytest.mark.parametrize("path", list(ROOT.glob("web/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_fetch_rows_through_the_actor(path: Path) -> None:
    """Whatever is not fetched through ``visible_to`` may belong to somebody else."""
    direct = [
        f"{path.name}:{node.lineno} {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "objects"
        and node.attr not in THROUGH_THE_ACTOR
    ]

    assert direct == []


def test_business_tables_name_their_tenant() -> None:
    """Without the column there is no constraint that could keep a row in its tenant."""
    missing = [
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in BUSINESS
        and model._meta.label not in WITHOUT_TENANT
        and not any(field.attname == "tenant_id" for field in model._meta.concrete_fields)
        and not model._meta.auto_created
    ]

    assert missing == []


def route_names(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """The name of every route, with its namespace."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            namespace = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from route_names(entry, namespace)
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}"


@pytest.mark.goal("G-02")
def test_every_route_is_in_the_access_table_and_the_other_way_round() -> None:
    assert set(route_names()) == set(ACCESS)


def test_every_menu_entry_has_a_route() -> None:
    """The shell skips what has no route; a misspelt name would be missed by nobody but the reader."""
    entries = [entry.url_name for menu in MENUS.values() for entry in menu] + [
        entry.url_name for entry in SITES
    ]

    assert [name for name in entries if name not in ACCESS] == []


def test_every_permission_is_in_the_table_and_somebody_holds_it() -> None:
    assert set(RULES) == set(Permission)
    assert all(rule.roles for rule in RULES.values())
    assert {role for rule in RULES.values() for role in rule.roles} == set(Role)


def test_an_empty_form_is_still_a_sent_form() -> None:
    """``request.POST or None`` takes an empty POST for none: the form is unbound and a refusal has no place on it."""
    loose = [path.name for path in ROOT.glob("web/**/*.py") if "POST or None" in path.read_text()]

    assert loose == []

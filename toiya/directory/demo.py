"""People of the demo: known passwords, and codes that the mailbox page shows, so that a newcomer needs no
phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Prefetch

from toiya.core.errors import Refusal
from toiya.core.permissions import Capacity, Role
from toiya.directory.factor_secrets import decrypt
from toiya.directory.factors import current_code, enrol_totp, has_second_factor, new_secret
from toiya.directory.models import Person, Tenant

DEMO_PASSWORD = "tsubame-no-su-2026"  # noqa: S105  (printed by the demo for everybody to read)


class NotTheDemo(Refusal):
    """Nobody's password is known outside the demo."""

    code = "not_the_demo"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Who can sign in, and with what. ``password`` is empty for people who chose one of their own."""

    person: Person
    password: str
    code: str


@cache
def _password_hash() -> str:
    return make_password(DEMO_PASSWORD)


@cache
def _is_demo_password(password_hash: str) -> bool:
    return check_password(DEMO_PASSWORD, password_hash)


@transaction.atomic
def equip_demo_person(person: Person) -> None:
    """The demo's password and an authenticator app for a person of the demo. Raises NotTheDemo."""
    if not settings.SHOWS_CODES:
        raise NotTheDemo
    person.password = _password_hash()
    person.temporary_password_until = None
    person.temporary_password_used_at = None
    person.save(update_fields=["password", "temporary_password_until", "temporary_password_used_at"])
    if not has_second_factor(person):
        enrol_totp(person, new_secret())


def demo_people(tenant: Tenant) -> Sequence[DemoPerson]:
    """The organisation's people with present codes; nobody outside the demo."""
    if not settings.SHOWS_CODES:
        return ()
    return [
        DemoPerson(
            person,
            DEMO_PASSWORD if _is_demo_password(person.password) else "",
            current_code(person) or "",
        )
        for person in sorted(tenant.people.all(), key=lambda person: Role.GLOBAL_ADMIN not in person.roles)
    ]


def _rank(tenant: Tenant) -> int:
    """Operator, providers, resellers, and then everybody else."""
    held = {row.capacity for row in tenant.tenant_capacities.all()}
    return next((place for place, capacity in enumerate(Capacity) if capacity in held), len(Capacity))


def demo_tenants() -> Sequence[Tenant]:
    """Every real organisation with its people, the operator first; none outside the demo. Passwords of made-up people
    stand in the sandbox of whoever made them.
    """
    if not settings.SHOWS_CODES:
        return ()
    people = Person.objects.active().prefetch_related("role_assignments").order_by("created_at", "user_name")
    real = Tenant.objects.filter(family__is_sandbox=False)
    tenants = real.prefetch_related("tenant_capacities", "domains", Prefetch("people", people))
    return sorted(
        tenants.order_by("created_at", "name"), key=lambda tenant: (_rank(tenant), -len(tenant.people.all()))
    )


def demo_secret(person: Person) -> str:
    """The seed of the person's authenticator app, for programs that walk the demo. Raises NotTheDemo."""
    if not settings.SHOWS_CODES:
        raise NotTheDemo
    factor = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()
    return decrypt(factor.data["secret"]) if factor else ""

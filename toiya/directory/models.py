"""Tables of the directory: families, tenants, domains, people, roles, suspensions."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q, UniqueConstraint
from django.db.models.functions import Lower

from toiya.core.actor import Actor
from toiya.core.clock import FamilyClock
from toiya.core.ids import new_id
from toiya.core.keys import mac_of
from toiya.core.permissions import Capacity, Role, RoleCategory
from toiya.core.reader import name_for
from toiya.core.tenancy import SameTenant
from toiya.programme.models import Country

RESTORABLE = dt.timedelta(days=30)


class Language(models.TextChoices):
    """The languages that people and mails use."""

    JAPANESE = "ja", "日本語"
    ENGLISH = "en", "English"


class FamilyQuerySet(models.QuerySet["Family"]):
    """Families."""

    def open(self) -> "FamilyQuerySet":
        """Those in which life goes on; in a closed sandbox nothing happens any more."""
        return self.filter(closed_at__isnull=True)

    def reaches_people(self, family_id: uuid.UUID) -> bool:
        """Whether what is sent from this family may leave the installation: never from a sandbox."""
        return self.filter(pk=family_id, is_sandbox=False).exists()


class Family(models.Model):
    """Tenants that share a clock: production, or one sandbox."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    is_sandbox = models.BooleanField(default=False)
    clock_offset_seconds = models.BigIntegerField(default=0)
    clock_stopped_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = FamilyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def clock(self) -> FamilyClock:
        """The family's clock as it stands in the database."""
        return FamilyClock(dt.timedelta(seconds=self.clock_offset_seconds), self.clock_stopped_at)


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Organisations, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "TenantQuerySet":
        """The actor's own; the operator sees every partner, and no organisation that is only a customer (T-15)."""
        own = Q(pk=actor.tenant_id)
        if Capacity.OPERATOR not in actor.capacities:
            return self.filter(own)
        held = TenantCapacity.objects.filter(capacity__in=[Capacity.PROVIDER, Capacity.RESELLER])
        return self.filter(own | Q(family_id=actor.family_id, pk__in=held.values("tenant_id")))


class Tenant(models.Model):
    """An organisation: operator, provider, reseller, customer, or several of these at once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    family = models.ForeignKey(Family, on_delete=models.PROTECT, related_name="tenants")
    name = models.CharField(max_length=200)
    reading = models.CharField(max_length=200, blank=True)
    latin_name = models.CharField(max_length=200, blank=True)
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=5, choices=Language.choices, default=Language.JAPANESE)
    search_key = models.TextField(editable=False)
    sort_key = models.CharField(max_length=200, editable=False, db_index=True)
    agents_add_people = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def name_in(self, language: str) -> str:
        """The name for readers of the language: in Latin letters where there are any."""
        return name_for(self.name, self.latin_name, language)

    @property
    def domain(self) -> str:
        """The domain that the tenant was created with."""
        return next((domain.name for domain in self.domains.all() if domain.is_primary), "")


class TenantCapacity(models.Model):
    """The organisation was vetted and may act as operator, provider or reseller since then."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="tenant_capacities")
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    since = models.DateTimeField()
    setup_finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "capacity"], name="one_capacity_of_a_kind")
        ]


class Suspension(models.Model):
    """The operator stopped an organisation in one capacity: it starts nothing new until restored."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="suspensions")
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    reason = models.TextField()
    at = models.DateTimeField()
    by_id = models.UUIDField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["tenant", "capacity"],
                condition=Q(lifted_at__isnull=True),
                name="one_suspension_at_a_time",
            ),
        ]


class Domain(models.Model):
    """A verified domain; user names of the tenant's people lie in one of them."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(max_length=253)
    is_primary = models.BooleanField(default=False)
    verified_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(Lower("name"), name="domain_belongs_to_one_tenant"),
            UniqueConstraint(fields=["tenant"], condition=Q(is_primary=True), name="one_primary_domain"),
        ]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person and the person's organisation held when it was asked (directory/actors.py)."""

    roles: frozenset[Role]
    capacities: frozenset[Capacity]
    suspended: frozenset[Capacity]


class PersonQuerySet(models.QuerySet["Person"]):
    """People, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PersonQuerySet":
        """The people of the actor's own organisation, but for the deleted ones."""
        return self.filter(tenant_id=actor.tenant_id, deleted_at__isnull=True)

    def active(self) -> "PersonQuerySet":
        """People who have been neither disabled nor deleted."""
        return self.filter(disabled_at__isnull=True, deleted_at__isnull=True)

    def present(self) -> "PersonQuerySet":
        """People who have not been deleted; also the disabled ones."""
        return self.filter(deleted_at__isnull=True)

    def deleted_of(self, tenant_id: uuid.UUID, now: dt.datetime) -> "PersonQuerySet":
        """An organisation's people who were deleted so lately that they can be restored (N-24)."""
        return self.filter(tenant_id=tenant_id, deleted_at__gt=now - RESTORABLE)

    def with_role(self, role: Role) -> "PersonQuerySet":
        """People who hold the role now."""
        return self.filter(role_assignments__role=role)


class AccountManager(BaseUserManager["Person"].from_queryset(PersonQuerySet)):  # type: ignore[misc]
    """Work accounts of people and of applications: for whoever is acting, and for names in the log."""


class PersonManager(AccountManager):
    """People, and no applications: those never sign in, get no mail, hold no licence and administer nobody.

    User names are compared in lower case.
    """

    def get_queryset(self) -> PersonQuerySet:
        """Only people."""
        people: PersonQuerySet = super().get_queryset().filter(is_application=False)
        return people

    def get_by_natural_key(self, username: str | None) -> "Person":
        """The person who signs in with this user name."""
        person: Person = self.get(user_name=(username or "").lower())
        return person


class Person(AbstractBaseUser):
    """A work account: one person in one tenant. The user name lies in a verified domain of the tenant (Q-22).

    An application has one too, to act by itself with roles of its own (tokens/applications.py).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="people")
    user_name = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=100)
    first_name = models.CharField(max_length=64, blank=True)
    last_name = models.CharField(max_length=64, blank=True)
    contact_email = models.EmailField()
    language = models.CharField(max_length=5, choices=Language.choices, default=Language.JAPANESE)
    temporary_password_until = models.DateTimeField(null=True, blank=True)
    temporary_password_used_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    usage_country = models.CharField(max_length=2, blank=True)
    is_application = models.BooleanField(default=False, editable=False)
    session_version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    rights: Rights | None = None  # no column: read with the signed-in person at each request

    USERNAME_FIELD = "user_name"
    EMAIL_FIELD = "contact_email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "contact_email"]

    objects: ClassVar[PersonManager] = PersonManager()
    accounts: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="person_in_tenant"),
            UniqueConstraint(
                "tenant",
                Lower("contact_email"),
                condition=Q(deleted_at__isnull=True, is_application=False),
                name="contact_email_once_per_tenant",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether the person may sign in at all."""
        return self.disabled_at is None and self.deleted_at is None

    @property
    def must_change_password(self) -> bool:
        """Whether the present password is a temporary one (S-056)."""
        return self.temporary_password_until is not None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held now."""
        return frozenset(Role(assignment.role) for assignment in self.role_assignments.all())

    def get_session_auth_hash(self) -> str:
        """Sessions die with the password, with a factor change, and when the person is disabled (G-17)."""
        content = f"{self.password}|{self.session_version}|{self.disabled_at}|{self.deleted_at}"
        return mac_of("sign-in", content.encode()).hex()

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002
        """Django's own permissions are not used; core/permissions.py is the table."""
        return False


class Session(AbstractBaseSession):
    """A browser that came by; from the sign-in on also whose it is, so that both are read together.

    The database does not insist on the person: a session that is written while its person is removed holds nothing up,
    and opens nothing.
    """

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, null=True, related_name="+", db_constraint=False
    )

    @classmethod
    def get_session_store_class(cls) -> type[Any]:
        """What reads and writes these rows (directory/sessions.py)."""
        from toiya.directory.sessions import SessionStore  # noqa: PLC0415  (it is built on this table)

        return SessionStore

    def get_decoded(self) -> dict[str, Any]:
        """What the session holds; nothing where it was sealed for another."""
        content: dict[str, Any] = self.get_session_store_class()(self.session_key).decode(self.session_data)
        return content


class RoleAssignment(models.Model):
    """A person holds a role; at most one of each category (N-02). History is in the activity log."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="role_assignments")
    category = models.CharField(max_length=12, choices=RoleCategory.choices)
    role = models.CharField(max_length=30, choices=Role.choices)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["person", "category"], name="one_role_per_category"),
            SameTenant(parent="person", to="directory.Person", name="role_in_the_person_s_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role}"

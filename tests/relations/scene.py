"""Two partners who serve Aoba, each with an agent, and everything that can be put back after a revocation.

Hana (admin agent of Kawase, a reseller) and Tomo (admin agent of Hinode, its provider) each administer Aoba with a
grant of its own, and trade with it through a reseller relationship of their own.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Model

from tests.api.tokens import let_in, program_of
from tests.cast import Cast, actor_of, browser_of, build_cast, found, hire, partner, relate
from tests.commerce import Shop, build_shop, subscribed
from tests.relations.workers import Browser, Program, Workers
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.customers.models import CustomerAccount
from toiya.directory.actors import bystander_for
from toiya.directory.models import Family, Person, RoleAssignment, Suspension, Tenant
from toiya.licences.models import Licence, SeatPool
from toiya.programme.models import Programme
from toiya.relations.grants import grant_administration
from toiya.relations.models import (
    AccessAssignment,
    AdministrationGrant,
    Partnership,
    ResellerRelationship,
)
from toiya.subscriptions.models import Subscription
from toiya.tokens.applications import add_secret
from toiya.tokens.issue import issue_app_token, issue_user_token
from toiya.tokens.models import Application


@dataclass(frozen=True)
class Side:
    """One of the two partners: its agent, whoever leads it, and its two relations with Aoba."""

    name: str
    capacity: Capacity
    tenant: Tenant
    agent: Person
    head: Person
    grant: AdministrationGrant
    relationship: ResellerRelationship


@dataclass
class Scene:
    """The world before any revocation."""

    cast: Cast
    shop: Shop
    partnership: Partnership
    subscription: Subscription
    moe: Person
    reseller: Side
    provider: Side
    _kept: list[tuple[type[Model], dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._kept = [(model, row) for model in KEPT for row in model._default_manager.values()]

    def other(self, side: Side) -> Side:
        """The partner whose access is not revoked."""
        return self.provider if side is self.reseller else self.reseller

    def restore(self) -> None:
        """As it was: what a revocation or a channel changed is put back; what was added goes."""
        Licence.objects.all().delete()
        SeatPool.objects.update(assigned=0)
        Suspension.objects.all().delete()
        agents = [self.reseller.agent, self.provider.agent]
        added = [
            RoleAssignment.objects.filter(person__in=agents),
            AccessAssignment.objects.filter(grant__tenant=self.cast.aoba),
        ]
        for rows in added:
            kept = [row["id"] for model, row in self._kept if model is rows.model]
            rows.exclude(pk__in=kept).delete()
        for model, row in self._kept:
            model._default_manager.update_or_create(pk=row["id"], defaults=row)
        for name in ("friendly_name", "state", "kept_until", "support_contact_id"):
            value = getattr(self.subscription, name)
            Subscription.objects.filter(pk=self.subscription.pk).update(**{name: value})


# In the order in which they can be written: a role needs its person.
KEPT: tuple[type[Model], ...] = (
    Family,
    Person,
    RoleAssignment,
    Partnership,
    ResellerRelationship,
    AdministrationGrant,
    AccessAssignment,
)


def set_scene() -> Scene:
    """Everybody in place, on an empty database."""
    cast = build_cast()
    shop = build_shop(cast)
    Programme.objects.update(mails_per_hour=10_000)
    partnership = partner(cast.hinode, cast.kawase)
    momiji = found(cast.family, "モミジ食品", "momiji.example", reading="もみじしょくひん")
    moe = hire(momiji, "Moe", Role.GLOBAL_ADMIN)
    CustomerAccount.objects.get_or_create(tenant=momiji)
    sides = [
        Side(
            name=name,
            capacity=capacity,
            tenant=tenant,
            agent=hire(tenant, agent, Role.ADMIN_AGENT),
            head=head,
            relationship=relate(tenant, cast.aoba),
            grant=lend(cast, tenant, capacity),
        )
        for name, capacity, tenant, agent, head in (
            ("reseller", Capacity.RESELLER, cast.kawase, "Hana", cast.kai),
            ("provider", Capacity.PROVIDER, cast.hinode, "Tomo", cast.mei),
        )
    ]
    # Some days ago, so that its month ends within the thirty days of the weekly mail wherever it is read.
    seller = bystander_for(cast.hinode, kind="test")
    by = replace(seller, now=seller.now - dt.timedelta(days=3))
    subscription = subscribed(cast, shop, cast.aoba, offer="office monthly", quantity=10, by=by)
    return Scene(cast, shop, partnership, subscription, moe, reseller=sides[0], provider=sides[1])


def lend(cast: Cast, grantee: Tenant, capacity: Capacity) -> AdministrationGrant:
    """Aoba's Emi lends everything: to Kawase for a day, to Hinode for a month."""
    emi = actor_of(cast.emi)
    days = 1 if capacity is Capacity.RESELLER else 30
    return grant_administration(
        emi,
        tenant=cast.aoba,
        grantee=grantee,
        capacity=capacity,
        roles=[DirectoryRole.GLOBAL_ADMINISTRATOR],
        expires_at=emi.now + dt.timedelta(days=days),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )


@dataclass
class Hand:
    """The agent of one side with a browser, and a program of that side: in the agent's name, and in its own."""

    scene: Scene
    side: Side
    workers: Workers
    fault: str = ""
    turns: Iterator[bool] = field(default_factory=lambda: itertools.cycle((True, False)))

    def __post_init__(self) -> None:
        head = actor_of(self.side.head)
        made = program_of(self.side.head, Role.ADMIN_AGENT)
        self.application = Application.objects.select_related("account").get(pk=made.pk)
        self.secret = add_secret(head, application=self.application).secret
        self.authorization = let_in(self.side.agent, self.application)
        own = issue_app_token(self.application, secret=self.secret).text
        self.own_program = Program(self.workers, own, self.fault)
        lent = issue_user_token(self.authorization).text
        self.program = Program(self.workers, lent, self.fault)
        self.browser = self.sign_in(self.side.agent)
        self.customer = f"/dashboard/customers/{self.scene.cast.aoba.pk}/"
        self.resource = f"/v1/customers/{self.scene.cast.aoba.pk}"
        self.sku = self.scene.shop.office.pk

    @property
    def actors(self) -> list[uuid.UUID]:
        """In whose name this hand acts."""
        assert self.application.account_id is not None
        return [self.side.agent.pk, self.application.account_id]

    def sign_in(self, person: Person) -> Browser:
        """A browser of the person, in this hand's world."""
        fresh = Person.objects.get(pk=person.pk)
        return Browser.like(self.workers, browser_of(fresh), self.fault)

    @property
    def taro(self) -> Person:
        """Whom the agents see and change."""
        return self.scene.cast.taro

    def unused(self) -> str:
        """A name that nobody has."""
        return uuid.uuid4().hex[:12]

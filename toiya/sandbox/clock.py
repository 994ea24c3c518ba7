"""The clock of a sandbox is moved by whoever made it, and by the administrators of the partners in it.

What falls due on the way happens in its order: the clock stops at each moment at which something is due, the use cases
that a worker calls every day are called for this family, and it goes on (travel.py).
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Family
from toiya.partnerships.models import InvitationState, PartnerInvitation
from toiya.relations.models import AdministrationGrant
from toiya.sandbox.errors import ClockIsMoving, OnlyForward, TooFar
from toiya.sandbox.models import Sandbox
from toiya.subscriptions.models import Subscription, SubscriptionState

FURTHEST_YEARS = 5
FURTHEST = dt.timedelta(days=FURTHEST_YEARS * 366)
FORESEEN = 50


def sandbox_of(actor: Actor) -> Sandbox:
    """The present sandbox of the actor's organisation, or the one that it lives in. Raises NotVisible."""
    found = find_sandbox(actor)
    if found is None:
        raise NotVisible
    return found


def find_sandbox(actor: Actor) -> Sandbox | None:
    """As ``sandbox_of``; None where there is none yet."""
    return Sandbox.objects.visible_to(actor).live().select_related("family", "tenant").first()


@transaction.atomic
def move_clock(actor: Actor, *, to: dt.datetime) -> Sandbox:
    """The family's time goes on to this instant; the worker carries out what falls due until then.

    A clock that runs goes on running from there. Raises NotVisible, OnlyForward, TooFar, ClockIsMoving.
    """
    sandbox, family = _locked(actor)
    now = family.clock.now()
    _must_be_ahead(now, to)
    sandbox.moving_to, sandbox.runs_after = to, family.clock_stopped_at is None
    sandbox.save(update_fields=["moving_to", "runs_after"])
    _set(family, stopped_at=now)
    return _recorded(actor, sandbox, {"now": now.isoformat()}, {"to": to.isoformat()})


def _must_be_ahead(now: dt.datetime, to: dt.datetime) -> None:
    if to <= now:
        raise OnlyForward(field="to")
    if to - now > FURTHEST:
        raise TooFar(years=FURTHEST_YEARS)


@transaction.atomic
def stop_clock(actor: Actor) -> Sandbox:
    """Time stands still, so that what a program reads today it reads tomorrow. Raises NotVisible, ClockIsMoving."""
    sandbox, family = _locked(actor)
    now = family.clock.now()
    _set(family, stopped_at=now)
    return _recorded(actor, sandbox, {}, {"stopped_at": now.isoformat()})


@transaction.atomic
def start_clock(actor: Actor) -> Sandbox:
    """Time runs on from where it stood. Raises NotVisible, ClockIsMoving."""
    sandbox, family = _locked(actor)
    before = family.clock_stopped_at
    let_run(family)
    return _recorded(actor, sandbox, {"stopped_at": before.isoformat() if before else None}, {})


def let_run(family: Family) -> None:
    """From where the clock stands, as fast as real time."""
    family.clock_offset_seconds = math.ceil((family.clock.now() - real_now()).total_seconds())  # never back
    _set(family, stopped_at=None)


def _set(family: Family, *, stopped_at: dt.datetime | None) -> None:
    family.clock_stopped_at = stopped_at
    family.save(update_fields=["clock_stopped_at", "clock_offset_seconds"])


def _locked(actor: Actor) -> tuple[Sandbox, Family]:
    actor.must(Permission.SANDBOX_CLOCK_MOVE)
    sandbox = Sandbox.objects.select_for_update(no_key=True, of=("self",)).get(pk=sandbox_of(actor).pk)
    if sandbox.closed_at is not None:
        raise NotVisible
    if sandbox.moving_to is not None:
        raise ClockIsMoving
    return sandbox, Family.objects.select_for_update(no_key=True).get(pk=sandbox.family_id)


def _recorded(actor: Actor, sandbox: Sandbox, before: dict[str, Any], after: dict[str, Any]) -> Sandbox:
    record(actor, AuditAction.MOVE_CLOCK, sandbox, tenant_id=sandbox.tenant_id, before=before, after=after)
    return sandbox_of(actor)


# ---------------------------------------------------------------- what a move would bring
@dataclass(frozen=True, slots=True)
class Happening:
    """Something that falls due: when, what, and to what it happens."""

    at: dt.datetime
    what: str
    subject: str


RENEWS, ENDS = _("The subscription renews"), _("The subscription ends")
LAPSES, ACCESS_ENDS = _("The invitation lapses"), _("The administrator access ends")


def foresee(actor: Actor, *, to: dt.datetime, language: str) -> list[Happening]:
    """The first things that happen on the way, soonest first. A subscription stands there with its next term only.

    Raises NotVisible, and OnlyForward and TooFar where there is no such way.
    """
    family = sandbox_of(actor).family
    _must_be_ahead(family.clock.now(), to)
    found = [
        *_terms(family, to, language),
        *_invitations(family, to),
        *_grants(family, to, language),
    ]
    return sorted(found, key=lambda happening: happening.at)[:FORESEEN]


def _terms(family: Family, to: dt.datetime, language: str) -> list[Happening]:
    rows = Subscription.objects.filter(
        Q(state=SubscriptionState.ACTIVE) | Q(state=SubscriptionState.SUSPENDED, auto_renew=False),
        tenant__family=family,
        term_end__gt=(family.clock.now() - dt.timedelta(days=1)).date(),
        term_end__lte=(to + dt.timedelta(days=1)).date(),
    ).select_related("customer__country", "sku__product")
    return [
        Happening(
            row.customer.country.midnight(row.term_end),
            str(RENEWS if row.auto_renew else ENDS),
            f"{row.title_in(language)} · {row.customer.name_in(language)}",
        )
        for row in rows.order_by("term_end", "pk")[:FORESEEN]
        if row.term_end is not None and row.customer.country.midnight(row.term_end) <= to
    ]


def _invitations(family: Family, to: dt.datetime) -> list[Happening]:
    window = {"state": InvitationState.OPEN, "expires_at__gt": family.clock.now(), "expires_at__lte": to}
    found: list[Happening] = []
    for model in (PartnerInvitation, RelationshipInvitation):
        rows = model._default_manager.filter(tenant__family=family, **window).order_by("expires_at", "pk")
        found += [
            Happening(expires_at, str(LAPSES), email or domain)
            for expires_at, email, domain in rows.values_list("expires_at", "email", "named_domain")[
                :FORESEEN
            ]
        ]
    return found


def _grants(family: Family, to: dt.datetime, language: str) -> list[Happening]:
    rows = AdministrationGrant.objects.filter(
        tenant__family=family,
        removed_at__isnull=True,
        expires_at__gt=family.clock.now(),
        expires_at__lte=to,
    ).select_related("tenant", "grantee")
    return [
        Happening(
            row.expires_at,
            str(ACCESS_ENDS),
            f"{row.tenant.name_in(language)} → {row.grantee.name_in(language)}",
        )
        for row in rows.order_by("expires_at", "pk")[:FORESEEN]
    ]

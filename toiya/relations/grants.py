"""Administrator access of one organisation in another: given by consent, assigned to agents, taken back at
any time.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By
from toiya.core.errors import NotVisible
from toiya.core.permissions import DIRECTORY_ROLE_POWERS, Capacity, DirectoryRole, Permission, Role
from toiya.core.prepared import prepared
from toiya.directory.actors import bystander_for
from toiya.directory.models import Family, Person, Tenant
from toiya.events.models import Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.mail import outbox
from toiya.relations.errors import ConsentMissing, GrantNotLive, GrantTooLong, NotInGrant
from toiya.relations.events import raise_events
from toiya.relations.models import (
    AccessAssignment,
    AdministrationGrant,
    AdministrationGrantQuerySet,
    GrantRole,
)

LONGEST_GRANT = dt.timedelta(days=730)
BATCH = 100
AGENT_GROUPS = (Role.ADMIN_AGENT, Role.HELPDESK_AGENT)
DEFAULT_ACCESS: Mapping[Role, frozenset[DirectoryRole]] = {
    Role.ADMIN_AGENT: frozenset(DirectoryRole),
    Role.HELPDESK_AGENT: frozenset({DirectoryRole.DIRECTORY_READER, DirectoryRole.HELPDESK_ADMINISTRATOR}),
}
LEAST_PRIVILEGE = (DirectoryRole.HELPDESK_ADMINISTRATOR,)


@transaction.atomic
def grant_administration(
    by: By,
    *,
    tenant: Tenant,
    grantee: Tenant,
    capacity: Capacity,
    roles: Iterable[DirectoryRole],
    expires_at: dt.datetime,
    consented_by_id: uuid.UUID,
    invitation_id: uuid.UUID | None,
    is_founding: bool = False,
) -> AdministrationGrant:
    """``tenant`` lets ``grantee``, acting in ``capacity``, use these directory roles until ``expires_at``.

    Part of an acceptance, in its transaction. Admin agents of the grantee may use every role, helpdesk
    agents the reading and helpdesk ones, until the grantee assigns otherwise. ``is_founding``: a provider sets
    the organisation up in this very act, and nobody of it could be asked yet (N-15); its first administrator
    is told and can take the access back. Raises ConsentMissing, GrantTooLong.
    """
    chosen = [role for role in DirectoryRole if role in set(roles)]
    administrators = Person.objects.active().with_role(Role.GLOBAL_ADMIN).filter(tenant=tenant)
    came_with_it = is_founding and tenant.created_at >= by.now and by.person_id == consented_by_id
    if not came_with_it and not administrators.filter(pk=consented_by_id).exists():
        raise ConsentMissing
    if not by.now < expires_at <= by.now + LONGEST_GRANT:
        raise GrantTooLong(
            _("Administrator access lasts at most %(limit)s days; this would last %(found)s days.")
            % {"limit": LONGEST_GRANT.days, "found": (expires_at - by.now).days}
        )
    grant = AdministrationGrant.objects.create(
        tenant=tenant,
        grantee=grantee,
        capacity=capacity,
        starts_at=by.now,
        expires_at=expires_at,
        consented_by_id=consented_by_id,
        invitation_id=invitation_id,
    )
    GrantRole.objects.bulk_create(GrantRole(tenant=tenant, grant=grant, role=role) for role in chosen)
    AccessAssignment.objects.bulk_create(
        AccessAssignment(tenant=grantee, grant=grant, group=group, role=role)
        for group, usable in DEFAULT_ACCESS.items()
        for role in chosen
        if role in usable
    )
    record(
        by,
        AuditAction.CREATE_ADMINISTRATION_GRANT,
        grant,
        tenant_id=tenant.pk,
        counterparty_id=grantee.pk,
        grant_id=grant.pk,
        after={
            "grantee": grantee.name,
            "roles": [role.value for role in chosen],
            "expires_at": expires_at.isoformat(),
        },
    )
    raise_events(by, *_beginning(grant, chosen))
    return grant


def _of_grant(grant: AdministrationGrant, name: EventName, *, tie: Tie = Tie.GRANT) -> Happening:
    """What the grantee hears of the grant while it lives; of its end always."""
    return Happening(
        name=name,
        object_id=grant.pk,
        tenants=(grant.grantee_id,),
        tie=tie,
        other_id=grant.pk,
    )


def _of_group(grant: AdministrationGrant, group: Role, *names: EventName) -> list[Happening]:
    """What the grantee hears of one of its groups; the group is the assignment's id."""
    return [
        Happening(
            name=name,
            object_id=grant.pk,
            detail=group.value,
            tenants=(grant.grantee_id,),
            tie=Tie.GRANT,
            other_id=grant.pk,
        )
        for name in names
    ]


def _beginning(grant: AdministrationGrant, chosen: Iterable[DirectoryRole]) -> list[Happening]:
    """Consent makes a grant usable at once, with the groups that may use it until somebody assigns otherwise."""
    roles = set(chosen)
    groups = [
        happening
        for group, usable in DEFAULT_ACCESS.items()
        if usable & roles
        for happening in _of_group(grant, group, EventName.ACCESS_CREATED, EventName.ACCESS_ACTIVATED)
    ]
    return [
        _of_grant(grant, EventName.GRANT_APPROVED),
        _of_grant(grant, EventName.GRANT_ACTIVATED),
        *groups,
    ]


def expired_grants(family: Family) -> list[AdministrationGrant]:
    """Access whose end date has passed on the family's clock, without anybody having been told."""
    return list(
        AdministrationGrant.objects.filter(
            tenant__family=family,
            removed_at__isnull=True,
            expiry_told_at__isnull=True,
            expires_at__lte=family.clock.now(),
        )
        .select_related("grantee__family")
        .order_by("expires_at", "pk")[:BATCH]
    )


def next_expiry(family: Family) -> dt.datetime | None:
    """When access ends next, after the present moment of the family."""
    ending = AdministrationGrant.objects.filter(
        tenant__family=family, removed_at__isnull=True, expires_at__gt=family.clock.now()
    )
    first: dt.datetime | None = ending.aggregate(first=Min("expires_at"))["first"]
    return first


def tell_all_expired(family: Family) -> int:
    """Everything of the family that has ended untold; says how many."""
    return sum(
        tell_expired(bystander_for(grant.grantee, kind="worker"), grant=grant)
        for grant in expired_grants(family)
    )


@transaction.atomic
def tell_expired(by: By, *, grant: AdministrationGrant) -> bool:
    """Nobody acts when access reaches its end date; the grantee's program hears of it all the same, once."""
    untold = AdministrationGrant.objects.filter(
        pk=grant.pk, removed_at__isnull=True, expiry_told_at__isnull=True, expires_at__lte=by.now
    )
    if not untold.update(expiry_told_at=by.now):
        return False
    raise_events(by, _of_grant(grant, EventName.GRANT_EXPIRED, tie=Tie.NONE))
    return True


def grants_of(
    actor: Actor, *, is_given: bool | None = None, is_live: bool = False
) -> AdministrationGrantQuerySet:
    """What the organisation gave and received, also what has ended, with its roles and who may use them."""
    rows = AdministrationGrant.objects.visible_to(actor)
    if is_given is not None:
        own = {"tenant_id": actor.tenant_id} if is_given else {"grantee_id": actor.tenant_id}
        rows = rows.filter(**own)
    if is_live:
        rows = rows.live(actor.now)
    return rows.select_related("tenant", "grantee").prefetch_related("roles", "assignments")


def grant_of(actor: Actor, grant_id: uuid.UUID) -> AdministrationGrant:
    """One of them. Raises NotVisible."""
    found = grants_of(actor).filter(pk=grant_id).first()
    if found is None:
        raise NotVisible
    return found


@transaction.atomic
def remove_grant(actor: Actor, *, grant: AdministrationGrant) -> AdministrationGrant:
    """The access ends at once; partnership and reseller relationship stay as they are (S-071, rule (a)).

    Either side's global administrator may do it: the organisation takes it back, or the partner gives it up.
    Raises NotVisible for outsiders, GrantNotLive when it has ended already.
    """
    if actor.tenant_id not in {grant.tenant_id, grant.grantee_id}:
        raise NotVisible
    actor.must(Permission.GRANTS_REMOVE)
    ended = (
        AdministrationGrant.objects.live(actor.now)
        .filter(pk=grant.pk)
        .update(removed_at=actor.now, removed_by_tenant_id=actor.tenant_id)
    )
    if not ended:
        raise GrantNotLive
    grant.removed_at, grant.removed_by_tenant_id = actor.now, actor.tenant_id
    record(
        actor,
        AuditAction.REMOVE_ADMINISTRATION_GRANT,
        grant,
        tenant_id=grant.tenant_id,
        counterparty_id=grant.grantee_id,
        grant_id=grant.pk,
        before={
            "grantee": grant.grantee.name,
            "roles": [role.value for role in grant.directory_roles],
            "expires_at": grant.expires_at.isoformat(),
        },
    )
    raise_events(actor, _of_grant(grant, EventName.GRANT_TERMINATED, tie=Tie.NONE))
    is_own = actor.tenant_id == grant.tenant_id
    remover, other = (grant.tenant, grant.grantee) if is_own else (grant.grantee, grant.tenant)
    for person in administrators_of(other):
        outbox.post(
            actor,
            "relations/access_removed",
            to=person.contact_email,
            language=person.language,
            subject_id=grant.pk,
            context={
                "recipient": person.name,
                "tenant": grant.tenant.name_in(person.language),
                "grantee": grant.grantee.name_in(person.language),
                "removed_by": remover.name_in(person.language),
                "roles": names_of(grant.directory_roles, person.language),
                "removed_at": actor.now.isoformat(),
                "partners_link": {"path": "/organization/partners/"},
            },
        )
    return grant


@transaction.atomic
def assign_access(
    actor: Actor, *, grant: AdministrationGrant, access: Mapping[Role, Iterable[DirectoryRole]]
) -> AdministrationGrant:
    """Inside the partner: everybody in a group may use exactly these roles of the grant (relation 4).

    Groups that ``access`` does not name stay as they are. Raises NotVisible for everybody but the grantee,
    GrantNotLive, and NotInGrant for a role that was not granted.
    """
    if actor.tenant_id != grant.grantee_id:
        raise NotVisible
    actor.must(Permission.ACCESS_ASSIGN)
    locked = AdministrationGrant.objects.select_for_update().live(actor.now).filter(pk=grant.pk).first()
    if locked is None:
        raise GrantNotLive
    for group, roles in access.items():
        chosen = set(roles)
        if group not in AGENT_GROUPS or not chosen <= set(locked.directory_roles):
            raise NotInGrant(field=group.value)
        _assign(actor, locked, group, sorted(role.value for role in chosen))
    return locked


def _assign(actor: Actor, grant: AdministrationGrant, group: Role, chosen: list[str]) -> None:
    present = AccessAssignment.objects.filter(grant=grant, group=group)
    before = sorted(row.role for row in present)
    if before == chosen:
        return
    present.delete()
    AccessAssignment.objects.bulk_create(
        AccessAssignment(tenant_id=actor.tenant_id, grant=grant, group=group, role=role) for role in chosen
    )
    record(
        actor,
        AuditAction.ASSIGN_ACCESS,
        grant,
        tenant_id=actor.tenant_id,
        counterparty_id=grant.tenant_id,
        grant_id=grant.pk,
        before={"group": group.value, "roles": before},
        after={"group": group.value, "roles": chosen},
    )
    raise_events(actor, *_of_group(grant, group, *_names_of_change(before, chosen)))


def _names_of_change(before: list[str], chosen: list[str]) -> tuple[EventName, ...]:
    if not chosen:
        return (EventName.ACCESS_DELETED,)
    if not before:
        return (EventName.ACCESS_CREATED, EventName.ACCESS_ACTIVATED)
    return (EventName.ACCESS_UPDATED,)


def administrators_of(tenant: Tenant) -> list[Person]:
    """The active global administrators: those whom the system writes to about the organisation's
    relations.
    """
    return _administrators(tenant.pk)


@prepared
def _administrators(tenant_id: uuid.UUID) -> QuerySet[Person]:
    held: QuerySet[Person] = Person.objects.active().with_role(Role.GLOBAL_ADMIN)
    return held.filter(tenant_id=tenant_id).order_by("user_name")


def names_of(roles: Iterable[DirectoryRole], language: str) -> str:
    """The roles by name, in the recipient's language; empty for none."""
    with translation.override(language):
        return pgettext("between names", ", ").join(str(role.label) for role in roles)


def powers_of(roles: Iterable[DirectoryRole]) -> list[tuple[DirectoryRole, str, str]]:
    """Each role with its name and what it allows, for consent pages and lists, strongest last."""
    held = set(roles)
    return [
        (role, str(role.label), str(DIRECTORY_ROLE_POWERS[role])) for role in DirectoryRole if role in held
    ]

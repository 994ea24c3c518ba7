"""Administrator access as a partner's programs see it: from the prepared request to its end, one thing with one id.

On the pages these are an invitation and the access that came of it. A request that a program prepared joins them; what
was asked for or granted without one stands for itself.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.pagination import Page, cursor_of_values
from toiya.core.permissions import Capacity, DirectoryRole, Permission
from toiya.customers.administration_places import At, place_in
from toiya.customers.errors import NameTaken, NameWrong, NothingToEnd, OutOfRange, RequestLocked
from toiya.customers.models import (
    AdministrationRequest,
    AdministrationStep,
    RelationshipInvitation,
)
from toiya.customers.relationship_requests import (
    LONGEST_GRANT_DAYS,
    Wish,
    plain,
    request_relationship,
    revoke,
)
from toiya.customers.relationships import relationship_with
from toiya.directory.models import Tenant
from toiya.partnerships.models import InvitationState
from toiya.programme.models import Programme
from toiya.relations.grants import remove_grant
from toiya.relations.models import AdministrationGrant, Channel

LONGEST_NAME = 50


class Status(StrEnum):
    """Where the access stands, in the field's words."""

    CREATED = "created"
    APPROVAL_PENDING = "approvalPending"
    ACTIVE = "active"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class Step(StrEnum):
    """What a program asks for."""

    LOCK = "lockForApproval"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class Administration:
    """One administrator access, prepared, asked for, in force or ended."""

    id: uuid.UUID
    partner_id: uuid.UUID
    name: str
    days: int
    roles: Sequence[DirectoryRole]
    status: Status
    customer: Tenant | None
    created_at: dt.datetime
    modified_at: dt.datetime
    begins_at: dt.datetime | None
    ends_at: dt.datetime | None
    version: int
    request: AdministrationRequest | None = None
    invitation: RelationshipInvitation | None = None
    grant: AdministrationGrant | None = None


# ---------------------------------------------------------------- reading
def _grants(actor: Actor) -> QuerySet[AdministrationGrant]:
    """What the actor's organisation received without a prepared request."""
    received = AdministrationGrant.objects.visible_to(actor).filter(grantee_id=actor.tenant_id)
    prepared = AdministrationRequest.objects.visible_to(actor).filter(invitation_id=OuterRef("invitation_id"))
    return received.exclude(Exists(prepared))


def _invitations(actor: Actor) -> QuerySet[RelationshipInvitation]:
    """Open invitations, made on the pages, that ask for administrator access for the actor's organisation."""
    return (
        RelationshipInvitation.objects.visible_to(actor)
        .filter(
            state=InvitationState.OPEN,
            expires_at__gt=actor.now,
            requested_roles__grantee_id=actor.tenant_id,
        )
        .exclude(Exists(AdministrationRequest.objects.filter(invitation_id=OuterRef("pk"))))
        .distinct()
    )


def _of_status(actor: Actor, status: Status) -> tuple[Q, Q | None, Q | None]:
    """The conditions of a status for requests, invitations and grants; None: none of them has it."""
    own = AdministrationGrant.objects.filter(
        grantee_id=actor.tenant_id, invitation_id=OuterRef("invitation_id")
    )
    live = Exists(own.live(actor.now))
    lapsed = Exists(own.filter(removed_at__isnull=True, expires_at__lte=actor.now))
    is_open = Q(invitation__state=InvitationState.OPEN)
    of_grant = Q(removed_at__isnull=True, expires_at__lte=actor.now)
    answered = Q(invitation__state=InvitationState.ACCEPTED) & ~Q(live) & ~Q(lapsed)
    refused = Q(invitation__state__in=[InvitationState.DECLINED, InvitationState.REVOKED])
    return {
        Status.CREATED: (Q(invitation__isnull=True), None, None),
        Status.APPROVAL_PENDING: (is_open & Q(invitation__expires_at__gt=actor.now), Q(), None),
        Status.ACTIVE: (Q(live), None, Q(removed_at__isnull=True, expires_at__gt=actor.now)),
        Status.EXPIRED: (is_open & Q(invitation__expires_at__lte=actor.now) | Q(lapsed), None, of_grant),
        Status.TERMINATED: (refused | answered, None, Q(removed_at__isnull=False)),
    }[status]


def page_of_administration(
    actor: Actor,
    *,
    cursor: str = "",
    size: int,
    status: Status | None = None,
    customer_id: uuid.UUID | None = None,
    is_descending: bool = True,
) -> Page[Administration]:
    """The organisation's administrator access, by the moment of its making. As many statements for one as for many."""
    requests: QuerySet[AdministrationRequest] = AdministrationRequest.objects.visible_to(actor)
    invitations, grants = _invitations(actor), _grants(actor)
    if status is not None:
        of_requests, of_invitations, of_grants = _of_status(actor, status)
        requests = requests.filter(of_requests)
        invitations = invitations.none() if of_invitations is None else invitations.filter(of_invitations)
        grants = grants.none() if of_grants is None else grants.filter(of_grants)
    if customer_id is not None:
        given = AdministrationGrant.objects.filter(
            grantee_id=actor.tenant_id, tenant_id=customer_id, invitation_id=OuterRef("invitation_id")
        )
        requests = requests.filter(Q(customer_id=customer_id) | Exists(given))
        invitations = invitations.filter(named_customer_id=customer_id)
        grants = grants.filter(tenant_id=customer_id)
    place = place_in(cursor)
    found = [
        *At.read("request", requests, "created_at", place, size + 1, is_descending=is_descending),
        *At.read("invitation", invitations, "created_at", place, size + 1, is_descending=is_descending),
        *At.read("grant", grants, "starts_at", place, size + 1, is_descending=is_descending),
    ]
    found.sort(reverse=is_descending)
    shown = found[:size]
    following = cursor_of_values(shown[-1].at.isoformat(), shown[-1].id) if len(found) > size else ""
    return Page(_told(actor, shown), following, place is None)


def administration_of(actor: Actor, subject_id: uuid.UUID) -> Administration:
    """One of them. Raises NotVisible."""
    for kind, rows in (
        ("request", AdministrationRequest.objects.visible_to(actor)),
        ("grant", _grants(actor)),
        ("invitation", _invitations(actor)),
    ):
        if rows.filter(pk=subject_id).exists():
            return _told(actor, [At(actor.now, subject_id, kind)])[0]
    prepared = _prepared_for(actor, subject_id)
    if prepared is None:
        raise NotVisible
    return _told(actor, [At(actor.now, prepared.pk, "request")])[0]


def _prepared_for(actor: Actor, grant_id: uuid.UUID) -> AdministrationRequest | None:
    """The request that became this access: events name the access by an id of its own."""
    granted = AdministrationGrant.objects.visible_to(actor).filter(
        pk=grant_id, grantee_id=actor.tenant_id, invitation_id__isnull=False
    )
    return (
        AdministrationRequest.objects.visible_to(actor)
        .filter(invitation_id__in=granted.values("invitation_id"))
        .first()
    )


def _told(actor: Actor, places: Sequence[At]) -> list[Administration]:
    by_kind = {
        kind: [at.id for at in places if at.kind == kind] for kind in ("request", "invitation", "grant")
    }
    requests = {
        row.pk: row
        for row in AdministrationRequest.objects.visible_to(actor)
        .filter(pk__in=by_kind["request"])
        .select_related("customer", "invitation")
    }
    invitations = {
        row.pk: row
        for row in RelationshipInvitation.objects.visible_to(actor)
        .filter(pk__in=by_kind["invitation"])
        .select_related("named_customer")
        .prefetch_related("requested_roles")
    }
    made_of = [row.invitation_id for row in requests.values() if row.invitation_id]
    wanted = Q(pk__in=by_kind["grant"]) | Q(invitation_id__in=made_of)
    grants = list(
        AdministrationGrant.objects.visible_to(actor)
        .filter(wanted, grantee_id=actor.tenant_id)
        .select_related("tenant")
        .prefetch_related("roles", "assignments")
    )
    of_invitation = {grant.invitation_id: grant for grant in grants}
    by_id = {grant.pk: grant for grant in grants}
    told = {
        **{pk: _of_request(actor, row, of_invitation.get(row.invitation_id)) for pk, row in requests.items()},
        **{pk: _of_invitation(actor, row) for pk, row in invitations.items()},
        **{pk: _of_grant(actor, by_id[pk]) for pk in by_kind["grant"]},
    }
    return [told[at.id] for at in places]


def _of_grant(actor: Actor, grant: AdministrationGrant) -> Administration:
    return Administration(
        id=grant.pk,
        partner_id=actor.tenant_id,
        name=grant.tenant.name[:LONGEST_NAME],
        days=(grant.expires_at - grant.starts_at).days,
        roles=grant.directory_roles,
        status=_status_of(actor, grant),
        customer=grant.tenant,
        created_at=grant.starts_at,
        modified_at=grant.removed_at or grant.starts_at,
        begins_at=grant.starts_at,
        ends_at=grant.removed_at or grant.expires_at,
        version=1 if grant.removed_at is None else 2,
        grant=grant,
    )


def _status_of(actor: Actor, grant: AdministrationGrant) -> Status:
    if grant.removed_at is not None:
        return Status.TERMINATED
    return Status.ACTIVE if grant.expires_at > actor.now else Status.EXPIRED


def _of_invitation(actor: Actor, invitation: RelationshipInvitation) -> Administration:
    asked = {row.role for row in invitation.requested_roles.all() if row.grantee_id == actor.tenant_id}
    return Administration(
        id=invitation.pk,
        partner_id=actor.tenant_id,
        name=(invitation.customer_name or invitation.email or str(invitation.pk))[:LONGEST_NAME],
        days=invitation.grant_days,
        roles=[role for role in DirectoryRole if role in asked],
        status=Status.APPROVAL_PENDING,
        customer=invitation.named_customer,
        created_at=invitation.created_at,
        modified_at=invitation.created_at,
        begins_at=None,
        ends_at=None,
        version=invitation.version,
        invitation=invitation,
    )


def _of_request(
    actor: Actor, request: AdministrationRequest, grant: AdministrationGrant | None
) -> Administration:
    ended_at = grant and grant.removed_at
    return Administration(
        id=request.pk,
        partner_id=actor.tenant_id,
        name=request.name,
        days=request.days,
        roles=grant.directory_roles if grant else [role for role in DirectoryRole if role in request.roles],
        status=_status_of(actor, grant) if grant else _before_consent(actor, request),
        customer=grant.tenant if grant else request.customer,
        created_at=request.created_at,
        modified_at=ended_at or (grant.starts_at if grant else request.modified_at),
        begins_at=grant.starts_at if grant else None,
        ends_at=(ended_at or grant.expires_at) if grant else None,
        version=request.version + (0 if grant is None else 1) + (0 if ended_at is None else 1),
        request=request,
        invitation=request.invitation,
        grant=grant,
    )


def _before_consent(actor: Actor, request: AdministrationRequest) -> Status:
    """Also where the customer consented to the relationship without any access: then there is nothing to use."""
    invitation = request.invitation
    if invitation is None:
        return Status.CREATED
    if invitation.state != InvitationState.OPEN:
        return Status.TERMINATED
    return Status.EXPIRED if invitation.is_expired(actor.now) else Status.APPROVAL_PENDING


# ---------------------------------------------------------------- preparing
@transaction.atomic
def prepare_administration(
    actor: Actor,
    *,
    name: str,
    days: int,
    roles: Collection[DirectoryRole],
    customer_id: uuid.UUID | None = None,
) -> Administration:
    """A request that nobody is asked yet. ``customer_id``: one that the actor's organisation serves.

    Raises NotVisible for somebody else's customer, OutOfRange, NameTaken.
    """
    actor.must(Permission.RELATIONSHIPS_REQUEST)
    _within(days)
    try:
        with transaction.atomic():
            request = AdministrationRequest.objects.create(
                tenant_id=actor.tenant_id,
                name=_named(name),
                days=days,
                roles=_kept(roles),
                customer_id=_customer(actor, customer_id),
                created_at=actor.now,
                modified_at=actor.now,
            )
    except IntegrityError as error:
        raise NameTaken(field="name") from error
    _note(actor, AuditAction.CREATE_ADMINISTRATION_REQUEST, request, after=_words(request))
    return administration_of(actor, request.pk)


@transaction.atomic
def change_prepared(
    actor: Actor,
    *,
    request: AdministrationRequest,
    version: int,
    name: str | None = None,
    days: int | None = None,
    roles: Collection[DirectoryRole] | None = None,
    customer_id: uuid.UUID | None = None,
) -> Administration:
    """Change what was prepared; what is None stays. Raises RequestLocked, ChangedMeanwhile and what preparing does."""
    actor.must(Permission.RELATIONSHIPS_REQUEST)
    locked = _lock(actor, request)
    if locked.version != version:
        raise ChangedMeanwhile
    before = _words(locked)
    if name is not None:
        locked.name = _named(name)
    if days is not None:
        _within(days)
        locked.days = days
    if roles is not None:
        locked.roles = _kept(roles)
    if customer_id is not None:
        locked.customer_id = _customer(actor, customer_id)
    locked.version, locked.modified_at = F("version") + 1, actor.now
    try:
        with transaction.atomic():
            locked.save()
    except IntegrityError as error:
        raise NameTaken(field="name") from error
    locked.refresh_from_db()
    _note(actor, AuditAction.UPDATE_ADMINISTRATION_REQUEST, locked, before=before, after=_words(locked))
    return administration_of(actor, locked.pk)


@transaction.atomic
def discard_prepared(actor: Actor, *, request: AdministrationRequest, version: int) -> None:
    """Nobody was asked, and nobody will be. Raises RequestLocked, ChangedMeanwhile."""
    actor.must(Permission.RELATIONSHIPS_REQUEST)
    locked = _lock(actor, request)
    if locked.version != version:
        raise ChangedMeanwhile
    _note(actor, AuditAction.DELETE_ADMINISTRATION_REQUEST, locked, before=_words(locked))
    locked.delete()


def _lock(actor: Actor, request: AdministrationRequest) -> AdministrationRequest:
    rows = AdministrationRequest.objects.visible_to(actor).select_for_update()
    locked = rows.filter(pk=request.pk).first()
    if locked is None:
        raise NotVisible
    if locked.invitation_id is not None:
        raise RequestLocked
    return locked


def _named(text: str) -> str:
    name = plain(text)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NameWrong(longest=LONGEST_NAME, found=len(name))
    return name


def _within(days: int) -> None:
    if not 1 <= days <= LONGEST_GRANT_DAYS:
        raise OutOfRange(field="days", found=days, lowest=1, highest=LONGEST_GRANT_DAYS)


def _kept(roles: Iterable[DirectoryRole]) -> list[str]:
    chosen = set(roles)
    return [role.value for role in DirectoryRole if role in chosen]


def _customer(actor: Actor, customer_id: uuid.UUID | None) -> uuid.UUID | None:
    return None if customer_id is None else relationship_with(actor, customer_id).customer_id


def _words(request: AdministrationRequest) -> dict[str, object]:
    return {"title": request.name, "grant_days": request.days, "roles": request.roles}


def _note(
    actor: Actor,
    action: AuditAction,
    request: AdministrationRequest,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    record(
        actor,
        action,
        request,
        tenant_id=actor.tenant_id,
        customer_id=request.customer_id,
        before=before,
        after=after,
    )


# ---------------------------------------------------------------- steps
@transaction.atomic
def ask_for_approval(actor: Actor, *, request: AdministrationRequest) -> AdministrationStep:
    """From now on the customer may consent: the request is an invitation, on the page of invitations, with its link.

    Raises RequestLocked, and what ``request_relationship`` raises.
    """
    actor.must(Permission.RELATIONSHIPS_REQUEST)
    locked = _lock(actor, request)
    capacity = Capacity.RESELLER if Capacity.RESELLER in actor.capacities else Capacity.PROVIDER
    customer = locked.customer
    wish = Wish(
        language=customer.language if customer else actor.language,
        channel=Channel.PROVIDER if capacity is Capacity.PROVIDER else Channel.OWN_MARKETING,
        grant_days=locked.days,
        valid_days=Programme.objects.get().invitation_days,
        roles={capacity: frozenset(DirectoryRole(role) for role in locked.roles)},
        customer_name=customer.name if customer else locked.name,
    )
    locked.invitation = request_relationship(actor, capacity=capacity, wish=wish, customer=customer)
    locked.version, locked.modified_at = locked.version + 1, actor.now
    locked.save(update_fields=["invitation", "version", "modified_at"])
    return _stepped(actor, locked.pk, Step.LOCK)


@transaction.atomic
def end_administration(actor: Actor, *, administration: Administration) -> AdministrationStep:
    """The access ends at once, or the open request for it is taken back. Raises NothingToEnd, GrantNotLive."""
    if administration.grant is not None:
        remove_grant(actor, grant=administration.grant)
    elif administration.status is Status.APPROVAL_PENDING and administration.invitation is not None:
        revoke(actor, invitation=administration.invitation)
    else:
        raise NothingToEnd
    return _stepped(actor, administration.id, Step.TERMINATE)


def _stepped(actor: Actor, subject_id: uuid.UUID, step: Step) -> AdministrationStep:
    return AdministrationStep.objects.create(
        tenant_id=actor.tenant_id, subject_id=subject_id, action=step.value, at=actor.now
    )


def steps_of(actor: Actor, subject_id: uuid.UUID) -> list[AdministrationStep]:
    """What programs asked for about it, the latest first."""
    rows = AdministrationStep.objects.filter(tenant_id=actor.tenant_id, subject_id=subject_id)
    return list(rows.order_by("-at", "-id"))

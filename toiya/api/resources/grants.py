"""Toiya's own: administrator access that the organisation gave and received (S-070, S-071).

Consent is given on a page only, by a person. Ending access takes no consent: either side may do it here.
"""

import datetime as dt
import enum
import uuid
from collections.abc import Iterable

from toiya.api.common import Party
from toiya.api.operations import Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.wire import Link, Links, Resource, SeekCollection, Wire, attributes_of
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, DirectoryRole, Permission, Role
from toiya.customers.relationships import consents_of
from toiya.directory.models import Tenant
from toiya.relations.grants import AGENT_GROUPS, grant_of, grants_of, remove_grant
from toiya.relations.models import AdministrationGrant

GRANTS = "/v1/toiya/grants"
GRANT = f"{GRANTS}/{{grant_id}}"


class GrantSide(enum.Enum):
    """Whether the organisation lets somebody in, or is let in."""

    GIVEN = "given"
    RECEIVED = "received"


class GrantStatus(enum.Enum):
    """Whether it gives rights now."""

    LIVE = "live"
    EXPIRED = "expired"
    REMOVED = "removed"


class GrantsQuery(SeekQuery):
    """``side``: given or received; ``live`` true: only those that give rights now."""

    side: GrantSide | None = None
    live: bool | None = None


class GroupAccess(Wire):
    """Inside the organisation that was let in: all who hold ``group`` may use these roles."""

    group: Role
    roles: list[DirectoryRole]


class GrantItem(Resource):
    """Access to ``organization`` for ``grantee`` with these roles, from ``startDate`` until ``expirationDate``.

    ``consentedBy``: to the organisation itself always, to who was let in as long as it is. ``groups``: to who was
    let in.
    """

    id: uuid.UUID | None = None
    side: GrantSide | None = None
    status: GrantStatus | None = None
    organization: Party | None = None
    grantee: Party | None = None
    capacity: Capacity | None = None
    roles: list[DirectoryRole] | None = None
    start_date: dt.datetime | None = None
    expiration_date: dt.datetime | None = None
    removed_date: dt.datetime | None = None
    removed_by_us: bool | None = None
    consented_by: str | None = None
    invitation_id: uuid.UUID | None = None
    groups: list[GroupAccess] | None = None


@operation("toiya.grants.list", "GET", GRANTS, needs=Permission.GRANTS_VIEW)
def list_grants(call: Call, query: GrantsQuery) -> SeekCollection[GrantItem]:
    """Who was let into the organisation, and where it was let in itself, the latest first; also what has ended."""
    is_given = None if query.side is None else query.side is GrantSide.GIVEN
    page = page_by_key(
        grants_of(call.actor, is_given=is_given, is_live=bool(query.live)),
        fields=("starts_at", "id"),
        cursor=place_of(call, query),
        size=size_of(query),
        descending=True,
    )
    return seek_collection(
        page.showing(_items(call, page.rows)),
        lambda item: item,
        at="/toiya/grants",
        size=query.size,
        side=query.side.value if query.side else None,
        live="true" if query.live else None,
    )


def _items(call: Call, rows: Iterable[AdministrationGrant]) -> list[GrantItem]:
    grants = list(rows)
    return [
        _item(call, grant, access.consented_by)
        for grant, access in zip(grants, consents_of(grants), strict=True)
    ]


def _item(call: Call, grant: AdministrationGrant, consented_by: str) -> GrantItem:
    is_given, status = grant.tenant_id == call.actor.tenant_id, _status(grant, call.actor.now)
    is_told = is_given or status is GrantStatus.LIVE
    return GrantItem(
        id=grant.pk,
        side=GrantSide.GIVEN if is_given else GrantSide.RECEIVED,
        status=status,
        organization=_party(grant.tenant),
        grantee=_party(grant.grantee),
        capacity=Capacity(grant.capacity),
        roles=grant.directory_roles,
        start_date=grant.starts_at,
        expiration_date=grant.expires_at,
        removed_date=grant.removed_at,
        removed_by_us=grant.removed_by_tenant_id == call.actor.tenant_id if grant.removed_at else None,
        consented_by=consented_by or None if is_told else None,
        invitation_id=grant.invitation_id,
        groups=None if is_given else _groups(grant),
        links=Links(self=Link(uri=f"/toiya/grants/{grant.pk}")),
        attributes=attributes_of("AdministrationGrant"),
    )


def _status(grant: AdministrationGrant, now: dt.datetime) -> GrantStatus:
    if grant.removed_at is not None:
        return GrantStatus.REMOVED
    return GrantStatus.EXPIRED if grant.expires_at <= now else GrantStatus.LIVE


def _groups(grant: AdministrationGrant) -> list[GroupAccess]:
    used = {(row.group, row.role) for row in grant.assignments.all()}
    return [
        GroupAccess(group=group, roles=[role for role in DirectoryRole if (group, role) in used])
        for group in AGENT_GROUPS
    ]


def _party(tenant: Tenant) -> Party:
    return Party(
        id=tenant.pk, name=tenant.name, latin_name=tenant.latin_name or None, country=tenant.country_id
    )


@operation("toiya.grants.get", "GET", GRANT, needs=Permission.GRANTS_VIEW, errors=(1000,))
def get_grant(call: Call, grant_id: uuid.UUID) -> GrantItem:
    """One of them."""
    return _items(call, [grant_of(call.actor, grant_id)])[0]


@operation("toiya.grants.delete", "DELETE", GRANT, needs=Permission.GRANTS_REMOVE, status=204, errors=(1000,))
def delete_grant(call: Call, grant_id: uuid.UUID) -> None:
    """The access ends at once: taken back by the organisation, or given up by who was let in.

    Partnership and reseller relationship stay as they are. Whom the partner added or gave roles with it stays too;
    the page of the organisation lists them.
    """
    remove_grant(call.actor, grant=grant_of(call.actor, grant_id))

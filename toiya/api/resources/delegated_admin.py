"""Delegated administration: a partner's administrator access in its customers, in the words of the field's graph API.

What the business calls a request, an invitation that asks for roles, and a grant, is here one relationship whose id
stays the same: ``{guid}-{tenant id of the partner}``. A group is all people of the partner who hold a role; its id is
the one that ``GET /v1/roles`` gives.
"""

import datetime as dt
import enum
import hashlib
import re
import uuid
from collections.abc import Sequence
from typing import Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from django.utils.translation import gettext as _

from toiya.api.errors import WireError, named_as, told_as
from toiya.api.operations import Answer, Call, as_id, operation, unbuilt
from toiya.api.paging import MOST, USUAL
from toiya.api.reach import NO_SUCH_CUSTOMER
from toiya.api.wire import Wire
from toiya.core.errors import ChangedMeanwhile, NotVisible, PersonMissing
from toiya.core.permissions import DirectoryRole, Permission, Role
from toiya.core.reader import reader_name
from toiya.core.role_ids import DIRECTORY_ROLE_IDS, GROUP_IDS, GROUPS
from toiya.customers.administration import (
    Administration,
    Status,
    administration_of,
    ask_for_approval,
    change_prepared,
    discard_prepared,
    end_administration,
    page_of_administration,
    prepare_administration,
    steps_of,
)
from toiya.customers.errors import RequestLocked
from toiya.customers.models import AdministrationRequest, AdministrationStep
from toiya.relations.errors import GrantNotLive
from toiya.relations.grants import AGENT_GROUPS, assign_access
from toiya.relations.models import AdministrationGrant

T = TypeVar("T")
AT = "/v1.0/tenantRelationships/delegatedAdminRelationships"
ID = re.compile(r"([0-9a-f-]{36})(?:-([0-9a-f-]{36}))?", re.IGNORECASE)
DURATION = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,4})D)?", re.IGNORECASE)
NO_EXTENSION = frozenset({"PT0S", "P0D"})
DAYS_OF_A_YEAR = 365
CONDITION = re.compile(r"\s*([A-Za-z/]+)\s+eq\s+'?([^']*?)'?\s*", re.IGNORECASE)
ORDER = re.compile(r"\s*createdDateTime(?:\s+(asc|desc))?\s*", re.IGNORECASE)
ROLES_BY_ID = {str(role_id): role for role, role_id in DIRECTORY_ROLE_IDS.items()}
NAMES = {"name": "displayName", "days": "duration", "customer": "customer.tenantId"}


class RequestAction(enum.Enum):
    """What is asked for."""

    LOCK_FOR_APPROVAL = "lockForApproval"
    APPROVE = "approve"
    TERMINATE = "terminate"


class UnifiedRole(Wire):
    """A role of the customer's directory, by the id of its definition."""

    role_definition_id: str | None = None


class DelegatedAdminAccessDetails(Wire):
    """The roles that are asked for, granted, or used."""

    unified_roles: list[UnifiedRole] | None = None


class DelegatedAdminRelationshipCustomerParticipant(Wire):
    """The customer."""

    tenant_id: str | None = None
    display_name: str | None = None


class DelegatedAdminRelationship(Wire):
    """Administrator access in a customer: prepared, asked for, in force, or ended."""

    odata_etag: str | None = msgspec.field(default=None, name="@odata.etag")
    id: str | None = None
    display_name: str | None = None
    duration: str | None = None
    auto_extend_duration: str | None = None
    status: str | None = None
    customer: DelegatedAdminRelationshipCustomerParticipant | None = None
    access_details: DelegatedAdminAccessDetails | None = None
    created_date_time: dt.datetime | None = None
    last_modified_date_time: dt.datetime | None = None
    activated_date_time: dt.datetime | None = None
    end_date_time: dt.datetime | None = None


class DelegatedAdminRelationshipRequest(Wire):
    """A step that was asked for; here it is done at once."""

    id: str | None = None
    action: RequestAction | None = None
    status: str | None = None
    created_date_time: dt.datetime | None = None
    last_modified_date_time: dt.datetime | None = None


class DelegatedAdminAccessContainer(Wire):
    """A group of the partner's people."""

    access_container_id: str | None = None
    access_container_type: str | None = None


class DelegatedAdminAccessAssignment(Wire):
    """What a group may use of the access."""

    odata_etag: str | None = msgspec.field(default=None, name="@odata.etag")
    id: str | None = None
    access_container: DelegatedAdminAccessContainer | None = None
    access_details: DelegatedAdminAccessDetails | None = None
    status: str | None = None
    created_date_time: dt.datetime | None = None
    last_modified_date_time: dt.datetime | None = None


class ODataCollection(Wire, Generic[T]):
    """Some resources, and where the next page is."""

    value: list[T]
    odata_context: str | None = msgspec.field(default=None, name="@odata.context")
    odata_next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


class ODataQuery(Wire):
    """``$top`` rows after ``$skiptoken``; ``$filter`` by status and customer/tenantId; ``$orderby`` createdDateTime."""

    filter: str | None = None
    orderby: str | None = None
    top: int | None = None
    skiptoken: str | None = None


# ---------------------------------------------------------------- relationships
@operation("delegated_admin.list_relationships", "GET", AT, needs=Permission.CUSTOMERS_VIEW)
def list_relationships(call: Call, query: ODataQuery) -> ODataCollection[DelegatedAdminRelationship]:
    """The partner's administrator access, the latest first."""
    status, customer_id = _conditions(query.filter)
    top = USUAL if query.top is None else query.top
    if not 1 <= top <= MOST:
        text = _("$top is %(found)s; it must be from 1 to %(most)s.") % {"found": top, "most": MOST}
        raise WireError(400, 800002, text, "$top", str(top))
    page = page_of_administration(
        call.actor,
        cursor=query.skiptoken or "",
        size=top,
        status=status,
        customer_id=customer_id,
        is_descending=_descends(query.orderby),
    )
    given = {"$top": query.top, "$filter": query.filter, "$orderby": query.orderby}
    kept = {name: value for name, value in given.items() if value is not None}
    following = urlencode({**kept, "$skiptoken": page.next_cursor})
    return ODataCollection(
        odata_context=_context(call),
        odata_next_link=f"{call.base}{AT}?{following}" if page.next_cursor else None,
        value=[_relationship(found) for found in page.rows],
    )


@operation(
    "delegated_admin.create_relationship",
    "POST",
    AT,
    needs=Permission.RELATIONSHIPS_REQUEST,
    status=201,
    required=("displayName", "duration", "accessDetails.unifiedRoles"),
    errors=(NO_SUCH_CUSTOMER,),
)
def create_relationship(call: Call, body: DelegatedAdminRelationship) -> Answer[DelegatedAdminRelationship]:
    """Prepare a request; nobody is asked before it is locked for approval."""
    _must_not_extend(body.auto_extend_duration)
    with named_as(NAMES), told_as(NO_SUCH_CUSTOMER):
        made = prepare_administration(
            call.actor,
            name=body.display_name or "",
            days=_days(body.duration or ""),
            roles=_roles(body.access_details),
            customer_id=_customer(body),
        )
    return Answer(_relationship(made), 201, {"Location": f"{call.base}{AT}/{_id(made)}"})


@operation(
    "delegated_admin.get_relationship", "GET", f"{AT}/{{relationship_id}}", needs=Permission.CUSTOMERS_VIEW
)
def get_relationship(call: Call, relationship_id: str) -> DelegatedAdminRelationship:
    """One of them, wherever it stands."""
    return _relationship(_found(call, relationship_id))


@operation(
    "delegated_admin.update_relationship",
    "PATCH",
    f"{AT}/{{relationship_id}}",
    needs=Permission.RELATIONSHIPS_REQUEST,
    errors=(NO_SUCH_CUSTOMER, 2055),
)
def update_relationship(
    call: Call, relationship_id: str, body: DelegatedAdminRelationship
) -> DelegatedAdminRelationship:
    """Change what was prepared; once it is locked for approval it stays as the customer was asked."""
    found = _found(call, relationship_id)
    _must_not_extend(body.auto_extend_duration)
    request = _prepared(found)
    with named_as(NAMES), told_as(NO_SUCH_CUSTOMER):
        changed = change_prepared(
            call.actor,
            request=request,
            version=_version(call, body.odata_etag, found.version),
            name=body.display_name,
            days=None if body.duration is None else _days(body.duration),
            roles=None if body.access_details is None else _roles(body.access_details),
            customer_id=_customer(body),
        )
    return _relationship(changed)


@operation(
    "delegated_admin.delete_relationship",
    "DELETE",
    f"{AT}/{{relationship_id}}",
    needs=Permission.RELATIONSHIPS_REQUEST,
    status=204,
    errors=(2055,),
)
def delete_relationship(call: Call, relationship_id: str) -> None:
    """Discard what was prepared, as long as nobody was asked."""
    found = _found(call, relationship_id)
    version = _version(call, None, found.version)
    discard_prepared(call.actor, request=_prepared(found), version=version)


# ---------------------------------------------------------------- steps
@operation(
    "delegated_admin.create_request",
    "POST",
    f"{AT}/{{relationship_id}}/requests",
    needs=Permission.CUSTOMERS_VIEW,
    status=201,
    required=("action",),
)
def create_request(
    call: Call, relationship_id: str, body: DelegatedAdminRelationshipRequest
) -> Answer[DelegatedAdminRelationshipRequest]:
    """Ask the customer (lockForApproval), or end it (terminate). Approval is the customer's, on a page of its own."""
    found = _found(call, relationship_id)
    if body.action is RequestAction.APPROVE:
        raise PersonMissing
    if body.action is RequestAction.LOCK_FOR_APPROVAL:
        step = ask_for_approval(call.actor, request=_prepared(found))
    else:
        step = end_administration(call.actor, administration=found)
    location = f"{call.base}{AT}/{_id(found)}/requests/{step.pk}"
    return Answer(_step(step), 201, {"Location": location})


@operation(
    "delegated_admin.list_requests",
    "GET",
    f"{AT}/{{relationship_id}}/requests",
    needs=Permission.CUSTOMERS_VIEW,
)
def list_requests(call: Call, relationship_id: str) -> ODataCollection[DelegatedAdminRelationshipRequest]:
    """The steps that programs asked for, the latest first."""
    found = _found(call, relationship_id)
    return ODataCollection(
        odata_context=_context(call, f"('{_id(found)}')/requests"),
        value=[_step(step) for step in steps_of(call.actor, found.id)],
    )


# ---------------------------------------------------------------- who may use it
@operation(
    "delegated_admin.create_access_assignment",
    "POST",
    f"{AT}/{{relationship_id}}/accessAssignments",
    needs=Permission.ACCESS_ASSIGN,
    status=201,
    required=("accessContainer.accessContainerId", "accessDetails.unifiedRoles"),
)
def create_access_assignment(
    call: Call, relationship_id: str, body: DelegatedAdminAccessAssignment
) -> Answer[DelegatedAdminAccessAssignment]:
    """A group that uses nothing of the access yet may use these roles of it."""
    found = _found(call, relationship_id)
    group = _group(body.access_container)
    grant = _granted(found)
    if _used(grant, group):
        text = _("The group has an assignment for this access already; change that one.")
        raise WireError(409, 800002, text, "accessContainer.accessContainerId", str(GROUP_IDS[group]))
    assigned = _assign(call, grant, group, _roles(body.access_details))
    location = f"{call.base}{AT}/{_id(found)}/accessAssignments/{assigned.id}"
    return Answer(assigned, 201, {"Location": location})


@operation(
    "delegated_admin.list_access_assignments",
    "GET",
    f"{AT}/{{relationship_id}}/accessAssignments",
    needs=Permission.ACCESS_ASSIGN,
)
def list_access_assignments(
    call: Call, relationship_id: str
) -> ODataCollection[DelegatedAdminAccessAssignment]:
    """The groups of the partner's people that use something of the access, and what."""
    found = _found(call, relationship_id)
    groups = AGENT_GROUPS if found.grant is not None else ()
    return ODataCollection(
        odata_context=_context(call, f"('{_id(found)}')/accessAssignments"),
        value=[
            _assignment(group, roles)
            for group in groups
            if found.grant is not None and (roles := _used(found.grant, group))
        ],
    )


@operation(
    "delegated_admin.update_access_assignment",
    "PATCH",
    f"{AT}/{{relationship_id}}/accessAssignments/{{assignment_id}}",
    needs=Permission.ACCESS_ASSIGN,
    required=("accessDetails.unifiedRoles",),
    errors=(2055,),
)
def update_access_assignment(
    call: Call, relationship_id: str, assignment_id: str, body: DelegatedAdminAccessAssignment
) -> DelegatedAdminAccessAssignment:
    """The group may use exactly these roles of the access from now on."""
    found = _found(call, relationship_id)
    grant, group = _assigned(found, assignment_id)
    _must_be_as_read(call, body.odata_etag, _used(grant, group))
    return _assign(call, grant, group, _roles(body.access_details))


@operation(
    "delegated_admin.delete_access_assignment",
    "DELETE",
    f"{AT}/{{relationship_id}}/accessAssignments/{{assignment_id}}",
    needs=Permission.ACCESS_ASSIGN,
    status=202,
    errors=(2055,),
)
def delete_access_assignment(call: Call, relationship_id: str, assignment_id: str) -> None:
    """The group uses nothing of the access any more; it is done when this is answered."""
    found = _found(call, relationship_id)
    grant, group = _assigned(found, assignment_id)
    _must_be_as_read(call, None, _used(grant, group))
    assign_access(call.actor, grant=grant, access={group: []})


unbuilt(
    "Delegated admin privileges without named roles do not exist here: access is granted role by role and for a time. "
    "It is listed under delegatedAdminRelationships.",
    ("delegated_admin.list_customers_dap", "GET", "/CustomerServiceAdminApi/Web/v1/delegatedAdminCustomers"),
    ("delegated_admin.get_statistics_dap", "GET", "/CustomerServiceAdminApi/Web/v1/delegatedAdminStatistics"),
)


# ---------------------------------------------------------------- reading the request
def _found(call: Call, relationship_id: str) -> Administration:
    named = ID.fullmatch(relationship_id)
    subject, partner = (
        (as_id(named[1]), as_id(named[2] or str(call.actor.tenant_id))) if named else (None, None)
    )
    if subject is None or partner != call.actor.tenant_id:
        raise NotVisible
    return administration_of(call.actor, subject)


def _prepared(found: Administration) -> AdministrationRequest:
    if found.request is None:
        raise RequestLocked
    return found.request


def _granted(found: Administration) -> AdministrationGrant:
    if found.grant is None or found.status is not Status.ACTIVE:
        raise GrantNotLive
    return found.grant


def _assigned(found: Administration, assignment_id: str) -> tuple[AdministrationGrant, Role]:
    """The assignment of a group: its id is the group's. Raises NotVisible where the group uses nothing."""
    group_id = as_id(assignment_id)
    group = GROUPS.get(group_id) if group_id else None
    if found.grant is None or group is None or not _used(found.grant, group):
        raise NotVisible
    return _granted(found), group


def _group(container: DelegatedAdminAccessContainer | None) -> Role:
    given = (container and container.access_container_id) or ""
    kind = (container and container.access_container_type) or "securityGroup"
    if kind.lower() != "securitygroup":
        raise _wrong("accessContainer.accessContainerType", kind, "securityGroup")
    group_id = as_id(given)
    group = GROUPS.get(group_id) if group_id else None
    if group not in AGENT_GROUPS:
        known = " / ".join(str(GROUP_IDS[role]) for role in AGENT_GROUPS)
        raise _wrong("accessContainer.accessContainerId", given, known)
    return group


def _roles(details: DelegatedAdminAccessDetails | None) -> list[DirectoryRole]:
    given = [role.role_definition_id or "" for role in (details and details.unified_roles) or []]
    unknown = [role_id for role_id in given if role_id.lower() not in ROLES_BY_ID]
    if unknown or not given:
        known = " / ".join(f"{role_id} ({role.label})" for role_id, role in ROLES_BY_ID.items())
        raise _wrong("accessDetails.unifiedRoles", ", ".join(unknown), known)
    return [ROLES_BY_ID[role_id.lower()] for role_id in given]


def _customer(body: DelegatedAdminRelationship) -> uuid.UUID | None:
    given = body.customer and body.customer.tenant_id
    if not given:
        return None
    found = as_id(given)
    if found is None:
        raise NotVisible
    return found


def _days(text: str) -> int:
    """P730D, P2Y: a year has 365 days."""
    read = DURATION.fullmatch(text)
    if read is None or not (read[1] or read[2]):
        raise _wrong("duration", text, "P1D–P730D")
    return int(read[1] or 0) * DAYS_OF_A_YEAR + int(read[2] or 0)


def _must_not_extend(given: str | None) -> None:
    """Consent ends; nobody's access is prolonged without being asked again (I-07)."""
    if given is not None and given.upper() not in NO_EXTENSION:
        raise _wrong("autoExtendDuration", given, "PT0S")


def _conditions(text: str | None) -> tuple[Status | None, uuid.UUID | None]:
    status, customer_id = None, None
    for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text else ():
        read = CONDITION.fullmatch(part)
        name = read[1].lower() if read else ""
        if read and name == "status" and read[2].lower() in _STATES:
            status = _STATES[read[2].lower()]
        elif read and name == "customer/tenantid" and (found := as_id(read[2])):
            customer_id = found
        else:
            raise _wrong("$filter", part, "status eq 'active' and customer/tenantId eq '…'")
    return status, customer_id


_STATES = {status.value.lower(): status for status in Status}


def _descends(text: str | None) -> bool:
    if text is None:
        return True
    read = ORDER.fullmatch(text)
    if read is None:
        raise _wrong("$orderby", text, "createdDateTime desc")
    return (read[1] or "asc").lower() == "desc"


def _wrong(name: str, found: str, expected: str) -> WireError:
    text = _("%(name)s is “%(found)s”; it must be “%(expected)s”.")
    return WireError(400, 800002, text % {"name": name, "found": found, "expected": expected}, name, found)


def _version(call: Call, etag: str | None, current: int) -> int:
    """If-Match, else the etag in the body, else what is there now."""
    if call.etag() is None and etag:
        plain = etag.strip().removeprefix("W/").strip('"')
        if plain != str(current):
            raise ChangedMeanwhile
    return call.version(current=current)


def _must_be_as_read(call: Call, etag: str | None, roles: Sequence[DirectoryRole]) -> None:
    given = call.etag() or (etag or "").strip().removeprefix("W/").strip('"')
    if given and given != _mark(roles):
        raise ChangedMeanwhile


# ---------------------------------------------------------------- writing the answer
def _id(found: Administration) -> str:
    return f"{found.id}-{found.partner_id}"


def _context(call: Call, of: str = "") -> str:
    return f"{call.base}/v1.0/$metadata#tenantRelationships/delegatedAdminRelationships{of}"


def _details(roles: Sequence[DirectoryRole]) -> DelegatedAdminAccessDetails:
    return DelegatedAdminAccessDetails(
        unified_roles=[UnifiedRole(role_definition_id=str(DIRECTORY_ROLE_IDS[role])) for role in roles]
    )


def _relationship(found: Administration) -> DelegatedAdminRelationship:
    customer = None
    if found.customer is not None:
        customer = DelegatedAdminRelationshipCustomerParticipant(
            tenant_id=str(found.customer.pk), display_name=reader_name(found.customer)
        )
    return DelegatedAdminRelationship(
        odata_etag=f'W/"{found.version}"',
        id=_id(found),
        display_name=found.name,
        duration=f"P{found.days}D",
        auto_extend_duration="PT0S",
        status=found.status.value,
        customer=customer,
        access_details=_details(found.roles),
        created_date_time=found.created_at,
        last_modified_date_time=found.modified_at,
        activated_date_time=found.begins_at,
        end_date_time=found.ends_at,
    )


def _step(step: AdministrationStep) -> DelegatedAdminRelationshipRequest:
    return DelegatedAdminRelationshipRequest(
        id=str(step.pk),
        action=RequestAction(step.action),
        status="succeeded",
        created_date_time=step.at,
        last_modified_date_time=step.at,
    )


def _used(grant: AdministrationGrant, group: Role) -> list[DirectoryRole]:
    used = {row.role for row in grant.assignments.all() if row.group == group}
    return [role for role in DirectoryRole if role in used]


def _assign(
    call: Call, grant: AdministrationGrant, group: Role, roles: Sequence[DirectoryRole]
) -> DelegatedAdminAccessAssignment:
    with named_as({group.value: "accessDetails.unifiedRoles"}):
        assign_access(call.actor, grant=grant, access={group: roles})
    return _assignment(group, [role for role in DirectoryRole if role in roles])


def _assignment(group: Role, roles: Sequence[DirectoryRole]) -> DelegatedAdminAccessAssignment:
    return DelegatedAdminAccessAssignment(
        odata_etag=f'W/"{_mark(roles)}"',
        id=str(GROUP_IDS[group]),
        access_container=DelegatedAdminAccessContainer(
            access_container_id=str(GROUP_IDS[group]), access_container_type="securityGroup"
        ),
        access_details=_details(roles),
        status="active",
    )


def _mark(roles: Sequence[DirectoryRole]) -> str:
    """The etag of an assignment: what it consists of."""
    return hashlib.sha256(",".join(role.value for role in roles).encode()).hexdigest()[:16]

"""Roles of the own organization and who holds them; what has no counterpart here says so."""

import uuid

from toiya.api.errors import told_as
from toiya.api.filters import ordered
from toiya.api.operations import Call, SeekQuery, as_id, operation, unbuilt
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_USER
from toiya.api.resources.directory_roles import USER_MEMBER, UserMember
from toiya.api.wire import Collection, Resource, SeekCollection, attributes_of, collection
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import CATEGORY_OF, Permission, Role, roles_in
from toiya.core.role_ids import GROUP_IDS, GROUPS
from toiya.directory.models import Person
from toiya.directory.people import assign_roles
from toiya.directory.roles import offered_categories

MEMBERS = "/v1/roles/{role_id}/usermembers"
ROLE = attributes_of("Role")
SORTED = {"DisplayName": "name", "UserPrincipalName": "user_name"}


class PartnerRole(Resource):
    """A role that people of the organization may hold; one of each category at most."""

    id: str | None = None
    name: str | None = None
    category: str | None = None


class RolesQuery(SeekQuery):
    """``role_id``: this one only. The list is short and comes whole."""

    role_id: uuid.UUID | None = None
    sort_field: str | None = None
    sort_direction: str | None = None


class MembersQuery(SeekQuery):
    """By DisplayName or UserPrincipalName."""

    sort_field: str | None = None
    sort_direction: str | None = None


@operation("roles.list", "GET", "/v1/roles", needs=Permission.PEOPLE_VIEW)
def list_roles(call: Call, query: RolesQuery) -> Collection[PartnerRole]:
    """The roles that people of the organization may hold."""
    _field, is_descending = ordered(query.sort_field, query.sort_direction, ("Name", "Id", "Category"))
    roles = [role for role in _offered(call) if query.role_id in {None, GROUP_IDS[role]}]
    rows = [
        PartnerRole(
            id=str(GROUP_IDS[role]),
            name=str(role.label),
            category=CATEGORY_OF[role].value,
            attributes=ROLE,
        )
        for role in roles
    ]
    if query.sort_field is not None:
        rows.sort(key=lambda row: str(getattr(row, _field.lower())), reverse=is_descending)
    return collection(rows, at="/roles")


@operation("roles.list_members", "GET", MEMBERS, needs=Permission.PEOPLE_VIEW)
def list_members(call: Call, role_id: uuid.UUID, query: MembersQuery) -> SeekCollection[UserMember]:
    """Who holds the role."""
    role = _named(call, role_id)
    field, is_descending = ordered(query.sort_field, query.sort_direction, tuple(SORTED))
    page = page_by_key(
        Person.objects.visible_to(call.actor).with_role(role),
        fields=(SORTED[field], "id"),
        cursor=place_of(call, query),
        size=size_of(query),
        descending=is_descending,
    )
    return seek_collection(
        page,
        lambda person: _member(person, role_id),
        at=f"/roles/{role_id}/usermembers",
        size=query.size,
        sortField=query.sort_field,
        sortDirection=query.sort_direction,
    )


@operation(
    "roles.add_member",
    "POST",
    MEMBERS,
    needs=Permission.PEOPLE_MANAGE,
    status=201,
    required=("id",),
    errors=(NO_SUCH_USER,),
    also={"roles.add_member_by_query": "/v1/roles?role_id={role_id}"},
)
def add_member(call: Call, role_id: uuid.UUID, body: UserMember) -> UserMember:
    """The person holds the role from the next request on; who holds another one of its category is refused (409)."""
    role = _named(call, role_id)
    person = _person(call, body.id or "")
    return _member(assign_roles(call.actor, person=person, roles=person.roles | {role}), role_id)


@operation(
    "roles.remove_member",
    "DELETE",
    "/v1/roles/{role_id}/usermembers/{member_id}",
    needs=Permission.PEOPLE_MANAGE,
    status=204,
    errors=(NO_SUCH_USER,),
    also={"roles.remove_member_by_query": "/v1/roles?role_id={role_id}&member_id={member_id}"},
)
def remove_member(call: Call, role_id: uuid.UUID, member_id: str) -> None:
    """The person holds the role no longer; nobody stays without any, and a global administrator stays."""
    role = _named(call, role_id)
    person = _person(call, member_id)
    if role not in person.roles:
        with told_as(NO_SUCH_USER):
            raise NotVisible
    assign_roles(call.actor, person=person, roles=person.roles - {role})


def _offered(call: Call) -> list[Role]:
    categories = offered_categories(call.actor.capacities | call.actor.suspended)
    return [role for category in categories for role in roles_in(category)]


def _named(call: Call, role_id: uuid.UUID) -> Role:
    role = GROUPS.get(role_id)
    if role is None or role not in _offered(call):
        raise NotVisible
    return role


def _person(call: Call, given: str) -> Person:
    person_id = as_id(given)
    with told_as(NO_SUCH_USER):
        found: Person | None = (
            Person.objects.visible_to(call.actor).filter(pk=person_id).first() if person_id else None
        )
        if found is None:
            raise NotVisible
    return found


def _member(person: Person, role_id: uuid.UUID) -> UserMember:
    return UserMember(
        id=str(person.pk),
        display_name=person.name,
        user_principal_name=person.user_name,
        role_id=str(role_id),
        attributes=USER_MEMBER,
    )


unbuilt(
    "A mail goes to whoever has to act on it, in that person's language; there are no preferences by area and channel.",
    (
        "notifications.get_preference",
        "GET",
        "/v1/users/{user_id}/preferences/notifications/{notification_area}/{channel_type}",
    ),
    (
        "notifications.set_preference",
        "PUT",
        "/v1/users/{user_id}/preferences/notifications/{notification_area}/{channel_type}",
    ),
)
unbuilt(
    "These addresses stand in a configuration file of the .NET SDK; no document says which settings and programs they "
    "know.",
    ("accounts.get_setting", "GET", "/v1/accountsettings/{name}"),
    ("accounts.update_setting", "PUT", "/v1/accountsettings/{name}"),
    ("accounts.get_enrolled_program", "GET", "/v1/enrolledprograms/{program_type}"),
)
unbuilt(
    "Customers do not buy by themselves here: they ask their partner, who orders. There is no purchase that a policy "
    "could allow.",
    ("self_serve_policies.list", "GET", "/v1/SelfServePolicy"),
    ("self_serve_policies.get", "GET", "/v1/SelfServePolicy/{policy_id}"),
    ("self_serve_policies.create", "POST", "/v1/SelfServePolicy"),
    ("self_serve_policies.update", "PUT", "/v1/SelfServePolicy/{policy_id}"),
    ("self_serve_policies.delete", "DELETE", "/v1/SelfServePolicy/{policy_id}"),
)

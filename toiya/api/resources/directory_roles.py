"""Administrator roles in a customer's directory, and who holds them."""

import uuid

from toiya.api.operations import APP_USER_ONLY, Call, SeekQuery, as_id, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_CUSTOMER, NO_SUCH_USER, by_consent, relationship_in, user_of_customer
from toiya.api.wire import Collection, Resource, SeekCollection, attributes_of, collection
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission, Role
from toiya.core.role_ids import ROLE_IDS, ROLES
from toiya.directory.models import Person
from toiya.licences.access import must_read
from toiya.licences.customer_users import assign_directory_role
from toiya.licences.listing import members_of, user_of

ROLES_OF_CUSTOMER = "/v1/customers/{customer_id}/directoryroles"
MEMBERS = f"{ROLES_OF_CUSTOMER}/{{role_id}}/usermembers"


class DirectoryRole(Resource):
    """A role; its id is the same in every organisation."""

    name: str | None = None
    id: str | None = None


class UserMember(Resource):
    """A user who holds a role."""

    id: str | None = None
    display_name: str | None = None
    user_principal_name: str | None = None
    role_id: str | None = None


class RolesQuery(SeekQuery):
    """``role_id``: this one only. The list is short and comes whole."""

    role_id: uuid.UUID | None = None


DIRECTORY_ROLE = attributes_of("DirectoryRole")
USER_MEMBER = attributes_of("UserMember")


def _role(role: Role) -> DirectoryRole:
    return DirectoryRole(name=str(role.label), id=str(ROLE_IDS[role]), attributes=DIRECTORY_ROLE)


def _member(person: Person, role: Role) -> UserMember:
    return UserMember(
        id=str(person.pk),
        display_name=person.name,
        user_principal_name=person.user_name,
        role_id=str(ROLE_IDS[role]),
        attributes=USER_MEMBER,
    )


def _named(role_id: uuid.UUID) -> Role:
    if role_id not in ROLES:
        raise NotVisible
    return ROLES[role_id]


@operation(
    "directory_roles.list",
    "GET",
    ROLES_OF_CUSTOMER,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_roles(call: Call, customer_id: uuid.UUID, query: RolesQuery) -> Collection[DirectoryRole]:
    """The administrator roles that users of the customer may hold."""
    relationship_in(call, customer_id)
    with by_consent():
        must_read(call.actor, customer_id)
    roles = [_role(role) for role in ROLE_IDS if query.role_id in {None, ROLE_IDS[role]}]
    return collection(roles, at=f"/customers/{customer_id}/directoryroles")


@operation(
    "users.list_directory_roles",
    "GET",
    "/v1/customers/{customer_id}/users/{user_id}/directoryroles",
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
)
def list_roles_of_user(call: Call, customer_id: uuid.UUID, user_id: uuid.UUID) -> Collection[DirectoryRole]:
    """The administrator roles that the user holds."""
    relationship_in(call, customer_id)
    with user_of_customer():
        held = user_of(call.actor, tenant_id=customer_id, person_id=user_id).roles
    return collection(
        [_role(role) for role in ROLE_IDS if role in held],
        at=f"/customers/{customer_id}/users/{user_id}/directoryroles",
    )


@operation(
    "directory_roles.list_members",
    "GET",
    MEMBERS,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_members(
    call: Call, customer_id: uuid.UUID, role_id: uuid.UUID, query: SeekQuery
) -> SeekCollection[UserMember]:
    """Who holds the role, by name."""
    relationship_in(call, customer_id)
    role = _named(role_id)
    with by_consent():
        people = members_of(call.actor, tenant_id=customer_id, role=role)
    page = page_by_key(people, fields=("name", "id"), cursor=place_of(call, query), size=size_of(query))
    return seek_collection(
        page,
        lambda person: _member(person, role),
        at=f"/customers/{customer_id}/directoryroles/{role_id}/usermembers",
        size=query.size,
    )


@operation(
    "directory_roles.add_member",
    "POST",
    MEMBERS,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    status=201,
    required=("id",),
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
    example={
        "id": "9a3f6f0e-5d29-4f5e-8c55-1f6f0c1f7a10",
        "displayName": "Hana Aoba",
        "userPrincipalName": "hana@aoba.example",
    },
    also={"directory_roles.add_member_by_query": f"{ROLES_OF_CUSTOMER}?role_id={{role_id}}"},
)
def add_member(call: Call, customer_id: uuid.UUID, role_id: uuid.UUID, body: UserMember) -> UserMember:
    """The user holds the role from the next request on; the customer's global administrators are told by mail.

    A user holds one administrator role at a time: whoever holds another one is refused (409). A partner never makes a
    global administrator.
    """
    relationship_in(call, customer_id)
    role, user_id = _named(role_id), as_id(body.id or "")
    with user_of_customer():
        if user_id is None:
            raise NotVisible
        person = assign_directory_role(
            call.actor, tenant_id=customer_id, person_id=user_id, role=role, instead_of=()
        )
    return _member(person, role)


@operation(
    "directory_roles.remove_member",
    "DELETE",
    f"{MEMBERS}/{{user_id}}",
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    status=204,
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
    also={
        "directory_roles.remove_member_by_query": f"{ROLES_OF_CUSTOMER}?role_id={{role_id}}&member_id={{user_id}}"
    },
)
def remove_member(call: Call, customer_id: uuid.UUID, role_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """The user no longer holds the role, from the next request on."""
    relationship_in(call, customer_id)
    role = _named(role_id)
    with user_of_customer():
        if role not in user_of(call.actor, tenant_id=customer_id, person_id=user_id).roles:
            raise NotVisible
        assign_directory_role(
            call.actor, tenant_id=customer_id, person_id=user_id, role=None, instead_of=(role,)
        )

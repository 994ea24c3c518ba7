"""What gives or widens a right over the API, who may do it, and a world in which it can be tried (G-08, T-13, T-14).

Everybody's roles are set at will, one request is sent, what it did is read from the database, and all is undone.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from tests.access.test_matrix import writes_noted
from tests.api.speaking import Api, api_of
from tests.cast import Cast, actor_of, hire, relate
from toiya.core.permissions import CATEGORY_OF, Capacity, DirectoryRole, Role, RoleCategory, roles_in
from toiya.core.role_ids import DIRECTORY_ROLE_IDS, GROUP_IDS, ROLE_IDS
from toiya.directory.actors import bystander_for
from toiya.directory.models import Person, RoleAssignment, Tenant
from toiya.directory.tenants import hold_role
from toiya.relations.grants import AGENT_GROUPS, grant_administration
from toiya.relations.models import AccessAssignment, AdministrationGrant

Roles: TypeAlias = frozenset[Role]
Lent: TypeAlias = frozenset[DirectoryRole]
AGENTS = frozenset(roles_in(RoleCategory.AGENT))
LESSER = AGENTS | set(roles_in(RoleCategory.INCENTIVES)) | set(roles_in(RoleCategory.REFERRALS))
NONE: Roles = frozenset()
AT = "/v1.0/tenantRelationships/delegatedAdminRelationships"
TOP = DirectoryRole.GLOBAL_ADMINISTRATOR
MANAGING: Lent = frozenset({TOP, DirectoryRole.USER_ADMINISTRATOR})
RESETTING: Lent = MANAGING | {DirectoryRole.HELPDESK_ADMINISTRATOR}


class Act(StrEnum):
    """What gives a right over the API, takes one, or lets somebody act with another's."""

    GIVE = "roles.add_member"
    TAKE = "roles.remove_member"
    GIVE_THERE = "directory_roles.add_member"
    TAKE_THERE = "directory_roles.remove_member"
    CREATE = "users.create"
    UPDATE = "users.update"
    RESET = "users.reset_password"
    DELETE = "users.delete"
    ASSIGN = "delegated_admin.update_access_assignment"


AT_HOME = (Act.GIVE, Act.TAKE)
ON_USERS = (Act.GIVE_THERE, Act.TAKE_THERE, Act.CREATE, Act.UPDATE, Act.RESET, Act.DELETE)


@dataclass(frozen=True)
class Cell:
    """Somebody with these roles tries this on somebody with those. ``lent``: what their customer's grant lends to
    their group; ``wanted``: what a group shall use of it, all of which was granted or not.
    """

    act: Act
    actor: Roles
    target: Roles
    role: Role | None = None
    is_oneself: bool = False
    lent: Lent = frozenset()
    granted: Lent = frozenset(DirectoryRole)
    wanted: Lent = frozenset()


# ---------------------------------------------------------------- the specification, role by role
def allowed(cell: Cell) -> bool:
    """Who may do it."""
    if cell.act in AT_HOME:
        return _at_home(cell)
    if cell.act is Act.ASSIGN:
        return bool(cell.actor & {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT}) and cell.wanted <= cell.granted
    return _on_users(cell)


def _at_home(cell: Cell) -> bool:
    if Role.GLOBAL_ADMIN in cell.actor:
        return True
    if cell.is_oneself:
        return False
    if Role.USER_ADMIN in cell.actor:
        return not cell.target - LESSER - {Role.USER_ADMIN} and cell.role in LESSER
    if Role.ADMIN_AGENT in cell.actor:
        return not cell.target - AGENTS - cell.actor and cell.role in AGENTS
    return False


def _on_users(cell: Cell) -> bool:
    """By the grant alone: an administrator only with the top role, a global administrator never."""
    if not cell.actor & set(AGENT_GROUPS) or not cell.lent & (
        RESETTING if cell.act is Act.RESET else MANAGING
    ):
        return False
    touched = cell.target | ({cell.role} if cell.role else NONE)
    return Role.GLOBAL_ADMIN not in touched and (not touched or TOP in cell.lent)


def possible(cell: Cell) -> bool:
    """Whether it would change anything, and no other rule stands against it."""
    after = cell.target ^ ({cell.role} if cell.role else NONE)
    if cell.act in {Act.GIVE, Act.GIVE_THERE}:
        categories = [CATEGORY_OF[role] for role in after]
        return cell.role not in cell.target and len(categories) == len(set(categories))
    if cell.act is Act.TAKE:
        return cell.role in cell.target and bool(after)
    return cell.role in cell.target if cell.act is Act.TAKE_THERE else True


# ---------------------------------------------------------------- the world
@dataclass
class Scene:
    """Ann and Ben of Kawase, a reseller that serves Aoba with a grant; Tom of Aoba. The administrators are others."""

    cast: Cast
    grant: AdministrationGrant
    ann: Person
    ben: Person
    tom: Person
    apis: dict[object, Api] = field(default_factory=dict)

    def api(self, person: Person) -> Api:
        """A program in the person's name; what they may do is read at each call."""
        if person.pk not in self.apis:
            self.apis[person.pk] = api_of(person)
        return self.apis[person.pk]


def set_scene(cast: Cast, granted: Lent = frozenset(DirectoryRole)) -> Scene:
    """Nobody has any role but the administrators."""
    relate(cast.kawase, cast.aoba)
    emi = actor_of(cast.emi)
    grant = grant_administration(
        emi,
        tenant=cast.aoba,
        grantee=cast.kawase,
        capacity=Capacity.RESELLER,
        roles=granted,
        expires_at=emi.now + dt.timedelta(days=30),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )
    ann, ben, tom = (
        hire(tenant, name)
        for tenant, name in ((cast.kawase, "Ann"), (cast.kawase, "Ben"), (cast.aoba, "Tom"))
    )
    scene = Scene(cast, grant, ann, ben, tom)
    for person in (ann, ben, tom, cast.kai, cast.emi):
        scene.api(person)
    return scene


def set_roles(person: Person, roles: Roles) -> None:
    """Exactly these."""
    RoleAssignment.objects.filter(person=person).delete()
    for role in roles:
        hold_role(person, role, bystander_for(person.tenant, kind="test"))


def set_access(grant: AdministrationGrant, access: Mapping[Role, Lent]) -> None:
    """What each group may use."""
    AccessAssignment.objects.filter(grant=grant).delete()
    AccessAssignment.objects.bulk_create(
        AccessAssignment(tenant=grant.grantee, grant=grant, group=group, role=role)
        for group, roles in access.items()
        for role in roles
    )


def roles_now(person: Person) -> Roles:
    """As the database has them."""
    held = RoleAssignment.objects.filter(person=person).values_list("role", flat=True)
    return frozenset(Role(role) for role in held)


def access_now(grant: AdministrationGrant, group: Role) -> Lent:
    """As the database has it."""
    rows = AccessAssignment.objects.filter(grant=grant, group=group).values_list("role", flat=True)
    return frozenset(DirectoryRole(role) for role in rows)


# ---------------------------------------------------------------- one request
def send(scene: Scene, api: Api, cell: Cell, target: Person, group: Role = Role.HELPDESK_AGENT) -> int:
    """The request of this act; the status."""
    customer = f"/v1/customers/{target.tenant_id}"
    role = cell.role or Role.GLOBAL_ADMIN
    there = f"{customer}/directoryroles/{ROLE_IDS.get(role)}/usermembers"
    own, user = f"/v1/roles/{GROUP_IDS[role]}/usermembers", f"{customer}/users/{target.pk}"
    requests: dict[Act, Callable[[], object]] = {
        Act.GIVE: lambda: api.post(own, {"id": str(target.pk)}),
        Act.TAKE: lambda: api.delete(f"{own}/{target.pk}"),
        Act.GIVE_THERE: lambda: api.post(there, {"id": str(target.pk)}),
        Act.TAKE_THERE: lambda: api.delete(f"{there}/{target.pk}"),
        Act.CREATE: lambda: api.post(f"{customer}/users", new_user(target.tenant)),
        Act.UPDATE: lambda: api.patch(user, {"displayName": "Somebody else"}),
        Act.RESET: lambda: api.patch(f"{user}/resetpassword", {}),
        Act.DELETE: lambda: api.delete(user),
        Act.ASSIGN: lambda: assign(scene, api, group, cell.wanted),
    }
    status: int = requests[cell.act]().status  # type: ignore[attr-defined]
    assert status < 500, f"{cell}: {status}"
    return status


def assign(scene: Scene, api: Api, group: Role, wanted: Lent) -> object:
    """The group shall use exactly these."""
    path = f"{AT}/{scene.grant.pk}-{scene.cast.kawase.pk}/accessAssignments"
    details = {"unifiedRoles": [{"roleDefinitionId": str(DIRECTORY_ROLE_IDS[role])} for role in wanted]}
    if access_now(scene.grant, group):
        return api.patch(f"{path}/{GROUP_IDS[group]}", {"accessDetails": details})
    container = {"accessContainerId": str(GROUP_IDS[group]), "accessContainerType": "securityGroup"}
    return api.post(path, {"accessContainer": container, "accessDetails": details})


def new_user(tenant: Tenant) -> dict[str, object]:
    """Somebody new."""
    return {
        "userPrincipalName": f"new@{tenant.domain}",
        "firstName": "New",
        "lastName": "User",
        "displayName": "New User",
        "usageLocation": "JP",
        "passwordProfile": {"password": "A long temporary 1", "forceChangePassword": True},
    }


Told: TypeAlias = tuple[int, bool]


def tried(scene: Scene, cell: Cell, target: Person | None = None) -> Told:
    """Whether it happened. Everybody has the cell's roles meanwhile; afterwards all is as before."""
    actor = scene.ann
    if target is None:
        target = scene.tom if cell.act in ON_USERS else scene.ann if cell.is_oneself else scene.ben
    with writes_noted():
        set_roles(target, cell.target)
        set_roles(actor, cell.actor)
        mine = next(iter(cell.actor & set(AGENT_GROUPS)), Role.ADMIN_AGENT)
        set_access(scene.grant, {mine: cell.lent})
        before = state_of(scene, target)
        status = send(scene, scene.api(actor), cell, target)
        return status, state_of(scene, target) != before


def state_of(scene: Scene, target: Person) -> object:
    """What any of the acts would change."""
    fresh = Person.accounts.get(pk=target.pk)
    return (
        roles_now(target),
        {group: access_now(scene.grant, group) for group in AGENT_GROUPS},
        (fresh.name, fresh.password, fresh.deleted_at),
        Person.accounts.filter(tenant_id=target.tenant_id).count(),
    )


def differs(cell: Cell, told: Told) -> bool:
    """Whether what happened is not what the specification says."""
    return told[1] is not (allowed(cell) and possible(cell))

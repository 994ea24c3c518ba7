"""The formula of rights: may this actor do this in that organisation, now?

Four relations decide it (reliability.md section 3), read from the database at every request: a partnership
joins provider and reseller, a reseller relationship allows commerce and nothing else, an administration
grant lends directory roles for a time, and the access assignment says which of the grantee's agents may
use them. None implies another.
"""

import uuid
from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.errors import RoleMissing
from toiya.core.permissions import (
    CATEGORY_OF,
    DIRECTORY_ACTIONS,
    RULES,
    Capacity,
    DirectoryAction,
    DirectoryRole,
    Permission,
    Role,
    RoleCategory,
)
from toiya.relations.errors import GrantMissing
from toiya.relations.models import AdministrationGrant, Partnership, PartnershipQuerySet, ResellerRelationship

ACTION_LABELS: dict[DirectoryAction, Promise] = {
    DirectoryAction.READ_PEOPLE: _("See the organization's users"),
    DirectoryAction.RESET_PASSWORD: _("Reset a password"),
    DirectoryAction.MANAGE_PEOPLE: _("Create, change and disable users"),
    DirectoryAction.ASSIGN_LICENCES: _("Assign and revoke licenses"),
}
_EVERYBODY = frozenset(permission for permission, rule in RULES.items() if rule.roles == frozenset(Role))
_NATIVE_ONLY = frozenset(
    {
        Permission.ENROL,
        Permission.PARTNERSHIPS_ACCEPT,
        Permission.RELATIONSHIPS_ACCEPT,
        Permission.GRANTS_REMOVE,
        Permission.TRANSFERS_ACCEPT,
        Permission.CUSTOMER_AGREEMENT_ACCEPT,
    }
)
_LENT: dict[DirectoryAction, frozenset[Permission]] = {
    DirectoryAction.READ_PEOPLE: frozenset({Permission.PEOPLE_VIEW}),
    DirectoryAction.RESET_PASSWORD: frozenset(),
    DirectoryAction.MANAGE_PEOPLE: frozenset({Permission.PEOPLE_MANAGE}),
    DirectoryAction.ASSIGN_LICENCES: frozenset({Permission.OWN_LICENCES_MANAGE}),
}


def _usable(actor: Actor, tenant_id: uuid.UUID) -> list[AdministrationGrant]:
    """Live grants of that organisation to the actor's, in a capacity in which the actor's is vetted and
    not suspended.
    """
    if tenant_id == actor.tenant_id:
        return []
    return list(
        AdministrationGrant.objects.filter(
            tenant_id=tenant_id,
            grantee_id=actor.tenant_id,
            capacity__in=[capacity.value for capacity in actor.capacities],
        )
        .live(actor.now)
        .prefetch_related("roles", "assignments")
        .order_by("starts_at", "id")
    )


def _roles_through(actor: Actor, grant: AdministrationGrant) -> frozenset[DirectoryRole]:
    """Relation 4 within relation 3: what the actor's own groups may use of the grant."""
    if not RULES[Permission.ADMINISTER_ON_BEHALF].roles & actor.roles:
        return frozenset()
    granted = {row.role for row in grant.roles.all()}
    return frozenset(
        DirectoryRole(row.role)
        for row in grant.assignments.all()
        if row.group in actor.roles and row.role in granted
    )


def _actions(roles: Iterable[DirectoryRole]) -> frozenset[DirectoryAction]:
    return frozenset[DirectoryAction]().union(*(DIRECTORY_ACTIONS[role] for role in roles))


def roles_in(actor: Actor, tenant_id: uuid.UUID) -> frozenset[DirectoryRole]:
    """The directory roles that the actor may use in another organisation at this instant."""
    return frozenset[DirectoryRole]().union(
        *(_roles_through(actor, grant) for grant in _usable(actor, tenant_id))
    )


def rights_in(actor: Actor, tenant_id: uuid.UUID) -> frozenset[DirectoryAction]:
    """What the actor may do in the directory of another organisation at this instant. The own one is not
    included.
    """
    return _actions(roles_in(actor, tenant_id))


def must_administer(actor: Actor, tenant_id: uuid.UUID, action: DirectoryAction) -> AdministrationGrant:
    """The grant that allows the act.

    Raises GrantMissing where no live grant reaches the actor's organisation (without one the other does not
    exist), and RoleMissing where a grant is there but gives this actor another role, or none.
    """
    grants = _usable(actor, tenant_id)
    if not grants:
        raise GrantMissing
    for grant in grants:
        if action in _actions(_roles_through(actor, grant)):
            return grant
    raise _not_lent(action)


def must_be_lent(actor: Actor, tenant_id: uuid.UUID, action: DirectoryAction) -> None:
    """As ``must_administer``, for one to whom the organisation exists anyway: a partner that serves it.

    Raises RoleMissing, also where there is no grant at all.
    """
    if action not in rights_in(actor, tenant_id):
        raise _not_lent(action)


def _not_lent(action: DirectoryAction) -> RoleMissing:
    enough = [role.label for role in DirectoryRole if action in DIRECTORY_ACTIONS[role]]
    return RoleMissing(act=ACTION_LABELS[action], roles=enough)


def reaches(roles: Iterable[DirectoryRole], native: Iterable[Role]) -> bool:
    """Rule (d): whether somebody with these delegated roles may touch the credentials of a person with
    those native ones.

    Only when the person's rights are a subset of what is lent, and administrators only by the top role.
    Consent and the removal of access are never lent, so that nobody reaches a global administrator from
    outside, whatever was granted (T-13, T-14).
    """
    held, lent = frozenset(native), frozenset(roles)
    is_administrator = any(CATEGORY_OF[role] is RoleCategory.ADMIN for role in held)
    if is_administrator and DirectoryRole.GLOBAL_ADMINISTRATOR not in lent:
        return False
    persons = {permission for permission, rule in RULES.items() if rule.roles & held} - _EVERYBODY
    return persons <= _lent(lent)


def _lent(roles: Iterable[DirectoryRole]) -> frozenset[Permission]:
    held = frozenset(roles)
    if DirectoryRole.GLOBAL_ADMINISTRATOR in held:
        of_administrator = {name for name, rule in RULES.items() if Role.GLOBAL_ADMIN in rule.roles}
        return frozenset(of_administrator) - _NATIVE_ONLY
    return frozenset[Permission]().union(*(_LENT[action] for action in _actions(held)))


def partnership_of(provider_id: uuid.UUID, reseller_id: uuid.UUID) -> PartnershipQuerySet:
    """Relation 1: the row by which the two work together now."""
    return Partnership.objects.live().filter(provider_id=provider_id, reseller_id=reseller_id)


def are_partners(provider_id: uuid.UUID, reseller_id: uuid.UUID) -> bool:
    """Relation 1: whether the two work together now."""
    return partnership_of(provider_id, reseller_id).exists()


def may_trade(actor: Actor, customer_id: uuid.UUID, *, provider_id: uuid.UUID | None = None) -> bool:
    """Commerce with a customer: relation 2, and relation 1 as well when a reseller goes through a provider.

    Neither a partnership alone nor an administration grant allows it (S-069, S-076, rule (a)).
    """
    needed = Capacity.RESELLER if provider_id else None
    if not actor.capacities & {Capacity.PROVIDER, Capacity.RESELLER} or (
        needed and needed not in actor.capacities
    ):
        return False
    related = (
        ResellerRelationship.objects.live()
        .filter(partner_id=actor.tenant_id, customer_id=customer_id)
        .exists()
    )
    return related and (provider_id is None or are_partners(provider_id, actor.tenant_id))

"""Who may act on the users and licences of which organisation: its own administrators, and partners by its grant."""

import uuid
from dataclasses import dataclass

from toiya.audit.record import Where, at_home
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.holding import Strength, hold
from toiya.core.permissions import DirectoryAction, Permission
from toiya.directory.models import Tenant
from toiya.relations.administration import hold_grant
from toiya.relations.models import AdministrationGrant
from toiya.relations.rights import must_administer, rights_in

OWN: dict[DirectoryAction, Permission] = {
    DirectoryAction.READ_PEOPLE: Permission.OWN_SUBSCRIPTIONS_VIEW,
    DirectoryAction.RESET_PASSWORD: Permission.PEOPLE_MANAGE,
    DirectoryAction.MANAGE_PEOPLE: Permission.PEOPLE_MANAGE,
    DirectoryAction.ASSIGN_LICENCES: Permission.OWN_LICENCES_MANAGE,
}


@dataclass(frozen=True, slots=True)
class Authority:
    """The right to act in an organisation: one's own, or by ``grant`` in somebody else's."""

    actor: Actor
    tenant_id: uuid.UUID
    grant: AdministrationGrant | None

    @property
    def where(self) -> Where:
        """For ``record``."""
        if self.grant is None:
            return at_home(self.tenant_id)
        return Where(tenant_id=self.tenant_id, counterparty_id=self.actor.tenant_id, grant_id=self.grant.pk)


def must_act(actor: Actor, tenant_id: uuid.UUID, action: DirectoryAction) -> Authority:
    """The right to change something, held until the transaction ends.

    Acts on people are one at a time per organisation, for the sake of its last administrator and of addresses that
    belong to one person. Licences are given and taken by many at once: the pool of seats keeps its rule by itself.
    Everybody holds rows in one order, so that nobody waits in a circle: grant, organisation, person, pools by their
    ids, licence. A removal of the grant that is under way is waited for, and wins (T-48).

    Raises NotVisible, RoleMissing.
    """
    if tenant_id == actor.tenant_id:
        actor.must(OWN[action])
        grant = None
    else:
        grant = hold_grant(actor, tenant_id, action)
    organisation = Tenant.objects.filter(pk=tenant_id)
    if action is DirectoryAction.ASSIGN_LICENCES:
        is_there = hold(organisation, Strength.PRESENT)
    else:
        # Rows that only point at the organisation are let through meanwhile.
        is_there = bool(organisation.select_for_update(no_key=True))
    if not is_there:
        raise NotVisible
    return Authority(actor, tenant_id, grant)


def must_read(actor: Actor, tenant_id: uuid.UUID) -> Authority:
    """The right to look at users and licences. Raises NotVisible, RoleMissing."""
    if tenant_id == actor.tenant_id:
        actor.must(OWN[DirectoryAction.READ_PEOPLE])
        return Authority(actor, tenant_id, None)
    return Authority(actor, tenant_id, must_administer(actor, tenant_id, DirectoryAction.READ_PEOPLE))


def acts_in(actor: Actor, tenant_id: uuid.UUID) -> frozenset[DirectoryAction]:
    """What pages offer: everything that the actor may do with users and licences there at this instant."""
    if tenant_id == actor.tenant_id:
        return frozenset(action for action, permission in OWN.items() if actor.may(permission))
    return rights_in(actor, tenant_id)

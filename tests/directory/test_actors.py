"""Rights are what the database says at this request."""

import pytest

from tests.cast import Cast, actor_of
from toiya.core.errors import CapacityMissing, RoleMissing
from toiya.core.permissions import Capacity, Permission
from toiya.directory.actors import rights_of
from toiya.directory.models import Person
from toiya.directory.tenants import restore_partner, suspend_partner, vet


def test_actor_has_the_roles_and_capacities_of_this_moment(cast: Cast) -> None:
    actor = actor_of(cast.sora)

    assert actor.may(Permission.PARTNERSHIPS_INVITE)
    with pytest.raises(RoleMissing):
        actor.must(Permission.PEOPLE_MANAGE)

    suspend_partner(
        actor_of(cast.ren), tenant=cast.hinode, capacity=Capacity.PROVIDER, reason="Unpaid invoices"
    )

    suspended = actor_of(cast.sora)
    assert suspended.may(Permission.CUSTOMERS_VIEW)
    with pytest.raises(CapacityMissing):
        suspended.must(Permission.PARTNERSHIPS_INVITE)


def test_the_rights_of_a_request_are_what_the_tables_say(cast: Cast) -> None:
    """Planted faults: a suspension that was lifted counts; a colleague's role."""
    operator = actor_of(cast.ren)
    for capacity in (Capacity.PROVIDER, Capacity.RESELLER):
        vet(cast.hinode, capacity, operator)
        suspend_partner(operator, tenant=cast.hinode, capacity=capacity, reason="Unpaid invoices")
    restore_partner(operator, tenant=cast.hinode, capacity=Capacity.RESELLER)

    for person in Person.objects.select_related("tenant"):
        rights = rights_of(person)
        assert rights.roles == person.roles
        assert rights.capacities == {row.capacity for row in person.tenant.tenant_capacities.all()}
        open_ = person.tenant.suspensions.filter(lifted_at__isnull=True)
        assert rights.suspended == {row.capacity for row in open_}
    assert rights_of(cast.mei).suspended == {Capacity.PROVIDER}

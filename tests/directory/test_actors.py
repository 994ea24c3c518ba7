"""Rights are what the database says at this request."""

import pytest

from tests.cast import Cast, actor_of
from toiya.core.errors import CapacityMissing, RoleMissing
from toiya.core.permissions import Capacity, Permission
from toiya.directory.tenants import suspend_partner


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

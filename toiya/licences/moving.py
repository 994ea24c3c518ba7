"""Users take their seats along when a subscription becomes another product."""

import uuid

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Sku
from toiya.core.actor import By
from toiya.licences.models import Licence
from toiya.licences.pools import give_seat_back, hold_pools, pool_of, take_seat


def move_licences(by: By, *, customer_id: uuid.UUID, old: Sku, new: Sku, count: int) -> int:
    """Users of ``old`` get ``new`` instead, the earliest assigned first, as far as it has free seats. How many moved.

    Who has the new one already gives the old one back. Service plans that are off stay off where both have them. Nobody
    gets or loses a licence of either meanwhile, so that what is read here is what moves.
    """
    if not (old.has_seats and new.has_seats):
        return 0
    pool_of(customer_id, new)
    pools = hold_pools(customer_id)
    if old.pk not in pools:
        return 0
    source, target = pools[old.pk], pools[new.pk]
    holders = set(Licence.objects.filter(pool=target).values_list("person_id", flat=True))
    plans = set(new.service_plans.values_list("code", flat=True))
    earliest = (
        Licence.objects.select_for_update(of=("self",))
        .filter(pool=source)
        .select_related("person")
        .order_by("assigned_at", "id")
    )
    moved = 0
    for licence in list(earliest[: min(count, target.free)]):
        Licence.objects.filter(pk=licence.pk).delete()
        give_seat_back(source)
        if licence.person_id in holders:
            continue
        take_seat(target)
        made = Licence.objects.create(
            tenant_id=customer_id,
            pool=target,
            person=licence.person,
            disabled_plans=[code for code in licence.disabled_plans if code in plans],
            assigned_at=licence.assigned_at,
        )
        record(
            by,
            AuditAction.ASSIGN_LICENSE,
            made,
            tenant_id=customer_id,
            counterparty_id=by.tenant_id,
            before={"product": old.name_en, "user_name": licence.person.user_name},
            after={"product": new.name_en, "user_name": licence.person.user_name},
        )
        moved += 1
    return moved

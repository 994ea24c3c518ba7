"""Customers served through the operator's older portals appear when the partner is approved (S-079, Q-13)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import By
from toiya.core.permissions import Capacity
from toiya.directory.models import Tenant
from toiya.relations.models import OlderRelationship, Origin, ResellerRelationship

NOTE_LENGTH = 100


def import_older_relationships(by: By, partner: Tenant) -> Sequence[ResellerRelationship]:
    """Bring over what the register holds for this partner, once; nothing that is not in the register (S-082).

    A customer that is a programme partner itself stays there: partners do not resell to partners (N-16).
    """
    waiting = (
        OlderRelationship.objects.filter(
            partner=partner, imported_at__isnull=True, customer__family_id=partner.family_id
        )
        .exclude(customer__tenant_capacities__capacity__in=[Capacity.PROVIDER, Capacity.RESELLER])
        .select_related("customer")
        .order_by("since", "portal", "pk")
    )
    by_customer: defaultdict[Tenant, list[OlderRelationship]] = defaultdict(list)
    for entry in waiting:
        by_customer[entry.customer].append(entry)
    served = set(
        ResellerRelationship.objects.live()
        .filter(partner=partner, customer__in=by_customer)
        .values_list("customer_id", flat=True)
    )
    imported = [
        _import(by, partner, customer, entries)
        for customer, entries in by_customer.items()
        if customer.pk not in served
    ]
    OlderRelationship.objects.filter(
        pk__in=[entry.pk for entries in by_customer.values() for entry in entries]
    ).update(imported_at=by.now)
    return imported


def _import(
    by: By, partner: Tenant, customer: Tenant, entries: Sequence[OlderRelationship]
) -> ResellerRelationship:
    portals = ", ".join(dict.fromkeys(entry.portal for entry in entries))
    relationship = ResellerRelationship.objects.create(
        partner=partner,
        customer=customer,
        **ResellerRelationship.keys_of(customer),
        since=dt.datetime.combine(entries[0].since, dt.time(), ZoneInfo(settings.READER_TIME_ZONE)),
        origin=Origin.OLDER_PORTAL,
        origin_note=portals[:NOTE_LENGTH],
    )
    record(
        by,
        AuditAction.IMPORT_RESELLER_RELATIONSHIP,
        relationship,
        tenant_id=partner.pk,
        counterparty_id=customer.pk,
        customer_id=customer.pk,
        after={"portal": portals, "since": entries[0].since},
    )
    return relationship

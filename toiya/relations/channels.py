"""With several channels only one administers a customer (N-18), where the operator has set it so.

A channel is an indirect provider together with the resellers that are its partners now; a reseller without a provider
is one by itself. All who administer a customer must share a channel, so that a provider and its own reseller both may.
Only what is newly given is held to the rule: access that exists stays as it is (N-17).
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef

from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.programme.models import Programme
from toiya.relations.models import AdministrationGrant, AdministrationGrantQuerySet, Partnership

Party = tuple[uuid.UUID, str]  # an organisation, and the capacity in which it acts


def administration_elsewhere(
    *, customer_id: uuid.UUID, party_id: uuid.UUID, capacity: Capacity, now: dt.datetime
) -> list[AdministrationGrant]:
    """The access of other channels that keeps this party from administering the customer; none where the operator
    lets several channels administer.

    To decide by it, hold the customer's row: of two channels at the same moment one must see the other.
    """
    if not Programme.objects.filter(one_channel_administers=True).exists():
        return []
    held = list(
        _of_customers(now)
        .filter(tenant_id=customer_id)
        .exclude(grantee_id=party_id)
        .select_related("grantee")
        .order_by("starts_at", "id")
    )
    if not held:
        return []
    party = (party_id, capacity.value)
    channels = _channels([party, *map(_party_of, held)])
    if frozenset.intersection(*channels.values()):
        return []
    apart = [grant for grant in held if not channels[_party_of(grant)] & channels[party]]
    return apart or held


def administered_from_several(actor: Actor) -> int:
    """How many customers are administered from several channels now."""
    actor.must(Permission.PROGRAMME_VIEW)
    live = _of_customers(actor.now).filter(tenant__family_id=actor.family_id)
    shared = (
        live.values("tenant_id").annotate(grantees=Count("grantee_id", distinct=True)).filter(grantees__gt=1)
    )
    held = list(
        live.filter(tenant_id__in=shared.values("tenant_id"))
        .order_by("tenant_id")
        .values_list("tenant_id", "grantee_id", "capacity")
    )
    channels = _channels((grantee, capacity) for _tenant, grantee, capacity in held)
    return sum(
        not frozenset.intersection(*(channels[grantee, capacity] for _tenant, grantee, capacity in rows))
        for _tenant, rows in itertools.groupby(held, key=lambda row: row[0])
    )


def _of_customers(now: dt.datetime) -> AdministrationGrantQuerySet:
    """Access that has not ended; what a reseller lent its provider with their partnership is another matter (S-070).

    One that began after ``now`` counts: the clock of a request stands still while it waits for the customer's row.
    """
    lent = Partnership.objects.filter(invitation_id=OuterRef("invitation_id"))
    return AdministrationGrant.objects.filter(~Exists(lent), removed_at__isnull=True, expires_at__gt=now)


def _party_of(grant: AdministrationGrant) -> Party:
    return grant.grantee_id, grant.capacity


def _channels(parties: Iterable[Party]) -> dict[Party, frozenset[uuid.UUID]]:
    """The channels of each party, by the id of their provider; a reseller by itself is named like one."""
    found = {(tenant_id, capacity): {tenant_id} for tenant_id, capacity in parties}
    resellers = {tenant_id for tenant_id, capacity in found if capacity == Capacity.RESELLER}
    live = Partnership.objects.live().filter(reseller_id__in=resellers)
    for provider_id, reseller_id in live.values_list("provider_id", "reseller_id"):
        found[reseller_id, Capacity.RESELLER.value].add(provider_id)
    return {party: frozenset(channels) for party, channels in found.items()}

"""Events are for those whom a relation shows what happened: asked when it happens, and again when it is sent (T-53)."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping

from django.db.models import Q

from toiya.core.actor import By
from toiya.events.models import Event, Tie
from toiya.events.posting import Bond, Happening, post_events, wanted
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship

Pair = tuple[uuid.UUID, uuid.UUID]  # an organisation, and whom or what it is tied to


def raise_events(by: By, *happenings: Happening) -> list[Event]:
    """Tell the organisations that want to hear of it and see it now. The one way in which events come to be.

    Costs one statement where nobody has registered.
    """
    told = wanted(happenings)
    if not told:
        return []
    live = live_bonds({entry.bond for entry in told}, by.now)
    return post_events(by, [entry for entry in told if entry.bond in live])


def live_bonds(bonds: Collection[Bond], now: dt.datetime) -> set[Bond]:
    """Those that hold at this instant: one statement for each kind of tie."""
    live = {bond for bond in bonds if bond.tie == Tie.NONE}
    for tie, find in _LOOK_UPS.items():
        pairs = {
            (bond.tenant_id, bond.other_id): bond
            for bond in bonds
            if bond.tie == tie and bond.other_id is not None
        }
        if pairs:
            live |= {pairs[pair] for pair in find(pairs, now) if pair in pairs}
    return live


def _customers(pairs: Mapping[Pair, Bond], now: dt.datetime) -> set[Pair]:
    del now
    partners, customers = _sides(pairs)
    rows = ResellerRelationship.objects.live().filter(partner_id__in=partners, customer_id__in=customers)
    return set(rows.values_list("partner_id", "customer_id"))


def _partners(pairs: Mapping[Pair, Bond], now: dt.datetime) -> set[Pair]:
    del now
    ones, others = _sides(pairs)
    rows = Partnership.objects.live().filter(
        Q(provider_id__in=ones, reseller_id__in=others) | Q(reseller_id__in=ones, provider_id__in=others)
    )
    found = set(rows.values_list("provider_id", "reseller_id"))
    return found | {(reseller, provider) for provider, reseller in found}


def _grants(pairs: Mapping[Pair, Bond], now: dt.datetime) -> set[Pair]:
    grantees, grants = _sides(pairs)
    rows = AdministrationGrant.objects.live(now).filter(grantee_id__in=grantees, pk__in=grants)
    return set(rows.values_list("grantee_id", "pk"))


def _sides(pairs: Mapping[Pair, Bond]) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    return {one for one, _other in pairs}, {other for _one, other in pairs}


_LOOK_UPS: dict[Tie, Callable[[Mapping[Pair, Bond], dt.datetime], set[Pair]]] = {
    Tie.CUSTOMER: _customers,
    Tie.PARTNERSHIP: _partners,
    Tie.GRANT: _grants,
}

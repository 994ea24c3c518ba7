"""Whose price is whose: the provider sees what it pays and what it takes, the reseller what it pays and what it takes,
the customer what it pays, the operator what the provider pays it. Nobody sees another edge (G-05).
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from toiya.core.money import Money, UnitPrice
from toiya.core.terms import BillingCycle


class Edge(StrEnum):
    """Two parties of a chain, and the price between them."""

    COST = "cost"
    RESALE = "resale"
    RETAIL = "retail"


class Parties(Protocol):
    """Whatever names a chain."""

    tenant_id: uuid.UUID
    operator_id: uuid.UUID
    reseller_id: uuid.UUID | None
    customer_id: uuid.UUID


def edges_of(
    viewer_id: uuid.UUID,
    *,
    provider_id: uuid.UUID,
    reseller_id: uuid.UUID | None,
    customer_id: uuid.UUID,
    operator_id: uuid.UUID | None = None,
) -> tuple[Edge, ...]:
    """The edges at which the viewer stands, what it pays first."""
    if viewer_id == provider_id:
        return (Edge.COST, Edge.RESALE if reseller_id else Edge.RETAIL)
    if viewer_id == reseller_id:
        return (Edge.RESALE, Edge.RETAIL)
    if viewer_id == customer_id:
        return (Edge.RETAIL,)
    return (Edge.COST,) if viewer_id == operator_id else ()


def edges_of_chain(viewer_id: uuid.UUID, chain: Parties) -> tuple[Edge, ...]:
    """The same for an order."""
    return edges_of(
        viewer_id,
        provider_id=chain.tenant_id,
        reseller_id=chain.reseller_id,
        customer_id=chain.customer_id,
        operator_id=chain.operator_id,
    )


@dataclass(frozen=True, slots=True)
class Priced:
    """A line for the totals: how many, how often it is paid, and its price at one edge."""

    quantity: int
    billing_cycle: str
    price: UnitPrice | None


@dataclass(frozen=True, slots=True)
class Total:
    """What is paid each billing period of a kind. ``is_whole``: no line lacks a price."""

    billing_cycle: BillingCycle
    amount: Money
    is_whole: bool


def totals_of(lines: Iterable[Priced]) -> list[Total]:
    """Sums by billing cycle and currency; what is paid by usage has none, since nobody knows it before."""
    sums: dict[tuple[BillingCycle, str], int] = {}
    lacking: set[BillingCycle] = set()
    for line in lines:
        cycle = BillingCycle(line.billing_cycle)
        if cycle is BillingCycle.NONE:
            continue
        if line.price is None:
            lacking.add(cycle)
            continue
        amount = line.price.times(line.quantity)
        key = (cycle, amount.currency)
        sums[key] = sums.get(key, 0) + amount.minor
    order = list(BillingCycle)
    return [
        Total(cycle, Money(minor, currency), cycle not in lacking)
        for (cycle, currency), minor in sorted(
            sums.items(), key=lambda entry: (order.index(entry[0][0]), entry[0][1])
        )
    ]


def first_period(lines: Sequence[Priced]) -> Money | None:
    """What the first billing period costs altogether; None where a price is missing, currencies differ, or something is
    paid by usage.
    """
    amounts = [line.price.times(line.quantity) for line in lines if line.price is not None]
    is_known = len(amounts) == len(lines) and all(line.billing_cycle != BillingCycle.NONE for line in lines)
    if not amounts or not is_known or len({amount.currency for amount in amounts}) > 1:
        return None
    return Money(sum(amount.minor for amount in amounts), amounts[0].currency)

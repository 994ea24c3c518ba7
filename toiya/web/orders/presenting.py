"""Lines with their prices as one viewer may see them, in words (G-05)."""

from collections.abc import Iterable, Sequence
from typing import Any

from babel.numbers import format_currency
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.money import Money, UnitPrice
from toiya.core.terms import BillingCycle, Term
from toiya.orders.edges import Edge, Priced, totals_of
from toiya.orders.examination import Examined
from toiya.orders.models import (
    Line,
    OrderLine,
    OrderLineState,
    OrderRequestState,
    OrderState,
)
from toiya.orders.wishes import wishes_of_lines
from toiya.pricing.quote import Quote

ORDER_TONES = {
    OrderState.PENDING: "waiting",
    OrderState.COMPLETED: "success",
    OrderState.PARTLY_COMPLETED: "warning",
    OrderState.FAILED: "danger",
}
LINE_TONES = {
    OrderLineState.PENDING: "waiting",
    OrderLineState.COMPLETED: "success",
    OrderLineState.FAILED: "danger",
    OrderLineState.REFUSED: "danger",
}
REQUEST_TONES = {
    OrderRequestState.OPEN: "waiting",
    OrderRequestState.CHANGED: "warning",
    OrderRequestState.APPROVED: "success",
    OrderRequestState.DECLINED: "danger",
    OrderRequestState.WITHDRAWN: "neutral",
}


def amount_text(amount: Money | None) -> str:
    """An amount with its currency as the reader writes it."""
    return _written(amount) if amount else "–"


def price_text(price: UnitPrice | None) -> str:
    """The price of one unit, as fine as it is."""
    return _written(price) if price else "–"


def _written(value: Money | UnitPrice) -> str:
    locale = "ja" if (get_language() or "").startswith("ja") else "en"
    return str(format_currency(value.decimal, value.currency, locale=locale, decimal_quantization=False))


def edge_labels(edges: Sequence[Edge], *, is_operator: bool = False) -> list[str]:
    """What the columns of prices are called for somebody who stands at these edges."""
    if is_operator:
        return [_("The provider pays")]
    return [_("You pay"), _("You charge")][: len(edges)]


def term_text(offer: Availability) -> str:
    """How long, and how often it is paid."""
    cycle = str(BillingCycle(offer.billing_cycle).label)
    if not offer.term:
        return cycle
    return _("%(term)s, paid: %(cycle)s") % {"term": Term(offer.term).label, "cycle": cycle}


def of_quote(quote: Quote | None, edge: Edge) -> UnitPrice | None:
    """The price of an edge."""
    found: UnitPrice | None = getattr(quote, edge.value) if quote else None
    return found


def prices_row(line: Line, prices: Sequence[UnitPrice | None]) -> list[dict[str, str]]:
    """For each edge of the viewer: the price of one unit, and of all."""
    return [
        {
            "unit": price_text(price) if price else "",
            "all": amount_text(price.times(line.quantity) if price else None),
        }
        for price in prices
    ]


def basic_row(line: Line, prices: Sequence[UnitPrice | None]) -> dict[str, Any]:
    """What every table of lines shows."""
    sku = line.availability.sku
    is_addition = line.is_addition if isinstance(line, OrderLine) else line.subscription_id is not None
    held = line.subscription if is_addition else None
    return {
        "line": line,
        "position": line.position,
        "offer": sku.name,
        "kind": sku.get_kind_display(),
        "term": term_text(line.availability),
        "quantity": line.quantity,
        "name": held.title if held else line.friendly_name,
        "is_addition": is_addition,
        "parent": line.parent.title if line.parent else "",
        "parent_position": line.parent_position,
        "end": line.custom_term_end,
        "attributes": sorted(line.attributes.items()),
        "promotion": line.promotion.name if line.promotion else "",
        "prices": prices_row(line, prices),
    }


def examined_rows(answers: Iterable[Examined], edges: Sequence[Edge]) -> list[dict[str, Any]]:
    """Lines of a cart or a request, with what stands against them."""
    return [
        {
            **basic_row(answer.line, [of_quote(answer.prices, edge) for edge in edges]),
            "promotion": answer.promotion.name if answer.promotion else "",
            "problem": str(answer.problem) if answer.problem else "",
        }
        for answer in answers
    ]


def ordered_rows(lines: Iterable[OrderLine], edges: Sequence[Edge]) -> list[dict[str, Any]]:
    """Lines of an order with the prices frozen then."""
    return [
        {
            **basic_row(line, [line.price(edge.value) for edge in edges]),
            "state": line.get_state_display(),
            "tone": LINE_TONES[OrderLineState(line.state)],
            "failure": line.failure,
        }
        for line in lines
    ]


def with_wishes(actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the way to the customer's request that a line carries out, for its customer and its partner."""
    wishes = wishes_of_lines(actor, [row["line"] for row in rows])
    for row in rows:
        wish = wishes.get(row["line"].wish_id)
        if wish is not None:
            own = wish.tenant_id == actor.tenant_id
            row["wished_at"] = wish.created_at
            row["wish_url"] = (
                reverse("organization:wishes") if own else reverse("wishes:wish", args=[wish.pk])
            )
    return rows


def totals_rows(
    lines: Sequence[tuple[Line, Sequence[UnitPrice | None]]], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The sums by billing period at each edge of the viewer."""
    rows = []
    for place, label in enumerate(labels):
        priced = [
            Priced(line.quantity, line.availability.billing_cycle, prices[place]) for line, prices in lines
        ]
        rows += [
            {
                "label": label,
                "cycle": total.billing_cycle.label,
                "amount": amount_text(total.amount),
                "is_whole": total.is_whole,
            }
            for total in totals_of(priced)
        ]
    return rows


def totals_of_examined(
    answers: Sequence[Examined], edges: Sequence[Edge], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The sums of what can be ordered."""
    return totals_rows(
        [
            (answer.line, [of_quote(answer.prices, edge) for edge in edges])
            for answer in answers
            if answer.problem is None
        ],
        labels,
    )


def totals_of_ordered(
    lines: Sequence[OrderLine], edges: Sequence[Edge], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The sums of what was ordered."""
    kept = [line for line in lines if line.state not in {OrderLineState.REFUSED, OrderLineState.FAILED}]
    return totals_rows([(line, [line.price(edge.value) for edge in edges]) for line in kept], labels)

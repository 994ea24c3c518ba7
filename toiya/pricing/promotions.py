"""Promotions: who gets one and who does not, with the reasons; the best one counts by itself (N-31).

A promotion lowers what the provider pays for the term that begins in it. Licences added later have the price of their
subscription, promotion included; the renewal asks again and falls back to the list price.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability
from toiya.core.prepared import prepared
from toiya.core.reader import day
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.pricing.models import Promotion
from toiya.programme.countries import country_name


class Hurdle(Enum):
    """What a promotion asks for."""

    DAYS = "days"
    OFFER = "offer"
    TERM = "term"
    QUANTITY = "quantity"
    NEW_CUSTOMER = "new_customer"


@dataclass(frozen=True, slots=True)
class Reason:
    """What keeps a sale from a promotion: the hurdle, and in words what is expected and what was found."""

    hurdle: Hurdle
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Verdict:
    """A promotion, and what keeps this sale from it; no reasons: eligible."""

    promotion: Promotion
    reasons: tuple[Reason, ...]

    @property
    def is_eligible(self) -> bool:
        """Whether the sale gets it if no better one is there."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Choice:
    """The best eligible promotion, or None, and what was thought of each."""

    best: Promotion | None
    verdicts: tuple[Verdict, ...]

    @property
    def discount_basis_points(self) -> int:
        """What it takes off the list price."""
        return self.best.discount_basis_points if self.best else 0


def promotions_for(skus: Collection[uuid.UUID]) -> list[Promotion]:
    """Every promotion of the SKUs that was published and not ended, for many judgements; one statement."""
    return _running(sorted(skus))


@prepared
def _running(skus: list[uuid.UUID]) -> QuerySet[Promotion]:
    live = Promotion.objects.filter(sku_id__in=skus, published_at__isnull=False, ended_at__isnull=True)
    return live.order_by("-discount_basis_points", "code")


def reasons_against(
    promotion: Promotion,
    *,
    availability: Availability,
    quantity: int,
    segment: str,
    on: dt.date,
    is_new_customer: bool,
) -> tuple[Reason, ...]:
    """What keeps a sale from a promotion, each with what is expected and what was found."""
    reasons = [Reason(Hurdle.DAYS, text) for text in _against_time(promotion, on)]
    reasons += _against_offer(promotion, availability, segment)
    if quantity < promotion.min_quantity:
        text = _("From %(expected)s units; there are %(found)s.")
        reasons.append(
            Reason(Hurdle.QUANTITY, text % {"expected": promotion.min_quantity, "found": quantity})
        )
    if promotion.max_quantity is not None and quantity > promotion.max_quantity:
        text = _("Up to %(expected)s units; there are %(found)s.")
        reasons.append(
            Reason(Hurdle.QUANTITY, text % {"expected": promotion.max_quantity, "found": quantity})
        )
    if promotion.new_customers_only and not is_new_customer:
        text = _("Only for customers who have not had the product yet; this one has.")
        reasons.append(Reason(Hurdle.NEW_CUSTOMER, text))
    return tuple(reasons)


def _against_time(promotion: Promotion, on: dt.date) -> list[str]:
    if promotion.published_at is None or promotion.ended_at is not None:
        return [_("It is not running.")]
    if on < promotion.valid_from:
        return [_("It begins on %(day)s.") % {"day": day(promotion.valid_from)}]
    if on >= promotion.valid_until:
        last = promotion.valid_until - dt.timedelta(days=1)
        return [_("Its last day was %(day)s.") % {"day": day(last)}]
    return []


def _against_offer(promotion: Promotion, availability: Availability, segment: str) -> list[Reason]:
    found: list[tuple[Hurdle, str, str, str]] = []
    if promotion.sku_id != availability.sku_id:
        found.append((Hurdle.OFFER, _("SKU"), promotion.sku.name, availability.sku.name))
    if promotion.country_id and promotion.country_id != availability.country_id:
        countries = country_name(promotion.country_id), country_name(availability.country_id)
        found.append((Hurdle.OFFER, _("Country or region"), *countries))
    if promotion.segment and promotion.segment != segment:
        segments = str(Segment(promotion.segment).label), str(Segment(segment).label)
        found.append((Hurdle.OFFER, _("Segment"), *segments))
    if promotion.term and promotion.term != availability.term:
        terms = str(Term(promotion.term).label), str(Term(availability.term).label)
        found.append((Hurdle.TERM, _("Term"), *terms))
    if promotion.billing_cycle and promotion.billing_cycle != availability.billing_cycle:
        expected, met = BillingCycle(promotion.billing_cycle), BillingCycle(availability.billing_cycle)
        found.append((Hurdle.TERM, _("Billing"), str(expected.label), str(met.label)))
    text = _("%(field)s: only %(expected)s, not %(found)s.")
    return [
        Reason(hurdle, text % {"field": field, "expected": needed, "found": there})
        for hurdle, field, needed, there in found
    ]


def best_promotion(
    *,
    availability: Availability,
    quantity: int,
    segment: str,
    on: dt.date,
    is_new_customer: bool,
    promotions: Iterable[Promotion] | None = None,
) -> Choice:
    """The promotion that a sale gets by itself: of the eligible ones that which takes off most.

    ``promotions``: those of the SKU where the caller has them already (``promotions_for``).
    """
    known = promotions_for([availability.sku_id]) if promotions is None else promotions
    verdicts = tuple(
        Verdict(
            promotion,
            reasons_against(
                promotion,
                availability=availability,
                quantity=quantity,
                segment=segment,
                on=on,
                is_new_customer=is_new_customer,
            ),
        )
        for promotion in known
        if promotion.sku_id == availability.sku_id
    )
    eligible = [verdict.promotion for verdict in verdicts if verdict.is_eligible]
    best = min(eligible, key=lambda found: (-found.discount_basis_points, found.code), default=None)
    return Choice(best, verdicts)

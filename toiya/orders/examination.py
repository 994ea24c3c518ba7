"""Every line of a basket, looked at by itself: what it would cost, or why it cannot be ordered.

The cart's page, an order request and the checkout ask the same questions here. What the catalogue allows is judged in
pricing/offers.py; here stand the rules that only a basket has. The number of statements does not grow with the lines.
"""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import pgettext

from toiya.catalogue.models import Sku, SkuKind
from toiya.catalogue.offers import Buyer, Holdings, prerequisites_of, quantity_must_fit, segment_of
from toiya.core.errors import Refusal
from toiya.core.reader import day
from toiya.core.terms import Segment, term_end
from toiya.directory.models import Language, Tenant
from toiya.directory.room import SandboxLimits, sandbox_limits
from toiya.orders.errors import (
    NotEnlargeable,
    ParentMissing,
    PromotionNotGiven,
    TwiceInCart,
    WrongEnd,
    WrongParent,
)
from toiya.orders.models import CartLine, Line
from toiya.pricing.errors import NotPriced
from toiya.pricing.models import Promotion
from toiya.pricing.offers import Chain, Offer, judge
from toiya.pricing.promotions import Verdict, promotions_for
from toiya.pricing.quote import PriceBook, Quote
from toiya.programme.models import in_language
from toiya.subscriptions.errors import ChangeUnderWay, ParentNotActive
from toiya.subscriptions.holdings import holdings_of
from toiya.subscriptions.models import Subscription, SubscriptionQuerySet, SubscriptionState
from toiya.subscriptions.vendor import busy_of

COUNTED = frozenset({SkuKind.LICENSE, SkuKind.ADD_ON})
WITH_TERM = frozenset({SkuKind.LICENSE, SkuKind.ADD_ON})
PARENTS = frozenset({SkuKind.LICENSE, SkuKind.TRIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """Lines that one provider sells to one customer, through a reseller or not, on a day."""

    provider: Tenant
    reseller: Tenant | None
    customer: Tenant
    lines: Sequence[Line]
    now: dt.datetime
    segment: Segment | None = None  # of the customer, where it was read already

    @property
    def today(self) -> dt.date:
        """The date where the customer is."""
        return self.customer.country.local_date(self.now)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line cannot be ordered, in both languages."""

    code: str
    japanese: str
    english: str
    field: str | None = None

    def __str__(self) -> str:
        return in_language(self.japanese, self.english)


@dataclass(slots=True)
class Examined:
    """One line with its answer: prices, or a problem; and what was thought of each promotion."""

    line: Line
    prices: Quote | None = None
    promotion: Promotion | None = None
    problem: Problem | None = None
    verdicts: Sequence[Verdict] = ()


@dataclass(slots=True)
class _Known:
    """What was read for all lines together, and the lines that were found good so far.

    ``running`` is read where a line enlarges, hangs on or ends with what the customer has, and where a sandbox's limits
    count it; ``busy`` where a line enlarges.
    """

    basket: Basket
    chain: Chain
    book: PriceBook
    needed: Mapping[uuid.UUID, list[Sku]]
    promotions: Sequence[Promotion]
    running: Mapping[uuid.UUID, Subscription]
    busy: frozenset[uuid.UUID]
    limits: SandboxLimits | None
    good: dict[int, Line] = field(default_factory=dict)

    def chain_now(self) -> Chain:
        """The chain, with the good lines counted among what the customer has."""
        had = self.chain.buyer.holdings
        counts = dict(had.counts)
        skus = [line.availability.sku_id for line in self.good.values() if line.subscription_id is None]
        for sku_id in skus:
            counts[sku_id] = counts.get(sku_id, 0) + 1
        holdings = Holdings(counts, had.here | frozenset(skus), had.products)
        return dataclasses.replace(self.chain, buyer=dataclasses.replace(self.chain.buyer, holdings=holdings))


def examine(basket: Basket) -> list[Examined]:
    """Every line in the order of its position. A line that depends on a refused one is refused too."""
    known = _read(basket)
    return [_examined(known, line) for line in sorted(basket.lines, key=lambda line: line.position)]


def _read(basket: Basket) -> _Known:
    availabilities = [line.availability for line in basket.lines]
    skus = {row.sku_id for row in availabilities}
    holdings = holdings_of(basket.customer.pk, provider_id=basket.provider.pk)
    segment = basket.segment or segment_of(basket.customer)
    chain = Chain(basket.provider, basket.reseller, Buyer(basket.customer, segment, holdings))
    adds = any(line.subscription_id for line in basket.lines)
    limits = sandbox_limits(basket.customer.pk)
    leans = adds or limits or any(line.parent_id or line.custom_term_end for line in basket.lines)
    return _Known(
        basket=basket,
        chain=chain,
        book=chain.book(availabilities, basket.today),
        needed=prerequisites_of(skus),
        promotions=promotions_for(skus),
        running={row.pk: row for row in _running(chain)} if leans else {},
        busy=busy_of(basket.customer.pk) if adds else frozenset(),
        limits=limits,
    )


def _running(chain: Chain) -> SubscriptionQuerySet:
    live = Subscription.objects.live().filter(customer=chain.buyer.customer, tenant=chain.provider)
    return live.select_related("sku", "parent__sku")


def _examined(known: _Known, line: Line) -> Examined:
    answer = Examined(line)

    def check() -> None:
        if line.subscription_id is not None:
            _check_addition(known, line, answer)
        else:
            _check_new(known, line, answer)

    answer.problem = problem_of(check)
    if answer.problem is None:
        known.good[line.position] = line
    else:
        answer.prices = answer.promotion = None
    return answer


def problem_of(check: Callable[[], object]) -> Problem | None:
    """The refusal of a check that changes nothing, in both languages; None where it passes."""
    try:
        check()
    except Refusal as refusal:
        texts = {language: _text_of(check, refusal, language) for language in Language.values}
        return Problem(
            refusal.code, texts[Language.JAPANESE.value], texts[Language.ENGLISH.value], refusal.field
        )
    return None


def _text_of(check: Callable[[], object], known: Refusal, language: str) -> str:
    with translation.override(language):
        try:
            check()
        except Refusal as refusal:
            return str(refusal)
        return str(known)


# ---------------------------------------------------------------- more of what is there
def _check_addition(known: _Known, line: Line, answer: Examined) -> None:
    """The price is that of the subscription, promotion included (N-31)."""
    held = known.running.get(line.subscription_id) if line.subscription_id else None
    through = known.basket.reseller.pk if known.basket.reseller else None
    if held is None or held.reseller_id != through or held.availability_id != line.availability_id:
        named = line.subscription
        raise NotEnlargeable(
            name=named.title if named else "–", found=named.get_state_display() if named else "–"
        )
    if held.state != SubscriptionState.ACTIVE or held.sku.kind not in COUNTED:
        raise NotEnlargeable(name=held.title, found=held.get_state_display())
    if any(other.subscription_id == held.pk for other in known.good.values()):
        raise TwiceInCart(name=held.title)
    if held.pk in known.busy:
        raise ChangeUnderWay
    parent = held.parent
    if parent is not None and parent.state != SubscriptionState.ACTIVE:
        raise ParentNotActive(parent=parent.title, found=parent.get_state_display())
    quantity_must_fit(held.sku, held.quantity + line.quantity)
    if known.limits:
        known.limits.must_hold(licences=held.quantity + line.quantity)
    cost = held.price("cost")
    if cost is None or held.price_list_id is None:
        raise NotPriced(
            offer=held.sku.name,
            country=line.availability.country_id,
            on=day(known.basket.today),
        )
    answer.promotion = held.promotion
    answer.prices = Quote(held.price_list_id, cost, held.price("resale"), held.price("retail"))


# ---------------------------------------------------------------- something new
def _check_new(known: _Known, line: Line, answer: Examined) -> None:
    sku = line.availability.sku
    needed = known.needed.get(sku.pk, [])
    if sku.kind == SkuKind.ADD_ON:
        _check_parent(known, line, needed)
    offer = judge(
        line.availability,
        known.chain_now(),
        known.book,
        needed=needed,
        promotions=known.promotions,
        quantity=line.quantity,
    )
    if offer.refusals:
        raise offer.refusals[0]
    quantity_must_fit(sku, line.quantity)
    if known.limits:
        fresh = sum(other.subscription_id is None for other in known.good.values())
        known.limits.must_hold(
            subscriptions=len(known.running) + fresh + 1,
            licences=line.quantity if sku.kind in COUNTED else 0,
        )
    _check_end(known, line)
    _check_promotion(line, offer)
    answer.prices, answer.promotion, answer.verdicts = (
        offer.quote,
        offer.promotion.best,
        offer.promotion.verdicts,
    )


def _check_promotion(line: Line, offer: Offer) -> None:
    """Who names a promotion in a cart wants the offer with it, or not at all; a better one may count instead."""
    if line.promotion_id is None or not isinstance(line, CartLine):
        return
    verdicts = [row for row in offer.promotion.verdicts if row.promotion.pk == line.promotion_id]
    if not any(verdict.is_eligible for verdict in verdicts):
        reasons = [str(reason) for verdict in verdicts for reason in verdict.reasons]
        raise PromotionNotGiven(reasons=reasons or [line.promotion.name if line.promotion else "–"])


def _check_parent(known: _Known, line: Line, needed: Collection[Sku]) -> None:
    sku, ids = line.availability.sku, {other.pk for other in needed}
    if line.parent_id is not None:
        parent = known.running.get(line.parent_id)
        if parent is None or parent.sku.kind not in PARENTS or (ids and parent.sku_id not in ids):
            raise WrongParent(offer=sku.name, needed=_names(needed))
        if parent.state == SubscriptionState.SUSPENDED:
            raise ParentNotActive(parent=parent.title, found=parent.get_state_display())
        return
    if line.parent_position is None:
        raise ParentMissing(offer=sku.name)
    other = known.good.get(line.parent_position)
    if (
        other is None
        or other.subscription_id is not None
        or other.availability.sku.kind not in PARENTS
        or (ids and other.availability.sku_id not in ids)
    ):
        raise WrongParent(offer=sku.name, needed=_names(needed))


def _names(skus: Collection[Sku]) -> str:
    return pgettext("between names", ", ").join(sku.name for sku in skus) or "–"


def _check_end(known: _Known, line: Line) -> None:
    """A term of its own ends with another of the customer's subscriptions, not after the offer's term."""
    end, today = line.custom_term_end, known.basket.today
    if end is None:
        return
    latest = term_end(today, line.availability.term)
    if (
        line.availability.sku.kind not in WITH_TERM
        or latest is None
        or not today < end <= latest
        or end not in {row.term_end for row in known.running.values()}
    ):
        raise WrongEnd(found=end, latest=latest)

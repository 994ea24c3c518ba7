"""Every line of a basket, looked at by itself: what it would cost, or why it cannot be ordered.

The cart's page, an order request and the checkout ask the same questions here.
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import pgettext

from toiya.catalogue.models import Availability, Sku, SkuKind, SkuLink, SkuLinkKind
from toiya.catalogue.offers import quantity_must_fit
from toiya.core.errors import Refusal
from toiya.core.terms import Segment, term_end
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Language, Tenant
from toiya.orders.errors import (
    LimitReached,
    NotEnlargeable,
    OfferWithdrawn,
    ParentMissing,
    PrerequisiteMissing,
    TwiceInCart,
    WrongEnd,
    WrongMarket,
    WrongParent,
    WrongSegment,
)
from toiya.orders.models import Line
from toiya.pricing.models import Promotion
from toiya.pricing.quote import Quote, quote
from toiya.programme.models import in_language
from toiya.subscriptions.errors import ChangeUnderWay, ParentNotActive
from toiya.subscriptions.models import LIVE, Subscription, SubscriptionQuerySet, SubscriptionState
from toiya.subscriptions.vendor import asked_quantity

COUNTED = frozenset({SkuKind.LICENSE, SkuKind.ADD_ON})
WITH_TERM = frozenset({SkuKind.LICENSE, SkuKind.ADD_ON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """Lines that one provider sells to one customer, through a reseller or not, on a day."""

    provider: Tenant
    reseller: Tenant | None
    customer: Tenant
    account: CustomerAccount | None
    lines: Sequence[Line]
    now: dt.datetime

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
    """One line with its answer: prices, or a problem."""

    line: Line
    prices: Quote | None = None
    promotion: Promotion | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class _Known:
    """What the lines before this one have taken or offer."""

    good: dict[int, Line] = field(default_factory=dict)


def problem_of(check: Callable[[], object]) -> Problem | None:
    """The refusal of a check that changes nothing, in both languages; None where it passes."""
    try:
        check()
    except Refusal as refusal:
        texts = {}
        for language in Language.values:
            with translation.override(language):
                texts[language] = _text_of(check, refusal)
        return Problem(
            refusal.code, texts[Language.JAPANESE.value], texts[Language.ENGLISH.value], refusal.field
        )
    return None


def _text_of(check: Callable[[], object], known: Refusal) -> str:
    try:
        check()
    except Refusal as refusal:
        return str(refusal)
    return str(known)


def examine(basket: Basket) -> list[Examined]:
    """Every line in the order of its position. A line that depends on a refused one is refused too."""
    known = _Known()
    return [_examined(basket, line, known) for line in sorted(basket.lines, key=lambda line: line.position)]


def _examined(basket: Basket, line: Line, known: _Known) -> Examined:
    answer = Examined(line)

    def check() -> None:
        if line.subscription is not None:
            _check_addition(basket, line, known)
        else:
            _check_new(basket, line, known)
        answer.promotion, answer.prices = priced(basket, line)

    answer.problem = problem_of(check)
    if answer.problem is None:
        known.good[line.position] = line
    else:
        answer.prices = None
    return answer


def priced(basket: Basket, line: Line) -> tuple[Promotion | None, Quote]:
    """The prices of one unit. More licences of a subscription cost what the subscription costs. Raises NotPriced."""
    held = line.subscription
    if held is not None and (cost := held.price("cost")) is not None and held.price_list_id:
        return held.promotion, Quote(held.price_list_id, cost, held.price("resale"), held.price("retail"))
    promotion = line.promotion
    return promotion, quote(
        availability=line.availability,
        provider_id=basket.provider.pk,
        reseller_id=basket.reseller.pk if basket.reseller else None,
        customer_id=basket.customer.pk,
        on=basket.today,
        discount_basis_points=promotion.discount_basis_points if promotion else 0,
    )


# ---------------------------------------------------------------- more of what is there
def _check_addition(basket: Basket, line: Line, known: _Known) -> None:
    held = line.subscription
    if held is None:
        return
    ours = held.tenant_id == basket.provider.pk and held.customer_id == basket.customer.pk
    through = held.reseller_id == (basket.reseller.pk if basket.reseller else None)
    if (
        not (ours and through)
        or held.state != SubscriptionState.ACTIVE
        or held.sku.kind not in COUNTED
        or held.availability_id != line.availability_id
    ):
        raise NotEnlargeable(name=held.friendly_name, found=str(SubscriptionState(held.state).label))
    if any(other.subscription_id == held.pk for other in known.good.values()):
        raise TwiceInCart(name=held.friendly_name)
    if asked_quantity(held) is not None:
        raise ChangeUnderWay
    parent = held.parent
    if parent is not None and parent.state != SubscriptionState.ACTIVE:
        raise ParentNotActive(parent=parent.friendly_name, found=parent.get_state_display())
    quantity_must_fit(held.sku, held.quantity + line.quantity)


# ---------------------------------------------------------------- something new
def _check_new(basket: Basket, line: Line, known: _Known) -> None:
    offer, sku = line.availability, line.availability.sku
    _check_offer(basket, offer)
    quantity_must_fit(sku, line.quantity)
    _check_limit(basket, sku, known)
    _check_needs(basket, line, known)
    _check_end(basket, line)


def _check_offer(basket: Basket, offer: Availability) -> None:
    live = offer.tenant.family_id == basket.provider.family_id
    if not live or not Availability.objects.live().filter(pk=offer.pk).exists() or offer.sku.withdrawn_at:
        raise OfferWithdrawn(offer=offer.sku.name)
    country = basket.customer.country_id
    if offer.country_id != country:
        raise WrongMarket(offer=offer.sku.name, found=offer.country_id, expected=country)
    segment = basket.account.segment if basket.account else Segment.COMMERCIAL
    if offer.segment != segment:
        raise WrongSegment(
            offer=offer.sku.name,
            found=str(Segment(offer.segment).label),
            expected=str(Segment(segment).label),
        )


def _check_limit(basket: Basket, sku: Sku, known: _Known) -> None:
    """A trial counts for good, also when it has ended; anything else as long as it lives."""
    if sku.max_per_customer is None:
        return
    had = Subscription.objects.filter(customer=basket.customer, sku=sku)
    had = had.filter(activated_at__isnull=False) | had.filter(state__in=LIVE)
    count = (had if sku.kind == SkuKind.TRIAL else had.filter(state__in=LIVE)).count()
    count += sum(
        1 for line in known.good.values() if line.availability.sku_id == sku.pk and not line.subscription_id
    )
    if count >= sku.max_per_customer:
        raise LimitReached(offer=sku.name, limit=sku.max_per_customer)


def _check_needs(basket: Basket, line: Line, known: _Known) -> None:
    sku = line.availability.sku
    needed = [link.other for link in _prerequisites(sku)]
    if sku.kind == SkuKind.ADD_ON:
        _check_parent(basket, line, known, needed)
        return
    ids = {other.pk for other in needed}
    in_basket = any(other.availability.sku_id in ids for other in known.good.values())
    if not needed or in_basket or _live(basket).filter(sku_id__in=ids).exists():
        return
    raise PrerequisiteMissing(offer=sku.name, needed=_names(needed))


def _prerequisites(sku: Sku) -> list[SkuLink]:
    links = SkuLink.objects.filter(sku=sku, kind=SkuLinkKind.PREREQUISITE)
    return list(links.select_related("other").order_by("other__code"))


def _check_parent(basket: Basket, line: Line, known: _Known, needed: Collection[Sku]) -> None:
    sku = line.availability.sku
    ids = {other.pk for other in needed}
    if line.parent is not None:
        parent = line.parent
        fits = _live(basket).filter(pk=parent.pk, tenant=basket.provider).exists()
        if not fits or (ids and parent.sku_id not in ids):
            raise WrongParent(offer=sku.name, needed=_names(needed))
        return
    if line.parent_position is None:
        raise ParentMissing(offer=sku.name)
    other = known.good.get(line.parent_position)
    if (
        other is None
        or other.subscription_id is not None
        or (ids and other.availability.sku_id not in ids)
        or other.availability.sku.kind not in {SkuKind.LICENSE, SkuKind.TRIAL}
    ):
        raise WrongParent(offer=sku.name, needed=_names(needed))


def _names(skus: Collection[Sku]) -> str:
    return pgettext("between names", ", ").join(sku.name for sku in skus) or "–"


def _live(basket: Basket) -> SubscriptionQuerySet:
    return Subscription.objects.live().filter(customer=basket.customer)


def _check_end(basket: Basket, line: Line) -> None:
    """A term of its own ends with another of the customer's subscriptions, not after the offer's term."""
    end = line.custom_term_end
    if end is None:
        return
    latest = term_end(basket.today, line.availability.term)
    fits = (
        line.availability.sku.kind in WITH_TERM
        and latest is not None
        and basket.today < end <= latest
        and Subscription.objects.live()
        .filter(customer=basket.customer, tenant=basket.provider, term_end=end)
        .exists()
    )
    if not fits:
        raise WrongEnd(found=end, latest=latest)

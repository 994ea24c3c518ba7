"""Lines of carts and orders, read into what the business knows: offers, subscriptions, promotions, the reseller.

Whatever names something that is not there for the caller refuses the request whole; whether a line can be bought is
said by the business.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType, day_after
from toiya.api.errors import WireError
from toiya.api.items import availability_id_in, catalog_item_id
from toiya.api.operations import Call, as_id
from toiya.api.wire import Wire
from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.money import UnitPrice
from toiya.core.permissions import Permission
from toiya.core.prepared import prepared
from toiya.directory.models import Tenant
from toiya.membership.profiles import holder_of
from toiya.orders.carts import LARGEST_QUANTITY, Wanted, buying_permission, resellers_for
from toiya.orders.models import CustomerWish
from toiya.pricing.models import Promotion
from toiya.relations.rights import are_partners
from toiya.subscriptions.models import Subscription

PARENT, HELD = "parentsubscriptionid", "subscriptionid"
LINE_ERROR = 800009
MOST_POSITION = 10_000
UNSAID = frozenset({BillingCycleType.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One line as a client wrote it, whether in a cart or in an order. ``place``: how the body names it."""

    place: str
    item: str | None
    quantity: int | None
    term: str | None = None
    cycle: BillingCycleType | None = None
    renews_to: str | None = None
    friendly_name: str | None = None
    promotion_id: str | None = None
    custom_end: dt.datetime | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    parent_id: str | None = None
    parent_position: int | None = None
    subscription_id: str | None = None
    wish: CustomerWish | None = None


def wrong(code: int, place: str, found: object, text: str, *, status: int = 400) -> WireError:
    """The refusal of a line: its place in the body, what was found, and why it cannot be."""
    return WireError(status, code, f"{place}: {text}", place, str(found))


@dataclass(frozen=True, slots=True)
class _Known:
    offers: Mapping[uuid.UUID, Availability]
    subscriptions: Mapping[uuid.UUID, Subscription]
    promotions: Mapping[uuid.UUID, Promotion]


def wanted_lines(
    call: Call, customer: Tenant, lines: Mapping[int, Asked], *, no_such_item: int = LINE_ERROR
) -> dict[int, Wanted]:
    """The lines by position, with everything that they name; three statements. Raises WireError."""
    known = _read(call, customer, lines.values())
    return {position: _wanted(line, known, customer, no_such_item) for position, line in lines.items()}


def _read(call: Call, customer: Tenant, lines: Iterable[Asked]) -> _Known:
    asked = list(lines)
    named = _ids(_availability_id(line.item) for line in asked)
    skus = _ids(as_id(parts[1]) for line in asked if len(parts := (line.item or "").split(":")) > 1)
    there = _offers(call.actor, customer.country_id, skus, named)
    held = _ids(as_id(text) for line in asked for text in _held(line) if text)
    promoted = _ids(as_id(line.promotion_id) for line in asked if line.promotion_id)
    return _Known(
        {row.pk: row for row in there},
        {row.pk: row for row in _own(call.actor, customer.pk, held)} if held else {},
        {row.pk: row for row in _promotions(call.actor, promoted)} if promoted else {},
    )


@prepared
def _own(actor: Actor, customer_id: uuid.UUID, named: list[uuid.UUID]) -> QuerySet[Subscription]:
    own = Subscription.objects.visible_to(actor).filter(customer_id=customer_id, pk__in=named)
    return own.select_related("sku")


@prepared
def _promotions(actor: Actor, named: list[uuid.UUID]) -> QuerySet[Promotion]:
    return Promotion.objects.visible_to(actor).filter(pk__in=named)


@prepared
def _offers(
    actor: Actor, country: str, skus: list[uuid.UUID], named: list[uuid.UUID]
) -> QuerySet[Availability]:
    """Those that are named, and the others of their SKUs: another term may be meant."""
    offers = Availability.objects.visible_to(actor).select_related("sku__product", "sku__connector")
    return offers.filter(country_id=country, sku_id__in=skus) | offers.filter(pk__in=named)


def _ids(found: Iterable[uuid.UUID | None]) -> list[uuid.UUID]:
    return sorted({one for one in found if one is not None})


def _availability_id(item: str | None) -> uuid.UUID | None:
    """A catalogue item id, or the id of an offer as the legacy catalogue has it."""
    return availability_id_in(item) or as_id(item or "")


def _held(line: Asked) -> tuple[str | None, str | None]:
    context = {name.lower(): value for name, value in line.context.items()}
    return line.parent_id or context.get(PARENT), line.subscription_id or context.get(HELD)


def _wanted(line: Asked, known: _Known, customer: Tenant, no_such_item: int) -> Wanted:
    if line.quantity is None or not 1 <= line.quantity <= LARGEST_QUANTITY:
        text = _("The quantity is %(found)s; it must be a whole number from 1.") % {"found": line.quantity}
        raise wrong(800002, f"{line.place}.quantity", line.quantity, text)
    availability = _offer(line, known, customer, no_such_item)
    parent, held = _held(line)
    renews_to = line.renews_to
    if renews_to and renews_to.upper() != availability.term:
        text = _("It renews for %(term)s; another term is scheduled at the subscription once it is there.")
        found = {"term": availability.term or "–"}
        raise wrong(LINE_ERROR, f"{line.place}.renewsTo", renews_to, text % found)
    return Wanted(
        availability=availability,
        quantity=line.quantity,
        subscription=_subscription(line, known, held),
        parent=_subscription(line, known, parent),
        parent_position=line.parent_position,
        friendly_name=line.friendly_name or "",
        custom_term_end=day_after(line.custom_end),
        attributes={
            name: value for name, value in line.context.items() if name.lower() not in {PARENT, HELD}
        },
        wish=line.wish,
        promotion=_promotion(line, known),
    )


def _offer(line: Asked, known: _Known, customer: Tenant, no_such_item: int) -> Availability:
    """What the line names; with another term or billing of the same SKU where the line says so."""
    if not line.item:
        raise wrong(900142, line.place, "", _("The catalog item id is missing."))
    found = known.offers.get(_availability_id(line.item) or uuid.UUID(int=0))
    if found is None or (":" in line.item and catalog_item_id(found).lower() != line.item.lower()):
        text = _("There is no catalog item “%(found)s” that can be bought.") % {"found": line.item}
        raise wrong(no_such_item, line.place, line.item, text)
    term = found.term if line.term is None else line.term.upper()
    cycle = found.billing_cycle
    if line.cycle is not None and line.cycle not in UNSAID:
        cycle = line.cycle.value
    if (term, cycle) == (found.term, found.billing_cycle):
        return found
    for other in known.offers.values():
        same = (other.sku_id, other.segment) == (found.sku_id, found.segment)
        if (
            same
            and other.country_id == customer.country_id
            and (other.term, other.billing_cycle) == (term, cycle)
        ):
            return other
    text = _("“%(offer)s” is not sold for the term “%(term)s” with the billing “%(cycle)s”.")
    named = {"offer": found.sku.name, "term": term or "–", "cycle": cycle}
    raise wrong(no_such_item, line.place, f"{term} {cycle}", text % named)


def _subscription(line: Asked, known: _Known, text: str | None) -> Subscription | None:
    if not text:
        return None
    found = known.subscriptions.get(as_id(text) or uuid.UUID(int=0))
    if found is None:
        told = _("The customer has no subscription “%(found)s” from you.") % {"found": text}
        raise wrong(LINE_ERROR, line.place, text, told)
    return found


def _promotion(line: Asked, known: _Known) -> Promotion | None:
    if not line.promotion_id:
        return None
    found = known.promotions.get(as_id(line.promotion_id) or uuid.UUID(int=0))
    if found is None:
        text = _("There is no promotion “%(found)s”.") % {"found": line.promotion_id}
        raise wrong(27007, f"{line.place}.promotionId", line.promotion_id, text)
    return found


# ---------------------------------------------------------------- the reseller of record
def reseller_named(
    call: Call, customer: Tenant, ids: Sequence[str], *, is_attested: bool | None
) -> Tenant | None:
    """The reseller whose membership id the lines name; all lines name the same one, or none.

    Naming one is attested by the partner. Raises WireError: 800015 for an id that is no partner's, 800016 for a
    partner that does not serve the customer, 900206 without the attestation, 800002 for several.
    """
    named = list(dict.fromkeys(one for one in ids if one))
    if not named:
        return None
    if len(named) > 1:
        text = _("The lines name several resellers (%(found)s); buy for each in a cart or order of its own.")
        raise WireError(400, 800002, text % {"found": ", ".join(named)}, *named)
    holder = holder_of(named[0], family_id=call.actor.family_id)
    if buying_permission(call.actor) is Permission.ORDERS_REQUEST:
        if holder is not None and holder.pk == call.actor.tenant_id:
            return None
        raise _unknown_reseller(named[0])
    serving = resellers_for(call.actor, customer.pk)
    if holder is None or not are_partners(call.actor.tenant_id, holder.pk):
        raise _unknown_reseller(named[0])
    if holder not in serving:
        text = _("The reseller “%(found)s” has no reseller relationship with this customer.")
        raise WireError(400, 800016, text % {"found": named[0]}, named[0])
    if not is_attested:
        text = _(
            "Attest that the named reseller made the sale: partnerOnRecordAttestationAccepted must be true."
        )
        raise WireError(400, 900206, text, "partnerOnRecordAttestationAccepted")
    return holder


def _unknown_reseller(found: str) -> WireError:
    text = _("There is no partner of yours with the membership ID “%(found)s”.") % {"found": found}
    return WireError(404, 800015, text, found)


def positions_of(numbers: Sequence[int | None], places: Sequence[str]) -> list[int]:
    """Where each line stands, from the numbers that clients gave (from 0 up); free places for those without.

    Raises WireError (800002) for one that stands twice or out of range.
    """
    taken: set[int] = set()
    for number, place in zip(numbers, places, strict=True):
        if number is None:
            continue
        if not 0 <= number < MOST_POSITION or number + 1 in taken:
            text = _("The line number %(found)s stands twice, or is not from 0 to %(most)s.")
            raise wrong(800002, place, number, text % {"found": number, "most": MOST_POSITION - 1})
        taken.add(number + 1)
    free = (place for place in range(1, MOST_POSITION * 2) if place not in taken)
    return [next(free) if number is None else number + 1 for number in numbers]


# ---------------------------------------------------------------- what it costs
class Pricing(Wire):
    """The price of one unit and billing period, and of all units, to the caller; exact decimals."""

    list_price: Decimal | None = None
    discounted_price: Decimal | None = None
    prorated_price: Decimal | None = None
    price: Decimal | None = None
    extended_price: Decimal | None = None


def pricing_of(price: UnitPrice | None, quantity: int, *, is_promoted: bool) -> Pricing | None:
    """What the caller pays; without the list price where a promotion has lowered it."""
    if price is None:
        return None
    return Pricing(
        list_price=None if is_promoted else price.decimal,
        discounted_price=price.decimal,
        price=price.decimal,
        extended_price=price.times(quantity).decimal,
    )


class RenewsTo(Wire):
    """The term that follows."""

    term_duration: str | None = None

"""How the wire names what the catalogue offers: ``{product id}:{SKU id}:{availability id}``, one text for all three."""

import uuid

from babel.numbers import get_currency_symbol
from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.operations import Call, as_id
from toiya.api.wire import Wire
from toiya.catalogue.models import Availability, SkuKind
from toiya.core.terms import Segment
from toiya.pricing.shelves import Shelf, shelf_in

PARTS = 3


def catalog_item_id(availability: Availability) -> str:
    """The offer as carts, orders, subscriptions and price sheets name it."""
    return f"{availability.sku.product_id}:{availability.sku_id}:{availability.pk}"


def availability_id_in(catalog_item_id: str | None) -> uuid.UUID | None:
    """The availability that a catalogue item id names; None where it is no such id. Whoever looks it up compares the
    two other parts with ``catalog_item_id``.
    """
    parts = (catalog_item_id or "").split(":")
    return as_id(parts[-1]) if len(parts) == PARTS else None


class CurrencyInfo(Wire):
    """A currency."""

    code: str | None = None
    symbol: str | None = None


SEGMENTS = {
    "commercial": Segment.COMMERCIAL,
    "education": Segment.EDUCATION,
    "government": Segment.GOVERNMENT,
    "nonprofit": Segment.CHARITY,
}
SEGMENT_WORDS = {segment.value: word for word, segment in SEGMENTS.items()}
RENEWS = frozenset({SkuKind.LICENSE, SkuKind.ADD_ON})


def pascal(word: str) -> str:
    """``one_time`` as the texts of the catalogue have it: OneTime."""
    return "".join(part.capitalize() for part in word.split("_"))


def currency_symbol(call: Call, currency: str) -> str:
    """The sign of a currency as the reader writes it."""
    return str(get_currency_symbol(currency, locale="ja" if call.actor.language == "ja" else "en"))


def locale_of(call: Call) -> str:
    """The language of names and texts in an answer."""
    return "ja-JP" if call.actor.language == "ja" else "en-US"


def shelf_for(call: Call, country: str | None) -> Shelf:
    """The partner's offers in the country. Raises WireError (800002) where none is named, NotOwnRegion."""
    if not country:
        text = _("Name the country: two letters, as in ?country=JP.")
        raise WireError(400, 800002, text, "country")
    return shelf_in(call.actor, country)


ANYBODY = frozenset(Segment.values)
ALL_BUT_NONPROFIT = ANYBODY - {Segment.CHARITY.value}


def segments_in(text: str | None, *, unless: frozenset[str] = ALL_BUT_NONPROFIT) -> frozenset[str]:
    """The segment that was asked for; ``unless`` where none was: nonprofit offers are told only to who asks for them.

    Raises WireError (403, 400030) for one that does not exist.
    """
    if not text:
        return unless
    found = SEGMENTS.get(text.lower())
    if found is None:
        known = ", ".join(SEGMENTS)
        told = _("targetSegment is “%(found)s”; it must be one of %(known)s.")
        raise WireError(403, 400030, told % {"found": text, "known": known}, text, "targetSegment")
    return frozenset({found.value})


def availability_address(availability: Availability) -> str:
    """Where the offer stands in the catalogue; its SKU and its product are what precedes ``/availabilities``."""
    return (
        f"/products/{availability.sku.product_id}/skus/{availability.sku_id}/availabilities/{availability.pk}"
    )

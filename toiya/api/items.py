"""How the wire names what the catalogue offers: ``{product id}:{SKU id}:{availability id}``, one text for all three."""

import uuid

from toiya.api.operations import as_id
from toiya.catalogue.models import Availability

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

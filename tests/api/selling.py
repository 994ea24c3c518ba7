"""What the stories of carts and orders over the API start from."""

from typing import Any

from tests.cast import Cast
from tests.orders.story import Market, market
from toiya.directory.models import Tenant
from toiya.membership.models import OrganizationProfile

RESELLER = "7000001"
THROUGH_KAWASE = [{"key": "transaction_reseller", "value": RESELLER}]


def member(tenant: Tenant, membership_id: str) -> None:
    """The organisation holds this membership ID."""
    OrganizationProfile.objects.create(
        membership_id=membership_id, name=tenant.name, country_id="JP", owner=tenant
    )


def open_market(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; Kawase has a membership ID."""
    member(cast.kawase, RESELLER)
    return market(cast)


def item(story: Market, name: str) -> str:
    """The catalogue item id of an offer."""
    offer = story.shop.offers[name]
    return f"{offer.sku.product_id}:{offer.sku_id}:{offer.pk}"


def line(story: Market, name: str, quantity: int, **more: Any) -> dict[str, Any]:
    """A line of a cart."""
    return {"catalogItemId": item(story, name), "quantity": quantity, **more}


def link(uri: str, method: str = "GET") -> dict[str, Any]:
    """A link as the wire has it."""
    return {"uri": uri, "method": method, "headers": []}

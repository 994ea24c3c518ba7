"""How orders begin: Hinode and Kawase are partners, and both serve Aoba."""

import uuid
from dataclasses import dataclass

from tests.cast import Cast, actor_of, partner, relate
from tests.commerce import Shop, build_shop
from toiya.directory.models import Person, Tenant
from toiya.orders.carts import Wanted, add_line, start_cart
from toiya.orders.checkout import submit_order
from toiya.orders.models import Cart, Order


@dataclass(frozen=True)
class Market:
    """The cast with something to buy and everybody related."""

    cast: Cast
    shop: Shop


def market(cast: Cast) -> Market:
    """Everything that an order needs."""
    partner(cast.hinode, cast.kawase)
    relate(cast.kawase, cast.aoba)
    relate(cast.hinode, cast.aoba)
    return Market(cast, build_shop(cast))


def cart_of(market: Market, person: Person, *offers: tuple[str, int], partner: Tenant | None = None) -> Cart:
    """A cart for Aoba with these offers and quantities; through Kawase unless told otherwise."""
    actor = actor_of(person)
    through = partner or (
        market.cast.kawase if person.tenant_id == market.cast.hinode.pk else market.cast.hinode
    )
    cart = start_cart(actor, customer=market.cast.aoba, partner=through)
    for offer, quantity in offers:
        add_line(
            actor,
            cart=cart,
            version=cart.version,
            wanted=Wanted(availability=market.shop.offers[offer], quantity=quantity),
        )
    return cart


def ordered(market: Market, *offers: tuple[str, int], key: str = "") -> Order:
    """Mei of Hinode ordered these for Aoba through Kawase."""
    cart = cart_of(market, market.cast.mei, *offers)
    return submit_order(
        actor_of(market.cast.mei), cart=cart, version=cart.version, key=key or str(uuid.uuid4())
    )

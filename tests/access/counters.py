"""Orders and order requests of the world: one of each chain, and who may see it."""

import uuid
from collections.abc import Mapping

from tests.cast import Cast, actor_of
from toiya.catalogue.models import Availability
from toiya.core.terms import BillingCycle, Term
from toiya.directory.models import Person, Tenant
from toiya.orders.carts import Wanted, add_line, start_cart
from toiya.orders.checkout import submit_order
from toiya.orders.models import Order, OrderRequest
from toiya.orders.requests import send_request

NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")
Instances = dict[str, tuple[Mapping[str, object], frozenset[str]]]
NONE: frozenset[str] = frozenset()


def who(*names: str) -> frozenset[str]:
    """The organisations by the first part of their domains."""
    return frozenset(names)


def counters(cast: Cast, momiji: Tenant) -> dict[str, Instances]:
    """For the access matrix: an order and an open order request of each chain, from the catalogue that is there."""
    offer = Availability.objects.get(sku__code="standard", term=Term.YEAR, billing_cycle=BillingCycle.MONTHLY)
    ours = _bought(offer, cast.mei, cast.kawase, cast.aoba)
    theirs = _bought(offer, cast.jun, cast.yamabuki, momiji)
    asked, foreign = (
        _asked(offer, cast.kai, cast.hinode, cast.aoba),
        _asked(offer, cast.yui, cast.midori, momiji),
    )
    nothing = {"nonexistent": ({"order_id": NOBODY}, NONE)}

    def orders(ours_by: frozenset[str], theirs_by: frozenset[str]) -> Instances:
        return {
            "ours": ({"order_id": ours.pk}, ours_by),
            "theirs": ({"order_id": theirs.pk}, theirs_by),
            **nothing,
        }

    def requests(ours_by: frozenset[str], theirs_by: frozenset[str]) -> Instances:
        return {
            "ours": ({"request_id": asked.pk}, ours_by),
            "theirs": ({"request_id": foreign.pk}, theirs_by),
            "nonexistent": ({"request_id": NOBODY}, NONE),
        }

    chains = who("tsubame", "hinode", "kawase", "aoba"), who("tsubame", "midori", "yamabuki", "momiji")
    return {
        "order": orders(*chains),
        "order of customer": orders(who("aoba"), who("momiji")),
        "order of operator": orders(who("tsubame"), who("tsubame")),
        "order request": requests(who("hinode", "kawase"), who("midori", "yamabuki")),
        "order request received": requests(who("hinode"), who("midori")),
        "order request made": requests(who("kawase"), who("yamabuki")),
    }


def _bought(offer: Availability, person: Person, reseller: Tenant, customer: Tenant) -> Order:
    actor = actor_of(person)
    cart = start_cart(actor, customer=customer, partner=reseller)
    wanted = Wanted(availability=offer, quantity=5)
    add_line(actor, cart=cart, version=cart.version, wanted=wanted)
    return submit_order(actor, cart=cart, version=cart.version, key="world")


def _asked(offer: Availability, person: Person, provider: Tenant, customer: Tenant) -> OrderRequest:
    actor = actor_of(person)
    cart = start_cart(actor, customer=customer, partner=provider)
    wanted = Wanted(availability=offer, quantity=5)
    add_line(actor, cart=cart, version=cart.version, wanted=wanted)
    return send_request(actor, cart=cart, version=cart.version, note="")

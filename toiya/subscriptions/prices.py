"""The prices of a subscription that a reader may see: those of their own edges, and nobody else's (G-05)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.money import UnitPrice
from toiya.subscriptions.models import Subscription


@dataclass(frozen=True, slots=True)
class EdgePrice:
    """The price of one unit and billing period between two parties; None where nobody has set one."""

    edge: str
    label: str | Promise
    price: UnitPrice | None


def prices_for(actor: Actor, subscription: Subscription) -> list[EdgePrice]:
    """Cost and resale to the provider, resale and retail to the reseller, retail to the customer."""
    retail_of_provider = subscription.reseller_id is None
    own = actor.tenant_id
    if own == subscription.tenant_id:
        edges = [("cost", _("You pay")), ("retail" if retail_of_provider else "resale", _("You are paid"))]
    elif own == subscription.reseller_id:
        edges = [("resale", _("You pay")), ("retail", _("You are paid"))]
    elif own == subscription.customer_id:
        edges = [("retail", _("Price"))]
    elif own == subscription.operator_id:
        edges = [("cost", _("You are paid"))]
    else:
        edges = []
    return [EdgePrice(edge, label, subscription.price(edge)) for edge, label in edges]

"""A partner's sandbox in the demo, with something in it that falls due when its clock is moved."""

from toiya.core.actor import Actor
from toiya.core.permissions import Capacity
from toiya.core.terms import Term
from toiya.directory.models import Tenant
from toiya.jobs.demo_orders import Bought, request_order
from toiya.orders.requests import approve_request
from toiya.relations.models import ResellerRelationship
from toiya.sandbox.making import make_sandbox
from toiya.sandbox.people import acting

BOUGHT = (Bought("office", "standard", 10), Bought("desk", "basic", 3, Term.MONTH))


def play(maker: Actor) -> None:
    """A sandbox, and a first order of its customer. Nobody knows its passwords: its page makes new ones."""
    family_id = make_sandbox(maker).sandbox.family_id
    held = Tenant.objects.filter(family_id=family_id)
    provider = held.get(tenant_capacities__capacity=Capacity.PROVIDER)
    reseller = held.get(tenant_capacities__capacity=Capacity.RESELLER)
    customer = ResellerRelationship.objects.live().get(partner=reseller).customer
    request = request_order(
        acting(reseller.people.get()), customer=customer, provider=provider, lines=BOUGHT, note=""
    )
    approve_request(acting(provider.people.get()), request=request, version=request.version)

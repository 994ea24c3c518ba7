"""What stories of sandboxes are made of."""

import datetime as dt
import re
from collections.abc import Mapping

from django.apps import apps

from tests.cast import actor_of
from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.terms import BillingCycle, Term
from toiya.directory.models import Family, Person, Tenant
from toiya.jobs.clock import DUTIES
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.orders.carts import Wanted, add_line, start_cart
from toiya.orders.checkout import submit_order
from toiya.orders.models import Order
from toiya.sandbox.clock import move_clock, sandbox_of
from toiya.sandbox.making import MadeSandbox, make_sandbox
from toiya.sandbox.models import Sandbox
from toiya.sandbox.resellers import ResellerDetails
from toiya.sandbox.travel import move_clocks
from toiya.subscriptions.models import Subscription

GROWING = {"requests.LimitCounter", "requests.DutyTurn"}
DAY = dt.timedelta(days=1)


def snapshot() -> Mapping[tuple[str, object], str]:
    """Every row of every table of the business, with its values."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if not model.__module__.startswith("toiya.") or model._meta.label in GROWING:
            continue
        columns = [field.attname for field in model._meta.concrete_fields]
        for values in model._base_manager.values(*columns):
            found[model._meta.label, values[model._meta.pk.attname]] = repr(values)
    return found


def made_by(person: Person) -> MadeSandbox:
    """The sandbox that the person makes."""
    return make_sandbox(actor_of(person))


def part(sandbox: Sandbox, name: str) -> Person:
    """The administrator of the sandbox's operator, provider, reseller or customer."""
    person: Person = Person.objects.get(tenant__family=sandbox.family, user_name__startswith=f"admin@{name}-")
    return person


def bought(sandbox: Sandbox, *, quantity: int = 5, customer: Tenant | None = None) -> Subscription:
    """The sandbox's provider orders Office for a month, which renews, for its customer through its reseller."""
    provider, reseller = part(sandbox, "provider"), part(sandbox, "reseller")
    actor = actor_of(provider)
    to = customer or part(sandbox, "customer").tenant
    offer = Availability.objects.get(
        tenant__family=sandbox.family,
        sku__code="standard",
        term=Term.MONTH,
        billing_cycle=BillingCycle.MONTHLY,
    )
    cart = start_cart(actor, customer=to, partner=reseller.tenant)
    add_line(actor, cart=cart, version=cart.version, wanted=Wanted(availability=offer, quantity=quantity))
    order: Order = submit_order(actor, cart=cart, version=cart.version, key=f"story {cart.pk}")
    line = order.lines.get()
    assert line.subscription_id is not None
    return Subscription.objects.get(pk=line.subscription_id)


def reseller_details(number: int) -> ResellerDetails:
    """Another reseller for the sandbox."""
    return ResellerDetails(
        name=f"Second {number}",
        domain=f"second-{number}.example",
        country="JP",
        language="en",
        membership_id=f"SB-TEST-{number}",
        administrator_user="kai",
        administrator_name="Kai",
        administrator_email=f"kai@mail.second-{number}.example",
        contact_phone="+81 3-1234-5678",
    )


def travel(actor: Actor, to: dt.datetime) -> Family:
    """The clock is moved, and the worker carries it there, in as many turns as it needs."""
    move_clock(actor, to=to)
    while move_clocks():
        pass
    sandbox = sandbox_of(actor)
    assert sandbox.moving_to is None
    return sandbox.family


def work() -> None:
    """Every duty of the worker once."""
    for duty in DUTIES:
        duty.do()


def link_in(mail: OutgoingMail) -> str:
    """The path of the link that the mail carries."""
    found = re.search(r"https?://[^/\s]+(/\S+)", render(mail).text)
    assert found is not None
    return found[1]

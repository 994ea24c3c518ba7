"""What happened to a subscription, for those who may see it: its events in words, never a price of an edge (G-05)."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.catalogue.models import Availability, Sku
from toiya.core.actor import Actor
from toiya.core.reader import day, reader_name
from toiya.core.terms import BillingCycle, Term
from toiya.directory.models import Person, Tenant
from toiya.fulfilment.models import FulfilmentTask, TaskState
from toiya.subscriptions.models import EventKind, Subscription, SubscriptionEvent, SubscriptionState

LABELS: dict[str, Promise] = {
    "friendly_name": gettext_lazy("Name"),
    "sku": gettext_lazy("Product"),
    "quantity": gettext_lazy("Quantity"),
    "state": gettext_lazy("State"),
    "term": gettext_lazy("Term"),
    "billing_cycle": gettext_lazy("Billing"),
    "term_start": gettext_lazy("Term begins"),
    "term_end": gettext_lazy("Term ends"),
    "auto_renew": gettext_lazy("Automatic renewal"),
    "support_contact": gettext_lazy("Support contact"),
    "reseller_of_record": gettext_lazy("Reseller of record"),
    "suspension_reason": gettext_lazy("Reason"),
    "kept_until": gettext_lazy("Data kept until"),
}
TENANTS = frozenset({"support_contact", "reseller_of_record"})
DAYS = frozenset({"term_start", "term_end", "kept_until"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is not what it was."""

    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, as this reader may see it."""

    kind: EventKind
    at: dt.datetime
    who: str
    differences: list[Difference]


def _shown(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name.removesuffix("_id"): value
        for name, value in fields.items()
        if name.removesuffix("_id") in LABELS
    }


def _told(event: SubscriptionEvent) -> dict[str, object]:
    """A name that follows the product says nothing that the product does not say."""
    shown = _shown(event.set_fields)
    if event.kind != EventKind.RENAMED:
        shown.pop("friendly_name", None)
    return shown


class _Words:
    """Values in the reader's words; names are looked up once for all events."""

    def __init__(self, events: Iterable[SubscriptionEvent]) -> None:
        fields = [_shown(event.set_fields) for event in events]
        tenants = {str(row[name]) for row in fields for name in TENANTS if row.get(name)}
        skus = {str(row["sku"]) for row in fields if row.get("sku")}
        self.names = {str(key): reader_name(found) for key, found in Tenant.objects.in_bulk(tenants).items()}
        self.names |= {str(key): str(found) for key, found in Sku.objects.in_bulk(skus).items()}

    def word(self, name: str, value: object) -> str:  # noqa: PLR0911  (one line per kind of value)
        if value is None or value == "":
            return "–"
        if name in TENANTS or name == "sku":
            return self.names.get(str(value), "–")
        if isinstance(value, bool):
            return _("on") if value else _("off")
        if name in DAYS:
            return day(dt.date.fromisoformat(str(value)))
        if name == "state":
            return str(SubscriptionState(str(value)).label)
        if name == "term":
            return str(Term(str(value)).label)
        if name == "billing_cycle":
            return str(BillingCycle(str(value)).label)
        return str(value)


def history_of(actor: Actor, subscription: Subscription) -> list[Happened]:
    """Everything that happened, the latest first. People are named to their own organisation only."""
    events = list(subscription.events.order_by("sequence"))
    words = _Words(events)
    people = dict(
        Person.accounts.visible_to(actor)
        .filter(pk__in={event.actor_id for event in events if event.actor_id})
        .values_list("pk", "name")
    )
    tenants = Tenant.objects.in_bulk({event.actor_tenant_id for event in events})
    known: dict[str, object] = {}
    found = []
    for event in events:
        found.append(
            Happened(
                EventKind(event.kind),
                event.at,
                _who(event, people, tenants),
                _differences(known, _told(event), words) if known else [],
            )
        )
        known.update(_shown(event.set_fields))
    return found[::-1]


def _who(
    event: SubscriptionEvent, people: Mapping[uuid.UUID, str], tenants: Mapping[uuid.UUID, Tenant]
) -> str:
    if event.actor_id is None:
        return _("System")
    tenant = tenants.get(event.actor_tenant_id)
    person = people.get(event.actor_id)
    organization = reader_name(tenant) if tenant else "–"
    return f"{person} ({organization})" if person else organization


def _differences(
    before: Mapping[str, object], after: Mapping[str, object], words: _Words
) -> list[Difference]:
    return [
        Difference(LABELS[name], words.word(name, before.get(name)), words.word(name, value))
        for name, value in after.items()
        if before.get(name) != value
    ]


def changed_since(subscription: Subscription, version: int) -> list[Difference]:
    """What is different now from what a page of that version showed (G-31). Versions count the events."""
    events = list(subscription.events.order_by("sequence"))
    words = _Words(events)
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for event in events:
        (before if event.sequence <= version else after).update(_shown(event.set_fields))
    later = [EventKind(event.kind) for event in events if event.sequence > version]
    found = _differences(before, after, words)
    if not found:
        found = [Difference(_("Happened meanwhile"), "", ", ".join(str(kind.label) for kind in later))]
    return found


def offer_name(availability: Availability) -> str:
    """The offer in one line: product, term, billing."""
    term = Term(availability.term).label
    cycle = BillingCycle(availability.billing_cycle).label
    return _("%(product)s, %(term)s, paid %(cycle)s") % {
        "product": availability.sku.name,
        "term": term,
        "cycle": str(cycle).lower(),
    }


@dataclass(frozen=True, slots=True)
class Became:
    """A subscription became another product: from which offer to which, with how many, and how far the vendor is.

    ``number`` is that of its event, ``task`` what the vendor was asked; None where it had to be asked nothing.
    """

    number: int
    at: dt.datetime
    before: Availability
    after: Availability
    quantity: int
    task: TaskState | None


def products_of(subscription: Subscription) -> list[Became]:
    """Each upgrade, conversion, and renewal with another product, the earliest first; three statements at most."""
    known: dict[str, object] = {}
    found: list[tuple[SubscriptionEvent, str, str, int]] = []
    for event in subscription.events.order_by("sequence"):
        before = known.get("availability"), known.get("sku")
        known.update({name.removesuffix("_id"): value for name, value in event.set_fields.items()})
        if before[0] is not None and before[1] != known.get("sku"):
            found.append((event, str(before[0]), str(known["availability"]), int(str(known["quantity"]))))
    if not found:
        return []
    offers = Availability.objects.select_related("sku").in_bulk({key for row in found for key in row[1:3]})
    named = {str(key): offer for key, offer in offers.items()}
    tasks = FulfilmentTask.objects.filter(
        subscription_id=subscription.pk, sequence__in=[row[0].sequence for row in found]
    )
    states = dict(tasks.values_list("sequence", "state"))
    return [
        Became(
            event.sequence,
            event.at,
            named[before_id],
            named[after_id],
            quantity,
            TaskState(states[event.sequence]) if event.sequence in states else None,
        )
        for event, before_id, after_id, quantity in found
    ]

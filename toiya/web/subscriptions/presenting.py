"""Subscriptions in the reader's words: states, prices, history, and what may be done now or why not."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from toiya.catalogue.models import SkuKind
from toiya.core.actor import Actor
from toiya.core.money import UnitPrice
from toiya.core.permissions import Permission
from toiya.core.reader import day, day_for, name_for, reader_name
from toiya.core.terms import BillingCycle, Term
from toiya.orders.carts import must_buy
from toiya.orders.examination import COUNTED
from toiya.programme.models import in_language
from toiya.subscriptions.history import history_of
from toiya.subscriptions.lifecycle import must_be
from toiya.subscriptions.lists import Line
from toiya.subscriptions.models import LIVE, EventKind, Subscription, SubscriptionState
from toiya.subscriptions.particulars import must_renew
from toiya.subscriptions.prices import prices_for
from toiya.subscriptions.quantity import must_be_changeable
from toiya.subscriptions.rights import must_manage, must_order, must_sell
from toiya.subscriptions.schedule import scheduled_for
from toiya.subscriptions.states import must_be_cancellable, must_be_the_one_to_reactivate, why_not
from toiya.subscriptions.ways_on import must_be_convertible, must_be_upgradable
from toiya.web.templatetags.ui import money, status

TONES: Mapping[str, str] = {
    SubscriptionState.PENDING: "waiting",
    SubscriptionState.ACTIVE: "success",
    SubscriptionState.SUSPENDED: "warning",
    SubscriptionState.DELETED: "neutral",
    SubscriptionState.EXPIRED: "neutral",
}
EVENT_TONES: Mapping[str, str] = {
    EventKind.ACTIVATED: "success",
    EventKind.REACTIVATED: "success",
    EventKind.RENEWED: "success",
    EventKind.SUSPENDED: "warning",
    EventKind.CANCELLED: "danger",
    EventKind.EXPIRED: "danger",
    EventKind.DATA_DELETED: "danger",
    EventKind.PROVISIONING_FAILED: "danger",
    EventKind.QUANTITY_REFUSED: "danger",
}
MORE = {True: gettext_lazy("Add licenses"), False: gettext_lazy("Ask the provider for more licenses")}
ACTS: tuple[tuple[str, Promise, str], ...] = (
    ("quantity", gettext_lazy("Change quantity"), "hash"),
    ("schedule", gettext_lazy("Schedule a change"), "calendar-event"),
    ("auto_renew", gettext_lazy("Automatic renewal"), "arrow-repeat"),
    ("upgrade", gettext_lazy("Upgrade"), "arrow-up-circle"),
    ("convert", gettext_lazy("Convert the trial"), "arrow-up-circle"),
    ("name", gettext_lazy("Change name"), "pencil"),
    ("support", gettext_lazy("Support contact"), "headset"),
    ("reseller", gettext_lazy("Reseller of record"), "shop"),
    ("suspend", pgettext_lazy("subscription", "Suspend"), "pause-circle"),
    ("reactivate", gettext_lazy("Reactivate"), "play-circle"),
    ("cancel", gettext_lazy("Cancel the subscription"), "x-circle"),
)


def price_text(price: UnitPrice | None) -> str:
    """A price of one unit with its currency, or that nobody has set one."""
    return money(price) if price else _("not set")


def row_of(actor: Actor, subscription: Subscription) -> dict[str, Any]:
    """A line of a list."""
    own = prices_for(actor, subscription)
    return {
        "subscription": subscription,
        "tone": TONES[subscription.state],
        "state": subscription.get_state_display(),
        "price": price_text(own[0].price) if own else "",
        "renewal": renewal_text(subscription),
    }


def rows_of(lines: Iterable[Line]) -> Iterator[dict[str, str]]:
    """The texts of each row of the partner's list (subscriptions/_row.html), which shows no prices."""
    states = {value: str(label) for value, label in SubscriptionState.choices}
    tones = {value: status(tone, states[value]) for value, tone in TONES.items()}
    language = get_language() or ""
    for line in lines:
        sku, has_own_name = in_language(line.sku_name_ja, line.sku_name_en, language), line.has_own_name
        yield {
            "own_id": str(line.id),
            "name": line.friendly_name if has_own_name else sku,
            "sku": sku if has_own_name else "",
            "customer_id": str(line.customer_id),
            "customer": name_for(line.customer_name, line.customer_latin_name, language),
            "status": tones[line.state],
            "quantity": str(line.quantity),
            "ends": day_for(line.term_end, language) if line.term_end else "–",
            "renewal": _renewal(line, language),
            "reseller": name_for(line.reseller_name or "–", line.reseller_latin_name or "", language),
        }


def renewal_text(subscription: Subscription) -> str:
    """When the term ends and what comes then."""
    return _renewal(subscription, get_language() or "")


def _renewal(subscription: Subscription | Line, language: str) -> str:
    if subscription.term_end is None or subscription.state not in LIVE:
        return ""
    is_suspended = subscription.state == SubscriptionState.SUSPENDED
    return _what_follows(subscription.kept_until if is_suspended else None, subscription.auto_renew, language)


@lru_cache(maxsize=4_000)
def _what_follows(kept_until: dt.date | None, auto_renew: bool, language: str) -> str:  # noqa: FBT001 (a column)
    """In the active language; it is part of what is remembered."""
    if kept_until:
        return _("data kept until %(day)s") % {"day": day_for(kept_until, language)}
    return _("renews by itself") if auto_renew else _("expires then")


def reasons(actor: Actor, subscription: Subscription) -> dict[str, str]:
    """Each act with the sentence why it cannot be done now; '' where it can (ux: a disabled act says why)."""
    manage = why_not(must_manage, actor, subscription)
    order = manage or why_not(must_order, actor, subscription)
    sell = order or why_not(must_sell, actor, subscription)
    support = why_not(must_manage, actor, subscription, Permission.SUPPORT_CONTACT_CHOOSE)
    live = why_not(must_be, subscription, *LIVE)
    renews = why_not(must_renew, subscription)
    is_active = why_not(must_be, subscription, SubscriptionState.ACTIVE)
    is_suspended = why_not(must_be, subscription, SubscriptionState.SUSPENDED)
    found = {
        "quantity": order or why_not(must_be_changeable, subscription),
        "schedule": manage or renews,
        "auto_renew": manage or renews,
        "name": manage or live,
        "support": support or live,
        "reseller": order or live,
        "suspend": manage or is_active,
        "reactivate": manage or is_suspended or why_not(must_be_the_one_to_reactivate, actor, subscription),
        "cancel": order or why_not(must_be_cancellable, subscription, actor.now),
        "upgrade": sell or why_not(must_be_upgradable, actor, subscription),
        "convert": sell or why_not(must_be_convertible, subscription),
    }
    unfit = {"convert"} if subscription.sku.kind != SkuKind.TRIAL else {"upgrade"}
    unfit.add("suspend" if subscription.state == SubscriptionState.SUSPENDED else "reactivate")
    return {name: reason for name, reason in found.items() if name not in unfit}


@dataclass(frozen=True, slots=True)
class Act:
    """A button, or the reason why it is none."""

    name: str
    label: str | Promise
    icon: str
    url: str
    reason: str


def acts_of(actor: Actor, subscription: Subscription) -> list[Act]:
    """Everything that may be done with a subscription, in the order of the page; nothing with one that has ended."""
    if subscription.state not in LIVE:
        return []
    found = reasons(actor, subscription)
    return _more(actor, subscription) + [
        Act(name, label, icon, reverse(f"subscriptions:{name}", args=[subscription.pk]), found[name])
        for name, label, icon in ACTS
        if name in found
    ]


def _more(actor: Actor, subscription: Subscription) -> list[Act]:
    """The way to an order, or to an order request, for more of the same (S-099)."""
    if subscription.state != SubscriptionState.ACTIVE or subscription.sku.kind not in COUNTED:
        return []
    label = MORE[actor.tenant_id == subscription.tenant_id]
    line = reverse("orders:line", args=[subscription.customer_id])
    url = f"{line}?{urlencode({'subscription': subscription.pk})}"
    return [Act("more", label, "cart-plus", url, why_not(must_buy, actor))]


def ended_text(subscription: Subscription) -> str:
    """One sentence instead of everything that cannot be done any more; '' while it lives."""
    if subscription.state in LIVE:
        return ""
    if subscription.ended_at is None:
        return _("This subscription has ended, so there is nothing to manage any more.")
    return _("This subscription ended on %(day)s, so there is nothing to manage any more.") % {
        "day": day(subscription.ended_at)
    }


def facts_of(actor: Actor, subscription: Subscription) -> list[dict[str, object]]:
    """What the page says about it, with the prices of the reader's own edges (G-05)."""
    term = Term(subscription.term).label
    cycle = BillingCycle(subscription.billing_cycle).label
    window = subscription.cancel_until
    facts: list[dict[str, object]] = [
        {"term": _("Product"), "value": f"{subscription.sku.product.name}: {subscription.sku.name}"},
        {"term": _("Quantity"), "value": str(subscription.quantity)},
        {"term": _("Term and billing"), "value": f"{term} / {cycle}"},
    ]
    if subscription.term_end:
        facts.append(
            {
                "term": _("Term"),
                "value": f"{day(subscription.term_start)} – {day(subscription.term_end)}",
                "note": renewal_text(subscription),
            }
        )
    if window and subscription.state in LIVE and subscription.may_cancel(actor.now):
        facts.append({"term": _("Can be given back until"), "value": day(window)})
    if subscription.parent:
        facts.append({"term": _("Add-on of"), "value": subscription.parent.title})
    if subscription.promotion_id and actor.tenant_id != subscription.customer_id:
        facts.append(
            {
                "term": _("Promotion"),
                "value": _("applied"),
                "note": _("also to licenses added later; ends at the renewal"),
            }
        )
    facts += [
        {"term": edge.label, "value": price_text(edge.price), "note": _("one unit, each billing period")}
        for edge in prices_for(actor, subscription)
    ]
    return facts


def chain_of(subscription: Subscription) -> list[dict[str, object]]:
    """Who stands behind it."""
    record = subscription.reseller_of_record
    return [
        {"term": _("Provider"), "value": reader_name(subscription.tenant)},
        {"term": _("Reseller"), "value": reader_name(subscription.reseller) if subscription.reseller else ""},
        {"term": _("Reseller of record"), "value": reader_name(record) if record else ""},
        {
            "term": _("Support contact"),
            "value": reader_name(subscription.support_contact),
            "note": _("shown to the customer"),
        },
        {"term": _("Subscription ID"), "value": str(subscription.pk)},
    ]


def timeline_of(actor: Actor, subscription: Subscription) -> list[dict[str, object]]:
    """The history for the page's timeline."""
    return [
        {
            "when": event.at,
            "title": event.kind.label,
            "who": event.who,
            "text": _text(event.differences),
            "tone": EVENT_TONES.get(event.kind, "info"),
        }
        for event in history_of(actor, subscription)
    ]


def _text(differences: Iterable[Any]) -> str:
    return " · ".join(f"{row.label}: {row.before} → {row.after}" for row in differences)


def schedule_of(subscription: Subscription) -> list[dict[str, object]]:
    """What is scheduled for the renewal; empty where nothing is."""
    planned = scheduled_for(subscription)
    if planned is None:
        return []
    facts: list[dict[str, object]] = []
    if planned.quantity:
        facts.append({"term": _("Quantity"), "value": f"{subscription.quantity} → {planned.quantity}"})
    if planned.availability:
        offer = planned.availability
        term, cycle = Term(offer.term).label, BillingCycle(offer.billing_cycle).label
        facts.append({"term": _("Offer"), "value": f"{offer.sku.name} · {term} · {cycle}"})
    if planned.term_end:
        facts.append({"term": _("Next term ends"), "value": day(planned.term_end)})
    return facts

"""One page for each act on a subscription: what it does, the form, and what somebody else changed meanwhile (G-31)."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, Refusal
from toiya.core.reader import day
from toiya.subscriptions.history import changed_since
from toiya.subscriptions.models import LIVE, Subscription
from toiya.subscriptions.particulars import (
    choose_reseller_of_record,
    choose_support_contact,
    possible_resellers,
    possible_supporters,
    rename_subscription,
    set_auto_renew,
)
from toiya.subscriptions.prices import prices_for
from toiya.subscriptions.quantity import change_quantity, least_quantity
from toiya.subscriptions.rights import subscription_for
from toiya.subscriptions.schedule import (
    common_ends,
    offers_at_renewal,
    remove_schedule,
    schedule_change,
    scheduled_for,
)
from toiya.subscriptions.seats import pool_behind
from toiya.subscriptions.states import (
    cancel_subscription,
    kept_until_if_suspended,
    reactivate_subscription,
    suspend_subscription,
)
from toiya.subscriptions.ways_on import (
    conversion_offers,
    convert_trial,
    upgrade_offers,
    upgrade_subscription,
)
from toiya.web.customers.views import failed
from toiya.web.http import PersonRequest
from toiya.web.subscriptions.forms import (
    AutoRenewForm,
    CancelForm,
    ConvertForm,
    NameForm,
    NothingForm,
    OfferForm,
    QuantityForm,
    ScheduleForm,
    SuspendForm,
    TenantForm,
)
from toiya.web.subscriptions.presenting import price_text, reasons

Data = QueryDict | None
Facts = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Act:
    """What a page needs to let somebody do one thing with a subscription."""

    name: str
    title: Promise
    lead: Promise
    button: Promise
    done: Promise
    form: Callable[[Actor, Subscription, Data], Form]
    do: Callable[[Actor, Subscription, Mapping[str, Any], int], object]
    facts: Callable[[Actor, Subscription], Facts]
    is_final: bool = False


def page(request: PersonRequest, subscription_id: uuid.UUID, act: Act) -> HttpResponse:
    """Show what it would do and the form; do it; or say what keeps it from being done, with what was typed kept."""
    actor = request.actor
    subscription = subscription_for(actor, subscription_id)
    form = act.form(actor, subscription, request.POST if request.method == "POST" else None)
    if request.method == "GET" and "quantity" in form.fields and request.GET.get("quantity", "").isdecimal():
        form.initial["quantity"] = int(request.GET["quantity"])
    status, conflict = 200, []
    if request.method == "POST":
        status = 400
        version = _version(request)
        if version is None:
            form.add_error(None, _("The page was not complete. Load it again, then repeat the step."))
        elif form.is_valid():
            try:
                act.do(actor, subscription, form.cleaned_data, version)
            except ChangedMeanwhile as refusal:
                status = refusal.status
                subscription = subscription_for(actor, subscription_id)
                conflict = changed_since(subscription, version)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(request, str(act.done))
                return redirect("subscriptions:subscription", subscription_id)
    context = {
        "act": act,
        "form": form,
        "subscription": subscription,
        "customer": subscription.customer,
        "facts": act.facts(actor, subscription),
        "problem": "" if conflict else reasons(actor, subscription).get(act.name, ""),
        "conflict": conflict,
    }
    return render(request, "subscriptions/act.html", context, status=status)


def _version(request: PersonRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() else None


def unschedule(request: PersonRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """The renewal repeats the term after all."""
    subscription = subscription_for(request.actor, subscription_id)
    remove_schedule(request.actor, subscription=subscription, version=None)
    messages.success(request, _("The scheduled change is removed. The renewal repeats the term."))
    return redirect("subscriptions:subscription", subscription_id)


# ---------------------------------------------------------------- what the pages say
def _nothing(actor: Actor, subscription: Subscription) -> Facts:
    del actor, subscription
    return []


def _about_quantity(actor: Actor, subscription: Subscription) -> Facts:
    least = least_quantity(subscription, actor.now)
    sku, pool = subscription.sku, pool_behind(subscription)
    facts: Facts = [
        {"term": _("Now"), "value": str(subscription.quantity)},
        {"term": _("Sold from – to"), "value": f"{sku.min_quantity} – {sku.max_quantity}"},
        {
            "term": _("Can go down to"),
            "value": str(least),
            "note": _("after that only at the renewal")
            if least < subscription.quantity
            else _("no window is open"),
        },
    ]
    if pool is not None:
        facts.append({"term": _("Seats in use"), "value": f"{pool.assigned} / {pool.seats}"})
    facts += [
        {"term": edge.label, "value": price_text(edge.price), "note": _("for each unit, promotion included")}
        for edge in prices_for(actor, subscription)
    ]
    return facts


def _about_end(actor: Actor, subscription: Subscription) -> Facts:
    del actor
    pool = pool_behind(subscription)
    add_ons = list(subscription.add_ons.filter(state__in=LIVE).order_by("id"))
    users = pool.assigned if pool else 0
    facts: Facts = [
        {
            "term": _("Users who have a license of this product"),
            "value": str(users),
        }
    ]
    if add_ons:
        names = ", ".join(row.title for row in add_ons)
        count = len(add_ons)
        facts.append(
            {
                "term": _("Add-ons"),
                "value": names,
                "note": ngettext("%(count)s follows", "%(count)s follow", count) % {"count": count},
            }
        )
    return facts


def _about_suspension(actor: Actor, subscription: Subscription) -> Facts:
    return [
        {
            "term": _("Data kept until"),
            "value": day(kept_until_if_suspended(subscription, actor.now)),
            "note": _("deleted then, unless it is reactivated before"),
        },
        *_about_end(actor, subscription),
    ]


def _about_reactivation(actor: Actor, subscription: Subscription) -> Facts:
    del actor
    return [
        {"term": _("Data kept until"), "value": day(subscription.kept_until)},
        {"term": _("Reason of the suspension"), "value": subscription.suspension_reason},
    ]


def _about_renewal(actor: Actor, subscription: Subscription) -> Facts:
    del actor
    return [
        {"term": _("Now"), "value": str(subscription.quantity)},
        {
            "term": _("Term ends"),
            "value": day(subscription.term_end),
            "note": _("for the price list in force then, without the promotion"),
        },
    ]


def _about_way_on(actor: Actor, subscription: Subscription) -> Facts:
    return [
        {"term": _("Now"), "value": f"{subscription.sku.name} × {subscription.quantity}"},
        *_about_end(actor, subscription),
    ]


# ---------------------------------------------------------------- the forms, filled with what is there
def _schedule_form(actor: Actor, subscription: Subscription, data: Data) -> Form:
    del actor
    planned = scheduled_for(subscription)
    initial = (
        {
            "quantity": planned.quantity,
            "availability": str(planned.availability_id or ""),
            "end": planned.term_end.isoformat() if planned.term_end else "",
        }
        if planned
        else {}
    )
    return ScheduleForm(
        data,
        initial=initial,
        subscription=subscription,
        offers=list(offers_at_renewal(subscription)),
        ends=common_ends(subscription),
    )


def _support_form(actor: Actor, subscription: Subscription, data: Data) -> Form:
    tenants = possible_supporters(actor, subscription)
    initial = {"tenant": str(subscription.support_contact_id)}
    return TenantForm(data, initial=initial, tenants=tenants, label=_("Support contact"))


def _reseller_form(actor: Actor, subscription: Subscription, data: Data) -> Form:
    del actor
    return TenantForm(
        data,
        initial={"tenant": str(subscription.reseller_of_record_id or "")},
        tenants=possible_resellers(subscription),
        label=_("Reseller of record"),
        nobody=_("Nobody"),
    )


QUANTITY = Act(
    "quantity",
    gettext_lazy("Change quantity"),
    gettext_lazy("Up at any time; down in the days after activation, renewal or an addition."),
    gettext_lazy("Change quantity"),
    gettext_lazy("The quantity is changed, or the vendor is asked for the new licenses."),
    lambda _actor, row, data: QuantityForm(data, initial={"quantity": row.quantity}),
    lambda actor, row, data, version: change_quantity(
        actor, subscription=row, quantity=data["quantity"], version=version
    ),
    _about_quantity,
)
SUSPEND = Act(
    "suspend",
    pgettext_lazy("subscription", "Suspend"),
    gettext_lazy("Users lose access, administrators keep it. Add-ons follow."),
    pgettext_lazy("subscription", "Suspend"),
    gettext_lazy("The subscription is suspended. Customer and partners are told."),
    lambda _actor, _row, data: SuspendForm(data),
    lambda actor, row, data, version: suspend_subscription(
        actor, subscription=row, reason=data["reason"], version=version
    ),
    _about_suspension,
    is_final=True,
)
REACTIVATE = Act(
    "reactivate",
    gettext_lazy("Reactivate"),
    gettext_lazy("Users have their access again, also to the add-ons that were suspended with it."),
    gettext_lazy("Reactivate"),
    gettext_lazy("The subscription is active again."),
    lambda _actor, _row, data: NothingForm(data),
    lambda actor, row, _data, version: reactivate_subscription(actor, subscription=row, version=version),
    _about_reactivation,
)
CANCEL = Act(
    "cancel",
    gettext_lazy("Cancel the subscription"),
    gettext_lazy("Everything is given back. Possible in the days after activation and renewal only."),
    gettext_lazy("Cancel the subscription"),
    gettext_lazy("The subscription is canceled. Customer and partners are told."),
    lambda _actor, _row, data: CancelForm(data),
    lambda actor, row, _data, version: cancel_subscription(actor, subscription=row, version=version),
    _about_end,
    is_final=True,
)
AUTO_RENEW = Act(
    "auto_renew",
    gettext_lazy("Automatic renewal"),
    gettext_lazy("Whether another term follows by itself."),
    gettext_lazy("Save"),
    gettext_lazy("Saved. It counts at the end of the term."),
    lambda _actor, row, data: AutoRenewForm(data, initial={"auto_renew": "on" if row.auto_renew else "off"}),
    lambda actor, row, data, version: set_auto_renew(
        actor, subscription=row, auto_renew=data["auto_renew"], version=version
    ),
    _about_renewal,
)
SCHEDULE = Act(
    "schedule",
    gettext_lazy("Schedule a change"),
    gettext_lazy("What the renewal does instead of repeating the term. Other edits do not delete it."),
    gettext_lazy("Schedule"),
    gettext_lazy("Scheduled. It happens at the renewal, and can be removed until then."),
    _schedule_form,
    lambda actor, row, data, version: schedule_change(
        actor,
        subscription=row,
        version=version,
        quantity=data["quantity"],
        availability=data["availability"],
        end=data.get("end"),
    ),
    _about_renewal,
)
NAME = Act(
    "name",
    gettext_lazy("Change name"),
    gettext_lazy("A name by which you and the customer recognize it."),
    gettext_lazy("Save"),
    gettext_lazy("The name is changed."),
    lambda _actor, row, data: NameForm(data, initial={"friendly_name": row.friendly_name}),
    lambda actor, row, data, version: rename_subscription(
        actor, subscription=row, friendly_name=data["friendly_name"], version=version
    ),
    _nothing,
)
SUPPORT = Act(
    "support",
    gettext_lazy("Support contact"),
    gettext_lazy(
        "Whom the customer asks. A reseller can be chosen while it is a partner of the provider and holds "
        "administrator access to the customer."
    ),
    gettext_lazy("Save"),
    gettext_lazy("The support contact is changed. The customer is told."),
    _support_form,
    lambda actor, row, data, version: choose_support_contact(
        actor, subscription=row, contact=data["tenant"], version=version
    ),
    _nothing,
)
RESELLER = Act(
    "reseller",
    gettext_lazy("Reseller of record"),
    gettext_lazy("Whom the sale is credited to. It changes neither prices nor rights."),
    gettext_lazy("Save"),
    gettext_lazy("The reseller of record is changed."),
    _reseller_form,
    lambda actor, row, data, version: choose_reseller_of_record(
        actor, subscription=row, reseller=data["tenant"], version=version
    ),
    _nothing,
)
UPGRADE = Act(
    "upgrade",
    gettext_lazy("Upgrade"),
    gettext_lazy(
        "The whole subscription becomes another product for the rest of its term; users move along."
    ),
    gettext_lazy("Upgrade"),
    gettext_lazy("The subscription is upgraded, and its users have moved along."),
    lambda _actor, row, data: OfferForm(data, offers=list(upgrade_offers(row))),
    lambda actor, row, data, version: upgrade_subscription(
        actor, subscription=row, availability=data["availability"], version=version
    ),
    _about_way_on,
)
CONVERT = Act(
    "convert",
    gettext_lazy("Convert the trial"),
    gettext_lazy(
        "It is paid from today, with a term, a billing frequency and a quantity; users keep their licenses."
    ),
    gettext_lazy("Convert the trial"),
    gettext_lazy("The trial is a paid subscription now."),
    lambda _actor, row, data: ConvertForm(
        data, offers=list(conversion_offers(row)), initial={"quantity": row.quantity}
    ),
    lambda actor, row, data, version: convert_trial(
        actor,
        subscription=row,
        availability=data["availability"],
        quantity=data["quantity"],
        version=version,
    ),
    _about_way_on,
)

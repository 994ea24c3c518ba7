"""Subscriptions: what a customer has through the partner, everything that can be changed in one, and whom to ask.

Documents win over SDKs: the end of a term is its last day, not the first day after it.
"""

import contextlib
import datetime as dt
import enum
import uuid
from collections.abc import Iterator

import msgspec
from django.utils.translation import gettext as _

from toiya.api.common import (
    FAR_FUTURE,
    BillingCycleType,
    BillingType,
    day_after,
    last_day,
    midnight,
)
from toiya.api.errors import WireError, told_as
from toiya.api.items import availability_address, availability_id_in, catalog_item_id
from toiya.api.operations import APP_USER_ONLY, Answer, Call, as_id, operation, unbuilt
from toiya.api.reach import NO_SUCH_CUSTOMER, NO_SUCH_SUBSCRIPTION, relationship_in, subscription_in
from toiya.api.resources.catalog import ItemType, type_of
from toiya.api.wire import Attributes, Collection, Link, Links, Resource, Wire, attributes_of, collection
from toiya.catalogue.models import Availability, SkuKind
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, Refusal
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.core.terms import Term
from toiya.membership.profiles import holder_of, membership_ids_of
from toiya.subscriptions.altering import CHOSEN, Credit, NextTerm, Wanted, alter_subscription
from toiya.subscriptions.errors import (
    NotAPartner,
    NotATarget,
    NotInThisState,
    OnlyAtRenewal,
    StateNotChosen,
    WindowClosed,
)
from toiya.subscriptions.history import changed_since
from toiya.subscriptions.lifecycle import WITH_CHAIN, billing_period, customer_today
from toiya.subscriptions.lists import Surroundings, of_customer, surroundings_of
from toiya.subscriptions.models import LIVE, ScheduledChange, SubscriptionQuerySet, SubscriptionState
from toiya.subscriptions.models import Subscription as Row
from toiya.subscriptions.particulars import choose_support_contact, supporter_named
from toiya.subscriptions.quantity import FIXED
from toiya.subscriptions.rights import subscription_for
from toiya.subscriptions.schedule import ends_to_join, offer_at_renewal, scheduled_for
from toiya.subscriptions.vendor import asked_quantity

SUBSCRIPTIONS = "/v1/customers/{customer_id}/subscriptions"
SUBSCRIPTION = f"{SUBSCRIPTIONS}/{{subscription_id}}"
NO_PROVISIONING = 800007


class SubscriptionStatus(enum.Enum):
    """Where a subscription stands."""

    NONE = "none"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"
    EXPIRED = "expired"
    PENDING = "pending"
    DISABLED = "disabled"


class ContractType(enum.Enum):
    """What kind of contract it is."""

    SUBSCRIPTION = "subscription"
    PRODUCT_KEY = "product_key"
    REDEMPTION_CODE = "redemption_code"


class ProductTerm(Wire):
    """An offer with its term and billing cycle."""

    product_id: str | None = None
    sku_id: str | None = None
    availability_id: str | None = None
    billing_cycle: BillingCycleType | None = None
    term_duration: str | None = None
    promotion_id: str | None = None


class ScheduledNextTermInstructions(Wire):
    """What the renewal does instead of repeating the term."""

    product: ProductTerm | None = None
    quantity: int | None = None
    custom_term_end_date: dt.datetime | None = None


class NextChargeInstructions(Wire):
    """Another billing cycle that begins with the next term."""

    product: ProductTerm | None = None
    quantity: int | None = None


class RefundOption(Wire):
    """What can still be given back: everything (Full), or what was added (Partial)."""

    type: str | None = None
    expires_at: dt.datetime | None = None


class RefundableQuantityDetail(Wire):
    """So many licences, until then."""

    quantity: int | None = None
    allowed_until_date_time: dt.datetime | None = None


class RefundableQuantity(Wire):
    """How many licences can still be given back."""

    total_quantity: int | None = None
    details: list[RefundableQuantityDetail] | None = None


class SubscriptionLinks(Wire):
    """The ways to the subscription and to what it consists of."""

    self: Link | None = None
    offer: Link | None = None
    parent_subscription: Link | None = None
    product: Link | None = None
    sku: Link | None = None
    availability: Link | None = None


class Subscription(Wire):
    """So many units of an offer for a term. Updates send the whole resource back; what differs is changed.

    A property that is missing or null stays as it is; ``scheduledNextTermInstructions: null`` removes the schedule,
    and an empty ``partnerId`` the reseller of record.
    """

    id: str | None = None
    order_id: str | None = None
    offer_id: str | None = None
    offer_name: str | None = None
    friendly_name: str | None = None
    product_type: ItemType | None = None
    quantity: int | None = None
    unit_type: str | None = None
    parent_subscription_id: str | None = None
    creation_date: dt.datetime | None = None
    effective_start_date: dt.datetime | None = None
    commitment_end_date: dt.datetime | None = None
    commitment_end_date_time: dt.datetime | None = None
    cancellation_allowed_until_date: dt.datetime | None = None
    billing_cycle_end_date: dt.datetime | None = None
    billing_cycle_end_date_time: dt.datetime | None = None
    status: SubscriptionStatus | None = None
    auto_renew_enabled: bool | None = None
    billing_type: BillingType | None = None
    billing_cycle: BillingCycleType | None = None
    has_purchasable_addons: bool | None = None
    is_trial: bool | None = None
    actions: list[str] | None = None
    term_duration: str | None = None
    renewal_term_duration: str | None = None
    refund_options: list[RefundOption] | None = None
    is_microsoft_product: bool | None = None
    partner_id: str | None = None
    suspension_reasons: list[str] | None = None
    contract_type: ContractType | None = None
    publisher_name: str | None = None
    promotion_id: str | None = None
    refundable_quantity: RefundableQuantity | None = None
    scheduled_next_term_instructions: ScheduledNextTermInstructions | msgspec.UnsetType | None = msgspec.UNSET
    next_charge_instructions: NextChargeInstructions | None = None
    links: SubscriptionLinks | None = None
    attributes: Attributes | None = None


class SubscriptionsQuery(Wire):
    """``order_id``: what an order bought; ``mpn_id``: what is credited to the holder of a membership ID."""

    order_id: str | None = None
    mpn_id: str | None = None


# ---------------------------------------------------------------- reading
@operation(
    "subscriptions.list",
    "GET",
    SUBSCRIPTIONS,
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_subscriptions(
    call: Call, customer_id: uuid.UUID, query: SubscriptionsQuery
) -> Collection[Subscription]:
    """What the customer has through the partner, the latest first, also what has ended."""
    relationship_in(call, customer_id)
    rows = of_customer(call.actor, customer_id)
    if query.order_id is not None:
        order_id = as_id(query.order_id)
        rows = rows.filter(order_id=order_id) if order_id else rows.none()
    if query.mpn_id is not None:
        holder = holder_of(query.mpn_id, family_id=call.actor.family_id)
        rows = rows.filter(reseller_of_record=holder) if holder else rows.none()
    return _collection(call, rows, at=f"/customers/{customer_id}/subscriptions")


def _collection(call: Call, rows: SubscriptionQuerySet, *, at: str) -> Collection[Subscription]:
    found = list(
        rows.select_related(*WITH_CHAIN, "scheduled_change__availability__sku").order_by("-created_at", "-id")
    )
    around = surroundings_of(call.actor, found)
    return collection(
        [_wire(call.actor, row, getattr(row, "scheduled_change", None), around) for row in found], at=at
    )


@operation(
    "subscriptions.get",
    "GET",
    SUBSCRIPTION,
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_SUBSCRIPTION,),
)
def get_subscription(call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> Subscription:
    """One subscription of the customer."""
    return _one(call.actor, subscription_in(call, customer_id, subscription_id))


@operation(
    "subscriptions.list_addons",
    "GET",
    f"{SUBSCRIPTION}/addons",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_SUBSCRIPTION,),
)
def list_add_ons(call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> Collection[Subscription]:
    """The add-ons that belong to the subscription."""
    parent = subscription_in(call, customer_id, subscription_id)
    rows = of_customer(call.actor, customer_id).filter(parent=parent)
    return _collection(call, rows, at=f"{_address(parent)}/addons")


def _one(actor: Actor, row: Row) -> Subscription:
    return _wire(actor, row, scheduled_for(row), surroundings_of(actor, [row]))


def _address(row: Row) -> str:
    return f"/customers/{row.customer_id}/subscriptions/{row.pk}"


def _wire(actor: Actor, row: Row, planned: ScheduledChange | None, around: Surroundings) -> Subscription:
    """The subscription with everything that is true of it; what it does not have is left out."""
    period = billing_period(row, customer_today(row, actor.now))
    offer = availability_address(row.availability)
    country = f"?country={row.availability.country_id}"
    next_offer = (planned.availability if planned else None) or row.availability
    return Subscription(
        id=str(row.pk),
        order_id=str(row.order_id),
        offer_id=catalog_item_id(row.availability),
        offer_name=row.sku.name,
        friendly_name=row.title,
        product_type=type_of([row.sku.kind]),
        quantity=row.quantity,
        unit_type="Usage-based" if row.sku.kind == SkuKind.USAGE else "Licenses",
        parent_subscription_id=str(row.parent_id) if row.parent_id else None,
        creation_date=row.created_at,
        effective_start_date=midnight(row.term_start),
        commitment_end_date=_end_date(row),
        commitment_end_date_time=_instant(row, row.term_end),
        cancellation_allowed_until_date=row.cancel_until,
        billing_cycle_end_date=last_day(period[1]) if period else None,
        billing_cycle_end_date_time=_instant(row, period[1]) if period else None,
        status=SubscriptionStatus(row.state),
        auto_renew_enabled=row.auto_renew,
        billing_type=BillingType.USAGE if row.sku.kind == SkuKind.USAGE else BillingType.LICENSE,
        billing_cycle=BillingCycleType(row.billing_cycle),
        has_purchasable_addons=row.sku_id in around.extensible,
        is_trial=row.sku.kind == SkuKind.TRIAL,
        actions=_actions(actor, row, around),
        term_duration=row.term or None,
        renewal_term_duration=(next_offer.term or None) if row.auto_renew and row.is_live else None,
        refund_options=_refund_options(row, actor.now),
        is_microsoft_product=False,
        partner_id=around.membership_ids.get(row.reseller_of_record_id)
        if row.reseller_of_record_id
        else None,
        suspension_reasons=[row.suspension_reason] if row.suspension_reason else None,
        contract_type=ContractType.SUBSCRIPTION,
        publisher_name=row.sku.product.publisher or None,
        promotion_id=str(row.promotion_id) if row.promotion_id else None,
        refundable_quantity=_refundable(row, actor.now),
        scheduled_next_term_instructions=_instructions(row, planned) if planned else msgspec.UNSET,
        next_charge_instructions=_next_charge(row, planned),
        links=SubscriptionLinks(
            self=Link(uri=_address(row)),
            offer=Link(uri=f"/offers/{row.availability_id}{country}"),
            parent_subscription=Link(uri=_address(row.parent)) if row.parent else None,
            product=Link(uri=offer.partition("/skus/")[0] + country),
            sku=Link(uri=offer.partition("/availabilities/")[0] + country),
            availability=Link(uri=offer + country),
        ),
        attributes=attributes_of("Subscription", row.version),
    )


def _end_date(row: Row) -> dt.datetime | None:
    """What has no end has one far in the future; what has not begun has none."""
    if row.term_end is None and row.state != SubscriptionState.PENDING:
        return FAR_FUTURE
    return last_day(row.term_end)


def _instant(row: Row, end: dt.date | None) -> dt.datetime | None:
    """The instant at which the day begins where the customer is."""
    if end is None:
        return None
    return dt.datetime(end.year, end.month, end.day, tzinfo=row.customer.country.zone).astimezone(dt.UTC)


def _actions(actor: Actor, row: Row, around: Surroundings) -> list[str]:
    """What the reader may do now, as far as its role and its part in the chain decide it."""
    if (
        not row.is_live
        or not actor.may(Permission.SUBSCRIPTIONS_MANAGE)
        or row.tenant_id not in around.providers
    ):
        return []
    is_open = row.state != SubscriptionState.PENDING and row.may_cancel(actor.now)
    return ["edit", "cancel"] if is_open and row.tenant_id == actor.tenant_id else ["edit"]


def _refund_options(row: Row, now: dt.datetime) -> list[RefundOption] | None:
    if row.state not in LIVE:
        return None
    if row.may_cancel(now):
        return [RefundOption(type="Full", expires_at=row.cancel_until)]
    if row.reduce_until is not None and now < row.reduce_until:
        return [RefundOption(type="Partial", expires_at=row.reduce_until)]
    return None


def _refundable(row: Row, now: dt.datetime) -> RefundableQuantity | None:
    """All of it until the window closes; what was added in mid-term may be open longer."""
    if row.state not in LIVE or (row.sku.kind in FIXED and not row.may_cancel(now)):
        return None
    floor = row.quantity
    if row.reduce_until is not None and row.reduce_floor is not None and now < row.reduce_until:
        floor = min(row.reduce_floor, row.quantity)
    parts = [
        (row.quantity - floor, row.reduce_until),
        (floor, row.cancel_until if row.may_cancel(now) else None),
    ]
    details = [
        RefundableQuantityDetail(quantity=quantity, allowed_until_date_time=until)
        for quantity, until in parts
        if quantity and until is not None
    ]
    return RefundableQuantity(total_quantity=sum(part.quantity or 0 for part in details), details=details)


def _product_term(offer: Availability) -> ProductTerm:
    return ProductTerm(
        product_id=str(offer.sku.product_id),
        sku_id=str(offer.sku_id),
        availability_id=str(offer.pk),
        billing_cycle=BillingCycleType(offer.billing_cycle),
        term_duration=offer.term or None,
    )


def _instructions(row: Row, planned: ScheduledChange) -> ScheduledNextTermInstructions:
    return ScheduledNextTermInstructions(
        product=_product_term(planned.availability or row.availability),
        quantity=planned.quantity or row.quantity,
        custom_term_end_date=last_day(planned.term_end),
    )


def _next_charge(row: Row, planned: ScheduledChange | None) -> NextChargeInstructions | None:
    """Only where another billing cycle is coming."""
    offer = planned.availability if planned else None
    if planned is None or offer is None or offer.billing_cycle == row.billing_cycle:
        return None
    return NextChargeInstructions(product=_product_term(offer), quantity=planned.quantity or row.quantity)


# ---------------------------------------------------------------- changing
UPDATE_ERRORS = (
    2001,
    2002,
    2006,
    2011,
    2055,
    27009,
    800040,
    800082,
    800090,
    800091,
    800093,
    800095,
    800096,
    800097,
    800098,
    900257,
    900277,
    900278,
    900279,
)
# What an update of a subscription in this state is refused with, where the state is the reason.
BY_STATE = {
    SubscriptionState.PENDING: (409, 800082),
    SubscriptionState.SUSPENDED: (400, 800091),
    SubscriptionState.DELETED: (400, 2011),
    SubscriptionState.EXPIRED: (400, 900279),
}
BY_FIELD = {"availability": 2006, "billing_cycle": 800097, "term": 800121}
STATES = {
    SubscriptionStatus.ACTIVE: SubscriptionState.ACTIVE,
    SubscriptionStatus.SUSPENDED: SubscriptionState.SUSPENDED,
    SubscriptionStatus.DELETED: SubscriptionState.DELETED,
    SubscriptionStatus.EXPIRED: SubscriptionState.EXPIRED,
    SubscriptionStatus.PENDING: SubscriptionState.PENDING,
}


@operation(
    "subscriptions.update",
    "PATCH",
    SUBSCRIPTION,
    needs=Permission.SUBSCRIPTIONS_MANAGE,
    errors=(NO_SUCH_SUBSCRIPTION, *UPDATE_ERRORS),
)
def update_subscription(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID, body: Subscription
) -> Answer[Subscription]:
    """Make the subscription what the body says, all of it or nothing; 202 while the vendor provides more licences."""
    row = subscription_in(call, customer_id, subscription_id)
    if body.id is not None and as_id(body.id) != row.pk:
        raise WireError(400, 800002, _("It is not the subscription of the address."), "id")
    version = call.version(body, current=row.version)
    if version != row.version:
        raise _stale(row, version)
    with _in_numbers(row, version, body):
        alter_subscription(
            call.actor, subscription=row, version=version, wanted=_wanted(call.actor, row, body)
        )
    altered = subscription_for(call.actor, row.pk)
    told = _one(call.actor, altered)
    if body.quantity is None or body.quantity == altered.quantity:
        return Answer(told)
    return Answer(told, status=202, headers={"Location": f"{call.base}/v1{_address(altered)}"})


def _stale(row: Row, version: int) -> WireError:
    """400 with 2055, and what is different now (G-31)."""
    found = changed_since(row, version)
    differences = [
        f"{one.label}: {one.before} → {one.after}" if one.before else f"{one.label}: {one.after}"
        for one in found
    ]
    return WireError(
        400, 2055, " ".join([str(ChangedMeanwhile()), *differences]), ChangedMeanwhile.code, *differences
    )


@contextlib.contextmanager
def _in_numbers(row: Row, version: int, body: Subscription) -> Iterator[None]:
    """The refusals of an update in the numbers that clients know for it."""
    was = SubscriptionState(row.state)
    window = 900117 if body.status is SubscriptionStatus.DELETED else 900257
    try:
        with told_as(window, status=400, of=WindowClosed), told_as(800098, status=400, of=NotAPartner):
            yield
    except ChangedMeanwhile as refusal:
        raise _stale(row, version) from refusal
    except OnlyAtRenewal as refusal:
        raise _refused(refusal, 400, BY_FIELD[str(refusal.field)]) from refusal
    except (NotInThisState, StateNotChosen) as refusal:
        status, code = BY_STATE.get(was, (400, 800040))
        if was == SubscriptionState.SUSPENDED and body.quantity not in {None, row.quantity}:
            code = 2001
        if was in CHOSEN and isinstance(refusal, StateNotChosen):
            status, code = 400, 800040
        raise _refused(refusal, status, code) from refusal


def _refused(refusal: Refusal, status: int, code: int) -> WireError:
    return WireError(status, code, str(refusal), refusal.code)


def _wanted(actor: Actor, row: Row, body: Subscription) -> Wanted:
    return Wanted(
        friendly_name=body.friendly_name,
        quantity=body.quantity,
        auto_renew=body.auto_renew_enabled,
        state=_state(body.status),
        reason=", ".join(body.suspension_reasons or []),
        credit=_credit(actor, body.partner_id),
        next_term=_next_term(row, body.scheduled_next_term_instructions),
        term=_term(body.term_duration),
        billing_cycle=_cycle(body.billing_cycle),
        availability=_offer(actor, row, body.offer_id),
    )


def _state(status: SubscriptionStatus | None) -> SubscriptionState | None:
    if status is SubscriptionStatus.DISABLED:
        text = _("status is “%(found)s”; it must be active, suspended or deleted.") % {"found": status.value}
        raise WireError(400, 800040, text, "status")
    return STATES.get(status) if status else None


def _credit(actor: Actor, partner_id: str | None) -> Credit | None:
    if partner_id is None:
        return None
    named = partner_id.strip()
    holder = holder_of(named, family_id=actor.family_id) if named else None
    if holder is None and named:
        raise NotAPartner(field="partnerId")
    return Credit(reseller=holder)


def _next_term(row: Row, told: ScheduledNextTermInstructions | msgspec.UnsetType | None) -> NextTerm | None:
    if told is msgspec.UNSET:
        return None
    if told is None:
        return NextTerm()
    product = told.product or ProductTerm()
    offer = offer_at_renewal(
        row,
        sku_id=_id_of(product.sku_id),
        availability_id=_id_of(product.availability_id),
        term=_term(product.term_duration),
        billing_cycle=_cycle(product.billing_cycle),
    )
    if product.product_id and _id_of(product.product_id) != offer.sku.product_id:
        raise NotATarget(offer=product.product_id)
    end = day_after(told.custom_term_end_date)
    if told.custom_term_end_date is not None and end is None:
        text = _("customTermEndDate is %(found)s, which is not the end of a term.")
        raise WireError(400, 900246, text % {"found": told.custom_term_end_date.date()}, "customTermEndDate")
    return NextTerm(quantity=told.quantity, availability=offer, end=end)


def _id_of(text: str | None) -> uuid.UUID | None:
    """The id of something in the catalogue. Raises NotATarget for what is no id."""
    found = as_id(text) if text else None
    if text and found is None:
        raise NotATarget(offer=text)
    return found


def _term(duration: str | None) -> str | None:
    if not duration:
        return None
    if duration.upper() not in Term.values:
        known = ", ".join(term for term in Term.values if term)
        text = _("termDuration is “%(found)s”; it must be one of %(known)s.")
        raise WireError(400, 800121, text % {"found": duration, "known": known}, "termDuration")
    return duration.upper()


def _cycle(cycle: BillingCycleType | None) -> str | None:
    return None if cycle in {None, BillingCycleType.UNKNOWN} else cycle.value


def _offer(actor: Actor, row: Row, offer_id: str | None) -> Availability | None:
    """The offer that the body names, where it is another than the subscription's."""
    key = availability_id_in(offer_id)
    if not offer_id or key == row.availability_id:
        return None
    found = (
        Availability.objects.visible_to(actor).select_related("sku").filter(pk=key).first() if key else None
    )
    if found is None:
        raise NotATarget(offer=offer_id)
    return found


# ---------------------------------------------------------------- provisioning
class ProvisioningStatus(enum.Enum):
    """How far the vendor is."""

    NONE = "none"
    SUCCESS = "success"
    PENDING = "pending"
    FAILED = "failed"


class SubscriptionProvisioningStatus(Resource):
    """Whether the service is there, with how many units and until when."""

    sku_id: str | None = None
    status: ProvisioningStatus | None = None
    quantity: int | None = None
    end_date: dt.datetime | None = None


@operation(
    "subscriptions.get_provisioning_status",
    "GET",
    f"{SUBSCRIPTION}/provisioningstatus",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_SUBSCRIPTION, NO_PROVISIONING),
)
def get_provisioning_status(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID
) -> SubscriptionProvisioningStatus:
    """Whether the vendor has provided the subscription; pending also while it provides more licences."""
    row = subscription_in(call, customer_id, subscription_id)
    if row.state not in LIVE and row.activated_at is not None:
        raise WireError(
            404, NO_PROVISIONING, _("The subscription has ended, so nothing is provided any more.")
        )
    status = ProvisioningStatus.SUCCESS
    if row.state not in LIVE:
        status = ProvisioningStatus.FAILED
    elif row.state == SubscriptionState.PENDING or asked_quantity(row) is not None:
        status = ProvisioningStatus.PENDING
    return SubscriptionProvisioningStatus(
        sku_id=str(row.sku_id),
        status=status,
        quantity=row.quantity,
        end_date=_end_date(row),
        attributes=attributes_of("SubscriptionProvisioningStatus"),
    )


# ---------------------------------------------------------------- support contact
class SupportContact(Resource):
    """Whom the customer asks: a partner of the chain, by its tenant id or its membership ID."""

    support_tenant_id: str | None = None
    support_mpn_id: str | None = None
    name: str | None = None


@operation(
    "subscriptions.get_support_contact",
    "GET",
    f"{SUBSCRIPTION}/supportcontact",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_SUBSCRIPTION,),
)
def get_support_contact(call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> SupportContact:
    """Whom the customer asks about the subscription."""
    return _support_contact(subscription_in(call, customer_id, subscription_id))


@operation(
    "subscriptions.update_support_contact",
    "PUT",
    f"{SUBSCRIPTION}/supportcontact",
    needs=Permission.SUPPORT_CONTACT_CHOOSE,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_SUBSCRIPTION, 800016, 900308),
)
def update_support_contact(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID, body: SupportContact
) -> SupportContact:
    """Choose the provider, or the reseller where it could do the work; the customer is told."""
    row = subscription_in(call, customer_id, subscription_id)
    tenant_id = as_id(body.support_tenant_id) if body.support_tenant_id else None
    if body.support_tenant_id and tenant_id is None:
        raise NotAPartner(field="supportTenantId")
    contact = supporter_named(row, tenant_id=tenant_id, membership_id=body.support_mpn_id or "")
    if contact.pk != row.support_contact_id:
        choose_support_contact(
            call.actor,
            subscription=row,
            contact=contact,
            version=call.version(body, current=row.version),
        )
    return _support_contact(subscription_for(call.actor, row.pk))


def _support_contact(row: Row) -> SupportContact:
    contact = row.support_contact
    return SupportContact(
        support_tenant_id=str(contact.pk),
        support_mpn_id=membership_ids_of([contact.pk]).get(contact.pk),
        name=reader_name(contact),
        links=Links(self=Link(uri=f"{_address(row)}/supportcontact")),
        attributes=attributes_of("SupportContact", row.version),
    )


# ---------------------------------------------------------------- co-termination
class CustomTermEndDatesQuery(Wire):
    """``term_duration`` of what is to be bought; ``term_start_date``: today if it is not said."""

    term_duration: str | None = None
    term_start_date: str | None = None
    target_coterm_subscription_id: str | None = None


class CustomTermEndDate(Wire):
    """A last day that a new term may have, and the subscriptions that end on it."""

    allowed_custom_term_end_date_type: str | None = None
    coterm_subscription_ids: list[str] | None = None
    allowed_custom_term_end_date: dt.datetime | None = None


@operation(
    "subscriptions.list_custom_term_end_dates",
    "GET",
    f"{SUBSCRIPTIONS}/customTermEndDates",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_CUSTOMER, 800121),
)
def list_custom_term_end_dates(
    call: Call, customer_id: uuid.UUID, query: CustomTermEndDatesQuery
) -> Collection[CustomTermEndDate]:
    """The days on which something new could end together with what the customer has through the partner."""
    customer = relationship_in(call, customer_id).customer
    term = _term(query.term_duration)
    if term is None:
        raise WireError(400, 800121, _("term_duration is missing, for example P1Y."), "term_duration")
    try:
        start = dt.date.fromisoformat(query.term_start_date[:10]) if query.term_start_date else None
        ends = ends_to_join(call.actor, customer, term=term, start=start)
    except (ValueError, OverflowError) as error:
        text = _("term_start_date is “%(found)s”; it must be a date such as 2026-04-01.")
        raise WireError(400, 800002, text % {"found": query.term_start_date}, "term_start_date") from error
    wanted = query.target_coterm_subscription_id
    items = [
        CustomTermEndDate(
            allowed_custom_term_end_date_type="subscriptionAligned",
            coterm_subscription_ids=[str(key) for key in keys],
            allowed_custom_term_end_date=last_day(end),
        )
        for end, keys in ends.items()
        if not wanted or as_id(wanted) in keys
    ]
    at = f"/customers/{customer_id}/subscriptions/customTermEndDates?term_duration={term}"
    return collection(items, at=at)


# ---------------------------------------------------------------- what is not there
unbuilt(
    "Registration prepares a subscription of the vendor's own cloud for reservations; none is sold here.",
    ("subscriptions.register", "POST", f"{SUBSCRIPTION}/registrations"),
    ("subscriptions.get_registration_status", "GET", f"{SUBSCRIPTION}/registrationstatus"),
)
unbuilt(
    "What is bought begins when it has been provided; nobody has to activate it by hand or by a link.",
    ("subscriptions.activate_sandbox_3pp", "POST", f"{SUBSCRIPTION}/activate"),
    ("subscriptions.list_activation_links", "GET", f"{SUBSCRIPTION}/activationlinks"),
)
unbuilt(
    "Overage is usage of the vendor's own cloud above a plan; none is sold here.",
    ("subscriptions.get_overage", "GET", f"{SUBSCRIPTIONS}/overage"),
    ("subscriptions.update_overage", "PUT", f"{SUBSCRIPTIONS}/overage"),
)

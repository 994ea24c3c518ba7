"""From one product to a better one: transitions, and the older words for the same, upgrades and trial conversions.

A subscription becomes another product as a whole and keeps its id; users move along with their licences. Where the
language tells errors in the body of a 200, they are numbers of its own enums.
"""

import datetime as dt
import enum
import uuid

from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType
from toiya.api.errors import WireError
from toiya.api.items import availability_id_in, catalog_item_id, shelf_for
from toiya.api.operations import APP_USER_ONLY, Call, as_id, operation
from toiya.api.reach import NO_SUCH_SUBSCRIPTION, subscription_in
from toiya.api.resources.offers import Offer, around, offer_resource
from toiya.api.resources.subscriptions import SUBSCRIPTION
from toiya.api.wire import Attributes, Collection, Resource, Wire, attributes_of, collection
from toiya.catalogue.models import Availability, SkuKind
from toiya.core.actor import Actor
from toiya.core.errors import Refusal
from toiya.core.permissions import Permission
from toiya.fulfilment.models import TaskState
from toiya.licences.errors import SeatsInUse
from toiya.subscriptions.errors import (
    AccessMissing,
    AddOnInTheWay,
    ChangeUnderWay,
    NotATarget,
    NothingAbove,
    NotInThisState,
    TargetOwned,
)
from toiya.subscriptions.history import Became, products_of
from toiya.subscriptions.models import Subscription, SubscriptionState
from toiya.subscriptions.ways_on import (
    WayOn,
    convert_trial,
    upgrade_subscription,
    ways_at_renewal,
    ways_on,
)

NOT_IN_THE_BODY = frozenset({403, 404, 412})
WITH_LICENCES = "transition_with_license_transfer"
KINDS = {"transitiononly": "transition_only", "transitionwithlicensetransfer": WITH_LICENCES}


class TransitionErrorCode(enum.IntEnum):
    """Why a transition is not possible."""

    OTHER = 0
    DELEGATED_ADMIN_PERMISSIONS_DISABLED = 1
    SUBSCRIPTION_STATUS_NOT_ACTIVE = 2
    CONFLICTING_SERVICE_TYPES = 3
    CONCURRENCY_CONFLICTS = 4
    USER_CONTEXT_REQUIRED = 5
    SUBSCRIPTION_ADD_ONS_PRESENT = 6
    SUBSCRIPTION_DOES_NOT_HAVE_ANY_TRANSITIONED_PATHS = 7
    SUBSCRIPTION_TARGET_OFFER_NOT_FOUND = 8
    SUBSCRIPTION_NOT_PROVISIONED = 9
    OFFER_DOES_NOT_SUPPORT_BILLING_CYCLE = 10
    CONVERSIONS_NOT_FOUND = 11
    USER_LICENSE_ERROR = 12
    INSUFFICIENT_GRANULAR_ADMIN_PERMISSIONS = 13


class UpgradeErrorCode(enum.IntEnum):
    """Why an upgrade is not possible."""

    OTHER = 0
    DELEGATED_ADMIN_PERMISSIONS_DISABLED = 1
    SUBSCRIPTION_STATUS_NOT_ACTIVE = 2
    CONFLICTING_SERVICE_TYPES = 3
    CONCURRENCY_CONFLICTS = 4
    USER_CONTEXT_REQUIRED = 5
    SUBSCRIPTION_ADD_ONS_PRESENT = 6
    SUBSCRIPTION_DOES_NOT_HAVE_ANY_UPGRADE_PATHS = 7
    SUBSCRIPTION_TARGET_OFFER_NOT_FOUND = 8
    SUBSCRIPTION_NOT_PROVISIONED = 9
    OFFER_DOES_NOT_SUPPORT_BILLING_CYCLE = 10
    INSUFFICIENT_GRANULAR_ADMIN_PERMISSIONS = 11


class ConversionErrorCode(enum.IntEnum):
    """Why a trial cannot be converted."""

    OTHER = 0
    CONVERSIONS_NOT_FOUND = 1


# The same reasons in both enums; what differs in their numbers stands beside.
REASONS: dict[type[Refusal], TransitionErrorCode] = {
    AddOnInTheWay: TransitionErrorCode.SUBSCRIPTION_ADD_ONS_PRESENT,
    ChangeUnderWay: TransitionErrorCode.CONCURRENCY_CONFLICTS,
    NotATarget: TransitionErrorCode.SUBSCRIPTION_TARGET_OFFER_NOT_FOUND,
    NotInThisState: TransitionErrorCode.SUBSCRIPTION_STATUS_NOT_ACTIVE,
    NothingAbove: TransitionErrorCode.SUBSCRIPTION_DOES_NOT_HAVE_ANY_TRANSITIONED_PATHS,
    TargetOwned: TransitionErrorCode.CONFLICTING_SERVICE_TYPES,
}


def _transition_code(row: Subscription, refusal: Refusal) -> TransitionErrorCode:
    if isinstance(refusal, AccessMissing):
        return TransitionErrorCode.INSUFFICIENT_GRANULAR_ADMIN_PERMISSIONS
    if isinstance(refusal, SeatsInUse):
        return TransitionErrorCode.USER_LICENSE_ERROR
    if isinstance(refusal, NotInThisState) and row.state == SubscriptionState.PENDING:
        return TransitionErrorCode.SUBSCRIPTION_NOT_PROVISIONED
    return REASONS.get(type(refusal), TransitionErrorCode.OTHER)


def _upgrade_code(row: Subscription, refusal: Refusal) -> UpgradeErrorCode:
    code = _transition_code(row, refusal)
    if code is TransitionErrorCode.INSUFFICIENT_GRANULAR_ADMIN_PERMISSIONS:
        return UpgradeErrorCode.INSUFFICIENT_GRANULAR_ADMIN_PERMISSIONS
    last = UpgradeErrorCode.OFFER_DOES_NOT_SUPPORT_BILLING_CYCLE
    return UpgradeErrorCode(code.value) if code.value <= last else UpgradeErrorCode.OTHER


# ---------------------------------------------------------------- transitions
class TransitionError(Wire):
    """A reason, by its number and in words."""

    code: TransitionErrorCode | None = None
    description: str | None = None


class TransitionEligibilityDetail(Wire):
    """Whether it is possible in this way, and if not, why."""

    is_eligible: bool | None = None
    transition_type: str | None = None
    errors: list[TransitionError] | None = None


class TransitionEligibility(Resource):
    """An offer that the subscription may become."""

    catalog_item_id: str | None = None
    title: str | None = None
    description: str | None = None
    quantity: int | None = None
    eligibilities: list[TransitionEligibilityDetail] | None = None


class TransitionEvent(Wire):
    """How far it is."""

    name: str | None = None
    status: str | None = None
    timestamp: dt.datetime | None = None
    errors: list[TransitionError] | None = None
    attributes: Attributes | None = None


class Transition(Wire):
    """A subscription becomes another product. It keeps its id: ``toSubscriptionId`` is ``fromSubscriptionId``."""

    operation_id: str | None = None
    from_catalog_item_id: str | None = None
    from_subscription_id: str | None = None
    to_catalog_item_id: str | None = None
    to_subscription_id: str | None = None
    quantity: int | None = None
    term_duration: str | None = None
    billing_cycle: str | None = None
    transition_type: str | None = None
    events: list[TransitionEvent] | None = None
    attributes: Attributes | None = None


class EligibilityQuery(Wire):
    """``eligibilityType``: immediate (unless said otherwise), or scheduled for the renewal."""

    eligibility_type: str | None = None


@operation(
    "transitions.list_eligibilities",
    "GET",
    f"{SUBSCRIPTION}/transitioneligibilities",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_SUBSCRIPTION, 900126),
)
def list_eligibilities(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID, query: EligibilityQuery
) -> Collection[TransitionEligibility]:
    """What the subscription may become now, or at its renewal, and what keeps it from that."""
    row = subscription_in(call, customer_id, subscription_id)
    kind = (query.eligibility_type or "immediate").lower()
    if kind not in {"immediate", "scheduled"}:
        text = _("eligibilityType is “%(found)s”; it must be immediate or scheduled.")
        raise WireError(400, 900126, text % {"found": query.eligibility_type}, "eligibilityType")
    found = ways_on(call.actor, row) if kind == "immediate" else ways_at_renewal(call.actor, row)
    return collection([_eligibility(row, way) for way in found])


def _eligibility(row: Subscription, way: WayOn) -> TransitionEligibility:
    sku = way.availability.sku
    errors = (
        [TransitionError(code=_transition_code(row, way.refusal), description=str(way.refusal))]
        if way.refusal
        else []
    )
    return TransitionEligibility(
        catalog_item_id=catalog_item_id(way.availability),
        title=sku.name,
        description=sku.product.description,
        quantity=row.quantity,
        eligibilities=[
            TransitionEligibilityDetail(
                is_eligible=way.refusal is None, transition_type=WITH_LICENCES, errors=errors
            )
        ],
        attributes=attributes_of("TransitionEligibility"),
    )


@operation(
    "transitions.create",
    "POST",
    f"{SUBSCRIPTION}/transitions",
    needs=Permission.SUBSCRIPTIONS_MANAGE,
    required=("toCatalogItemId", "quantity", "transitionType"),
    errors=(NO_SUCH_SUBSCRIPTION, 900258, 900259, 900268, 900269),
)
def create_transition(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID, body: Transition
) -> Transition:
    """The subscription becomes the offer, for the rest of its term; a trial becomes paid from today."""
    row = subscription_in(call, customer_id, subscription_id)
    target = _offer(call.actor, body.to_catalog_item_id)
    _must_be_whole(row, body, target)
    _become(call.actor, row, target, body.quantity)
    return _transition(row, products_of(row)[-1])


def _offer(actor: Actor, item_id: str | None) -> Availability:
    """The offer that is named, by its catalogue item or in the older way by its own id. Raises NotATarget for one that
    the actor does not see.
    """
    key = availability_id_in(item_id) or as_id(item_id or "")
    offers = Availability.objects.visible_to(actor).select_related("sku")
    found = offers.filter(pk=key).first() if key else None
    if found is None:
        raise NotATarget(offer=item_id or "–")
    return found


def _must_be_whole(row: Subscription, body: Transition, target: Availability) -> None:
    """What this business has no word for: a part of a subscription, another subscription, users left behind."""
    kind = KINDS.get((body.transition_type or "").replace("_", "").lower())
    if kind != WITH_LICENCES:
        text = _("transitionType is “%(found)s”; users always move along: %(expected)s.")
        raise _wrong(
            800002, "transitionType", text % {"found": body.transition_type, "expected": WITH_LICENCES}
        )
    if body.from_subscription_id and as_id(body.from_subscription_id) != row.pk:
        raise _wrong(800002, "fromSubscriptionId", _("It is not the subscription of the address."))
    if body.from_catalog_item_id and availability_id_in(body.from_catalog_item_id) != row.availability_id:
        raise _wrong(800002, "fromCatalogItemId", _("The subscription is of another offer by now."))
    if body.to_subscription_id:
        code = 900259 if as_id(body.to_subscription_id) == row.pk else 900258
        text = _(
            "A subscription becomes another product by itself and keeps its id; leave toSubscriptionId out."
        )
        raise _wrong(code, "toSubscriptionId", text)
    if row.sku.kind != SkuKind.TRIAL and body.quantity != row.quantity:
        text = _(
            "quantity is %(found)s; the whole subscription is upgraded, with all its %(expected)s licenses."
        )
        raise _wrong(800002, "quantity", text % {"found": body.quantity, "expected": row.quantity})
    if body.term_duration and body.term_duration.upper() != target.term:
        text = _("termDuration is “%(found)s”; this offer has “%(expected)s”.")
        raise _wrong(900268, "termDuration", text % {"found": body.term_duration, "expected": target.term})
    if body.billing_cycle and body.billing_cycle.replace("_", "").lower() != target.billing_cycle.replace(
        "_", ""
    ):
        text = _("billingCycle is “%(found)s”; this offer has “%(expected)s”.")
        raise _wrong(
            900269, "billingCycle", text % {"found": body.billing_cycle, "expected": target.billing_cycle}
        )


def _wrong(code: int, name: str, text: str) -> WireError:
    return WireError(400, code, text, name)


def _become(actor: Actor, row: Subscription, target: Availability, quantity: int | None) -> None:
    if row.sku.kind == SkuKind.TRIAL:
        wanted = row.quantity if quantity is None else quantity
        convert_trial(actor, subscription=row, availability=target, quantity=wanted, version=row.version)
    else:
        upgrade_subscription(actor, subscription=row, availability=target, version=row.version)


class TransitionsQuery(Wire):
    """``operationId`` keeps one."""

    operation_id: str | None = None


@operation(
    "transitions.list",
    "GET",
    f"{SUBSCRIPTION}/transitions",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_SUBSCRIPTION,),
)
def list_transitions(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID, query: TransitionsQuery
) -> Collection[Transition]:
    """What the subscription has become so far, also at renewals, the earliest first."""
    row = subscription_in(call, customer_id, subscription_id)
    found = [_transition(row, became) for became in products_of(row)]
    wanted = query.operation_id
    return collection([one for one in found if not wanted or one.operation_id == wanted.lower()])


def _transition(row: Subscription, became: Became) -> Transition:
    status, errors = "Completed", None
    if became.task in {TaskState.FAILED, TaskState.CANCELLED}:
        status = "Failed"
        errors = [
            TransitionError(code=TransitionErrorCode.OTHER, description=_("The vendor did not carry it out."))
        ]
    elif became.task not in {None, TaskState.DONE}:
        status = "Started"
    event = TransitionEvent(
        name="Conversion",
        status=status,
        timestamp=became.at,
        errors=errors,
        attributes=attributes_of("TransitionEvent"),
    )
    return Transition(
        operation_id=str(uuid.uuid5(row.pk, str(became.number))),
        from_catalog_item_id=catalog_item_id(became.before),
        from_subscription_id=str(row.pk),
        to_catalog_item_id=catalog_item_id(became.after),
        to_subscription_id=str(row.pk),
        quantity=became.quantity,
        term_duration=became.after.term,
        billing_cycle=became.after.billing_cycle,
        transition_type=WITH_LICENCES,
        events=[event],
        attributes=attributes_of("Transition"),
    )


# ---------------------------------------------------------------- upgrades
class UpgradeType(enum.Enum):
    """Whether licences move along."""

    NONE = "none"
    UPGRADE_ONLY = "upgrade_only"
    UPGRADE_WITH_LICENSE_TRANSFER = "upgrade_with_license_transfer"


class UpgradeError(Wire):
    """A reason, by its number and in words."""

    code: UpgradeErrorCode | None = None
    description: str | None = None
    additional_details: str | None = None
    attributes: Attributes | None = None


class Upgrade(Resource):
    """An offer to which the subscription can be upgraded."""

    target_offer: Offer | None = None
    upgrade_type: UpgradeType | None = None
    is_eligible: bool | None = None
    quantity: int | None = None
    upgrade_errors: list[UpgradeError] | None = None


class UserLicenseError(Wire):
    """A user whose licence could not move along; there is none, licences move with the subscription or not at all."""

    user_object_id: str | None = None
    name: str | None = None
    email: str | None = None


class UpgradeResult(Wire):
    """What came of it: the errors are empty, or nothing has changed."""

    source_subscription_id: str | None = None
    target_subscription_id: str | None = None
    upgrade_type: UpgradeType | None = None
    upgrade_errors: list[UpgradeError] | None = None
    license_errors: list[UserLicenseError] | None = None
    attributes: Attributes | None = None


@operation(
    "upgrades.list",
    "GET",
    f"{SUBSCRIPTION}/upgrades",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_SUBSCRIPTION,),
)
def list_upgrades(call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> Collection[Upgrade]:
    """The upgrades of the product, with the same term and billing; a trial is converted, not upgraded."""
    row = subscription_in(call, customer_id, subscription_id)
    found = [] if row.sku.kind == SkuKind.TRIAL else ways_on(call.actor, row)
    if not found:
        return collection([])
    shelf = shelf_for(call, row.availability.country_id)
    known = around(shelf, [way.availability for way in found])
    return collection([_upgrade(row, way, offer_resource(call, way.availability, known)) for way in found])


def _upgrade(row: Subscription, way: WayOn, offer: Offer) -> Upgrade:
    return Upgrade(
        target_offer=offer,
        upgrade_type=UpgradeType.UPGRADE_WITH_LICENSE_TRANSFER,
        is_eligible=way.refusal is None,
        quantity=row.quantity,
        upgrade_errors=[_upgrade_error(row, way.refusal)] if way.refusal else [],
        attributes=attributes_of("Upgrade"),
    )


def _upgrade_error(row: Subscription, refusal: Refusal) -> UpgradeError:
    is_state = isinstance(refusal, NotInThisState)
    return UpgradeError(
        code=_upgrade_code(row, refusal),
        description=str(refusal),
        additional_details=row.state if is_state else None,
        attributes=attributes_of("UpgradeError"),
    )


def _told_in_body(refusal: Refusal) -> Refusal:
    """What keeps the subscription from it. Refusals of whoever asks stay refusals of the request: raised again."""
    if refusal.status in NOT_IN_THE_BODY:
        raise refusal
    return refusal


@operation(
    "upgrades.create",
    "POST",
    f"{SUBSCRIPTION}/upgrades",
    needs=Permission.SUBSCRIPTIONS_MANAGE,
    required=("targetOffer.id",),
    errors=(NO_SUCH_SUBSCRIPTION,),
)
def create_upgrade(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID, body: Upgrade
) -> UpgradeResult:
    """Upgrade the subscription with its users. What keeps it from that is told in the body, by number."""
    row = subscription_in(call, customer_id, subscription_id)
    errors: list[UpgradeError] = []
    try:
        target = _offer(call.actor, body.target_offer.id if body.target_offer else None)
        _must_move_along(body.upgrade_type)
        upgrade_subscription(call.actor, subscription=row, availability=target, version=row.version)
    except Refusal as refusal:
        errors = [_upgrade_error(row, _told_in_body(refusal))]
    return UpgradeResult(
        source_subscription_id=str(row.pk),
        target_subscription_id=None if errors else str(row.pk),
        upgrade_type=UpgradeType.UPGRADE_WITH_LICENSE_TRANSFER,
        upgrade_errors=errors,
        license_errors=[],
        attributes=attributes_of("UpgradeResult"),
    )


def _must_move_along(kind: UpgradeType | None) -> None:
    if kind is UpgradeType.UPGRADE_ONLY:
        text = _("upgradeType is “%(found)s”; users always move along: %(expected)s.")
        expected = UpgradeType.UPGRADE_WITH_LICENSE_TRANSFER.value
        raise _wrong(800002, "upgradeType", text % {"found": kind.value, "expected": expected})


# ---------------------------------------------------------------- conversions
class Conversion(Resource):
    """What a trial can become, and with how many."""

    offer_id: str | None = None
    target_offer_id: str | None = None
    order_id: str | None = None
    quantity: int | None = None
    billing_cycle: BillingCycleType | None = None


class ConversionError(Wire):
    """A reason, by its number and in words."""

    code: ConversionErrorCode | None = None
    description: str | None = None


class ConversionResult(Wire):
    """What came of it: without an error the trial is paid, with one nothing has changed."""

    subscription_id: str | None = None
    offer_id: str | None = None
    target_offer_id: str | None = None
    error: ConversionError | None = None
    attributes: Attributes | None = None


@operation(
    "conversions.list",
    "GET",
    f"{SUBSCRIPTION}/conversions",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_SUBSCRIPTION,),
)
def list_conversions(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID
) -> Collection[Conversion]:
    """What the trial can become now, with its present quantity."""
    row = subscription_in(call, customer_id, subscription_id)
    found = ways_on(call.actor, row) if row.sku.kind == SkuKind.TRIAL else []
    return collection(
        [
            Conversion(
                offer_id=str(row.availability_id),
                target_offer_id=str(way.availability.pk),
                order_id=str(row.order_id),
                quantity=row.quantity,
                billing_cycle=BillingCycleType(way.availability.billing_cycle),
                attributes=attributes_of("Conversion"),
            )
            for way in found
            if way.refusal is None
        ]
    )


@operation(
    "conversions.create",
    "POST",
    f"{SUBSCRIPTION}/conversions",
    needs=Permission.SUBSCRIPTIONS_MANAGE,
    tokens=APP_USER_ONLY,
    required=("targetOfferId",),
    errors=(NO_SUCH_SUBSCRIPTION, 900269),
)
def create_conversion(
    call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID, body: Conversion
) -> ConversionResult:
    """The trial is paid from today. What keeps it from that is told in the body, by number."""
    row = subscription_in(call, customer_id, subscription_id)
    was, error = str(row.availability_id), None
    try:
        target = _offer(call.actor, body.target_offer_id)
        _must_be_paid_so(body.billing_cycle, target)
        wanted = row.quantity if body.quantity is None else body.quantity
        convert_trial(call.actor, subscription=row, availability=target, quantity=wanted, version=row.version)
    except Refusal as refusal:
        is_none = isinstance(_told_in_body(refusal), NotATarget | NotInThisState)
        code = ConversionErrorCode.CONVERSIONS_NOT_FOUND if is_none else ConversionErrorCode.OTHER
        error = ConversionError(code=code, description=str(refusal))
    return ConversionResult(
        subscription_id=str(row.pk),
        offer_id=was,
        target_offer_id=body.target_offer_id,
        error=error,
        attributes=attributes_of("ConversionResult"),
    )


def _must_be_paid_so(cycle: BillingCycleType | None, target: Availability) -> None:
    if cycle is None or cycle is BillingCycleType.UNKNOWN or cycle.value == target.billing_cycle:
        return
    text = _("billingCycle is “%(found)s”; this offer has “%(expected)s”.")
    raise _wrong(900269, "billingCycle", text % {"found": cycle.value, "expected": target.billing_cycle})

"""Transfers: a customer's subscriptions move from one provider to another.

The new provider asks (POST), the present one agrees with the subscriptions that it names (accept) or says no, and the
customer's administrator consents on a page: no program consents for a customer. Nobody is told what the customer has
from somebody else before that side has chosen it.
"""

import datetime as dt
import uuid
from collections.abc import Mapping

from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType
from toiya.api.errors import WireError, told_as
from toiya.api.items import catalog_item_id
from toiya.api.operations import Answer, Call, as_id, operation
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.wire import Attributes, Link, Links, Resource, Wire, attributes_of
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.membership.profiles import holder_of, membership_ids_of
from toiya.subscriptions.errors import NotAPartner, NothingToTransfer
from toiya.subscriptions.models import Subscription, Transfer, TransferState
from toiya.subscriptions.transfers import (
    accept_transfer,
    ask_for_transfer,
    chosen,
    decline_transfer,
    possible_sources,
    transfer_for,
    transfer_with_lines,
    transfers_of,
    why_not_transferable,
    withdraw_transfer,
)

TRANSFERS = "/v1/customers/{customer_id}/transfers"
TRANSFER = f"{TRANSFERS}/{{transfer_id}}"
NO_SUCH_TRANSFER = 900100
STATUSES: Mapping[str, str] = {
    TransferState.OPEN: "Active",
    TransferState.COMPLETED: "Completed",
    TransferState.DECLINED: "Reject",
    TransferState.WITHDRAWN: "Withdrawn",
    TransferState.EXPIRED: "Expired",
}


class TransferLineItem(Wire):
    """A subscription of a transfer, with the add-ons that move along."""

    id: int | None = None
    subscription_id: str | None = None
    quantity: int | None = None
    billing_cycle: BillingCycleType | None = None
    friendly_name: str | None = None
    partner_id_on_record: str | None = None
    offer_id: str | None = None
    addon_items: list["TransferLineItem"] | None = None


class TransferEntity(Resource):
    """A transfer as the caller may see it: ``lineItems`` once somebody has chosen them."""

    id: str | None = None
    status: str | None = None
    created_time: dt.datetime | None = None
    last_modified_time: dt.datetime | None = None
    customer_name: str | None = None
    customer_tenant_id: str | None = None
    partnertenantid: str | None = None
    source_partner_name: str | None = None
    source_partner_tenant_id: str | None = None
    target_partner_name: str | None = None
    target_partner_tenant_id: str | None = None
    line_items: list[TransferLineItem] | None = None


class TransferEligibility(Wire):
    """Whether a subscription could move, and if not, why."""

    id: str | None = None
    is_eligible: bool | None = None
    reason: str | None = None


class EligibilityQuery(Wire):
    """``transferType``: what is intended; all kinds of transfer have the same conditions."""

    transfer_type: str | None = None


class TransferSubmitResult(Wire):
    """The agreement is kept. Nothing is ordered anew: what moves keeps its term."""

    orders: list[str] | None = None
    transfer_errors: list[str] | None = None
    attributes: Attributes | None = None


@operation(
    "transfers.check_eligibility",
    "GET",
    "/v1/customers/{customer_id}/transferseligibility",
    needs=Permission.SUBSCRIPTIONS_TRANSFER,
    errors=(NO_SUCH_CUSTOMER,),
)
def check_eligibility(
    call: Call, customer_id: uuid.UUID, query: EligibilityQuery
) -> list[TransferEligibility]:
    """Which of the caller's own subscriptions of the customer could move to another provider now."""
    relationship_in(call, customer_id)
    if not query.transfer_type:
        raise WireError(400, 800002, _("transferType is missing."), "transferType")
    return [
        TransferEligibility(id=str(row.pk), is_eligible=not reason, reason=reason or None)
        for row, reason in why_not_transferable(call.actor, customer_id)
    ]


@operation(
    "transfers.list",
    "GET",
    TRANSFERS,
    needs=Permission.SUBSCRIPTIONS_TRANSFER,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_transfers(call: Call, customer_id: uuid.UUID) -> list[TransferEntity]:
    """The transfers of the customer in which the caller gives or takes, the latest first."""
    relationship_in(call, customer_id)
    rows = transfers_of(call.actor, customer_id)
    resellers = membership_ids_of({row.target_reseller_id for row in rows if row.target_reseller_id})
    return [_wire(call.actor, row, resellers) for row in rows]


def _one(actor: Actor, row: Transfer) -> TransferEntity:
    fresh = transfer_with_lines(actor, row.pk)
    reseller_id = fresh.target_reseller_id
    return _wire(actor, fresh, membership_ids_of([reseller_id]) if reseller_id else {})


def _wire(actor: Actor, row: Transfer, membership_ids: Mapping[uuid.UUID, str]) -> TransferEntity:
    state = TransferState(row.state)
    if state == TransferState.OPEN and not row.is_open(actor.now):
        state = TransferState.EXPIRED
    reseller = membership_ids.get(row.target_reseller_id) if row.target_reseller_id else None
    changes = (row.created_at, row.source_accepted_at, row.customer_accepted_at, row.answered_at)
    return TransferEntity(
        id=str(row.pk),
        status=STATUSES[state],
        created_time=row.created_at,
        last_modified_time=max(at for at in changes if at is not None),
        customer_name=reader_name(row.customer),
        customer_tenant_id=str(row.customer_id),
        partnertenantid=str(actor.tenant_id),
        source_partner_name=reader_name(row.tenant),
        source_partner_tenant_id=str(row.tenant_id),
        target_partner_name=reader_name(row.target),
        target_partner_tenant_id=str(row.target_id),
        line_items=_lines([line.subscription for line in row.lines.all()], reseller),
        links=Links(self=Link(uri=f"/customers/{row.customer_id}/transfers/{row.pk}")),
        attributes=attributes_of("TransferEntity", row.version),
    )


def _lines(rows: list[Subscription], reseller: str | None) -> list[TransferLineItem]:
    add_ons: dict[uuid.UUID, list[Subscription]] = {}
    for row in rows:
        if row.parent_id is not None:
            add_ons.setdefault(row.parent_id, []).append(row)
    return [
        _line(number, row, reseller, add_ons.get(row.pk, []))
        for number, row in enumerate(row for row in rows if row.parent_id is None)
    ]


def _line(
    number: int, row: Subscription, reseller: str | None, add_ons: list[Subscription]
) -> TransferLineItem:
    return TransferLineItem(
        id=number,
        subscription_id=str(row.pk),
        quantity=row.quantity,
        billing_cycle=BillingCycleType(row.billing_cycle),
        friendly_name=row.title,
        partner_id_on_record=reseller,
        offer_id=catalog_item_id(row.availability),
        addon_items=[_line(place, add_on, reseller, []) for place, add_on in enumerate(add_ons)],
    )


def _named(call: Call, customer_id: uuid.UUID, transfer_id: uuid.UUID) -> Transfer:
    with told_as(NO_SUCH_TRANSFER):
        found = transfer_for(call.actor, transfer_id)
        if found.customer_id != customer_id:
            raise NotVisible
    return found


def _must_be_fresh(call: Call, row: Transfer, body: TransferEntity) -> None:
    if call.version(body, current=row.version) != row.version:
        raise ChangedMeanwhile


@operation(
    "transfers.create",
    "POST",
    TRANSFERS,
    needs=Permission.SUBSCRIPTIONS_TRANSFER,
    status=201,
    errors=(NO_SUCH_CUSTOMER, 800016, 800078, 900101, 900136, 900148),
)
def create_transfer(call: Call, customer_id: uuid.UUID, body: TransferEntity) -> TransferEntity:
    """The caller asks the present provider and the customer; a line's ``partnerIdOnRecord`` names its reseller.

    The subscriptions are named by the present provider when it agrees.
    """
    customer = relationship_in(call, customer_id).customer
    source_id = as_id(body.source_partner_tenant_id or "")
    if source_id is None:
        text = _("sourcePartnerTenantId is missing: the tenant id of the customer's present provider.")
        raise WireError(400, 900136, text, "sourcePartnerTenantId")
    own = call.actor.tenant_id
    if source_id == own or as_id(body.target_partner_tenant_id or str(own)) != own:
        text = _("The new provider asks for a transfer: the target is your organization, the source another.")
        raise WireError(400, 900148, text, "targetPartnerTenantId")
    lines = body.line_items or []
    if any(line.subscription_id for line in lines):
        text = _(
            "The present provider or the customer names the subscriptions when it agrees; leave them out."
        )
        raise WireError(400, 800078, text, "lineItems")
    source = next((row for row in possible_sources(call.actor) if row.pk == source_id), None)
    if source is None:
        raise NotAPartner(field="sourcePartnerTenantId")
    made = ask_for_transfer(
        call.actor, customer=customer, source=source, reseller=_reseller(call, lines), message=""
    )
    return _one(call.actor, made)


def _reseller(call: Call, lines: list[TransferLineItem]) -> Tenant | None:
    """The one reseller that all lines name, if any does. Raises NotAPartner."""
    numbers = {line.partner_id_on_record for line in lines if line.partner_id_on_record}
    if not numbers:
        return None
    holder = holder_of(numbers.pop(), family_id=call.actor.family_id)
    if holder is None or numbers:
        raise NotAPartner(field="partnerIdOnRecord")
    return holder


@operation(
    "transfers.get",
    "GET",
    TRANSFER,
    needs=Permission.SUBSCRIPTIONS_TRANSFER,
    errors=(NO_SUCH_TRANSFER,),
)
def get_transfer(call: Call, customer_id: uuid.UUID, transfer_id: uuid.UUID) -> TransferEntity:
    """A transfer in which the caller gives or takes."""
    return _one(call.actor, _named(call, customer_id, transfer_id))


@operation(
    "transfers.accept",
    "POST",
    f"{TRANSFER}/accept",
    needs=Permission.SUBSCRIPTIONS_TRANSFER,
    errors=(NO_SUCH_TRANSFER, 800078, 900101, 900102),
)
def accept(
    call: Call, customer_id: uuid.UUID, transfer_id: uuid.UUID, body: TransferEntity
) -> TransferSubmitResult:
    """The present provider agrees: to the subscriptions that it names, or to those that the customer has chosen.

    They move when the customer has consented, too.
    """
    row = _named(call, customer_id, transfer_id)
    _must_be_fresh(call, row, body)
    named = [as_id(line.subscription_id or "") for line in body.line_items or []]
    if None in named:
        raise NothingToTransfer(field="lineItems")
    wanted = [key for key in named if key is not None] or chosen(row)
    accept_transfer(call.actor, transfer=row, subscriptions=wanted, version=row.version)
    return TransferSubmitResult(
        orders=[], transfer_errors=[], attributes=attributes_of("TransferSubmitResult")
    )


@operation(
    "transfers.reject",
    "PATCH",
    TRANSFER,
    needs=Permission.SUBSCRIPTIONS_TRANSFER,
    required=("status",),
    errors=(NO_SUCH_TRANSFER, 900102),
)
def reject(
    call: Call, customer_id: uuid.UUID, transfer_id: uuid.UUID, body: TransferEntity
) -> TransferEntity:
    """The present provider says no (``status`` is ``reject``); everything stays as it is."""
    row = _named(call, customer_id, transfer_id)
    _must_be_fresh(call, row, body)
    if (body.status or "").lower() not in {"reject", "rejected"}:
        text = _("status is “%(found)s”; a transfer is only rejected this way: reject.")
        raise WireError(400, 800002, text % {"found": body.status}, "status")
    return _one(call.actor, decline_transfer(call.actor, transfer=row, reason=""))


@operation(
    "transfers.withdraw",
    "DELETE",
    TRANSFER,
    needs=Permission.SUBSCRIPTIONS_TRANSFER,
    status=204,
    errors=(NO_SUCH_TRANSFER, 900102),
)
def withdraw(call: Call, customer_id: uuid.UUID, transfer_id: uuid.UUID) -> Answer[None]:
    """The new provider takes its request back."""
    withdraw_transfer(call.actor, transfer=_named(call, customer_id, transfer_id))
    return Answer(None, status=204)

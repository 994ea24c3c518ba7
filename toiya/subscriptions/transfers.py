"""A customer's subscriptions move to another provider, unchanged in quantity and term.

The target asks; source and customer accept in either order. Whoever accepts first chooses the subscriptions, so that
the target sees nothing of another provider's sales before both agreed. Seats stay where they are: no pool is touched.
Each of the three may say no while it is open; after 30 days it lapses (a comparison with the clock, no job).
"""

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.partnerships.standing import is_live
from toiya.pricing.quote import quote
from toiya.relations.rights import are_partners
from toiya.subscriptions.errors import (
    AlreadyAnswered,
    ChangeUnderWay,
    NotAPartner,
    NothingToTransfer,
    OtherPartyAnswers,
    PartnershipMissing,
    PartnerStopped,
    RelationshipMissing,
    SellsNothingNew,
    TransferClosed,
    TransferOpen,
)
from toiya.subscriptions.lifecycle import Sale, change, customer_today, lock, must_be, note, open_subscription
from toiya.subscriptions.models import (
    LIVE,
    EventKind,
    ScheduledChange,
    Subscription,
    SubscriptionState,
    Transfer,
    TransferLine,
    TransferState,
)
from toiya.subscriptions.notices import tell_transfer
from toiya.subscriptions.rights import managed_by, serves
from toiya.subscriptions.states import why_not
from toiya.subscriptions.vendor import asked_quantity, busy_of

OPEN_FOR = dt.timedelta(days=30)


def transfer_for(actor: Actor, transfer_id: uuid.UUID) -> Transfer:
    """The transfer, if the actor's organisation is one of the three. Raises NotVisible."""
    found = (
        Transfer.objects.visible_to(actor)
        .select_related("tenant", "target", "target_reseller", "customer__country")
        .filter(pk=transfer_id)
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def transfers_of(actor: Actor, customer_id: uuid.UUID) -> list[Transfer]:
    """All transfers of a customer in which the actor's organisation has a part, the latest first, with their lines."""
    return list(_with_lines(actor).filter(customer_id=customer_id).order_by("-created_at", "-id"))


def transfer_with_lines(actor: Actor, transfer_id: uuid.UUID) -> Transfer:
    """As ``transfer_for``, with the chosen subscriptions. Raises NotVisible."""
    found = _with_lines(actor).filter(pk=transfer_id).first()
    if found is None:
        raise NotVisible
    return found


def _with_lines(actor: Actor) -> QuerySet[Transfer]:
    lines = TransferLine.objects.select_related("subscription__sku", "subscription__availability__sku")
    rows = Transfer.objects.visible_to(actor).select_related(
        "tenant", "target", "target_reseller", "customer"
    )
    return rows.prefetch_related(Prefetch("lines", lines.order_by("pk")))


def possible_sources(actor: Actor) -> list[Tenant]:
    """The other providers of the family, to choose from when asking."""
    rows = Tenant.objects.filter(
        family_id=actor.family_id, tenant_capacities__capacity=Capacity.PROVIDER
    ).exclude(pk=actor.tenant_id)
    return list(rows.distinct().order_by("sort_key", "id"))


@transaction.atomic
def ask_for_transfer(
    actor: Actor, *, customer: Tenant, source: Tenant, reseller: Tenant | None, message: str
) -> Transfer:
    """A provider asks another one and their common customer. Tells nothing about what the customer has.

    Raises NotVisible for a customer that it does not serve, NotAPartner, PartnershipMissing, RelationshipMissing,
    TransferOpen, SellsNothingNew.
    """
    actor.must(Permission.SUBSCRIPTIONS_TRANSFER)
    if Capacity.PROVIDER not in actor.capacities:
        raise SellsNothingNew
    if not serves(actor.tenant_id, customer.pk):
        raise NotVisible
    if source.pk == actor.tenant_id or source not in possible_sources(actor):
        raise NotAPartner(field="source")
    target = Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant_id)
    if reseller is not None:
        _must_be_able_to_resell(target, reseller, customer)
    same = Transfer.objects.filter(
        tenant=source, target_id=actor.tenant_id, customer=customer, state=TransferState.OPEN
    )
    if same.filter(expires_at__gt=actor.now).exists():
        raise TransferOpen
    transfer = Transfer.objects.create(
        tenant=source,
        target_id=actor.tenant_id,
        target_reseller=reseller,
        customer=customer,
        note=message.strip(),
        asked_by_id=actor.person_id,
        created_at=actor.now,
        expires_at=actor.now + OPEN_FOR,
    )
    _log(actor, transfer, AuditAction.CREATE_TRANSFER)
    tell_transfer(actor, transfer, "asked", [source, customer], note=transfer.note)
    return transfer


def _must_be_able_to_resell(provider: Tenant, reseller: Tenant, customer: Tenant) -> None:
    if not are_partners(provider.pk, reseller.pk):
        raise PartnershipMissing(provider=reader_name(provider), reseller=reader_name(reseller))
    if not serves(reseller.pk, customer.pk):
        raise RelationshipMissing(
            partner=reader_name(reseller), customer=reader_name(customer), field="reseller"
        )


def transferable(transfer: Transfer, now: dt.datetime) -> QuerySet[Subscription]:
    """What may move: active, sold by the source to the customer, in no other open transfer, and not an add-on (those go
    with their parents).
    """
    return (
        Subscription.objects.filter(
            ~Exists(_in_open_transfer(now)),
            tenant_id=transfer.tenant_id,
            customer_id=transfer.customer_id,
            state=SubscriptionState.ACTIVE,
            parent__isnull=True,
        )
        .select_related("sku")
        .order_by("created_at", "id")
    )


def _in_open_transfer(now: dt.datetime) -> QuerySet[TransferLine]:
    return TransferLine.objects.filter(
        subscription=OuterRef("pk"), transfer__state=TransferState.OPEN, transfer__expires_at__gt=now
    )


def why_not_transferable(actor: Actor, customer_id: uuid.UUID) -> list[tuple[Subscription, str]]:
    """What the actor's organisation sells to the customer, each with what keeps it from moving; '' where nothing does.

    Three statements, however many.
    """
    rows = managed_by(actor).filter(tenant_id=actor.tenant_id, customer_id=customer_id)
    found = list(rows.select_related("sku", "parent__sku").order_by("created_at", "id"))
    taken = set(rows.filter(Exists(_in_open_transfer(actor.now))).values_list("pk", flat=True))
    busy = busy_of(customer_id)
    return [(row, _against(row, taken=row.pk in taken, busy=row.pk in busy)) for row in found]


def _against(subscription: Subscription, *, taken: bool, busy: bool) -> str:
    if subscription.state != SubscriptionState.ACTIVE:
        return why_not(must_be, subscription, SubscriptionState.ACTIVE)
    if subscription.parent is not None:
        return _("It moves along with “%(parent)s”.") % {"parent": subscription.parent.title}
    if taken:
        return _("It is part of another open transfer.")
    return str(ChangeUnderWay()) if busy else ""


@transaction.atomic
def accept_transfer(
    actor: Actor, *, transfer: Transfer, subscriptions: Collection[uuid.UUID], version: int | None
) -> Transfer:
    """The source or the customer agrees; with the second of them the subscriptions move.

    The first to accept chooses ``subscriptions``; the second agrees to exactly those. Raises NotVisible for others,
    TransferClosed, PartnerStopped, AlreadyAnswered, NothingToTransfer, and at the move ChangeUnderWay, NotPriced,
    RelationshipMissing.
    """
    is_source = actor.tenant_id == transfer.tenant_id
    _may_answer(actor, transfer)
    if not is_source:
        actor.must_be_here()
    locked = _lock(actor, transfer, version)
    _must_be_able_to_sell(locked)
    side = "source" if is_source else "customer"
    if getattr(locked, f"{side}_accepted_at") is not None:
        raise AlreadyAnswered
    if not locked.lines.exists():
        _choose(locked, subscriptions, actor.now)
    elif set(subscriptions) != set(chosen(locked)):
        raise NothingToTransfer
    setattr(locked, f"{side}_accepted_at", actor.now)
    setattr(locked, f"{side}_accepted_by_id", actor.person_id)
    _save(locked, f"{side}_accepted_at", f"{side}_accepted_by_id")
    _log(actor, locked, AuditAction.ACCEPT_TRANSFER)
    if locked.source_accepted_at and locked.customer_accepted_at:
        _complete(actor, locked)
    else:
        waits = locked.customer if is_source else locked.tenant
        tell_transfer(
            actor,
            locked,
            "accepted",
            [waits, locked.target],
            who=locked.tenant if is_source else locked.customer,
        )
    return locked


def _must_be_able_to_sell(transfer: Transfer) -> None:
    """What moves is new to whoever receives it: a suspended partner takes nothing over (N-40). The side that gives
    may be suspended: its customers can leave.
    """
    if not is_live(transfer.target_id, Capacity.PROVIDER):
        raise PartnerStopped(partner=reader_name(transfer.target))
    reseller = transfer.target_reseller
    if reseller is not None and not is_live(reseller.pk, Capacity.RESELLER):
        raise PartnerStopped(partner=reader_name(reseller))


def chosen(transfer: Transfer) -> list[uuid.UUID]:
    """The chosen subscriptions without the add-ons that go along."""
    lines = transfer.lines.filter(subscription__parent__isnull=True)
    return list(lines.values_list("subscription_id", flat=True))


def _choose(transfer: Transfer, wanted: Collection[uuid.UUID], now: dt.datetime) -> None:
    found = list(transferable(transfer, now).filter(pk__in=wanted))
    if not found or len(found) != len(set(wanted)):
        raise NothingToTransfer(field="subscriptions")
    add_ons = Subscription.objects.filter(parent__in=found, state__in=LIVE)
    TransferLine.objects.bulk_create(
        TransferLine(tenant_id=transfer.tenant_id, transfer=transfer, subscription=row)
        for row in [*found, *add_ons.order_by("created_at", "id")]
    )


def _may_answer(actor: Actor, transfer: Transfer) -> None:
    if actor.tenant_id == transfer.tenant_id:
        actor.must(Permission.SUBSCRIPTIONS_TRANSFER)
    elif actor.tenant_id == transfer.customer_id:
        actor.must(Permission.TRANSFERS_ACCEPT)
    elif transfer.concerns(actor.tenant_id):
        raise OtherPartyAnswers
    else:
        raise NotVisible


def _lock(actor: Actor, transfer: Transfer, version: int | None) -> Transfer:
    locked = (
        Transfer.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant", "target", "target_reseller", "customer__country")
        .get(pk=transfer.pk)
    )
    if not locked.is_open(actor.now):
        found = (
            locked.get_state_display() if locked.state != TransferState.OPEN else TransferState.EXPIRED.label
        )
        raise TransferClosed(found=str(found))
    if version is not None and version != locked.version:
        raise TransferClosed(found=locked.get_state_display())
    return locked


def _save(transfer: Transfer, *fields: str) -> None:
    """Of two answers at the same moment one wins: the state and the version are part of the condition."""
    values = {name: getattr(transfer, name) for name in fields}
    won = Transfer.objects.filter(pk=transfer.pk, state=TransferState.OPEN, version=transfer.version).update(
        version=F("version") + 1, **values
    )
    if not won:
        raise TransferClosed(found=str(TransferState.OPEN.label))
    transfer.version += 1


def _complete(actor: Actor, transfer: Transfer) -> None:
    provider, reseller = transfer.target, transfer.target_reseller
    if not serves(provider.pk, transfer.customer_id):
        raise RelationshipMissing(partner=reader_name(provider), customer=reader_name(transfer.customer))
    if reseller is not None:
        _must_be_able_to_resell(provider, reseller, transfer.customer)
    moved: dict[uuid.UUID, Subscription] = {}
    lines = transfer.lines.select_related("subscription").order_by("subscription__parent_id", "pk")
    for line in sorted(lines, key=lambda row: row.subscription.parent_id is not None):
        old = lock(line.subscription)
        if old.state != SubscriptionState.ACTIVE:
            raise NothingToTransfer
        if asked_quantity(old) is not None:
            raise ChangeUnderWay
        made = _move(actor, transfer, old, moved.get(old.parent_id) if old.parent_id else None)
        moved[old.pk] = made
        TransferLine.objects.filter(pk=line.pk).update(new_subscription_id=made.pk)
    transfer.state, transfer.answered_at = TransferState.COMPLETED, actor.now
    transfer.answered_by_tenant_id = actor.tenant_id
    Transfer.objects.filter(pk=transfer.pk).update(
        state=transfer.state, answered_at=actor.now, answered_by_tenant_id=actor.tenant_id
    )
    _log(actor, transfer, AuditAction.COMPLETE_TRANSFER)
    tell_transfer(actor, transfer, "completed", [transfer.tenant, transfer.target, transfer.customer])


def _move(actor: Actor, transfer: Transfer, old: Subscription, parent: Subscription | None) -> Subscription:
    """A new row at the target, with the same term and quantity; the old one ends. No seat changes hands."""
    prices = quote(
        availability=old.availability,
        provider_id=transfer.target_id,
        reseller_id=transfer.target_reseller_id,
        customer_id=transfer.customer_id,
        on=customer_today(old, actor.now),
    )
    new = open_subscription(
        actor,
        order_id=transfer.pk,
        sale=Sale(
            provider=transfer.target,
            reseller=transfer.target_reseller,
            customer=old.customer,
            availability=old.availability,
            quantity=old.quantity,
            friendly_name=old.friendly_name,
            prices=prices,
            parent=parent,
            auto_renew=old.auto_renew,
        ),
    )
    change(
        actor,
        new,
        EventKind.TAKEN_OVER,
        state=SubscriptionState.ACTIVE,
        activated_at=old.activated_at,
        term_start=old.term_start,
        term_end=old.term_end,
        anchor_day=old.anchor_day,
        auto_renew=old.auto_renew,
    )
    ScheduledChange.objects.filter(subscription=old).update(subscription=new, tenant=transfer.target)
    change(actor, old, EventKind.TRANSFERRED, state=SubscriptionState.DELETED, ended_at=actor.now)
    for row, facts in ((old, {"to": transfer.target.name}), (new, {"from": transfer.tenant.name})):
        note(actor, AuditAction.COMPLETE_TRANSFER, row, after={"quantity": row.quantity, **facts})
    return new


@transaction.atomic
def decline_transfer(actor: Actor, *, transfer: Transfer, reason: str) -> Transfer:
    """The source or the customer says no; everything stays as it is."""
    _may_answer(actor, transfer)
    return _close(actor, transfer, TransferState.DECLINED, AuditAction.DECLINE_TRANSFER, reason)


@transaction.atomic
def withdraw_transfer(actor: Actor, *, transfer: Transfer) -> Transfer:
    """The target takes its request back."""
    if not transfer.concerns(actor.tenant_id):
        raise NotVisible
    if actor.tenant_id != transfer.target_id:
        raise OtherPartyAnswers
    actor.must(Permission.SUBSCRIPTIONS_TRANSFER)
    return _close(actor, transfer, TransferState.WITHDRAWN, AuditAction.WITHDRAW_TRANSFER, "")


def _close(
    actor: Actor, transfer: Transfer, state: TransferState, action: AuditAction, reason: str
) -> Transfer:
    locked = _lock(actor, transfer, None)
    locked.state, locked.decline_reason, locked.answered_at = state, reason.strip(), actor.now
    locked.answered_by_tenant_id = actor.tenant_id
    _save(locked, "state", "decline_reason", "answered_at", "answered_by_tenant_id")
    _log(actor, locked, action)
    others = [locked.tenant, locked.target, locked.customer]
    tell_transfer(
        actor,
        locked,
        "withdrawn" if state == TransferState.WITHDRAWN else "declined",
        [tenant for tenant in others if tenant.pk != actor.tenant_id],
        who=next(party for party in others if party.pk == actor.tenant_id),
        reason=locked.decline_reason,
    )
    return locked


def open_transfers_of(actor: Actor, customer_id: uuid.UUID) -> list[Transfer]:
    """Open ones of a customer in which the actor's organisation has a part."""
    rows = Transfer.objects.visible_to(actor).filter(
        customer_id=customer_id, state=TransferState.OPEN, expires_at__gt=actor.now
    )
    return list(rows.select_related("tenant", "target", "customer").order_by("created_at", "id"))


def _log(actor: Actor, transfer: Transfer, action: AuditAction) -> None:
    """The same entry in the log of source and target, and in that of the customer."""
    facts = {
        "source": str(transfer.tenant_id),
        "target": str(transfer.target_id),
        "customer": str(transfer.customer_id),
        "reason": transfer.decline_reason,
    }
    for tenant_id, counterparty_id in (
        (transfer.tenant_id, transfer.target_id),
        (transfer.customer_id, None),
    ):
        record(
            actor,
            action,
            transfer,
            tenant_id=tenant_id,
            counterparty_id=counterparty_id,
            customer_id=transfer.customer_id,
            after=facts,
        )

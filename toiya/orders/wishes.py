"""What customers ask of their partners: to buy, to add, to reduce at the renewal, to cancel (N-35).

A customer manages its own users and licences, but buys and cancels nothing itself; its partner does.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible, Refusal
from toiya.core.permissions import Permission, Role
from toiya.core.reader import day, reader_name
from toiya.directory.models import Person, Tenant
from toiya.mail import outbox
from toiya.orders.models import (
    Cart,
    CartLine,
    CustomerWish,
    CustomerWishQuerySet,
    Line,
    Order,
    OrderLine,
    OrderRequest,
    OrderRequestLine,
    WishKind,
    WishState,
)
from toiya.relations.models import ResellerRelationship
from toiya.subscriptions.models import Subscription

ABOUT_SUBSCRIPTION = frozenset({WishKind.MORE, WishKind.FEWER, WishKind.CANCEL})
READERS = (Role.ADMIN_AGENT, Role.SALES_AGENT)
MOST_READERS = 20


class PartnerMissing(Refusal):
    """The organisation has no live reseller relationship with the partner that it asks."""

    code = "relationship_missing"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            _("Your organization has no reseller relationship with “%(name)s” any more. Ask another partner.")
            % {"name": name},
            field="partner",
        )


class WishIncomplete(Refusal):
    """The partner could not act on it."""

    code = "wish_incomplete"
    status = 400


class AlreadyAsked(Refusal):
    """The same question is open already."""

    code = "already_asked"

    def __init__(self, *, subscription: str, on: str) -> None:
        super().__init__(
            _("You have asked for this already on %(on)s: “%(subscription)s”. Withdraw that request first.")
            % {"subscription": subscription, "on": on}
        )


class WishClosed(Refusal):
    """It was answered or withdrawn before."""

    code = "wish_closed"

    def __init__(self, *, state: str) -> None:
        super().__init__(
            _("This request is no longer open; it is “%(state)s” now. Nothing was changed.")
            % {"state": state}
        )


def own_wishes(actor: Actor) -> CustomerWishQuerySet:
    """What the actor's organisation asked."""
    return CustomerWish.objects.visible_to(actor).filter(tenant_id=actor.tenant_id)


def wishes_received(actor: Actor) -> CustomerWishQuerySet:
    """What customers asked of the actor's organisation."""
    return CustomerWish.objects.visible_to(actor).filter(partner_id=actor.tenant_id)


def partners_to_ask(actor: Actor) -> list[Tenant]:
    """The partners that serve the actor's organisation now."""
    live = ResellerRelationship.objects.visible_to(actor).live().filter(customer_id=actor.tenant_id)
    rows = live.select_related("partner").order_by("partner__sort_key", "id")
    return [row.partner for row in rows]


def subscriptions_to_ask_about(actor: Actor) -> list[Subscription]:
    """What the organisation has now."""
    own = Subscription.objects.visible_to(actor).live().filter(customer_id=actor.tenant_id)
    return list(own.select_related("tenant", "reseller", "sku").order_by("friendly_name", "id")[:500])


def wish_to_answer(actor: Actor, wish_id: uuid.UUID, customer_id: uuid.UUID) -> CustomerWish:
    """A customer's request that the actor's organisation is about to carry out. Raises NotVisible."""
    found = wishes_received(actor).filter(pk=wish_id, tenant_id=customer_id)
    wish = found.select_related("subscription__sku").first()
    if wish is None:
        raise NotVisible
    return wish


def carts_for(actor: Actor, wish: CustomerWish) -> list[Cart]:
    """The actor's open carts with something that the customer asked for."""
    lines = CartLine.objects.filter(wish=wish).values("cart_id")
    open_ones = Cart.objects.visible_to(actor).filter(
        pk__in=lines, checked_out_at__isnull=True, expires_at__gt=actor.now
    )
    return list(open_ones.order_by("created_at", "id"))


def requests_for(actor: Actor, wish: CustomerWish) -> list[OrderRequest]:
    """The order requests that carry out what the customer asked for."""
    lines = OrderRequestLine.objects.filter(wish=wish).values("request_id")
    return list(OrderRequest.objects.visible_to(actor).filter(pk__in=lines).order_by("created_at", "id"))


def orders_for(actor: Actor, wishes: Collection[CustomerWish]) -> dict[uuid.UUID, list[Order]]:
    """The orders that carry out what customers asked for, by the request that they answer."""
    lines = OrderLine.objects.filter(wish__in=wishes, order__in=Order.objects.visible_to(actor))
    found: dict[uuid.UUID, list[Order]] = {}
    for line in lines.select_related("order").order_by("order__created_at", "order_id", "position"):
        orders = found.setdefault(line.wish_id or uuid.UUID(int=0), [])
        if line.order not in orders:
            orders.append(line.order)
    return found


def wishes_of_lines(actor: Actor, lines: Iterable[Line]) -> dict[uuid.UUID, CustomerWish]:
    """Of the requests that the lines carry out, those that the actor's organisation made or received."""
    named = {line.wish_id for line in lines if line.wish_id}
    return CustomerWish.objects.visible_to(actor).in_bulk(named) if named else {}


@transaction.atomic
def make_wish(
    actor: Actor,
    *,
    partner: Tenant,
    kind: WishKind,
    subscription: Subscription | None = None,
    quantity: int | None = None,
    text: str = "",
) -> CustomerWish:
    """The customer asks; the partner's agents get a mail. ``quantity`` is how many there shall be afterwards.

    Raises PartnerMissing, NotVisible, WishIncomplete, AlreadyAsked.
    """
    actor.must(Permission.WISHES_MAKE)
    live = ResellerRelationship.objects.visible_to(actor).live()
    if not live.filter(customer_id=actor.tenant_id, partner_id=partner.pk).exists():
        raise PartnerMissing(name=reader_name(partner))
    about = _about(actor, kind, subscription, partner)
    _check(kind, about, quantity, text)
    _ask_once(actor, kind, about)
    wish = CustomerWish.objects.create(
        tenant_id=actor.tenant_id,
        partner=partner,
        kind=kind,
        subscription=about,
        quantity=None if kind in {WishKind.CANCEL, WishKind.OTHER} else quantity,
        text=text.strip(),
        asked_by_id=actor.person_id,
        created_at=actor.now,
    )
    record(
        actor,
        AuditAction.CREATE_WISH,
        wish,
        tenant_id=actor.tenant_id,
        counterparty_id=partner.pk,
        customer_id=actor.tenant_id,
        after={"kind": kind, "quantity": wish.quantity, "subscription": about and str(about.pk)},
    )
    _tell(actor, wish, "wishes/made", _agents(partner), wish_path=f"/dashboard/wishes/{wish.pk}/")
    return wish


def _about(
    actor: Actor, kind: WishKind, subscription: Subscription | None, partner: Tenant
) -> Subscription | None:
    if kind not in ABOUT_SUBSCRIPTION:
        return None
    if subscription is None:
        raise WishIncomplete(_("Choose the subscription that this is about."), field="subscription")
    own = Subscription.objects.visible_to(actor).live().filter(customer_id=actor.tenant_id)
    found = own.select_for_update(of=("self",)).filter(pk=subscription.pk).first()
    if found is None:
        raise NotVisible
    if partner.pk not in {found.tenant_id, found.reseller_id}:
        seller = found.reseller or found.tenant
        raise WishIncomplete(
            _("“%(subscription)s” is sold by %(seller)s, not by %(asked)s.")
            % {
                "subscription": found.title,
                "seller": reader_name(seller),
                "asked": reader_name(partner),
            },
            field="partner",
        )
    return found


def _check(kind: WishKind, about: Subscription | None, quantity: int | None, text: str) -> None:
    if kind in {WishKind.BUY, WishKind.OTHER} and not text.strip():
        raise WishIncomplete(_("Write what you need."), field="text")
    if about is None or kind == WishKind.CANCEL:
        return
    fits = quantity is not None and (
        quantity > about.quantity if kind == WishKind.MORE else 1 <= quantity < about.quantity
    )
    if fits:
        return
    raise WishIncomplete(
        (
            _("“%(subscription)s” has %(found)s now. Enter how many you want afterwards: more than that.")
            if kind == WishKind.MORE
            else _(
                "“%(subscription)s” has %(found)s now. Enter how many you want afterwards: at least 1, and "
                "fewer than that."
            )
        )
        % {"subscription": about.title, "found": about.quantity},
        field="quantity",
    )


def _ask_once(actor: Actor, kind: WishKind, about: Subscription | None) -> None:
    if about is None:
        return
    earlier = own_wishes(actor).filter(subscription=about, kind=kind, state=WishState.OPEN).first()
    if earlier is not None:
        raise AlreadyAsked(subscription=about.title, on=day(earlier.created_at))


@transaction.atomic
def accept_wish(actor: Actor, *, wish: CustomerWish, answer: str = "") -> CustomerWish:
    """The partner will do it; how, is up to it. Raises NotVisible, RoleMissing, WishClosed."""
    return _answer(actor, wish, WishState.ACCEPTED, answer.strip())


@transaction.atomic
def decline_wish(actor: Actor, *, wish: CustomerWish, answer: str) -> CustomerWish:
    """The partner will not, and says why. Raises NotVisible, RoleMissing, WishIncomplete, WishClosed."""
    if not answer.strip():
        raise WishIncomplete(_("Tell the customer why."), field="answer")
    return _answer(actor, wish, WishState.DECLINED, answer.strip())


def _answer(actor: Actor, wish: CustomerWish, state: WishState, answer: str) -> CustomerWish:
    if not wishes_received(actor).filter(pk=wish.pk).exists():
        raise NotVisible
    actor.must(Permission.SUBSCRIPTIONS_MANAGE)
    answered = _close(wish, state, at=actor.now, by_id=actor.person_id, answer=answer)
    record(
        actor,
        AuditAction.ANSWER_WISH,
        answered,
        tenant_id=answered.tenant_id,
        counterparty_id=actor.tenant_id,
        customer_id=answered.tenant_id,
        before={"state": WishState.OPEN},
        after={"state": state, "answer": answer},
    )
    message = "wishes/accepted" if state is WishState.ACCEPTED else "wishes/declined"
    _tell(actor, answered, message, [answered.asked_by], wish_path="/organization/requests/")
    return answered


@transaction.atomic
def withdraw_wish(actor: Actor, *, wish: CustomerWish) -> CustomerWish:
    """The customer no longer wants it. Raises NotVisible, WishClosed."""
    actor.must(Permission.WISHES_MAKE)
    if not own_wishes(actor).filter(pk=wish.pk).exists():
        raise NotVisible
    withdrawn = _close(wish, WishState.WITHDRAWN, at=actor.now, by_id=actor.person_id, answer="")
    record(
        actor,
        AuditAction.WITHDRAW_WISH,
        withdrawn,
        tenant_id=withdrawn.tenant_id,
        counterparty_id=withdrawn.partner_id,
        customer_id=withdrawn.tenant_id,
        before={"state": WishState.OPEN},
        after={"state": WishState.WITHDRAWN},
    )
    path = f"/dashboard/wishes/{withdrawn.pk}/"
    _tell(actor, withdrawn, "wishes/withdrawn", _agents(withdrawn.partner), wish_path=path)
    return withdrawn


def _close(
    wish: CustomerWish, state: WishState, *, at: dt.datetime, by_id: uuid.UUID, answer: str
) -> CustomerWish:
    """Of two answers at once exactly one counts."""
    closed = CustomerWish.objects.filter(pk=wish.pk, state=WishState.OPEN).update(
        state=state, answered_at=at, answered_by_id=by_id, answer=answer, version=F("version") + 1
    )
    fresh = CustomerWish.objects.select_related("tenant", "partner", "subscription__sku", "asked_by").get(
        pk=wish.pk
    )
    if not closed:
        raise WishClosed(state=str(WishState(fresh.state).label))
    return fresh


def _agents(partner: Tenant) -> list[Person]:
    held = Q(role_assignments__role__in=READERS)
    people = Person.objects.filter(tenant=partner).active().filter(held).distinct()
    return list(people.order_by("created_at", "id")[:MOST_READERS])


def _tell(
    actor: Actor, wish: CustomerWish, message: str, people: Iterable[Person], *, wish_path: str
) -> None:
    for person in people:
        with translation.override(person.language):
            kind = str(WishKind(wish.kind).label)
        outbox.post(
            actor,
            message,
            to=person.contact_email,
            language=person.language,
            subject_id=wish.pk,
            context={
                "person_name": person.name,
                "customer": wish.tenant.name_in(person.language),
                "partner": wish.partner.name_in(person.language),
                "kind": kind,
                "subscription": wish.subscription.title_in(person.language) if wish.subscription else "",
                "quantity": wish.quantity or 0,
                "message_text": wish.text,
                "answer_text": wish.answer,
                "wish_link": {"path": wish_path},
            },
        )

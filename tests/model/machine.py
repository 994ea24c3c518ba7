"""The machine: random acts of random people through the use cases, and the model beside them.

After every step the database is compared with the model: relations, invitations, grants, subscriptions, seats, who sees
what; every subscription with its events; every acceptance has left a line in the log, and every refusal nothing at all.
"""

import copy
import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model as Table
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.model.model import DAY, KEPT, WINDOW, Grant, Model, Offer, Sold
from tests.model.world import CUSTOMERS, OFFERS, PROVIDERS, RESELLERS, World
from toiya.audit.models import AuditRecord
from toiya.audit.record import record_digest
from toiya.core.errors import Refusal
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Capacity, DirectoryAction, DirectoryRole
from toiya.customers.answers import accept_invitation as accept_offer
from toiya.customers.models import RelationshipInvitation
from toiya.customers.relationship_requests import Wish, invite_for_both, request_relationship, revoke
from toiya.customers.relationships import customers_of
from toiya.directory.models import Family, Person
from toiya.fulfilment.models import FulfilmentTask
from toiya.licences.assignment import Done, assign_licence, revoke_licence
from toiya.licences.models import Licence, SeatPool
from toiya.orders.carts import Wanted, add_line, start_cart
from toiya.orders.checkout import submit_order
from toiya.orders.models import Order, OrderLine, OrderLineState
from toiya.partnerships.acceptance import accept_invitation
from toiya.partnerships.invitations import invite_reseller, revoke_invitation
from toiya.partnerships.models import PartnerInvitation
from toiya.relations.grants import remove_grant
from toiya.relations.models import AdministrationGrant, Channel, Partnership, ResellerRelationship
from toiya.relations.rights import may_trade, rights_in
from toiya.subscriptions.lifecycle import event_value, fold, folded_fields
from toiya.subscriptions.models import Subscription, SubscriptionEvent
from toiya.subscriptions.offboarding import end_partnership_safely, end_relationship
from toiya.subscriptions.particulars import set_auto_renew
from toiya.subscriptions.quantity import change_quantity
from toiya.subscriptions.renewal import renew_what_is_due
from toiya.subscriptions.states import (
    cancel_subscription,
    reactivate_subscription,
    suspend_subscription,
)

TABLES: tuple[type[Table], ...] = (
    Partnership,
    PartnerInvitation,
    ResellerRelationship,
    RelationshipInvitation,
    AdministrationGrant,
    Subscription,
    SubscriptionEvent,
    SeatPool,
    Licence,
    Order,
    OrderLine,
    FulfilmentTask,
)
LONGEST_GRANT = 730 * DAY
PICK = st.integers(0, 10_000)
RARELY = st.sampled_from((False, False, False, True))


def snapshot() -> list[list[tuple[object, ...]]]:
    """Every row of every table that the rules write."""
    return [sorted(table._default_manager.values_list(), key=str) for table in TABLES]


class Commerce(RuleBasedStateMachine):
    """Relationships, grants, subscriptions and seats of two customers."""

    world: ClassVar[World]
    origin: ClassVar[Model | None] = None
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()
        now = Family.objects.get(pk=self.world.cast.family.pk).clock.now()
        self.model = copy.deepcopy(self.origin) or Model(now=now)
        self.owners: dict[tuple[str, object], object] = {}
        self.logged = AuditRecord.objects.count()

    def teardown(self) -> None:
        """Everything as before the run."""
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)

    # ------------------------------------------------------------ trying
    def attempt(self, act: Callable[[], Any], *, allowed: bool, what: str) -> Any:  # noqa: ANN401
        """Do it, and see that it is allowed or refused as the model says; a refusal changes nothing (I-24)."""
        before = None if allowed else snapshot()
        logged = AuditRecord.objects.count()
        answer, refused = None, ""
        try:
            with transaction.atomic():
                answer = act()
        except Refusal as refusal:
            refused = f"{refusal.code}: {refusal}"
        self.tally["refused" if refused else "done"] += 1
        if refused:
            assert not allowed, f"{what} was refused: {refused}"
            assert snapshot() == before, f"{what} was refused ({refused}) and changed something"
            return None
        assert allowed, f"{what} was not refused"
        assert AuditRecord.objects.count() > logged, f"{what} is not in the log"
        return answer

    def chosen(self, rows: list[Any], pick: int) -> Any:  # noqa: ANN401
        """One of them; small numbers, which come most often, mean the newest."""
        return rows[-1 - pick % len(rows)]

    def tenant(self, name: str) -> Any:  # noqa: ANN401
        return self.world.tenants[name]

    # ------------------------------------------------------------ the beginning
    def begin(self) -> Model:
        """Hinode and Kawase work together and serve Aoba, which has three seats; every history goes on from here."""
        self.ask_reseller("hinode", "kawase")
        self.answer_partner_offer(0, stranger=False)
        for partner in ("hinode", "kawase"):
            self.ask_customer(partner, "aoba", roles=partner == "kawase", days=10)
            self.accept(0, stranger=False, lends=True)
        self.order("hinode", "kawase", "aoba", "office", 3)
        self._undo.__exit__(None, None, None)
        return self.model

    # ------------------------------------------------------------ partnerships
    @rule(provider=st.sampled_from(PROVIDERS), reseller=st.sampled_from(RESELLERS))
    def ask_reseller(self, provider: str, reseller: str) -> None:
        made = self.attempt(
            lambda: invite_reseller(
                self.world.actor(provider), language="en", named_domain=self.tenant(reseller).domain, roles=()
            ),
            allowed=True,
            what="inviting a reseller",
        )
        self.model.offers.append(
            Offer(made.pk, provider, (provider,), reseller, until=made.expires_at, state="open")
        )

    @rule(pick=PICK, stranger=RARELY)
    @precondition(lambda self: any(offer.to in RESELLERS for offer in self.model.offers))
    def answer_partner_offer(self, pick: int, stranger: bool) -> None:  # noqa: FBT001
        offers = [offer for offer in self.model.offers if offer.to in RESELLERS]
        offer = self.chosen(offers, pick)
        reseller = next(name for name in RESELLERS if (name == offer.to) is not stranger)
        pair = (offer.by, reseller)
        allowed = (
            offer.is_open(self.model.now) and offer.to == reseller and pair not in self.model.partnerships
        )
        row = PartnerInvitation.objects.get(pk=offer.id)
        made = self.attempt(
            lambda: accept_invitation(
                self.world.actor(reseller), invitation=row, version=row.version, roles=()
            ),
            allowed=allowed,
            what=f"{reseller} accepting a partnership",
        )
        if made:
            offer.state = "accepted"
            self.model.partnerships[pair] = made.pk

    @rule(pick=PICK, by=st.booleans())
    @precondition(lambda self: self.model.partnerships)
    def end_partnership(self, pick: int, by: bool) -> None:  # noqa: FBT001
        pair = self.chosen(sorted(self.model.partnerships), pick)
        row = Partnership.objects.get(pk=self.model.partnerships[pair])
        self.attempt(
            lambda: end_partnership_safely(
                self.world.actor(pair[by]), partnership=row, reason="over", removes_access=False
            ),
            allowed=True,
            what="ending a partnership",
        )
        del self.model.partnerships[pair]

    # ------------------------------------------------------------ customers
    @rule(
        partner=st.sampled_from(PROVIDERS + RESELLERS),
        customer=st.sampled_from(CUSTOMERS),
        roles=st.booleans(),
        days=st.sampled_from((1, 10, 60)),
    )
    def ask_customer(self, partner: str, customer: str, roles: bool, days: int) -> None:  # noqa: FBT001
        capacity = Capacity.PROVIDER if partner in PROVIDERS else Capacity.RESELLER
        made = self.attempt(
            lambda: request_relationship(
                self.world.actor(partner), capacity=capacity, wish=self._wish(customer, capacity, roles, days)
            ),
            allowed=True,
            what="asking a customer",
        )
        self.model.offers.append(Offer(made.pk, partner, (partner,), customer, made.expires_at, roles))

    @rule(pick=PICK, customer=st.sampled_from(CUSTOMERS))
    @precondition(lambda self: self.model.partnerships)
    def ask_customer_for_both(self, pick: int, customer: str) -> None:
        provider, reseller = self.chosen(sorted(self.model.partnerships), pick)
        row = Partnership.objects.get(pk=self.model.partnerships[provider, reseller])
        made = self.attempt(
            lambda: invite_for_both(
                self.world.actor(reseller),
                partnership=row,
                wish=self._wish(customer, Capacity.RESELLER, roles=False, days=60),
            ),
            allowed=True,
            what="asking a customer for both",
        )
        self.model.offers.append(Offer(made.pk, reseller, (reseller, provider), customer, made.expires_at))

    def _wish(self, customer: str, capacity: Capacity, roles: bool, days: int) -> Wish:  # noqa: FBT001
        lent = frozenset({DirectoryRole.LICENSE_ADMINISTRATOR})
        return Wish(
            language="en",
            channel=Channel.OWN_MARKETING,
            grant_days=30,
            valid_days=days,
            roles={capacity: lent} if roles else {},
            named_domain=self.tenant(customer).domain,
        )

    @rule(pick=PICK, stranger=RARELY, lends=st.booleans())
    @precondition(lambda self: any(offer.to in CUSTOMERS for offer in self.model.offers))
    def accept(self, pick: int, stranger: bool, lends: bool) -> None:  # noqa: FBT001
        offer = self.chosen([offer for offer in self.model.offers if offer.to in CUSTOMERS], pick)
        customer = next(name for name in CUSTOMERS if (name == offer.to) is not stranger)
        lent = {DirectoryRole.LICENSE_ADMINISTRATOR} if lends and offer.roles else set()
        token = link_token(Purpose.RELATIONSHIP_INVITATION, offer.id, 1)
        consent = {self.tenant(party).pk: lent for party in offer.parties}
        made = self.attempt(
            lambda: accept_offer(self.world.actor(customer), token=token, consent=consent, agreed=True),
            allowed=self.model.may_accept(offer, customer),
            what=f"{customer} accepting",
        )
        if made is None:
            return
        offer.state = "accepted"
        self.model.relations |= {(party, customer) for party in offer.parties}
        for party in offer.parties if lent else ():
            row = AdministrationGrant.objects.get(invitation_id=offer.id, grantee=self.tenant(party))
            self.model.grants.append(Grant(row.pk, customer, party, self.model.now + 30 * DAY))

    @rule(partner=st.sampled_from(PROVIDERS + RESELLERS), customer=st.sampled_from(CUSTOMERS))
    def accept_too_late(self, partner: str, customer: str) -> None:
        self.ask_customer(partner, customer, roles=False, days=1)
        self.time_passes(DAY)
        self.accept(0, stranger=False, lends=False)

    @rule(pick=PICK, customer=st.sampled_from(CUSTOMERS))
    @precondition(lambda self: self.model.partnerships)
    def accept_both_after_the_end(self, pick: int, customer: str) -> None:
        self.ask_customer_for_both(pick, customer)
        self.end_partnership(pick, by=True)
        self.accept(0, stranger=False, lends=False)

    @rule(pick=PICK)
    @precondition(lambda self: self.model.offers)
    def take_offer_back(self, pick: int) -> None:
        offer = self.chosen(self.model.offers, pick)
        actor = self.world.actor(offer.by)
        if offer.to in RESELLERS:
            partner_row = PartnerInvitation.objects.get(pk=offer.id)
            # What has expired may still be taken back: nobody could use it any more.
            allowed = offer.state == "open"
            act: Callable[[], Any] = lambda: revoke_invitation(actor, invitation=partner_row)  # noqa: E731
        else:
            row = RelationshipInvitation.objects.get(pk=offer.id)
            allowed = offer.is_open(self.model.now)
            act = lambda: revoke(actor, invitation=row)  # noqa: E731
        if self.attempt(act, allowed=allowed, what="taking an offer back"):
            offer.state = "revoked"

    @rule(pick=PICK)
    @precondition(lambda self: self.model.relations)
    def end_relation(self, pick: int) -> None:
        partner, customer = self.chosen(sorted(self.model.relations), pick)
        row = ResellerRelationship.objects.live().get(
            partner=self.tenant(partner), customer=self.tenant(customer)
        )
        active = any(
            sold.customer == customer and partner in sold.chain and sold.state == "active"
            for sold in self.model.sold
        )
        if self.attempt(
            lambda: end_relationship(self.world.actor(partner), relationship=row, reason="over"),
            allowed=not active,
            what=f"{partner} ending its relationship with {customer}",
        ):
            self.model.relations.remove((partner, customer))

    @rule(pick=PICK, by=st.booleans())
    @precondition(lambda self: self.model.grants)
    def take_grant_back(self, pick: int, by: bool) -> None:  # noqa: FBT001
        grant = self.chosen(self.model.grants, pick)
        row = AdministrationGrant.objects.get(pk=grant.id)
        if self.attempt(
            lambda: remove_grant(self.world.actor(grant.partner if by else grant.customer), grant=row),
            allowed=grant.is_live(self.model.now),
            what="taking a grant back",
        ):
            grant.removed = True

    # ------------------------------------------------------------ subscriptions
    @rule(
        provider=st.sampled_from(PROVIDERS),
        reseller=st.sampled_from((None, *RESELLERS)),
        customer=st.sampled_from(CUSTOMERS),
        offer=st.sampled_from(OFFERS),
        quantity=st.integers(1, 4),
    )
    def order(self, provider: str, reseller: str | None, customer: str, offer: str, quantity: int) -> None:
        self._buy(provider, reseller, customer, offer, quantity, between=None)

    @rule(pick=PICK, quantity=st.integers(1, 3))
    @precondition(lambda self: self.model.partnerships)
    def order_while_the_partnership_ends(self, pick: int, quantity: int) -> None:
        """The cart was filled before; what counts is the moment of the order."""
        provider, reseller = self.chosen(sorted(self.model.partnerships), pick)
        self._buy(
            provider,
            reseller,
            "aoba",
            "office",
            quantity,
            between=lambda: self.end_partnership(pick, by=False),
        )

    def _buy(  # noqa: PLR0917  (one each)
        self,
        provider: str,
        reseller: str | None,
        customer: str,
        offer: str,
        quantity: int,
        between: Callable[[], None] | None,
    ) -> None:
        def fill() -> Any:  # noqa: ANN401
            actor = self.world.actor(provider)
            partner = self.tenant(reseller) if reseller else None
            cart = start_cart(actor, customer=self.tenant(customer), partner=partner)
            wanted = Wanted(availability=self.world.shop.offers[offer], quantity=quantity)
            add_line(actor, cart=cart, version=cart.version, wanted=wanted)
            return cart

        def submit() -> Any:  # noqa: ANN401
            cart = fill() if between is None else filled
            cart.refresh_from_db()
            key = str(uuid.uuid4())
            return submit_order(self.world.actor(provider), cart=cart, version=cart.version, key=key)

        filled: Any = None
        if between is not None:
            if not self.model.may_sell(provider, reseller, customer):
                return
            filled = fill()
            between()
        placed = self.attempt(
            submit, allowed=self.model.may_sell(provider, reseller, customer), what=f"{provider} ordering"
        )
        if placed is None:
            return
        line = placed.lines.get()
        assert line.state == OrderLineState.COMPLETED, (line.failure_code, line.failure_en)
        row = Subscription.objects.get(order_id=placed.pk)
        self.model.sold.append(
            Sold(row.pk, provider, reseller, customer, quantity, cancel_until=self.model.now + WINDOW)
        )

    def _row(self, sold: Sold) -> Subscription:
        return Subscription.objects.get(pk=sold.id)

    @rule(pick=PICK, by=PICK, quantity=st.integers(1, 6))
    @precondition(lambda self: self.model.sold)
    def change(self, pick: int, by: int, quantity: int) -> None:
        sold = self.chosen(self.model.sold, pick)
        who = self.chosen(["yamabuki", *sorted(sold.chain), sold.provider], by)
        pool_allows = self.model.seats(sold.customer) + quantity - sold.quantity >= len(
            self.model.holders[sold.customer]
        )
        allowed = (
            who == sold.provider
            and self.model.may_manage(who, sold)
            and sold.state == "active"
            and quantity != sold.quantity
            and (quantity > sold.quantity or (quantity >= self.model.least(sold) and pool_allows))
        )
        if not self.attempt(
            lambda: change_quantity(
                self.world.actor(who), subscription=self._row(sold), quantity=quantity, version=None
            ),
            allowed=allowed,
            what=f"{who} changing {sold.quantity} to {quantity}",
        ):
            return
        if quantity > sold.quantity:
            is_open = sold.reduce_until is not None and self.model.now < sold.reduce_until
            sold.floor = sold.floor if is_open else sold.quantity
            sold.reduce_until = self.model.now + WINDOW
        sold.quantity = quantity

    @rule(pick=PICK)
    @precondition(lambda self: self.model.sold)
    def reduce_too_late(self, pick: int) -> None:
        self.time_passes(8 * DAY)
        self.change(pick, by=0, quantity=1)

    @rule(pick=PICK, by=PICK)
    @precondition(lambda self: self.model.sold)
    def suspend(self, pick: int, by: int) -> None:
        sold = self.chosen(self.model.sold, pick)
        who = self.chosen(["midori", *sorted(sold.chain)], by)
        if self.attempt(
            lambda: suspend_subscription(
                self.world.actor(who), subscription=self._row(sold), reason="unpaid", version=None
            ),
            allowed=self.model.may_manage(who, sold) and sold.state == "active",
            what=f"{who} suspending",
        ):
            sold.state, sold.suspended_by = "suspended", who
            sold.kept_until = self._today() + KEPT

    @rule(pick=PICK, by=PICK)
    @precondition(lambda self: any(sold.state == "suspended" for sold in self.model.sold))
    def reactivate(self, pick: int, by: int) -> None:
        sold = self.chosen([sold for sold in self.model.sold if sold.state == "suspended"], pick)
        who = self.chosen(sorted(sold.chain), by)
        row = self._row(sold)
        over = row.term_end is not None and row.term_end <= self._today() and not sold.auto_renew
        if self.attempt(
            lambda: reactivate_subscription(self.world.actor(who), subscription=row, version=None),
            allowed=self.model.may_manage(who, sold)
            and who in {sold.provider, sold.suspended_by}
            and not over,
            what=f"{who} reactivating",
        ):
            sold.state, sold.kept_until = "active", None

    @rule(pick=PICK)
    @precondition(lambda self: self.model.sold)
    def reseller_undoes_what_the_provider_did(self, pick: int) -> None:
        self.suspend(pick, 1)
        if any(sold.state == "suspended" for sold in self.model.sold):
            self.reactivate(0, 0)

    @rule(pick=PICK, by=PICK)
    @precondition(lambda self: self.model.sold)
    def cancel(self, pick: int, by: int) -> None:
        sold = self.chosen(self.model.sold, pick)
        who = self.chosen([*sorted(sold.chain), sold.provider], by)
        if self.attempt(
            lambda: cancel_subscription(self.world.actor(who), subscription=self._row(sold), version=None),
            allowed=who == sold.provider
            and self.model.may_manage(who, sold)
            and sold.has_seats
            and self.model.now < sold.cancel_until,
            what=f"{who} cancelling",
        ):
            sold.state = "deleted"
            self._seats_have_gone(sold.customer)

    @rule(pick=PICK)
    @precondition(lambda self: any(sold.has_seats for sold in self.model.sold))
    def stop_renewal(self, pick: int) -> None:
        sold = self.chosen([sold for sold in self.model.sold if sold.has_seats], pick)
        if self.attempt(
            lambda: set_auto_renew(
                self.world.actor(sold.provider),
                subscription=self._row(sold),
                auto_renew=not sold.auto_renew,
                version=None,
            ),
            allowed=self.model.may_manage(sold.provider, sold),
            what="changing the renewal",
        ):
            sold.auto_renew = not sold.auto_renew

    def _seats_have_gone(self, customer: str) -> None:
        """So many users as have no seat any more lost theirs; which of those assigned together is not foretold."""
        left = set(Licence.objects.filter(tenant=self.tenant(customer)).values_list("person_id", flat=True))
        kept = min(len(self.model.holders[customer]), self.model.seats(customer))
        assert left <= self.model.holders[customer]
        assert len(left) == kept, f"{len(left)} users have a seat, not {kept}"
        self.model.holders[customer] = left

    # ------------------------------------------------------------ time
    def _today(self) -> dt.date:
        return self.tenant("aoba").country.local_date(self.model.now)  # type: ignore[no-any-return]

    @rule(
        step=st.sampled_from(
            (dt.timedelta(seconds=1), dt.timedelta(hours=7), DAY, 8 * DAY, 31 * DAY, 95 * DAY, 366 * DAY)
        )
    )
    def time_passes(self, step: dt.timedelta) -> None:
        self.model.now += step
        Family.objects.filter(pk=self.world.cast.family.pk).update(clock_stopped_at=self.model.now)
        today = self._today()
        for sold in self.model.sold:
            row = self._row(sold)
            is_over = row.term_end is not None and row.term_end <= today
            if sold.state == "suspended" and sold.kept_until is not None and sold.kept_until <= today:
                sold.state = "deleted"
            elif is_over and not sold.auto_renew and sold.has_seats:
                sold.state = "expired"
            elif is_over and sold.state == "active":
                sold.cancel_until, sold.reduce_until = self.model.now + WINDOW, None
        renew_what_is_due()
        for customer in CUSTOMERS:
            self._seats_have_gone(customer)

    # ------------------------------------------------------------ users
    @rule(
        customer=st.sampled_from(CUSTOMERS),
        pick=PICK,
        by=st.sampled_from(("own", "own", "kawase", "yamabuki", "hinode")),
    )
    def assign(self, customer: str, pick: int, by: str) -> None:
        person, who = self.chosen(self.world.users[customer], pick), customer if by == "own" else by
        has, free = person.pk in self.model.holders[customer], self.model.free(customer)
        if has:
            return
        done = self.attempt(
            lambda: assign_licence(
                self.world.actor(who),
                tenant_id=self.tenant(customer).pk,
                person_id=person.pk,
                sku_id=self.world.shop.office.pk,
            ),
            allowed=self.model.may_assign(who, customer) and free > 0,
            what=f"{who} assigning a licence in {customer} with {free} free",
        )
        if done:
            assert done == Done.ASSIGNED
            self.model.holders[customer].add(person.pk)

    @rule(customer=st.sampled_from(CUSTOMERS))
    def assign_everybody(self, customer: str) -> None:
        """Until there are no seats left, whoever is first."""
        for pick in range(len(self.world.users[customer])):
            self.assign(customer, pick, "own")

    @rule(pick=PICK)
    @precondition(lambda self: self.model.partnerships and self.model.sold)
    def resellers_act_after_the_end(self, pick: int) -> None:
        self.end_partnership(pick, by=False)
        for number in range(2):
            self.suspend(0, number)

    @rule(customer=st.sampled_from(CUSTOMERS), pick=PICK, by=st.sampled_from(("own", "kawase", "midori")))
    def unassign(self, customer: str, pick: int, by: str) -> None:
        holders = [
            person for person in self.world.users[customer] if person.pk in self.model.holders[customer]
        ]
        if not holders:
            return
        person, who = self.chosen(holders, pick), customer if by == "own" else by
        if self.attempt(
            lambda: revoke_licence(
                self.world.actor(who),
                tenant_id=self.tenant(customer).pk,
                person_id=person.pk,
                sku_id=self.world.shop.office.pk,
            ),
            allowed=self.model.may_assign(who, customer),
            what=f"{who} taking a licence in {customer}",
        ):
            self.model.holders[customer].remove(person.pk)

    # ------------------------------------------------------------ reading
    @rule(who=st.sampled_from(PROVIDERS + RESELLERS + CUSTOMERS))
    def read(self, who: str) -> None:
        """Somebody looks; nothing changes (I-24), and nobody sees what is not theirs (I-01, I-02)."""
        before, actor, model = snapshot(), self.world.actor(who), self.model
        seen = set(Subscription.objects.visible_to(actor).values_list("pk", flat=True))
        assert seen == model.sees(who), f"{who} sees other subscriptions than its own"
        if who not in CUSTOMERS:
            served = {row.customer.pk for row in customers_of(actor)}
            assert served == {self.tenant(name).pk for partner, name in model.relations if partner == who}
        for customer in CUSTOMERS:
            if who == customer:
                continue
            pk = self.tenant(customer).pk
            assert may_trade(actor, pk) == ((who, customer) in model.relations)
            has = DirectoryAction.ASSIGN_LICENCES in rights_in(actor, pk)
            assert has == model.may_assign(who, customer), f"rights of {who} in {customer}"
        assert snapshot() == before, f"reading as {who} changed something"

    # ------------------------------------------------------------ what is always true
    @invariant()
    def relations_are_as_the_model_says(self) -> None:
        """I-03, I-04."""
        names = {tenant.pk: name for name, tenant in self.world.tenants.items()}
        partners = [(names[row.provider_id], names[row.reseller_id]) for row in Partnership.objects.live()]
        assert sorted(partners) == sorted(self.model.partnerships), "partnerships"
        served = [
            (names[row.partner_id], names[row.customer_id]) for row in ResellerRelationship.objects.live()
        ]
        assert sorted(served) == sorted(self.model.relations), "relationships"

    @invariant()
    def offers_and_grants_are_as_the_model_says(self) -> None:
        """I-05, I-06, I-07."""
        states = {row.pk: row.state for row in PartnerInvitation.objects.all()}
        states |= {row.pk: row.state for row in RelationshipInvitation.objects.all()}
        assert states == {offer.id: offer.state for offer in self.model.offers}, "invitations"
        accepted = {offer.id: offer for offer in self.model.offers if offer.state == "accepted"}
        live = AdministrationGrant.objects.live(self.model.now)
        assert {row.pk for row in live} == {
            grant.id for grant in self.model.grants if grant.is_live(self.model.now)
        }, "grants"
        for row in live.prefetch_related("roles"):
            assert row.starts_at <= row.expires_at <= row.starts_at + LONGEST_GRANT
            assert row.invitation_id in accepted
            assert accepted[row.invitation_id].roles

    @invariant()
    def subscriptions_are_their_events_and_the_model(self) -> None:
        """I-11, I-23."""
        rows = {row.pk: row for row in Subscription.objects.all()}
        assert rows.keys() == {sold.id for sold in self.model.sold}
        for sold in self.model.sold:
            row = rows[sold.id]
            wanted = (sold.state, sold.quantity, sold.auto_renew)
            assert (row.state, row.quantity, row.auto_renew) == wanted, "subscription"
            assert fold(row) == {name: event_value(value) for name, value in folded_fields(row).items()}
            assert row.sequence == row.events.count()
        for table in (Subscription, Licence, RelationshipInvitation, AdministrationGrant):
            for pk, tenant_id in table._default_manager.values_list("pk", "tenant_id"):
                assert self.owners.setdefault((table.__name__, pk), tenant_id) == tenant_id

    @invariant()
    def seats_are_never_oversold(self) -> None:
        """I-10."""
        for customer in CUSTOMERS:
            pool = SeatPool.objects.filter(tenant=self.tenant(customer), sku=self.world.shop.office).first()
            holders = list(
                Licence.objects.filter(tenant=self.tenant(customer)).values_list("person_id", flat=True)
            )
            assert set(holders) == self.model.holders[customer], "who has a licence"
            assert len(holders) == len(set(holders))
            if pool is None:
                assert self.model.seats(customer) == 0
                continue
            assert pool.assigned == len(holders), "assigned seats"
            assert pool.seats == self.model.seats(customer), "seats"
            assert pool.suspended == self.model.suspended_seats(customer), "suspended seats"
            assert 0 <= pool.assigned <= pool.seats
            present = Person.objects.present().filter(pk__in=holders).count()
            assert present == len(holders), "somebody who is gone has a licence"

    @invariant()
    def the_log_grows_and_is_genuine(self) -> None:
        """I-18: the digests of what came new are right, and time does not run backwards."""
        new = list(AuditRecord.objects.order_by("pk")[self.logged :])
        assert [row.recorded_at for row in new] == sorted(row.recorded_at for row in new)
        assert all(row.digest == record_digest(row) for row in new)
        self.logged += len(new)

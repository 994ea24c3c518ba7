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

from django.db import connection, transaction
from django.db.models import Model as Table
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.model.model import DAY, KEPT, PRODUCTS, TRIAL_SEATS, WINDOW, Grant, Model, Offer, Sold
from tests.model.world import CAPACITIES, CUSTOMERS, OFFERS, PROVIDERS, RESELLERS, World
from toiya.audit.models import AuditRecord
from toiya.audit.record import record_digest
from toiya.core.actor import Actor
from toiya.core.errors import Refusal
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Capacity, DirectoryAction, DirectoryRole
from toiya.customers.answers import accept_invitation as accept_offer
from toiya.customers.models import RelationshipInvitation
from toiya.customers.relationship_requests import Wish, invite_for_both, request_relationship, revoke
from toiya.customers.relationships import customers_of
from toiya.directory.models import Family, Person, Suspension
from toiya.directory.tenants import restore_partner, suspend_partner
from toiya.fulfilment.models import FulfilmentTask
from toiya.licences.assignment import Done, assign_licence, revoke_licence
from toiya.licences.customer_users import delete_user, disable_user, enable_user, restore_user
from toiya.licences.deleted import erase_deleted_users
from toiya.licences.models import FormerLicence, Licence, SeatPool
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
from toiya.subscriptions.ways_on import convert_trial

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
    FormerLicence,
    Suspension,
    Person,
)
LONGEST_GRANT = 730 * DAY
PICK = st.integers(0, 10_000)
RARELY = st.sampled_from((False, False, False, True))
PARTNERS = PROVIDERS + RESELLERS


def snapshot() -> list[list[str]]:
    """Every row of every table that the rules write, as the database gives it."""
    found = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table._meta.db_table}")  # noqa: S608  (our own tables)
            found.append(sorted(map(str, cursor.fetchall())))
    return found


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
        self.folded: dict[uuid.UUID, int] = {}
        self.actors: dict[tuple[str, dt.datetime, bool], Actor] = {}
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

    def actor(self, name: str) -> Actor:
        """The global administrator of the organisation as they act now; only the clock and the operator change them."""
        key = name, self.model.now, name in self.model.stopped
        if key not in self.actors:
            self.actors[key] = self.world.actor(name)
        return self.actors[key]

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
                self.actor(provider), language="en", named_domain=self.tenant(reseller).domain, roles=()
            ),
            allowed=self.model.may_start(provider),
            what="inviting a reseller",
        )
        if made is None:
            return
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
            offer.is_open(self.model.now)
            and offer.to == reseller
            and pair not in self.model.partnerships
            and self.model.may_start(*pair)
        )
        row = PartnerInvitation.objects.get(pk=offer.id)
        made = self.attempt(
            lambda: accept_invitation(self.actor(reseller), invitation=row, version=row.version, roles=()),
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
                self.actor(pair[by]), partnership=row, reason="over", removes_access=False
            ),
            allowed=True,
            what="ending a partnership",
        )
        del self.model.partnerships[pair]

    # ------------------------------------------------------------ the operator
    @rule(partner=st.sampled_from(PARTNERS), restores=st.booleans())
    def stop(self, partner: str, restores: bool) -> None:  # noqa: FBT001
        """The operator stops a partner, or lets it go on (N-40)."""
        act = restore_partner if restores else suspend_partner
        more = {} if restores else {"reason": "unpaid"}
        done = self.attempt(
            lambda: act(
                self.actor("operator"),
                tenant=self.tenant(partner),
                capacity=CAPACITIES[partner],
                **more,
            ),
            allowed=(partner in self.model.stopped) is restores,
            what=f"{'restoring' if restores else 'stopping'} {partner}",
        )
        if done:
            self.model.stopped ^= {partner}

    @rule(pick=PICK)
    @precondition(lambda self: self.model.sold)
    def stopped_ones_go_on_but_start_nothing(self, pick: int) -> None:
        """What runs can be managed; nothing is added, and what customers lent is not used."""
        sold = self.chosen(self.model.sold, pick)
        self.stop(sold.provider, restores=False)
        self._change(sold, sold.provider, sold.quantity + 1)
        self._set_auto_renew(sold)
        for partner in sorted(sold.chain):
            self.assign(sold.customer, "office", pick, partner)

    # ------------------------------------------------------------ customers
    @rule(
        partner=st.sampled_from(PARTNERS),
        customer=st.sampled_from(CUSTOMERS),
        roles=st.booleans(),
        days=st.sampled_from((1, 10, 60)),
    )
    def ask_customer(self, partner: str, customer: str, roles: bool, days: int) -> None:  # noqa: FBT001
        capacity = Capacity.PROVIDER if partner in PROVIDERS else Capacity.RESELLER
        made = self.attempt(
            lambda: request_relationship(
                self.actor(partner), capacity=capacity, wish=self._wish(customer, capacity, roles, days)
            ),
            allowed=self.model.may_start(partner),
            what="asking a customer",
        )
        if made is None:
            return
        self.model.offers.append(Offer(made.pk, partner, (partner,), customer, made.expires_at, roles))

    @rule(pick=PICK, customer=st.sampled_from(CUSTOMERS))
    @precondition(lambda self: self.model.partnerships)
    def ask_customer_for_both(self, pick: int, customer: str) -> None:
        provider, reseller = self.chosen(sorted(self.model.partnerships), pick)
        row = Partnership.objects.get(pk=self.model.partnerships[provider, reseller])
        made = self.attempt(
            lambda: invite_for_both(
                self.actor(reseller),
                partnership=row,
                wish=self._wish(customer, Capacity.RESELLER, roles=False, days=60),
            ),
            allowed=self.model.may_start(reseller),
            what="asking a customer for both",
        )
        if made is None:
            return
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
            lambda: accept_offer(self.actor(customer), token=token, consent=consent, agreed=True),
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

    @rule(partner=st.sampled_from(PARTNERS), customer=st.sampled_from(CUSTOMERS))
    def accept_too_late(self, partner: str, customer: str) -> None:
        self.ask_customer(partner, customer, roles=False, days=1)
        self.time_passes(DAY)
        self.accept_newest()

    def accept_newest(self) -> None:
        if any(offer.to in CUSTOMERS for offer in self.model.offers):
            self.accept(0, stranger=False, lends=False)

    @rule(partner=st.sampled_from(PARTNERS), customer=st.sampled_from(CUSTOMERS))
    def accept_of_who_was_stopped(self, partner: str, customer: str) -> None:
        self.ask_customer(partner, customer, roles=False, days=10)
        self.stop(partner, restores=False)
        self.accept_newest()

    @rule(pick=PICK, customer=st.sampled_from(CUSTOMERS))
    @precondition(lambda self: self.model.partnerships)
    def accept_both_after_the_end(self, pick: int, customer: str) -> None:
        self.ask_customer_for_both(pick, customer)
        self.end_partnership(pick, by=True)
        self.accept_newest()

    @rule(pick=PICK)
    @precondition(lambda self: self.model.offers)
    def take_offer_back(self, pick: int) -> None:
        offer = self.chosen(self.model.offers, pick)
        actor = self.actor(offer.by)
        if offer.to in RESELLERS:
            partner_row = PartnerInvitation.objects.get(pk=offer.id)
            # What has expired may still be taken back: nobody could use it any more.
            allowed = offer.state == "open" and self.model.may_start(offer.by)
            act: Callable[[], Any] = lambda: revoke_invitation(actor, invitation=partner_row)  # noqa: E731
        else:
            row = RelationshipInvitation.objects.get(pk=offer.id)
            allowed = offer.is_open(self.model.now) and self.model.may_start(offer.by)
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
            lambda: end_relationship(self.actor(partner), relationship=row, reason="over"),
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
            lambda: remove_grant(self.actor(grant.partner if by else grant.customer), grant=row),
            allowed=grant.is_live(self.model.now),
            what="taking a grant back",
        ):
            grant.removed = True

    # ------------------------------------------------------------ subscriptions
    @rule(
        provider=st.sampled_from(PROVIDERS),
        reseller=st.sampled_from((None, *RESELLERS)),
        customer=st.sampled_from(CUSTOMERS),
        offer=st.sampled_from(("office", "office", "office monthly")),
        quantity=st.integers(1, 4),
    )
    def order(self, provider: str, reseller: str | None, customer: str, offer: str, quantity: int) -> None:
        self._buy(provider, reseller, customer, offer, quantity)

    @rule(pick=PICK, quantity=st.sampled_from((TRIAL_SEATS, TRIAL_SEATS, 3)))
    @precondition(lambda self: self.model.relations)
    def try_out(self, pick: int, quantity: int) -> None:
        """A trial, once for each customer, with as many seats as it has."""
        partner, customer = self.chosen(sorted(self.model.relations), pick)
        self._buy(partner if partner in PROVIDERS else "hinode", None, customer, "trial", quantity)

    @rule(pick=PICK, by=PICK, quantity=st.integers(1, 4))
    @precondition(lambda self: any(sold.product == "trial" for sold in self.model.sold))
    def convert(self, pick: int, by: int, quantity: int) -> None:
        sold = self.chosen([one for one in self.model.sold if one.product == "trial"], pick)
        who = self.chosen([*sorted(sold.chain), sold.provider], by)
        trial, office = sold.pool, (sold.customer, "office")
        users = self.model.holders[trial]
        if not self.attempt(
            lambda: convert_trial(
                self.actor(who),
                subscription=self._row(sold),
                availability=self.world.shop.offers["office monthly" if by % 2 else "office"],
                quantity=quantity,
                version=None,
            ),
            allowed=who == sold.provider
            and self.model.may_manage(who, sold)
            and self.model.may_start(who)
            and sold.state == "active"
            and quantity >= len(users),
            what=f"{who} converting a trial",
        ):
            return
        sold.product, sold.quantity, sold.auto_renew = "office", quantity, True
        sold.cancel_until = self.model.now + WINDOW
        if self.model.free(office) >= len(users):
            self.model.holders[office] |= users
        else:
            # Suspended seats are given to nobody: so many come along as find a seat, and nobody else.
            most = self.model.holders[office] | users
            least = self.model.holders[office]
            self.model.holders[office] = self._holders(office)
            assert least <= self.model.holders[office] <= most, "who came along from the trial"
        self.model.holders[trial] = set()

    @rule(pick=PICK, person=PICK)
    @precondition(lambda self: self.model.relations)
    def try_out_and_convert(self, pick: int, person: int) -> None:
        self.try_out(pick, TRIAL_SEATS)
        trials = [sold for sold in self.model.sold if sold.product == "trial" and sold.is_live]
        if trials:
            self.assign(trials[-1].customer, "trial", person, "own")
            self.convert(0, 0, 2)

    @rule(pick=PICK, quantity=st.integers(1, 3))
    @precondition(lambda self: any(sold.product == "office" for sold in self.model.sold))
    def add_on(self, pick: int, quantity: int) -> None:
        """It needs a parent that is active."""
        self._add_on(pick, quantity)

    def _add_on(self, pick: int, quantity: int) -> Sold:
        parent = self.chosen([one for one in self.model.sold if one.product == "office"], pick)
        self._buy(parent.provider, parent.reseller, parent.customer, "archive", quantity, parent=parent)
        return parent  # type: ignore[no-any-return]

    @rule(pick=PICK, quantity=st.integers(1, 3), person=PICK)
    @precondition(lambda self: any(sold.product == "office" for sold in self.model.sold))
    def parent_takes_its_add_on_along(self, pick: int, quantity: int, person: int) -> None:
        parent = self._add_on(pick, quantity)
        self.assign(parent.customer, "archive", person, "own")
        self._cancel(parent, parent.provider)

    @rule(pick=PICK, alone=st.booleans())
    @precondition(lambda self: any(sold.product == "office" for sold in self.model.sold))
    def parent_is_suspended_and_comes_back(self, pick: int, alone: bool) -> None:  # noqa: FBT001
        """With its add-on, unless that was suspended before; meanwhile no add-on is sold for it."""
        parent = self._add_on(pick, 1)
        add_ons = self.model.add_ons(parent)
        if alone and add_ons:
            self._suspend(add_ons[-1], parent.provider)
        self._suspend(parent, parent.provider)
        self._buy(parent.provider, parent.reseller, parent.customer, "archive", 1, parent=parent)
        if add_ons:
            self._reactivate(add_ons[-1], parent.provider)
        self._reactivate(parent, parent.provider)

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

    @rule(pick=PICK, reseller_is_stopped=st.booleans())
    @precondition(lambda self: self.model.partnerships)
    def order_while_a_partner_is_stopped(self, pick: int, reseller_is_stopped: bool) -> None:  # noqa: FBT001
        provider, reseller = self.chosen(sorted(self.model.partnerships), pick)
        stopped = reseller if reseller_is_stopped else provider
        self._buy(provider, reseller, "aoba", "office", 1, between=lambda: self.stop(stopped, restores=False))

    def _buy(
        self,
        provider: str,
        reseller: str | None,
        customer: str,
        offer: str,
        quantity: int,
        *,
        between: Callable[[], None] | None = None,
        parent: Sold | None = None,
    ) -> None:
        product = OFFERS[offer]

        def fill() -> Any:  # noqa: ANN401
            actor = self.actor(provider)
            partner = self.tenant(reseller) if reseller else None
            cart = start_cart(actor, customer=self.tenant(customer), partner=partner)
            wanted = Wanted(
                availability=self.world.shop.offers[offer],
                quantity=quantity,
                parent=self._row(parent) if parent else None,
            )
            add_line(actor, cart=cart, version=cart.version, wanted=wanted)
            return cart

        def submit() -> Any:  # noqa: ANN401
            cart = fill() if between is None else filled
            cart.refresh_from_db()
            key = str(uuid.uuid4())
            return submit_order(self.actor(provider), cart=cart, version=cart.version, key=key)

        filled: Any = None
        if between is not None:
            if not self.model.may_sell(provider, reseller, customer):
                return
            filled = fill()
            between()
        placed = self.attempt(
            submit,
            allowed=self.model.may_sell(provider, reseller, customer)
            and (product != "trial" or (quantity == TRIAL_SEATS and customer not in self.model.tried))
            and (parent is None or parent.state == "active"),
            what=f"{provider} ordering {offer}",
        )
        if placed is None:
            return
        if product == "trial":
            self.model.tried.add(customer)
        line = placed.lines.get()
        assert line.state == OrderLineState.COMPLETED, (line.failure_code, line.failure_en)
        row = Subscription.objects.get(order_id=placed.pk)
        self.model.sold.append(
            Sold(
                row.pk,
                provider,
                reseller,
                customer,
                quantity,
                cancel_until=self.model.now + WINDOW,
                product=product,
                parent=parent,
                auto_renew=product != "trial",
            )
        )

    def _row(self, sold: Sold) -> Subscription:
        return Subscription.objects.get(pk=sold.id)

    @rule(pick=PICK, by=PICK, quantity=st.integers(1, 6))
    @precondition(lambda self: self.model.sold)
    def change(self, pick: int, by: int, quantity: int) -> None:
        sold = self.chosen(self.model.sold, pick)
        self._change(sold, self.chosen(["yamabuki", *sorted(sold.chain), sold.provider], by), quantity)

    def _change(self, sold: Sold, who: str, quantity: int) -> None:
        pool_allows = self.model.seats(sold.pool) + quantity - sold.quantity >= len(
            self.model.holders[sold.pool]
        )
        allowed = (
            who == sold.provider
            and self.model.may_manage(who, sold)
            and sold.state == "active"
            and sold.stands_alone
            and sold.product != "trial"
            and quantity != sold.quantity
            and (
                self.model.may_start(who)
                if quantity > sold.quantity
                else quantity >= self.model.least(sold) and pool_allows
            )
        )
        if not self.attempt(
            lambda: change_quantity(
                self.actor(who), subscription=self._row(sold), quantity=quantity, version=None
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
        self._suspend(sold, self.chosen(["midori", *sorted(sold.chain)], by))

    def _suspend(self, sold: Sold, who: str) -> None:
        if self.attempt(
            lambda: suspend_subscription(
                self.actor(who), subscription=self._row(sold), reason="unpaid", version=None
            ),
            allowed=self.model.may_manage(who, sold) and sold.state == "active",
            what=f"{who} suspending",
        ):
            kept_until = self._today() + KEPT
            sold.suspend(who, kept_until)
            for add_on in self.model.add_ons(sold):
                if add_on.state == "active":
                    add_on.suspend(who, kept_until, with_parent=True)

    @rule(pick=PICK, by=PICK)
    @precondition(lambda self: any(sold.state == "suspended" for sold in self.model.sold))
    def reactivate(self, pick: int, by: int) -> None:
        sold = self.chosen([sold for sold in self.model.sold if sold.state == "suspended"], pick)
        self._reactivate(sold, self.chosen(sorted(sold.chain), by))

    def _is_over(self, sold: Sold) -> bool:
        end = self._row(sold).term_end
        return end is not None and end <= self._today() and not sold.auto_renew

    def _reactivate(self, sold: Sold, who: str) -> None:
        row = self._row(sold)
        if self.attempt(
            lambda: reactivate_subscription(self.actor(who), subscription=row, version=None),
            allowed=self.model.may_manage(who, sold)
            and sold.state == "suspended"
            and who in {sold.provider, sold.suspended_by}
            and sold.stands_alone
            and not self._is_over(sold),
            what=f"{who} reactivating",
        ):
            sold.resume()
            for add_on in self.model.add_ons(sold):
                if add_on.state == "suspended" and add_on.with_parent and not self._is_over(add_on):
                    add_on.resume()

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
        self._cancel(sold, self.chosen([*sorted(sold.chain), sold.provider], by))

    def _cancel(self, sold: Sold, who: str) -> None:
        if self.attempt(
            lambda: cancel_subscription(self.actor(who), subscription=self._row(sold), version=None),
            allowed=who == sold.provider
            and self.model.may_manage(who, sold)
            and sold.is_live
            and self.model.now < sold.cancel_until,
            what=f"{who} cancelling",
        ):
            self.model.end(sold, "deleted")
            self._seats_have_gone(sold.customer)

    @rule(pick=PICK)
    @precondition(lambda self: any(sold.is_live for sold in self.model.sold))
    def stop_renewal(self, pick: int) -> None:
        self._set_auto_renew(self.chosen([sold for sold in self.model.sold if sold.is_live], pick))

    def _set_auto_renew(self, sold: Sold) -> None:
        if self.attempt(
            lambda: set_auto_renew(
                self.actor(sold.provider),
                subscription=self._row(sold),
                auto_renew=not sold.auto_renew,
                version=None,
            ),
            allowed=self.model.may_manage(sold.provider, sold) and sold.is_live and sold.product != "trial",
            what="changing the renewal",
        ):
            sold.auto_renew = not sold.auto_renew

    def _seats_have_gone(self, customer: str) -> None:
        """So many users as have no seat any more lost theirs; which of those assigned together is not foretold."""
        for product in PRODUCTS:
            pool = customer, product
            left = self._holders(pool)
            kept = min(len(self.model.holders[pool]), self.model.seats(pool))
            assert left <= self.model.holders[pool]
            assert len(left) == kept, f"{len(left)} users have a seat, not {kept}"
            self.model.holders[pool] = left

    def _holders(self, pool: tuple[str, str]) -> set[uuid.UUID]:
        sku = getattr(self.world.shop, pool[1])
        rows = Licence.objects.filter(tenant=self.tenant(pool[0]), pool__sku=sku)
        return set(rows.values_list("person_id", flat=True))

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
        ends = {id(sold): self._end_of_term(sold) for sold in self.model.sold if sold.is_live}
        renew_what_is_due()
        for sold in self.model.sold:
            if id(sold) in ends:
                self._has_ended(sold, {ends[id(sold)], ends.get(id(sold.parent), "")} - {""})
        for customer in CUSTOMERS:
            self._seats_have_gone(customer)

    def _end_of_term(self, sold: Sold) -> str:
        """The state in which it ends by itself now, if it does; what goes on begins anew."""
        today = self._today()
        end = self._row(sold).term_end
        is_over = end is not None and end <= today
        if sold.state == "suspended" and sold.kept_until is not None and sold.kept_until <= today:
            return "deleted"
        if is_over and not sold.auto_renew:
            return "expired"
        if is_over and sold.state == "active":
            sold.cancel_until, sold.reduce_until = self.model.now + WINDOW, None
        return ""

    def _has_ended(self, sold: Sold, how: set[str]) -> None:
        """By itself or with its parent, whichever the worker met first."""
        if how:
            sold.state = self._row(sold).state
            assert sold.state in how, f"{sold.product} is {sold.state} at the end of its term, not {how}"

    # ------------------------------------------------------------ users
    @rule(
        customer=st.sampled_from(CUSTOMERS),
        product=st.sampled_from(("office", "office", "archive", "trial")),
        pick=PICK,
        by=st.sampled_from(("own", "own", "kawase", "yamabuki", "hinode")),
    )
    def assign(self, customer: str, product: str, pick: int, by: str) -> None:
        person, who = self.chosen(self.world.users[customer], pick), customer if by == "own" else by
        pool = customer, product
        has, free = person.pk in self.model.holders[pool], self.model.free(pool)
        if has:
            return
        done = self.attempt(
            lambda: assign_licence(
                self.actor(who),
                tenant_id=self.tenant(customer).pk,
                person_id=person.pk,
                sku_id=getattr(self.world.shop, product).pk,
            ),
            allowed=self.model.may_assign(who, customer) and self.model.is_active(person.pk) and free > 0,
            what=f"{who} assigning {product} in {customer} with {free} free",
        )
        if done:
            assert done == Done.ASSIGNED
            self.model.holders[pool].add(person.pk)

    @rule(customer=st.sampled_from(CUSTOMERS))
    def assign_everybody(self, customer: str) -> None:
        """Until there are no seats left, whoever is first."""
        for pick in range(len(self.world.users[customer])):
            self.assign(customer, "office", pick, "own")

    @rule(pick=PICK)
    @precondition(lambda self: self.model.partnerships and self.model.sold)
    def resellers_act_after_the_end(self, pick: int) -> None:
        self.end_partnership(pick, by=False)
        for number in range(2):
            self.suspend(0, number)

    @rule(customer=st.sampled_from(CUSTOMERS), pick=PICK, by=st.sampled_from(("own", "kawase", "midori")))
    def unassign(self, customer: str, pick: int, by: str) -> None:
        held = [
            (person, product)
            for product in PRODUCTS
            for person in self.world.users[customer]
            if person.pk in self.model.holders[customer, product]
        ]
        if not held:
            return
        (person, product), who = self.chosen(held, pick), customer if by == "own" else by
        if self.attempt(
            lambda: revoke_licence(
                self.actor(who),
                tenant_id=self.tenant(customer).pk,
                person_id=person.pk,
                sku_id=getattr(self.world.shop, product).pk,
            ),
            allowed=self.model.may_assign(who, customer),
            what=f"{who} taking a licence in {customer}",
        ):
            self.model.holders[customer, product].remove(person.pk)

    def _user_act(self, customer: str, pick: int, who: str) -> tuple[Person, Any, dict[str, uuid.UUID]]:
        person = self.chosen(self.world.users[customer], pick)
        where = {"tenant_id": self.tenant(customer).pk, "person_id": person.pk}
        return person, self.actor(who), where

    @rule(customer=st.sampled_from(CUSTOMERS), pick=PICK, by=st.sampled_from(("own", "own", "own", "kawase")))
    def delete(self, customer: str, pick: int, by: str) -> None:
        """By the customer's own administrator; who was lent licences cannot."""
        who = customer if by == "own" else by
        person, actor, where = self._user_act(customer, pick, who)
        if self.attempt(
            lambda: delete_user(actor, **where),
            allowed=who == customer and person.pk not in self.model.gone,
            what=f"{who} deleting a user of {customer}",
        ):
            self.model.put_aside(customer, person.pk)
            self.model.gone[person.pk] = self.model.now

    @rule(customer=st.sampled_from(CUSTOMERS), pick=PICK)
    def restore(self, customer: str, pick: int) -> None:
        person, actor, where = self._user_act(customer, pick, customer)
        if self.attempt(
            lambda: restore_user(actor, **where),
            allowed=self.model.can_return(person.pk) and person.pk not in self.model.erased,
            what=f"restoring a user of {customer}",
        ):
            del self.model.gone[person.pk]
            if self.model.is_active(person.pk):
                self.model.give_back(customer, person.pk)

    @rule(customer=st.sampled_from(CUSTOMERS), pick=PICK)
    def disable_or_enable(self, customer: str, pick: int) -> None:
        person, actor, where = self._user_act(customer, pick, customer)
        was_disabled = person.pk in self.model.disabled
        act: Callable[..., object] = enable_user if was_disabled else disable_user
        if not self.attempt(
            lambda: act(actor, **where),
            allowed=person.pk not in self.model.gone,
            what=f"disabling or enabling a user of {customer}",
        ):
            return
        self.model.disabled ^= {person.pk}
        if was_disabled:
            self.model.give_back(customer, person.pk)
        else:
            self.model.put_aside(customer, person.pk)

    @rule(customer=st.sampled_from(CUSTOMERS), pick=PICK, other=PICK, disables=st.booleans())
    def somebody_comes_back(self, customer: str, pick: int, other: int, disables: bool) -> None:  # noqa: FBT001
        """To the licences of before, or to none where somebody else has the last seat."""
        self.assign_everybody(customer)
        if disables:
            self.disable_or_enable(customer, pick)
        else:
            self.delete(customer, pick, "own")
        self.assign(customer, "office", pick, "own")
        self.assign(customer, "office", other, "own")
        if disables:
            self.disable_or_enable(customer, pick)
        else:
            self.restore(customer, pick)

    @rule(customer=st.sampled_from(CUSTOMERS), pick=PICK, days=st.sampled_from((29, 30)))
    def restore_at_the_last_moment(self, customer: str, pick: int, days: int) -> None:
        self.delete(customer, pick, "own")
        self.time_passes(days * DAY)
        self.restore(customer, pick)

    @rule()
    @precondition(lambda self: self.model.gone)
    def users_are_erased(self) -> None:
        """The worker's duty; nobody can tell whether it has come by yet."""
        late = {pk for pk in self.model.gone if not self.model.can_return(pk)} - self.model.erased
        assert erase_deleted_users() == len(late)
        self.model.erased |= late
        for pk in late:
            self.model.former.pop(pk, None)

    # ------------------------------------------------------------ reading
    @rule(who=st.sampled_from(PARTNERS + CUSTOMERS))
    def read(self, who: str) -> None:
        """Somebody looks; nothing changes (I-24), and nobody sees what is not theirs (I-01, I-02)."""
        before, actor, model = snapshot(), self.actor(who), self.model
        seen = set(Subscription.objects.visible_to(actor).values_list("pk", flat=True))
        assert seen == model.sees(who), f"{who} sees other subscriptions than its own"
        if who not in CUSTOMERS:
            served = {row.customer.pk for row in customers_of(actor)}
            assert served == {self.tenant(name).pk for partner, name in model.relations if partner == who}
        for customer in CUSTOMERS:
            if who == customer:
                continue
            pk = self.tenant(customer).pk
            trades = (who, customer) in model.relations and model.may_start(who)
            assert may_trade(actor, pk) == trades, f"whether {who} trades with {customer}"
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
            wanted = (sold.state, sold.quantity, sold.auto_renew, sold.with_parent and sold.is_live)
            found = (row.state, row.quantity, row.auto_renew, row.suspended_with_parent and sold.is_live)
            assert found == wanted, f"{sold.product}"
            assert row.parent_id == (sold.parent.id if sold.parent else None)
            assert sold.state != "active" or sold.stands_alone, "an add-on is active without its parent"
            if self.folded.get(row.pk) == row.version:
                continue
            self.folded[row.pk] = row.version
            assert fold(row) == {name: event_value(value) for name, value in folded_fields(row).items()}
            assert row.sequence == row.events.count()
        for table in (Subscription, Licence, RelationshipInvitation, AdministrationGrant):
            for pk, tenant_id in table._default_manager.values_list("pk", "tenant_id"):
                assert self.owners.setdefault((table.__name__, pk), tenant_id) == tenant_id

    @invariant()
    def seats_are_never_oversold(self) -> None:
        """I-10: counted is what is held, by users who are there and not disabled, and it is covered."""
        names = {tenant.pk: name for name, tenant in self.world.tenants.items()}
        products = {getattr(self.world.shop, product).pk: product for product in PRODUCTS}
        held: dict[tuple[str, str], list[uuid.UUID]] = {
            (customer, product): [] for customer in CUSTOMERS for product in PRODUCTS
        }
        for tenant_id, sku_id, person_id in Licence.objects.values_list(
            "tenant_id", "pool__sku_id", "person_id"
        ):
            held[names[tenant_id], products[sku_id]].append(person_id)
        pools = {(names[row.tenant_id], products[row.sku_id]): row for row in SeatPool.objects.all()}
        for pool, holders in held.items():
            assert set(holders) == self.model.holders[pool], f"who has {pool}"
            assert len(holders) == len(set(holders))
            assert all(self.model.is_active(person) for person in holders), (
                "somebody who is gone has a licence"
            )
            row = pools.get(pool)
            if row is None:
                assert self.model.seats(pool) == 0
                continue
            assert row.assigned == len(holders), "assigned seats"
            assert row.seats == self.model.seats(pool), "seats"
            assert row.suspended == self.model.suspended_seats(pool), "suspended seats"
            assert 0 <= row.assigned <= row.seats

    @invariant()
    def users_and_partners_are_as_the_model_says(self) -> None:
        """Who is there, what they had before, and who is stopped."""
        users = [person.pk for people in self.world.users.values() for person in people]
        rows = {row.pk: row for row in Person.objects.filter(pk__in=users)}
        for pk in set(users) - self.model.erased:
            found = (rows[pk].deleted_at, rows[pk].disabled_at is not None)
            assert found == (self.model.gone.get(pk), pk in self.model.disabled), "user"
        products = {getattr(self.world.shop, product).pk: product for product in PRODUCTS}
        former = {
            (person, products[sku])
            for person, sku in FormerLicence.objects.values_list("person_id", "sku_id")
        }
        assert former == {(pk, product) for pk, names in self.model.former.items() for product in names}
        stopped = set(Suspension.objects.filter(lifted_at=None).values_list("tenant_id", flat=True))
        assert stopped == {self.tenant(name).pk for name in self.model.stopped}, "stopped partners"

    @invariant()
    def the_log_grows_and_is_genuine(self) -> None:
        """I-18: the digests of what came new are right, and time does not run backwards."""
        new = list(AuditRecord.objects.order_by("pk")[self.logged :])
        assert [row.recorded_at for row in new] == sorted(row.recorded_at for row in new)
        assert all(row.digest == record_digest(row) for row in new)
        self.logged += len(new)

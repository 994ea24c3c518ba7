"""The model: what should be true, in plain Python, from the rules of the programme alone. It knows nothing of Toiya."""

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass, field

DAY = dt.timedelta(days=1)
WINDOW = 7 * DAY
KEPT = 90 * DAY
RESTORABLE = 30 * DAY
PRODUCTS = ("office", "trial", "archive")
TRIAL_SEATS = 25
Pair = tuple[str, str]
Seats = tuple[str, str]


@dataclass
class Offer:
    """An invitation: of a provider to a reseller, or of one or two partners to a customer."""

    id: uuid.UUID
    by: str
    parties: tuple[str, ...]
    to: str
    until: dt.datetime
    roles: bool = False
    state: str = "open"

    def is_open(self, now: dt.datetime) -> bool:
        """Whether it can be answered at this instant."""
        return self.state == "open" and now < self.until


@dataclass
class Grant:
    """A customer lends a partner the administration of its licences."""

    id: uuid.UUID
    customer: str
    partner: str
    until: dt.datetime
    removed: bool = False

    def is_live(self, now: dt.datetime) -> bool:
        """Whether it has not ended at this instant."""
        return not self.removed and now < self.until


@dataclass
class Sold:
    """A subscription; an add-on has a parent."""

    id: uuid.UUID
    provider: str
    reseller: str | None
    customer: str
    quantity: int
    cancel_until: dt.datetime
    product: str = "office"
    parent: "Sold | None" = None
    state: str = "active"
    auto_renew: bool = True
    suspended_by: str = ""
    with_parent: bool = False
    kept_until: dt.date | None = None
    reduce_until: dt.datetime | None = None
    floor: int = 0

    @property
    def chain(self) -> set[str]:
        """Who sells it."""
        return {self.provider, *([self.reseller] if self.reseller else [])}

    @property
    def pool(self) -> Seats:
        """Where its seats are."""
        return self.customer, self.product

    @property
    def is_live(self) -> bool:
        """Whether it has not ended; so long its seats are in the pool."""
        return self.state in {"active", "suspended"}

    @property
    def stands_alone(self) -> bool:
        """Whether nothing above it is suspended."""
        return self.parent is None or self.parent.state == "active"

    def suspend(self, who: str, kept_until: dt.date, *, with_parent: bool = False) -> None:
        """Nobody uses it any more; what is kept is kept for a while."""
        self.state, self.suspended_by, self.kept_until = "suspended", who, kept_until
        self.with_parent = with_parent

    def resume(self) -> None:
        """As before."""
        self.state, self.kept_until, self.with_parent = "active", None, False


@dataclass
class Model:
    """Everything that counts."""

    now: dt.datetime
    partnerships: dict[Pair, uuid.UUID] = field(default_factory=dict)
    relations: set[Pair] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    offers: list[Offer] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    sold: list[Sold] = field(default_factory=list)
    holders: defaultdict[Seats, set[uuid.UUID]] = field(default_factory=lambda: defaultdict(set))
    gone: dict[uuid.UUID, dt.datetime] = field(default_factory=dict)
    erased: set[uuid.UUID] = field(default_factory=set)
    disabled: set[uuid.UUID] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    former: defaultdict[uuid.UUID, set[str]] = field(default_factory=lambda: defaultdict(set))

    # ------------------------------------------------------------ the formula of rights
    def may_start(self, *partners: str | None) -> bool:
        """Whom the operator has stopped starts nothing new, and nobody starts anything with it."""
        return not self.stopped & set(partners)

    def may_accept(self, offer: Offer, who: str) -> bool:
        """A customer consents: the offer is open, nobody in it is stopped, and where one partner asks for another they
        work together.
        """
        together = len(offer.parties) < 2 or self.are_partners(offer.parties)
        return (
            offer.is_open(self.now)
            and who == offer.to
            and together
            and self.may_start(offer.by, *offer.parties)
        )

    def are_partners(self, parties: tuple[str, ...]) -> bool:
        """Relation 1, whoever is named first."""
        one, other = parties
        return (one, other) in self.partnerships or (other, one) in self.partnerships

    def may_sell(self, provider: str, reseller: str | None, customer: str) -> bool:
        """Relation 2 for everybody who sells, and relation 1 where a reseller is named."""
        if (provider, customer) not in self.relations or not self.may_start(provider, reseller):
            return False
        if reseller is None:
            return True
        return (reseller, customer) in self.relations and (provider, reseller) in self.partnerships

    def may_manage(self, who: str, sold: Sold) -> bool:
        """Who sells it, while serving the customer; a reseller also needs its provider. A stopped one goes on."""
        if who not in sold.chain or (who, sold.customer) not in self.relations:
            return False
        return who == sold.provider or (sold.provider, who) in self.partnerships

    def may_assign(self, who: str, customer: str) -> bool:
        """The customer's own administrator, or whom it lent that to and nobody has stopped."""
        return who == customer or (
            self.may_start(who)
            and any(
                grant.customer == customer and grant.partner == who and grant.is_live(self.now)
                for grant in self.grants
            )
        )

    def sees(self, who: str) -> set[uuid.UUID]:
        """The subscriptions that an organisation can see."""
        return {
            sold.id
            for sold in self.sold
            if who == sold.customer or (who in sold.chain and (who, sold.customer) in self.relations)
        }

    # ------------------------------------------------------------ subscriptions
    def add_ons(self, sold: Sold) -> list[Sold]:
        """Those that have not ended."""
        return [one for one in self.sold if one.parent is sold and one.is_live]

    def end(self, sold: Sold, state: str) -> None:
        """What ends takes its add-ons along."""
        for one in (sold, *self.add_ons(sold)):
            one.state = state

    def least(self, sold: Sold) -> int:
        """Down to how many it can go now."""
        if self.now < sold.cancel_until:
            return 1
        if sold.reduce_until is not None and self.now < sold.reduce_until:
            return sold.floor
        return sold.quantity

    # ------------------------------------------------------------ seats
    def _pooled(self, pool: Seats) -> list[Sold]:
        return [sold for sold in self.sold if sold.pool == pool and sold.is_live]

    def seats(self, pool: Seats) -> int:
        """All seats of a product that the customer has."""
        return sum(sold.quantity for sold in self._pooled(pool))

    def suspended_seats(self, pool: Seats) -> int:
        """Those of them that are suspended."""
        return sum(sold.quantity for sold in self._pooled(pool) if sold.state == "suspended")

    def free(self, pool: Seats) -> int:
        """How many more users can get one."""
        return self.seats(pool) - self.suspended_seats(pool) - len(self.holders[pool])

    # ------------------------------------------------------------ users
    def is_active(self, person: uuid.UUID) -> bool:
        """Who is there and not disabled; nobody else has a licence."""
        return person not in self.gone and person not in self.disabled

    def can_return(self, person: uuid.UUID) -> bool:
        """Who was deleted comes back within thirty days."""
        return person in self.gone and self.now < self.gone[person] + RESTORABLE

    def put_aside(self, customer: str, person: uuid.UUID) -> None:
        """The user's licences are free; what they had is remembered."""
        for product in PRODUCTS:
            if person in self.holders[customer, product]:
                self.holders[customer, product].remove(person)
                self.former[person].add(product)

    def give_back(self, customer: str, person: uuid.UUID) -> None:
        """What the user had before, where seats are free; then it is forgotten."""
        for product in self.former.pop(person, set()):
            if self.free((customer, product)) > 0:
                self.holders[customer, product].add(person)

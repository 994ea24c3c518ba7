"""The model: what should be true, in plain Python, from the rules of the programme alone. It knows nothing of Toiya."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

DAY = dt.timedelta(days=1)
WINDOW = 7 * DAY
KEPT = 90 * DAY
Pair = tuple[str, str]


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
        """Whether it can be used at this instant."""
        return not self.removed and now < self.until


@dataclass
class Sold:
    """A subscription."""

    id: uuid.UUID
    provider: str
    reseller: str | None
    customer: str
    quantity: int
    cancel_until: dt.datetime
    state: str = "active"
    auto_renew: bool = True
    suspended_by: str = ""
    kept_until: dt.date | None = None
    reduce_until: dt.datetime | None = None
    floor: int = 0

    @property
    def chain(self) -> set[str]:
        """Who sells it."""
        return {self.provider, *([self.reseller] if self.reseller else [])}

    @property
    def has_seats(self) -> bool:
        """Whether its seats are in the customer's pool."""
        return self.state in {"active", "suspended"}


@dataclass
class Model:
    """Everything that counts."""

    now: dt.datetime
    partnerships: dict[Pair, uuid.UUID] = field(default_factory=dict)
    relations: set[Pair] = field(default_factory=set)
    offers: list[Offer] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    sold: list[Sold] = field(default_factory=list)
    holders: dict[str, set[uuid.UUID]] = field(default_factory=lambda: {"aoba": set(), "momiji": set()})

    # ------------------------------------------------------------ the formula of rights
    def may_accept(self, offer: Offer, who: str) -> bool:
        """A customer consents: the offer is open, and where one partner asks for another they work together."""
        together = len(offer.parties) < 2 or self.are_partners(offer.parties)
        return offer.is_open(self.now) and who == offer.to and together

    def are_partners(self, parties: tuple[str, ...]) -> bool:
        """Relation 1, whoever is named first."""
        one, other = parties
        return (one, other) in self.partnerships or (other, one) in self.partnerships

    def may_sell(self, provider: str, reseller: str | None, customer: str) -> bool:
        """Relation 2 for everybody who sells, and relation 1 where a reseller is named."""
        if (provider, customer) not in self.relations:
            return False
        if reseller is None:
            return True
        return (reseller, customer) in self.relations and (provider, reseller) in self.partnerships

    def may_manage(self, who: str, sold: Sold) -> bool:
        """Who sells it, while serving the customer; a reseller also needs its provider."""
        if who not in sold.chain or (who, sold.customer) not in self.relations:
            return False
        return who == sold.provider or (sold.provider, who) in self.partnerships

    def may_assign(self, who: str, customer: str) -> bool:
        """The customer's own administrator, or whom it lent that to."""
        return who == customer or any(
            grant.customer == customer and grant.partner == who and grant.is_live(self.now)
            for grant in self.grants
        )

    def sees(self, who: str) -> set[uuid.UUID]:
        """The subscriptions that an organisation can see."""
        return {
            sold.id
            for sold in self.sold
            if who == sold.customer or (who in sold.chain and (who, sold.customer) in self.relations)
        }

    # ------------------------------------------------------------ seats
    def seats(self, customer: str) -> int:
        """All seats of the customer."""
        return sum(sold.quantity for sold in self.sold if sold.customer == customer and sold.has_seats)

    def suspended_seats(self, customer: str) -> int:
        """Those of them that are suspended."""
        return sum(
            sold.quantity for sold in self.sold if sold.customer == customer and sold.state == "suspended"
        )

    def free(self, customer: str) -> int:
        """How many more users can get one."""
        return self.seats(customer) - self.suspended_seats(customer) - len(self.holders[customer])

    def least(self, sold: Sold) -> int:
        """Down to how many it can go now."""
        if self.now < sold.cancel_until:
            return 1
        if sold.reduce_until is not None and self.now < sold.reduce_until:
            return sold.floor
        return sold.quantity

"""Which kinds of files there are for whom, and what a row of each does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from toiya.bulk.customers import create_customer
from toiya.bulk.devices import bring
from toiya.bulk.invitations import invite
from toiya.bulk.licences import change_licence
from toiya.bulk.models import BulkFile, BulkKind, BulkRow
from toiya.bulk.orders import order
from toiya.bulk.outcome import Outcome
from toiya.bulk.users import create_user
from toiya.core.actor import Actor
from toiya.core.permissions import Permission


class Act(Protocol):
    """Carries a row out, or raises a Refusal. ``rehearse``: it will be rolled back, so send and hash nothing."""

    def __call__(self, actor: Actor, file: BulkFile, row: BulkRow, *, rehearse: bool) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of file needs and does. ``of_customer``: all its rows belong to one customer."""

    permission: Permission
    act: Act | Callable[..., Outcome]
    of_customer: bool = False


KINDS: Mapping[BulkKind, Kind] = {
    BulkKind.CUSTOMERS: Kind(Permission.CUSTOMERS_ADD, create_customer),
    BulkKind.INVITATIONS: Kind(Permission.RELATIONSHIPS_REQUEST, invite),
    BulkKind.USERS: Kind(Permission.ADMINISTER_ON_BEHALF, create_user, of_customer=True),
    BulkKind.LICENCES: Kind(Permission.ADMINISTER_ON_BEHALF, change_licence, of_customer=True),
    BulkKind.ORDERS: Kind(Permission.ORDERS_SUBMIT, order),
    BulkKind.DEVICES: Kind(Permission.DEVICES_MANAGE, bring, of_customer=True),
}


def kinds_for(actor: Actor) -> list[BulkKind]:
    """The kinds that the actor may hand in."""
    return [kind for kind in BulkKind if kind in KINDS and actor.may(KINDS[kind].permission)]

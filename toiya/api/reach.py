"""The things that addresses name, fetched through the actor; what somebody may not see does not exist (404)."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from django.utils.translation import gettext as _

from toiya.api.errors import WireError, told_as
from toiya.api.operations import Call
from toiya.core.errors import NotVisible
from toiya.customers.relationships import relationship_with
from toiya.relations.errors import GrantMissing
from toiya.relations.models import ResellerRelationship
from toiya.subscriptions.models import Subscription
from toiya.subscriptions.rights import subscription_for

T = TypeVar("T")
NO_SUCH_CUSTOMER = 60003
NO_SUCH_SUBSCRIPTION = 20003
NO_SUCH_USER = 60002


def relationship_in(call: Call, customer_id: uuid.UUID) -> ResellerRelationship:
    """The partner's live relationship with the customer. Raises WireError (404, 60003)."""
    with told_as(NO_SUCH_CUSTOMER):
        return relationship_with(call.actor, customer_id)


def subscription_in(call: Call, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> Subscription:
    """The customer's subscription, as far as the partner sees it. Raises WireError (404, 20003)."""
    with told_as(NO_SUCH_SUBSCRIPTION):
        subscription = subscription_for(call.actor, subscription_id)
        if subscription.customer_id != customer_id:
            raise NotVisible
    return subscription


def found_or(code: int, rows: Sequence[T]) -> T:
    """The first row. Raises WireError (404) with this number where there is none."""
    with told_as(code):
        if not rows:
            raise NotVisible
    return rows[0]


@contextmanager
def by_consent() -> Iterator[None]:
    """Inside, somebody who sees the customer is told that its administrators have not let the partner in (403)."""
    try:
        yield
    except GrantMissing as refusal:
        text = _(
            "Your organization has no administrator access to this customer. Ask for it with a relationship request."
        )
        raise WireError(403, 900150, text, "access_missing") from refusal


@contextmanager
def user_of_customer() -> Iterator[None]:
    """Inside, what is missing is a user of the customer (404, 60002), or the customer's consent (403)."""
    with by_consent():
        try:
            yield
        except GrantMissing:
            raise
        except NotVisible as refusal:
            raise WireError(404, NO_SUCH_USER, str(refusal), refusal.code) from refusal

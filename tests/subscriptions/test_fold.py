"""The row of a subscription is the fold of its recorded events (I-11)."""

import pytest

from tests.cast import Cast
from tests.commerce import build_shop, subscribed
from toiya.licences.models import SeatPool
from toiya.subscriptions.lifecycle import event_value, fold, folded_fields
from toiya.subscriptions.models import Subscription, SubscriptionState


@pytest.mark.parametrize("offer", ["office", "trial", "setup", "storage"])
def test_a_new_subscription_is_what_its_events_say(cast: Cast, offer: str) -> None:
    """Planted fault: ``activate_subscription`` that saves the row without ``change``."""
    shop = build_shop(cast)

    made = subscribed(cast, shop, cast.aoba, offer=offer, quantity=25)

    row = Subscription.objects.get(pk=made.pk)
    assert row.state == SubscriptionState.ACTIVE
    assert fold(row) == {name: event_value(value) for name, value in folded_fields(row).items()}
    assert row.sequence == row.events.count() == 2
    assert [pool.seats for pool in SeatPool.objects.all()] == ([25] if offer in {"office", "trial"} else [])

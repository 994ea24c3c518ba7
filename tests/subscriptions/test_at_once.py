"""Two changes at the same version: exactly one of them happens (G-31)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.cast import Cast, actor_of
from tests.subscriptions.story import must_equal_its_events, seats_of, sold
from toiya.core.errors import ChangedMeanwhile
from toiya.subscriptions.models import Subscription
from toiya.subscriptions.quantity import change_quantity


@pytest.mark.goal("G-31")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pairs", [20, pytest.param(1000, marks=pytest.mark.proof)])
def test_of_two_changes_with_the_same_version_exactly_one_wins(cast: Cast, pairs: int) -> None:
    """Planted faults: ``lock`` without its lock and ``change`` without the version in its condition."""
    _shop, subscription = sold(cast)
    mei = actor_of(cast.mei)
    ready = threading.Barrier(2)

    def change(quantity: int, version: int) -> bool:
        try:
            ready.wait()
            change_quantity(mei, subscription=subscription, quantity=quantity, version=version)
        except ChangedMeanwhile:
            return False
        return True

    def leave(_number: int) -> None:
        ready.wait()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for number in range(pairs):
            version = Subscription.objects.get(pk=subscription.pk).version
            quantities = (11 + number % 2, 21 + number % 2)
            won = list(pool.map(change, quantities, (version, version)))
            assert sorted(won) == [False, True]
            row = Subscription.objects.get(pk=subscription.pk)
            assert (row.version, row.quantity) == (version + 1, quantities[won.index(True)])
        list(pool.map(leave, range(2)))

    row = must_equal_its_events(subscription)
    assert seats_of(row)[0] == row.quantity

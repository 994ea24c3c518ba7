"""The connection to PostgreSQL: what comes out is what Django would have made of it, and a dead one is replaced."""

import datetime as dt

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import get_adapters_template

from toiya.core.clock import real_now

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="the engine is PostgreSQL's")


@pytest.mark.django_db
def test_instants_are_what_django_makes_of_them() -> None:
    """The same instant, in UTC, to the microsecond, in the first and the last year."""
    given = [
        dt.datetime(1, 1, 1, tzinfo=dt.UTC),
        real_now(),
        dt.datetime(9999, 12, 31, 23, 59, 59, 999999, dt.UTC),
    ]
    told = ", ".join(["%s::timestamptz"] * len(given))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {told}", given)
        ours = cursor.fetchone()
        theirs = connection.connection.cursor()
        theirs.adapters.register_loader(
            "timestamptz", get_adapters_template(True, dt.UTC).get_loader(1184, 0)
        )
        assert ours == theirs.execute(f"SELECT {told}", given).fetchone() == tuple(given)
        assert {value.tzinfo for value in ours} == {dt.UTC}


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_replaced() -> None:
    """Between two requests the server ends the connection; the next request has a new one.

    Planted fault: ``is_usable`` that never looks.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (first,) = cursor.fetchone()
    assert connection.is_usable()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        assert cursor.fetchone() == (True,)
    other.close()

    assert not connection.is_usable()
    connection.close_if_unusable_or_obsolete()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != (first,)

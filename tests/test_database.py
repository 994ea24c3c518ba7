"""The connection to PostgreSQL: what comes out is what Django would have made of it, and a dead one is replaced."""

import datetime as dt
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, connections, transaction
from django.db.backends.postgresql.psycopg_any import get_adapters_template
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from toiya.core.clock import real_now
from toiya.core.prepared import rows_of

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


@pytest.mark.django_db
def test_statements_without_django_in_between_fail_as_its_own_do() -> None:
    """Planted faults: ``rows_of`` without its error wrapper, or in a transaction that is broken already."""
    assert rows_of("SELECT %s::int, 'x'", [1]) == [(1, "x")]

    with pytest.raises(DataError), transaction.atomic():
        rows_of("SELECT 1 / %s::int", [0])
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic(durable=False, savepoint=False):
            rows_of("INSERT INTO directory_family (id) VALUES (gen_random_uuid()) RETURNING id", [])
        with pytest.raises(TransactionManagementError):
            rows_of("SELECT 1", [])
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_whoever_listens_hears_of_every_statement() -> None:
    """Planted fault: ``rows_of`` that goes to the driver also where statements are noted or wrapped."""
    heard: list[str] = []

    def listen(execute: Any, sql: str, *rest: Any) -> Any:  # noqa: ANN401
        heard.append(sql)
        return execute(sql, *rest)

    with CaptureQueriesContext(connection) as noted:
        rows_of("SELECT 1", [])
    with connection.execute_wrapper(listen):
        rows_of("SELECT 2", [])

    assert [entry["sql"] for entry in noted.captured_queries] == ["SELECT 1"]
    assert heard == ["SELECT 2"]

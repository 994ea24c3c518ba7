"""PostgreSQL as Django speaks to it, with three things done more cheaply (docs/adr, "Prepared questions").

- Instants are read by the driver's compiled loader. Django puts one of its own in its place, written in Python, to set
  the connection's time zone; ours is UTC, and so is what the compiled one answers with.
- A connection that a request takes over is asked whether it still lives only where something has come in on it: a
  server that stops, or is put behind another, says so or closes it. Without that the question would be answered yes.
- A prepared question is handed to the driver as it is (``rows_of``), where nobody listens to what is asked.
"""

import select
from collections.abc import Sequence
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from psycopg.adapt import AdaptersMap
from psycopg.postgres import types
from psycopg.pq import Format

INSTANT = types["timestamptz"].oid


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with the driver's own way of reading instants. Raises ImproperlyConfigured for another zone."""
        if self.timezone_name != "UTC":
            raise ImproperlyConfigured(f"The database speaks UTC, not “{self.timezone_name}”.")
        params: dict[str, Any] = super().get_connection_params()
        loader = psycopg.adapters.get_loader(INSTANT, Format.TEXT)
        context = AdaptersMap(params["context"])
        if loader is not None:
            context.register_loader("timestamptz", loader)
        return params | {"context": context}

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ANN401  (the driver's cursor)
        """A cursor as the connection makes it; one with a name stays on the server."""
        if name is None:
            return self.connection.cursor()
        return self.connection.cursor(name, scrollable=False, withhold=self.connection.autocommit)

    def rows_of(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """All rows of one statement; errors and broken transactions are told as Django tells them."""
        if self.queries_logged or self.execute_wrappers:
            with self.cursor() as cursor:
                cursor.execute(sql, parameters)
                watched: list[tuple[Any, ...]] = cursor.fetchall()
                return watched
        self.validate_thread_sharing()
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            rows: list[tuple[Any, ...]] = self.connection.cursor().execute(sql, parameters).fetchall()
            return rows

    def is_usable(self) -> bool:
        """Whether the connection lives, before a request uses it again."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return True if not poll.poll(0) else bool(super().is_usable())

"""Tables whose rows the database itself lets nobody change or remove, whoever asks."""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

ACTS = ("update", "delete", "truncate")


@dataclass(frozen=True, slots=True)
class AppendOnly:
    """Triggers on ``tables``, which answer ``refusal``; on PostgreSQL they call ``function``. Rows that meet the
    condition ``removable`` (SQL, on ``OLD``) may go, one by one; none is ever changed.
    """

    tables: tuple[str, ...]
    function: str
    refusal: str
    removable: str = ""

    def guard(self, connection: BaseDatabaseWrapper) -> None:
        """Put the triggers on. A migration that rebuilds one of the tables on SQLite has to call this again."""
        is_postgresql = connection.vendor == "postgresql"
        with connection.cursor() as cursor:
            if is_postgresql:
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN RAISE EXCEPTION '{self.refusal}' USING ERRCODE = 'restrict_violation'; END $$"
                )
            for table in self.tables:
                for statement in self._on_postgresql(table) if is_postgresql else self._on_sqlite(table):
                    cursor.execute(statement)

    def unguard(self, connection: BaseDatabaseWrapper) -> None:
        """Take the triggers off: for undoing the migration, and for tests that tamper."""
        with connection.cursor() as cursor:
            for table in self.tables:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                for act in ACTS:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}{on}")

    def _on_postgresql(self, table: str) -> list[str]:
        rows = f"ROW WHEN (NOT {self.removable})" if self.removable else "STATEMENT"
        return [
            f"CREATE OR REPLACE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
            f"FOR EACH {rows if act == 'delete' else 'STATEMENT'} EXECUTE FUNCTION {self.function}()"
            for act in ACTS
        ]

    def _on_sqlite(self, table: str) -> list[str]:
        """SQLite has no TRUNCATE, and each of its triggers is for each row."""
        but = f"WHEN NOT {self.removable} " if self.removable else ""
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act.upper()} ON {table} "
            f"{but if act == 'delete' else ''}BEGIN SELECT RAISE(ABORT, '{self.refusal}'); END"
            for act in ("update", "delete")
        ]

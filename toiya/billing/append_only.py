"""The database itself refuses to change an invoice that was issued, whoever asks (I-16).

Those of a sandbox may be removed, since a sandbox is taken down whole; no invoice is ever changed.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("billing_invoice", "billing_invoiceline", "billing_invoicetax")
REFUSAL = "an invoice that was issued never changes"


def guard_invoices(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on. A migration that rebuilds one of the tables on SQLite has to call this again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION invoices_are_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
            )
        for table in TABLES:
            for statement in _triggers(connection.vendor, table):
                cursor.execute(statement)


def unguard_invoices(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off: for undoing the migration, and for tests that tamper."""
    with connection.cursor() as cursor:
        for table in TABLES:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for act in ("update", "delete", "truncate"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}{on}")


def take_from_application(connection: BaseDatabaseWrapper, role: str) -> None:
    """The role that serves and works reads and adds invoices, and takes down those of a sandbox. On PostgreSQL, after
    ``audit.append_only.admit_application``.
    """
    tables = ", ".join(TABLES)
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE UPDATE, TRUNCATE ON {tables} FROM {connection.ops.quote_name(role)}")


def _triggers(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        call = "EXECUTE FUNCTION invoices_are_append_only()"
        return [
            f"CREATE OR REPLACE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH STATEMENT {call}",
            f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}",
            (
                f"CREATE OR REPLACE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                f"FOR EACH ROW WHEN (NOT OLD.in_sandbox) {call}"
            ),
        ]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} WHEN NOT OLD.in_sandbox {refuse}",
    ]

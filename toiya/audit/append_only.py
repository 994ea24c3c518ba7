"""The database itself refuses to change or remove what the log holds, whoever asks (G-37)."""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("audit_auditrecord", "audit_chainlink", "audit_checkpoint")
REFUSAL = "the activity log is append-only"


def guard_log(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on. A migration that rebuilds one of the tables on SQLite has to call this again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
            )
        for table in TABLES:
            for statement in _triggers(connection.vendor, table):
                cursor.execute(statement)


def unguard_log(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off: for undoing the migration, and for tests that tamper."""
    with connection.cursor() as cursor:
        for table in TABLES:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for act in ("update", "delete", "truncate"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}{on}")


def admit_application(connection: BaseDatabaseWrapper, role: str) -> None:
    """Give the role that serves and works what it needs: all rows, but of the log only reading and adding.

    Called by the owner of the tables after each migration, on PostgreSQL. The role cannot take the triggers off
    either, as that is for the owner.
    """
    name = connection.ops.quote_name(role)
    log = ", ".join(TABLES)
    with connection.cursor() as cursor:
        for statement in (
            f"GRANT USAGE ON SCHEMA public TO {name}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {log} FROM {name}",
        ):
            cursor.execute(statement)


def _triggers(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f"CREATE OR REPLACE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
            for act in ("update", "delete", "truncate")
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for act in ("update", "delete")
    ]

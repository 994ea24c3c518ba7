"""The database itself refuses to change or remove what the log holds, whoever asks (G-37)."""

from django.db.backends.base.base import BaseDatabaseWrapper

from toiya.core.append_only import AppendOnly

TABLES = ("audit_auditrecord", "audit_chainlink", "audit_checkpoint")
LOG = AppendOnly(TABLES, function="audit_is_append_only", refusal="the activity log is append-only")


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

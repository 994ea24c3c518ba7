"""The database itself refuses to change an invoice that was issued, whoever asks (I-16).

Those of a sandbox may be removed, since a sandbox is taken down whole; no invoice is ever changed.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from toiya.core.append_only import AppendOnly

TABLES = ("billing_invoice", "billing_invoiceline", "billing_invoicetax")
INVOICES = AppendOnly(
    TABLES,
    function="invoices_are_append_only",
    refusal="an invoice that was issued never changes",
    removable="OLD.in_sandbox",
)


def take_from_application(connection: BaseDatabaseWrapper, role: str) -> None:
    """The role that serves and works reads and adds invoices, and takes down those of a sandbox. On PostgreSQL, after
    ``audit.append_only.admit_application``.
    """
    tables = ", ".join(TABLES)
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE UPDATE, TRUNCATE ON {tables} FROM {connection.ops.quote_name(role)}")

"""Children stay in their parent's tenant: a composite foreign key on both databases (design.md 6).

Django cannot express FOREIGN KEY (tenant_id, parent_id) REFERENCES parent (tenant_id, id); this constraint can.
"""

from typing import Any

from django.apps import apps
from django.db.models.constraints import BaseConstraint

# Django hands over a model and an editor; the stubs also allow None, as the check of constraints does.
Table = Any
Editor = Any


class SameTenant(BaseConstraint):
    """The row named by ``parent`` belongs to the tenant in ``tenant``; the parent needs UNIQUE (its tenant, id)."""

    def __init__(
        self, *, name: str, parent: str, to: str, tenant: str = "tenant", to_tenant: str = "tenant"
    ) -> None:
        super().__init__(name=name)
        self.parent, self.to, self.tenant, self.to_tenant = parent, to, tenant, to_tenant

    def _clause(self, model: Table, editor: Editor) -> str:
        target = apps.get_model(self.to)
        own = [model._meta.get_field(name).column for name in (self.tenant, self.parent)]
        other = [target._meta.get_field(self.to_tenant).column, target._meta.pk.column]
        quote = editor.quote_name
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({', '.join(map(quote, own))}) "
            f"REFERENCES {quote(target._meta.db_table)} ({', '.join(map(quote, other))}) "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model: Table, schema_editor: Editor) -> Any:  # noqa: ANN401
        """The clause inside CREATE TABLE (SQLite); PostgreSQL adds it when the parent's unique key is there."""
        if schema_editor.connection.vendor == "sqlite":
            return self._clause(model, schema_editor)
        return self.create_sql(model, schema_editor)

    def create_sql(self, model: Table, schema_editor: Editor) -> Any:  # noqa: ANN401
        """Queue ALTER TABLE for the end of the migration (SQLite never comes here: it rebuilds the table)."""
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.deferred_sql.append(f"ALTER TABLE {table} ADD {self._clause(model, schema_editor)}")

    def remove_sql(self, model: Table, schema_editor: Editor) -> str:
        """The statement that takes the constraint away."""
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(self, *args: object, **kwargs: object) -> None:
        """The database is the judge."""

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        """How a migration writes this constraint down."""
        kwargs = {"name": self.name, "parent": self.parent, "to": self.to}
        if self.tenant != "tenant":
            kwargs["tenant"] = self.tenant
        if self.to_tenant != "tenant":
            kwargs["to_tenant"] = self.to_tenant
        return "toiya.core.tenancy.SameTenant", (), kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameTenant) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

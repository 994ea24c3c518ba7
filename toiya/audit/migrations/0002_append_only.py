"""The log refuses UPDATE and DELETE on both databases.

On PostgreSQL give the application role INSERT and SELECT only on these tables, and no ownership: an owner could drop
the triggers.
"""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from toiya.audit.append_only import LOG


def forwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    LOG.guard(editor.connection)


def backwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    LOG.unguard(editor.connection)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(forwards, backwards)]

"""Issued invoices refuse UPDATE and DELETE on both databases."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from toiya.billing.append_only import INVOICES


def forwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    INVOICES.guard(editor.connection)


def backwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    INVOICES.unguard(editor.connection)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(forwards, backwards)]

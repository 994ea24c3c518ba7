"""``toiya migrate``: the tables, by their owner where that is a role of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection

from toiya.audit.append_only import admit_application
from toiya.billing.append_only import take_from_application


class Command(Migrate):
    """Django's command; with ``TOIYA_DATABASE_OWNER_URL`` the role of ``TOIYA_DATABASE_URL`` owns nothing (G-37)."""

    def handle(self, *args: object, **options: object) -> None:
        """Migrate, and then let the application in."""
        owner: dict[str, object] | None = settings.DATABASE_OWNER
        if owner is None:
            super().handle(*args, **options)
            return
        role = str(connection.settings_dict["USER"])
        with _as(owner):
            super().handle(*args, **options)
            admit_application(connection, role)
            take_from_application(connection, role)


@contextmanager
def _as(owner: dict[str, object]) -> Iterator[None]:
    application = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict |= {part: owner[part] for part in ("USER", "PASSWORD")}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= {part: application[part] for part in ("USER", "PASSWORD")}

"""What the commands share: they speak the language of the terminal."""

import os

from django.core.management.base import BaseCommand
from django.utils import translation


def terminal_language() -> str:
    """Japanese (ja) for a Japanese terminal, else en."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "ja" if os.environ[name].startswith("ja") else "en"
    return "en"


class SpeakingCommand(BaseCommand):
    """A command whose sentences are in the language of the terminal."""

    requires_system_checks: list[str] = []

    def execute(self, *args: object, **options: object) -> str | None:
        """Run it in that language."""
        with translation.override(terminal_language()):
            return super().execute(*args, **options)

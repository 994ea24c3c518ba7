"""The ``toiya`` command."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run a command: serve, work, migrate, demo, audit, clock …"""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toiya.settings")
    arguments = list(sys.argv)
    if len(arguments) > 1 and not arguments[1].startswith("-"):
        arguments[1] = arguments[1].replace("-", "_")  # found-operator is the module found_operator
    if arguments[1:2] == ["demo"]:
        # The settings are read before the command runs; the demo needs none from whoever starts it.
        os.environ.setdefault("TOIYA_MODE", "demo")
        os.environ.setdefault("TOIYA_ORIGIN", f"http://localhost:{os.environ.get('PORT') or '8000'}")
    execute_from_command_line(arguments)

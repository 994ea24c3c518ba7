"""The ``toiya`` command."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run a command: serve, work, migrate, demo, audit, clock …"""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toiya.settings")
    execute_from_command_line(sys.argv)

"""The ``toiya`` command."""

import os
import sys
from urllib.parse import urlsplit

import django.core.management
from django.core.management import execute_from_command_line, find_commands

from toiya.client import command as remote
from toiya.jobs import management


def main() -> None:
    """Run a command of this installation (serve, work, migrate, demo, audit, clock …), or an operation of a remote one:
    ``toiya customers list``.
    """
    if is_remote(sys.argv[1:]):
        sys.exit(remote.main(sys.argv[1:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toiya.settings")
    arguments = list(sys.argv)
    if len(arguments) > 1 and not arguments[1].startswith("-"):
        arguments[1] = arguments[1].replace("-", "_")  # found-operator is the module found_operator
    if arguments[1:2] == ["demo"]:
        # The settings are read before the command runs; the demo needs none from whoever starts it.
        os.environ.setdefault("TOIYA_MODE", "demo")
        os.environ.setdefault("TOIYA_ORIGIN", f"http://localhost:{os.environ.get('PORT') or '8000'}")
        os.environ.setdefault("TOIYA_OUTBOUND_ALLOW", own_port(os.environ["TOIYA_ORIGIN"]))
    execute_from_command_line(arguments)


def own_port(origin: str) -> str:
    """Where the demo sends events to itself; none where people reach it from elsewhere."""
    parts = urlsplit(origin)
    return f"127.0.0.1:{parts.port or 80}" if parts.hostname in {"localhost", "127.0.0.1"} else ""


def is_remote(arguments: list[str]) -> bool:
    """Whether a remote installation is meant: what is no command of this one, and whatever follows ``remote``."""
    if not arguments or arguments[0].startswith("-") or arguments[0] == "help":
        return False
    if arguments[0] in remote.OWN:
        return True
    # By the files: who only speaks to a remote installation has no settings for one of their own.
    here = {
        name
        for package in (django.core.management, management)
        for name in find_commands(package.__path__[0])
    }
    return arguments[0].replace("-", "_") not in here

"""``toiya serve``: the web server."""

import os

from django.core.management.base import CommandParser
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from toiya.jobs.command import SpeakingCommand


class Command(SpeakingCommand):
    """All sites on one address; static files included, so that no proxy is needed."""

    help = "Serve all sites."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and with how many processes and threads."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--workers", type=int, default=1, help="processes; as many as there are cores")
        parser.add_argument(
            "--threads", type=int, default=4, help="threads (and database connections) a process"
        )

    def handle(self, *_arguments: object, **options: object) -> None:
        """Run until told to stop. The access log is our own: the server's would write link tokens."""
        server = Server(
            "toiya.wsgi:application",
            address=str(options["host"]),
            port=int(str(options["port"])),
            interface=Interfaces.WSGI,
            workers=int(str(options["workers"])),
            blocking_threads=int(str(options["threads"])),
            websockets=False,
            log_access=False,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
        )
        server.serve()

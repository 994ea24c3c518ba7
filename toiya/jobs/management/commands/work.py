"""``toiya work``: the worker."""

from django.core.management.base import CommandParser

from toiya.jobs.clock import DUTIES
from toiya.jobs.command import SpeakingCommand
from toiya.jobs.worker import Worker


class Command(SpeakingCommand):
    """Sends mails, seals the log, reminds and cleans up, until it is told to stop."""

    help = "Carry out what runs by itself. Any number of workers may run at the same time."

    def add_arguments(self, parser: CommandParser) -> None:
        """Looking, or working once."""
        parser.add_argument(
            "--list", action="store_true", help="only print what runs by itself, and how often"
        )
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")

    def handle(self, *_arguments: object, **options: bool) -> None:
        """Start the loop."""
        if options["list"]:
            for duty in DUTIES:
                self.stdout.write(f"{duty.name:<36} every {duty.every}")
            return
        worker = Worker()
        if options["once"]:
            worker.run_once()
            return
        worker.stop_on_signals()
        worker.run()

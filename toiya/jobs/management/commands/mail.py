"""``toiya mail``: does mail leave this installation?"""

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from toiya.core.clock import real_now
from toiya.core.permissions import Capacity
from toiya.directory.actors import bystander_for
from toiya.directory.models import Tenant
from toiya.jobs.command import SpeakingCommand, terminal_language
from toiya.mail import outbox


class Command(SpeakingCommand):
    """Posts a test message; the worker sends it like any other."""

    help = "Post a test message to an address, to see that mail arrives."

    def add_arguments(self, parser: CommandParser) -> None:
        """To whom."""
        parser.add_argument("act", choices=["test"])
        parser.add_argument("to", metavar="ADDRESS")

    def handle(self, *_arguments: object, **options: str) -> None:
        """Post it."""
        operators = Tenant.objects.filter(tenant_capacities__capacity=Capacity.OPERATOR)
        operator = operators.filter(family__is_sandbox=False).first()
        if operator is None:
            raise CommandError(_("There is no operator yet: run toiya found-operator first."))
        outbox.post(
            bystander_for(operator, kind="command_line"),
            "mail/delivery_test",
            to=options["to"],
            language=terminal_language(),
            context={"requested_at": real_now().isoformat(), "site_link": {"path": "/"}},
        )
        self.stdout.write(_("Posted. The worker (toiya work) sends it within seconds."))

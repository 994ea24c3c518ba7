"""``toiya webhooks``: the certificate that signs what partners' programs are told."""

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from toiya.jobs.command import SpeakingCommand
from toiya.webhooks.keys import certificate_path, renew_own_key, signing_key


class Command(SpeakingCommand):
    """Prints the thumbprint that receivers must trust, and where the certificate is."""

    help = "The certificate of webhooks: print it, or make a new key of our own."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do with it."""
        parser.add_argument("act", choices=["certificate", "renew"])

    def handle(self, *_arguments: object, **options: object) -> None:
        """Do it and say which certificate signs from now on."""
        if options["act"] == "renew":
            if settings.WEBHOOK_KEY_FILE:
                raise CommandError(
                    _("The key is in the file that TOIYA_WEBHOOK_KEY_FILE names; put another one there.")
                )
            renew_own_key()
        thumbprint = signing_key().thumbprint
        self.stdout.write(f"{thumbprint}\n{settings.ORIGIN}{certificate_path(thumbprint)}")

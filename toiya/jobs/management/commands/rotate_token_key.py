"""``toiya rotate_token_key``: another key signs the tokens of the API from now on."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from toiya.core.permissions import Capacity
from toiya.directory.actors import bystander_for
from toiya.directory.models import Tenant
from toiya.jobs.command import SpeakingCommand
from toiya.tokens.keys import rotate_signing_key


class Command(SpeakingCommand):
    """The old key checks what it has signed for another day."""

    help = "Replace the key that signs tokens; programs notice nothing."

    def handle(self, *_arguments: object, **_options: object) -> None:
        """Do it."""
        operator = Tenant.objects.filter(tenant_capacities__capacity=Capacity.OPERATOR).first()
        if operator is None:
            raise CommandError(_("There is no operator yet. Set up the installation first."))
        key = rotate_signing_key(bystander_for(operator, kind="command_line"))
        self.stdout.write(_("Tokens are signed with the key %(key)s from now on.") % {"key": key.pk})

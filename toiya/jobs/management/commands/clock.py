"""``toiya clock``: the business time of a sandbox."""

import datetime as dt
import re

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from toiya.core.errors import Refusal
from toiya.directory.family_clock import move_clock, start_clock, stop_clock
from toiya.directory.models import Family
from toiya.jobs.command import SpeakingCommand

SPAN = re.compile(r"\+?(\d+)(m|h|d|w)")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(SpeakingCommand):
    """Shows, moves, stops and starts the clock of a family."""

    help = "Business time of a family: show it; in a sandbox and in the demo also move, stop and start it."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, with which family."""
        parser.add_argument(
            "act", nargs="?", default="show", choices=["show", "move", "back", "stop", "start", "real"]
        )
        parser.add_argument("span", nargs="?", default="", help="for move and back: 30m, 12h, 3d, 2w")
        parser.add_argument("--family", default="", help="name of the family, where there are several")

    def handle(self, *_arguments: object, **options: str) -> None:
        """Do it, then show the clock."""
        family = self._family(options["family"])
        try:
            match options["act"]:
                case "move":
                    family = move_clock(family, by=_span(options["span"]))
                case "back":
                    family = move_clock(family, by=-_span(options["span"]))
                case "stop":
                    family = stop_clock(family)
                case "start":
                    family = start_clock(family)
                case "real":
                    family = start_clock(family, real=True)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        state = _("stopped") if family.clock_stopped_at else _("running")
        self.stdout.write(f"{family.name}: {family.clock.now():%Y-%m-%d %H:%M:%S} UTC ({state})")

    def _family(self, name: str) -> Family:
        families = Family.objects.filter(name=name) if name else Family.objects.all()
        found = list(families.order_by("name"))
        if len(found) == 1:
            return found[0]
        names = ", ".join(Family.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(_("Name one family with --family: %(names)s.") % {"names": names})


def _span(text: str) -> dt.timedelta:
    found = SPAN.fullmatch(text)
    if found is None:
        raise CommandError(
            _("“%(text)s” is no span of time; it must be a number and m, h, d or w, like 3d.")
            % {"text": text}
        )
    return dt.timedelta(**{UNITS[found[2]]: int(found[1])})

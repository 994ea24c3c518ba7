"""``toiya audit``: seal, sign and verify the activity log."""

from pathlib import Path

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from toiya.audit.checkpoints import key_id, public_key, sign_checkpoints
from toiya.audit.seal import seal_records
from toiya.audit.verify import Report, verify_log
from toiya.jobs.command import SpeakingCommand


class Command(SpeakingCommand):
    """Ends with 1 when the log is not what was written."""

    help = "The activity log: verify it, seal what is new, sign checkpoints, print the public key."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do with the log."""
        parser.add_argument("act", choices=["verify", "seal", "sign", "key"])
        parser.add_argument(
            "--checkpoints",
            type=Path,
            metavar="FILE_OR_FOLDER",
            help="copies of checkpoints that were kept elsewhere",
        )
        parser.add_argument(
            "--key", default="", metavar="HEX", help="public key that was noted down elsewhere"
        )

    def handle(self, *_arguments: object, **options: object) -> None:
        """Do it and say what came of it."""
        match options["act"]:
            case "seal":
                sealed = seal_records(everywhere=True)
                self.stdout.write(
                    ngettext("%(count)d record sealed.", "%(count)d records sealed.", sealed)
                    % {"count": sealed}
                )
            case "sign":
                signed = sign_checkpoints()
                self.stdout.write(
                    ngettext("%(count)d checkpoint signed.", "%(count)d checkpoints signed.", signed)
                    % {"count": signed}
                )
            case "key":
                self.stdout.write(f"{public_key()}\n{key_id(public_key())}")
            case _:
                kept = options["checkpoints"]
                self._tell(
                    verify_log(kept=kept if isinstance(kept, Path) else None, public=str(options["key"]))
                )

    def _tell(self, report: Report) -> None:
        self.stdout.write(
            _("%(chains)d chains, %(records)d sealed records, %(checkpoints)d checkpoints looked at.")
            % {"chains": report.chains, "records": report.records, "checkpoints": report.checkpoints}
        )
        for tail in report.tails:
            self.stdout.write(
                _("Organization %(tenant)s: %(count)d records since %(since)s are not sealed yet.")
                % {"tenant": tail.tenant, "count": tail.count, "since": f"{tail.since:%Y-%m-%d %H:%M:%S} UTC"}
            )
        for finding in report.findings:
            self.stderr.write(str(finding))
        if report.findings:
            raise SystemExit(1)
        self.stdout.write(_("The log says what was written."))

"""``toiya demo``: everything in one command, on this machine, with people to try it as."""

import json
import os
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.db import connection, connections
from django.utils.translation import gettext as _

from toiya.billing.models import Invoice
from toiya.core.permissions import Role
from toiya.directory.demo import DEMO_PASSWORD, demo_secret
from toiya.directory.models import Person, Tenant
from toiya.jobs.command import SpeakingCommand
from toiya.jobs.demo import is_seeded, seed_demo, somebody_else_is_here
from toiya.jobs.demo_cast import AOBA, HINODE, KAWASE, MEMBERSHIP_LOGIN, OPERATOR_DOMAIN, YAMABUKI
from toiya.jobs.demo_programs import listen_here, ready_offer, ready_program
from toiya.jobs.processes import Household, answers, is_free

CREDENTIALS = settings.VAR / "demo" / "credentials.json"
PROGRAMS = {"provider": f"{HINODE.user}@{HINODE.domain}", "reseller": f"{KAWASE.user}@{KAWASE.domain}"}
CAST = {
    "operator": OPERATOR_DOMAIN,
    "provider": HINODE.domain,
    "reseller": KAWASE.domain,
    "customer": AOBA.domain,
}


class Command(SpeakingCommand):
    """Sets up, seeds once, serves and works until it is interrupted; the data stays for the next time."""

    help = "Try Toiya: database, people, web server and worker in one command. PORT=8000 says where."

    def add_arguments(self, parser: CommandParser) -> None:
        """Starting afresh, or only setting up."""
        parser.add_argument("--reset", action="store_true", help="empty the demo first")
        parser.add_argument("--seed-only", action="store_true", help="set up, write the credentials, and end")

    def handle(self, *_arguments: object, **options: bool) -> None:
        """Set up, serve, and clean up behind itself."""
        if not settings.SHOWS_CODES:
            raise CommandError(
                _("TOIYA_MODE is “%(mode)s”; the demo runs with TOIYA_MODE=demo only.")
                % {"mode": settings.MODE}
            )
        port = _port()
        if not options["seed_only"] and not is_free(port):
            raise CommandError(
                _(
                    "Port %(port)d is in use. End what listens there, "
                    "or choose another: PORT=%(next)d make demo"
                )
                % {"port": port, "next": port + 1}
            )
        if options["reset"]:
            _empty()
        self._set_up()
        if not options["seed_only"]:
            connections.close_all()
            self._run(port)

    def _set_up(self) -> None:
        self.stdout.write(_("Preparing the database …"))
        call_command("migrate", verbosity=0)
        if somebody_else_is_here():
            raise CommandError(
                _("This database belongs to a real installation. The demo needs one of its own.")
            )
        if not is_seeded():
            self.stdout.write(_("Inviting the people of the demo …"))
            seed_demo()
        listen_here()
        write_credentials()

    def _run(self, port: int) -> None:
        household = Household()
        household.end_on_signals()
        household.start("serve", "--host", "127.0.0.1", "--port", str(port))
        household.start("work")
        try:
            if household.wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz")):
                self._welcome()
                household.stay()
            if not household.is_ending:
                raise CommandError(
                    _("“%(name)s” ended unexpectedly; its last words stand above.")
                    % {"name": household.missing() or "serve"}
                )
        finally:
            household.end()
        self.stdout.write(
            _("The demo has ended. Its data stays; make demo continues, make demo-reset starts afresh.")
        )

    def _welcome(self) -> None:
        origin = settings.ORIGIN
        self.stdout.write("\n" + _("Toiya is ready: %(url)s") % {"url": f"{origin}/"} + "\n")
        rows = [
            (_("Programme operator"), f"ren@{OPERATOR_DOMAIN}", "/operator/"),
            (_("Indirect provider"), f"mei@{HINODE.domain}", "/dashboard/"),
            (_("Indirect reseller"), f"kai@{KAWASE.domain}", "/dashboard/"),
            (_("Customer"), f"emi@{AOBA.domain}", "/organization/"),
            (_("Newcomer, about to enroll"), f"yui@{YAMABUKI.domain}", "/dashboard/enrolment/"),
        ]
        for who, user_name, path in rows:
            self.stdout.write(f"  {user_name:<22} {origin + path:<44} {who}")
        self.stdout.write("")
        self.stdout.write(_("Password of everybody: %(password)s") % {"password": DEMO_PASSWORD})
        self.stdout.write(_("Membership site: %(name)s, same password") % {"name": MEMBERSHIP_LOGIN})
        self.stdout.write(_("Codes for the second step: %(url)s") % {"url": f"{origin}/mailbox/people/"})
        self.stdout.write(_("Mails that the system sends: %(url)s") % {"url": f"{origin}/mailbox/"})
        self.stdout.write("\n" + _("Ctrl-C ends the demo."))
        self.stdout.flush()


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 65536:  # noqa: PLR2004 (ports)
        raise CommandError(_("PORT is “%(port)s”; it must be a number from 1 to 65535.") % {"port": given})
    return int(given)


def _empty() -> None:
    """Remove the demo's own files: database, checkpoints, credentials."""
    if connection.vendor != "sqlite":
        raise CommandError(
            _("The demo empties only its own SQLite file. Empty the PostgreSQL database yourself.")
        )
    connections.close_all()
    database = Path(str(connection.settings_dict["NAME"]))
    for file in (database, *(database.with_name(database.name + tail) for tail in ("-wal", "-shm"))):
        file.unlink(missing_ok=True)
    shutil.rmtree(settings.CHECKPOINT_FOLDER, ignore_errors=True)
    shutil.rmtree(CREDENTIALS.parent, ignore_errors=True)


def _held_programs() -> dict[str, dict[str, str]]:
    """What the file says already: secrets stand nowhere else."""
    if not CREDENTIALS.exists():
        return {}
    written: dict[str, dict[str, str]] = json.loads(CREDENTIALS.read_text(encoding="utf-8"))["applications"]
    return written


def _invoice(provider: Tenant) -> dict[str, str]:
    """The provider's latest invoice, once there is one."""
    found = Invoice.objects.filter(recipient=provider).order_by("-month", "-number").first()
    return {"invoice": str(found.pk)} if found else {}


def write_credentials() -> None:
    """What a program needs to walk the demo (design.md, outside surface)."""
    held = _held_programs()
    tenants = {kind: Tenant.objects.get(domains__name=domain) for kind, domain in CAST.items()}
    people = (
        Person.objects.active()
        .select_related("tenant")
        .prefetch_related("role_assignments", "tenant__domains")
    )
    content = {
        "base_url": settings.ORIGIN,
        "authority_url": settings.ORIGIN,
        "tenants": {kind: {"id": str(tenant.pk), "domain": CAST[kind]} for kind, tenant in tenants.items()},
        "people": [
            {
                "tenant": person.tenant.domain,
                "name": person.name,
                "user_name": person.user_name,
                "password": DEMO_PASSWORD,
                "totp_secret": demo_secret(person),
                "roles": [role.value for role in Role if role in person.roles],
            }
            for person in people.order_by("tenant__created_at", "created_at", "user_name")
            if person.check_password(DEMO_PASSWORD)
        ],
        "membership": {"user_name": MEMBERSHIP_LOGIN, "password": DEMO_PASSWORD},
        "applications": {
            kind: ready_program(user_name, held.get(kind, {})) for kind, user_name in PROGRAMS.items()
        },
        "ids": {
            "customer": str(tenants["customer"].pk),
            **ready_offer(PROGRAMS["provider"], tenants["customer"]),
            **_invoice(tenants["provider"]),
        },
    }
    CREDENTIALS.parent.mkdir(parents=True, exist_ok=True)
    CREDENTIALS.touch(mode=0o600)
    CREDENTIALS.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

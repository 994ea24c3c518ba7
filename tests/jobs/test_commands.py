"""What the command line says and does."""

import datetime as dt
import io
import json
import logging

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from tests.cast import Cast, actor_of
from toiya.audit.append_only import LOG
from toiya.audit.checkpoints import public_key
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.ids import new_id
from toiya.core.links import Purpose, link_url
from toiya.core.log import configure_logging, without_secrets
from toiya.core.permissions import Capacity
from toiya.directory.models import Family
from toiya.directory.tenants import suspend_partner
from toiya.mail.models import OutgoingMail

DAY = dt.timedelta(days=1)


def run(*command: str) -> tuple[str, int]:
    """What a command prints, and the code it ends with."""
    said = io.StringIO()
    try:
        call_command(*command, stdout=said, stderr=said)
    except SystemExit as end:
        return said.getvalue(), int(str(end.code))
    return said.getvalue(), 0


@pytest.fixture
def log(cast: Cast, settings: LazySettings, tmp_path: object) -> AuditRecord:
    """One change is in the log."""
    settings.CHECKPOINT_FOLDER = tmp_path
    suspend_partner(actor_of(cast.ren), tenant=cast.hinode, capacity=Capacity.PROVIDER, reason="Unpaid")
    return AuditRecord.objects.latest("pk")


def test_audit_names_what_is_not_sealed_yet(log: AuditRecord) -> None:
    said, code = run("audit", "verify")
    assert (code, f"Organization {log.tenant_id}: 1 records since" in said) == (0, True)

    assert run("audit", "seal") == ("1 record sealed.\n", 0)
    assert run("audit", "sign") == ("1 checkpoint signed.\n", 0)
    said, code = run("audit", "verify")
    assert "1 chains, 1 sealed records, 1 checkpoints" in said
    assert "not sealed" not in said


@pytest.mark.parametrize(
    ("terminal", "sentence"), [("en_US.UTF-8", "was changed after"), ("ja_JP.UTF-8", "変更されています")]
)
def test_audit_ends_with_one_when_a_record_was_changed(
    log: AuditRecord, terminal: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", terminal)
    run("audit", "sign")
    assert run("audit", "verify")[1] == 0
    LOG.unguard(connection)
    AuditRecord.objects.filter(pk=log.pk).update(after={"reason": "none"})

    said, code = run("audit", "verify")

    assert (code, str(log.pk) in said, sentence in said) == (1, True, True)


def test_audit_finds_a_truncation_with_the_kept_checkpoints(log: AuditRecord, settings: LazySettings) -> None:
    run("audit", "sign")
    LOG.unguard(connection)
    with connection.cursor() as cursor:
        for table in ("audit_chainlink", "audit_checkpoint", "audit_auditrecord"):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 (our own tables)

    assert run("audit", "verify")[1] == 0
    said, code = run("audit", "verify", "--checkpoints", str(settings.CHECKPOINT_FOLDER))
    assert (code, "newer entries were removed" in said) == (1, True)


def test_audit_prints_the_public_key(db: None) -> None:
    assert run("audit", "key")[0].splitlines()[0] == public_key()


def test_clock_of_a_family_can_be_moved_stopped_and_started(cast: Cast) -> None:
    run("clock", "move", "3d")
    ahead = Family.objects.get().clock.now() - real_now()
    assert abs(ahead - 3 * DAY) < dt.timedelta(minutes=1)
    assert actor_of(cast.mei).now - real_now() > 2 * DAY

    said, _code = run("clock", "stop")
    assert "stopped" in said
    standing = Family.objects.get().clock.now()
    assert Family.objects.get().clock.now() == standing

    run("clock", "back", "1h")
    assert Family.objects.get().clock.now() == standing - dt.timedelta(hours=1)
    run("clock", "start")
    assert abs(Family.objects.get().clock.now() - standing + dt.timedelta(hours=1)) < dt.timedelta(minutes=1)
    run("clock", "real")
    assert abs(Family.objects.get().clock.now() - real_now()) < dt.timedelta(minutes=1)
    assert list(AuditRecord.objects.values_list("action", flat=True)) == ["move_clock"] * 5


def test_clock_of_real_organisations_stays_real_in_production(cast: Cast, settings: LazySettings) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="lives in real time"):
        run("clock", "move", "3d")
    assert Family.objects.get().clock_offset_seconds == 0

    Family.objects.update(is_sandbox=True)
    run("clock", "move", "3d")
    assert Family.objects.get().clock_offset_seconds == 3 * 86400


def test_clock_refuses_what_is_no_span_of_time(cast: Cast) -> None:
    with pytest.raises(CommandError, match="“soon” is no span"):
        run("clock", "move", "soon")


def test_mail_can_be_tested_from_the_command_line(cast: Cast) -> None:
    run("mail", "test", "admin@tsubame.example")

    mail = OutgoingMail.objects.get()
    assert (mail.message, mail.to, mail.tenant_id) == (
        "mail/delivery_test",
        "admin@tsubame.example",
        cast.operator.pk,
    )


@pytest.mark.goal("G-13")
def test_log_lines_hold_no_token_of_a_mailed_link(db: None, capfd: pytest.CaptureFixture[str]) -> None:
    """The planted fault is the address itself: Django's own logger writes the whole path."""
    token = link_url(Purpose.PARTNER_INVITATION, new_id(), 1).rsplit("/", 2)[1]
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure_logging({"as_json": True, "level": "INFO"})
        Client().get(f"/invitations/partnership/{token}/nothing/")
        logging.getLogger("django.request").warning("Not Found: %s", f"/verify/contact/{token}/")
        try:
            raise ValueError(f"/invitations/customer/{token}/")  # noqa: TRY301 (a traceback is what is tested)
        except ValueError:
            logging.getLogger("django.request").exception("failed")
    finally:
        root.handlers, root.level = handlers, level

    written = capfd.readouterr().err
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert len(lines) >= 3
    assert "/verify/contact/***/" in written
    assert "/invitations/customer/***/" in written
    assert token not in written
    assert without_secrets("/dashboard/customers/") == "/dashboard/customers/"

"""The worker: every duty in its turn, whatever becomes of the others."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import time_machine
from django.conf import LazySettings

from tests.cast import Cast, actor_of
from toiya.audit.models import ChainLink, Checkpoint
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity
from toiya.directory.tenants import suspend_partner
from toiya.jobs.clock import DUTIES, HOUR, SECONDS, Duty
from toiya.jobs.worker import Worker
from toiya.mail import outbox
from toiya.partnerships.invitations import invite_reseller, send_invitation
from toiya.requests.turns import take_turn

ROOT = Path(__file__).parent.parent.parent


def test_worker_sends_seals_and_signs(cast: Cast, settings: LazySettings, tmp_path: Path) -> None:
    settings.CHECKPOINT_FOLDER = tmp_path
    suspend_partner(actor_of(cast.ren), tenant=cast.hinode, capacity=Capacity.PROVIDER, reason="Unpaid")
    mail = outbox.post_addressed(
        actor_of(cast.mei),
        "mail/delivery_test",
        to="emi@aoba.example",
        language="en",
        context={"site_link": {"path": "/"}},
    )

    Worker().run_once()

    mail.refresh_from_db()
    assert mail.sent_at is not None
    assert ChainLink.objects.filter(tenant_id=cast.hinode.pk).count() == 1
    assert Checkpoint.objects.filter(tenant_id=cast.hinode.pk, position=1).count() == 1
    assert len(list(tmp_path.glob("*.jsonl"))) == 1


def test_a_duty_that_fails_keeps_no_other_waiting(db: None) -> None:
    done: list[str] = []

    def fail() -> None:
        raise OSError("the disk is full")

    worker = Worker([Duty("fails", SECONDS, fail), Duty("works", SECONDS, lambda: done.append("worked"))])
    worker.run_once()

    assert done == ["worked"]


def test_of_two_workers_one_has_the_turn(db: None) -> None:
    done: list[int] = []
    duty = Duty("once an hour", HOUR, lambda: done.append(1), in_turns=True)

    Worker([duty]).run_once()
    Worker([duty]).run_once()
    assert done == [1]

    with time_machine.travel(real_now() + HOUR + SECONDS):
        Worker([duty]).run_once()
        assert not take_turn(duty.name, every=duty.every)
    assert done == [1, 1]


def test_invitation_that_nobody_answered_is_reminded_of_once(cast: Cast) -> None:
    mei = actor_of(cast.mei)
    invitation = invite_reseller(mei, language="ja", email="contact@kawase.example")
    send_invitation(mei, invitation=invitation, email="contact@kawase.example")
    worker = [duty for duty in DUTIES if duty.name == "remind of partnership invitations"]

    def reminders() -> int:
        Worker(worker).run_once()
        return invitation.sendings.filter(is_reminder=True).count()

    assert reminders() == 0
    with time_machine.travel(invitation.expires_at - dt.timedelta(days=2)):
        assert reminders() == 1
        with time_machine.travel(invitation.expires_at - dt.timedelta(days=1)):
            assert reminders() == 1


def test_worker_ends_on_a_signal_and_signs_before(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TOIYA_")},
        "DJANGO_SETTINGS_MODULE": "toiya.settings",
        "TOIYA_MODE": "demo",
        "TOIYA_VAR": str(tmp_path),
        "TOIYA_LOG_LEVEL": "INFO",
    }
    django = [sys.executable, "-m", "django"]
    subprocess.run([*django, "migrate", "-v0"], env=environment, cwd=ROOT, check=True)
    with subprocess.Popen(
        [*django, "work"], env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stderr is not None
        assert "worker started" in worker.stderr.readline()
        time.sleep(1)
        worker.send_signal(signal.SIGTERM)
        said = worker.stderr.read()
        code = worker.wait(timeout=20)

    assert (code, "worker stopped" in said, "failed" in said) == (0, True, False)

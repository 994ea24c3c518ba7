"""The loop of ``toiya work``."""

import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

import structlog
from django.db import close_old_connections, reset_queries

from toiya.audit.checkpoints import sign_checkpoints
from toiya.core.errors import Refusal
from toiya.jobs.clock import DUTIES, HOUR, Duty
from toiya.requests.turns import take_turn

log = structlog.get_logger(__name__)
REST_SECONDS = 0.5
LONG_REST_SECONDS = 30.0


class Worker:
    """Carries out the duties until told to stop; one that fails does not keep the others waiting."""

    def __init__(self, duties: Sequence[Duty] = DUTIES) -> None:
        self.stopping = threading.Event()
        self._due = dict.fromkeys(duties, 0.0)

    def stop_on_signals(self) -> None:
        """TERM and INT end the loop after the present duty."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.stopping.set()

    def run(self) -> None:
        """Work until stopped, then sign what was sealed."""
        log.info("worker started", duties=len(self._due))
        while not self.stopping.wait(REST_SECONDS):
            close_old_connections()
            self.run_once()
        self._carry_out(Duty("sign checkpoints at the end", HOUR, sign_checkpoints))
        log.info("worker stopped")

    def run_once(self) -> None:
        """Everything that is due now."""
        for duty, due in self._due.items():
            if time.monotonic() < due or self.stopping.is_set():
                continue
            went_well = self._carry_out(duty)
            rest = duty.every.total_seconds()
            if duty.in_turns or not went_well:
                rest = min(rest, LONG_REST_SECONDS)
            self._due[duty] = time.monotonic() + rest

    def _carry_out(self, duty: Duty) -> bool:
        try:
            if not duty.in_turns or take_turn(duty.name, every=duty.every):
                duty.do()
        except Refusal as refusal:
            log.warning("duty refused", duty=duty.name, why=str(refusal))
            return False
        except Exception:
            log.exception("duty failed", duty=duty.name)
            return False
        finally:
            reset_queries()
        return True

"""How many calls an application may make in a minute, together in all processes that serve.

Exact counting is for guesses and mails (limits.py); a statement for each call would cost more than it protects. Here
each process counts in memory, and at every hundredth part of the limit (of 3000 at every 30th call) adds its calls to
the row that all share and reads how many there are: one statement. Between two of these it knows nothing of the
others' calls, so that each process can let through less than one such part beyond the limit; with up to a hundred
calls a minute every single one is told, and the limit is exact.
"""

import datetime as dt
import threading
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from toiya.core.clock import real_now
from toiya.core.errors import Refusal

WINDOW = dt.timedelta(minutes=1)
PARTS = 100  # of the limit; how often in a window a busy process tells and asks the others
ADD = (
    'INSERT INTO requests_limitcounter (key, "window", count) VALUES (%s, %s, %s) '
    'ON CONFLICT (key, "window") DO UPDATE SET count = requests_limitcounter.count + excluded.count RETURNING count'
)


class TooManyCalls(Refusal):
    """The application has used up its calls of this minute."""

    code = "too_many_calls"
    status = 429
    message = _("Too many calls in this minute. Wait for the seconds that Retry-After names.")

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__()


@dataclass(slots=True)
class _Taken:
    """The calls of one application in the present window."""

    told: int = 0  # of all processes, as far as this one knows
    own: int = 0  # of this process, not told to the others yet


class Calls:
    """What one process knows of the calls of the present window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._taken: dict[tuple[uuid.UUID, uuid.UUID], _Taken] = {}

    def take(self, tenant_id: uuid.UUID, application_id: uuid.UUID, *, most: int, now: dt.datetime) -> None:
        """One more call. Raises TooManyCalls with the seconds until the next window."""
        second, seconds = int(now.timestamp()), int(WINDOW.total_seconds())
        window = dt.datetime.fromtimestamp(second // seconds * seconds, dt.UTC)
        refusal = TooManyCalls(seconds - second % seconds)
        with self._lock:
            if window != self._window:
                self._window = window
                self._taken.clear()
            taken = self._taken.setdefault((tenant_id, application_id), _Taken())
            if taken.told + taken.own >= most:
                raise refusal
            taken.own += 1
            if taken.own * PARTS < most:
                return
            fresh, taken.told, taken.own = taken.own, taken.told + taken.own, 0
        # Not under the lock: other applications do not wait for the database.
        together = _add(f"calls:{tenant_id}:{application_id}", window, fresh)
        with self._lock:
            taken.told = max(taken.told, together)
        if together > most:
            raise refusal


def _add(key: str, window: dt.datetime, fresh: int) -> int:
    """The calls of all processes, with these."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, [key, window, fresh])
        return int(cursor.fetchall()[0][0])


_calls = Calls()


def allow(tenant_id: uuid.UUID, application_id: uuid.UUID) -> None:
    """One more call of the application. Raises TooManyCalls with the seconds until the next window."""
    _calls.take(tenant_id, application_id, most=settings.API_CALLS_PER_MINUTE, now=real_now())

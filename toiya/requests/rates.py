"""How many calls an application may make in a minute: counted in memory, one window for each process.

Exact counting is for guesses and mails (limits.py). Here the point is that one client does not take the service from
the others; a count that is a little too generous with several processes does no harm, a statement for each call would.
"""

import datetime as dt
import threading
import uuid

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from toiya.core.clock import real_now
from toiya.core.errors import Refusal

WINDOW = dt.timedelta(minutes=1)


class TooManyCalls(Refusal):
    """The application has used up its calls of this minute."""

    code = "too_many_calls"
    status = 429
    message = _("Too many calls in this minute. Wait for the seconds that Retry-After names.")

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__()


class _Counts:
    """The calls of the present minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._taken: dict[tuple[uuid.UUID, uuid.UUID], int] = {}

    def take(self, who: tuple[uuid.UUID, uuid.UUID], most: int) -> None:
        now = int(real_now().timestamp())
        seconds = int(WINDOW.total_seconds())
        with self._lock:
            if now // seconds != self._window:
                self._window = now // seconds
                self._taken.clear()
            taken = self._taken.get(who, 0) + 1
            self._taken[who] = taken
        if taken > most:
            raise TooManyCalls(seconds - now % seconds)


_counts = _Counts()


def allow(tenant_id: uuid.UUID, application_id: uuid.UUID) -> None:
    """One more call of the application. Raises TooManyCalls with the seconds until the next window."""
    _counts.take((tenant_id, application_id), settings.API_CALLS_PER_MINUTE)

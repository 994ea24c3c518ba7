"""The one place that knows what time it is.

Business time belongs to a family of tenants: real time, or the moved clock of a sandbox. It reaches the business as
``actor.now``. Tokens, second factors, sessions, retries and leases use real time.
"""

import datetime as dt
from dataclasses import dataclass

ZERO = dt.timedelta(0)


def real_now() -> dt.datetime:
    """The present instant in UTC, whatever any sandbox believes."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class FamilyClock:
    """The clock of a family of tenants: real time plus an offset, or stopped at an instant."""

    offset: dt.timedelta = ZERO
    stopped_at: dt.datetime | None = None

    def now(self) -> dt.datetime:
        """The family's business time in UTC."""
        if self.stopped_at is not None:
            return self.stopped_at
        return real_now() + self.offset

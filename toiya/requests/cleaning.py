"""What doors remembered and nobody needs any more."""

import datetime as dt

from toiya.core.clock import real_now
from toiya.requests.models import CacheEntry, LimitCounter, Replay

KEEP_COUNTERS = dt.timedelta(days=2)
KEEP_ANSWERS = dt.timedelta(days=7)


def forget_old_requests() -> int:
    """Remove cache entries that are over, counters of windows that are long past, and answers that no client asks for
    again.
    """
    now = real_now()
    removed = 0
    for rows in (
        CacheEntry.objects.filter(expires__lt=now),
        LimitCounter.objects.filter(window__lt=now - KEEP_COUNTERS),
        Replay.objects.filter(at__lt=now - KEEP_ANSWERS),
    ):
        removed += rows.delete()[0]
    return removed

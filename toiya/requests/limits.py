"""Exact limits: of guesses at passwords and codes, and of mails that the system sends for somebody."""

import datetime as dt
import hashlib

from django.db import transaction
from django.db.models import F

from toiya.core.clock import real_now
from toiya.core.errors import TooManyAttempts
from toiya.requests.models import LimitCounter


def _window(per: dt.timedelta) -> dt.datetime:
    seconds = int(per.total_seconds())
    return dt.datetime.fromtimestamp(int(real_now().timestamp()) // seconds * seconds, dt.UTC)


def take(purpose: str, subject: str, *, limit: int, per: dt.timedelta) -> None:
    """Use one attempt; raises TooManyAttempts when ``limit`` are used up in the present window of real time."""
    key = f"{purpose}:{hashlib.sha256(subject.encode()).hexdigest()[:40]}"
    with transaction.atomic():
        counter, _created = LimitCounter.objects.get_or_create(key=key, window=_window(per))
        taken = LimitCounter.objects.filter(pk=counter.pk, count__lt=limit).update(count=F("count") + 1)
    if not taken:
        raise TooManyAttempts


def give_back(purpose: str, subject: str, *, per: dt.timedelta) -> None:
    """The attempt was a good one: it does not count."""
    key = f"{purpose}:{hashlib.sha256(subject.encode()).hexdigest()[:40]}"
    LimitCounter.objects.filter(key=key, window=_window(per), count__gt=0).update(count=F("count") - 1)

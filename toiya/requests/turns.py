"""Several workers share what runs by itself: each duty is carried out by whoever takes its turn."""

import datetime as dt

from django.db import IntegrityError, transaction

from toiya.core.clock import real_now
from toiya.requests.models import DutyTurn


def take_turn(duty: str, *, every: dt.timedelta) -> bool:
    """Whether the duty is due and this worker is the one to do it. The next turn is ``every`` later (real
    time).
    """
    now = real_now()
    if DutyTurn.objects.filter(duty=duty, due_at__lte=now).update(due_at=now + every):
        return True
    if DutyTurn.objects.filter(duty=duty).exists():
        return False
    try:
        with transaction.atomic():
            DutyTurn.objects.create(duty=duty, due_at=now + every)
    except IntegrityError:
        return False  # another worker was first
    return True

"""Counters that must be exact across processes."""

from typing import ClassVar

from django.db import models


class LimitCounter(models.Model):
    """How often something was tried in one window of real time."""

    key = models.CharField(max_length=200)
    window = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "window"], name="one_counter_per_window")
        ]


class CacheEntry(models.Model):
    """The table of Django's database cache: what several processes must agree on for some minutes (used codes)."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "toiya_cache"


class DutyTurn(models.Model):
    """When a duty of the worker is due next; whoever moves it on has the turn."""

    duty = models.CharField(max_length=60, primary_key=True)
    due_at = models.DateTimeField()


class Replay(models.Model):
    """What a request was answered, so that the same request sent again gets the same answer (G-32).

    ``key``: hash of tenant, application, method, path and request id. ``answer``: readable with the request id alone.
    """

    key = models.CharField(max_length=64, primary_key=True)
    digest = models.CharField(max_length=64)
    answer = models.TextField()
    at = models.DateTimeField(db_index=True)

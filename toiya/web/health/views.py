"""Probes and figures. They tell nothing about anybody: no names, no ids, no versions."""

import hmac
import os

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from toiya.audit.seal import unsealed_records
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.fulfilment.queue import unfinished_tasks
from toiya.mail.outbox import waiting_mails
from toiya.webhooks.delivery import undelivered_events

LOOPBACK = frozenset({"127.0.0.1", "::1"})
BY_PROXY = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer\n", content_type="text/plain", status=503)
    return HttpResponse("ready\n", content_type="text/plain")


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for a collector on this machine or with the token; for others there is no such page."""
    if not (_is_local(request) or _has_token(request)):
        raise NotVisible
    registry = CollectorRegistry()
    waiting, oldest = waiting_mails(real_now())
    unfinished, stuck = unfinished_tasks(real_now())
    undelivered, late = undelivered_events(real_now())
    for name, text, value in (
        ("toiya_mails_waiting", "Mails that the worker has not sent yet", waiting),
        ("toiya_mails_oldest_seconds", "How long the oldest of them has been due", oldest),
        (
            "toiya_audit_unsealed",
            "Entries of the activity log that no chain holds yet",
            unsealed_records(everywhere=False).count(),
        ),
        ("toiya_tasks_unfinished", "Tasks that other systems have not done yet", unfinished),
        ("toiya_tasks_stuck", "Those of them that are in trouble or late", stuck),
        ("toiya_events_waiting", "Events that partners' programs have not accepted yet", undelivered),
        ("toiya_events_late", "Those of them that have waited for more than five minutes", late),
        ("toiya_process_cpu_seconds", "Processor time of this process", sum(os.times()[:2])),
    ):
        Gauge(name, text, registry=registry).set(value)
    return HttpResponse(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_local(request: HttpRequest) -> bool:
    """From this machine itself; what a proxy on this machine hands on comes from elsewhere."""
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not any(name in request.META for name in BY_PROXY)


def _has_token(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())

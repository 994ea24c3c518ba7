"""Mails to the operator's staff about tasks that failed for good."""

import datetime as dt

from django.db.models import Q
from django.utils import translation

from toiya.core.actor import By
from toiya.core.clock import real_now
from toiya.core.permissions import RULES, Permission
from toiya.directory.models import Person
from toiya.fulfilment.models import Connector, FulfilmentTask, TaskKind, Trouble
from toiya.mail import outbox

QUIET = dt.timedelta(hours=1)


def tell_failed(by: By, task: FulfilmentTask) -> None:
    """Those who may repeat tasks are told; of one connector once an hour, for the queue shows the others."""
    now = real_now()
    quiet = Q(failure_told_at__isnull=True) | Q(failure_told_at__lt=now - QUIET)
    if not Connector.objects.filter(quiet, pk=task.connector_id).update(failure_told_at=now):
        return
    staff = Person.objects.active().filter(
        tenant_id=task.tenant_id, role_assignments__role__in=RULES[Permission.FULFILMENT_MANAGE].roles
    )
    for person in staff.distinct().order_by("user_name"):
        with translation.override(person.language):
            words = {"kind": str(TaskKind(task.kind).label), "trouble": str(Trouble(task.trouble).label)}
        outbox.post(
            by,
            "fulfilment/task_failed",
            to=person.contact_email,
            language=person.language,
            subject_id=task.pk,
            context={
                **words,
                "recipient": person.name,
                "connector": task.connector.name,
                "failed_at": now.isoformat(),
                "task_link": {"path": f"/operator/fulfilment/tasks/{task.pk}/"},
                "queue_link": {"path": "/operator/fulfilment/?state=failed"},
            },
        )

"""One stolen session must not touch every customer (T-19): whoever administers many organisations within an hour is
asked for the second factor again, and the log says so.
"""

import datetime as dt
import functools
import uuid
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import SecondFactorStale, TooManyAttempts
from toiya.directory.models import Person
from toiya.relations.rights import rights_in
from toiya.requests import limits

P = ParamSpec("P")
R = TypeVar("R")
ORGANIZATIONS = 20
HOUR = dt.timedelta(hours=1)


def watched(use_case: Callable[P, R]) -> Callable[P, R]:
    """Counts the organisation that a use case with ``actor`` first and ``tenant_id`` acts in.

    Outside the use case's transaction: what is counted stays counted when the act is refused.
    """

    @functools.wraps(use_case)
    def counted(*args: P.args, **kwargs: P.kwargs) -> R:
        watch(cast("Actor", args[0]), cast("uuid.UUID", kwargs["tenant_id"]))
        return use_case(*args, **kwargs)

    return counted


def watch(actor: Actor, tenant_id: uuid.UUID) -> None:
    """The actor is about to change something there. Raises SecondFactorStale from the 21st organisation of an hour
    on, until the second factor was given after the alert.
    """
    if tenant_id == actor.tenant_id or not rights_in(actor, tenant_id):
        return
    try:
        limits.take("administered", f"{actor.person_id}:{tenant_id}", limit=1, per=HOUR)
    except TooManyAttempts:
        return  # counted within this hour already
    try:
        limits.take("organizations", str(actor.person_id), limit=ORGANIZATIONS, per=HOUR)
    except TooManyAttempts:
        _ask_again(actor, tenant_id)


def _ask_again(actor: Actor, tenant_id: uuid.UUID) -> None:
    alerted_at = _alert(actor)
    if actor.second_factor_at is None or actor.second_factor_at <= alerted_at:
        # The next try counts this organisation anew.
        limits.give_back("administered", f"{actor.person_id}:{tenant_id}", per=HOUR)
        raise SecondFactorStale


@transaction.atomic
def _alert(actor: Actor) -> dt.datetime:
    """When the alert of this hour was raised; raised now if there is none yet."""
    person = Person.accounts.select_for_update(no_key=True).get(pk=actor.person_id)
    raised = AuditRecord.objects.filter(
        tenant_id=actor.tenant_id,
        action=AuditAction.ADMINISTER_MANY,
        actor_id=actor.person_id,
        recorded_at__gt=real_now() - HOUR,
    ).order_by("-id")
    entry = raised.first() or record(
        actor,
        AuditAction.ADMINISTER_MANY,
        person,
        tenant_id=actor.tenant_id,
        after={"organizations": ORGANIZATIONS, "user_name": person.user_name},
    )
    return entry.recorded_at

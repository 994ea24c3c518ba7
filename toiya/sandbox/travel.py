"""The worker moves clocks: from one moment at which something is due to the next, never past one."""

import datetime as dt
import uuid
from collections.abc import Callable

import structlog
from django.db import transaction
from django.db.models import Q

from toiya.billing.issuing import bill_family, next_month_end
from toiya.core.clock import real_now
from toiya.core.errors import Refusal
from toiya.customers import sending
from toiya.directory.models import Family
from toiya.licences.deleted import erase_family_users, next_erasure
from toiya.partnerships import invitations
from toiya.relations.grants import next_expiry, tell_all_expired
from toiya.sandbox.clock import let_run
from toiya.sandbox.models import Sandbox
from toiya.subscriptions.digest import next_digest, send_digests
from toiya.subscriptions.renewal import next_term_end, renew_family

log = structlog.get_logger(__name__)
LEASE = dt.timedelta(minutes=10)
AT_MOST = dt.timedelta(seconds=15)
# When something is due next in a family, and what is then done there: what a worker does every day, in its order.
KEEPING_UP: tuple[tuple[Callable[[Family], dt.datetime | None], Callable[[Family], int]], ...] = (
    (next_term_end, renew_family),
    (next_month_end, bill_family),
    (next_expiry, tell_all_expired),
    (invitations.next_reminder, invitations.remind_resellers),
    (sending.next_reminder, sending.remind_family),
    (next_digest, send_digests),
    (next_erasure, erase_family_users),
)


def move_clocks() -> int:
    """Every sandbox whose clock is on its way gets on for a while; says how many stops that took."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=real_now())
    moving = Sandbox.objects.live().filter(free, moving_to__isnull=False)
    return sum(travel(sandbox_id) for sandbox_id in moving.order_by("pk").values_list("pk", flat=True))


def travel(sandbox_id: uuid.UUID) -> int:
    """From stop to stop until the clock has arrived, or the worker's time is up. One worker at a time."""
    started = real_now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=started)
    waiting = Sandbox.objects.live().filter(free, pk=sandbox_id, moving_to__isnull=False)
    if not waiting.update(leased_until=started + LEASE):
        return 0
    stops = 0
    try:
        while (family := _next_stop(sandbox_id)) is not None:
            _keep_up(family)
            stops += 1
            if _arrive(sandbox_id) or real_now() - started > AT_MOST:
                break
    finally:
        Sandbox.objects.filter(pk=sandbox_id).update(leased_until=None)
    return stops


@transaction.atomic
def _next_stop(sandbox_id: uuid.UUID) -> Family | None:
    """The family with its clock at the next moment; None when the sandbox was closed meanwhile."""
    sandbox = _locked(sandbox_id)
    if sandbox is None or sandbox.moving_to is None:
        return None
    family = Family.objects.select_for_update(no_key=True).get(pk=sandbox.family_id)
    now = family.clock.now()
    moments = [moment for next_moment, _do in KEEPING_UP if (moment := next_moment(family)) is not None]
    family.clock_stopped_at = min(
        (moment for moment in moments if now < moment < sandbox.moving_to), default=sandbox.moving_to
    )
    family.save(update_fields=["clock_stopped_at"])
    return family


def _keep_up(family: Family) -> None:
    """What cannot be done now stays due, for the next stop and for the worker's daily round."""
    for _next, do in KEEPING_UP:
        try:
            do(family)
        except Refusal as refusal:
            log.warning("sandbox duty refused", family=str(family.pk), why=str(refusal))


@transaction.atomic
def _arrive(sandbox_id: uuid.UUID) -> bool:
    sandbox = _locked(sandbox_id)
    if sandbox is None or sandbox.moving_to is None:
        return True
    family = Family.objects.select_for_update(no_key=True).get(pk=sandbox.family_id)
    if family.clock.now() < sandbox.moving_to:
        return False
    if sandbox.runs_after:
        let_run(family)
    sandbox.moving_to = None
    sandbox.save(update_fields=["moving_to"])
    return True


def _locked(sandbox_id: uuid.UUID) -> Sandbox | None:
    return Sandbox.objects.select_for_update(no_key=True).live().filter(pk=sandbox_id).first()

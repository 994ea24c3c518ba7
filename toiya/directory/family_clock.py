"""The clock of a family of tenants: in a sandbox it can be moved and stopped, so that a year passes in a
minute.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.clock import real_now
from toiya.core.errors import Refusal
from toiya.directory.actors import bystander_for
from toiya.directory.models import Family, Tenant


class RealTime(Refusal):
    """Contracts, invitations and grants of real organisations end when they end."""

    code = "real_time"
    message = _("This family lives in real time. Only the clock of a sandbox can be moved.")


@transaction.atomic
def move_clock(family: Family, *, by: dt.timedelta) -> Family:
    """The family's business time jumps by this much; a stopped clock jumps and stays stopped."""
    family = _lock(family)
    before = _state(family)
    if family.clock_stopped_at is not None:
        family.clock_stopped_at += by
    family.clock_offset_seconds += int(by.total_seconds())
    return _save(family, before)


@transaction.atomic
def stop_clock(family: Family, *, at: dt.datetime | None = None) -> Family:
    """The family's business time stands still, now or at this instant."""
    family = _lock(family)
    before = _state(family)
    family.clock_stopped_at = at or family.clock.now()
    return _save(family, before)


@transaction.atomic
def start_clock(family: Family, *, real: bool = False) -> Family:
    """A stopped clock runs on from where it stands, or jumps back to real time."""
    family = _lock(family)
    before = _state(family)
    ahead = dt.timedelta() if real else family.clock.now() - real_now()
    family.clock_offset_seconds = round(ahead.total_seconds())
    family.clock_stopped_at = None
    return _save(family, before)


def _lock(family: Family) -> Family:
    if settings.IS_PRODUCTION and not family.is_sandbox:
        raise RealTime
    return Family.objects.select_for_update().get(pk=family.pk)


def _state(family: Family) -> dict[str, object]:
    return {"offset_seconds": family.clock_offset_seconds, "stopped_at": family.clock_stopped_at}


def _save(family: Family, before: dict[str, object]) -> Family:
    family.save(update_fields=["clock_offset_seconds", "clock_stopped_at"])
    tenant = Tenant.objects.filter(family=family).order_by("created_at", "id").first()
    if tenant is not None:
        by = bystander_for(tenant, kind="command_line")
        record(by, AuditAction.MOVE_CLOCK, family, tenant_id=tenant.pk, before=before, after=_state(family))
    return family

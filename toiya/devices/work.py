"""The worker's part: the entries of lists that were handed in, a few at a time.

Each entry is one small transaction in which its state changes by a conditional update, so that none is carried out
twice, whatever is killed when. Whoever handed the list in is read from the database for each: rights that end in the
middle end the rest (T-18).
"""

import dataclasses
import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Q
from django.utils import translation

from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible, Refusal
from toiya.devices.devices import register_device, set_policy
from toiya.devices.models import Entry, EntryState, HandedIn, HandedInQuerySet
from toiya.directory.actors import actor_for
from toiya.directory.models import Person

LEASE = dt.timedelta(minutes=2)
AT_ONCE = 100
AT_MOST = dt.timedelta(seconds=5)


def work_on_devices() -> int:
    """Some entries of each list that waits, the longest waiting first; how many."""
    waiting = _waiting().order_by("created_at").values_list("pk", flat=True)
    return sum(_work_on(list_id) for list_id in list(waiting[:20]))


def _waiting() -> HandedInQuerySet:
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=real_now())
    return HandedIn.objects.filter(free, finished_at__isnull=True)


def _work_on(list_id: uuid.UUID) -> int:
    if not _waiting().filter(pk=list_id).update(leased_until=real_now() + LEASE):
        return 0
    handed_in = HandedIn.objects.select_related("batch").get(pk=list_id)
    waiting = handed_in.entries.filter(state=EntryState.WAITING).order_by("position")
    until, worked = real_now() + AT_MOST, 0
    try:
        for entry in waiting[:AT_ONCE]:
            with translation.override(handed_in.language):
                _carry_out(handed_in, entry)
            worked += 1
            if real_now() > until:
                break
    finally:
        HandedIn.objects.filter(pk=list_id).update(leased_until=None)
    if not waiting.exists():
        open_lists = HandedIn.objects.filter(pk=list_id, finished_at__isnull=True)
        open_lists.update(finished_at=real_now())
    return worked


def _carry_out(handed_in: HandedIn, entry: Entry) -> None:
    HandedIn.objects.filter(pk=handed_in.pk, started_at__isnull=True).update(started_at=real_now())
    entries = Entry.objects.filter(pk=entry.pk, state=EntryState.WAITING)
    try:
        with transaction.atomic():
            if entries.update(state=EntryState.DONE):
                Entry.objects.filter(pk=entry.pk).update(device_id=_act(handed_in, entry))
    except Refusal as refusal:
        entries.update(state=EntryState.FAILED, code=refusal.code, message=str(refusal))


def _act(handed_in: HandedIn, entry: Entry) -> uuid.UUID:
    actor = _whoever_asked(handed_in)
    if handed_in.batch is not None:
        return register_device(actor, batch=handed_in.batch, given=entry.given).pk
    try:
        device_id = uuid.UUID(entry.given.get("device", ""))
    except ValueError as error:
        raise NotVisible from error
    policy_id = entry.given.get("policy", "")
    return set_policy(actor, customer_id=handed_in.customer_id, device_id=device_id, policy_id=policy_id).pk


def _whoever_asked(handed_in: HandedIn) -> Actor:
    """A person or an application, as they are at this moment."""
    account: Person = Person.accounts.select_related("tenant__family").get(pk=handed_in.asked_by_id)
    actor = actor_for(account, language=handed_in.language, second_factor_at=None)
    return dataclasses.replace(actor, application_id=handed_in.application_id)

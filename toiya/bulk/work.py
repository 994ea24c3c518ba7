"""The worker's part: rehearse the rows of a new file, carry out those of a confirmed one, a few at a time.

Each row is one small transaction: the row's state changes in it by a conditional update, so that no row is carried
out twice, whatever is killed when. The uploader is read from the database in it, for each row: rights that end in the
middle end the rest (T-18, T-48).
"""

import dataclasses
import datetime as dt
import uuid

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from toiya.bulk.acts import KINDS
from toiya.bulk.invitations import MAIL_WAITS
from toiya.bulk.models import (
    BulkFile,
    BulkFileQuerySet,
    BulkKind,
    BulkRow,
    BulkRowState,
    BulkState,
)
from toiya.bulk.secrets import encrypt
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible, Refusal, TooManyAttempts
from toiya.customers.models import RelationshipInvitation
from toiya.customers.sending import send_invitation
from toiya.directory.actors import actor_for
from toiya.directory.models import Person
from toiya.tokens.models import Application

LEASE = dt.timedelta(minutes=2)
BATCH = 40
BATCH_SECONDS = 5.0
GOING = (BulkState.CHECKING, BulkState.RUNNING)
NEXT = {BulkState.CHECKING: BulkState.CHECKED, BulkState.RUNNING: BulkState.DONE}
PENDING = {BulkState.CHECKING: BulkRowState.WAITING, BulkState.RUNNING: BulkRowState.READY}


def work_on_files() -> int:
    """Some rows of each file that waits, the longest waiting first; how many rows."""
    worked = 0
    for file_id in list(_waiting().order_by("created_at").values_list("pk", flat=True)[:20]):
        worked += _work_on(file_id)
    return worked


def _waiting() -> BulkFileQuerySet:
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=real_now())
    return BulkFile.objects.filter(free, state__in=GOING)


def _work_on(file_id: uuid.UUID) -> int:
    if not _waiting().filter(pk=file_id).update(leased_until=real_now() + LEASE):
        return 0
    file = BulkFile.objects.select_related("tenant", "uploaded_by").get(pk=file_id)
    state, started = BulkState(file.state), real_now()
    rows = file.rows.filter(state=PENDING[state]).order_by("line")
    worked = 0
    try:
        for row in rows[:BATCH]:
            if not _step(file, row, state):
                break
            worked += 1
            if (real_now() - started).total_seconds() > BATCH_SECONDS:
                break
    finally:
        BulkFile.objects.filter(pk=file_id).update(leased_until=None)
    if not rows.exists():
        BulkFile.objects.filter(pk=file_id, state=state).update(
            state=NEXT[state],
            version=F("version") + 1,
            finished_at=real_now() if state is BulkState.RUNNING else None,
        )
    return worked


def _step(file: BulkFile, row: BulkRow, state: BulkState) -> bool:
    """One row; False where somebody has stopped the file meanwhile."""
    with translation.override(file.language or file.uploaded_by.language):
        verdict = _rehearse(file, row) if state is BulkState.CHECKING else _carry_out(file, row)
    if verdict is None:
        return False
    with transaction.atomic():
        counted = BulkFile.objects.filter(pk=file.pk, state=state).update(done_count=F("done_count") + 1)
        if state is BulkState.CHECKING or verdict[0] is BulkRowState.FAILED:
            pending = BulkRow.objects.filter(pk=row.pk, state=PENDING[state])
            pending.update(state=verdict[0], code=verdict[1], message=verdict[2])
    return bool(counted)


def uploader(file: BulkFile) -> Actor:
    """Whoever handed the file in, a person or an application, as they are at this moment.

    Raises NotVisible for somebody who is gone, and for a program that was disabled or unregistered meanwhile.
    """
    account = Person.accounts.select_related("tenant__family").filter(pk=file.uploaded_by_id).first()
    if account is None or not _is_let_in(file):
        raise NotVisible
    second_factor_at = file.second_factor_at
    if file.state == BulkState.CHECKING:
        second_factor_at = (
            real_now()
        )  # a rehearsal is rolled back; what it would need is asked for at the confirmation
    elif second_factor_at is not None and file.kind in {BulkKind.USERS, BulkKind.CUSTOMERS}:
        # Confirmed with a fresh second factor; a long file is no reason to ask again in the middle.
        second_factor_at = max(second_factor_at, real_now() - dt.timedelta(minutes=10))
    actor = actor_for(account, language=file.language or account.language, second_factor_at=second_factor_at)
    return dataclasses.replace(actor, application_id=file.application_id)


def _is_let_in(file: BulkFile) -> bool:
    """Handed in on a page, or through a program that still opens the API."""
    program = file.application_id
    return program is None or Application.objects.live().filter(pk=program).exists()


Verdict = tuple[BulkRowState, str, str]


def _rehearse(file: BulkFile, row: BulkRow) -> Verdict:
    """What the row would do now: carried out for real, and rolled back."""
    try:
        with transaction.atomic():
            outcome = KINDS[BulkKind(file.kind)].act(uploader(file), file, row, rehearse=True)
            transaction.set_rollback(True)
    except NotVisible:
        return BulkRowState.WRONG, NotVisible.code, _gone()
    except Refusal as refusal:
        return BulkRowState.WRONG, refusal.code, str(refusal)
    state = BulkRowState.READY if outcome.is_new else BulkRowState.UNCHANGED
    return state, outcome.code, outcome.text


def _gone() -> str:
    return _("The customer, or your access to it, is no longer there.")


def _carry_out(file: BulkFile, row: BulkRow) -> Verdict | None:
    """The row's act and its state in one transaction. None: the file was stopped, or the row is another worker's."""
    try:
        with transaction.atomic():
            if not BulkFile.objects.filter(pk=file.pk, state=BulkState.RUNNING).exists():
                return None
            claimed = BulkRow.objects.filter(pk=row.pk, state=BulkRowState.READY)
            if not claimed.update(state=BulkRowState.DONE):
                return None
            outcome = KINDS[BulkKind(file.kind)].act(uploader(file), file, row, rehearse=False)
            state = BulkRowState.DONE if outcome.is_new else BulkRowState.UNCHANGED
            BulkRow.objects.filter(pk=row.pk).update(
                state=state,
                code=outcome.code,
                message=outcome.text,
                subject_id=outcome.subject_id,
                encrypted_secret=encrypt(outcome.secret) if outcome.secret else "",
            )
            return state, outcome.code, outcome.text
    except NotVisible:
        return BulkRowState.FAILED, NotVisible.code, _gone()
    except Refusal as refusal:
        return BulkRowState.FAILED, refusal.code, str(refusal)


def send_waiting_mails() -> int:
    """Mails of invitations that had to wait for the hourly limit, as far as this hour allows."""
    sent, full = 0, set()
    waiting = BulkRow.objects.filter(code=MAIL_WAITS, state=BulkRowState.DONE).select_related("file__tenant")
    for row in waiting.order_by("pk")[:1000]:
        if row.tenant_id in full:
            continue
        invitation = RelationshipInvitation.objects.filter(pk=row.subject_id or row.file_id).first()
        code = ""
        try:
            with transaction.atomic():
                if not BulkRow.objects.filter(pk=row.pk, code=MAIL_WAITS).update(code="", message=""):
                    continue
                if invitation is not None:
                    actor = uploader(row.file)
                    send_invitation(
                        actor, invitation=invitation, text=invitation.message, email=invitation.email
                    )
                    sent += 1
        except TooManyAttempts:
            full.add(row.tenant_id)
        except Refusal as refusal:
            code = refusal.code
            BulkRow.objects.filter(pk=row.pk).update(code=code, message=str(refusal))
    return sent

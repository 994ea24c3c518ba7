"""A file is handed in, looked at, confirmed or stopped; its passwords are downloaded once."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Count, F
from django.utils import translation
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.bulk.acts import KINDS
from toiya.bulk.columns import arranged
from toiya.bulk.errors import AnothersFile, CustomerNeeded, NoPasswords, NothingToDo, NotInThisStep
from toiya.bulk.models import BulkFile, BulkKind, BulkRow, BulkRowState, BulkState
from toiya.bulk.outcome import read_secret
from toiya.bulk.secrets import decrypt
from toiya.bulk.tables import read_table
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.permissions import DirectoryAction
from toiya.directory.models import Tenant
from toiya.licences.access import acts_in, must_act
from toiya.relations.models import ResellerRelationship

LONGEST_NAME = 200
PASSWORDS_LIVE = dt.timedelta(hours=24)


@transaction.atomic
def hand_in(
    actor: Actor, *, kind: BulkKind, name: str, content: bytes, customer_domain: str = ""
) -> BulkFile:
    """The file is read, and its rows wait for the worker to rehearse them; nothing else changes yet.

    Raises RoleMissing, CustomerNeeded, and what tables.py and columns.py refuse.
    """
    actor.must(KINDS[kind].permission)
    customer = _customer(actor, customer_domain) if KINDS[kind].of_customer else None
    table = read_table(content)
    rows, ignored = arranged(kind, table)
    file = BulkFile.objects.create(
        tenant_id=actor.tenant_id,
        customer=customer,
        kind=kind,
        name=" ".join(name.split())[-LONGEST_NAME:] or kind.value,
        encoding=table.encoding,
        ignored_columns=ignored[:20],
        uploaded_by_id=actor.person_id,
        application_id=actor.application_id,
        language=translation.get_language() or actor.language,
        created_at=actor.now,
        row_count=len(rows),
    )
    BulkRow.objects.bulk_create(_rows(file, rows), batch_size=500)
    record(
        actor,
        AuditAction.UPLOAD_FILE,
        file,
        tenant_id=actor.tenant_id,
        customer_id=file.customer_id,
        after={"kind": kind, "rows": len(rows)},
    )
    return file


def _rows(file: BulkFile, rows: Iterable[tuple[int, dict[str, str]]]) -> list[BulkRow]:
    """The rows as they came; one that stands further up already is wrong from the start."""
    seen: dict[tuple[str, ...], int] = {}
    made = []
    for line, cells in rows:
        first = seen.setdefault(tuple(cells.values()), line)
        row = BulkRow(tenant_id=file.tenant_id, file=file, line=line, cells=cells)
        if first != line:
            row.state, row.code = BulkRowState.WRONG, "row_twice"
            row.message = _("The same row stands in line %(line)s already.") % {"line": first}
        made.append(row)
    return made


def _customer(actor: Actor, domain: str) -> Tenant:
    live = ResellerRelationship.objects.of_partner(actor).live().select_related("customer")
    found = live.filter(customer__domains__name=domain.strip().lower()).first()
    if found is None:
        raise CustomerNeeded(found=domain)
    return found.customer


@transaction.atomic
def confirm_file(actor: Actor, *, file: BulkFile, version: int) -> BulkFile:
    """The rows that are ready are carried out from now on, each with the uploader's rights of its moment (T-18).

    Needs a fresh second factor. Raises AnothersFile, SecondFactorStale, NotInThisStep, ChangedMeanwhile, NothingToDo.
    """
    actor.must_be_fresh()
    _own(actor, file)
    if not file.rows.filter(state=BulkRowState.READY).exists():
        raise NothingToDo
    _move(file, version, BulkState.CHECKED, BulkState.RUNNING, confirmed_at=actor.now, done_count=0)
    BulkFile.objects.filter(pk=file.pk).update(
        second_factor_at=actor.second_factor_at,
        row_count=file.rows.filter(state=BulkRowState.READY).count(),
    )
    record(
        actor,
        AuditAction.CONFIRM_FILE,
        file,
        tenant_id=actor.tenant_id,
        customer_id=file.customer_id,
        after={"kind": file.kind},
    )
    return file


@transaction.atomic
def stop_file(actor: Actor, *, file: BulkFile) -> BulkFile:
    """No further row is carried out; what is done stays done. Any colleague who may hand in such a file may stop it.

    Raises NotVisible, RoleMissing, NotInThisStep.
    """
    _visible(actor, file)
    actor.must(KINDS[BulkKind(file.kind)].permission)
    going = [BulkState.CHECKING, BulkState.CHECKED, BulkState.RUNNING]
    stopped = BulkFile.objects.filter(pk=file.pk, state__in=going).update(
        state=BulkState.STOPPED, finished_at=actor.now, version=F("version") + 1
    )
    file.refresh_from_db()
    if not stopped:
        raise NotInThisStep(state=BulkState(file.state).label)
    record(actor, AuditAction.STOP_FILE, file, tenant_id=actor.tenant_id, customer_id=file.customer_id)
    return file


@transaction.atomic
def take_passwords(actor: Actor, *, file: BulkFile) -> list[tuple[str, str, str]]:
    """Names, user names and temporary passwords, once: afterwards nobody can read them any more (N-25).

    Needs a fresh second factor and the rights with which the users were made: what the customer has taken back since
    opens none of its accounts (T-03). Raises AnothersFile, RoleMissing, CapacityMissing, NotVisible where the access
    is gone, NoPasswords; of two downloads at once one gets them.
    """
    actor.must_be_fresh()
    _own(actor, file)
    actor.must(KINDS[BulkKind(file.kind)].permission)
    if file.customer_id is not None:
        must_act(actor, file.customer_id, DirectoryAction.MANAGE_PEOPLE)
    claimed = BulkFile.objects.filter(pk=file.pk, version=file.version).update(version=F("version") + 1)
    if not claimed:
        raise ChangedMeanwhile
    rows = list(file.rows.exclude(encrypted_secret="").order_by("line"))
    if not rows:
        raise NoPasswords
    found = [read_secret(decrypt(row.encrypted_secret)) for row in rows]
    file.rows.exclude(encrypted_secret="").update(encrypted_secret="")
    record(
        actor,
        AuditAction.DOWNLOAD_PASSWORDS,
        file,
        tenant_id=actor.tenant_id,
        customer_id=file.customer_id,
        after={"count": len(found)},
    )
    return found


def may_take_passwords(actor: Actor, file: BulkFile) -> bool:
    """Whether the page offers the download: the rights with which the users were made are still there."""
    if file.customer_id and DirectoryAction.MANAGE_PEOPLE not in acts_in(actor, file.customer_id):
        return False
    return file.uploaded_by_id == actor.person_id and actor.may(KINDS[BulkKind(file.kind)].permission)


def forget_passwords() -> int:
    """Temporary passwords live a day; what nobody downloaded until then is of no use to anybody."""
    old = BulkFile.objects.filter(confirmed_at__lt=real_now() - PASSWORDS_LIVE)
    left = BulkRow.objects.filter(file__in=old).exclude(encrypted_secret="")
    return left.update(encrypted_secret="")


def file_of(actor: Actor, file_id: uuid.UUID) -> BulkFile:
    """One file of the actor's organisation. Raises NotVisible."""
    found = BulkFile.objects.visible_to(actor).select_related("uploaded_by", "customer").filter(pk=file_id)
    file = found.first()
    if file is None:
        raise NotVisible
    return file


def count_of_rows(file: BulkFile) -> Mapping[str, int]:
    """How many rows are in which state."""
    counted = file.rows.order_by().values_list("state").annotate(count=Count("pk"))
    return dict(counted)


def failures(file: BulkFile) -> Iterable[BulkRow]:
    """The rows that were wrong or failed, to be corrected and handed in again."""
    return file.rows.filter(state__in=[BulkRowState.WRONG, BulkRowState.FAILED]).order_by("line")


def _visible(actor: Actor, file: BulkFile) -> None:
    if file.tenant_id != actor.tenant_id:
        raise NotVisible


def _own(actor: Actor, file: BulkFile) -> None:
    _visible(actor, file)
    if file.uploaded_by_id != actor.person_id:
        raise AnothersFile(name=file.uploaded_by.name)


def _move(file: BulkFile, version: int, before: BulkState, after: BulkState, **fields: object) -> None:
    moved = BulkFile.objects.filter(pk=file.pk, state=before, version=version).update(
        state=after, version=F("version") + 1, **fields
    )
    file.refresh_from_db()
    if moved:
        return
    if file.state == before:
        raise ChangedMeanwhile
    raise NotInThisStep(state=BulkState(file.state).label)

"""Rows that put devices on a customer's list, with their policy."""

from django.utils.translation import gettext as _

from toiya.bulk.cells import NONE_SIGN, Cells
from toiya.bulk.models import BulkFile, BulkKind, BulkRow
from toiya.bulk.outcome import Outcome
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.devices.devices import LONGEST, bring_device


def bring(actor: Actor, file: BulkFile, row: BulkRow, *, rehearse: bool) -> Outcome:
    """One device. One that is there already only gets the policy of the row, if the row names one."""
    del rehearse
    cells = Cells(BulkKind.DEVICES, row.cells)
    if file.customer_id is None:
        raise NotVisible
    policy = cells.text("policy")
    brought = bring_device(
        actor,
        customer_id=file.customer_id,
        batch_name=cells.text("batch") or _stem(file.name),
        given={field: cells.text(field, longest=limit) for field, limit in LONGEST.items()},
        policy_name=None if not policy else "" if policy == NONE_SIGN else policy,
    )
    return Outcome(
        is_new=brought.has_changed,
        text="" if brought.is_new else _("It is on the list already."),
        subject_id=brought.device.pk,
    )


def _stem(name: str) -> str:
    """What the file is called, without its ending: the batch of rows that name none."""
    return name.rpartition(".")[0] or name

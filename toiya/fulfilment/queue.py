"""The queue: a task is a row of the change that asks for it; the worker carries it out, or nobody has to."""

import datetime as dt
import uuid
from collections.abc import Mapping

from toiya.core.actor import By
from toiya.core.clock import real_now
from toiya.fulfilment.models import Connector, ConnectorKind, FulfilmentTask, TaskKind, TaskState


def is_instant(connector: Connector) -> bool:
    """Whether what is asked has happened by asking: there is no other system (the embedded default)."""
    return connector.kind == ConnectorKind.INSTANT


def post_task(
    by: By,
    *,
    connector: Connector,
    kind: TaskKind,
    subscription_id: uuid.UUID,
    sequence: int,
    provider_id: uuid.UUID,
    reseller_id: uuid.UUID | None,
    customer_id: uuid.UUID,
    payload: Mapping[str, object],
) -> FulfilmentTask:
    """Ask the system behind the connector for something, in the transaction of the change that needs it.

    ``sequence`` is the number of the subscription's event; a subscription's tasks go out in that order. A task of an
    instant connector is done as soon as it is posted.
    """
    instant = is_instant(connector)
    now = real_now()
    return FulfilmentTask.objects.create(
        tenant_id=connector.tenant_id,
        connector=connector,
        provider_id=provider_id,
        reseller_id=reseller_id,
        customer_id=customer_id,
        subscription_id=subscription_id,
        sequence=sequence,
        kind=kind,
        payload=dict(payload),
        state=TaskState.DONE if instant else TaskState.WAITING,
        due_at=now,
        created_at=by.now,
        deadline_at=now + dt.timedelta(hours=connector.timeout_hours),
        finished_at=now if instant else None,
    )

"""The built-in connector: what is asked has happened by asking. Every installation has it as soon as it needs one."""

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.fulfilment.models import Connector, ConnectorKind

CODE, NAME = "instant", "Instant"


@transaction.atomic
def instant_connector(actor: Actor) -> Connector:
    """The operator's connector without another system behind it, made at first use."""
    found = Connector.objects.filter(tenant_id=actor.tenant_id, kind=ConnectorKind.INSTANT).first()
    if found is not None:
        return found
    made = Connector.objects.create(
        tenant_id=actor.tenant_id, code=CODE, name=NAME, kind=ConnectorKind.INSTANT, created_at=actor.now
    )
    record(
        actor,
        AuditAction.CREATE_CONNECTOR,
        made,
        tenant_id=actor.tenant_id,
        after={"code": CODE, "kind": ConnectorKind.INSTANT.value},
    )
    return made

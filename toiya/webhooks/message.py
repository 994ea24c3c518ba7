"""An event as it goes over the wire: body, signature and headers (webhooks.md sections 2 and 3; docs/webhooks.md)."""

import datetime as dt
import json
from dataclasses import dataclass

from django.conf import settings

from toiya.core.permissions import Role
from toiya.core.role_ids import GROUP_IDS
from toiya.core.signatures import headers_of, present_timestamp, signature, signed_content
from toiya.events.models import Event
from toiya.events.names import RESOURCE_NAMES, EventName
from toiya.webhooks.keys import SigningKey, certificate_path
from toiya.webhooks.models import WebhookRegistration
from toiya.webhooks.registration import secrets_of

_GRANT = "/granularAdminRelationships/{object}-{tenant}"
_ACCESS = "/granularAdminRelationships/{object}-{tenant}/accessAssignments/{group}"
_CUSTOMER = "/v1/customers/{object}"
_REQUEST = "/v1/toiya/orderRequests/{object}"
PATHS: dict[EventName, str] = {
    EventName.TEST_CREATED: "/webhooks/v1/registration/validationEvents/{object}",
    EventName.SUBSCRIPTION_UPDATED: "/webhooks/v1/customers/{other}/subscriptions/{object}",
    EventName.RELATIONSHIP_ACCEPTED: _CUSTOMER,
    EventName.INDIRECT_RELATIONSHIP_ACCEPTED: _CUSTOMER,
    EventName.GRANT_APPROVED: _GRANT,
    EventName.GRANT_ACTIVATED: _GRANT,
    EventName.GRANT_TERMINATED: _GRANT,
    EventName.GRANT_EXPIRED: _GRANT,
    EventName.ACCESS_CREATED: _ACCESS,
    EventName.ACCESS_ACTIVATED: _ACCESS,
    EventName.ACCESS_UPDATED: _ACCESS,
    EventName.ACCESS_DELETED: _ACCESS,
    EventName.PARTNERSHIP_ACCEPTED: "/v1/toiya/partnerships/{object}",
    EventName.ORDER_REQUEST_CREATED: _REQUEST,
    EventName.ORDER_REQUEST_UPDATED: _REQUEST,
    EventName.ORDER_COMPLETED: "/v1/customers/{other}/orders/{object}",
}
ALGORITHM = "rsa-sha256"


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted to the receiver."""

    headers: dict[str, str]
    body: bytes


def resource_uri(event: Event) -> str:
    """Where the object is in the API; receivers read its ids out of this and then fetch it."""
    group = GROUP_IDS[Role(event.detail)] if event.detail else ""
    path = PATHS[EventName(event.name)].format(
        object=event.object_id, other=event.other_id, tenant=event.tenant_id, group=group
    )
    return settings.ORIGIN + path


def wire_instant(at: dt.datetime) -> str:
    """Seven digits of a second and an offset, as the field's receivers know it."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0+00:00"


def body_of(event: Event) -> bytes:
    """The same bytes at every attempt."""
    name = EventName(event.name)
    content = {
        "EventName": name.value,
        "ResourceUri": resource_uri(event),
        "ResourceName": RESOURCE_NAMES[name],
        "AuditUri": None,
        "ResourceChangeUtcDate": wire_instant(event.at),
    }
    return json.dumps(content, separators=(",", ":")).encode()


def message_for(event: Event, registration: WebhookRegistration, key: SigningKey) -> Message:
    """Body and headers, signed now. Raises Unreadable where the stored secret cannot be read.

    The field's signature covers the body alone. So that an old message cannot be sent again by somebody else, ours
    covers id and time too: an HMAC with each secret of the registration, and one by the certificate's key.
    """
    body, message_id, timestamp = body_of(event), str(event.event_id), present_timestamp()
    ours = [
        signature(secret, message_id=message_id, timestamp=timestamp, body=body)
        for secret in secrets_of(registration)
    ]
    whole = signed_content(message_id=message_id, timestamp=timestamp, body=body)
    return Message(
        {
            "Content-Type": "application/json",
            "x-ms-signature" if registration.has_own_header else "Authorization": (
                f"Signature {key.sign(body)}"
            ),
            "X-MS-Certificate-Url": settings.ORIGIN + certificate_path(key.thumbprint),
            "X-MS-Signature-Algorithm": ALGORITHM,
            **headers_of(
                message_id=message_id,
                timestamp=timestamp,
                signatures=[*ours, f"v1rsa,{key.sign(whole)}"],
            ),
        },
        body,
    )

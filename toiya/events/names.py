"""The names of what can happen, in the field's form ``{resource}-{action}`` (webhooks.md section 4; docs/webhooks.md).

The names of Toiya's own extensions have the same form. A name never changes its meaning.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EventName(TextChoices):
    """What may be registered for, and in plain words when it is sent."""

    TEST_CREATED = "test-created", _("A test event was asked for")
    SUBSCRIPTION_UPDATED = "subscription-updated", _("A subscription changed, whoever changed it")
    RELATIONSHIP_ACCEPTED = (
        "reseller-relationship-accepted-by-customer",
        _("A customer accepted your invitation"),
    )
    INDIRECT_RELATIONSHIP_ACCEPTED = (
        "indirect-reseller-relationship-accepted-by-customer",
        _("A customer accepted an invitation that names an indirect reseller"),
    )
    GRANT_APPROVED = (
        "granular-admin-relationship-approved",
        _("An organization approved administrator access"),
    )
    GRANT_ACTIVATED = "granular-admin-relationship-activated", _("Administrator access can be used")
    GRANT_TERMINATED = (
        "granular-admin-relationship-terminated",
        _("Administrator access was ended by either side"),
    )
    GRANT_EXPIRED = "granular-admin-relationship-expired", _("Administrator access reached its end date")
    ACCESS_CREATED = (
        "granular-admin-access-assignment-created",
        _("A group of agents was named for administrator access"),
    )
    ACCESS_ACTIVATED = (
        "granular-admin-access-assignment-activated",
        _("The group can use its roles"),
    )
    ACCESS_UPDATED = (
        "granular-admin-access-assignment-updated",
        _("The roles of a group changed"),
    )
    ACCESS_DELETED = (
        "granular-admin-access-assignment-deleted",
        _("A group can no longer use administrator access"),
    )
    PARTNERSHIP_ACCEPTED = (
        "partnership-invitation-accepted",
        _("A reseller authorized a provider: both work together now"),
    )
    ORDER_REQUEST_CREATED = "order-request-created", _("A reseller asked its provider to order")
    ORDER_REQUEST_UPDATED = (
        "order-request-updated",
        _("An order request was approved, changed, declined or withdrawn"),
    )
    ORDER_COMPLETED = "order-completed", _("An order ended: all of it, a part or nothing was provided")


_GRANT, _ACCESS = "GranularAdminRelationship", "GranularAdminAccessAssignment"
RESOURCE_NAMES: dict[EventName, str] = {
    EventName.TEST_CREATED: "test",
    EventName.SUBSCRIPTION_UPDATED: "subscription",
    EventName.RELATIONSHIP_ACCEPTED: "Customer",
    EventName.INDIRECT_RELATIONSHIP_ACCEPTED: "Customer",
    EventName.GRANT_APPROVED: _GRANT,
    EventName.GRANT_ACTIVATED: _GRANT,
    EventName.GRANT_TERMINATED: _GRANT,
    EventName.GRANT_EXPIRED: _GRANT,
    EventName.ACCESS_CREATED: _ACCESS,
    EventName.ACCESS_ACTIVATED: _ACCESS,
    EventName.ACCESS_UPDATED: _ACCESS,
    EventName.ACCESS_DELETED: _ACCESS,
    EventName.PARTNERSHIP_ACCEPTED: "partnership",
    EventName.ORDER_REQUEST_CREATED: "orderRequest",
    EventName.ORDER_REQUEST_UPDATED: "orderRequest",
    EventName.ORDER_COMPLETED: "order",
}

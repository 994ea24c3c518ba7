"""The link with which a customer asks for, and consents to, a reseller relationship."""

import uuid

from toiya.api.operations import APP_USER_ONLY, Call, operation
from toiya.api.wire import Resource, Wire, attributes_of
from toiya.core.permissions import Permission
from toiya.customers.standing_links import standing_link


class CustomerRelationshipRequest(Resource):
    """``url``: shown to customers; it stays the same until somebody revokes it on the page of invitations."""

    url: str | None = None


class RelationshipRequestQuery(Wire):
    """The other partner of a link for both: its provider, or its reseller. An organisation that is both itself names
    its own id to say as which it asks.
    """

    indirect_cloud_solution_provider_id: uuid.UUID | None = None
    indirect_reseller_id: uuid.UUID | None = None
    dual_role_indirect_relationship: bool | None = None


@operation(
    "relationship_requests.get",
    "GET",
    "/v1/customers/relationshiprequests",
    needs=Permission.CUSTOMERS_VIEW,
    tokens=APP_USER_ONLY,
)
def get_relationship_request(call: Call, query: RelationshipRequestQuery) -> CustomerRelationshipRequest:
    """The partner's standing link.

    Alone it takes an admin or sales agent; with the other partner's id, for reseller and provider together, a global
    administrator or admin agent. It asks for no administrator access. ``dualRoleIndirectRelationship`` says nothing
    that the two ids do not say.
    """
    url = standing_link(
        call.actor,
        provider_id=query.indirect_cloud_solution_provider_id,
        reseller_id=query.indirect_reseller_id,
    )
    return CustomerRelationshipRequest(url=url, attributes=attributes_of("RelationshipRequest"))

"""Who works with whom: partners of the partner, partners who serve a customer, and the end of serving one."""

import enum
import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.filters import Condition, conditions
from toiya.api.operations import APP_USER_ONLY, Call, operation, unbuilt
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.resources.customers import stop_serving
from toiya.api.wire import Collection, Resource, Wire, attributes_of, collection
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.core.text import fold
from toiya.customers.relationships import partnerships_serving
from toiya.membership.profiles import membership_ids_of
from toiya.relations.models import Partnership

FILTERS = {"name": ("substring", "starts_with")}


class PartnerRelationshipType(enum.Enum):
    """What the caller is to the other: a provider of its resellers, a reseller of its providers."""

    IS_INDIRECT_RESELLER_OF = "is_indirect_reseller_of"
    IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF = "is_indirect_cloud_solution_provider_of"


class PartnerRelationship(Resource):
    """A partner with which the caller works. ``mpnId`` is its membership ID, ``location`` its country."""

    id: str | None = None
    name: str | None = None
    relationship_type: PartnerRelationshipType | None = None
    mpn_id: str | None = None
    location: str | None = None
    state: str | None = None


class RelationshipKind(enum.Enum):
    """As what the caller asks; none: as both."""

    IS_INDIRECT_RESELLER_OF = "is_indirect_reseller_of"
    IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF = "is_indirect_cloud_solution_provider_of"
    NONE = "none"


class RelationshipsQuery(Wire):
    """``relationship_type``: as what the caller asks; ``filter``: the other's name contains, or begins with, a text."""

    relationship_type: RelationshipKind | None = None
    filter: str | None = None


PROVIDER, RESELLER = (
    PartnerRelationshipType.IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF,
    PartnerRelationshipType.IS_INDIRECT_RESELLER_OF,
)


@operation(
    "relationships.list",
    "GET",
    "/v1/relationships",
    needs=Permission.PARTNERSHIPS_VIEW,
    tokens=APP_USER_ONLY,
)
def list_relationships(call: Call, query: RelationshipsQuery) -> Collection[PartnerRelationship]:
    """The provider's resellers (IsIndirectCloudSolutionProviderOf), or the reseller's providers (IsIndirectResellerOf).

    The filter compares the name as lists do: without regard to case, width and kana.
    """
    if query.relationship_type is None:
        text = _("These properties are missing: %(names)s.") % {"names": "relationship_type"}
        raise WireError(400, 800002, text, "relationship_type")
    at = f"/relationships?relationship_type={query.relationship_type.value}"
    return collection(_asked(call, query, query.relationship_type), at=at)


@operation(
    "relationships.list_customer_partners_of_partner",
    "GET",
    "/v1/relationships/{partner_id}/customer",
    needs=Permission.PARTNERSHIPS_VIEW,
    tokens=APP_USER_ONLY,
)
def list_relationships_of(
    call: Call, partner_id: uuid.UUID, query: RelationshipsQuery
) -> Collection[PartnerRelationship]:
    """The same list by the caller's own id; with whom another organisation works is not told."""
    if partner_id != call.actor.tenant_id:
        raise NotVisible
    items = _asked(call, query, query.relationship_type or RelationshipKind.NONE)
    return collection(items, at=f"/relationships/{partner_id}/customer")


def _asked(call: Call, query: RelationshipsQuery, kind: RelationshipKind) -> list[PartnerRelationship]:
    """The live partnerships of this kind whose other side is called so, in the order of the names."""
    rows = Partnership.objects.visible_to(call.actor).live().select_related("provider", "reseller")
    if kind is not RelationshipKind.NONE:
        as_provider = kind is RelationshipKind.IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF
        rows = rows.filter(**{"provider_id" if as_provider else "reseller_id": call.actor.tenant_id})
    rows = rows.order_by("provider__sort_key", "reseller__sort_key", "id")
    sought = conditions(query.filter, FILTERS)
    return [item for item in _told(call, list(rows)) if _is_called_so(fold(item.name or ""), sought)]


def _is_called_so(name: str, sought: Sequence[Condition]) -> bool:
    return all(
        name.startswith(fold(one.value)) if one.operator == "starts_with" else fold(one.value) in name
        for one in sought
    )


@operation(
    "relationships.list_for_customer",
    "GET",
    "/v1/customers/{customer_id}/relationships",
    needs=Permission.CUSTOMERS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_relationships_for_customer(call: Call, customer_id: uuid.UUID) -> Collection[PartnerRelationship]:
    """The caller's partners who serve the customer as well: its resellers, or its providers."""
    relationship_in(call, customer_id)
    rows = partnerships_serving(call.actor, customer_id).select_related("provider", "reseller")
    items = _told(call, list(rows.order_by("since", "id")))
    return collection(items, at=f"/customers/{customer_id}/relationships")


def _told(call: Call, rows: Sequence[Partnership]) -> list[PartnerRelationship]:
    own = call.actor.tenant_id
    others = [
        (PROVIDER, row.reseller) if row.provider_id == own else (RESELLER, row.provider) for row in rows
    ]
    membership = membership_ids_of([other.pk for _kind, other in others])
    return [
        PartnerRelationship(
            id=str(other.pk),
            name=other.name,
            relationship_type=kind,
            mpn_id=membership.get(other.pk),
            location=other.country_id,
            state="Active",
            attributes=attributes_of("PartnerRelationship"),
        )
        for kind, other in others
    ]


@operation(
    "relationships.delete_reseller_relationship",
    "DELETE",
    "/v1/customers/{customer_id}/CustomerPartnerRelationships/reseller",
    needs=Permission.RELATIONSHIPS_REMOVE,
    tokens=APP_USER_ONLY,
    status=204,
    errors=(NO_SUCH_CUSTOMER,),
)
def delete_reseller_relationship(call: Call, customer_id: uuid.UUID) -> None:
    """The partner stops serving the customer, once nothing of it is active; administrator access stays."""
    stop_serving(call, relationship_in(call, customer_id))


@operation(
    "relationships.delete_partner",
    "DELETE",
    "/v1/customers/{customer_id}/relationships/partner",
    needs=Permission.RELATIONSHIPS_REMOVE,
    tokens=APP_USER_ONLY,
    status=204,
    errors=(NO_SUCH_CUSTOMER,),
)
def delete_partner(call: Call, customer_id: uuid.UUID) -> None:
    """The same by another address: the calling partner stops serving the customer."""
    stop_serving(call, relationship_in(call, customer_id))


unbuilt(
    "It repeats relationships that failed half-way between the cloud's own systems; here a relationship is made in one"
    " transaction, so that there is nothing to repeat.",
    (
        "relationships.patch_customer_of_partner",
        "PATCH",
        "/v1/relationships/{partner_id}/customer/{customer_id}",
    ),
)

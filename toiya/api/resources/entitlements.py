"""What a customer bought once, and what the partner may administer for it."""

import datetime as dt
import enum
import uuid

from django.urls import reverse

from toiya.api.operations import APP_USER_ONLY, Call, operation, unbuilt
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.resources.subscriptions import SUBSCRIPTION
from toiya.api.wire import Attributes, Collection, Link, Resource, Wire, attributes_of, collection
from toiya.core.permissions import DirectoryAction, Permission
from toiya.licences.access import acts_in
from toiya.licences.listing import pools_of
from toiya.licences.models import SeatPool
from toiya.orders.entitlements import Entitlement as Bought
from toiya.orders.entitlements import entitlements_of


class EntitlementType(enum.Enum):
    """What kind of thing was bought."""

    SOFTWARE = "software"
    VIRTUAL_MACHINE_RESERVED_INSTANCE = "virtualmachinereservedinstance"
    RESERVED_INSTANCE = "reservedinstance"


class ReferenceOrder(Resource):
    """The order that bought it."""

    id: str | None = None
    line_item_id: str | None = None


class Entitlement(Resource):
    """Something bought once. It does not expire."""

    included_entitlements: list["Entitlement"] | None = None
    reference_order: ReferenceOrder | None = None
    product_id: str | None = None
    quantity: int | None = None
    entitled_artifacts: list[str] | None = None
    sku_id: str | None = None
    entitlement_type: EntitlementType | None = None
    expiry_date: dt.datetime | None = None


class EntitlementsQuery(Wire):
    """``entitlementType``: software, or one of the vendor's reservations, of which there are none."""

    entitlement_type: EntitlementType | None = None
    show_expiry: bool | None = None


@operation(
    "entitlements.list",
    "GET",
    "/v1/customers/{customer_id}/entitlements",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_entitlements(
    call: Call, customer_id: uuid.UUID, query: EntitlementsQuery
) -> Collection[Entitlement]:
    """What the customer bought once through the partner, the earliest first."""
    relationship_in(call, customer_id)
    is_software = query.entitlement_type in {None, EntitlementType.SOFTWARE}
    found = entitlements_of(call.actor, customer_id) if is_software else []
    return collection([_entitlement(one) for one in found])


def _entitlement(bought: Bought) -> Entitlement:
    row = bought.purchase
    return Entitlement(
        included_entitlements=[],
        reference_order=ReferenceOrder(
            id=str(row.order_id),
            line_item_id=None if bought.position is None else str(bought.position - 1),
        ),
        product_id=str(row.sku.product_id),
        quantity=row.quantity,
        entitled_artifacts=[],
        sku_id=str(row.sku_id),
        entitlement_type=EntitlementType.SOFTWARE,
    )


class ManagedServiceLinks(Wire):
    """The page on which the service is administered."""

    admin_service: Link | None = None


class ManagedService(Wire):
    """A service of the customer that the partner may administer."""

    id: str | None = None
    name: str | None = None
    group_name: str | None = None
    links: ManagedServiceLinks | None = None
    attributes: Attributes | None = None


@operation(
    "managed_services.list",
    "GET",
    "/v1/customers/{customer_id}/managedservices",
    needs=Permission.CUSTOMERS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_managed_services(call: Call, customer_id: uuid.UUID) -> Collection[ManagedService]:
    """The services of the customer whose users the caller may administer by its grant; without one, none."""
    relationship_in(call, customer_id)
    is_lent = DirectoryAction.READ_PEOPLE in acts_in(call.actor, customer_id)
    pools = pools_of(call.actor, tenant_id=customer_id) if is_lent else []
    return collection([_service(call, pool) for pool in pools])


def _service(call: Call, pool: SeatPool) -> ManagedService:
    page = reverse("licences:holders", args=[pool.tenant_id, pool.sku_id])
    return ManagedService(
        id=str(pool.sku_id),
        name=pool.sku.name,
        group_name=pool.sku.product.name,
        links=ManagedServiceLinks(admin_service=Link(uri=f"{call.base}{page}")),
        attributes=attributes_of("ManagedService"),
    )


AZURE = f"{SUBSCRIPTION}/azureEntitlements"
unbuilt(
    "An Azure plan holds further subscriptions of the vendor's own cloud; a subscription here holds none.",
    ("azure_entitlements.list", "GET", AZURE),
    ("azure_entitlements.get", "GET", f"{AZURE}/{{entitlement_id}}"),
    ("azure_entitlements.cancel", "POST", f"{AZURE}/{{entitlement_id}}/cancel"),
    ("azure_entitlements.reactivate", "POST", f"{AZURE}/{{entitlement_id}}/reactivate"),
)

"""The customer's licences, and which of its users have them (N-26)."""

import enum
import uuid
from collections.abc import Collection as Several
from collections.abc import Iterable

from django.utils.translation import gettext as _

from toiya.api.errors import WireError, named_as
from toiya.api.operations import APP_USER_ONLY, Call, as_id, operation
from toiya.api.reach import NO_SUCH_CUSTOMER, NO_SUCH_USER, by_consent, relationship_in, user_of_customer
from toiya.api.wire import Collection, Resource, Wire, attributes_of, collection
from toiya.catalogue.models import Sku
from toiya.core.permissions import Permission
from toiya.licences.assignment import Choice, Done, update_licences
from toiya.licences.listing import licences_of, pools_of
from toiya.licences.models import Licence, SeatPool

NO_LICENCE_LEFT = 60012
USER = "/v1/customers/{customer_id}/users/{user_id}"


class LicenseGroupId(enum.Enum):
    """Where a licence is kept: all of Toiya's are in the first group."""

    NONE = "none"
    GROUP1 = "group1"
    GROUP2 = "group2"


class ProductSku(Wire):
    """What a licence is for. ``id`` is the skuId of assignments."""

    id: str | None = None
    name: str | None = None
    sku_part_number: str | None = None
    target_type: str | None = None
    license_group_id: LicenseGroupId | None = None


class ServicePlan(Wire):
    """A part of the product that may be switched off for a single user; ``id`` stands in excludedPlans."""

    display_name: str | None = None
    service_name: str | None = None
    id: str | None = None
    capability_status: str | None = None
    target_type: str | None = None


class SubscribedSku(Resource):
    """The customer's seats of a product, from all its subscriptions together."""

    available_units: int | None = None
    active_units: int | None = None
    consumed_units: int | None = None
    suspended_units: int | None = None
    total_units: int | None = None
    warning_units: int | None = None
    product_sku: ProductSku | None = None
    service_plans: list[ServicePlan] | None = None
    capability_status: str | None = None


class License(Resource):
    """A licence that a user has, with the service plans that are switched on."""

    service_plans: list[ServicePlan] | None = None
    product_sku: ProductSku | None = None


class LicenseAssignment(Wire):
    """A product for the user. Without ``excludedPlans`` the plans of a licence that is there stay as they are."""

    excluded_plans: list[str] | None = None
    sku_id: str | None = None


class LicenseWarning(Wire):
    """Something that was asked for and did not have to be done."""

    code: str | None = None
    message: str | None = None
    service_plans: list[str] | None = None


class LicenseUpdate(Resource):
    """Licences to assign and to remove, all of them or none."""

    licenses_to_assign: list[LicenseAssignment] | None = None
    licenses_to_remove: list[str] | None = None
    license_warnings: list[LicenseWarning] | None = None


class GroupsQuery(Wire):
    """``licenseGroupIds``: Group1 (the default) or Group2, also both: the name twice."""

    license_group_ids: list[LicenseGroupId] | None = None


def _asks_for_ours(query: GroupsQuery) -> bool:
    return LicenseGroupId.GROUP1 in (query.license_group_ids or [LicenseGroupId.GROUP1])


def _product(sku: Sku) -> ProductSku:
    return ProductSku(
        id=str(sku.pk),
        name=sku.name,
        sku_part_number=sku.code,
        target_type="User",
        license_group_id=LicenseGroupId.GROUP1,
    )


def _plans(sku: Sku, status: str, *, without: Several[str] = ()) -> list[ServicePlan]:
    return [
        ServicePlan(
            display_name=plan.name,
            service_name=plan.code,
            id=plan.code,
            capability_status=status,
            target_type="User",
        )
        for plan in sku.service_plans.all()
        if plan.code not in without
    ]


def _seats(pool: SeatPool) -> SubscribedSku:
    usable = pool.seats - pool.suspended
    return SubscribedSku(
        available_units=pool.free,
        active_units=usable,
        consumed_units=pool.assigned,
        suspended_units=pool.suspended,
        total_units=usable,
        warning_units=0,
        product_sku=_product(pool.sku),
        service_plans=_plans(pool.sku, "Enabled"),
        capability_status="Enabled" if usable else "Suspended",
        attributes=attributes_of("SubscribedSku"),
    )


def _license(licence: Licence) -> License:
    sku = licence.pool.sku
    return License(
        service_plans=_plans(sku, "Assigned", without=licence.disabled_plans),
        product_sku=_product(sku),
        attributes=attributes_of("License"),
    )


@operation(
    "licenses.list_subscribed_skus",
    "GET",
    "/v1/customers/{customer_id}/subscribedskus",
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_subscribed_skus(call: Call, customer_id: uuid.UUID, query: GroupsQuery) -> Collection[SubscribedSku]:
    """The customer's seats by product: how many there are, how many are in use, how many may still be assigned."""
    relationship_in(call, customer_id)
    with by_consent():
        pools = pools_of(call.actor, tenant_id=customer_id)
    found = [_seats(pool) for pool in pools] if _asks_for_ours(query) else []
    return collection(found, at=f"/customers/{customer_id}/subscribedskus")


@operation(
    "licenses.list_user",
    "GET",
    f"{USER}/licenses",
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
)
def list_licenses(
    call: Call, customer_id: uuid.UUID, user_id: uuid.UUID, query: GroupsQuery
) -> Collection[License]:
    """The user's licences with the service plans that are on."""
    relationship_in(call, customer_id)
    with user_of_customer():
        held = licences_of(call.actor, tenant_id=customer_id, person_id=user_id)
    found = [_license(licence) for licence in held] if _asks_for_ours(query) else []
    return collection(found, at=f"/customers/{customer_id}/users/{user_id}/licenses")


@operation(
    "licenses.update_user",
    "POST",
    f"{USER}/licenseupdates",
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    status=201,
    errors=(NO_SUCH_USER, NO_LICENCE_LEFT, NO_SUCH_CUSTOMER),
    example={
        "licensesToAssign": [{"skuId": "0d5c1d8b-4f1b-4a1c-9a39-5d9d4b7d6d11", "excludedPlans": ["files"]}],
        "licensesToRemove": [],
    },
)
def update_licenses(
    call: Call, customer_id: uuid.UUID, user_id: uuid.UUID, body: LicenseUpdate
) -> LicenseUpdate:
    """Licences assigned and removed, all of them or none. Seats are never oversold: without a free one, 60012."""
    relationship_in(call, customer_id)
    choices = [*_to_assign(body.licenses_to_assign or []), *_to_remove(body.licenses_to_remove or [])]
    with user_of_customer(), named_as({"plans": "licensesToAssign.excludedPlans"}):
        done = update_licences(call.actor, tenant_id=customer_id, person_id=user_id, choices=choices)
    return LicenseUpdate(
        licenses_to_assign=body.licenses_to_assign,
        licenses_to_remove=body.licenses_to_remove,
        license_warnings=[_warning(choice) for choice, outcome in done if outcome is Done.UNCHANGED],
        attributes=attributes_of("LicenseUpdate"),
    )


def _to_assign(given: Iterable[LicenseAssignment]) -> Iterable[Choice]:
    for number, part in enumerate(given):
        plans = None if part.excluded_plans is None else tuple(part.excluded_plans)
        yield Choice(
            _sku_id(part.sku_id, f"licensesToAssign[{number}].skuId"), assign=True, disabled_plans=plans
        )


def _to_remove(given: Iterable[str]) -> Iterable[Choice]:
    for number, sku_id in enumerate(given):
        yield Choice(_sku_id(sku_id, f"licensesToRemove[{number}]"), assign=False)


def _sku_id(given: str | None, name: str) -> uuid.UUID:
    found = as_id(given or "")
    if found is None:
        raise WireError(
            400,
            800002,
            _("%(name)s is “%(found)s”; it must be the id of a product of the subscribedskus.")
            % {"name": name, "found": given or ""},
            name,
            given or "",
        )
    return found


def _warning(choice: Choice) -> LicenseWarning:
    message = (
        _("The user had this license already, with these service plans.")
        if choice.assign
        else _("The user did not have this license.")
    )
    return LicenseWarning(
        code="unchanged",
        message=f"{choice.sku_id}: {message}",
        service_plans=list(choice.disabled_plans or ()),
    )

"""What a resource declares is not for every operation to take: the other half of G-06, for ``make prove``.

An operation reads the resource that it answers with, and takes from it what may be changed. The first request of each
operation that succeeds is sent again with each property that its resource declares and the story does not send, one
by one (for an enumeration each value), undone, and compared. What changes a row must stand in ``TAKEN``.
"""

import enum
import os
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

IS_ASKED = bool(os.environ.get("TOIYA_DECLARED"))
ID = "66666666-6666-4666-8666-666666666666"
NAMES = frozenset({"firstName", "lastName"})
LINE = frozenset({"id", "friendlyName", "billingCycle", "termDuration", "customTermEndDate", "promotionId"})
DEVICE = frozenset({"productKey", "hardwareHash"})
# What a story leaves out and the operation takes, by the last part of its name.
TAKEN: Mapping[str, frozenset[str]] = {
    "carts.create": LINE,
    "carts.update": LINE,
    "orders.create": LINE | {"lineItemNumber"},
    "toiya.order_requests.create": LINE,
    "customers.create": NAMES | {"companyName", "addressLine2"},
    "customers.patch": frozenset({"allowDelegatedAccess"}),
    "devices.create_batch": DEVICE,
    "devices.add_devices": DEVICE,
    "profiles.update_billing": frozenset({"addressLine2"}),
    "profiles.update_organization": frozenset({"addressLine2"}),
    "qualifications.create": frozenset({"validationCode"}),
    "sandbox.create_indirect_reseller": frozenset({"addressLine2", "postalCode", "phoneNumber"}),
    "subscriptions.update": frozenset({"friendlyName"}),
    "toiya.partnership_invitations.create": frozenset({"namedDomain"}),
    "toiya.relationship_invitations.create": frozenset({"namedDomain", "language"}),
    "users.update": NAMES,
    "users.update_by_query": NAMES,
}


def values_of(kind: inspect.Type) -> list[object]:
    """What may stand there, of every sort."""
    if isinstance(kind, inspect.UnionType):
        return values_of(next(part for part in kind.types if not isinstance(part, inspect.NoneType)))
    if isinstance(kind, inspect.EnumType | inspect.CustomType):
        return [member.value for member in kind.cls] if issubclass(kind.cls, enum.Enum) else []
    known: dict[type[inspect.Type], list[object]] = {
        inspect.StrType: ["mallory", ID],
        inspect.UUIDType: [ID],
        inspect.IntType: [4711],
        inspect.FloatType: [4711],
        inspect.DecimalType: [4711],
        inspect.BoolType: [True, False],
        inspect.DateTimeType: ["2099-12-31T23:59:59Z"],
    }
    return next((values for one, values in known.items() if isinstance(kind, one)), [])


def with_one_more(value: Any, kind: inspect.Type, place: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401  (JSON)
    """The body with one more property, each in turn, and the place of it."""
    if isinstance(kind, inspect.UnionType):
        kind = next(part for part in kind.types if not isinstance(part, inspect.NoneType))
    if isinstance(kind, inspect.ListType) and isinstance(value, list) and value:
        for at, item in with_one_more(value[0], kind.item_type, f"{place}[]"):
            yield at, [item, *value[1:]]
    if not isinstance(kind, inspect.StructType) or not isinstance(value, dict):
        return
    present = {name.lower(): name for name in value}
    for field in kind.fields:
        at, name = f"{place}.{field.encode_name}", present.get(field.encode_name.lower())
        if name is not None:
            for deeper, part in with_one_more(value[name], field.type, at):
                yield deeper, {**value, name: part}
        else:
            yield from ((at, {**value, field.encode_name: one}) for one in values_of(field.type))

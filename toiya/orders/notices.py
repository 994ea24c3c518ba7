"""Mails about orders and order requests, each in its recipient's language and never with a price (G-05)."""

import uuid
from collections.abc import Collection, Iterable, Mapping

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from toiya.core.actor import By
from toiya.core.permissions import RULES, DirectoryRole, Permission
from toiya.core.prepared import prepared
from toiya.directory.models import Person, Tenant
from toiya.mail import outbox
from toiya.orders.models import Line, Order, OrderLine, OrderLineState, OrderRequest, OrderState
from toiya.relations.grants import administrators_of, names_of


def agents_of(tenant: Tenant, permission: Permission) -> list[Person]:
    """The active people of an organisation whose roles allow the act; those are written to about it."""
    roles = [role.value for role in RULES[permission].roles]
    held = Person.objects.active().filter(tenant=tenant, role_assignments__role__in=roles)
    return list(held.distinct().order_by("user_name"))


def tell_submitted(by: By, order: Order, lines: Collection[OrderLine]) -> None:
    """Buyer and reseller learn that the order is being carried out."""
    for person in _concerned(order):
        _post(by, "orders/submitted", person, order, lines=lines_in(lines, person.language))


def tell_settled(by: By, order: Order, lines: Collection[OrderLine]) -> None:
    """Buyer, reseller and the customer's administrators learn what is there now, and what is not."""
    for person in _concerned(order):
        _post(by, "orders/settled", person, order, lines=lines_in(lines, person.language))
    if order.state == OrderState.FAILED:
        return
    got = [line for line in lines if line.state == OrderLineState.COMPLETED]
    for person in administrators_of(order.customer):
        _post(by, "orders/provided", person, order, lines=lines_in(got, person.language))


def _concerned(order: Order) -> list[Person]:
    """Whoever ordered; without a person (automatic approval) the provider's agents; and the reseller's agents."""
    own = _active(order.ordered_by_id, order.tenant_id) if order.ordered_by_id else []
    people = own or agents_of(order.tenant, Permission.ORDERS_SUBMIT)
    return people + (agents_of(order.reseller, Permission.ORDERS_REQUEST) if order.reseller else [])


@prepared
def _active(person_id: uuid.UUID, tenant_id: uuid.UUID) -> QuerySet[Person]:
    people: QuerySet[Person] = Person.objects.active()
    return people.filter(pk=person_id, tenant_id=tenant_id)


def lines_in(lines: Iterable[Line], language: str) -> list[str]:
    """Each line in the reader's language: what, how many, and what became of it."""
    with translation.override(language):
        return [_line(line) for line in lines]


def _line(line: Line) -> str:
    words = {"offer": line.availability.sku.name, "quantity": line.quantity}
    text = (
        _("%(offer)s: %(quantity)s more")
        if line.subscription_id and _is_addition(line)
        else "%(offer)s: %(quantity)s"
    ) % words
    if not isinstance(line, OrderLine) or line.state == OrderLineState.COMPLETED:
        return text
    state = str(OrderLineState(line.state).label)
    if not line.failure:
        return _("%(line)s (%(state)s)") % {"line": text, "state": state}
    return _("%(line)s (%(state)s: %(reason)s)") % {"line": text, "state": state, "reason": line.failure}


def _is_addition(line: Line) -> bool:
    return line.is_addition if isinstance(line, OrderLine) else True


def _post(by: By, message: str, person: Person, order: Order, **context: object) -> None:
    path = "/organization/orders/" if person.tenant_id == order.customer_id else "/dashboard/orders/"
    with translation.override(person.language):
        state = str(OrderState(order.state).label)
    outbox.post(
        by,
        message,
        to=person.contact_email,
        language=person.language,
        subject_id=order.pk,
        context={
            "recipient": person.name,
            "number": order.number,
            "provider": order.tenant.name_in(person.language),
            "reseller": order.reseller.name_in(person.language) if order.reseller else "",
            "customer": order.customer.name_in(person.language),
            "state": state,
            "ordered_at": order.created_at.isoformat(),
            "order_link": {"path": f"{path}{order.pk}/"},
            **context,
        },
    )


# ---------------------------------------------------------------- order requests
def tell_requested(by: By, request: OrderRequest) -> None:
    """The provider's agents learn what a reseller asks for, and whether it passed by itself."""
    _tell_provider(by, request, "orders/requested", note=request.note)


def tell_changed(by: By, request: OrderRequest) -> None:
    """The reseller's agents are asked whether they take what the provider offers instead."""
    _tell_reseller(by, request, "orders/request_changed", note=request.answer_note)


def tell_approved(by: By, request: OrderRequest, order: Order) -> None:
    """The reseller's agents learn that their request is an order."""
    _tell_reseller(by, request, "orders/request_approved", order_number=order.number)


def tell_accepted(by: By, request: OrderRequest, order: Order) -> None:
    """The provider's agents learn that the reseller took the change, and that it is an order."""
    _tell_provider(by, request, "orders/request_accepted", order_number=order.number)


def tell_declined(by: By, request: OrderRequest) -> None:
    """The reseller's agents learn that there will be no order, and why."""
    _tell_reseller(by, request, "orders/request_declined", reason=request.answer_note)


def tell_withdrawn(by: By, request: OrderRequest) -> None:
    """The provider's agents learn that there is nothing left to answer."""
    _tell_provider(by, request, "orders/request_withdrawn")


def _tell_provider(by: By, request: OrderRequest, message: str, **context: object) -> None:
    for person in agents_of(request.provider, Permission.ORDER_REQUESTS_DECIDE):
        _post_request(by, message, person, request, context)


def _tell_reseller(by: By, request: OrderRequest, message: str, **context: object) -> None:
    for person in agents_of(request.tenant, Permission.ORDERS_REQUEST):
        _post_request(by, message, person, request, context)


def _post_request(
    by: By, message: str, person: Person, request: OrderRequest, context: Mapping[str, object]
) -> None:
    lines = list(request.lines.select_related("availability__sku").order_by("position"))
    outbox.post(
        by,
        message,
        to=person.contact_email,
        language=person.language,
        subject_id=request.pk,
        context={
            "recipient": person.name,
            "number": request.number,
            "provider": request.provider.name_in(person.language),
            "reseller": request.tenant.name_in(person.language),
            "customer": request.customer.name_in(person.language),
            "requested_at": request.created_at.isoformat(),
            "is_automatic": int(request.is_automatic),
            "lines": lines_in(lines, person.language),
            "request_link": {"path": f"/dashboard/order-requests/{request.pk}/"},
            **context,
        },
    )


# ---------------------------------------------------------------- a customer that a provider added
def tell_customer_added(  # noqa: PLR0917  (the parties of a chain)
    by: By,
    customer: Tenant,
    administrator: Person,
    provider: Tenant,
    reseller: Tenant | None,
    roles: Collection[DirectoryRole],
    order: Order | None,
) -> None:
    """The customer's first administrator reads who set up what, and where to take access back (N-15); the reseller's
    agents learn of their new customer. No password is mailed.
    """
    lines = order.lines.all() if order else []
    people = [administrator, *(agents_of(reseller, Permission.ORDERS_REQUEST) if reseller else [])]
    for person in people:
        is_customer = person.tenant_id == customer.pk
        outbox.post(
            by,
            "orders/customer_added" if is_customer else "orders/customer_shared",
            to=person.contact_email,
            language=person.language,
            subject_id=customer.pk,
            context={
                "recipient": person.name,
                "user_name": administrator.user_name if is_customer else "",
                "provider": provider.name_in(person.language),
                "reseller": reseller.name_in(person.language) if reseller else "",
                "customer": customer.name_in(person.language),
                "roles": names_of([role for role in DirectoryRole if role in roles], person.language),
                "lines": lines_in(lines, person.language),
                "partners_link": {"path": "/organization/partners/"}
                if is_customer
                else {"path": f"/dashboard/customers/{customer.pk}/account/"},
            },
        )

"""Mails about orders and order requests, each in its recipient's language and never with a price (G-05)."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from toiya.core.actor import By
from toiya.core.permissions import RULES, Permission
from toiya.customers.drafts import name_in
from toiya.directory.models import Person, Tenant
from toiya.mail import outbox
from toiya.orders.models import Line, Order, OrderLine, OrderLineState, OrderState
from toiya.relations.grants import administrators_of


def agents_of(tenant: Tenant, permission: Permission) -> list[Person]:
    """The active people of an organisation whose roles allow the act; those are written to about it."""
    roles = [role.value for role in RULES[permission].roles]
    held = Person.objects.active().filter(tenant=tenant, role_assignments__role__in=roles)
    return list(held.distinct().order_by("user_name"))


def tell_submitted(by: By, order: Order) -> None:
    """Buyer and reseller learn that the order is being carried out."""
    for person in _concerned(order):
        _post(by, "orders/submitted", person, order, lines=lines_in(_lines(order), person.language))


def tell_settled(by: By, order: Order) -> None:
    """Buyer, reseller and the customer's administrators learn what is there now, and what is not."""
    lines = _lines(order)
    for person in _concerned(order):
        _post(by, "orders/settled", person, order, lines=lines_in(lines, person.language))
    if order.state == OrderState.FAILED:
        return
    got = [line for line in lines if line.state == OrderLineState.COMPLETED]
    for person in administrators_of(order.customer):
        _post(by, "orders/provided", person, order, lines=lines_in(got, person.language))


def _lines(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("availability__sku").order_by("position"))


def _concerned(order: Order) -> list[Person]:
    """Whoever ordered; without a person (automatic approval) the provider's agents; and the reseller's agents."""
    own = Person.objects.active().filter(Q(pk=order.ordered_by_id), tenant_id=order.tenant_id)
    people = list(own) or agents_of(order.tenant, Permission.ORDERS_SUBMIT)
    return people + (agents_of(order.reseller, Permission.ORDERS_REQUEST) if order.reseller else [])


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
            "provider": name_in(order.tenant, person.language),
            "reseller": name_in(order.reseller, person.language) if order.reseller else "",
            "customer": name_in(order.customer, person.language),
            "state": state,
            "ordered_at": order.created_at.isoformat(),
            "order_link": {"path": f"{path}{order.pk}/"},
            **context,
        },
    )

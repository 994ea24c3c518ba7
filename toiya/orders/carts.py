"""Carts: what a partner is about to buy for one customer, kept seven days and edited by version."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Max, QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.errors import QuantityOutOfBounds
from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.permissions import Capacity, DirectoryRole, Permission
from toiya.core.prepared import prepared
from toiya.core.text import is_storable
from toiya.directory.models import Tenant
from toiya.orders.errors import AttributesMissing, CartExpired, CartUsed, WrongParent
from toiya.orders.examination import Basket, Examined, examine
from toiya.orders.models import Cart, CartLine, CustomerWish
from toiya.pricing.models import Promotion
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship
from toiya.subscriptions.models import Subscription

LIFETIME = dt.timedelta(days=7)
MOST_LINES = 100
MOST_ATTRIBUTES = 20
LONGEST_ATTRIBUTE = 200
LARGEST_QUANTITY = 1_000_000
CHAIN = ("provider__country", "reseller", "customer__country", "support_contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is put into a cart. An addition names its subscription; an add-on its parent, there or in the cart.

    ``promotion``: the line is worth nothing without it; the best one counts by itself (N-31).
    """

    availability: Availability
    quantity: int
    subscription: Subscription | None = None
    parent: Subscription | None = None
    parent_position: int | None = None
    friendly_name: str = ""
    custom_term_end: dt.date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    wish: CustomerWish | None = None
    promotion: Promotion | None = None


def must_buy(actor: Actor) -> None:
    """A provider orders, a reseller requests; whoever may do either fills a cart."""
    actor.must(buying_permission(actor))


def buying_permission(actor: Actor) -> Permission:
    """What the actor's organisation does with a full cart."""
    is_provider = Capacity.PROVIDER in actor.capacities | actor.suspended
    return Permission.ORDERS_SUBMIT if is_provider else Permission.ORDERS_REQUEST


def sellers_for(actor: Actor, customer_id: uuid.UUID) -> list[Tenant]:
    """The providers through which the actor's reseller may buy for the customer: its live partners. Those that the
    customer has authorised as well come first; the others cannot order yet (S-076).
    """
    live = Partnership.objects.visible_to(actor).live().filter(reseller_id=actor.tenant_id)
    providers = [
        row.provider for row in live.select_related("provider__country").order_by("provider__sort_key", "pk")
    ]
    related = set(
        ResellerRelationship.objects.live()
        .filter(customer_id=customer_id, partner__in=[provider.pk for provider in providers])
        .values_list("partner_id", flat=True)
    )
    return sorted(providers, key=lambda provider: provider.pk not in related)


def resellers_for(actor: Actor, customer_id: uuid.UUID) -> list[Tenant]:
    """The provider's partners that serve the customer too; one of them can be named on what is sold (N-12)."""
    live = Partnership.objects.visible_to(actor).live().filter(provider_id=actor.tenant_id)
    serving = ResellerRelationship.objects.live().filter(customer_id=customer_id).values("partner_id")
    rows = live.filter(reseller__in=serving).select_related("reseller").order_by("reseller__sort_key", "pk")
    return [row.reseller for row in rows]


def open_cart(actor: Actor, customer_id: uuid.UUID, *, provider_id: uuid.UUID | None = None) -> Cart | None:
    """The actor's organisation's open cart for the customer, the youngest; None where there is none."""
    carts = Cart.objects.visible_to(actor).filter(
        customer_id=customer_id, checked_out_at__isnull=True, expires_at__gt=actor.now
    )
    if provider_id is not None:
        carts = carts.filter(provider_id=provider_id)
    return carts.select_related(*CHAIN).order_by("-created_at").first()


def submitted_cart(actor: Actor, cart_id: uuid.UUID, customer_id: uuid.UUID) -> Cart | None:
    """The cart of a submission, used or expired too: a second click, and a relationship that ended while the page
    stood open, get their answer from it.
    """
    carts = Cart.objects.visible_to(actor).filter(pk=cart_id, customer_id=customer_id)
    return carts.select_related(*CHAIN).first()


def own_tenant(actor: Actor) -> Tenant:
    """The actor's organisation."""
    (own,) = _own(actor)
    return own


@prepared
def _own(actor: Actor) -> QuerySet[Tenant]:
    return Tenant.objects.select_related("country").filter(pk=actor.tenant_id)


@transaction.atomic
def start_cart(
    actor: Actor,
    *,
    customer: Tenant,
    partner: Tenant | None = None,
    support_contact: Tenant | None = None,
    lines: Mapping[int, Wanted] | None = None,
) -> Cart:
    """A cart for a customer that the actor's organisation serves; empty, or with ``lines`` by their position.

    ``partner``: the reseller that a provider names on what it sells, or the provider that a reseller asks. Raises
    NotVisible for a customer that is not served and for a partner that is none, and what ``add_line`` raises.
    """
    must_buy(actor)
    served = ResellerRelationship.objects.of_partner(actor).live().filter(customer=customer)
    if not served.exists():
        raise NotVisible
    own = Tenant.objects.get(pk=actor.tenant_id)
    if buying_permission(actor) is Permission.ORDERS_SUBMIT:
        provider, reseller = own, partner
        if reseller is not None and reseller not in resellers_for(actor, customer.pk):
            raise NotVisible
    else:
        if partner is None or partner not in sellers_for(actor, customer.pk):
            raise NotVisible
        provider, reseller = partner, own
    if support_contact is not None and not may_support(actor, support_contact, customer, provider, reseller):
        raise NotVisible
    cart = Cart.objects.create(
        tenant=own,
        provider=provider,
        reseller=reseller,
        customer=customer,
        support_contact=support_contact,
        created_by_id=actor.person_id,
        created_at=actor.now,
        expires_at=actor.now + LIFETIME,
    )
    _record(actor, AuditAction.CREATE_CART, cart, **({"lines": _all_words(lines)} if lines else {}))
    _write_lines(cart, lines or {})
    return cart


def may_support(
    actor: Actor, contact: Tenant, customer: Tenant, provider: Tenant, reseller: Tenant | None
) -> bool:
    """The provider supports by itself; the reseller where it holds administrator access in the customer (N-34)."""
    if contact.pk == provider.pk:
        return True
    if reseller is None or contact.pk != reseller.pk:
        return False
    held = AdministrationGrant.objects.live(actor.now).filter(tenant=customer, grantee=contact)
    return held.filter(roles__role__in=list(DirectoryRole)).exists()


# ---------------------------------------------------------------- lines
@transaction.atomic
def replace_lines(
    actor: Actor, *, cart: Cart, version: int, partner: Tenant | None, lines: Mapping[int, Wanted]
) -> Cart:
    """The whole cart anew, as programs hand it in: its reseller (of a provider's cart) and every line by its position.

    Raises what ``add_line`` and ``name_partner`` raise.
    """
    _touch(actor, cart, version, lines=_all_words(lines))
    if cart.provider_id == cart.tenant_id and partner != cart.reseller:
        if partner is not None and partner not in resellers_for(actor, cart.customer_id):
            raise NotVisible
        cart.reseller, cart.support_contact = partner, None
        cart.save(update_fields=["reseller", "support_contact"])
    cart.lines.all().delete()
    _write_lines(cart, lines)
    return cart


def _write_lines(cart: Cart, lines: Mapping[int, Wanted]) -> None:
    for wanted in lines.values():
        _check_shape(cart, wanted)
        if len(lines) > MOST_LINES:
            raise QuantityOutOfBounds(
                offer=wanted.availability.sku.name, found=len(lines), least=1, most=MOST_LINES
            )
    CartLine.objects.bulk_create(
        CartLine(tenant_id=cart.tenant_id, cart=cart, position=position, **columns_of(wanted))
        for position, wanted in lines.items()
    )


def _all_words(lines: Mapping[int, Wanted]) -> list[str]:
    return [_words(wanted) for wanted in lines.values()]


@transaction.atomic
def add_line(actor: Actor, *, cart: Cart, version: int, wanted: Wanted) -> CartLine:
    """One line more. Whether it can be ordered is said beside it (``look_at``), not refused here.

    Raises ChangedMeanwhile, CartExpired, CartUsed, and what is no quantity or no attribute at all.
    """
    _touch(actor, cart, version, added=_words(wanted))
    _check_shape(cart, wanted)
    last = cart.lines.aggregate(last=Max("position"))["last"] or 0
    if last >= MOST_LINES:
        raise QuantityOutOfBounds(
            offer=wanted.availability.sku.name, found=last + 1, least=1, most=MOST_LINES
        )
    return CartLine.objects.create(
        tenant_id=cart.tenant_id, cart=cart, position=last + 1, **columns_of(wanted)
    )


@transaction.atomic
def change_line(actor: Actor, *, cart: Cart, version: int, position: int, wanted: Wanted) -> CartLine:
    """Other quantities, names, dates or attributes of a line. Raises NotVisible for one that is gone."""
    _touch(actor, cart, version, line=position, changed=_words(wanted))
    _check_shape(cart, wanted)
    line = cart.lines.filter(position=position).first()
    if line is None:
        raise NotVisible
    for name, value in columns_of(wanted).items():
        setattr(line, name, value)
    line.save()
    return line


@transaction.atomic
def remove_line(actor: Actor, *, cart: Cart, version: int, position: int) -> CartLine:
    """The line is gone; what it held is returned, so that it can be put back. Lines that named it as their parent
    stay and say what they miss.
    """
    _touch(actor, cart, version, removed=position)
    line = cart.lines.filter(position=position).select_related("availability__sku").first()
    if line is None:
        raise NotVisible
    line.delete()
    return line


@transaction.atomic
def put_back_line(actor: Actor, *, cart: Cart, version: int, position: int, wanted: Wanted) -> CartLine:
    """Undo of a removal: the same line at the same place, or at the end where the place is taken."""
    _touch(actor, cart, version, added=_words(wanted))
    _check_shape(cart, wanted)
    last = cart.lines.aggregate(last=Max("position"))["last"] or 0
    taken = not 1 <= position <= MOST_LINES or cart.lines.filter(position=position).exists()
    place = last + 1 if taken else position
    return CartLine.objects.create(tenant_id=cart.tenant_id, cart=cart, position=place, **columns_of(wanted))


@transaction.atomic
def empty_cart(actor: Actor, *, cart: Cart, version: int) -> None:
    """Everything out."""
    _touch(actor, cart, version, AuditAction.DELETE_CART)
    cart.lines.all().delete()


@transaction.atomic
def name_partner(
    actor: Actor, *, cart: Cart, version: int, partner: Tenant | None, support_contact: Tenant | None = None
) -> Cart:
    """Through whom it is sold or asked for, and who supports it. Raises NotVisible for a partner that is none."""
    _touch(actor, cart, version, partner=partner.name if partner else None)
    if buying_permission(actor) is Permission.ORDERS_SUBMIT:
        if partner is not None and partner not in resellers_for(actor, cart.customer_id):
            raise NotVisible
        cart.reseller = partner
    else:
        if partner is None or partner not in sellers_for(actor, cart.customer_id):
            raise NotVisible
        cart.provider = partner
    chosen = support_contact
    if chosen is not None and not may_support(actor, chosen, cart.customer, cart.provider, cart.reseller):
        chosen = None
    cart.support_contact = chosen
    cart.save(update_fields=["provider", "reseller", "support_contact"])
    return cart


def _record(actor: Actor, action: AuditAction, cart: Cart, **after: object) -> None:
    record(
        actor,
        action,
        cart,
        tenant_id=cart.tenant_id,
        customer_id=cart.customer_id,
        after={"version": cart.version, **after},
    )


def _touch(
    actor: Actor, cart: Cart, version: int, action: AuditAction = AuditAction.UPDATE_CART, **after: object
) -> None:
    """The edit belongs to the version that the page showed; of two at once one wins."""
    if cart.tenant_id != actor.tenant_id:
        raise NotVisible
    must_buy(actor)
    changed = Cart.objects.filter(
        pk=cart.pk, version=version, checked_out_at__isnull=True, expires_at__gt=actor.now
    ).update(version=F("version") + 1)
    if changed:
        cart.version = version + 1
        _record(actor, action, cart, **after)
        return
    now = Cart.objects.get(pk=cart.pk)
    if now.checked_out_at is not None:
        raise CartUsed
    if now.expires_at <= actor.now:
        raise CartExpired(on=now.expires_at.date())
    raise ChangedMeanwhile


def _words(wanted: Wanted) -> str:
    return f"{wanted.availability.sku.code} x {wanted.quantity}"


def _check_shape(cart: Cart, wanted: Wanted) -> None:
    check_shape(wanted, customer_id=cart.customer_id, buyer_id=cart.tenant_id)


def check_shape(wanted: Wanted, *, customer_id: uuid.UUID, buyer_id: uuid.UUID) -> None:
    """What is no quantity, no attribute, or somebody else's is refused before anything is kept.

    Raises QuantityOutOfBounds, WrongParent, NotVisible, AttributesMissing.
    """
    if not 1 <= wanted.quantity <= LARGEST_QUANTITY:
        raise QuantityOutOfBounds(
            offer=wanted.availability.sku.name, found=wanted.quantity, least=1, most=LARGEST_QUANTITY
        )
    for held in (wanted.subscription, wanted.parent):
        if held is not None and held.customer_id != customer_id:
            raise WrongParent(offer=wanted.availability.sku.name, needed="–")
    wish = wanted.wish
    if wish is not None and (wish.tenant_id, wish.partner_id) != (customer_id, buyer_id):
        raise NotVisible
    pairs = wanted.attributes.items()
    if len(pairs) > MOST_ATTRIBUTES or any(
        not name or max(len(name), len(value)) > LONGEST_ATTRIBUTE or not is_storable(name + value)
        for name, value in pairs
    ):
        raise AttributesMissing(field="attributes")


def columns_of(wanted: Wanted) -> dict[str, object]:
    """What is wanted, as the columns of a line."""
    return {
        "availability": wanted.availability,
        "subscription": wanted.subscription,
        "parent": wanted.parent,
        "parent_position": wanted.parent_position,
        "quantity": wanted.quantity,
        "friendly_name": wanted.friendly_name.strip()[:200],
        "custom_term_end": wanted.custom_term_end,
        "attributes": dict(wanted.attributes),
        "wish": wanted.wish,
        "promotion": wanted.promotion,
    }


def lines_of(cart: Cart) -> "QuerySet[CartLine]":
    """The lines with everything that their examination reads."""
    return cart.lines.select_related(
        "availability__sku__product",
        "availability__sku__connector",
        "availability__tenant",
        "subscription__sku",
        "parent__sku",
        "promotion",
    ).order_by("position")


def look_at(actor: Actor, cart: Cart) -> list[Examined]:
    """Every line with its prices, or why it could not be ordered now."""
    return examine(
        Basket(
            provider=cart.provider,
            reseller=cart.reseller,
            customer=cart.customer,
            lines=list(lines_of(cart)),
            now=actor.now,
        )
    )

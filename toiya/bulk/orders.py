"""Rows that a provider orders for its customers: one order a row, each reference once (C-08)."""

from django.utils.translation import gettext as _

from toiya.bulk.cells import NONE_SIGN, Cells, CellWrong
from toiya.bulk.licences import sku_named
from toiya.bulk.models import BulkFile, BulkKind, BulkRow
from toiya.bulk.outcome import Outcome
from toiya.catalogue.models import Availability, Sku
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Tenant
from toiya.orders.carts import Wanted, add_line, resellers_for, start_cart
from toiya.orders.checkout import submit_order
from toiya.orders.models import Order
from toiya.relations.models import ResellerRelationship


def order(actor: Actor, file: BulkFile, row: BulkRow, *, rehearse: bool) -> Outcome:
    """One cart with one line, submitted under the row's reference."""
    del file, rehearse
    actor.must(Permission.ORDERS_SUBMIT)
    cells = Cells(BulkKind.ORDERS, row.cells)
    key = f"file:{cells.text('reference', longest=80)}"
    earlier = Order.objects.visible_to(actor).filter(tenant_id=actor.tenant_id, submission_key=key).first()
    if earlier is not None:
        text = _("Ordered before with this reference: order %(number)s.") % {"number": earlier.number}
        return Outcome(is_new=False, text=text, subject_id=earlier.pk)
    customer = served_customer(actor, cells.text("customer"))
    wanted = Wanted(
        availability=_offer(cells, customer, sku_named(actor.family_id, cells.text("product"))),
        quantity=cells.number("quantity"),
        friendly_name=cells.text("name", longest=200),
    )
    cart = start_cart(
        actor, customer=customer, partner=_reseller(actor, customer, cells.text("partner_domain"))
    )
    add_line(actor, cart=cart, version=cart.version, wanted=wanted)
    cart.refresh_from_db()
    made = submit_order(actor, cart=cart, version=cart.version, key=key)
    return Outcome(is_new=True, text=_("Order %(number)s") % {"number": made.number}, subject_id=made.pk)


def served_customer(actor: Actor, domain: str) -> Tenant:
    """The actor's customer with this domain. Raises CellWrong."""
    live = ResellerRelationship.objects.of_partner(actor).live().select_related("customer__country")
    found = live.filter(customer__domains__name=domain.lower()).first()
    if found is None:
        raise CellWrong(_("No customer of yours has the domain “%(found)s”.") % {"found": domain})
    return found.customer


def _reseller(actor: Actor, customer: Tenant, domain: str) -> Tenant | None:
    if not domain:
        return None
    named = [
        row for row in resellers_for(actor, customer.pk) if row.domains.filter(name=domain.lower()).exists()
    ]
    if not named:
        raise CellWrong(
            _("No partner of yours that serves this customer has the domain “%(found)s”.") % {"found": domain}
        )
    return named[0]


def _offer(cells: Cells, customer: Tenant, sku: Sku) -> Availability:
    term = cells.choice("term", [*(value for value in Term.values if value), NONE_SIGN])
    cycle = cells.choice("billing_cycle", BillingCycle.values)
    account = CustomerAccount.objects.filter(tenant=customer).first()
    segment = account.segment if account else Segment.COMMERCIAL
    found = Availability.objects.filter(
        sku=sku,
        country_id=customer.country_id,
        segment=segment,
        term="" if term == NONE_SIGN else term,
        billing_cycle=cycle,
        withdrawn_at__isnull=True,
    ).first()
    if found is None:
        raise CellWrong(
            _("“%(product)s” is not offered to this customer for %(term)s, %(cycle)s.")
            % {"product": sku.name, "term": term, "cycle": cycle}
        )
    return found

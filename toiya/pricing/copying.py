"""Prices for the operator of a sandbox: the published ones, as far as whoever makes the sandbox may know them."""

from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.copying import Copies, Values, copy_rows
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.pricing.models import PriceLine, PriceList, Promotion


def copy_prices(actor: Actor, *, source: Tenant, copies: Copies, knows_cost: bool) -> None:
    """The price lists that are published, and the promotions that run.

    ``knows_cost``: a provider sees what the operator takes (N-33). A reseller never does (G-05), so in its sandbox the
    provider pays the estimated retail price.
    """
    actor.must(Permission.CATALOGUE_MANAGE)
    owner: Values = {"tenant_id": actor.tenant_id}
    published = PriceList.objects.filter(tenant=source, published_at__isnull=False)
    lists = copy_rows(published, owner)
    lines = PriceLine.objects.filter(price_list__in=lists, availability__in=copies.offers)
    copy_rows(lines, owner, price_list_id=lists, availability_id=copies.offers)
    if not knows_cost:
        PriceLine.objects.filter(price_list__in=lists.values()).update(
            list_units=F("retail_units"), list_scale=F("retail_scale")
        )
    promotions = Promotion.objects.filter(
        tenant=source,
        sku__in=copies.skus,
        published_at__isnull=False,
        ended_at__isnull=True,
        valid_until__gt=actor.now.date(),
    )
    copy_rows(promotions, owner, sku_id=copies.skus)
    record(
        actor,
        AuditAction.COPY_PRICE_LISTS,
        source,
        tenant_id=actor.tenant_id,
        after={"price_lists": len(lists), "knows_cost": knows_cost},
    )

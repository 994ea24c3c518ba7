"""What every story of selling starts from: a catalogue with prices, and subscriptions that are there already.

Tsubame Cloud sells Tsubame Office (seats, yearly or monthly), a trial of it, an archive add-on that needs it, a set-up
that is paid once, and storage by usage. The price list of Japan is in force. Hinode takes 20 % on its cost from
resellers; Kawase sells at the estimated retail price.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from tests.cast import Cast, day_in_japan
from toiya.catalogue.models import (
    Availability,
    Category,
    Product,
    ServicePlan,
    Sku,
    SkuKind,
    SkuLink,
    SkuLinkKind,
)
from toiya.core.actor import By
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.core.text import search_key
from toiya.directory.actors import bystander_for
from toiya.directory.models import Tenant
from toiya.fulfilment.models import Connector, ConnectorKind
from toiya.pricing.models import PriceBasis, PriceLine, PriceList, PriceRule
from toiya.pricing.quote import quote
from toiya.subscriptions.lifecycle import Sale, activate_subscription, open_subscription
from toiya.subscriptions.models import Subscription


@dataclass(frozen=True)
class Shop:
    """The catalogue of the stories."""

    operator: Tenant
    connector: Connector
    category: Category
    product: Product
    office: Sku
    trial: Sku
    archive: Sku
    setup: Sku
    storage: Sku
    premium: Sku
    price_list: PriceList
    offers: dict[str, Availability] = field(default_factory=dict)


def sku_of(
    product: Product, connector: Connector, code: str, kind: SkuKind, name: tuple[str, str], **more: object
) -> Sku:
    """A SKU of the product."""
    return Sku.objects.create(
        tenant=product.tenant,
        product=product,
        connector=connector,
        code=code,
        kind=kind,
        name_ja=name[0],
        name_en=name[1],
        **more,
    )


def offer_of(sku: Sku, term: str, cycle: str, *, country: str = "JP", currency: str = "JPY") -> Availability:
    """The SKU for commercial customers of a country."""
    return Availability.objects.create(
        tenant=sku.tenant,
        sku=sku,
        country_id=country,
        currency=currency,
        segment=Segment.COMMERCIAL,
        term=term,
        billing_cycle=cycle,
    )


def price(price_list: PriceList, availability: Availability, cost: int, retail: int) -> PriceLine:
    """A line of the price list, in whole units of the currency."""
    return PriceLine.objects.create(
        tenant=price_list.tenant,
        price_list=price_list,
        availability=availability,
        list_units=cost,
        list_scale=0,
        retail_units=retail,
        retail_scale=0,
    )


def build_shop(cast: Cast) -> Shop:
    """Everything that can be bought, with its prices."""
    operator, now = cast.operator, real_now()
    connector = Connector.objects.create(
        tenant=operator, code="instant", name="Instant", kind=ConnectorKind.INSTANT, created_at=now
    )
    category = Category.objects.create(
        tenant=operator, code="work", name_ja="仕事の道具", name_en="Tools for work"
    )
    product = Product.objects.create(
        tenant=operator,
        category=category,
        code="office",
        name_ja="ツバメ オフィス",
        name_en="Tsubame Office",
        publisher="Tsubame Cloud",
        search_key=search_key("ツバメ オフィス", "Tsubame Office", "office"),
        published_at=now,
        created_at=now,
    )
    office = sku_of(
        product, connector, "standard", SkuKind.LICENSE, ("オフィス スタンダード", "Office Standard")
    )
    premium = sku_of(
        product, connector, "premium", SkuKind.LICENSE, ("オフィス プレミアム", "Office Premium")
    )
    trial = sku_of(
        product,
        connector,
        "trial",
        SkuKind.TRIAL,
        ("オフィス試用版", "Office Trial"),
        min_quantity=25,
        max_quantity=25,
        max_per_customer=1,
        converts_to=office,
    )
    archive = sku_of(product, connector, "archive", SkuKind.ADD_ON, ("アーカイブ", "Archive"))
    setup = sku_of(product, connector, "setup", SkuKind.ONE_TIME, ("導入支援", "Set-up"))
    storage = sku_of(product, connector, "storage", SkuKind.USAGE, ("ストレージ", "Storage"))
    SkuLink.objects.create(tenant=operator, sku=archive, other=office, kind=SkuLinkKind.PREREQUISITE)
    SkuLink.objects.create(tenant=operator, sku=office, other=premium, kind=SkuLinkKind.UPGRADE)
    for position, (code, ja, en) in enumerate(
        (("mail", "メール", "Mail"), ("files", "ファイル", "Files"), ("meetings", "会議", "Meetings"))
    ):
        for sku in (office, premium, trial):
            ServicePlan.objects.create(
                tenant=operator, sku=sku, code=code, name_ja=ja, name_en=en, position=position
            )
    offers = {
        "office": offer_of(office, Term.YEAR, BillingCycle.MONTHLY),
        "office monthly": offer_of(office, Term.MONTH, BillingCycle.MONTHLY),
        "office prepaid": offer_of(office, Term.YEAR, BillingCycle.ANNUAL),
        "premium": offer_of(premium, Term.YEAR, BillingCycle.MONTHLY),
        "trial": offer_of(trial, Term.MONTH, BillingCycle.MONTHLY),
        "archive": offer_of(archive, Term.YEAR, BillingCycle.MONTHLY),
        "setup": offer_of(setup, Term.NONE, BillingCycle.ONE_TIME),
        "storage": offer_of(storage, Term.NONE, BillingCycle.NONE),
    }
    price_list = PriceList.objects.create(
        tenant=operator,
        country_id="JP",
        currency="JPY",
        name="2026",
        valid_from=now.date() - dt.timedelta(days=100),
        published_at=now,
        created_at=now,
    )
    for name, cost in (
        ("office", 1000),
        ("office monthly", 1200),
        ("office prepaid", 11500),
        ("premium", 2000),
        ("trial", 0),
        ("archive", 300),
        ("setup", 50000),
        ("storage", 3),
    ):
        price(price_list, offers[name], cost, cost * 3 // 2)
    rule(cast.hinode, Capacity.PROVIDER, PriceBasis.COST, percent=2000)
    rule(cast.kawase, Capacity.RESELLER, PriceBasis.RETAIL)
    return Shop(
        operator,
        connector,
        category,
        product,
        office,
        trial,
        archive,
        setup,
        storage,
        premium,
        price_list,
        offers,
    )


def rule(
    seller: Tenant, sells_as: Capacity, basis: PriceBasis, *, percent: int = 0, **more: object
) -> PriceRule:
    """A price rule for everything and everybody, in yen."""
    return PriceRule.objects.create(
        tenant=seller,
        sells_as=sells_as,
        basis=basis,
        percent=percent,
        **{"currency": "JPY", "valid_from": day_in_japan() - dt.timedelta(days=50), **more},
        created_at=real_now(),
    )


def subscribed(
    cast: Cast,
    shop: Shop,
    customer: Tenant,
    *,
    offer: str = "office",
    quantity: int = 10,
    provider: Tenant | None = None,
    reseller: Tenant | None = None,
    by: By | None = None,
    parent: Subscription | None = None,
) -> Subscription:
    """An active subscription, sold by Hinode through Kawase unless told otherwise."""
    seller = provider or cast.hinode
    through = reseller or cast.kawase
    actor = by or bystander_for(seller, kind="test")
    availability = shop.offers[offer]
    sold = open_subscription(
        actor,
        order_id=uuid.uuid4(),
        sale=Sale(
            provider=seller,
            reseller=through,
            customer=customer,
            availability=availability,
            quantity=quantity,
            friendly_name=availability.sku.name_en,
            parent=parent,
            prices=quote(
                availability=availability,
                provider_id=seller.pk,
                reseller_id=through.pk,
                customer_id=customer.pk,
                on=customer.country.local_date(actor.now),
            ),
        ),
    )
    activate_subscription(actor, sold)
    return sold

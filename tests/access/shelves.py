"""The catalogue and the prices of the world: one of everything, and who may see it."""

import datetime as dt
import uuid
from collections.abc import Mapping

from tests.cast import Cast
from tests.commerce import Shop
from toiya.catalogue.models import Product
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity
from toiya.core.text import search_key
from toiya.pricing.models import PriceList, PriceRule, Promotion

NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")
Instances = dict[str, tuple[Mapping[str, object], frozenset[str]]]
NONE: frozenset[str] = frozenset()
OPERATOR = frozenset({"tsubame"})
SUPPLIED = frozenset({"hinode", "midori", "kawase", "yamabuki"})


def shelves(cast: Cast, shop: Shop) -> dict[str, Instances]:
    """For the access matrix: kinds of objects of catalogue and prices."""
    now = real_now()
    draft = Product.objects.create(
        tenant=cast.operator,
        category=shop.category,
        code="draft",
        name_ja="下書き",
        name_en="Draft",
        search_key=search_key("下書き", "Draft"),
        created_at=now,
    )
    coming = PriceList.objects.create(
        tenant=cast.operator,
        country_id="JP",
        currency="JPY",
        name="Coming",
        valid_from=now.date() + dt.timedelta(days=20),
        created_at=now,
    )
    promotion = Promotion.objects.create(
        tenant=cast.operator,
        code="spring",
        name_ja="春の割引",
        name_en="Spring",
        sku=shop.office,
        discount_basis_points=1000,
        valid_from=now.date(),
        valid_until=now.date() + dt.timedelta(days=60),
        published_at=now,
    )
    rules = {
        rule.tenant_id: rule
        for rule in PriceRule.objects.filter(sells_as__in=[Capacity.PROVIDER, Capacity.RESELLER])
    }

    def by_id(name: str, **instances: tuple[object, frozenset[str]]) -> Instances:
        rows: Instances = {label: ({name: value}, seen_by) for label, (value, seen_by) in instances.items()}
        return {**rows, "nonexistent": ({name: NOBODY}, NONE)}

    return {
        "category": by_id("category_id", one=(shop.category.pk, OPERATOR)),
        "kept product": by_id(
            "product_id", published=(shop.product.pk, OPERATOR), draft=(draft.pk, OPERATOR)
        ),
        "sold product": by_id("product_id", published=(shop.product.pk, SUPPLIED), draft=(draft.pk, NONE)),
        "sku": by_id("sku_id", one=(shop.office.pk, OPERATOR)),
        "availability": by_id("availability_id", one=(shop.offers["office"].pk, OPERATOR)),
        "price list": by_id("list_id", published=(shop.price_list.pk, OPERATOR), draft=(coming.pk, OPERATOR)),
        "price list as file": {
            "csv": ({"list_id": shop.price_list.pk, "form": "csv"}, OPERATOR),
            "other kind of file": ({"list_id": shop.price_list.pk, "form": "exe"}, NONE),
            "nonexistent": ({"list_id": NOBODY, "form": "csv"}, NONE),
        },
        "promotion": by_id("promotion_id", running=(promotion.pk, OPERATOR)),
        "price rule": by_id(
            "rule_id",
            hinode=(rules[cast.hinode.pk].pk, frozenset({"hinode"})),
            kawase=(rules[cast.kawase.pk].pk, frozenset({"kawase"})),
        ),
    }

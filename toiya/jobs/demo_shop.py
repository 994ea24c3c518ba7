"""What the demo's operator sells, for how much, and how Hinode and Kawase price it: fictional, and complete."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from toiya.catalogue.models import Availability, Category, Product, Sku, SkuKind
from toiya.catalogue.products import create_category, create_product, publish_product
from toiya.catalogue.skus import COMBINATIONS, Around, PlanLine, add_availabilities, create_sku, update_sku
from toiya.core.actor import Actor
from toiya.core.money import read_price
from toiya.core.permissions import Capacity
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.pricing.models import PriceBasis, PriceList
from toiya.pricing.price_lists import Pair, create_price_list, publish_price_list, set_lines
from toiya.pricing.promotion_keeping import create_promotion, publish_promotion
from toiya.pricing.rules import RuleTerms, create_price_rule

Names = tuple[str, str]
PLACES = ("JP", "US", "SG")
YEN_OF_A_DOLLAR, SMALL_CHANGE = 150, 100
CATEGORIES: tuple[tuple[str, Names], ...] = (
    ("work", ("仕事の道具", "Tools for work")),
    ("security", ("セキュリティ", "Security")),
    ("platform", ("クラウド基盤", "Cloud platform")),
)
MAIL = PlanLine("mail", "メール", "Mail")
FILES = PlanLine("files", "ファイル共有", "File sharing")
MEETINGS = PlanLine("meetings", "会議", "Meetings")
PHONE = PlanLine("phone", "電話", "Phone")
SEAT = ("ユーザー", "user")
HOUR = ("時間", "hour")


@dataclass(frozen=True, slots=True)
class DemoSku:
    """A SKU: its price is US cents a month and unit (or for all of it)."""

    code: str
    kind: SkuKind
    names: Names
    cents: int
    unit: Names = SEAT
    plans: tuple[PlanLine, ...] = ()
    needs: tuple[str, ...] = ()
    upgrades: tuple[str, ...] = ()
    becomes: str = ""
    most: int = 10_000
    most_per_customer: int | None = None
    segments: tuple[Segment, ...] = (Segment.COMMERCIAL,)


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product with its SKUs."""

    category: str
    code: str
    names: Names
    text: Names
    skus: tuple[DemoSku, ...] = field(default_factory=tuple)


SCHOOLS_TOO = (Segment.COMMERCIAL, Segment.EDUCATION)
PRODUCTS = (
    DemoProduct(
        "work",
        "office",
        ("ツバメ オフィス", "Tsubame Office"),
        (
            "メール、ファイル共有、会議をひとつにまとめた仕事の道具です。",
            "Mail, file sharing and meetings in one place.",
        ),
        (
            DemoSku(
                "standard",
                SkuKind.LICENSE,
                ("オフィス スタンダード", "Office Standard"),
                680,
                plans=(MAIL, FILES, MEETINGS),
                upgrades=("premium",),
                segments=SCHOOLS_TOO,
            ),
            DemoSku(
                "premium",
                SkuKind.LICENSE,
                ("オフィス プレミアム", "Office Premium"),
                1360,
                plans=(MAIL, FILES, MEETINGS, PHONE),
            ),
            DemoSku(
                "trial",
                SkuKind.TRIAL,
                ("オフィス 試用版", "Office Trial"),
                0,
                plans=(MAIL, FILES, MEETINGS),
                becomes="standard",
                most_per_customer=1,
            ),
            DemoSku(
                "archive",
                SkuKind.ADD_ON,
                ("メール アーカイブ", "Mail Archive"),
                210,
                needs=("standard", "premium"),
            ),
        ),
    ),
    DemoProduct(
        "work",
        "desk",
        ("ツバメ デスク", "Tsubame Desk"),
        ("どこからでも使える仮想デスクトップです。", "A desktop in the cloud, from everywhere."),
        (
            DemoSku("basic", SkuKind.LICENSE, ("デスク ベーシック", "Desk Basic"), 2100, upgrades=("power",)),
            DemoSku("power", SkuKind.LICENSE, ("デスク パワー", "Desk Power"), 4200),
        ),
    ),
    DemoProduct(
        "security",
        "guard",
        ("ツバメ ガード", "Tsubame Guard"),
        ("端末とメールを脅威から守ります。", "Keeps devices and mail safe."),
        (
            DemoSku(
                "endpoint",
                SkuKind.LICENSE,
                ("ガード エンドポイント", "Guard Endpoint"),
                320,
                unit=("台", "device"),
            ),
            DemoSku(
                "mail-filter",
                SkuKind.ADD_ON,
                ("ガード メール フィルター", "Guard Mail Filter"),
                160,
                needs=("standard", "premium"),
            ),
            DemoSku(
                "trial",
                SkuKind.TRIAL,
                ("ガード 試用版", "Guard Trial"),
                0,
                unit=("台", "device"),
                becomes="endpoint",
                most_per_customer=1,
            ),
        ),
    ),
    DemoProduct(
        "security",
        "sign-on",
        ("ツバメ サインオン", "Tsubame Sign-on"),
        ("社内外のサービスへ一度のサインインで入れます。", "One sign-in for every service."),
        (DemoSku("standard", SkuKind.LICENSE, ("サインオン", "Sign-on"), 240, segments=SCHOOLS_TOO),),
    ),
    DemoProduct(
        "platform",
        "compute",
        ("ツバメ コンピュート", "Tsubame Compute"),
        ("使った分だけ支払う計算資源です。", "Computing that is paid as it is used."),
        (
            DemoSku(
                "small-hours", SkuKind.USAGE, ("小型インスタンス", "Small instance"), 6, unit=HOUR, most=1
            ),
            DemoSku(
                "large-hours", SkuKind.USAGE, ("大型インスタンス", "Large instance"), 24, unit=HOUR, most=1
            ),
            DemoSku(
                "set-up",
                SkuKind.ONE_TIME,
                ("導入支援パック", "Set-up pack"),
                65000,
                unit=("式", "pack"),
                most=10,
                most_per_customer=3,
            ),
        ),
    ),
    DemoProduct(
        "platform",
        "storage",
        ("ツバメ ストレージ", "Tsubame Storage"),
        ("データを国内の 2 か所に保管します。", "Keeps data in two places of the country."),
        (
            DemoSku(
                "gigabytes",
                SkuKind.USAGE,
                ("ストレージ 容量", "Storage capacity"),
                2,
                unit=("GB", "GB"),
                most=1,
            ),
            DemoSku(
                "vault",
                SkuKind.ONE_TIME,
                ("長期保管庫", "Long-term vault"),
                120000,
                unit=("式", "vault"),
                most=5,
            ),
        ),
    ),
)
MONTHS = {Term.MONTH: 1, Term.YEAR: 12, Term.THREE_YEARS: 36}
PER_BILL = {BillingCycle.MONTHLY: 1, BillingCycle.ANNUAL: 12, BillingCycle.TRIENNIAL: 36}
PERCENT_OF_MONTHLY = {Term.MONTH: 120, Term.YEAR: 100, Term.THREE_YEARS: 92, Term.NONE: 100}
RETAIL_PERCENT = 135


def stock_shop(operator: Actor) -> None:
    """Categories, products, SKUs and where they are sold."""
    categories = {
        code: create_category(operator, code=code, name_ja=ja, name_en=en, position=position)
        for position, (code, (ja, en)) in enumerate(CATEGORIES)
    }
    made: dict[str, Sku] = {}
    for product in PRODUCTS:
        _stock(operator, product, categories[product.category], made)


def _stock(operator: Actor, demo: DemoProduct, category: Category, made: dict[str, Sku]) -> None:
    product = create_product(
        operator,
        values={
            "category": category,
            "code": demo.code,
            "name_ja": demo.names[0],
            "name_en": demo.names[1],
            "publisher": "Tsubame Cloud",
            "description_ja": demo.text[0],
            "description_en": demo.text[1],
        },
    )
    own: dict[str, Sku] = {}
    for sku in demo.skus:
        own[sku.code] = _sku(operator, product, sku, made | own)
        add_availabilities(
            operator,
            sku=own[sku.code],
            countries=PLACES,
            segments=sku.segments,
            combinations=_combinations(sku.kind),
        )
    for sku in demo.skus:
        if sku.upgrades or sku.becomes:
            row = own[sku.code]
            values = _values(sku) | {"converts_to": own.get(sku.becomes), "connector": row.connector}
            around = Around(sku.plans, (), [own[code] for code in sku.upgrades])
            update_sku(operator, sku=row, version=row.version, values=values, around=around)
    made.update({f"{demo.code}/{code}": row for code, row in own.items()} | own)
    publish_product(operator, product=product)


def _combinations(kind: SkuKind) -> Iterable[tuple[str, str]]:
    return [pair for pair in COMBINATIONS[kind] if pair[1] != BillingCycle.TRIENNIAL]


def _values(sku: DemoSku) -> dict[str, object]:
    return {
        "code": sku.code,
        "name_ja": sku.names[0],
        "name_en": sku.names[1],
        "unit_ja": sku.unit[0],
        "unit_en": sku.unit[1],
        "min_quantity": 1,
        "max_quantity": sku.most,
        "max_per_customer": sku.most_per_customer,
        "cancel_days": 7,
        "trial_days": 30,
        "converts_to": None,
        "connector": None,  # provided at once
        "connector_reference": f"tsubame.{sku.code}",
    }


def _sku(operator: Actor, product: Product, demo: DemoSku, known: dict[str, Sku]) -> Sku:
    needed = [known.get(code) or known[f"office/{code}"] for code in demo.needs]
    return create_sku(
        operator,
        product=product,
        kind=demo.kind,
        values=_values(demo),
        around=Around(demo.plans, needed, ()),
    )


def _demo_skus() -> dict[tuple[str, str], DemoSku]:
    return {(product.code, sku.code): sku for product in PRODUCTS for sku in product.skus}


def _price(offer: Availability, demo: DemoSku, percent: int) -> Pair:
    cents = (
        demo.cents * PERCENT_OF_MONTHLY[Term(offer.term)] * PER_BILL.get(BillingCycle(offer.billing_cycle), 1)
    )
    if offer.segment == Segment.EDUCATION:
        cents = cents // 2
    cents = cents * percent // 10_000
    texts = [_text(amount, offer.country_id) for amount in (cents, cents * RETAIL_PERCENT // 100)]
    cost, retail = (read_price(text, offer.currency) for text in texts)
    return Pair(cost, retail)


def _text(cents: int, country: str) -> str:
    if country != "JP":
        return f"{cents // 100}.{cents % 100:02d}"
    yen = cents * YEN_OF_A_DOLLAR // 100
    return str(yen if yen < SMALL_CHANGE else yen // 10 * 10)


def publish_prices(operator: Actor, *, valid_from: dt.date, changes: bool) -> None:
    """A list for each country; with ``changes`` some things cost more, one costs less, one is no longer sold."""
    demos = _demo_skus()
    for country in PLACES:
        made: PriceList = create_price_list(
            operator, country=country, name=f"{valid_from:%Y-%m} {country}", valid_from=valid_from
        )
        offers = Availability.objects.filter(tenant_id=operator.tenant_id, country_id=country)
        lines: dict[Availability, Pair | None] = {}
        for offer in offers.select_related("sku__product"):
            key = (offer.sku.product.code, offer.sku.code)
            if not changes and key == ("desk", "power"):
                continue  # sold from next month on
            if changes and key == ("storage", "vault"):
                continue  # no longer sold
            percent = {"standard": 105, "premium": 105, "endpoint": 90}.get(key[1], 100) if changes else 100
            lines[offer] = _price(offer, demos[key], percent)
        set_lines(operator, price_list=made, version=made.version, lines=lines)
        made.refresh_from_db()
        publish_price_list(operator, price_list=made, version=made.version)


def announce_promotions(operator: Actor, *, today: dt.date) -> None:
    """One that runs for everybody, one for customers who are new."""
    common = {
        "country": None,
        "segment": "",
        "billing_cycle": "",
        "valid_from": today,
        "valid_until": today + dt.timedelta(days=120),
    }
    for code, product, sku, points, names, texts, more in (
        (
            "office-year",
            "office",
            "premium",
            1500,
            ("プレミアム 年間契約 15% 引き", "15 % off Premium for a year"),
            ("1 年契約で始めるオフィス プレミアムを割り引きます。", "For a year of Office Premium."),
            {"term": Term.YEAR, "min_quantity": 1, "max_quantity": None, "new_customers_only": False},
        ),
        (
            "guard-start",
            "guard",
            "endpoint",
            2500,
            ("ガード 新規導入 25% 引き", "25 % off Guard for newcomers"),
            ("ガードを初めて使う顧客の、10 台以上の導入が対象です。", "For newcomers, from 10 devices."),
            {"term": "", "min_quantity": 10, "max_quantity": 300, "new_customers_only": True},
        ),
    ):
        values = {
            **common,
            **more,
            "code": code,
            "name_ja": names[0],
            "name_en": names[1],
            "description_ja": texts[0],
            "description_en": texts[1],
            "sku": Sku.objects.get(product__code=product, code=sku, tenant_id=operator.tenant_id),
            "discount_basis_points": points,
        }
        promotion = create_promotion(operator, values=values)
        publish_promotion(operator, promotion=promotion, version=promotion.version)


def price_for_resellers(provider: Actor, *, today: dt.date, buyer: str) -> None:
    """Hinode: cost plus 12 %, security plus 15 %, and a better price of Office for its first reseller."""
    _rule(provider, Capacity.PROVIDER, today, basis=PriceBasis.COST, percent=1200)
    security = Category.objects.get(code="security", tenant__family_id=provider.family_id)
    _rule(provider, Capacity.PROVIDER, today, basis=PriceBasis.COST, percent=1500, category=security)
    office = Product.objects.get(code="office", tenant__family_id=provider.family_id)
    _rule(
        provider,
        Capacity.PROVIDER,
        today,
        basis=PriceBasis.COST,
        percent=900,
        product=office,
        buyer_domain=buyer,
    )


def price_for_customers(reseller: Actor, *, today: dt.date, buyer: str = "") -> None:
    """Kawase: the estimated retail price, 5 % less for a faithful customer."""
    percent = -500 if buyer else 0
    _rule(reseller, Capacity.RESELLER, today, basis=PriceBasis.RETAIL, percent=percent, buyer_domain=buyer)


def _rule(
    seller: Actor,
    sells_as: Capacity,
    today: dt.date,
    *,
    basis: PriceBasis,
    percent: int = 0,
    category: Category | None = None,
    product: Product | None = None,
    buyer_domain: str = "",
) -> None:
    terms = RuleTerms(
        sells_as=sells_as,
        buyer_domain=buyer_domain,
        category=category,
        product=product,
        basis=basis,
        percent=percent,
        currency="JPY",
        valid_from=today,
    )
    create_price_rule(seller, terms=terms)

"""The operator keeps the catalogue; partners see what is published and sold where they are."""

import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, browser_of, partner, stranger
from tests.commerce import build_shop
from toiya.audit.models import AuditRecord
from toiya.catalogue.models import Availability, PinnedProduct, Product, Sku, SkuKind
from toiya.core.text import search_key

CATALOGUE = "/operator/catalogue/"


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def told(browser: Client, path: str, values: dict[str, Any] | None = None) -> str:
    """The page after a form was sent, with what it says."""
    response = browser.post(path, values or {}, follow=True)
    assert response.redirect_chain, text_of(response)
    return text_of(response)


SKU = {
    "kind": "license",
    "code": "standard",
    "name_ja": "帳簿 スタンダード",
    "name_en": "Books Standard",
    "min_quantity": "1",
    "max_quantity": "500",
    "cancel_days": "7",
    "trial_days": "30",
    "plans": "ledger, 元帳, Ledger\nreports, 報告, Reports",
}


@pytest.mark.requirement("N-44")
def test_from_nothing_to_a_published_product_that_partners_find(cast: Cast) -> None:  # noqa: PLR0915  (one story)
    """Planted fault that this test finds: drafts shown to partners."""
    ren, mei = browser_of(cast.ren), browser_of(cast.mei)
    assert stranger().get(CATALOGUE).status_code == 302
    assert browser_of(cast.aki).get(CATALOGUE).status_code == 403
    assert mei.get(CATALOGUE).status_code == 403
    assert "No products yet" in text_of(ren.get(CATALOGUE))

    told(
        ren,
        CATALOGUE + "categories/new/",
        {"code": "money", "name_ja": "お金", "name_en": "Money", "position": 1},
    )
    category = text_of(ren.get(CATALOGUE + "products/new/")).split('value="')
    ids = [part[:36] for part in category if part[8:9] == "-"]
    values = {"code": "books", "category": ids[0], "name_ja": "ツバメ帳簿", "name_en": "Tsubame Books"}
    wrong = ren.post(CATALOGUE + "products/new/", {**values, "code": "Not A Code"})
    assert (wrong.status_code, "small letters" in text_of(wrong), "ツバメ帳簿" in text_of(wrong)) == (
        400,
        True,
        True,
    )
    told(ren, CATALOGUE + "products/new/", values)
    product = Product.objects.get()
    page = f"{CATALOGUE}products/{product.pk}/"
    again = ren.post(CATALOGUE + "products/new/", values)
    assert (again.status_code, "is used already" in text_of(again)) == (409, True)

    assert "no SKU with an availability" in told(ren, page + "publication/")
    told(ren, page + "skus/new/", SKU)
    sku = Sku.objects.get()
    assert sku.connector.code == "instant", "provided at once where no connector was chosen"
    assert [plan.code for plan in sku.service_plans.order_by("position")] == ["ledger", "reports"]
    where = {
        "countries": ["JP", "US"],
        "segments": ["commercial"],
        "combinations": ["P1Y/monthly", "P1Y/annual"],
    }
    offers = f"{CATALOGUE}skus/{sku.pk}/availabilities/"
    assert "4 availabilities were added" in told(ren, offers, where)
    assert "0 availabilities" in told(ren, offers, where)
    assert set(Availability.objects.values_list("country_id", "currency")) == {("JP", "JPY"), ("US", "USD")}
    refused = ren.post(offers, {**where, "combinations": ["P1M/annual"]})
    assert refused.status_code == 400

    assert "Books Standard" not in text_of(mei.get("/dashboard/catalogue/"))
    assert mei.get(f"/dashboard/catalogue/{product.pk}/").status_code == 404
    told(ren, page + "publication/")
    for words in ("帳簿", "tsubame books", "ﾂﾊﾞﾒ", "standard"):
        assert "Books Standard" in text_of(mei.get("/dashboard/catalogue/", {"q": words})), words
    assert "No offer matches" in text_of(mei.get("/dashboard/catalogue/", {"q": "帳簿 premium"}))
    assert "No offer matches" in text_of(mei.get("/dashboard/catalogue/", {"term": "P3Y"}))
    assert "Books Standard" in text_of(mei.get("/dashboard/catalogue/", {"country": "US"})), (
        "falls back to Japan"
    )
    assert "US" not in mei.get("/dashboard/catalogue/export.csv", {"country": "US"}).content.decode()

    told(ren, page + "withdrawal/")
    assert "Books Standard" not in text_of(mei.get("/dashboard/catalogue/"))
    assert "withdrawn already" in told(ren, page + "withdrawal/").casefold()
    told(ren, page + "restoration/")
    told(ren, f"{CATALOGUE}skus/{sku.pk}/withdrawal/")
    assert "Books Standard" not in text_of(mei.get("/dashboard/catalogue/"))
    told(ren, f"{CATALOGUE}skus/{sku.pk}/restoration/")
    one = Availability.objects.filter(country="JP").first()
    assert one is not None
    told(ren, f"{CATALOGUE}availabilities/{one.pk}/withdrawal/")
    told(ren, f"{CATALOGUE}availabilities/{one.pk}/restoration/")
    assert ren.get(CATALOGUE + "export.csv").content.decode().count("Books Standard") == 4
    assert AuditRecord.objects.filter(action="create_availability").count() == 4


@pytest.mark.goal("G-31")
def test_two_editors_of_a_sku_the_second_keeps_what_was_typed(cast: Cast) -> None:
    """Planted fault that this test finds: the version left out of the update's condition."""
    shop = build_shop(cast)
    ren = browser_of(cast.ren)
    page = f"{CATALOGUE}skus/{shop.office.pk}/edit/"
    values = {**SKU, "plans": "", "connector": shop.connector.pk, "version": 1, "upgrades": [shop.premium.pk]}
    assert ren.post(page, {**values, "max_quantity": "50", "name_en": "First"}).status_code == 302
    late = ren.post(page, {**values, "max_quantity": "60", "name_en": "Second"})

    said = text_of(late)
    assert late.status_code == 412
    assert "Somebody changed this while you were editing" in said
    assert 'value="Second"' in said
    assert "First" in said
    assert 'name="version" value="2"' in said
    assert ren.post(page, {**values, "name_en": "Second", "version": 2}).status_code == 302
    shop.office.refresh_from_db()
    assert (shop.office.name_en, shop.office.version) == ("Second", 3)

    bounds = ren.post(page, {**values, "version": 3, "min_quantity": "9", "max_quantity": "8"})
    assert (bounds.status_code, "must not be below the least one (9)" in text_of(bounds)) == (409, True)
    target = ren.post(page, {**values, "version": 3, "converts_to": shop.premium.pk})
    assert "nothing else is" in text_of(target)
    trial = ren.post(
        f"{CATALOGUE}products/{shop.product.pk}/skus/new/",
        {**values, "kind": "trial", "code": "try", "converts_to": shop.office.pk},
    )
    assert trial.status_code == 302
    made = Sku.objects.get(code="try")
    assert (made.kind, made.min_quantity, made.max_quantity) == (SkuKind.TRIAL, 25, 25)


@pytest.mark.requirement("N-32")
def test_five_products_can_be_pinned_by_each_person(cast: Cast) -> None:
    """Planted fault that this test finds: pins counted per organisation."""
    shop = build_shop(cast)
    products = [shop.product]
    for number in range(6):
        name = f"More {number}"
        products.append(
            Product.objects.create(
                tenant=cast.operator,
                category=shop.category,
                code=f"more-{number}",
                name_ja=name,
                name_en=name,
                search_key=search_key(name),
                published_at=shop.product.published_at,
                created_at=shop.product.created_at,
            )
        )
    mei, sora = browser_of(cast.mei), browser_of(cast.sora)
    for product in products[:5]:
        assert "is pinned" in told(mei, f"/dashboard/catalogue/{product.pk}/pin/")
    assert "that is the most" in told(mei, f"/dashboard/catalogue/{products[5].pk}/pin/")
    told(mei, f"/dashboard/catalogue/{products[0].pk}/pin/")
    assert PinnedProduct.objects.filter(person=cast.mei).count() == 5

    assert "is pinned" in told(sora, f"/dashboard/catalogue/{products[5].pk}/pin/")
    told(mei, f"/dashboard/catalogue/{products[1].pk}/pin/removal/")
    assert "is pinned" in told(mei, f"/dashboard/catalogue/{products[5].pk}/pin/")
    assert "More 4" in text_of(mei.get("/dashboard/catalogue/"))


@pytest.mark.requirement("S-058")
def test_a_reseller_sees_the_catalogues_of_its_confirmed_providers_by_name(cast: Cast) -> None:
    """Planted fault that this test finds: ``confirmed_at`` not asked."""
    build_shop(cast)
    kai = browser_of(cast.kai)
    assert "No indirect provider yet" in text_of(kai.get("/dashboard/catalogue/"))
    unconfirmed = partner(cast.hinode, cast.kawase)
    unconfirmed.confirmed_at = None
    unconfirmed.save()
    assert "ヒノデ商事" not in text_of(kai.get("/dashboard/catalogue/"))
    assert "1,200" not in text_of(kai.get("/dashboard/prices/ours/"))

    unconfirmed.confirmed_at = unconfirmed.since
    unconfirmed.save()
    partner(cast.midori, cast.kawase)
    page = text_of(kai.get("/dashboard/catalogue/"))
    assert "ヒノデ商事: <strong>¥1,200</strong>" in page
    assert "ミドリ流通: no price" in page, "Midori has set no price for its resellers"
    assert "¥1,000" not in page, "what Hinode pays is not shown"
    assert kai.get("/dashboard/prices/").status_code == 403
    rows = kai.get("/dashboard/catalogue/export.csv").content.decode()
    assert rows.count("ヒノデ商事") == rows.count("ミドリ流通") == 8
    assert browser_of(cast.nao).get("/dashboard/catalogue/").status_code == 403
    assert browser_of(cast.emi).get("/dashboard/catalogue/").status_code == 302

    with CaptureQueriesContext(connection) as few:
        kai.get("/dashboard/catalogue/", {"kind": "trial"})
    with CaptureQueriesContext(connection) as many:
        kai.get("/dashboard/catalogue/")
    assert len(few) == len(many), "one offer or eight"

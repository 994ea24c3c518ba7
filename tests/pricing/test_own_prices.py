"""Price rules, exchange rates, fixed prices, promotions: as sellers set them and partners read them."""

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import Cast, browser_of, day_in_japan, partner, relate
from tests.commerce import Shop, build_shop
from toiya.audit.models import AuditRecord
from toiya.pricing.models import PriceRule, Promotion

RULES = "/dashboard/prices/rules/"


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Hinode sells to Kawase, who sells to Aoba."""
    partner(cast.hinode, cast.kawase)
    relate(cast.kawase, cast.aoba)
    return build_shop(cast)


def rule_of(**more: object) -> dict[str, object]:
    """A rule for everything and everybody, as it is typed."""
    today = day_in_japan().isoformat()
    return {
        "sells_as": "provider",
        "basis": "cost",
        "currency": "JPY",
        "valid_from": today,
        "version": 0,
        **more,
    }


def test_rules_are_tried_out_removed_and_brought_back(cast: Cast, shop: Shop) -> None:  # noqa: PLR0915  (one story)
    """Planted faults that this test finds: the oldest of two rules alike; a removed rule that counts."""
    mei, kai, yui = browser_of(cast.mei), browser_of(cast.kai), browser_of(cast.yui)
    office = shop.offers["office"]
    ask: dict[str, Any] = {"as_": "provider", "buyer": "kawase.example", "offer": office.pk}
    assert "<strong>¥1,200</strong>" in text_of(mei.get(RULES, ask))

    values = rule_of(buyer="kawase.example", target=f"sku:{shop.office.pk}", percent="8.25")
    assert browser_of(cast.sora).post(RULES + "new/", values).status_code == 403
    assert mei.post(RULES + "new/", values).status_code == 302
    said = text_of(mei.get(RULES, ask))
    assert "<strong>¥1,082.50</strong>" in said or "<strong>¥1,082.5</strong>" in said
    assert "for this buyer" in said
    assert "¥1,082" in text_of(kai.get("/dashboard/prices/ours/"))
    stranger_ = mei.post(RULES + "new/", {**values, "buyer": "yamabuki.example"})
    assert (stranger_.status_code, "has the domain “yamabuki.example”" in text_of(stranger_)) == (409, True)
    assert "needs one offer" in text_of(mei.post(RULES + "new/", rule_of(basis="fixed", fixed="5")))

    rule = PriceRule.objects.get(percent=825)
    assert yui.get(f"{RULES}{rule.pk}/").status_code == 404
    assert kai.post(f"{RULES}{rule.pk}/removal/").status_code == 404
    edited = {**values, "percent": "10", "version": rule.version}
    assert mei.post(f"{RULES}{rule.pk}/", edited).status_code == 302
    late = mei.post(f"{RULES}{rule.pk}/", {**edited, "percent": "11"})
    assert (late.status_code, 'value="11"' in text_of(late)) == (412, True)
    assert mei.post(f"{RULES}{rule.pk}/removal/").status_code == 302
    assert "¥1,200" in text_of(kai.get("/dashboard/prices/ours/"))
    assert mei.post(f"{RULES}{rule.pk}/restoration/").status_code == 302
    assert "¥1,100" in text_of(kai.get("/dashboard/prices/ours/"))
    assert mei.post(RULES + "new/", {**values, "percent": "5"}).status_code == 302
    assert "<strong>¥1,050</strong>" in text_of(mei.get(RULES, ask)), "the younger of two alike"

    dollars = rule_of(buyer="kawase.example", target=f"availability:{office.pk}", currency="USD", percent="")
    assert mei.post(RULES + "new/", dollars).status_code == 302
    assert "No exchange rate" in text_of(mei.get(RULES, ask))
    assert "ヒノデ商事: no price" in text_of(kai.get("/dashboard/catalogue/", {"q": "office"}))
    rate = {"base": "JPY", "quoted": "usd", "rate": "0.0066", "valid_from": day_in_japan().isoformat()}
    assert mei.post("/dashboard/prices/rates/", {**rate, "rate": "0"}).status_code == 400
    assert mei.post("/dashboard/prices/rates/", {**rate, "quoted": "JPY"}).status_code == 409
    assert mei.post("/dashboard/prices/rates/", rate).status_code == 302
    assert "$6.60" in text_of(mei.get(RULES, ask))
    assert "$6.60" in text_of(kai.get("/dashboard/catalogue/"))
    logged = AuditRecord.objects.filter(action__contains="price_rule")
    assert {row.tenant_id for row in logged} == {cast.hinode.pk}
    assert {row.counterparty_id for row in logged} == {None}


def test_what_a_rule_is_for_stands_under_the_name_of_its_product(cast: Cast, shop: Shop) -> None:
    """Planted fault: one list of every offer of every product."""
    mei, product = browser_of(cast.mei), shop.product
    groups = groups_of(text_of(mei.get(RULES + "new/")))
    offers = [str(row.pk) for row in shop.offers.values() if row.sku.product_id == product.pk]
    listed = groups[product.name_en]
    assert listed[0] == f"product:{product.pk}"
    assert f"sku:{shop.office.pk}" in listed
    assert {f"availability:{key}" for key in offers} <= set(listed)
    assert all(f":{key}" not in value for key in offers for value in groups["Categories"])

    tried = groups_of(text_of(mei.get(RULES)))
    assert set(tried[product.name_en]) >= set(offers)


def groups_of(page: str) -> dict[str, list[str]]:
    """The values of the choices under each name."""
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page, re.DOTALL)
    return {name: re.findall(r'<option value="([^"]+)"', options) for name, options in groups}


def test_fixed_prices_come_as_a_file_with_a_rehearsal(cast: Cast, shop: Shop) -> None:
    mei, kai = browser_of(cast.mei), browser_of(cast.kai)
    exported = mei.get(RULES + "export.csv").content.decode("utf-8-sig").splitlines()
    assert exported[0].startswith("product,sku,segment,term,billing_cycle,country,price")
    assert len(exported) == 9
    form = {"sells_as": "provider", "buyer": "kawase.example", "currency": "JPY"}
    rows = [
        "product,sku,segment,term,billing_cycle,country,price",
        "office,standard,commercial,P1Y,monthly,JP,1111.5",
        "office,premium,commercial,P1Y,monthly,JP,free",
        "office,premium,commercial,P1Y,monthly,US,3",
    ]
    file = SimpleUploadedFile("p.csv", "\n".join(rows).encode())
    rehearsed = text_of(mei.post(RULES + "import/", {**form, "file": file}))
    assert "Line 3" in rehearsed
    assert "Line 4" in rehearsed
    carried = rehearsed.partition('name="rows" hidden>')[2].partition("</textarea>")[0].lstrip("\n")
    count = PriceRule.objects.count()
    for expected in ("1 price was changed", "0 prices were changed"):
        done = mei.post(RULES + "import/", {**form, "rows": carried}, follow=True)
        assert expected in text_of(done)
    assert PriceRule.objects.count() == count + 1
    assert "¥1,111.5" in text_of(kai.get("/dashboard/prices/ours/"))
    ours = kai.get("/dashboard/prices/ours/export.csv").content.decode()
    assert "1111.5" in ours
    assert "1000" not in ours.split("アーカイブ")[0].partition("Standard")[2].partition("\r\n")[0]


@pytest.mark.requirement("N-31")
def test_promotions_are_published_shown_with_reasons_and_ended(cast: Cast, shop: Shop) -> None:
    """Planted fault that this test finds: a draft that partners see."""
    ren, mei = browser_of(cast.ren), browser_of(cast.mei)
    today = day_in_japan()
    page = "/operator/catalogue/promotions/"
    values = {
        "code": "spring",
        "name_ja": "春の割引",
        "name_en": "Spring offer",
        "sku": shop.office.pk,
        "discount": "12.5",
        "min_quantity": "20",
        "valid_from": today.isoformat(),
        "last_day": today.isoformat(),
    }
    assert browser_of(cast.mei).post(page + "new/", values).status_code == 403
    reversed_ = ren.post(page + "new/", {**values, "last_day": (today - dt.timedelta(days=1)).isoformat()})
    assert (reversed_.status_code, "must not be before the first day" in text_of(reversed_)) == (409, True)
    assert ren.post(page + "new/", values).status_code == 302
    made = Promotion.objects.get()
    assert (made.discount_basis_points, made.valid_until - made.valid_from) == (1250, dt.timedelta(days=1))
    assert "Spring offer" not in text_of(mei.get("/dashboard/prices/promotions/"))
    assert ren.post(f"{page}{made.pk}/edit/", {**values, "discount": "15", "version": 1}).status_code == 302
    assert ren.post(f"{page}{made.pk}/edit/", {**values, "discount": "16", "version": 1}).status_code == 412
    assert ren.post(f"{page}{made.pk}/publication/", {"version": 2}).status_code == 302
    assert ren.post(f"{page}{made.pk}/edit/", {**values, "version": 3}).status_code == 409

    ask: dict[str, Any] = {"offer": shop.offers["office"].pk, "quantity": 19}
    said = text_of(mei.get("/dashboard/prices/promotions/", ask))
    assert all(
        text in said for text in ("Spring offer", "15 % off", "Not eligible", "From 20 units; there are 19.")
    )
    assert "Applied by itself" in text_of(mei.get("/dashboard/prices/promotions/", {**ask, "quantity": 20}))
    assert ren.post(f"{page}{made.pk}/end/").status_code == 302
    assert "Spring offer" not in text_of(mei.get("/dashboard/prices/promotions/", ask))
    assert "is not running" in text_of(ren.post(f"{page}{made.pk}/end/", follow=True))

"""Price lists: drafted, filled by hand and by file, published once, looked at 30 days before."""

import datetime as dt
import html
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import Cast, browser_of, day_in_japan
from tests.commerce import Shop, build_shop
from toiya.pricing.models import PriceLine, PriceList

LISTS = "/operator/catalogue/price-lists/"
HEADER = "product,sku,segment,term,billing_cycle,list_price,estimated_retail_price"


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


@pytest.fixture
def shop(cast: Cast) -> Shop:
    return build_shop(cast)


def draft_of(ren: Client, shop: Shop, *, days: int = 20) -> str:
    """A draft that begins with the prices in force; its address."""
    day = day_in_japan() + dt.timedelta(days=days)
    values = {"country": "JP", "name": "Next", "valid_from": day.isoformat(), "like": shop.price_list.pk}
    response = ren.post(LISTS + "new/", values)
    assert response.status_code == 302, text_of(response)
    return str(response.headers["Location"])


def hand_in(ren: Client, page: str, content: bytes, *, name: str = "prices.csv", **more: str) -> Any:  # noqa: ANN401
    return ren.post(f"{page}import/", {"file": SimpleUploadedFile(name, content), **more})


def carried(response: Any) -> dict[str, str]:  # noqa: ANN401
    """What the page of a dry run sends when it is confirmed."""
    page = text_of(response)
    rows = page.partition('name="rows" hidden>')[2].partition("</textarea>")[0].lstrip("\n")
    version = page.partition('name="version" value="')[2].partition('"')[0]
    return {"rows": rows, "version": version}


@pytest.mark.requirement("N-33")
def test_a_file_is_rehearsed_good_rows_are_kept_and_bad_ones_named(cast: Cast, shop: Shop) -> None:  # noqa: PLR0915  (one story)
    """Planted faults that this test finds: prices read as floats; the dry run that writes."""
    ren = browser_of(cast.ren)
    page = draft_of(ren, shop)
    draft = PriceList.objects.get(name="Next")
    assert draft.lines.count() == 8
    PriceLine.objects.filter(price_list=draft, availability=shop.offers["storage"]).delete()
    lines = [
        HEADER + ",change,備考",
        "office,standard,commercial,P1Y,monthly,1100,1600,,値上げ",
        "office,premium,commercial,P1Y,monthly,2000.00,3000,,",
        "OFFICE,Storage,commercial,,none,3.000001,4.5,,",
        "office,trial,commercial,P1M,monthly,,,DEL,",
        "office,archive,commercial,P1Y,monthly,-5,400,,",
        "office,setup,commercial,P9Y,one_time,1,2,,",
        "office,standard,commercial,P1Y,monthly,1,2,,",
        "office,archive,education,P1Y,monthly,1,2,,",
        "",
    ]
    text = "\r\n".join(lines)
    before = list(draft.lines.values_list("pk", "list_units"))
    rehearsed: Any = None
    for content in (text.encode(), text.encode("utf-8-sig"), text.encode("cp932")):
        rehearsed = hand_in(ren, page, content)
        said = text_of(rehearsed)
        assert rehearsed.status_code == 200
        assert ("Shift_JIS" in said.partition("<main")[2].partition("Rows that are left out")[0]) == (
            content == text.encode("cp932")
        )
        assert [line in said for line in ("Line 6", "Line 7", "Line 8", "Line 9")] == [True] * 4
        assert "list_price: “-5” is no price" in said
        assert "term: there is no “P9Y”" in said
        assert "stands in line 2 already" in said
        assert "segment: there is no “education”" in said
    assert list(draft.lines.values_list("pk", "list_units")) == before, "nothing is written yet"

    done = ren.post(f"{page}import/", carried(rehearsed), follow=True)
    assert "3 lines were changed" in text_of(done)
    found = {
        line.availability_id: (line.list_price.decimal, line.retail_price.decimal)
        for line in draft.lines.select_related("price_list")
    }
    office, storage = shop.offers["office"].pk, shop.offers["storage"].pk
    assert [str(price) for price in (*found[office], *found[storage])] == ["1100", "1600", "3.000001", "4.5"]
    assert shop.offers["trial"].pk not in found
    assert "changes nothing" in text_of(
        hand_in(ren, page, text.replace("office,trial", "office,other").encode())
    )

    late = ren.post(f"{page}import/", {**carried(rehearsed), "version": "1"})
    assert late.status_code == 412
    broken = hand_in(ren, page, b"sku,price\nx,1\n")
    assert (broken.status_code, "must name the columns product, segment" in text_of(broken)) == (400, True)
    assert "cannot be read" in text_of(hand_in(ren, page, b"\x00\x01\x02"))


@pytest.mark.requirement("N-33")
def test_a_list_is_published_once_and_looked_at_before_it_begins(cast: Cast, shop: Shop) -> None:  # noqa: PLR0915  (one story)
    """Planted fault that this test finds: a draft shown to providers."""
    ren, mei = browser_of(cast.ren), browser_of(cast.mei)
    page = draft_of(ren, shop)
    draft = PriceList.objects.get(name="Next")
    office, premium = shop.offers["office"].pk, shop.offers["premium"].pk
    prices = {
        f"list-{office}": "1250",
        f"retail-{office}": "1875",
        f"list-{premium}": "",
        f"retail-{premium}": "",
    }
    wrong = ren.post(f"{page}lines/", {**prices, f"list-{office}": "12,5x", "version": 1})
    assert (wrong.status_code, 'value="12,5x"' in text_of(wrong)) == (400, True)
    assert ren.post(f"{page}lines/", {**prices, "version": 1}).status_code == 302
    late = ren.post(f"{page}lines/", {**prices, f"list-{office}": "1300", "version": 1})
    assert (late.status_code, 'value="1300"' in text_of(late), "¥1,250" in text_of(late)) == (412, True, True)
    assert "Coming on" not in text_of(mei.get("/dashboard/prices/"))

    preview = text_of(ren.get(f"{page}publication/"))
    assert all(mark in preview for mark in ("CHG", "DEL", "¥1,000", "¥1,250"))
    assert ren.post(f"{page}publication/", {"version": 1}).status_code == 412
    assert ren.post(f"{page}publication/", {"version": 2}).status_code == 302
    for path, values in (
        ("lines/", {**prices, "version": 3}),
        ("edit/", {"name": "Other", "valid_from": "2030-01-01", "version": 3}),
        ("removal/", {}),
        ("publication/", {"version": 3}),
    ):
        ren.post(page + path, values)
    draft.refresh_from_db()
    assert (draft.name, draft.version) == ("Next", 3)

    coming = text_of(mei.get("/dashboard/prices/", {"list": "coming"}))
    assert all(text in coming for text in ("CHG", "DEL", "¥1,250", "¥1,875", "¥1,000"))
    assert "¥1,250" not in text_of(mei.get("/dashboard/prices/")), "today's list is the other one"
    rows = (
        mei.get("/dashboard/prices/export.csv", {"list": "coming"}).content.decode("utf-8-sig").splitlines()
    )
    assert rows[0].startswith(HEADER + ",change")
    assert any(row.startswith("office,standard,commercial,P1Y,monthly,1250,1875,CHG") for row in rows)
    sheet = openpyxl.load_workbook(io.BytesIO(mei.get("/dashboard/prices/export.xlsx").content)).active
    assert sheet is not None
    assert sheet.max_row == 9
    assert browser_of(cast.kai).get("/dashboard/prices/").status_code == 403
    PriceList.objects.filter(pk=draft.pk).update(valid_from=day_in_japan() + dt.timedelta(days=31))
    assert "Coming on" not in text_of(mei.get("/dashboard/prices/")), "31 days before it is not shown"

    early = {"country": "JP", "name": "Past", "like": shop.price_list.pk}
    day = (day_in_japan() - dt.timedelta(days=2)).isoformat()
    past = ren.post(LISTS + "new/", {**early, "valid_from": day}).headers["Location"]
    assert "at the earliest" in text_of(ren.post(f"{past}publication/", {"version": 1}))
    twice = ren.post(LISTS + "new/", {**early, "valid_from": day})
    assert (twice.status_code, "“Past” in this country already" in text_of(twice)) == (409, True)
    assert ren.post(f"{past}removal/").status_code == 302
    assert not PriceList.objects.filter(name="Past").exists()


def test_an_xlsx_export_can_be_changed_and_handed_in_again(cast: Cast, shop: Shop) -> None:
    ren = browser_of(cast.ren)
    page = draft_of(ren, shop)
    book = openpyxl.load_workbook(io.BytesIO(ren.get(f"{page}export.xlsx").content))
    sheet: Any = book.active
    for row in sheet.iter_rows(min_row=2):
        if row[1].value == "setup":
            row[5].value = 51234.5
    sheet.delete_rows(2)
    file = io.BytesIO()
    book.save(file)

    rehearsed = hand_in(ren, page, file.getvalue(), name="prices.xlsx", replace="on")
    done = ren.post(f"{page}import/", carried(rehearsed), follow=True)
    assert "2 lines were changed" in text_of(done)
    draft = PriceList.objects.get(name="Next")
    assert str(draft.lines.get(availability=shop.offers["setup"]).list_price.decimal) == "51234.5"
    assert draft.lines.count() == 7

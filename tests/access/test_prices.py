"""Nobody sees a price that is not theirs: planted prices, and a search for them in everything that can be opened."""

import io
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from typing import cast as typed

import openpyxl
import pytest
from django.db.models import F
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from tests.access.invoices import close_month
from tests.access.test_matrix import ask, cells_of
from tests.access.world import Persona, World, build_world
from tests.api.speaking import api_of
from tests.commerce import subscribed
from toiya.audit.models import AuditRecord
from toiya.billing.models import Invoice
from toiya.catalogue.models import Availability
from toiya.core.clock import real_now
from toiya.core.spreadsheets import ZIP_SIGN
from toiya.directory.models import Tenant
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.pricing.models import PriceList
from toiya.programme.models import Country
from toiya.relations.models import Partnership

COST, TO_KAWASE, TO_ALL, TO_AOBA, KAWASE_TO_AOBA, TO_YAMABUKI, YAMABUKI_TO_MOMIJI = range(917101, 917108)
PROMOTED_COST = "825391.179"  # the cost under the promotion that runs in the world
MAY_SEE: dict[int, set[str]] = {
    COST: {"tsubame", "hinode", "midori"},
    TO_KAWASE: {"hinode", "kawase"},
    TO_ALL: {"hinode"},
    TO_AOBA: {"hinode", "aoba"},
    KAWASE_TO_AOBA: {"kawase", "aoba"},
    TO_YAMABUKI: {"midori", "yamabuki"},
    YAMABUKI_TO_MOMIJI: {"yamabuki", "momiji"},
}
# As a unit price with its decimals, or rounded to the yen as an amount; never inside an id or a token.
SENTINEL = re.compile(r"(?<![0-9A-Za-z_-])(91710[1-7])(?:\.31\d*)?(?![0-9A-Za-z_-])")
SEPARATORS = re.compile(r"(?<=\d)[,\u00a0\u202f](?=\d{3})")
ONE_EACH = ("ren", "mei", "kai", "yui", "jun", "emi", "moe", "kij", "tsu")


def test_the_search_finds_what_is_planted() -> None:
    """Amounts with and without separators and decimals; nothing in ids."""
    assert found_in("￥917,101.31 917102 917103.31 <b>917104.310</b>") == {917101, 917102, 917103, 917104}
    assert found_in("id-917101 a917102 /917103-11/ 9171041 917105.4") == {917105}
    assert found_in("917105f") == set()


def found_in(text: str) -> set[int]:
    return {int(hit) for hit in SENTINEL.findall(SEPARATORS.sub("", text))}


def text_of(response: HttpResponseBase) -> str:
    """Pages and CSV as they are; of XLSX files every cell."""
    content: bytes = getattr(response, "content", b"") or b"".join(getattr(response, "streaming_content", ()))
    if not content.startswith(ZIP_SIGN):
        return content.decode(errors="replace")
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)


def plant(world: World) -> None:
    """Every edge has a price of its own, entered through the pages."""
    browsers = {persona.name: persona.browser for persona in world.personas}
    offer = Availability.objects.get(
        sku__code="standard", term="P1Y", billing_cycle="monthly", tenant__domains__name="tsubame.example"
    )
    draft = PriceList.objects.get(name="Coming")
    today = Country.objects.get(code="JP").local_date(real_now()).isoformat()
    ren, lists = browsers["ren"], f"/operator/catalogue/price-lists/{draft.pk}/"
    done(ren, f"{lists}edit/", {"name": "Now", "valid_from": today, "version": 1})
    prices = {f"list-{offer.pk}": f"{COST}.31", f"retail-{offer.pk}": "1500"}
    done(ren, f"{lists}lines/", {**prices, "version": 2})
    done(ren, f"{lists}publication/", {"version": 3})
    for seller, sells_as, buyer, price in (
        ("mei", "provider", "", TO_ALL),
        ("mei", "provider", "kawase.example", TO_KAWASE),
        ("mei", "provider", "aoba.example", TO_AOBA),
        ("kai", "reseller", "aoba.example", KAWASE_TO_AOBA),
        ("jun", "provider", "yamabuki.example", TO_YAMABUKI),
        ("yui", "reseller", "momiji.example", YAMABUKI_TO_MOMIJI),
    ):
        rule = {
            "sells_as": sells_as,
            "buyer": buyer,
            "target": f"availability:{offer.pk}",
            "basis": "fixed",
            "fixed": f"{price}.31",
            "currency": "JPY",
            "valid_from": today,
        }
        done(browsers[seller], "/dashboard/prices/rules/new/", rule)
    # Yamabuki was Hinode's partner once, confirmed; Kiji is a new one that Hinode has not confirmed.
    Partnership.objects.filter(ended_at__isnull=False).update(confirmed_at=F("since"))
    tenant = {row.domain.removesuffix(".example"): row for row in Tenant.objects.all()}
    people = typed("Any", type("Cast", (), {"operator": tenant["tsubame"]}))
    shop = typed("Any", type("Shop", (), {"offers": {"office": offer}}))
    for provider, reseller, customer in (("hinode", "kawase", "aoba"), ("midori", "yamabuki", "momiji")):
        subscribed(
            people,
            shop,
            tenant[customer],
            quantity=1,
            provider=tenant[provider],
            reseller=tenant[reseller],
        )
    close_month(people, ahead=1)


def done(browser: Client, path: str, values: Mapping[str, object]) -> None:
    response = browser.post(path, dict(values))
    assert response.status_code == 302, text_of(response)


def more_pages() -> Iterator[str]:
    """Pages that show prices only when they are asked."""
    offer = Availability.objects.get(
        sku__code="standard", term="P1Y", billing_cycle="monthly", tenant__domains__name="tsubame.example"
    )
    for buyer in ("", "kawase.example", "aoba.example", "momiji.example", "yamabuki.example"):
        yield f"{reverse('pricing:our_prices')}?buyer={buyer}"
        yield f"{reverse('pricing:our_prices_export', args=['xlsx'])}?buyer={buyer}"
        for capacity in ("provider", "reseller"):
            yield f"{reverse('pricing:rules')}?as_={capacity}&buyer={buyer}&offer={offer.pk}"
            yield f"{reverse('pricing:export_rules', args=['csv'])}?as={capacity}&buyer={buyer}"
    for invoice in Invoice.objects.all():
        for names in ("billing:", "operator:invoices_"):
            yield reverse(f"{names}invoice", args=[invoice.pk])
            yield from (reverse(f"{names}lines", args=[invoice.pk, form]) for form in ("csv", "xlsx"))
    yield f"{reverse('pricing:price_list')}?list=coming"
    yield f"{reverse('pricing:running_promotions')}?offer={offer.pk}&quantity=1"


def read_by_programs(persona: Persona) -> Iterator[tuple[str, str]]:
    """The addresses of the API that tell prices in long lists, and one by one the order requests.

    Planted fault: ``edges_of`` asked for the provider, whoever reads an order request.
    """
    if persona.person is None or not persona.has_factor or not persona.roles:
        return
    api = api_of(persona.person)
    paths = ["/v1/toiya/priceRules", "/v1/toiya/orderRequests", "/v1/toiya/subscriptions", "/v1/toiya/orders"]
    buyers = ("kawase.example", "aoba.example", "momiji.example", "yamabuki.example")
    paths += ["/v1/toiya/prices", *(f"/v1/toiya/prices?buyer={buyer}" for buyer in buyers)]
    for path in paths:
        told = api.get(path)
        yield path, told.content.decode()
        for item in told.body.get("items", []):
            if "OrderRequest" in str(item.get("attributes")):
                whole = api.get(f"{path}/{item['id']}").content.decode()
                yield path, whole.replace(PROMOTED_COST, f"{COST}.31")


@pytest.mark.once
@pytest.mark.goal("G-05")
@pytest.mark.requirement("S-058")
def test_no_foreign_price_in_anything_that_anybody_can_open(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Every GET route of every area, for one person of each organisation; the lists of the API, mails and the activity
    log as well.

    Planted faults that this test finds: ``confirmed_at`` and ``live()`` left out of ``suppliers_of``; the estimated
    price and the cost shown to a reseller in the catalogue; a rule's price in the log.
    """
    caplog.set_level(logging.CRITICAL)
    world = build_world()
    plant(world)
    personas = [persona for persona in world.personas if persona.name in ONE_EACH]
    pages = [
        (cell.persona, cell.path)
        for cell in cells_of(world, personas)
        if (cell.method, cell.want) == ("GET", "in")
    ]
    pages += [(persona, path) for persona in personas for path in more_pages()]
    seen: dict[int, set[str]] = {price: set() for price in MAY_SEE}
    foreign: list[str] = []
    through_api: set[tuple[int, str]] = set()
    on_invoices: set[tuple[int, str]] = set()

    for persona, path in pages:
        for price in found_in(text_of(ask(persona, "GET", path))):
            seen[price].add(persona.tenant)
            on_invoices |= {(price, persona.tenant)} if "/invoices/" in path else set()
            if persona.tenant not in MAY_SEE[price]:
                foreign.append(f"{persona.name} ({persona.tenant}) sees {price} at {path}")
    for persona in personas:
        for path, text in read_by_programs(persona):
            for price in found_in(text):
                through_api.add((price, persona.tenant))
                if persona.tenant not in MAY_SEE[price]:
                    foreign.append(f"{persona.name} ({persona.tenant}) reads {price} at {path}")
    for mail in OutgoingMail.objects.all():
        reader = mail.to.rpartition("@")[2].removeprefix("mail.").removesuffix(".example")
        written = found_in(f"{mail.context} {render(mail).text}")
        foreign += [f"mail {mail.message} says {price}" for price in written if reader not in MAY_SEE[price]]
    logged = [row.pk for row in AuditRecord.objects.all() if found_in(f"{row.before} {row.after}")]

    assert foreign == []
    assert logged == []
    assert on_invoices == {(COST, "tsubame"), (COST, "hinode"), (COST, "midori")}
    assert len(pages) > len(personas) * 20
    assert {
        (COST, "hinode"),
        (TO_KAWASE, "kawase"),
        (TO_KAWASE, "hinode"),
        (KAWASE_TO_AOBA, "kawase"),
    } <= through_api
    for price, who in ((COST, "hinode"), (COST, "tsubame"), (TO_KAWASE, "kawase"), (TO_ALL, "hinode"),
                       (KAWASE_TO_AOBA, "kawase"), (TO_YAMABUKI, "yamabuki"), (TO_AOBA, "hinode"),
                       (YAMABUKI_TO_MOMIJI, "yamabuki")):  # fmt: skip
        assert who in seen[price], f"{who} does not even see {price}, which is its own"

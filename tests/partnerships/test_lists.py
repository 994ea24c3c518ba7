"""Both sides see the same partnership; its end is looked at before it happens."""

import csv
import io

import openpyxl
import pytest

from tests.cast import Cast, browser_of, found, partner, relate
from tests.partnerships.story import PROVIDERS, RESELLERS, accept, become_partners, invite
from toiya.core.permissions import Capacity
from toiya.mail.models import OutgoingMail
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship

pytestmark = pytest.mark.django_db
SHARED = "/dashboard/partnerships/{}/customers/"
END = "/dashboard/partnerships/{}/remove/"


@pytest.mark.requirement("S-067", "S-068", "S-072")
def test_both_sides_see_the_same_partnership_with_the_same_date(cast: Cast) -> None:
    """Planted fault: the reseller's page shows the partnerships of everybody."""
    partnership = become_partners(cast)
    partner(cast.midori, cast.yamabuki)
    since = f'<time datetime="{partnership.since.isoformat()}">'
    kai = browser_of(cast.kai, language="ja").get(PROVIDERS).content.decode()
    mei = browser_of(cast.mei, language="ja").get(RESELLERS).content.decode()
    assert since in kai
    assert since in mei
    for page in (kai, mei):
        for label in ("顧客を表示する", "新しい顧客を招待する", "パートナーシップの削除"):
            assert label in page
    assert "ミドリ流通" not in kai
    assert "ヤマブキ情報" not in mei
    assert 'href="/dashboard/indirect-providers/"' in kai


@pytest.mark.requirement("S-072")
def test_without_a_provider_the_page_leads_to_the_directory(cast: Cast) -> None:
    """Planted fault: an empty table is shown."""
    page = browser_of(cast.yui).get(PROVIDERS).content.decode()
    assert "No indirect provider yet" in page
    assert "Find indirect providers" in page


def test_the_provider_finds_and_exports_its_resellers(cast: Cast) -> None:
    """G-26. Planted fault: cells are written as they are."""
    become_partners(cast)
    evil = found(cast.family, "=HYPERLINK(1)", "evil.example", Capacity.RESELLER)
    partner(cast.hinode, evil)
    mei = browser_of(cast.mei)
    page = mei.get(RESELLERS, {"q": "ｶﾜｾ"}).content.decode()
    assert "カワセシステムズ" in page
    assert "HYPERLINK" not in page
    assert "Nothing matches" in mei.get(RESELLERS, {"q": "ヤマブキ"}).content.decode()
    file = mei.get(f"{RESELLERS}export.csv")
    assert file.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == ["'=HYPERLINK(1)", "カワセシステムズ"]
    assert rows[1]["Domain"] == "kawase.example"
    assert rows[1]["Administrator access"] == "Helpdesk administrator"
    book = openpyxl.load_workbook(io.BytesIO(mei.get(f"{RESELLERS}export.xlsx", {"q": "ｶﾜｾ"}).content))
    names = [row[0].value for row in book.worksheets[0].iter_rows()]
    assert names == ["Name", "カワセシステムズ"]
    assert mei.get(f"{RESELLERS}export.pdf").status_code == 404
    assert browser_of(cast.kai).get(f"{RESELLERS}export.csv").status_code == 403


@pytest.mark.requirement("S-073", "S-069", "S-076")
def test_shared_customers_are_exactly_those_of_both(cast: Cast) -> None:
    """A partnership alone shows the provider no customer. Planted fault: the union is shown."""
    partnership = become_partners(cast)
    both, only_provider, only_reseller = (
        found(cast.family, name, domain)
        for name, domain in (("両社商店", "a.example"), ("供給商店", "b.example"), ("再販商店", "c.example"))
    )
    relate(cast.hinode, both)
    relate(cast.kawase, both)
    relate(cast.hinode, only_provider)
    relate(cast.kawase, only_reseller)
    ended = relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    ResellerRelationship.objects.filter(pk=ended.pk).update(ended_at=ended.since)
    for person in (cast.mei, cast.kai):
        page = browser_of(person).get(SHARED.format(partnership.pk)).content.decode()
        assert "両社商店" in page
        for other in ("供給商店", "再販商店", "アオバ工業"):
            assert other not in page
    assert (
        "2 of your customers have no reseller relationship"
        in browser_of(cast.kai).get(SHARED.format(partnership.pk)).content.decode()
    )
    assert browser_of(cast.mei).get(f"/dashboard/customers/{only_reseller.pk}/account/").status_code == 404
    for outsider in (cast.jun, cast.yui):
        assert browser_of(outsider).get(SHARED.format(partnership.pk)).status_code == 404


@pytest.mark.requirement("S-061")
def test_either_side_ends_the_partnership_after_seeing_what_it_does(cast: Cast) -> None:
    """C-13, rule (a). Planted fault: the administrator access ends without being asked for."""
    partnership = become_partners(cast)
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    kai = browser_of(cast.kai)
    page = kai.get(END.format(partnership.pk)).content.decode()
    for words in ("1 shared customer", "アオバ工業", "Helpdesk administrator"):
        assert words in page
    assert browser_of(cast.jun).get(END.format(partnership.pk)).status_code == 404
    assert browser_of(cast.nao).post(END.format(partnership.pk), {"reason": "x"}).status_code == 403
    assert kai.post(END.format(partnership.pk), {"reason": ""}).status_code == 400
    assert Partnership.objects.live().exists()
    assert kai.post(END.format(partnership.pk), {"reason": "契約が満了したため"}).status_code == 302
    assert "No indirect provider yet" in kai.get(PROVIDERS).content.decode()
    assert "No partnership yet" in browser_of(cast.mei).get(RESELLERS).content.decode()
    assert AdministrationGrant.objects.filter(removed_at__isnull=True).count() == 1
    assert ResellerRelationship.objects.live().count() == 2
    mail = OutgoingMail.objects.get(message="partnerships/ended")
    assert (mail.to, mail.context["reason"]) == (cast.mei.contact_email, "契約が満了したため")
    assert kai.post(END.format(partnership.pk), {"reason": "x"}).status_code == 404
    again = invite(cast)
    assert accept(kai, again).status_code == 302
    answer = browser_of(cast.mei).post(
        END.format(Partnership.objects.live().get().pk), {"reason": "x", "removes_access": "on"}
    )
    assert answer.status_code == 302
    assert not AdministrationGrant.objects.filter(removed_at__isnull=True).exists()

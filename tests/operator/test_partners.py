"""The operator suspends, restores and registers partners, and sees no more than it needs."""

import html
import re
from typing import Any

import pytest

from tests.cast import Cast, browser_of, found, partner, relate, stranger
from toiya.core.permissions import Capacity, Role
from toiya.directory.actors import actor_for, person_for_request
from toiya.directory.models import Person, Suspension, Tenant
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.membership.models import ProviderEntry
from toiya.partnerships.models import PartnerInvitation
from toiya.programme.words import current_programme
from toiya.relations.models import Partnership, ResellerRelationship

PROVIDER = {
    "name": "アサギ商会",
    "reading": "あさぎしょうかい",
    "latin_name": "Asagi Trading",
    "domain": "asagi.example",
    "country": "JP",
    "language": "ja",
    "website": "https://asagi.example/",
    "phone": "+81 3-1111-2222",
    "administrator_name": "浅葱 空",
    "administrator_user": "Admin",
    "administrator_email": "sora@mail.asagi.example",
}


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def suspend(cast: Cast, tenant: Tenant, capacity: str, reason: str = "no answer to our letters") -> Any:  # noqa: ANN401
    return browser_of(cast.ren).post(
        f"/operator/partners/{tenant.pk}/{capacity}/suspension/", {"reason": reason}
    )


@pytest.mark.goal("G-03")
def test_a_suspended_partner_starts_nothing_new_from_its_next_request_on(cast: Cast) -> None:
    """Mei is signed in all the while; looking stays possible, inviting does not."""
    partner(cast.hinode, cast.kawase)
    mei = browser_of(cast.mei)
    asked = "/dashboard/indirect-resellers/request/"
    assert mei.get(asked).status_code == 200

    suspend(cast, cast.hinode, "provider")

    assert mei.get(asked).status_code == 403
    assert mei.post(asked, {"language": "en"}).status_code == 403
    assert mei.get("/dashboard/indirect-resellers/").status_code == 200
    assert PartnerInvitation.objects.count() == 0
    assert Partnership.objects.live().count() == 1

    browser_of(cast.ren).post(f"/operator/partners/{cast.hinode.pk}/provider/suspension/lift/")
    assert mei.get(asked).status_code == 200


def test_before_suspending_the_operator_sees_what_stops(cast: Cast) -> None:
    partner(cast.hinode, cast.kawase)
    partner(cast.hinode, cast.yamabuki)
    relate(cast.hinode, cast.aoba)
    page = text_of(browser_of(cast.ren).get(f"/operator/partners/{cast.hinode.pk}/provider/suspension/"))

    numbers = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)<", page)
    assert numbers == [
        ("Open invitations", "0"),
        ("Administrator access at others", "0"),
        ("Partnerships", "2"),
        ("Customers", "1"),
    ]
    assert Suspension.objects.count() == 0


def test_suspension_and_restoration_are_mailed_to_the_administrators(cast: Cast) -> None:
    suspend(cast, cast.kawase, "reseller", reason="登録住所に届きません")
    browser_of(cast.ren).post(f"/operator/partners/{cast.kawase.pk}/reseller/suspension/lift/")

    mails = OutgoingMail.objects.filter(message__startswith="programme/").order_by("posted_at")
    assert [(mail.message, mail.to) for mail in mails] == [
        ("programme/partner_suspended", cast.kai.contact_email),
        ("programme/partner_restored", cast.kai.contact_email),
    ]
    first = render(mails[0], programme=current_programme())
    assert first.subject == "ツバメ クラウドがカワセシステムズを停止しました"
    assert "登録住所に届きません" in first.text
    assert "/dashboard/" in first.text


def test_a_reason_is_required_and_nothing_is_suspended_twice(cast: Cast) -> None:
    assert suspend(cast, cast.kawase, "reseller", reason="").status_code == 400
    assert Suspension.objects.count() == 0

    suspend(cast, cast.kawase, "reseller")
    again = suspend(cast, cast.kawase, "reseller")
    assert again.status_code == 400
    assert "already suspended" in text_of(again)
    assert Suspension.objects.count() == 1
    for wrong in (
        (cast.kawase, "provider"),
        (cast.kawase, "nonsense"),
        (cast.operator, "operator"),
        (cast.aoba, "reseller"),
    ):
        assert suspend(cast, *wrong).status_code == 404


@pytest.mark.goal("G-01")
def test_the_operator_sees_no_customers_and_no_people_of_a_partner(cast: Cast) -> None:
    """T-15: metadata of partners only, and a company that is only a customer is not there at all."""
    relate(cast.kawase, cast.aoba)
    browser = browser_of(cast.ren)
    pages = [
        text_of(browser.get(address))
        for address in (
            "/operator/",
            "/operator/partners/",
            f"/operator/partners/{cast.kawase.pk}/",
            "/operator/activity/",
        )
    ]

    for page in pages:
        for hidden in ("アオバ工業", "aoba.example", "Kai", "kai@kawase.example", "Nao"):
            assert hidden not in page
    assert browser.get(f"/operator/partners/{cast.aoba.pk}/").status_code == 404
    for address in (
        f"/dashboard/customers/{cast.aoba.pk}/users/",
        f"/dashboard/settings/users/{cast.kai.pk}/",
    ):
        answer = browser.get(address)
        assert answer.status_code in {302, 403, 404}
        assert "アオバ工業" not in text_of(answer)
    assert ResellerRelationship.objects.live().count() == 1


def test_partners_are_found_by_name_capacity_and_state(cast: Cast) -> None:
    suspend(cast, cast.yamabuki, "reseller")
    both = found(
        cast.family, "フジ総合", "fuji.example", Capacity.PROVIDER, Capacity.RESELLER, reading="ふじそうごう"
    )

    def names(query: str) -> set[str]:
        page = text_of(browser_of(cast.aki, language="ja").get(f"/operator/partners/?{query}"))
        return set(re.findall(r'/operator/partners/[0-9a-f-]{36}/">([^<]+)<', page))

    everybody = {"ヒノデ商事", "カワセシステムズ", "ヤマブキ情報", "ミドリ流通", both.name}
    assert names("") == everybody
    assert names("q=ﾌｼﾞ") == names("q=fuji.example") == {both.name}
    assert names("capacity=provider") == {"ヒノデ商事", "ミドリ流通", both.name}
    assert names("state=suspended") == {"ヤマブキ情報"}
    assert names("state=live") == everybody - {"ヤマブキ情報"}


def test_a_registered_provider_gets_a_password_that_is_shown_once(cast: Cast) -> None:
    browser = browser_of(cast.ren)
    answer = browser.post("/operator/partners/new/", PROVIDER)
    secret = re.search(r'id="temporary-password"[^>]*>([^<]+)<', text_of(answer))
    assert secret is not None

    administrator = Person.objects.get(user_name="admin@asagi.example")
    assert (administrator.roles, administrator.must_change_password) == (frozenset({Role.GLOBAL_ADMIN}), True)
    assert administrator.check_password(secret[1])
    fresh = person_for_request(administrator.pk)
    assert fresh is not None
    assert actor_for(fresh, language="ja", second_factor_at=None).capacities == {Capacity.PROVIDER}

    again = browser.post("/operator/partners/new/", PROVIDER)
    assert again.status_code == 400
    assert "already belongs" in text_of(again)
    assert "浅葱 空" in text_of(again)
    tenant = administrator.tenant
    for address in (f"/operator/partners/{tenant.pk}/", "/operator/partners/", "/operator/activity/"):
        assert secret[1] not in text_of(browser.get(address))
    assert stranger().get(f"/providers/{tenant.pk}/").status_code == 404
    assert not OutgoingMail.objects.filter(context__icontains=secret[1]).exists()


def test_only_a_manager_manages_partners(cast: Cast) -> None:
    aki = browser_of(cast.aki)

    assert aki.get(f"/operator/partners/{cast.kawase.pk}/").status_code == 200
    assert (
        aki.post(f"/operator/partners/{cast.kawase.pk}/reseller/suspension/", {"reason": "x"}).status_code
        == 403
    )
    assert aki.post("/operator/partners/new/", PROVIDER).status_code == 403
    assert Suspension.objects.count() == 0
    assert ProviderEntry.objects.count() == 2

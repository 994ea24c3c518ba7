"""A partner looks at its profile and changes it."""

import html
from typing import Any

import pytest

from tests.cast import Cast, actor_of, browser_of, hire, stranger
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Capacity, Role
from toiya.directory.tenants import suspend_partner
from toiya.membership.models import Holding, HoldingKind, OrganizationProfile, PartnerProfile

PAGE = "/dashboard/settings/partner-profile/"
EDIT = f"{PAGE}edit/"
PROFILE = {
    "version": "1",
    "legal_name": "カワセシステムズ株式会社",
    "postal_code": "100-0005",
    "region": "東京都",
    "city": "千代田区",
    "street": "丸の内 1-2-3",
    "contact_name": "川瀬 海",
    "contact_email": "kai@kawase.example",
    "contact_phone": "+81 3-5555-0101",
    "support_website": "https://help.kawase.example/",
    "support_email": "help@kawase.example",
    "support_phone": "+81 3-5555-0102",
}


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


@pytest.mark.requirement("N-07")
def test_the_support_profile_is_kept_and_shown(cast: Cast) -> None:
    browser = browser_of(cast.kai)
    assert browser.post(EDIT, PROFILE).status_code == 302

    page = text_of(browser.get(PAGE))
    for name in ("support_website", "support_email", "support_phone", "legal_name", "street", "contact_name"):
        assert PROFILE[name] in page
    saved = PartnerProfile.objects.get(tenant=cast.kawase)
    assert (saved.support_email, saved.version) == ("help@kawase.example", 2)
    entry = AuditRecord.objects.get(action=AuditAction.UPDATE_PARTNER_PROFILE)
    assert (entry.tenant_id, entry.after["support_website"]) == (
        cast.kawase.pk,
        "https://help.kawase.example/",
    )
    assert entry.after["contact_name"].keys() == {"digest"}


@pytest.mark.requirement("N-07", "S-039")
@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("support_website", "javascript:alert(1)", "javascript:alert(1)"),
        ("support_email", "help", "“help” is not an email address"),
        ("support_phone", "12", "12"),
        ("support_phone", "", "This is required."),
        ("contact_email", "kawase@mail.Gmail.com", "web-based email service"),
        ("postal_code", "99", "is not a postal code of Japan"),
    ],
)
def test_a_wrong_answer_is_refused_beside_its_field(
    cast: Cast, field: str, typed: str, sentence: str
) -> None:
    refused = browser_of(cast.kai).post(EDIT, {**PROFILE, field: typed})

    page = text_of(refused)
    assert (refused.status_code, sentence in page, PROFILE["street"] in page) == (400, True, True)
    assert f'id="id_{field}_error"' in page
    assert PartnerProfile.objects.get(tenant=cast.kawase).version == 1


def test_the_second_of_two_browsers_is_told_and_keeps_what_it_typed(cast: Cast) -> None:
    """Planted fault: an update that does not compare the version lets the second win silently."""
    first, second = browser_of(cast.kai), browser_of(hire(cast.kawase, "Maki", Role.MEMBERSHIP_ADMIN))
    assert 'name="version" value="1"' in text_of(second.get(EDIT))
    first.post(EDIT, PROFILE)

    late = second.post(EDIT, {**PROFILE, "city": "港区", "contact_name": "別の担当者"})
    page = text_of(late)
    assert late.status_code == 412
    assert "港区" in page
    assert 'value="別の担当者"' in page
    assert "<strong>Kai</strong>" in page
    assert "<ins>川瀬 海</ins>" in page
    assert 'name="version" value="2"' in page
    assert PartnerProfile.objects.get(tenant=cast.kawase).city == "千代田区"

    assert second.post(EDIT, {**PROFILE, "city": "港区", "version": "2"}).status_code == 302
    saved = PartnerProfile.objects.get(tenant=cast.kawase)
    assert (saved.city, saved.version) == ("港区", 3)


@pytest.mark.requirement("S-016")
def test_the_linked_membership_and_its_benefits_are_visible(cast: Cast) -> None:
    for tenant, number in ((cast.kawase, "4100001"), (cast.yamabuki, "4100009")):
        profile = OrganizationProfile.objects.create(
            membership_id=number, name=tenant.name, country_id="JP", owner=tenant
        )
        for kind in HoldingKind:
            Holding.objects.create(
                profile=profile, kind=kind, name_ja=f"{kind} {number} 日本語", name_en=f"{kind} {number}"
            )

    page = text_of(browser_of(cast.kai).get(PAGE))
    for kind in HoldingKind:
        assert f"{kind} 4100001" in page
    assert "4100009" not in page
    assert "benefit 4100001 日本語" in text_of(browser_of(cast.kai, language="ja").get(PAGE))


def test_who_may_look_and_who_may_change(cast: Cast) -> None:
    looker = browser_of(hire(cast.kawase, "Ume", Role.USER_ADMIN))
    page = text_of(looker.get(PAGE))
    assert "These roles can change it: Global administrator, Membership admin." in page
    assert f'href="{EDIT}"' not in page
    assert looker.post(EDIT, PROFILE).status_code == 403
    assert browser_of(cast.nao).get(PAGE).status_code == 403
    assert browser_of(cast.riku).get(PAGE).status_code == 403
    assert stranger().get(PAGE).status_code == 302
    assert PartnerProfile.objects.get(tenant=cast.kawase).version == 1

    suspend_partner(actor_of(cast.ren), tenant=cast.kawase, capacity=Capacity.RESELLER, reason="unreachable")
    assert browser_of(cast.kai).get(PAGE).status_code == 200
    assert browser_of(cast.kai).post(EDIT, PROFILE).status_code == 403
    assert PartnerProfile.objects.get(tenant=cast.kawase).version == 1


def test_a_provider_without_a_profile_writes_its_first(cast: Cast) -> None:
    assert (
        browser_of(cast.mei)
        .post(EDIT, {**PROFILE, "version": "0", "legal_name": "ヒノデ商事株式会社"})
        .status_code
        == 302
    )

    assert PartnerProfile.objects.get(tenant=cast.hinode).legal_name == "ヒノデ商事株式会社"

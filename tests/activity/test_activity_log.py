"""The log as people read it: their own organisation's, with names and values only where they may know them."""

import csv
import datetime as dt
import html
import io
import re
from typing import Any

import pytest

from tests.cast import Cast, actor_of, browser_of, hire, stranger
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord, PersonalValue
from toiya.audit.record import record
from toiya.core.permissions import Capacity, Role
from toiya.directory.tenants import restore_partner, suspend_partner
from toiya.membership.partner_profile import PROFILE_FIELDS, update_partner_profile

PAGES = ("/dashboard/activity/", "/organization/activity/", "/operator/activity/")


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def change_profile(cast: Cast, **changes: str) -> None:
    profile = cast.kawase.partner_profile
    profile.refresh_from_db()
    present = {name: getattr(profile, name) for name in PROFILE_FIELDS}
    update_partner_profile(actor_of(cast.kai), version=profile.version, fields={**present, **changes})


@pytest.fixture
def log(cast: Cast) -> Cast:
    """Kai changed the profile with a personal value; Ren suspended Kawase."""
    change_profile(cast, contact_name="川瀬 海", support_email="help@kawase.example")
    suspend_partner(
        actor_of(cast.ren), tenant=cast.kawase, capacity=Capacity.RESELLER, reason="letters come back"
    )
    return cast


def test_own_people_have_names_and_others_only_their_organisation(log: Cast) -> None:
    own = text_of(browser_of(log.kai).get("/dashboard/activity/"))
    assert "Partner profile changed" in own
    assert "<ins>川瀬 海</ins>" in own
    assert "<ins>help@kawase.example</ins>" in own
    assert "letters come back" in own
    assert re.search(r"\bRen\b", own) is None
    assert "ツバメ クラウド" in own

    operator = text_of(browser_of(log.ren).get("/operator/activity/"))
    assert "letters come back" in operator
    assert "Ren" in operator
    assert "Partner profile changed" not in operator
    assert "川瀬 海" not in operator


def test_another_organisation_s_log_is_not_there(log: Cast) -> None:
    for person in (log.yui, log.mei):
        page = text_of(browser_of(person).get("/dashboard/activity/"))
        for foreign in ("カワセ", "letters come back", "help@kawase.example"):
            assert foreign not in page
    assert browser_of(log.nao).get("/dashboard/activity/").status_code == 403
    assert browser_of(log.kai).get("/operator/activity/").status_code == 403
    assert browser_of(log.emi).get("/organization/activity/").status_code == 200
    assert stranger().get("/organization/activity/").status_code == 302


def test_a_personal_value_is_told_to_its_own_organisation_only_and_can_be_erased(cast: Cast) -> None:
    record(
        actor_of(cast.ren),
        AuditAction.UPDATE_USER,
        cast.kawase,
        tenant_id=cast.kawase.pk,
        counterparty_id=cast.operator.pk,
        after={"name": "川瀬 海"},
    )
    assert "川瀬 海" in text_of(browser_of(cast.kai).get("/dashboard/activity/"))
    hidden = text_of(browser_of(cast.ren).get("/operator/activity/"))
    assert "川瀬 海" not in hidden
    assert "(personal data, not shown)" in hidden

    PersonalValue.objects.all().delete()
    assert "(personal data, not shown)" in text_of(browser_of(cast.kai).get("/dashboard/activity/"))


@pytest.mark.parametrize("page", PAGES)
def test_days_and_action_filter(log: Cast, page: str) -> None:
    browser = browser_of(log.ren if "operator" in page else log.kai)
    today = dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=9))).date()
    restore_partner(actor_of(log.ren), tenant=log.kawase, capacity=Capacity.RESELLER)

    def sees(query: str) -> tuple[bool, bool]:
        shown = text_of(browser.get(f"{page}?{query}")).partition("<tbody>")[2]
        return "Partner suspended" in shown, "Partner restored" in shown

    assert sees("") == (True, True)
    assert sees("action=restore_partner") == (False, True)
    assert sees(f"since={today - dt.timedelta(days=9)}&until={today - dt.timedelta(days=1)}") == (
        False,
        False,
    )
    reversed_ = text_of(browser.get(f"{page}?since={today}&until={today - dt.timedelta(days=1)}"))
    assert "it cannot be before" in reversed_


@pytest.mark.requirement("N-42")
def test_an_entry_of_long_ago_is_outside_the_default_month_and_there_when_asked(cast: Cast) -> None:
    """No cliff at 90 days (C-10)."""
    kai = actor_of(cast.kai)
    long_ago = type(kai)(
        **{
            **{name: getattr(kai, name) for name in kai.__dataclass_fields__},
            "now": kai.now - dt.timedelta(days=400),
        }
    )
    record(
        long_ago, AuditAction.UPDATE_TENANT, cast.kawase, tenant_id=cast.kawase.pk, after={"portal": "attic"}
    )
    browser = browser_of(cast.kai)

    assert "attic" not in text_of(browser.get("/dashboard/activity/"))
    since = (kai.now - dt.timedelta(days=401)).date()
    assert "attic" in text_of(browser.get(f"/dashboard/activity/?since={since}"))


def test_a_long_log_has_pages_forwards_and_backwards(cast: Cast) -> None:
    for number in range(120):
        record(
            actor_of(cast.kai),
            AuditAction.UPDATE_TENANT,
            cast.kawase,
            tenant_id=cast.kawase.pk,
            after={"portal": f"p{number:03d}."},
        )
    browser = browser_of(cast.kai)

    def shown(page: str) -> list[str]:
        return [f"p{n:03d}" for n in range(120) if f"p{n:03d}." in page]

    def step(page: str, way: str) -> str:
        link = page.partition(f'rel="{way}" href="')[2].partition('"')[0]
        return text_of(browser.get(f"/dashboard/activity/{link}" if link.startswith("?") else link))

    pages = [text_of(browser.get("/dashboard/activity/"))]
    pages += [step(pages[0], "next")]
    pages += [step(pages[1], "next")]
    assert [len(shown(page)) for page in pages] == [50, 50, 20]
    assert sorted(number for page in pages for number in shown(page)) == [f"p{n:03d}" for n in range(120)]
    assert 'rel="next"' not in pages[2]
    assert shown(step(pages[2], "prev")) == shown(pages[1])
    assert shown(step(pages[1], "prev")) == shown(pages[0])


@pytest.mark.goal("G-26")
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_the_file_holds_every_entry_and_no_formula(cast: Cast, sign: str) -> None:
    """Planted fault: names written as they are. The byte order mark lets Japanese Excel read the rest."""
    person = hire(cast.kawase, "Eve", Role.GLOBAL_ADMIN)
    type(person).objects.filter(pk=person.pk).update(name=f"{sign}HYPERLINK(1)")
    record(
        actor_of(person),
        AuditAction.UPDATE_TENANT,
        cast.kawase,
        tenant_id=cast.kawase.pk,
        after={"portal": "x"},
    )

    answer = browser_of(cast.kai).get("/dashboard/activity/export/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="activity.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == 1 + AuditRecord.objects.visible_to(actor_of(cast.kai)).count()
    assert rows[1][2] == f"'{sign}HYPERLINK(1)"
    assert rows[1][6] == str(AuditRecord.objects.latest("pk").pk)


@pytest.mark.requirement("N-42")
def test_the_file_obeys_the_filter_and_the_borders(log: Cast) -> None:
    def lines(person: Any, query: str = "") -> int:  # noqa: ANN401
        return (
            len(browser_of(person).get(f"/dashboard/activity/export/{query}").content.decode().splitlines())
            - 1
        )

    assert lines(log.kai, "?action=update_partner_profile") == 1
    assert lines(log.kai) == 2
    assert lines(log.yui) == 0


def test_values_are_told_in_the_reader_s_words(cast: Cast) -> None:
    """Codes, countries, moments and organisations; what has no word is told as it stands."""
    record(
        actor_of(cast.kai),
        AuditAction.CREATE_RELATIONSHIP_INVITATION,
        cast.kawase,
        tenant_id=cast.kawase.pk,
        after={
            "channel": "own_marketing",
            "roles": ["admin_agent", "license_administrator"],
            "country": "JP",
            "expires_at": "2026-11-22T15:30:00+00:00",
            "parties": [str(cast.kawase.pk), str(cast.hinode.pk)],
            "state": "more_information",
            "odd_thing": "as it is",
        },
    )
    page = text_of(browser_of(cast.kai, language="ja").get("/dashboard/activity/"))

    for words in (
        "管理エージェント",
        "日本",
        "2026年11月23日 00:30",
        "カワセシステムズ, ヒノデ商事",
        "as it is",
    ):
        assert f"{words}</ins>" in page or f"{words}, " in page
    assert "own_marketing" not in page
    assert "more_information" not in page

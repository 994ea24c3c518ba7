"""A partner keeps a customer's users by the grant that the customer gave (N-24, S-092, S-093, S-103, S-105)."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, actor_of, browser_of, hire, relate
from tests.commerce import subscribed
from tests.licences.story import holders, lend, open_office, pool
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.permissions import DirectoryRole, Role
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person
from toiya.jobs.clock import DUTIES
from toiya.licences.assignment import assign_licence
from toiya.licences.customer_users import delete_user
from toiya.licences.deleted import ERASED, erase_deleted_users
from toiya.licences.models import FormerLicence, Licence
from toiya.mail.models import OutgoingMail
from toiya.relations.models import Channel

pytestmark = pytest.mark.django_db


def read(browser: Client, path: str, status: int = 200) -> str:
    """The page, with single spaces."""
    answer = browser.get(path)
    assert answer.status_code == status, path
    return " ".join(answer.content.decode().split())


def new_user(**changes: str) -> dict[str, str]:
    """What is typed for Hana."""
    return {
        "name": "青葉 花",
        "contact_email": "hana@mail.aoba.example",
        "local_part": "hana",
        "domain": "aoba.example",
        "language": "ja",
        "usage_country": "JP",
        "role": "",
        **changes,
    }


@pytest.mark.requirement("S-092", "S-093", "S-103", "S-105", "N-24")
def test_with_the_grant_a_reseller_opens_a_customer_s_users_and_adds_one_with_a_password_shown_once(  # noqa: PLR0915  (one story)
    cast: Cast,
) -> None:
    """Planted fault: neither the page nor ``must_act`` asks for a grant."""
    office = open_office(cast, DirectoryRole.USER_ADMINISTRATOR)
    for outsider, status in (
        (cast.yui, 404),
        (cast.jun, 404),
        (cast.mei, 404),
        (cast.nao, 403),
        (cast.emi, 403),
    ):
        assert browser_of(outsider).get(f"{office.users}add/").status_code == status
        assert browser_of(outsider).post(f"{office.users}add/", new_user()).status_code in {status, 403}
    assert "Administrator access is missing" in read(browser_of(cast.mei), office.users)
    kai = browser_of(cast.kai)
    opened = read(kai, f"/dashboard/customers/?expand={cast.aoba.pk}")
    for place in ("account", "services", "users", "licences"):
        assert f'href="/dashboard/customers/{cast.aoba.pk}/{place}/"' in opened
    assert cast.taro.user_name in read(kai, office.users)

    for wrong, sentence in (
        ({"name": "青" * 51}, "50"),
        ({"domain": "kawase.example"}, "kawase.example"),
        ({"local_part": "taro"}, "is taken"),
        ({"contact_email": cast.taro.contact_email.upper()}, "belongs to another user"),
    ):
        answer = kai.post(f"{office.users}add/", new_user(**wrong))
        assert (answer.status_code >= 400, sentence in answer.content.decode()) == (True, True), wrong
        assert "hana" in answer.content.decode() or "local_part" in wrong, "what was typed stays"
    stale = browser_of(cast.kai, age=dt.timedelta(minutes=16))
    assert stale.post(f"{office.users}add/", new_user()).status_code == 403
    answer = kai.post(f"{office.users}add/", new_user())

    hana = Person.objects.get(user_name="hana@aoba.example")
    shown = answer.context["password"]
    assert shown in answer.content.decode()
    assert hana.check_password(shown)
    assert hana.must_change_password
    assert answer["Cache-Control"] == "no-store"
    assert (hana.tenant_id, hana.usage_country, hana.roles) == (cast.aoba.pk, "JP", frozenset())
    page = read(kai, f"{office.users}{hana.pk}/")
    assert shown not in page
    assert "青葉 花" in read(kai, f"{office.users}?q=hana")
    entry = AuditRecord.objects.filter(action=AuditAction.CREATE_USER).latest("id")
    assert (entry.tenant_id, entry.counterparty_id, entry.grant_id, entry.actor_id) == (
        cast.aoba.pk,
        cast.kawase.pk,
        office.grant.pk,
        cast.kai.pk,
    )
    ending = read(browser_of(cast.emi), f"/organization/partners/access/{office.grant.pk}/remove/")
    assert f'href="/organization/people/{hana.pk}/"' in ending, (
        "who was added is looked at when the access ends"
    )
    log = read(browser_of(cast.emi), "/organization/activity/")
    assert "User added" in log
    assert "カワセシステムズ" in log


@pytest.mark.requirement("N-24")
def test_a_deleted_user_comes_back_within_thirty_days_with_the_licences_for_which_seats_are_free(
    cast: Cast,
) -> None:
    """Planted fault: ``delete_user`` that leaves the licences."""
    office = open_office(cast, seats=1)
    kai, sku = browser_of(cast.kai), office.shop.office
    hana, taro = hire(cast.aoba, "Hana"), cast.taro
    where: dict[str, Any] = {"tenant_id": cast.aoba.pk, "sku_id": sku.pk}
    assign_licence(actor_of(cast.kai), person_id=hana.pk, disabled_plans=["files"], **where)
    hanas = browser_of(hana)
    assert hanas.get("/account/profile/").status_code == 200
    before = read(kai, f"{office.users}{hana.pk}/delete/")
    assert "Office Standard" in before
    assert "30 days" in before

    assert kai.post(f"{office.users}{hana.pk}/delete/").status_code == 302

    assert hanas.get("/account/profile/").status_code == 302, "the session has ended"
    assert (pool(cast.aoba, sku).assigned, holders(cast.aoba, sku)) == (0, [])
    assert kai.get(f"{office.users}{hana.pk}/").status_code == 404
    users = read(kai, office.users)
    assert "hana@aoba.example" not in users
    assert re.search(r"Deleted users <span class=\"count\">1</span>", users)
    gone = read(kai, f"{office.users}deleted/")
    assert "hana@aoba.example" in gone
    assert "Office Standard" in gone
    refused = kai.post(f"{office.users}add/", new_user())
    assert "deleted user" in refused.content.decode()
    told = OutgoingMail.objects.get(message="licences/user_deleted")
    assert (told.to, told.context["agent"], told.context["user_name"]) == (
        cast.emi.contact_email,
        "Kai",
        "hana@aoba.example",
    )

    assign_licence(actor_of(cast.emi), person_id=taro.pk, **where)
    back = kai.post(f"{office.users}{hana.pk}/restore/", follow=True).content.decode()
    assert "No license was free of: Office Standard" in back
    assert holders(cast.aoba, sku) == [taro.pk]


@pytest.mark.requirement("N-24")
def test_the_own_administrator_deletes_and_restores_too_and_after_thirty_days_nobody_can(cast: Cast) -> None:
    """Planted faults: ``deleted_of`` without its limit of time; ``_give_back`` that keeps what it remembered."""
    office = open_office(cast, seats=1)
    kai, emi, sku = browser_of(cast.kai), browser_of(cast.emi), office.shop.office
    hana, taro = hire(cast.aoba, "Hana"), cast.taro
    assign_licence(actor_of(cast.emi), tenant_id=cast.aoba.pk, person_id=taro.pk, sku_id=sku.pk)
    assert emi.post(f"/organization/people/{taro.pk}/delete/").status_code == 302
    assert "taro@aoba.example" in read(emi, "/organization/people/deleted/")
    assert (
        "Licenses given back: Office Standard"
        in emi.post(f"/organization/people/{taro.pk}/restore/", follow=True).content.decode()
    )
    assert holders(cast.aoba, sku) == [taro.pk]
    assert not FormerLicence.objects.exists()

    kai.post(f"{office.users}{hana.pk}/delete/")
    kai.post(f"{office.users}{taro.pk}/delete/")
    Person.objects.filter(pk=hana.pk).update(deleted_at=real_now() - dt.timedelta(days=30))
    assert kai.post(f"{office.users}{hana.pk}/restore/").status_code == 404
    assert "hana@aoba.example" not in read(kai, f"{office.users}deleted/")
    erase = next(duty.do for duty in DUTIES if duty.name == "erase users deleted long ago")
    assert [erase(), erase()] == [1, 0]
    assert not Person.objects.filter(pk=hana.pk).exists()
    assert AuditRecord.objects.filter(action=AuditAction.PURGE_USER, subject_id=str(hana.pk)).count() == 1
    assert Person.objects.filter(pk=taro.pk).exists(), "whose 30 days are not over"


def test_somebody_to_whom_others_refer_is_erased_and_leaves_an_empty_row(cast: Cast) -> None:
    """Planted fault: ``erase_user`` without its answer to ProtectedError."""
    uma = hire(cast.kawase, "Uma", Role.HELPDESK_AGENT)
    RelationshipInvitation.objects.create(
        tenant=cast.kawase,
        inviter=uma,
        reseller=cast.kawase,
        email="",
        language="en",
        channel=Channel.OWN_MARKETING,
        grant_days=30,
        created_at=real_now(),
        expires_at=real_now() + dt.timedelta(days=30),
    )
    kai = browser_of(cast.kai)
    assert "30 days" in read(kai, f"/dashboard/settings/users/{uma.pk}/delete/")
    assert kai.post(f"/dashboard/settings/users/{uma.pk}/delete/").status_code == 302
    assert uma.user_name in read(kai, "/dashboard/settings/users/deleted/")
    Person.objects.filter(pk=uma.pk).update(deleted_at=real_now() - dt.timedelta(days=31))

    assert [erase_deleted_users(), erase_deleted_users()] == [1, 0]

    uma = Person.objects.get(pk=uma.pk)
    assert uma.user_name == uma.contact_email == f"{uma.pk}{ERASED}"
    assert (uma.name, uma.roles, uma.has_usable_password()) == ("–", frozenset(), False)


@pytest.mark.requirement("N-24", "S-103")
def test_a_disabled_user_holds_no_licence_and_gets_it_back_when_enabled(cast: Cast) -> None:
    """Planted fault: ``disable_user`` without ``_put_aside`` (I-10)."""
    office = open_office(cast, seats=2)
    kai, emi, sku = browser_of(cast.kai), browser_of(cast.emi), office.shop.office
    where: dict[str, Any] = {"tenant_id": cast.aoba.pk, "sku_id": sku.pk}
    assign_licence(actor_of(cast.kai), person_id=cast.taro.pk, disabled_plans=["mail"], **where)

    assert emi.post(f"/organization/people/{cast.taro.pk}/disable/").status_code == 302
    assert (holders(cast.aoba, sku), FormerLicence.objects.count()) == ([], 1)
    assert "holds no licenses" in read(kai, f"{office.users}{cast.taro.pk}/")
    refused = kai.post(
        f"{office.users}{cast.taro.pk}/licences/", {f"wish-{sku.pk}": "assign", f"plans-{sku.pk}": ["mail"]}
    )
    assert "is disabled" in refused.content.decode()
    assert kai.post(f"{office.users}{cast.taro.pk}/enable/", {"give_back": "on"}).status_code == 302

    assert holders(cast.aoba, sku) == [cast.taro.pk]
    assert Licence.objects.get().disabled_plans == ["mail"]
    kai.post(f"{office.users}{cast.taro.pk}/disable/")
    emi.post(f"/organization/people/{cast.taro.pk}/enable/")
    assert (holders(cast.aoba, sku), FormerLicence.objects.count()) == ([], 0), "not ticked, not given back"
    assert (
        OutgoingMail.objects.filter(message="licences/user_disabled", to=cast.emi.contact_email).count() == 1
    )


DELEGATED = (
    DirectoryRole.DIRECTORY_READER,
    DirectoryRole.HELPDESK_ADMINISTRATOR,
    DirectoryRole.LICENSE_ADMINISTRATOR,
    DirectoryRole.USER_ADMINISTRATOR,
    DirectoryRole.GLOBAL_ADMINISTRATOR,
)
TARGETS = (None, Role.BILLING_ADMIN, Role.USER_ADMIN, Role.GLOBAL_ADMIN)
ACTS = ("", "password", "disable", "enable", "delete", "role:billing_admin", "role:global_admin")


def expected(lent: DirectoryRole, target: Role | None, act: str) -> bool:
    """The specification in other words: who is lent what, and whom it reaches."""
    if act == "role:global_admin" or target is Role.GLOBAL_ADMIN:
        return False
    if lent is DirectoryRole.GLOBAL_ADMINISTRATOR:
        return True
    if target is not None or act.startswith("role:"):
        return False
    return lent is DirectoryRole.USER_ADMINISTRATOR or (
        act == "password" and lent is DirectoryRole.HELPDESK_ADMINISTRATOR
    )


@pytest.mark.goal("G-08")
@pytest.mark.parametrize("lent", DELEGATED)
def test_delegated_acts_equal_the_specification_through_the_pages(cast: Cast, lent: DirectoryRole) -> None:
    """Each act on each kind of user, with each delegated role (T-13, T-14). Planted fault: ``_must_reach`` that asks
    only whether the grant allows the act.
    """
    lend(cast, lent)
    relate(cast.kawase, cast.aoba)
    kai = browser_of(cast.kai)
    users = f"/dashboard/customers/{cast.aoba.pk}/users/"
    wrong = []
    for number, target in enumerate(TARGETS):
        for act in ACTS:
            name = f"T{number}{ACTS.index(act)}"
            person = hire(cast.aoba, name, *([target] if target else []))
            state = _state_of(person)
            page, _colon, role = act.partition(":")
            if target and role == target.value:
                continue  # nothing would change
            data = (
                {"role": role}
                if role
                else {
                    "name": "Changed",
                    "contact_email": person.contact_email,
                    "language": "ja",
                    "usage_country": "JP",
                }
            )
            answer = kai.post(f"{users}{person.pk}/{page}/".replace("//", "/"), data)
            changed = _state_of(person) != state
            allowed = expected(lent, target, act) and act != "enable"
            if changed != allowed or (not allowed and act != "enable" and answer.status_code < 400):
                wrong.append((target, act, answer.status_code, changed))

    assert wrong == []
    made = OutgoingMail.objects.filter(message="licences/administrator_made", to=cast.emi.contact_email)
    assert made.count() == (2 if lent is DirectoryRole.GLOBAL_ADMINISTRATOR else 0)


def _state_of(person: Person) -> tuple[object, ...]:
    fresh = Person.objects.get(pk=person.pk)
    return (fresh.name, fresh.password, fresh.disabled_at, fresh.deleted_at, fresh.roles)


@pytest.mark.requirement("S-105")
def test_the_lists_cost_the_same_for_one_row_and_for_three(cast: Cast) -> None:
    """Planted fault: ``with_licences`` without its prefetch."""
    office = open_office(cast)
    kai, emi, sku = browser_of(cast.kai), browser_of(cast.emi), office.shop.office
    pages = {
        "users": (kai, office.users),
        "deleted": (kai, f"{office.users}deleted/"),
        "pools": (kai, office.licences),
        "holders": (kai, f"{office.licences}{sku.pk}/"),
        "export": (kai, f"{office.users}export.csv"),
        "own users": (emi, "/organization/licences/users/"),
        "own pools": (emi, "/organization/licences/"),
        "own deleted": (emi, "/organization/people/deleted/"),
    }
    counts: list[dict[str, int]] = []
    for wave in (1, 3):
        for person in [hire(cast.aoba, f"W{wave}{number}") for number in range(2)]:
            where: dict[str, Any] = {"tenant_id": cast.aoba.pk, "person_id": person.pk}
            assign_licence(actor_of(cast.kai), sku_id=sku.pk, **where)
            if person.name.endswith("1"):
                delete_user(actor_of(cast.kai), **where)
        if wave == 3:
            subscribed(cast, office.shop, cast.aoba, offer="premium")
            subscribed(cast, office.shop, cast.aoba, offer="archive")
        counts.append({name: _statements(*page) for name, page in pages.items()})

    assert counts[0] == counts[1]
    assert counts[1] == STATEMENTS


STATEMENTS = {
    "users": 24,
    "deleted": 23,
    "pools": 14,
    "holders": 18,
    "export": 19,
    "own users": 8,
    "own pools": 5,
    "own deleted": 7,
}


def _statements(browser: Client, path: str) -> int:
    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def test_a_user_gets_another_name_to_sign_in_with(cast: Cast) -> None:
    """The user is told by mail, and both logs hold it. Planted faults: the page does not ask for the grant; the new
    name is written without the record.
    """
    office = open_office(cast, DirectoryRole.USER_ADMINISTRATOR)
    path = f"{office.users}{cast.taro.pk}/"
    rename, typed = f"{path}user-name/", {"local_part": "Tarokun", "domain": "aoba.example"}
    for outsider in (cast.yui, cast.mei):
        status = browser_of(outsider).post(rename, typed).status_code
        assert status in {403, 404}, outsider
    kai = browser_of(cast.kai)
    assert "Change user name" in read(kai, path)
    page = read(kai, rename)
    assert "taro@aoba.example no longer signs in from that moment." in page
    for wrong, words in (
        ({**typed, "local_part": "a b"}, "Use letters a to z"),
        ({**typed, "local_part": "emi"}, "emi@aoba.example"),
        ({**typed, "domain": "yamabuki.example"}, "yamabuki.example"),
    ):
        answer = kai.post(rename, wrong)
        assert answer.status_code in {400, 409}, wrong
        assert words in answer.content.decode()
        assert wrong["local_part"] in answer.content.decode()
    old = browser_of(cast.kai, age=dt.timedelta(hours=1)).post(rename, typed)
    assert old.status_code in {302, 403}
    assert Person.objects.get(pk=cast.taro.pk).user_name == "taro@aoba.example"

    assert "tarokun@aoba.example" in read_after(kai, rename, typed)
    assert Person.objects.get(pk=cast.taro.pk).user_name == "tarokun@aoba.example"
    mail = OutgoingMail.objects.get(message="licences/user_renamed")
    assert (mail.context["before"], mail.context["user_name"]) == (
        "taro@aoba.example",
        "tarokun@aoba.example",
    )
    assert (
        AuditRecord.objects.filter(action=AuditAction.UPDATE_USER, subject_id=str(cast.taro.pk)).count() == 1
    )
    assert "Nothing had to be changed." in read_after(kai, rename, {**typed, "local_part": "tarokun"})
    assert OutgoingMail.objects.filter(message="licences/user_renamed").count() == 1


def read_after(browser: Client, path: str, typed: dict[str, str]) -> str:
    """The page that follows a form."""
    answer = browser.post(path, typed, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()

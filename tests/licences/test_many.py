"""Licences of many users at once, from the list to the result (N-26), and what many customers at once cost (T-19)."""

import datetime as dt

import pytest
from django.test import Client

from tests.cast import Cast, actor_of, browser_of, found, hire, relate
from tests.commerce import subscribed
from tests.licences.story import holders, open_office, pool, staff
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.errors import RoleMissing
from toiya.core.pagination import PAGE_SIZE
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.directory.models import Person
from toiya.licences.assignment import assign_licence
from toiya.licences.models import Licence
from toiya.relations.grants import grant_administration
from toiya.relations.watch import ORGANIZATIONS

pytestmark = pytest.mark.django_db


def read(browser: Client, path: str) -> str:
    """The page, with single spaces."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


@pytest.mark.requirement("N-26", "S-105")
def test_users_ticked_on_two_pages_get_licences_and_the_result_says_what_became_of_each(cast: Cast) -> None:  # noqa: PLR0915  (one story)
    """Planted faults: ``select`` that forgets the page before; ``change_licences`` that stops at the first error."""
    office = open_office(cast, DirectoryRole.LICENSE_ADMINISTRATOR, seats=3)
    kai, sku, aoba = browser_of(cast.kai), office.shop.office, cast.aoba
    people = staff(aoba, PAGE_SIZE + 2)
    first, second, last, disabled = people[0], people[1], people[-1], people[-2]
    Person.objects.filter(pk=disabled.pk).update(disabled_at=real_now())
    assign_licence(actor_of(cast.kai), tenant_id=aoba.pk, person_id=first.pk, sku_id=sku.pk)
    assert "Nobody is selected" in read(kai, f"{office.users}licences/")
    page = kai.get(office.users)
    following = page.context["pager"].next_url
    shown = [str(row["person"].pk) for row in page.context["rows"]]
    select = f"{office.users}select/"
    assert browser_of(cast.yui).post(select, {"person": shown}).status_code == 404

    onward = kai.post(select, {"shown": shown, "person": [first.pk, second.pk], "go": following})
    assert onward["Location"] == f"{office.users}{following}"
    others = [str(row["person"].pk) for row in kai.get(onward["Location"]).context["rows"]]
    assert str(last.pk) in others
    chosen = kai.post(
        select, {"shown": others, "person": [last.pk, disabled.pk, people[-3].pk], "go": "licences"}
    )
    form = read(kai, chosen["Location"])
    assert "Manage licenses of 5 users" in form
    assert "Leave it: 1 of 5 has it" in form
    assert "2 of 3 available" in form
    assert "Buy more" in form
    nothing = kai.post(f"{office.users}licences/", {f"wish-{sku.pk}": "keep"})
    assert (nothing.status_code, "at least one product" in nothing.content.decode()) == (400, True)

    answer = kai.post(
        f"{office.users}licences/", {f"wish-{sku.pk}": "assign", f"plans-{sku.pk}": ["mail", "meetings"]}
    )

    result = " ".join(answer.content.decode().split())
    assert "Done: 3. Not possible: 2." in result
    assert "Service plans changed" in result, "who had one got the same plans"
    assert "is disabled" in result
    assert "All 3 licenses" in result
    assert pool(aoba, sku).assigned == 3
    assert {tuple(licence.disabled_plans) for licence in Licence.objects.all()} == {("files",)}
    assert first.pk in holders(aoba, sku)
    again = kai.post(f"{office.users}licences/", {f"wish-{sku.pk}": "revoke"}).content.decode()
    assert "Everything was done (5)" in " ".join(again.split())
    assert pool(aoba, sku).assigned == 0
    cleared = kai.post(select, {"shown": [], "go": "clear"}, follow=True).content.decode()
    assert "0 users selected" in " ".join(cleared.split())


@pytest.mark.requirement("S-105")
def test_lists_and_files_say_who_has_which_licence(cast: Cast) -> None:
    """Planted fault: ``holders_of`` without the SKU."""
    office = open_office(cast, DirectoryRole.LICENSE_ADMINISTRATOR, seats=1)
    kai, sku, taro = browser_of(cast.kai), office.shop.office, cast.taro
    assign_licence(
        actor_of(cast.kai),
        tenant_id=cast.aoba.pk,
        person_id=taro.pk,
        sku_id=sku.pk,
        disabled_plans=["files"],
    )
    subscribed(cast, office.shop, cast.aoba, offer="premium", quantity=1)
    premium = office.shop.premium
    assign_licence(actor_of(cast.kai), tenant_id=cast.aoba.pk, person_id=cast.emi.pk, sku_id=premium.pk)
    assert '<option value="none">' in read(kai, office.users)
    assert taro.user_name not in read(kai, f"{office.users}?licence=none")
    assert taro.user_name in read(kai, f"{office.users}?licence={sku.pk}")
    assert "Buy more" in read(kai, office.licences)
    who = read(kai, f"{office.licences}{sku.pk}/")
    assert "1 of 1 licenses are assigned, 0 available." in who
    assert ("Files" in who, cast.emi.user_name in who) == (True, False)
    exported = kai.get(f"{office.licences}{sku.pk}/export.csv").content.decode("utf-8-sig").split("\r\n")
    assert [taro.user_name in line for line in exported] == [False, True, False]
    assert "Office Standard" in kai.get(f"{office.users}export.csv").content.decode("utf-8-sig")
    assert "Office Standard,standard,1,0,1,0" in kai.get(f"{office.licences}export.csv").content.decode()
    assert kai.get(f"{office.licences}export.exe").status_code == 404


@pytest.mark.requirement("N-26")
def test_the_customer_assigns_its_own_licences_and_sees_who_has_them(cast: Cast) -> None:
    """Planted fault: ``must_act`` without the own permission."""
    office = open_office(cast, seats=2)
    emi, sku, taro = browser_of(cast.emi), office.shop.office, cast.taro
    staff_member = Person.objects.get(pk=staff(cast.aoba, 1)[0].pk)
    bill = browser_of(staff_member)
    for path in (
        "/organization/licences/",
        "/organization/licences/users/",
        f"/organization/licences/{sku.pk}/",
    ):
        assert bill.get(path).status_code == 403
        assert browser_of(cast.yui).get(path).status_code == (404 if str(sku.pk) in path else 200)
    assert "Office Standard" in read(emi, "/organization/licences/")
    person = f"/organization/people/{taro.pk}/"
    assert "Office Standard" in read(emi, person)

    answer = emi.post(
        f"{person}licences/", {f"wish-{sku.pk}": "assign", f"plans-{sku.pk}": ["mail"]}, follow=True
    )

    assert "Office Standard: License assigned" in answer.content.decode()
    assert Licence.objects.get().disabled_plans == ["files", "meetings"]
    assert taro.user_name in read(emi, f"/organization/licences/{sku.pk}/?q=ｔａｒｏ")
    emi.post(
        "/organization/licences/users/select/", {"shown": [taro.pk], "person": [taro.pk], "go": "licences"}
    )
    revoked = emi.post("/organization/licences/users/many/", {f"wish-{sku.pk}": "revoke"})
    assert "License revoked" in revoked.content.decode()
    assert not Licence.objects.exists()
    assert bill.post(f"{person}licences/", {f"wish-{sku.pk}": "assign"}).status_code == 403
    with pytest.raises(RoleMissing):
        assign_licence(actor_of(staff_member), tenant_id=cast.aoba.pk, person_id=taro.pk, sku_id=sku.pk)


def test_names_are_found_in_either_script_and_filters_meet(cast: Cast) -> None:
    office = open_office(cast)
    kai = browser_of(cast.kai)
    Person.objects.filter(pk=cast.taro.pk).update(name="タロウ 山田")

    for search in ("たろう", "タロウ", "ﾀﾛｳ", "山田", "TARO", "taro@aoba"):
        assert cast.taro.user_name in read(kai, f"{office.users}?q={search}"), search
    assert cast.taro.user_name not in read(kai, f"{office.users}?q=花子")
    assert cast.taro.user_name not in read(kai, f"{office.users}?role={Role.GLOBAL_ADMIN}")
    assert cast.emi.user_name in read(kai, f"{office.users}?role={Role.GLOBAL_ADMIN}&state=active")
    assert cast.emi.user_name not in read(kai, f"{office.users}?state=disabled")


@pytest.mark.goal("G-08")
def test_whoever_administers_many_customers_within_an_hour_is_asked_again(cast: Cast) -> None:
    """T-19. Planted fault: ``watched`` inside the transaction of the use case: the alert is lost with the refusal."""
    people = []
    for number in range(ORGANIZATIONS + 2):
        tenant = found(cast.family, f"顧客 {number}", f"c{number}.example")
        user = staff(tenant, 1)[0]
        boss = hire(tenant, "Boss", Role.GLOBAL_ADMIN)
        relate(cast.kawase, tenant)
        grant_administration(
            actor_of(boss),
            tenant=tenant,
            grantee=cast.kawase,
            capacity=Capacity.RESELLER,
            roles=[DirectoryRole.USER_ADMINISTRATOR],
            expires_at=real_now() + dt.timedelta(days=9),
            consented_by_id=boss.pk,
            invitation_id=None,
        )
        people.append(user)
    kai = browser_of(cast.kai)

    def disable(browser: Client, user: Person) -> int:
        return browser.post(f"/dashboard/customers/{user.tenant_id}/users/{user.pk}/disable/").status_code

    answers = [disable(kai, user) for user in people]

    assert answers == [302] * ORGANIZATIONS + [403, 403]
    assert Person.objects.filter(disabled_at__isnull=False).count() == ORGANIZATIONS
    alert = AuditRecord.objects.get(action=AuditAction.ADMINISTER_MANY)
    assert (alert.tenant_id, alert.actor_id) == (cast.kawase.pk, cast.kai.pk)
    assert "unusually many" in read(kai, "/dashboard/activity/")
    assert disable(kai, people[0]) == 302, "where the person has been already"
    confirmed = browser_of(cast.kai)
    assert [disable(confirmed, user) for user in people[ORGANIZATIONS:]] == [302, 302]

"""The sandbox on its pages."""

import re
import uuid

import pytest
from django.http.response import HttpResponseBase
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, actor_of, browser_of
from tests.commerce import build_shop
from tests.sandbox.story import DAY, bought, made_by, part, reseller_details
from toiya.directory.models import Person
from toiya.directory.sign_in import change_password
from toiya.mail.models import OutgoingMail
from toiya.sandbox.clock import sandbox_of
from toiya.sandbox.models import Sandbox
from toiya.sandbox.resellers import add_reseller
from toiya.sandbox.travel import move_clocks

HOME = "/dashboard/sandbox/"


def text_of(answer: HttpResponseBase) -> str:
    """What the page says."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", getattr(answer, "content", b"").decode()))


def test_made_on_the_page_and_opened_by_the_password_that_it_shows_once(cast: Cast) -> None:
    build_shop(cast)
    mei = browser_of(cast.mei)
    assert "Make a sandbox" in text_of(mei.get(HOME))

    shown = mei.post(f"{HOME}make/")

    assert shown.status_code == 200
    sandbox = Sandbox.objects.get()
    chief = part(sandbox, "reseller")
    password = re.search(rf'id="password-{chief.pk}"[^>]*>([^<]+)<', shown.content.decode())
    assert password is not None
    assert chief.check_password(password[1])
    page = mei.get(HOME)
    assert password[1] not in page.content.decode()
    assert chief.user_name in text_of(page)
    assert mei.post(f"{HOME}make/").status_code == 409


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Sandbox · its clock says"), ("ja", "サンドボックス ·")]
)
def test_people_inside_always_see_where_they_are(cast: Cast, language: str, words: str) -> None:
    sandbox = made_by(cast.mei).sandbox
    chief = part(sandbox, "provider")
    change_password(actor_of(chief), new="a river of fireflies")
    inside = browser_of(Person.objects.get(pk=chief.pk), language=language)

    for path in ("/dashboard/", "/dashboard/customers/", HOME, "/organization/"):
        assert words in text_of(inside.get(path)), path
    assert words not in text_of(browser_of(cast.mei, language=language).get("/dashboard/"))


def test_the_clock_is_moved_after_a_look_at_what_will_happen(cast: Cast) -> None:
    build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    subscription = bought(sandbox)
    mei, actor = browser_of(cast.mei), actor_of(cast.mei)
    to = (sandbox_of(actor).family.clock.now() + 40 * DAY).date().isoformat()

    preview = text_of(mei.get(f"{HOME}clock/", {"to": to}))
    assert "The subscription renews" in preview
    assert "Office Standard" in preview
    assert mei.post(f"{HOME}clock/", {"to": to}).status_code == 302
    assert "On its way" in text_of(mei.get(HOME))
    assert mei.post(f"{HOME}clock/", {"to": to}).status_code == 409
    move_clocks()
    assert "On its way" not in text_of(mei.get(HOME))
    former = subscription.term_end
    subscription.refresh_from_db()
    assert subscription.term_end != former

    assert mei.post(f"{HOME}clock/", {"to": "2020-01-01"}).status_code == 409
    back = mei.get(f"{HOME}clock/", {"to": "2020-01-01"})
    assert back.status_code == 409
    assert "The clock only moves forward." in text_of(back)
    assert mei.get(f"{HOME}clock/", {"to": "tomorrow"}).status_code == 400
    mei.post(f"{HOME}clock/stop/")
    assert "Time stands still" in text_of(mei.get(HOME))
    mei.post(f"{HOME}clock/start/")
    assert "Time runs" in text_of(mei.get(HOME))


def test_the_mailbox_shows_its_own_mails_to_its_own_people(cast: Cast) -> None:
    sandbox = made_by(cast.mei).sandbox
    made_by(cast.yui)
    mail = OutgoingMail.objects.filter(family_id=sandbox.family_id, message="customers/invitation").get()
    foreign = OutgoingMail.objects.exclude(family_id=sandbox.family_id).first()
    assert foreign is not None
    mei = browser_of(cast.mei)

    listed = mei.get(f"{HOME}mailbox/")
    assert mail.to in text_of(listed)
    assert str(foreign.pk) not in listed.content.decode()
    assert mail.to in text_of(mei.get(f"{HOME}mailbox/{mail.pk}/"))
    assert mei.get(f"{HOME}mailbox/{mail.pk}/html/").status_code == 200
    for path in (f"{HOME}mailbox/{foreign.pk}/", f"{HOME}mailbox/{foreign.pk}/html/"):
        assert mei.get(path).status_code == 404
    assert browser_of(cast.kai).get(f"{HOME}mailbox/").status_code == 404
    assert browser_of(cast.sora).get(f"{HOME}mailbox/").status_code == 403


def test_reset_twice_and_deleted(cast: Cast) -> None:
    sandbox = made_by(cast.mei).sandbox
    mei = browser_of(cast.mei)
    form = {"sandbox": str(sandbox.pk)}

    assert "Everything in the sandbox goes" in text_of(mei.get(f"{HOME}reset/"))
    assert mei.post(f"{HOME}reset/", form).status_code == 200
    again = mei.post(f"{HOME}reset/", form, follow=True)
    assert "has been reset or deleted meanwhile" in text_of(again)
    present = Sandbox.objects.live().get()
    assert browser_of(cast.kai).post(f"{HOME}deletion/", {"sandbox": str(present.pk)}).status_code == 404
    assert mei.post(f"{HOME}deletion/", {"sandbox": "nonsense"}).status_code == 302
    deleted = mei.post(f"{HOME}deletion/", {"sandbox": str(present.pk)}, follow=True)
    assert "Make a sandbox" in text_of(deleted)


def test_a_lost_password_is_replaced_for_ones_own_people_only(cast: Cast) -> None:
    sandbox = made_by(cast.mei).sandbox
    other = part(made_by(cast.yui).sandbox, "provider")
    chief = part(sandbox, "provider")
    mei = browser_of(cast.mei)

    assert mei.post(f"{HOME}people/{chief.pk}/password/").status_code == 200
    before = chief.password
    chief.refresh_from_db()
    assert chief.password != before
    for person in (other.pk, cast.kai.pk, uuid.uuid4()):
        assert mei.post(f"{HOME}people/{person}/password/").status_code == 404


def test_the_page_asks_no_more_for_more(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The statements do not grow with organisations and people."""
    sandbox = made_by(cast.mei).sandbox
    mei = browser_of(cast.mei)
    mei.get(HOME)
    with django_assert_num_queries(8):
        mei.get(HOME)
    for number in (1, 2):
        add_reseller(actor_of(part(sandbox, "provider")), details=reseller_details(number))
    with django_assert_num_queries(8):
        page = mei.get(HOME)
    assert "kai@second-2.example" in text_of(page)

"""The account of a program acts and is named in the log; wherever people are meant, it is not there.

Planted fault: ``Person.objects`` without its filter fails each of these stories.
"""

import json

import pytest
from django.test import Client

from tests.api.tokens import bearer_header, program_of, token_for
from tests.cast import Cast, actor_of, browser_of, relate
from toiya.audit.models import AuditRecord
from toiya.audit.record import record_digest
from toiya.core.errors import PersonMissing
from toiya.core.permissions import Capacity, Role
from toiya.customers.relationship_requests import Wish, request_relationship
from toiya.directory.errors import LastGlobalAdministrator
from toiya.directory.models import Person
from toiya.directory.people import add_person, assign_roles, disable_person
from toiya.directory.sign_in import check_password
from toiya.mail import outbox
from toiya.mail.models import OutgoingMail
from toiya.relations.models import Channel
from toiya.tokens.applications import add_secret, register_application
from toiya.tokens.bearers import bearer_of
from toiya.tokens.models import Application, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(cast: Cast) -> Application:
    """A program of Hinode with the strongest role."""
    return program_of(cast.mei, Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)


def test_it_stands_in_no_list_of_people_and_on_no_page_of_its_own(cast: Cast, program: Application) -> None:
    assert program.account is not None
    mei = browser_of(cast.mei)

    assert "Nightly orders" not in mei.get("/dashboard/settings/users/").content.decode()
    for page in ("", "disable/", "password/", "roles/", "delete/"):
        path = f"/dashboard/settings/users/{program.account_id}/{page}"
        assert mei.get(path).status_code in {404, 405}
        assert mei.post(path).status_code == 404
    assert "Nightly orders" not in mei.get("/account/profile/").content.decode()


def test_it_is_no_administrator_who_could_be_left_alone(cast: Cast, program: Application) -> None:
    """I-08: an organisation keeps a person as global administrator."""
    second = add_person(
        actor_of(cast.mei),
        name="Rin",
        contact_email="rin@mail.hinode.example",
        local_part="rin",
        domain="hinode.example",
        roles=frozenset({Role.GLOBAL_ADMIN}),
        language="ja",
    ).person
    disable_person(actor_of(cast.mei), person=second)

    with pytest.raises(LastGlobalAdministrator):
        assign_roles(actor_of(cast.mei), person=cast.mei, roles=frozenset({Role.ADMIN_AGENT}))


def test_nobody_signs_in_as_it(cast: Cast, program: Application) -> None:
    secret = add_secret(actor_of(cast.mei), application=program).text

    for password in (secret, "", "!", str(program.pk)):
        assert check_password(str(program.pk), password) is None
    browser = Client()
    assert program.account is not None
    browser.force_login(program.account)
    assert browser.get("/dashboard/").headers["Location"].startswith("/sign-in/")


def test_it_is_named_in_the_log_with_the_program_s_id(cast: Cast, program: Application) -> None:
    """And what a program does for a person stands under the person's name, with the program's id beside it."""
    wish = Wish(language="en", channel=Channel.OWN_MARKETING, grant_days=30, valid_days=30)
    for token in (token_for(program), token_for(cast.mei, program)):
        request_relationship(bearer_of(token, language="en").actor, capacity=Capacity.PROVIDER, wish=wish)

    own, for_mei = AuditRecord.objects.filter(action="create_relationship_invitation").order_by("pk")
    assert (own.actor_id, own.application_id) == (program.account_id, program.pk)
    assert (for_mei.actor_id, for_mei.application_id) == (cast.mei.pk, program.pk)
    assert AuditRecord.objects.filter(application_id__isnull=True).exists()
    assert "Nightly orders" in browser_of(cast.mei).get("/dashboard/activity/").content.decode()


@pytest.mark.goal("G-37")
def test_whoever_adds_or_hides_the_application_of_an_act_is_found_out(
    cast: Cast, program: Application
) -> None:
    """Acts on pages have none, and their digest is as before there were applications."""
    wish = Wish(language="en", channel=Channel.OWN_MARKETING, grant_days=30, valid_days=30)
    request_relationship(
        bearer_of(token_for(program), language="en").actor, capacity=Capacity.PROVIDER, wish=wish
    )
    on_page, by_program = AuditRecord.objects.order_by("pk").first(), AuditRecord.objects.latest("pk")
    assert on_page is not None
    assert (on_page.application_id, by_program.application_id) == (None, program.pk)
    for record in (on_page, by_program):
        assert record_digest(record) == record.digest

    on_page.application_id, by_program.application_id = program.pk, None

    for record in (on_page, by_program):
        assert record_digest(record) != record.digest


def test_no_mail_goes_to_it(cast: Cast, program: Application) -> None:
    assert program.account is not None
    before = OutgoingMail.objects.count()

    posted = outbox.post(
        actor_of(cast.mei), "directory/password_changed", to=program.account.contact_email, language="en"
    )

    assert (posted, OutgoingMail.objects.count()) == (None, before)


def test_it_registers_no_program_and_gives_no_consent(cast: Cast, program: Application) -> None:
    """T-31: a stolen secret makes no second one."""
    for token in (token_for(program), token_for(cast.mei, program)):
        actor = bearer_of(token, language="en").actor
        with pytest.raises(PersonMissing):
            register_application(actor, name="More", kind=Kind.CONFIDENTIAL, flows=[])
        with pytest.raises(PersonMissing):
            add_secret(actor, application=program)
    assert Application.objects.count() == 1


def test_it_uses_the_api_as_what_it_is(cast: Cast, program: Application) -> None:
    """Through the real door, with a real token; the neighbour's customers stay unseen."""
    relate(cast.hinode, cast.aoba)

    told = Client().get("/v1/customers", **bearer_header(program))  # type: ignore[arg-type]
    foreign = Client().get("/v1/customers", **bearer_header(program_of(cast.jun, Role.ADMIN_AGENT)))  # type: ignore[arg-type]

    assert [item["id"] for item in json.loads(told.content)["items"]] == [str(cast.aoba.pk)]
    assert json.loads(foreign.content)["totalCount"] == 0
    assert Client().get("/v1/customers").status_code == 401


def test_two_programs_have_no_address_and_do_not_collide(cast: Cast, program: Application) -> None:
    program_of(cast.mei, name="Another")

    accounts = Person.accounts.filter(is_application=True)
    assert {account.contact_email for account in accounts} == {""}

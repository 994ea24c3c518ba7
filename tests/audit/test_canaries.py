"""Whoever copies the database holds nothing that opens anything (G-13)."""

import pytest
from django.db import connection

from tests.cast import Cast, actor_of
from toiya.audit.seal import seal_records
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Role
from toiya.directory.factors import enrol_totp, new_secret
from toiya.directory.models import Family
from toiya.directory.people import add_person, reset_password
from toiya.mail.deliver import deliver_mails
from toiya.mail.models import OutgoingMail
from toiya.membership.registration import register_membership
from toiya.membership.sign_in import sign_in
from toiya.partnerships.invitations import invite_reseller, send_invitation


def database_dump() -> str:
    """Every value of every table, bytes as the text they may hold."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our own tables)
            for row in cursor.fetchall():
                found += [
                    bytes(value).decode(errors="replace")
                    if isinstance(value, bytes | memoryview)
                    else str(value)
                    for value in row
                ]
    return "\n".join(found)


@pytest.fixture
def secrets_of_the_story(cast: Cast) -> dict[str, str]:
    """What was mailed, shown once or scanned; each opens something."""
    mei = actor_of(cast.mei)
    invitation = invite_reseller(mei, language="ja", email="contact@kawase.example")
    send_invitation(mei, invitation=invitation, email="contact@kawase.example")
    added = add_person(
        mei,
        name="Umi",
        contact_email="umi@mail.hinode.example",
        local_part="umi",
        domain="hinode.example",
        roles=frozenset({Role.SALES_AGENT}),
        language="ja",
    )
    seed = new_secret()
    enrol_totp(cast.sora, seed)
    register_membership(user_name="mei.suzuki", password="a membership password", name="Mei", profiles=())
    found = {
        "invitation link": link_token(Purpose.PARTNER_INVITATION, invitation.pk, invitation.version),
        "temporary password": added.password,
        "password after a reset": reset_password(mei, person=cast.sora).password,
        "seed of an authenticator app": seed,
        "password of the membership site": "a membership password",
        "session of the membership site": sign_in(user_name="mei.suzuki", password="a membership password"),
    }
    deliver_mails(reaches_people=Family.objects.reaches_people)
    seal_records()
    return found


@pytest.mark.goal("G-13")
def test_dump_of_the_database_holds_nothing_that_opens_anything(secrets_of_the_story: dict[str, str]) -> None:
    dump = database_dump()

    assert "mei@hinode.example" in dump
    assert [name for name, secret in secrets_of_the_story.items() if secret in dump] == []


@pytest.mark.goal("G-13")
def test_a_link_that_was_stored_would_be_found(secrets_of_the_story: dict[str, str]) -> None:
    """The planted fault: somebody puts the finished link into the outbox."""
    link = secrets_of_the_story["invitation link"]
    OutgoingMail.objects.update(context={"link": link})

    assert [name for name, secret in secrets_of_the_story.items() if secret in database_dump()] == [
        "invitation link"
    ]

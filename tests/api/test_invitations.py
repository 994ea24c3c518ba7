"""Toiya's own: enrolment, partnerships, and the invitations that lead to them."""

import uuid

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, api_of, api_of_application
from tests.cast import Cast, actor_of, browser_of, found, hire, partner
from toiya.core.permissions import Role
from toiya.mail.models import OutgoingMail
from toiya.relations.models import Partnership

INVITATIONS = "/v1/toiya/partnershipInvitations"
ASKED = "/v1/toiya/relationshipInvitations"


@pytest.mark.operation(
    "toiya.partnership_invitations.create",
    "toiya.partnership_invitations.list",
    "toiya.partnership_invitations.get",
    "toiya.partnership_invitations.resend",
    "toiya.partnership_invitations.revoke",
)
def test_a_provider_invites_a_reseller_and_sees_where_it_stands(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Created and mailed in one call, read back, mailed again, taken back; its link is then dead on its page.

    Plant: ``send`` ignored, and no mail is queued.
    """
    api = api_of_application(cast.hinode, Role.ADMIN_AGENT)
    asked = {
        "Email": "it@yamabuki.example",
        "language": "en",
        "roles": ["helpdesk_administrator"],
        "send": True,
    }

    made = api.post(INVITATIONS, asked)

    assert made.status == 201, made.body
    told = made.body
    assert {key: told[key] for key in ("status", "email", "language", "roles")} == {
        "status": "open",
        "email": "it@yamabuki.example",
        "language": "en",
        "roles": ["helpdesk_administrator"],
    }
    assert [one["to"] for one in told["sendings"]] == ["it@yamabuki.example"]
    assert OutgoingMail.objects.filter(to="it@yamabuki.example").count() == 1
    path = f"{INVITATIONS}/{told['id']}"
    assert api.get(path).body == told
    with django_assert_num_queries(TOKEN + 2):
        listed = api.get(INVITATIONS)
    assert [one["id"] for one in listed.body["items"]] == [told["id"]]
    assert "url" not in api_of(hire(cast.hinode, "Hana", Role.HELPDESK_AGENT)).get(path).body
    assert len(api.post(f"{path}/resend").body["sendings"]) == 2
    page = told["url"].removeprefix("http://localhost:8000")
    assert "ヒノデ商事" in browser_of(cast.yui).get(page).content.decode()
    assert api.delete(path).status == 204
    assert api.get(path).body["status"] == "revoked"
    assert "url" not in api.get(path).body
    assert api.delete(path).body["data"] == ["invitation_revoked"]
    again = api.post(f"{path}/resend")
    assert again.status >= 400
    assert api_of(cast.jun).get(path).body == api_of(cast.jun).get(f"{INVITATIONS}/{uuid.uuid4()}").body


def test_two_open_invitations_to_one_address(cast: Cast) -> None:
    """The second is refused with its field; a body that cannot be is refused before."""
    api = api_of(cast.mei)
    assert api.post(INVITATIONS, {"email": "a@x.example"}).status == 201
    twice = api.post(INVITATIONS, {"email": "a@x.example"})
    assert (twice.status >= 400, twice.body["data"]) == (True, ["already_invited", "email"])
    for wrong in ({"email": "x" * 300}, {"grantDays": 0}, {"roles": ["king"]}, {"language": "fr"}):
        assert (api.post(INVITATIONS, wrong).status, api.post(INVITATIONS, wrong).body["code"]) == (
            400,
            800002,
        )
    assert api_of(cast.kai).post(INVITATIONS, {}).status == 403
    assert api.post(INVITATIONS, {"send": True}).status >= 400


@pytest.mark.operation("toiya.partnerships.list", "toiya.partnerships.get")
def test_both_sides_see_their_partnership(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Provider and reseller read the same one; others have none."""
    made = partner(cast.hinode, cast.kawase)
    mei, kai = api_of(cast.mei), api_of(cast.kai)
    with django_assert_num_queries(TOKEN + 1):
        listed = mei.get("/v1/toiya/partnerships").body["items"]
    assert listed == kai.get("/v1/toiya/partnerships").body["items"]
    assert [one["reseller"]["id"] for one in listed] == [str(cast.kawase.pk)]
    path = f"/v1/toiya/partnerships/{made.pk}"
    assert kai.get(path).body == listed[0]
    assert api_of(cast.jun).get(path).status == 404
    assert api_of(cast.riku).get(path).status == 403


@pytest.mark.operation(
    "toiya.relationship_invitations.create",
    "toiya.relationship_invitations.list",
    "toiya.relationship_invitations.get",
    "toiya.relationship_invitations.resend",
    "toiya.relationship_invitations.revoke",
)
def test_a_reseller_asks_a_customer_for_both(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One consent for reseller and provider, each with its roles; the customer accepts on its page.

    Plant: the provider's roles given to the reseller.
    """
    made = partner(cast.hinode, cast.kawase)
    api = api_of(cast.kai)
    body = {
        "partnershipId": str(made.pk),
        "email": "emi@aoba.example",
        "customerName": "アオバ食品",
        "resellerRoles": ["user_administrator"],
        "providerRoles": [],
        "channel": "OwnMarketing",
        "send": True,
    }

    told = api.post(ASKED, body)

    assert told.status == 201, told.body
    item = told.body
    assert (item["resellerId"], item["providerId"]) == (str(cast.kawase.pk), str(cast.hinode.pk))
    assert (item["resellerRoles"], item["providerRoles"]) == (["user_administrator"], [])
    path = f"{ASKED}/{item['id']}"
    assert api.get(path).body == item
    with django_assert_num_queries(TOKEN + 3):
        assert api.get(ASKED).body["items"] == [item]
    assert len(api.post(f"{path}/resend").body["sendings"]) == 2
    assert api_of(cast.mei).get(path).status == 404
    page = item["url"].removeprefix("http://localhost:8000")
    assert "ヒノデ商事" in browser_of(cast.emi).get(page).content.decode()
    assert api.delete(path).status == 204
    assert api.get(path).body["status"] == "revoked"
    assert api.delete(path).status >= 400


def test_asking_alone_and_for_whom_one_serves(cast: Cast) -> None:
    """A relationship for oneself; a partnership or a customer of others does not exist; wrong days are named."""
    api = api_of(cast.kai)
    told = api.post(ASKED, {"namedDomain": "aoba.example", "roles": ["license_administrator"]})
    assert (told.status, told.body["resellerId"], "providerId" in told.body) == (
        201,
        str(cast.kawase.pk),
        False,
    )
    foreign = Partnership.objects.create(
        provider=cast.midori, reseller=cast.yamabuki, since=actor_of(cast.kai).now
    )
    assert api.post(ASKED, {"partnershipId": str(foreign.pk)}).status == 404
    assert api.post(ASKED, {"customerId": str(cast.aoba.pk)}).status == 404
    assert api.post(ASKED, {"grantDays": 9999}).body["data"][-1] == "grant_days"
    assert api.post(ASKED, {"email": "a@b@c"}).status == 400
    assert api_of(cast.riku).post(ASKED, {}).status == 403


@pytest.mark.operation("toiya.enrollment.get")
def test_where_the_enrolment_stands(cast: Cast) -> None:
    """The applicant's global administrator reads state and history; who has not applied gets 404."""
    from tests.access.world import _application  # noqa: PLC0415
    from toiya.enrolment.models import State  # noqa: PLC0415

    tsuru = found(cast.family, "ツル技研", "tsuru.example")
    tsu = hire(tsuru, "Tsu", Role.GLOBAL_ADMIN)
    api = api_of(tsu)
    assert api.get("/v1/toiya/enrollment").status == 404
    application = _application(tsu, State.UNDER_REVIEW)
    told = api.get("/v1/toiya/enrollment").body
    assert (told["status"], told.get("reference")) == ("under_review", application.reference or None)
    assert api_of(hire(tsuru, "Tom")).get("/v1/toiya/enrollment").status == 403

"""Toiya's own: administrator access that was given and received, over the API."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.scene import lend
from tests.api.speaking import TOKEN, api_of, api_of_application
from tests.cast import Cast, browser_of, found, hire
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.mail.models import OutgoingMail
from toiya.relations.models import AdministrationGrant

GRANTS = "/v1/toiya/grants"
READ, RESET = DirectoryRole.DIRECTORY_READER, DirectoryRole.HELPDESK_ADMINISTRATOR


@pytest.mark.operation("toiya.grants.list", "toiya.grants.get")
@pytest.mark.requirement("S-071")
def test_both_sides_read_the_same_access(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Aoba reads to whom it gave what, Hinode what it received and which group uses it; the statements do not grow.

    Plant: the consenting person read for each grant by itself.
    """
    lent = lend(cast, cast.hinode, Capacity.PROVIDER, READ, RESET)
    path = f"{GRANTS}/{lent.pk}"
    emi = api_of_application(cast.aoba, Role.GLOBAL_ADMIN)
    mei = api_of(cast.mei)
    given, received = emi.get(path).body, mei.get(path).body

    whole = {
        "id": str(lent.pk),
        "side": "given",
        "status": "live",
        "organization": {"id": str(cast.aoba.pk), "name": cast.aoba.name, "country": "JP"},
        "grantee": {"id": str(cast.hinode.pk), "name": cast.hinode.name, "country": "JP"},
        "capacity": "provider",
        "roles": [READ.value, RESET.value],
        "startDate": given["startDate"],
        "expirationDate": given["expirationDate"],
        "consentedBy": cast.emi.name,
        "links": given["links"],
        "attributes": {"objectType": "AdministrationGrant"},
    }
    assert given == whole
    groups = [
        {"group": "admin_agent", "roles": [READ.value, RESET.value]},
        {"group": "helpdesk_agent", "roles": [READ.value, RESET.value]},
    ]
    assert received == {**whole, "side": "received", "groups": groups}
    for grantee, capacity in ((cast.kawase, Capacity.RESELLER), (cast.midori, Capacity.PROVIDER)):
        lend(cast, grantee, capacity, READ)
    with django_assert_num_queries(TOKEN + 4):
        assert len(emi.get(GRANTS).body["items"]) == 3
    with django_assert_num_queries(TOKEN + 4):
        assert mei.get(GRANTS).body["items"] == [received]
    assert mei.get(f"{GRANTS}?side=given").body["items"] == []
    assert mei.get(f"{GRANTS}?side=both").body["code"] == 800002
    first = emi.get(f"{GRANTS}?size=2&side=given&live=true").body
    token = first["continuationToken"]
    rest = emi.get(f"/v1{first['links']['next']['uri']}", MS_ContinuationToken=token).body
    assert [item["id"] for item in rest["items"]] == [str(lent.pk)]


@pytest.mark.operation("toiya.grants.delete")
@pytest.mark.requirement("S-071")
def test_given_up_and_taken_back(cast: Cast) -> None:
    """Each side ends one; it is over at once, the other side is mailed, and reads who ended it. No one else may.

    Plant: ``is_told`` always true, and Hinode reads who consented to access that it no longer has.
    """
    given_up, taken_back = (
        lend(cast, cast.hinode, Capacity.PROVIDER, READ),
        lend(cast, cast.hinode, Capacity.PROVIDER, RESET),
    )
    mei, emi = api_of(cast.mei), api_of(cast.emi)
    for outsider in (cast.kai, cast.yui, cast.jun):
        api, path = api_of(outsider), f"{GRANTS}/{given_up.pk}"
        nothing = f"{GRANTS}/{uuid.uuid4()}"
        assert (api.get(path).status, api.get(path).body) == (404, api.get(nothing).body)
        assert (api.delete(path).status, api.delete(path).body) == (404, api.delete(nothing).body)
    helper = api_of(hire(cast.aoba, "Uta", Role.USER_ADMIN))
    assert helper.get(f"{GRANTS}/{given_up.pk}").status == 200
    assert helper.delete(f"{GRANTS}/{given_up.pk}").body["code"] == 900150
    assert api_of(cast.sora).get(GRANTS).body["code"] == 900150

    assert mei.delete(f"{GRANTS}/{given_up.pk}").status == 204
    assert emi.delete(f"{GRANTS}/{taken_back.pk}").status == 204

    assert mei.delete(f"{GRANTS}/{given_up.pk}").body["data"] == ["grant_not_live"]
    told = emi.get(f"{GRANTS}/{given_up.pk}").body
    assert (told["status"], told["removedByUs"], told["consentedBy"]) == ("removed", False, cast.emi.name)
    told = mei.get(f"{GRANTS}/{given_up.pk}").body
    assert (told["removedByUs"], "consentedBy" in told) == (True, False)
    assert mei.get(f"{GRANTS}?live=true").body["items"] == []
    assert len(mei.get(GRANTS).body["items"]) == 2
    mailed = OutgoingMail.objects.filter(message="relations/access_removed").values_list("to", flat=True)
    assert set(mailed) == {cast.emi.contact_email, cast.mei.contact_email}
    page = browser_of(cast.emi, language="en").get(reverse("organization:partners")).content.decode()
    assert page.count("Removed") >= 2


def test_what_has_expired_and_what_came_with_the_organization(cast: Cast) -> None:
    """An end date is an end; a consent of nobody in the organisation names nobody."""
    lent = lend(cast, cast.hinode, Capacity.PROVIDER, READ)
    AdministrationGrant.objects.filter(pk=lent.pk).update(
        starts_at=real_now() - dt.timedelta(days=9), expires_at=real_now() - dt.timedelta(days=1)
    )
    other = found(cast.family, "ツル技研", "tsuru.example")
    AdministrationGrant.objects.create(
        tenant=other,
        grantee=cast.hinode,
        capacity="provider",
        starts_at=real_now(),
        expires_at=real_now() + dt.timedelta(days=9),
        consented_by_id=cast.mei.pk,
    )
    first, second = api_of(cast.mei).get(GRANTS).body["items"]
    assert (first["organization"]["id"], first["status"], "consentedBy" in first) == (
        str(other.pk),
        "live",
        False,
    )
    assert (second["status"], second["roles"]) == ("expired", [READ.value])
    assert api_of(cast.mei).delete(f"{GRANTS}/{lent.pk}").body["data"] == ["grant_not_live"]

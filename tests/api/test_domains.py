"""Whether a domain can be had, over the API."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from tests.api.speaking import Told, api_of, api_of_application
from tests.cast import Cast, found, hire, relate
from toiya.api.door import ApiDoor
from toiya.core.permissions import Capacity, Role
from toiya.directory.models import Domain, Family


@pytest.mark.operation("domains.check")
@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("aoba.example", 200),
        ("AOBA.Example", 200),
        ("shop.aoba.example", 200),
        ("gmail.com", 200),
        ("beni.example", 404),
        ("beni.onmicrosoft.com", 404),
        ("example", 400),
        ("x" * 3000, 400),
        ("%22", 400),
        ("日本.example", 404),
    ],
)
def test_taken_or_free_is_told_by_the_status_alone(cast: Cast, domain: str, status: int) -> None:
    """What is free can be given to a new customer, what is taken cannot; the door hands the server no body to send.

    Asked of the door itself, for the test client takes bodies away. Plant: the body of a refusal stays in.
    """
    api = api_of_application(cast.hinode, Role.ADMIN_AGENT)
    door = ApiDoor(lambda request: HttpResponse(request.path_info, status=599))
    asked = RequestFactory().generic(
        "HEAD", f"/v1/domains/{domain}", headers={"Authorization": f"Bearer {api.token}"}
    )

    told = door(asked)

    assert (told.status_code, told.content) == (status, b"")


@pytest.mark.operation("domains.check")
def test_a_domain_is_free_until_somebody_has_it(cast: Cast) -> None:
    """The same rule as where customers are added."""
    api = api_of(cast.mei)
    assert api.call("HEAD", "/v1/domains/beni.onmicrosoft.com").status == 404
    body = {
        "companyProfile": {"domain": "beni.onmicrosoft.com"},
        "billingProfile": {
            "email": "a@beni.example",
            "culture": "ja-JP",
            "language": "ja",
            "companyName": "ベニ",
            "defaultAddress": {
                "country": "JP",
                "postalCode": "100-0001",
                "state": "東京都",
                "city": "千代田区",
                "addressLine1": "1",
            },
        },
    }

    assert api.post("/v1/customers", body).status == 201

    assert api.call("HEAD", "/v1/domains/beni.onmicrosoft.com").status == 200
    assert api.get("/v1/validations/checkdomainavailability/beni").content == b"false"
    assert api.call("GET", "/v1/domains/beni.onmicrosoft.com").status == 405
    assert api_of(cast.riku).call("HEAD", "/v1/domains/beni.example").status == 403


@pytest.mark.operation("domains.check")
def test_what_a_sandbox_has_is_free_for_real_companies(cast: Cast) -> None:
    """A made-up name stands in the way of made-up names only.

    Plant: without the family of the caller the sandbox is told that its own domain is free.
    """
    sandbox = Family.objects.create(name="sandbox", is_sandbox=True)
    found(sandbox, "Beni", "beni.example")
    played = hire(found(sandbox, "P", "p.example", Capacity.PROVIDER), "Pia", Role.ADMIN_AGENT)

    assert api_of(cast.mei).call("HEAD", "/v1/domains/beni.example").status == 404
    assert api_of(played).call("HEAD", "/v1/domains/beni.example").status == 200
    assert api_of(played).call("HEAD", "/v1/domains/aoba.example").status == 200


@pytest.mark.operation("domains.check_prefix")
def test_a_prefix_is_free_or_not(cast: Cast) -> None:
    """True: it can be had. A whole domain is asked about as it is."""
    api = api_of(cast.kai)

    def told(prefix: str) -> Told:
        return api.get(f"/v1/validations/checkDomainAvailability/{prefix}")

    assert [(told(name).status, told(name).body) for name in ("beni", "aoba.example", "beni.example")] == [
        (200, True),
        (200, False),
        (200, True),
    ]
    assert [(told(name).status, told(name).body["code"]) for name in ("-", "a b")] == [(400, 800002)] * 2
    assert api_of(cast.riku).get("/v1/validations/checkdomainavailability/beni").status == 403


@pytest.mark.operation("domains.head_verified")
def test_whether_a_domain_is_the_customer_s(cast: Cast) -> None:
    """For the partners who serve it; for all others there is no customer."""
    relate(cast.kawase, cast.aoba)
    Domain.objects.create(tenant=cast.aoba, name="aoba-shop.example", verified_at=cast.aoba.created_at)
    address = f"/v1/customers/{cast.aoba.pk}/verifieddomain"
    kai = api_of(cast.kai)

    def status(domain: str) -> int:
        return kai.call("HEAD", f"{address}?domain={domain}").status

    assert [status(name) for name in ("aoba.example", "Aoba-Shop.example", "kawase.example", "", "x")] == [
        200,
        200,
        404,
        400,
        400,
    ]
    assert api_of(cast.yui).call("HEAD", f"{address}?domain=aoba.example").status == 404
    refused = kai.post(address, {"verifiedDomainName": "aoba.example"})
    assert (refused.status, refused.body["code"]) == (501, 0)

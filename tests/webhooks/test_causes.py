"""What raises each event, by whatever way it comes about, and who hears of it. Yamabuki and Midori never do."""

import datetime as dt

import time_machine
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import api_of
from tests.cast import Cast, actor_of, browser_of, partner
from tests.customers.story import accepted, invited, invited_for_both
from tests.fulfilment.story import Running, call_back, webhook_connector
from tests.fulfilment.story import work as carry_out
from tests.fulfilment.test_orders import bought_by, sold_through
from tests.orders.story import cart_of, market, ordered
from tests.partnerships.story import become_partners
from tests.subscriptions.story import days_pass, sold
from tests.webhooks.story import heard, listen_all
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.core.role_ids import DIRECTORY_ROLE_IDS, GROUP_IDS
from toiya.customers.models import RelationshipInvitation
from toiya.events.models import Event
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.fulfilment.models import FulfilmentTask
from toiya.jobs.clock import tell_of_expired_access
from toiya.orders.models import OrderState
from toiya.orders.requests import approve_request, decline_request, send_request
from toiya.relations.events import raise_events
from toiya.relations.grants import assign_access, grant_administration, remove_grant
from toiya.relations.models import AdministrationGrant
from toiya.subscriptions.renewal import renew_what_is_due
from toiya.subscriptions.states import suspend_subscription

DAY = dt.timedelta(days=1)


def nothing_for_others(cast: Cast) -> None:
    assert heard(cast.yamabuki) == []
    assert heard(cast.midori) == []


def test_without_a_registration_nothing_is_written(cast: Cast) -> None:
    _shop, subscription = sold(cast)
    suspend_subscription(actor_of(cast.mei), subscription=subscription, version=None, reason="unpaid")

    assert not Event.objects.exists()


def test_a_subscription_tells_provider_and_reseller_whoever_changes_it(cast: Cast) -> None:
    """By a page and by the renewal. Planted fault that this test finds: the event raised in one use case instead of
    where every change is written.
    """
    listen_all(cast)
    _shop, subscription = sold(cast)
    told = f"subscription-updated /webhooks/v1/customers/{cast.aoba.pk}/subscriptions/{subscription.pk}"
    before = len(heard(cast.hinode))
    assert set(heard(cast.hinode)) == {told}

    name = {"friendly_name": "Main office", "version": str(subscription.version)}
    page = reverse("subscriptions:name", args=[subscription.pk])
    assert browser_of(cast.kai).post(page, name).status_code == 302
    assert heard(cast.hinode)[before:] == heard(cast.kawase)[before:] == [told]

    days_pass(cast, 366)
    renew_what_is_due()
    assert heard(cast.hinode)[before:] == heard(cast.kawase)[before:] == [told, told]
    times = Event.objects.filter(tenant_id=cast.hinode.pk).order_by("-pk").values_list("at", flat=True)
    assert times[0] - times[1] > 365 * DAY  # business time, not the worker's
    nothing_for_others(cast)


def test_a_connectors_call_back_tells_too(cast: Cast, vendor: Running, secret: str) -> None:
    """A new subscription is told when it is there, not when it is ordered."""
    there = sold_through(cast, webhook_connector(cast, url=vendor.url, secret=secret))
    listen_all(cast)
    vendor.plan(mode="accept")
    order = ordered(there, ("office", 10))
    carry_out()
    assert heard(cast.kawase) == []

    task = FulfilmentTask.objects.get(subscription_id=bought_by(order).pk)
    assert call_back(task.pk, secret, reference="V-1")[0] == 200
    subscription = bought_by(order)
    assert (
        heard(cast.kawase)
        == heard(cast.hinode)
        == [
            f"subscription-updated /webhooks/v1/customers/{cast.aoba.pk}/subscriptions/{subscription.pk}",
            f"order-completed /v1/customers/{cast.aoba.pk}/orders/{order.pk}",
        ]
    )
    nothing_for_others(cast)


def test_an_acceptance_tells_every_party_and_the_provider_that_a_reseller_stands_between(cast: Cast) -> None:
    listen_all(cast)
    single = invited(cast.kai, roles=[])
    accepted(cast.emi, single)
    customer = f"/v1/customers/{cast.aoba.pk}"
    assert heard(cast.kawase) == [f"reseller-relationship-accepted-by-customer {customer}"]
    assert heard(cast.hinode) == []

    partner(cast.hinode, cast.kawase)
    combined = invited_for_both(cast.kai, cast.hinode, roles_reseller=[], roles_provider=[])
    accepted(cast.emi, combined)
    assert heard(cast.kawase) == [f"reseller-relationship-accepted-by-customer {customer}"] * 2
    assert heard(cast.hinode) == [
        f"reseller-relationship-accepted-by-customer {customer}",
        f"indirect-reseller-relationship-accepted-by-customer {customer}",
    ]
    nothing_for_others(cast)


def test_administrator_access_tells_its_grantee_from_consent_to_its_end(cast: Cast) -> None:
    """The customer's consent, the partner's assignments, the customer's removal."""
    listen_all(cast)
    roles = [DirectoryRole.DIRECTORY_READER, DirectoryRole.LICENSE_ADMINISTRATOR]
    accepted(cast.emi, invited(cast.kai, roles=roles))
    grant = AdministrationGrant.objects.get()
    path = f"/granularAdminRelationships/{grant.pk}-{cast.kawase.pk}"
    helpdesk, admins = (
        f"{path}/accessAssignments/{GROUP_IDS[group]}" for group in (Role.HELPDESK_AGENT, Role.ADMIN_AGENT)
    )
    told = heard(cast.kawase)
    assert told[0].startswith("reseller-relationship-accepted-by-customer ")
    assert told[1:] == [
        f"granular-admin-relationship-approved {path}",
        f"granular-admin-relationship-activated {path}",
        f"granular-admin-access-assignment-created {admins}",
        f"granular-admin-access-assignment-activated {admins}",
        f"granular-admin-access-assignment-created {helpdesk}",
        f"granular-admin-access-assignment-activated {helpdesk}",
    ]
    known = len(told)

    kai = actor_of(cast.kai)
    for chosen in ([], [DirectoryRole.DIRECTORY_READER], roles, roles):
        assign_access(kai, grant=grant, access={Role.HELPDESK_AGENT: chosen})
    remove_grant(actor_of(cast.emi), grant=grant)

    assert heard(cast.kawase)[known:] == [
        f"granular-admin-access-assignment-deleted {helpdesk}",
        f"granular-admin-access-assignment-created {helpdesk}",
        f"granular-admin-access-assignment-activated {helpdesk}",
        f"granular-admin-access-assignment-updated {helpdesk}",
        f"granular-admin-relationship-terminated {path}",
    ]
    assert heard(cast.hinode) == []
    nothing_for_others(cast)


def test_access_that_reaches_its_end_date_is_told_once_by_the_worker(cast: Cast) -> None:
    """On the clock of the family; removed access does not expire. Planted fault: an expiry told at every turn."""
    listen_all(cast)
    kept, removed = (
        grant_administration(
            actor_of(cast.emi),
            tenant=cast.aoba,
            grantee=grantee,
            capacity=capacity,
            roles=[DirectoryRole.DIRECTORY_READER],
            expires_at=cast.family.clock.now() + 30 * DAY,
            consented_by_id=cast.emi.pk,
            invitation_id=None,
        )
        for grantee, capacity in ((cast.kawase, Capacity.RESELLER), (cast.hinode, Capacity.PROVIDER))
    )
    remove_grant(actor_of(cast.mei), grant=removed)
    before = len(heard(cast.kawase)), len(heard(cast.hinode))
    assert tell_of_expired_access() == 0

    days_pass(cast, 31)
    assert (tell_of_expired_access(), tell_of_expired_access()) == (1, 0)
    with time_machine.travel(real_now() + DAY):
        assert tell_of_expired_access() == 0
    assert heard(cast.kawase)[before[0] :] == [
        f"granular-admin-relationship-expired /granularAdminRelationships/{kept.pk}-{cast.kawase.pk}"
    ]
    assert len(heard(cast.hinode)) == before[1]


def test_a_new_partnership_tells_both_sides(cast: Cast) -> None:
    listen_all(cast)
    partnership = become_partners(cast)

    told = f"partnership-invitation-accepted /v1/toiya/partnerships/{partnership.pk}"
    assert heard(cast.kawase) == [told]
    assert heard(cast.hinode)[0] == told
    assert [one.split()[0] for one in heard(cast.hinode)[1:]] == [
        "granular-admin-relationship-approved",
        "granular-admin-relationship-activated",
        "granular-admin-access-assignment-created",
        "granular-admin-access-assignment-activated",
        "granular-admin-access-assignment-created",
        "granular-admin-access-assignment-activated",
    ]
    nothing_for_others(cast)


def test_an_order_request_and_its_order_tell_both_sides(cast: Cast) -> None:
    there = market(cast)
    listen_all(cast)
    kai, mei = actor_of(cast.kai), actor_of(cast.mei)
    cart = cart_of(there, cast.kai, ("office", 10))
    request = send_request(kai, cart=cart, version=cart.version, note="")
    order = approve_request(mei, request=request, version=1)
    assert order.state == OrderState.COMPLETED
    about = f"/v1/toiya/orderRequests/{request.pk}"
    told = [
        f"order-request-created {about}",
        f"order-request-updated {about}",
        f"subscription-updated /webhooks/v1/customers/{cast.aoba.pk}/subscriptions/{bought_by(order).pk}",
        f"order-completed /v1/customers/{cast.aoba.pk}/orders/{order.pk}",
    ]
    assert heard(cast.kawase) == heard(cast.hinode) == told

    cart = cart_of(there, cast.kai, ("office", 1))
    refused = send_request(kai, cart=cart, version=cart.version, note="")
    decline_request(mei, request=refused, version=1, reason="No credit")
    about = f"/v1/toiya/orderRequests/{refused.pk}"
    assert heard(cast.kawase)[len(told) :] == [
        f"order-request-created {about}",
        f"order-request-updated {about}",
    ]
    nothing_for_others(cast)


def test_the_price_is_one_statement_where_nobody_listens(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """What an installation without webhooks pays for each change."""
    mei = actor_of(cast.mei)
    happening = Happening(name=EventName.ORDER_COMPLETED, object_id=cast.aoba.pk, tenants=(cast.hinode.pk,))
    with django_assert_num_queries(1):
        assert raise_events(mei, happening) == []


def test_what_an_event_names_can_be_read_by_the_ids_in_its_address(cast: Cast) -> None:
    """Also where a program had prepared the access under an id of the request. Planted fault that this test finds: the
    access looked for under the request's id only.
    """
    listen_all(cast)
    api, at = api_of(cast.kai), "/v1.0/tenantRelationships/delegatedAdminRelationships"
    roles = {
        "unifiedRoles": [{"roleDefinitionId": str(DIRECTORY_ROLE_IDS[DirectoryRole.LICENSE_ADMINISTRATOR])}]
    }
    prepared = api.post(at, {"displayName": "Aoba", "duration": "P1Y", "accessDetails": roles}).body
    assert api.post(f"{at}/{prepared['id']}/requests", {"action": "lockForApproval"}).status == 201
    accepted(cast.emi, RelationshipInvitation.objects.get())
    customer, approved, *_more, assigned = heard(cast.kawase)

    relationship = approved.rsplit("/", 1)[1]
    read = api.get(f"{at}/{relationship}").body
    assert (read["status"], read["customer"]["tenantId"]) == ("active", str(cast.aoba.pk))
    assert read["id"] == prepared["id"]
    group = assigned.rsplit("/", 1)[1]
    listed = api.get(f"{at}/{relationship}/accessAssignments").body["value"]
    assert group in {one["id"] for one in listed}
    assert api.get(f"/v1/customers/{customer.rsplit('/', 1)[1]}").status == 200
    assert api_of(cast.yui).get(f"{at}/{relationship}").status == 404

    partnership = become_partners(cast)
    told = heard(cast.kawase)[-1].split(" ")[1]
    assert api.get(told).body["id"] == str(partnership.pk)

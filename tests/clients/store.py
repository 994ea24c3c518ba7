"""What ``partnercenterservices`` is asked to do, in an order in which each call finds what it needs."""

from dataclasses import dataclass
from typing import Any

from tests.cast import found, hire, relate
from tests.commerce import subscribed
from tests.orders.story import Market, cart_of, ordered
from toiya.api.items import catalog_item_id
from toiya.core.permissions import Role
from toiya.core.role_ids import GROUP_IDS, ROLE_IDS
from toiya.subscriptions.models import Subscription

StoreCall = tuple[str, str, str, dict[str, Any]]
# Areas that come with billing and support (issue 4): parts of the addresses that the client knows.
ELSEWHERE = ("usage", "/utilizations/", "/servicerequests", "/analytics/")
V = {"version": "1"}
GET, POST, PUT = (f"{verb}vversioncustomerscustomer" for verb in ("get", "post", "put"))
PATCH, DELETE, HEAD = (f"{verb}vversioncustomerscustomer" for verb in ("patch", "delete", "head"))
PROVIDER_ID = "indirect_cloud_solution_provider_id"
REQUEST_LINK = f"getvversioncustomersrelationshiprequests{PROVIDER_ID}{PROVIDER_ID}"
ADDRESS = {
    "country": "JP",
    "state": "東京都",
    "city": "港区",
    "addressLine1": "芝公園 4-2-8",
    "postalCode": "105-0011",
    "firstName": "Aoi",
    "lastName": "Aoki",
    "phoneNumber": "+81312345678",
}
BILLING = {
    "firstName": "Aoi",
    "lastName": "Aoki",
    "email": "aoi@aoba.example",
    "culture": "ja-JP",
    "language": "ja",
    "companyName": "Aoba",
    "defaultAddress": ADDRESS,
}


@dataclass(frozen=True)
class Scene:
    """The ids of what is there before the first call."""

    customer: str
    user: str
    other_user: str
    colleague: str
    provider: str
    partner: str
    left: str
    given_up: str
    order: str
    cart: str
    sold: str
    trial: str
    upgradable: str
    office: str
    item: str

    @property
    def c(self) -> dict[str, Any]:
        """The customer of most calls."""
        return {"customer_id": self.customer, **V}

    def of(self, subscription: str) -> dict[str, Any]:
        """One of its subscriptions."""
        return {**self.c, "subscription_id": subscription}


def scene_of(at: Market) -> Scene:
    """Hinode serves Aoba and two others; Aoba has an order, a cart, a trial, and an office that can become premium."""
    cast = at.cast
    order = ordered(at, ("office", 10))
    left, given_up = (found(cast.family, name, f"{name.lower()}.example.com") for name in ("Beni", "Kon"))
    for customer in (left, given_up):
        relate(cast.hinode, customer)
    return Scene(
        customer=str(cast.aoba.pk),
        user=str(cast.taro.pk),
        other_user=str(hire(cast.aoba, "Jiro").pk),
        colleague=str(hire(cast.hinode, "Rin", Role.HELPDESK_AGENT).pk),
        provider=str(cast.hinode.pk),
        partner=str(cast.kawase.pk),
        left=str(left.pk),
        given_up=str(given_up.pk),
        order=str(order.pk),
        cart=str(cart_of(at, cast.mei, ("office", 3)).pk),
        sold=str(Subscription.objects.get(order_id=order.pk).pk),
        trial=str(subscribed(cast, at.shop, cast.aoba, offer="trial", quantity=25).pk),
        upgradable=str(subscribed(cast, at.shop, cast.aoba, quantity=4).pk),
        office=str(at.shop.office.pk),
        item=catalog_item_id(at.shop.offers["office"]),
    )


def first_calls(scene: Scene) -> list[StoreCall]:
    """All areas, before the worker has been there."""
    return [
        *_own(scene),
        *_roles(scene),
        *_catalogue(),
        *_customer(scene),
        *_users(scene),
        *_licences(scene),
        *_orders(scene),
        *_subscriptions(scene),
        *_devices(scene),
    ]


def _own(scene: Scene) -> list[StoreCall]:
    """The partner itself: profiles, relationships, what may be asked before there is a customer."""
    return [
        ("country rules", "", "getvversioncountryvalidationrulescountry", {"country": "JP", **V}),
        ("address", "", "postvversionvalidationsaddress", {"address": ADDRESS, **V}),
        ("domain taken", "", "headvversiondomainsdomain", {"domain": "aoba.example", **V}),
        (
            "domain prefix",
            "getvversionvalidationscheckdomainavailabilitydomain",
            "prefix",
            {"domain_prefix": "aoba", **V},
        ),
        ("legal business", "getvversionprofileslegalbusinessvetting_versionvetting_version", "value", V),
        (
            "legal business kept",
            "",
            "putvversionprofileslegalbusiness",
            {
                "legal_business_profile": {
                    "companyName": "ヒノデ商事株式会社",
                    "address": ADDRESS,
                    "primaryContact": {
                        "firstName": "Akari",
                        "lastName": "Hino",
                        "email": "akari@hinode.example",
                        "phoneNumber": "+81312345678",
                    },
                },
                **V,
            },
        ),
        ("mpn", "getvversionprofilesmpnmpn_idmpn_id", "value", V),
        ("network profile", "getvversionprofilespartnernetworkprofilempn_idmpn_id", "value", V),
        ("organization", "", "getvversionprofilesorganization", V),
        (
            "organization kept",
            "",
            "putvversionprofilesorganization",
            {"organization_profile": {"language": "en", "email": "akari@hinode.example"}, **V},
        ),
        ("billing", "", "getvversionprofilesbilling", V),
        (
            "billing kept",
            "",
            "putvversionprofilesbilling",
            {
                "billing_profile": {
                    "companyName": "Hinode",
                    "address": ADDRESS,
                    "primaryContact": {
                        "firstName": "Akari",
                        "lastName": "Hino",
                        "email": "bills@hinode.example",
                    },
                    "purchaseOrderNumber": "PO-9888",
                },
                **V,
            },
        ),
        ("support", "", "getvversionprofilessupport", V),
        (
            "support kept",
            "",
            "putvversionprofilessupport",
            {
                "support_profile": {
                    "email": "help@hinode.example",
                    "telephone": "+81312345678",
                    "website": "https://help.hinode.example/",
                },
                **V,
            },
        ),
        (
            "relationships",
            "getvversionrelationshipsrelationship",
            "value",
            {**V, "relationship_type": "IsIndirectCloudSolutionProviderOf"},
        ),
        (
            "relationships by the own id",
            "getvversionrelationshipspartner",
            "value",
            {**V, "partner_id": scene.provider},
        ),
        ("request link", REQUEST_LINK, "value", V),
    ]


def _roles(scene: Scene) -> list[StoreCall]:
    """Roles of the own organization, by both addresses that the client knows."""
    role, member = str(GROUP_IDS[Role.BILLING_ADMIN]), {"id": scene.colleague}
    group = "getvversionrolesrole"
    return [
        ("roles", group, "value", V),
        ("role members", group, "value1", {**V, "role_id": role}),
        (
            "role given",
            "postvversionrolesrole",
            "idusermembers",
            {**V, "role_id": role, "user_member": member},
        ),
        ("role taken", "deletevversionrolesrole", "id", {**V, "role_id": role, "member_id": scene.colleague}),
        (
            "role given by query",
            "postvversionrolesrole",
            "value",
            {**V, "role_id": role, "user_member": member},
        ),
        (
            "role taken by query",
            "deletevversionrolesrole",
            "value",
            {**V, "role_id": role, "member_id": scene.colleague},
        ),
    ]


def _catalogue() -> list[StoreCall]:
    """What is sold."""
    japan = {**V, "country": "JP"}
    offer = {**japan, "offer_id": "$offers.items.0.id"}
    return [
        ("offer categories", "getvversionoffercategoriescountrycountry", "value", japan),
        ("offers", "getvversionofferscountrycountry", "value", japan),
        ("offer", "getvversionoffersoffer", "value1", offer),
        ("offer add-ons", "getvversionoffersoffer", "value", offer),
    ]


def _customer(scene: Scene) -> list[StoreCall]:
    """Customers, and what is told of one; a new one."""
    c = scene.c
    return [
        ("customers", "getvversioncustomersfilterfilter", "value", {**V, "size": 5}),
        ("customer", GET, "id", c),
        ("company", GET, "idprofilescompany", c),
        ("customer billing", GET, "idprofilesbilling", c),
        ("customer billing kept", PUT, "idprofilesbilling", {**c, "customer_billing_profile": BILLING}),
        ("customer relationships", GET, "idrelationships", c),
        ("managed services", GET, "idmanagedservices", c),
        ("customer offer categories", GET, "idoffercategories", c),
        ("customer offers", GET, "value2", c),
        ("customer offer add-ons", GET, "idaddons1", {**c, "offer_id": "$offers.items.0.id"}),
        ("domain of the customer", HEAD, "idverifieddomain", {**c, "domain": "aoba.example"}),
        (
            "new customer",
            "",
            "postvversioncustomers",
            {
                "customer_profile": {
                    "companyProfile": {"domain": "momo.example.com"},
                    "billingProfile": {**BILLING, "companyName": "Momo", "email": "aoi@momo.example.com"},
                },
                **V,
            },
        ),
    ]


def _users(scene: Scene) -> list[StoreCall]:
    """Users of the customer and their administrator roles, by both addresses that the client knows."""
    c, u = scene.c, {**scene.c, "user_id": scene.user}
    role = {**c, "role_id": str(ROLE_IDS[Role.BILLING_ADMIN])}
    member, new = {"id": scene.user}, {**c, "user_id": "$new user.id"}
    by_query = {**c, "user_id": scene.other_user}
    return [
        ("users", GET, "value6", c),
        ("user", GET, "id2", u),
        (
            "new user",
            POST,
            "idusers",
            {
                **c,
                "user": {
                    "usageLocation": "JP",
                    "userPrincipalName": "hanako@aoba.example",
                    "firstName": "Hanako",
                    "lastName": "Aoki",
                    "displayName": "Hanako Aoki",
                },
            },
        ),
        ("renamed user", PATCH, "id2", {**new, "user": {"displayName": "Hanako Suzuki"}}),
        ("deleted user", DELETE, "id2", new),
        ("renamed user by query", PATCH, "value", {**by_query, "user": {"displayName": "Jiro Suzuki"}}),
        ("deleted user by query", DELETE, "value1", by_query),
        ("user roles", GET, "iddirectoryroles", u),
        ("directory roles", GET, "value", c),
        ("members", GET, "value1", role),
        ("member added", POST, "idusermembers", {**role, "user_member": member}),
        ("member removed", DELETE, "id1", {**role, "member_id": scene.user}),
        ("member added by query", POST, "value", {**role, "user_member": member}),
        ("member removed by query", DELETE, "value", {**role, "member_id": scene.user}),
    ]


def _licences(scene: Scene) -> list[StoreCall]:
    """Seats, and who has one."""
    u = {**scene.c, "user_id": scene.user}
    return [
        ("licences", GET, "value4", scene.c),
        ("user licences", GET, "value5", u),
        ("licence given", POST, "idlicenseupdates", {**u, "licenses_to_assign": [{"skuId": scene.office}]}),
        ("licence taken", POST, "idlicenseupdates", {**u, "licenses_to_remove": [scene.office]}),
    ]


def _orders(scene: Scene) -> list[StoreCall]:
    """Orders read, made and taken back; a cart."""
    c = scene.c
    line = {"lineItemNumber": 0, "offerId": scene.item, "quantity": 2, "friendlyName": "Branch"}
    return [
        ("orders", GET, "value7", c),
        ("order", GET, "id5", {**c, "order_id": scene.order}),
        (
            "new order",
            POST,
            "idorders",
            {
                **c,
                "order": {
                    "referenceCustomerId": scene.customer,
                    "billingCycle": "monthly",
                    "lineItems": [line],
                },
            },
        ),
        (
            "order taken back",
            PATCH,
            "id3",
            {**c, "order_id": "$new order.id", "order": {"status": "cancelled"}},
        ),
        ("checked out", POST, "idcheckout", {**c, "cart_id": scene.cart}),
    ]


def _subscriptions(scene: Scene) -> list[StoreCall]:
    """Subscriptions read and changed; a trial that is paid for, and an office that becomes better."""
    sold, trial, upgradable = (scene.of(one) for one in (scene.sold, scene.trial, scene.upgradable))
    return [
        ("subscriptions", GET, "value9", scene.c),
        ("subscription", GET, "id6", sold),
        ("add-ons", GET, "idaddons", sold),
        ("provisioning", GET, "idprovisioningstatus", sold),
        ("support contact", GET, "idsupportcontact", sold),
        (
            "support contact kept",
            PUT,
            "idsupportcontact",
            {**sold, "support_contact": {"supportTenantId": scene.provider}},
        ),
        (
            "patched subscription",
            PATCH,
            "id4",
            {**sold, "subscription": {"friendlyName": "Head office", "quantity": 12}},
        ),
        ("conversions", GET, "idconversions", trial),
        (
            "converted",
            POST,
            "idconversions",
            {
                **trial,
                "target_conversion": {
                    "offerId": "$conversions.items.0.offer_id",
                    "targetOfferId": "$conversions.items.0.target_offer_id",
                    "quantity": 25,
                    "billingCycle": "$conversions.items.0.billing_cycle",
                },
            },
        ),
        ("upgrades", GET, "idupgrades", upgradable),
        (
            "upgraded",
            POST,
            "idupgrades",
            {
                **upgradable,
                "target_upgrade": {
                    "targetOffer": {"id": "$upgrades.items.0.target_offer.id"},
                    "upgradeType": "upgrade_with_license_transfer",
                    "quantity": 4,
                },
            },
        ),
    ]


def _devices(scene: Scene) -> list[StoreCall]:
    """A batch that the worker will register, and policies."""
    c = scene.c
    policy = {"name": "Spring", "category": "o_o_b_e", "policySettings": ["skip_eula"]}
    return [
        ("policies", GET, "idpolicies", c),
        ("new policy", POST, "idpolicies", {**c, "policy": policy}),
        ("batches", GET, "iddevice_batches", c),
        (
            "new batch",
            POST,
            "iddevice_batches",
            {**c, "batch_id": "spring", "devices": [_device(1)]},
        ),
    ]


def _device(number: int) -> dict[str, str]:
    return {"serialNumber": f"W-{number}", "oemManufacturerName": "Tsubame", "modelName": "Wing 2"}


def ends(scene: Scene, *, new: str) -> list[StoreCall]:
    """Relationships end, by each of the three addresses."""
    return [
        ("new left", PATCH, "id", {**V, "customer_id": new, "customer": {"relationshipToPartner": "none"}}),
        ("customer left", DELETE, "idrelationshipspartner", {**V, "customer_id": scene.left}),
        (
            "customer given up",
            DELETE,
            "id_customer_partner_relationshipsreseller",
            {**V, "customer_id": scene.given_up},
        ),
    ]


def device_calls(scene: Scene, *, device: str, status: str, policy: str) -> list[StoreCall]:
    """The same batch after the worker has registered its device.

    The client never sends which policy a device gets: it holds key and value for words of the server alone.
    """
    c = scene.c
    batch = {**c, "device_batch_id": "spring"}
    one = {**batch, "device_id": device}
    p = {**c, "policy_id": policy}
    changed = {"name": "Summer", "category": "o_o_b_e", "policySettings": ["skip_express_settings"]}
    return [
        ("batch status", GET, "id3", {**c, "batch_upload_tracking_id": status}),
        ("devices", GET, "iddevices", batch),
        ("more devices", POST, "iddevices", {**batch, "devices": [_device(2)]}),
        ("device kept", PUT, "id", {**one, "device": {"id": device, "policies": []}}),
        ("policies of devices", PATCH, "id_device_policy_updates", {**c, "devices": [{"id": device}]}),
        ("policy", GET, "id4", p),
        ("policy kept", PUT, "id1", {**p, "policy": {"id": policy, **changed}}),
        ("policy deleted", DELETE, "id4", p),
        ("device deleted", DELETE, "id3", one),
    ]


def made_up_customer_deleted(customer: str) -> StoreCall:
    """A customer is deleted in a sandbox only."""
    return ("customer deleted", DELETE, "id", {**V, "customer_id": customer})


def absent_calls(scene: Scene) -> list[StoreCall]:
    """What has no meaning here."""
    c, sold = scene.c, scene.of(scene.sold)
    domain = {"verifiedDomainName": "aoba.example", "domain": {"name": "aoba.example"}}
    preference = {**V, "user_id": scene.colleague, "notification_area": "billing", "channel_type": "email"}
    migration = {**V, "migration_batch_id": scene.order}
    return [
        ("token exchanged", "", "postgeneratetoken", {"grant_type": "jwt_token"}),
        ("registered", POST, "idregistrations", sold),
        ("registration", GET, "idregistrationstatus", sold),
        ("domain added", POST, "idverifieddomain", {**c, "verified_domain": domain}),
        (
            "domain added by name",
            "postvversiondomainsdomaincustomer",
            "value",
            {**c, "domain": "aoba.example", "verified_domain": domain},
        ),
        (
            "customer of a partner",
            "patchvversionrelationshipspartner",
            "id",
            {**c, "partner_id": scene.partner},
        ),
        (
            "preference",
            "getvversionusersuser",
            "idpreferencesnotificationsnotification_areachannel_type",
            preference,
        ),
        (
            "preference kept",
            "putvversionusersuser",
            "idpreferencesnotifications_notification_areachannel_type",
            {**preference, "communication_preference": {"channel": "email", "status": "enabled"}},
        ),
        ("insider program", "", "getvversioninsiderprograms", V),
        (
            "insider program kept",
            "",
            "putvversioninsiderprograms",
            {**V, "insider_program": {"name": "Fast"}},
        ),
        ("preferred offers", "", "getvversionpreferencescatalogoffers", V),
        (
            "preferred offers kept",
            "",
            "putvversionpreferencescatalogoffers",
            {**V, "offer_ids": [scene.item]},
        ),
        (
            "syndication",
            "",
            "postvversionmigrationssyndication",
            {**V, "migration_batch": {"mosiCustomerIds": [scene.customer]}},
        ),
        ("syndication status", "", "getvversionmigrationssyndicationmigration_batch_id", migration),
        (
            "syndication of a customer",
            "",
            "getvversionmigrationssyndicationmigration_batch_idmosi_customer_id",
            {**migration, "mosi_customer_id": scene.customer},
        ),
        ("incidents", "getvversionserviceincidentsofficefilterfilter", "value", V),
        ("incident count", "getvversionserviceincidentsofficecountfilterfilter", "value", V),
        ("customer incidents", GET, "value8", c),
        ("rate card", "getvversionratecardsazurecurrencycurrency", "value", V),
        ("shared rate card", "getvversionratecardsazure_sharedcurrencycurrency", "value", V),
    ]

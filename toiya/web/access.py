"""The access table: every route, every method, who may come in. A route that is not here answers 403 (G-02).

The doors' check is the coarse one (signed in, second factor, role, capacity). Which row somebody may touch is decided
by ``visible_to(actor)`` and by the use case.
"""

from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from toiya.core.permissions import Capacity, Permission


class Level(Enum):
    """How far somebody must have come."""

    ANYBODY = "anybody"
    LINK_HOLDER = "link holder"
    MEMBERSHIP = "membership login"
    PASSWORD = "signed in, second factor still missing"  # noqa: S105
    PERSON = "signed in with second factor"


@dataclass(frozen=True, slots=True)
class Need:
    """What a method of a route asks for."""

    level: Level
    permission: Permission | None = None
    capacity: Capacity | None = None
    site: Permission | None = None  # what opens the site that the page belongs to


ANYBODY = Need(Level.ANYBODY)
LINK_HOLDER = Need(Level.LINK_HOLDER)
MEMBERSHIP = Need(Level.MEMBERSHIP)
PASSWORD = Need(Level.PASSWORD)
PERSON = Need(Level.PERSON)
MAILBOX = ANYBODY if settings.SHOWS_CODES else PERSON


def may(permission: Permission, capacity: Capacity | None = None, *, site: Permission | None = None) -> Need:
    """A person with second factor to whom the table of permissions gives this."""
    return Need(Level.PERSON, permission, capacity, site)


HOME = Permission.HOME_VIEW
VIEW_PEOPLE = may(Permission.PEOPLE_VIEW, site=HOME)
MANAGE_PEOPLE = may(Permission.PEOPLE_MANAGE, site=HOME)
VIEW_OWN_PEOPLE = may(Permission.PEOPLE_VIEW)
MANAGE_OWN_PEOPLE = may(Permission.PEOPLE_MANAGE)
ADMINISTER = may(Permission.ADMINISTER_ON_BEHALF)
SEE_OWN_LICENCES = may(Permission.OWN_SUBSCRIPTIONS_VIEW)
ASSIGN_OWN_LICENCES = may(Permission.OWN_LICENCES_MANAGE)

KEEP_DEVICES = may(Permission.DEVICES_MANAGE)

MANAGE_APPLICATIONS = may(Permission.APPLICATIONS_MANAGE, site=HOME)
MANAGE_OWN_APPLICATIONS = may(Permission.APPLICATIONS_MANAGE)

KEEP_CATALOGUE = may(Permission.CATALOGUE_MANAGE)
VIEW_CATALOGUE = may(Permission.CATALOGUE_VIEW)
VIEW_LISTS = may(Permission.CATALOGUE_VIEW, Capacity.PROVIDER)
SET_PRICES = may(Permission.PRICE_RULES_MANAGE)
VIEW_SUBSCRIPTIONS = may(Permission.SUBSCRIPTIONS_VIEW)
MANAGE_SUBSCRIPTIONS = may(Permission.SUBSCRIPTIONS_MANAGE)
CHOOSE_SUPPORT = may(Permission.SUPPORT_CONTACT_CHOOSE)
TRANSFER = may(Permission.SUBSCRIPTIONS_TRANSFER)
MAKE_SANDBOX = may(Permission.SANDBOX_MAKE, site=Permission.HOME_VIEW)
MOVE_CLOCK = may(Permission.SANDBOX_CLOCK_MOVE, site=Permission.HOME_VIEW)
OWN_SUBSCRIPTIONS = may(Permission.OWN_SUBSCRIPTIONS_VIEW)
PAID_INVOICES = may(Permission.INVOICES_VIEW, Capacity.PROVIDER)
ISSUED_INVOICES = may(Permission.INVOICES_VIEW, Capacity.OPERATOR)


ACCESS: dict[str, dict[str, Need]] = {
    # public
    "public:welcome": {"GET": ANYBODY},
    "public:become_reseller": {"GET": ANYBODY},
    "public:providers": {"GET": ANYBODY},
    "public:provider": {"GET": ANYBODY},
    "public:work_account_help": {"GET": ANYBODY},
    "api_reference": {"GET": ANYBODY},
    "set_language": {"POST": ANYBODY},
    # signing in, second factors, one's own password
    "account_login": {"GET": ANYBODY, "POST": ANYBODY},
    "mfa_authenticate": {"GET": ANYBODY, "POST": ANYBODY},
    "account_logout": {"POST": ANYBODY},
    "account_reauthenticate": {"GET": PASSWORD, "POST": PASSWORD},
    "account_change_password": {"GET": PASSWORD, "POST": PASSWORD},
    "mfa_activate_totp": {"GET": PASSWORD, "POST": PASSWORD},
    "mfa_add_webauthn": {"GET": PASSWORD, "POST": PASSWORD},
    "mfa_index": {"GET": PERSON},
    "mfa_generate_recovery_codes": {"POST": PERSON},
    "mfa_remove": {"GET": PERSON, "POST": PERSON},
    # membership site: its own sign-in
    "membership:sign_in": {"GET": ANYBODY, "POST": ANYBODY},
    "membership:password": {"GET": ANYBODY, "POST": ANYBODY},
    "membership:home": {"GET": MEMBERSHIP},
    "membership:sign_out": {"POST": ANYBODY},
    # enrolment
    "enrolment:welcome": {"GET": ANYBODY},
    "enrolment:work_account": {"GET": ANYBODY},
    "enrolment:create": {"GET": ANYBODY, "POST": ANYBODY},
    "enrolment:created": {"GET": ANYBODY},
    "enrolment:membership": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:user_name": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:password": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:cancel": {"POST": may(Permission.ENROL)},
    "enrolment:organization": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:legal_profile": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:primary_contact": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:support": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:review": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:short": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:status": {"GET": may(Permission.ENROL)},
    "enrolment:resend": {"POST": may(Permission.ENROL)},
    "enrolment:correct": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:withdraw": {"GET": may(Permission.ENROL), "POST": may(Permission.ENROL)},
    "enrolment:contact": {"GET": LINK_HOLDER},
    "enrolment:confirm": {"GET": LINK_HOLDER, "POST": LINK_HOLDER},
    "enrolment:deny": {"GET": LINK_HOLDER, "POST": LINK_HOLDER},
    # dashboard
    "dashboard:home": {"GET": may(HOME)},
    "dashboard:settings": {"GET": may(HOME)},
    "dashboard:setup": {"GET": may(HOME), "POST": may(HOME)},
    # people, in the dashboard and in the organisation portal
    "people:list": {"GET": VIEW_PEOPLE},
    "people:add": {"GET": MANAGE_PEOPLE, "POST": MANAGE_PEOPLE},
    "people:person": {"GET": VIEW_PEOPLE, "POST": MANAGE_PEOPLE},
    "people:roles": {"POST": MANAGE_PEOPLE},
    "people:disable": {"POST": MANAGE_PEOPLE},
    "people:enable": {"POST": MANAGE_PEOPLE},
    "people:reset_password": {"POST": MANAGE_PEOPLE},
    "people:reset_factors": {"POST": MANAGE_PEOPLE},
    "people:agents_add_people": {"POST": may(Permission.ADMIN_ROLES_ASSIGN, site=HOME)},
    "people:profile": {"GET": PERSON, "POST": PERSON},
    "organization:people": {"GET": VIEW_OWN_PEOPLE},
    "organization:add_person": {"GET": MANAGE_OWN_PEOPLE, "POST": MANAGE_OWN_PEOPLE},
    "organization:person": {"GET": VIEW_OWN_PEOPLE, "POST": MANAGE_OWN_PEOPLE},
    "organization:person_roles": {"POST": MANAGE_OWN_PEOPLE},
    "organization:person_disable": {"POST": MANAGE_OWN_PEOPLE},
    "organization:person_enable": {"POST": MANAGE_OWN_PEOPLE},
    "organization:person_reset_password": {"POST": MANAGE_OWN_PEOPLE},
    "organization:person_reset_factors": {"POST": MANAGE_OWN_PEOPLE},
    "people:deleted": {"GET": VIEW_PEOPLE},
    "people:delete": {"GET": MANAGE_PEOPLE, "POST": MANAGE_PEOPLE},
    "people:restore": {"POST": MANAGE_PEOPLE},
    "organization:deleted_people": {"GET": VIEW_OWN_PEOPLE},
    "organization:person_delete": {"GET": MANAGE_OWN_PEOPLE, "POST": MANAGE_OWN_PEOPLE},
    "organization:person_restore": {"POST": MANAGE_OWN_PEOPLE},
    "organization:person_licences": {"POST": ASSIGN_OWN_LICENCES},
    # users and licences: of a customer by its grant, and of the own organisation
    "licences:users_export": {"GET": ADMINISTER},
    "licences:select": {"POST": ADMINISTER},
    "licences:many": {"GET": ADMINISTER, "POST": ADMINISTER},
    "licences:deleted": {"GET": ADMINISTER},
    "licences:add": {"GET": ADMINISTER, "POST": ADMINISTER},
    "licences:user": {"GET": ADMINISTER, "POST": ADMINISTER},
    "licences:user_name": {"GET": ADMINISTER, "POST": ADMINISTER},
    "licences:user_role": {"POST": ADMINISTER},
    "licences:user_licences": {"POST": ADMINISTER},
    "licences:user_disable": {"POST": ADMINISTER},
    "licences:user_enable": {"POST": ADMINISTER},
    "licences:user_delete": {"GET": ADMINISTER, "POST": ADMINISTER},
    "licences:user_restore": {"POST": ADMINISTER},
    "licences:user_password": {"POST": ADMINISTER},
    "licences:pools_export": {"GET": ADMINISTER},
    "licences:holders": {"GET": ADMINISTER},
    "licences:holders_export": {"GET": ADMINISTER},
    "licences:own_pools": {"GET": SEE_OWN_LICENCES},
    "licences:own_pools_export": {"GET": SEE_OWN_LICENCES},
    "licences:own_users": {"GET": SEE_OWN_LICENCES},
    "licences:own_users_export": {"GET": SEE_OWN_LICENCES},
    "licences:own_select": {"POST": ASSIGN_OWN_LICENCES},
    "licences:own_many": {"GET": ASSIGN_OWN_LICENCES, "POST": ASSIGN_OWN_LICENCES},
    "licences:own_holders": {"GET": SEE_OWN_LICENCES},
    "licences:own_holders_export": {"GET": SEE_OWN_LICENCES},
    # devices of a customer, which each partner keeps its own list of
    "devices:list": {"GET": KEEP_DEVICES},
    "devices:export": {"GET": KEEP_DEVICES},
    "devices:assign": {"POST": KEEP_DEVICES},
    "devices:device": {"GET": KEEP_DEVICES, "POST": KEEP_DEVICES},
    "devices:delete": {"GET": KEEP_DEVICES, "POST": KEEP_DEVICES},
    "devices:policies": {"GET": KEEP_DEVICES},
    "devices:new_policy": {"GET": KEEP_DEVICES, "POST": KEEP_DEVICES},
    "devices:policy": {"GET": KEEP_DEVICES, "POST": KEEP_DEVICES},
    "devices:delete_policy": {"GET": KEEP_DEVICES, "POST": KEEP_DEVICES},
    "public:roles": {"GET": ANYBODY},
    "public:role_guide": {"GET": ANYBODY},
    # partnerships, their invitations, administration on behalf of others
    "partnerships:resellers": {"GET": may(Permission.PARTNERSHIPS_VIEW, Capacity.PROVIDER)},
    "partnerships:export_resellers": {"GET": may(Permission.PARTNERSHIPS_VIEW, Capacity.PROVIDER)},
    "partnerships:request": {
        "GET": may(Permission.PARTNERSHIPS_INVITE),
        "POST": may(Permission.PARTNERSHIPS_INVITE),
    },
    "partnerships:draft": {
        "GET": may(Permission.PARTNERSHIPS_VIEW, Capacity.PROVIDER),
        "POST": may(Permission.PARTNERSHIPS_INVITE),
    },
    "partnerships:resend": {"POST": may(Permission.PARTNERSHIPS_INVITE)},
    "partnerships:revoke": {"POST": may(Permission.PARTNERSHIPS_INVITE)},
    "partnerships:providers": {"GET": may(Permission.PARTNERSHIPS_VIEW, Capacity.RESELLER)},
    "partnerships:confirm": {"POST": may(Permission.PARTNERSHIPS_INVITE)},
    "partnerships:shared_customers": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "partnerships:end": {"GET": may(Permission.PARTNERSHIPS_END), "POST": may(Permission.PARTNERSHIPS_END)},
    "partnerships:access": {"GET": may(Permission.ACCESS_ASSIGN)},
    "partnerships:assign_access": {"POST": may(Permission.ACCESS_ASSIGN)},
    "partnerships:administer": {"GET": may(Permission.ADMINISTER_ON_BEHALF)},
    "partnerships:reset_password": {"POST": may(Permission.ADMINISTER_ON_BEHALF)},
    "partnerships:invitation": {"GET": LINK_HOLDER},
    "partnerships:accept": {"GET": PERSON, "POST": PERSON},
    "partnerships:decline": {"GET": PERSON, "POST": PERSON},
    # organisation portal: who can touch us
    "organization:home": {"GET": PERSON},
    "organization:partners": {"GET": may(Permission.GRANTS_VIEW)},
    "organization:remove_access": {
        "GET": may(Permission.GRANTS_REMOVE),
        "POST": may(Permission.GRANTS_REMOVE),
    },
    # customers and their invitations
    "customers:list": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:export": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:account": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:services": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:users": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:licences": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:remove": {
        "GET": may(Permission.RELATIONSHIPS_REMOVE),
        "POST": may(Permission.RELATIONSHIPS_REMOVE),
    },
    "customers:request": {
        "GET": may(Permission.RELATIONSHIPS_REQUEST),
        "POST": may(Permission.RELATIONSHIPS_REQUEST),
    },
    "customers:invite_both": {
        "GET": may(Permission.RELATIONSHIPS_INVITE_BOTH, Capacity.RESELLER),
        "POST": may(Permission.RELATIONSHIPS_INVITE_BOTH, Capacity.RESELLER),
    },
    "customers:invite_both_as_provider": {
        "GET": may(Permission.RELATIONSHIPS_INVITE_BOTH, Capacity.PROVIDER),
        "POST": may(Permission.RELATIONSHIPS_INVITE_BOTH, Capacity.PROVIDER),
    },
    "customers:export_invitations": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:invitations": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "customers:draft": {"GET": may(Permission.CUSTOMERS_VIEW), "POST": may(Permission.CUSTOMERS_VIEW)},
    "customers:resend": {"POST": may(Permission.CUSTOMERS_VIEW)},
    "customers:revoke": {"POST": may(Permission.CUSTOMERS_VIEW)},
    "customers:replace_links": {"POST": may(Permission.RELATIONSHIPS_INVITE_BOTH)},
    "customers:invitation": {"GET": LINK_HOLDER, "POST": may(Permission.RELATIONSHIPS_ACCEPT)},
    "customers:invitation_continue": {"GET": PERSON},
    "customers:invitation_decline": {"POST": may(Permission.RELATIONSHIPS_ACCEPT)},
    "customers:invitation_account": {"GET": LINK_HOLDER, "POST": LINK_HOLDER},
    # catalogue and prices: the operator's side, then the partners'
    "catalogue:products": {"GET": KEEP_CATALOGUE},
    "catalogue:export": {"GET": KEEP_CATALOGUE},
    "catalogue:categories": {"GET": KEEP_CATALOGUE},
    "catalogue:product": {"GET": KEEP_CATALOGUE},
    "catalogue:sku": {"GET": KEEP_CATALOGUE},
    "catalogue:new_category": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "catalogue:category": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "catalogue:new_product": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "catalogue:edit_product": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "catalogue:new_sku": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "catalogue:edit_sku": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "catalogue:publish_product": {"POST": KEEP_CATALOGUE},
    "catalogue:withdraw_product": {"POST": KEEP_CATALOGUE},
    "catalogue:restore_product": {"POST": KEEP_CATALOGUE},
    "catalogue:withdraw_sku": {"POST": KEEP_CATALOGUE},
    "catalogue:restore_sku": {"POST": KEEP_CATALOGUE},
    "catalogue:add_availabilities": {"POST": KEEP_CATALOGUE},
    "catalogue:withdraw_availability": {"POST": KEEP_CATALOGUE},
    "catalogue:restore_availability": {"POST": KEEP_CATALOGUE},
    "pricing:lists": {"GET": KEEP_CATALOGUE},
    "pricing:list": {"GET": KEEP_CATALOGUE},
    "pricing:export_list": {"GET": KEEP_CATALOGUE},
    "pricing:promotions": {"GET": KEEP_CATALOGUE},
    "pricing:promotion": {"GET": KEEP_CATALOGUE},
    "pricing:new_list": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "pricing:edit_list": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "pricing:import_list": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "pricing:publish_list": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "pricing:new_promotion": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "pricing:edit_promotion": {"GET": KEEP_CATALOGUE, "POST": KEEP_CATALOGUE},
    "pricing:save_lines": {"POST": KEEP_CATALOGUE},
    "pricing:delete_list": {"POST": KEEP_CATALOGUE},
    "pricing:publish_promotion": {"POST": KEEP_CATALOGUE},
    "pricing:end_promotion": {"POST": KEEP_CATALOGUE},
    "catalogue:browse": {"GET": VIEW_CATALOGUE},
    "catalogue:browse_export": {"GET": VIEW_CATALOGUE},
    "catalogue:browse_product": {"GET": VIEW_CATALOGUE},
    "catalogue:pin": {"POST": VIEW_CATALOGUE},
    "catalogue:unpin": {"POST": VIEW_CATALOGUE},
    "pricing:price_list": {"GET": VIEW_LISTS},
    "pricing:price_list_export": {"GET": VIEW_LISTS},
    "pricing:our_prices": {"GET": VIEW_CATALOGUE},
    "pricing:our_prices_export": {"GET": VIEW_CATALOGUE},
    "pricing:running_promotions": {"GET": VIEW_CATALOGUE},
    "pricing:rules": {"GET": VIEW_CATALOGUE},
    "pricing:export_rules": {"GET": VIEW_CATALOGUE},
    "pricing:new_rule": {"GET": SET_PRICES, "POST": SET_PRICES},
    "pricing:import_rules": {"GET": SET_PRICES, "POST": SET_PRICES},
    "pricing:rule": {"GET": SET_PRICES, "POST": SET_PRICES},
    "pricing:remove_rule": {"POST": SET_PRICES},
    "pricing:restore_rule": {"POST": SET_PRICES},
    "pricing:rates": {"GET": VIEW_CATALOGUE, "POST": SET_PRICES},
    "customers:suspend_all": {"POST": MANAGE_SUBSCRIPTIONS},
    # subscriptions and transfers; a customer's own in its portal
    "subscriptions:list": {"GET": VIEW_SUBSCRIPTIONS},
    "subscriptions:export": {"GET": VIEW_SUBSCRIPTIONS},
    "subscriptions:subscription": {"GET": VIEW_SUBSCRIPTIONS},
    **{
        f"subscriptions:{act}": {"GET": MANAGE_SUBSCRIPTIONS, "POST": MANAGE_SUBSCRIPTIONS}
        for act in (
            "quantity",
            "suspend",
            "reactivate",
            "cancel",
            "auto_renew",
            "schedule",
            "name",
            "reseller",
            "upgrade",
            "convert",
        )
    },
    "subscriptions:unschedule": {"POST": MANAGE_SUBSCRIPTIONS},
    "subscriptions:support": {"GET": CHOOSE_SUPPORT, "POST": CHOOSE_SUPPORT},
    "subscriptions:transfers": {"GET": TRANSFER},
    "subscriptions:ask_transfer": {"GET": TRANSFER, "POST": TRANSFER},
    "subscriptions:transfer": {"GET": TRANSFER, "POST": TRANSFER},
    "subscriptions:decline_transfer": {"POST": TRANSFER},
    "subscriptions:withdraw_transfer": {"POST": TRANSFER},
    "organization:subscriptions": {"GET": OWN_SUBSCRIPTIONS},
    "organization:subscription": {"GET": OWN_SUBSCRIPTIONS},
    "organization:transfer": {"GET": OWN_SUBSCRIPTIONS, "POST": may(Permission.TRANSFERS_ACCEPT)},
    "organization:decline_transfer": {"POST": may(Permission.TRANSFERS_ACCEPT)},
    # carts, orders and order requests
    "orders:choose": {"GET": may(Permission.CATALOGUE_VIEW)},
    "orders:line": {"GET": may(Permission.CATALOGUE_VIEW), "POST": may(Permission.CATALOGUE_VIEW)},
    "orders:cart": {"GET": may(Permission.CATALOGUE_VIEW)},
    "orders:parties": {"POST": may(Permission.CATALOGUE_VIEW)},
    "orders:remove": {"POST": may(Permission.CATALOGUE_VIEW)},
    "orders:restore": {"POST": may(Permission.CATALOGUE_VIEW)},
    "orders:empty": {"POST": may(Permission.CATALOGUE_VIEW)},
    "orders:checkout": {"GET": may(Permission.CATALOGUE_VIEW), "POST": may(Permission.CATALOGUE_VIEW)},
    "orders:list": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "orders:export": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "orders:order": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "orders:requests": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "orders:export_requests": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "orders:request": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "orders:approve": {"POST": may(Permission.ORDER_REQUESTS_DECIDE)},
    "orders:change": {
        "GET": may(Permission.ORDER_REQUESTS_DECIDE),
        "POST": may(Permission.ORDER_REQUESTS_DECIDE),
    },
    "orders:decline": {"POST": may(Permission.ORDER_REQUESTS_DECIDE)},
    "orders:accept": {"POST": may(Permission.ORDERS_REQUEST)},
    "orders:withdraw": {"POST": may(Permission.ORDERS_REQUEST)},
    "orders:automatic": {
        "GET": may(Permission.AUTOMATIC_APPROVAL_SET),
        "POST": may(Permission.AUTOMATIC_APPROVAL_SET),
    },
    "organization:orders_list": {"GET": may(Permission.OWN_SUBSCRIPTIONS_VIEW)},
    "organization:orders_export": {"GET": may(Permission.OWN_SUBSCRIPTIONS_VIEW)},
    "organization:orders_order": {"GET": may(Permission.OWN_SUBSCRIPTIONS_VIEW)},
    "operator:orders_list": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:orders_export": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:orders_order": {"GET": may(Permission.PROGRAMME_VIEW)},
    # the operator's invoices: for the provider that pays them, and for the operator
    "billing:list": {"GET": PAID_INVOICES},
    "billing:export": {"GET": PAID_INVOICES},
    "billing:invoice": {"GET": PAID_INVOICES},
    "billing:lines": {"GET": PAID_INVOICES},
    "operator:invoices_list": {"GET": ISSUED_INVOICES},
    "operator:invoices_export": {"GET": ISSUED_INVOICES},
    "operator:invoices_invoice": {"GET": ISSUED_INVOICES},
    "operator:invoices_lines": {"GET": ISSUED_INVOICES},
    "operator:invoices_run": {"GET": ISSUED_INVOICES, "POST": may(Permission.INVOICES_ISSUE)},
    # a provider adds customers; billing and company data of customers; tax of partners
    "customers:add": {"GET": may(Permission.CUSTOMERS_ADD), "POST": may(Permission.CUSTOMERS_ADD)},
    "customers:update_account": {
        "GET": may(Permission.CUSTOMER_ACCOUNT_UPDATE),
        "POST": may(Permission.CUSTOMER_ACCOUNT_UPDATE),
    },
    "profile:billing": {
        "GET": may(Permission.PARTNER_PROFILE_VIEW),
        "POST": may(Permission.PARTNER_PROFILE_MANAGE),
    },
    "profile:tax": {
        "GET": may(Permission.PARTNER_PROFILE_VIEW),
        "POST": may(Permission.PARTNER_PROFILE_MANAGE),
    },
    # operator console
    "operator:home": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:applications": {"GET": may(Permission.APPLICATIONS_REVIEW)},
    "operator:application": {"GET": may(Permission.APPLICATIONS_REVIEW)},
    "operator:check": {"POST": may(Permission.APPLICATIONS_REVIEW)},
    "operator:ask": {"POST": may(Permission.APPLICATIONS_REVIEW)},
    "operator:approve": {"POST": may(Permission.APPLICATIONS_REVIEW)},
    "operator:reject": {"POST": may(Permission.APPLICATIONS_REVIEW)},
    "operator:partners": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:register_provider": {
        "GET": may(Permission.PARTNERS_MANAGE),
        "POST": may(Permission.PARTNERS_MANAGE),
    },
    "operator:partner": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:suspend": {"GET": may(Permission.PARTNERS_MANAGE), "POST": may(Permission.PARTNERS_MANAGE)},
    "operator:restore": {"POST": may(Permission.PARTNERS_MANAGE)},
    "operator:entries": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:entry": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:approve_entry": {"POST": may(Permission.PARTNERS_MANAGE)},
    "operator:return_entry": {"POST": may(Permission.PARTNERS_MANAGE)},
    "operator:withdraw_entry": {"POST": may(Permission.PARTNERS_MANAGE)},
    "operator:older_relationships": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:register_older_relationship": {
        "GET": may(Permission.PARTNERS_MANAGE),
        "POST": may(Permission.PARTNERS_MANAGE),
    },
    "operator:remove_older_relationship": {"POST": may(Permission.PARTNERS_MANAGE)},
    "operator:agreements": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:agreement": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:publish_agreement": {
        "GET": may(Permission.PROGRAMME_MANAGE),
        "POST": may(Permission.PROGRAMME_MANAGE),
    },
    "operator:programme": {"GET": may(Permission.PROGRAMME_VIEW), "POST": may(Permission.PROGRAMME_MANAGE)},
    "operator:countries": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:add_country": {
        "GET": may(Permission.PROGRAMME_MANAGE),
        "POST": may(Permission.PROGRAMME_MANAGE),
    },
    "operator:country": {"GET": may(Permission.PROGRAMME_MANAGE), "POST": may(Permission.PROGRAMME_MANAGE)},
    "operator:web_mail": {"GET": may(Permission.PROGRAMME_VIEW)},
    "operator:add_web_mail": {"POST": may(Permission.PROGRAMME_MANAGE)},
    "operator:remove_web_mail": {"POST": may(Permission.PROGRAMME_MANAGE)},
    # webhooks: where a partner's program listens; receivers fetch certificates without signing in
    "webhooks:certificate": {"GET": ANYBODY},
    "webhooks:settings": {"GET": may(Permission.WEBHOOKS_VIEW), "POST": may(Permission.WEBHOOKS_MANAGE)},
    "webhooks:secret": {"POST": may(Permission.WEBHOOKS_MANAGE)},
    "webhooks:test": {"POST": may(Permission.WEBHOOKS_MANAGE)},
    "webhooks:remove": {"GET": may(Permission.WEBHOOKS_MANAGE), "POST": may(Permission.WEBHOOKS_MANAGE)},
    "webhooks:log": {"GET": may(Permission.WEBHOOKS_VIEW)},
    "webhooks:log_export": {"GET": may(Permission.WEBHOOKS_VIEW)},
    "webhooks:event": {"GET": may(Permission.WEBHOOKS_VIEW)},
    "webhooks:replay": {"POST": may(Permission.WEBHOOKS_MANAGE)},
    "webhooks:replay_failed": {"POST": may(Permission.WEBHOOKS_MANAGE)},
    # fulfilment: the operator's connectors and their queue; vendors call back with a signature
    "fulfilment:queue": {"GET": may(Permission.FULFILMENT_VIEW)},
    "fulfilment:export": {"GET": may(Permission.FULFILMENT_VIEW)},
    "fulfilment:task": {"GET": may(Permission.FULFILMENT_VIEW)},
    "fulfilment:retry": {"POST": may(Permission.FULFILMENT_MANAGE)},
    "fulfilment:cancel": {
        "GET": may(Permission.FULFILMENT_MANAGE),
        "POST": may(Permission.FULFILMENT_MANAGE),
    },
    "fulfilment:connectors": {"GET": may(Permission.FULFILMENT_VIEW)},
    "fulfilment:create": {
        "GET": may(Permission.FULFILMENT_MANAGE),
        "POST": may(Permission.FULFILMENT_MANAGE),
    },
    "fulfilment:connector": {
        "GET": may(Permission.FULFILMENT_VIEW),
        "POST": may(Permission.FULFILMENT_MANAGE),
    },
    "fulfilment:rotate": {"POST": may(Permission.FULFILMENT_MANAGE)},
    "fulfilment:pause": {"POST": may(Permission.FULFILMENT_MANAGE)},
    "fulfilment:resume": {"POST": may(Permission.FULFILMENT_MANAGE)},
    "fulfilment:try_out": {"POST": may(Permission.FULFILMENT_MANAGE)},
    "fulfilment:call_back": {"POST": LINK_HOLDER},
    # mailbox: for everybody in the demo, for signed-in people in a sandbox, not routed in production
    "mailbox:list": {"GET": MAILBOX},
    "mailbox:people": {"GET": MAILBOX},
    "mailbox:mail": {"GET": MAILBOX},
    "mailbox:html": {"GET": MAILBOX},
    "mailbox:receiver": {"POST": ANYBODY},
    # a partner's sandbox: made from outside, its clock moved from both sides
    "sandbox:home": {"GET": MOVE_CLOCK},
    "sandbox:make": {"POST": MAKE_SANDBOX},
    "sandbox:reset": {"GET": MAKE_SANDBOX, "POST": MAKE_SANDBOX},
    "sandbox:delete": {"GET": MAKE_SANDBOX, "POST": MAKE_SANDBOX},
    "sandbox:password": {"POST": MAKE_SANDBOX},
    "sandbox:move": {"GET": MOVE_CLOCK, "POST": MOVE_CLOCK},
    "sandbox:stop": {"POST": MOVE_CLOCK},
    "sandbox:start": {"POST": MOVE_CLOCK},
    "sandbox:mails": {"GET": MOVE_CLOCK},
    "sandbox:mail": {"GET": MOVE_CLOCK},
    "sandbox:mail_html": {"GET": MOVE_CLOCK},
    # activity log, on three sites
    "activity:log": {"GET": may(Permission.ACTIVITY_VIEW, site=HOME)},
    "activity:export": {"GET": may(Permission.ACTIVITY_VIEW, site=HOME)},
    "organization:activity": {"GET": may(Permission.ACTIVITY_VIEW)},
    "organization:activity_export": {"GET": may(Permission.ACTIVITY_VIEW)},
    "operator:activity": {"GET": may(Permission.ACTIVITY_VIEW, Capacity.OPERATOR)},
    "operator:activity_export": {"GET": may(Permission.ACTIVITY_VIEW, Capacity.OPERATOR)},
    # partner profile and directory entry
    "profile:partner": {"GET": may(Permission.PARTNER_PROFILE_VIEW)},
    "profile:edit": {
        "GET": may(Permission.PARTNER_PROFILE_MANAGE),
        "POST": may(Permission.PARTNER_PROFILE_MANAGE),
    },
    "profile:directory_entry": {
        "GET": may(Permission.PARTNER_PROFILE_VIEW, Capacity.PROVIDER),
        "POST": may(Permission.PARTNER_PROFILE_MANAGE, Capacity.PROVIDER),
    },
    # renewal radar, of partners and in the organisation portal
    "radar:renewals": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "radar:export": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "radar:digest": {"POST": may(Permission.SUBSCRIPTIONS_VIEW)},
    "organization:renewals": {"GET": may(Permission.OWN_SUBSCRIPTIONS_VIEW)},
    "organization:renewals_export": {"GET": may(Permission.OWN_SUBSCRIPTIONS_VIEW)},
    # files with many rows; what each kind needs is asked by the use case
    "bulk:list": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "bulk:hand_in": {"GET": may(Permission.CUSTOMERS_VIEW), "POST": may(Permission.CUSTOMERS_VIEW)},
    "bulk:template": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "bulk:file": {"GET": may(Permission.CUSTOMERS_VIEW)},
    "bulk:confirm": {"POST": may(Permission.CUSTOMERS_VIEW)},
    "bulk:stop": {"POST": may(Permission.CUSTOMERS_VIEW)},
    "bulk:passwords": {"POST": may(Permission.CUSTOMERS_VIEW)},
    "bulk:failures": {"GET": may(Permission.CUSTOMERS_VIEW)},
    # what customers ask of their partners
    "organization:wishes": {"GET": may(Permission.OWN_SUBSCRIPTIONS_VIEW)},
    "organization:make_wish": {"GET": may(Permission.WISHES_MAKE), "POST": may(Permission.WISHES_MAKE)},
    "organization:withdraw_wish": {"POST": may(Permission.WISHES_MAKE)},
    "wishes:list": {"GET": may(Permission.SUBSCRIPTIONS_VIEW)},
    "wishes:wish": {
        "GET": may(Permission.SUBSCRIPTIONS_VIEW),
        "POST": may(Permission.SUBSCRIPTIONS_MANAGE),
    },
    # programs: registered in the dashboard and in every organisation's portal, let in by each person
    **{
        f"{site}{page}": dict.fromkeys(methods, need)
        for site, need in (
            ("applications:", MANAGE_APPLICATIONS),
            ("organization:applications_", MANAGE_OWN_APPLICATIONS),
        )
        for page, methods in {
            "list": ("GET",),
            "register": ("GET", "POST"),
            "application": ("GET", "POST"),
            "roles": ("POST",),
            "add_secret": ("POST",),
            "remove_secret": ("GET", "POST"),
            "disable": ("POST",),
            "enable": ("POST",),
            "unregister": ("GET", "POST"),
        }.items()
    },
    "applications:mine": {"GET": PERSON},
    "applications:end": {"POST": PERSON},
    "applications:device": {"GET": PERSON, "POST": PERSON},
    "applications:authorize": {"GET": PERSON, "POST": PERSON},
    "applications:authorize_v1": {"GET": PERSON, "POST": PERSON},
    # tokens: a program proves itself in the request
    "tokens:token": {"POST": ANYBODY},
    "tokens:token_v1": {"POST": ANYBODY},
    "tokens:device_code": {"POST": ANYBODY},
    "tokens:device_code_v1": {"POST": ANYBODY},
    "tokens:generate_token": {"POST": ANYBODY},
    "tokens:discovery": {"GET": ANYBODY},
    "tokens:discovery_v1": {"GET": ANYBODY},
    "tokens:keys": {"GET": ANYBODY},
    "tokens:keys_v1": {"GET": ANYBODY},
    "tokens:instance": {"GET": ANYBODY},
    "tokens:user_realm": {"GET": ANYBODY},
    # probes and figures
    "public:agreement": {"GET": ANYBODY},
    "public:agreement_document": {"GET": LINK_HOLDER},
    # the customer agreement: confirmed by a provider, accepted by the customer itself
    "customers:confirm_agreement": {
        "GET": may(Permission.CUSTOMER_AGREEMENT_CONFIRM),
        "POST": may(Permission.CUSTOMER_AGREEMENT_CONFIRM),
    },
    "organization:agreement": {"GET": PERSON, "POST": may(Permission.CUSTOMER_AGREEMENT_ACCEPT)},
    "healthz": {"GET": ANYBODY},
    "readyz": {"GET": ANYBODY},
    "metrics": {"GET": ANYBODY},
}

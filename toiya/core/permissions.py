"""The table of who may do what. Checks, menus, the public roles page, the tests and the API all read it.

Source: product/roles.md (matrix of the founding day, then the page-level roles where the pages disagree).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Capacity(TextChoices):
    """What an organisation is enrolled and vetted as. One tenant may hold several; being a customer needs none."""

    OPERATOR = "operator", _("Programme operator")
    PROVIDER = "provider", _("Indirect provider")
    RESELLER = "reseller", _("Indirect reseller")


class RoleCategory(TextChoices):
    """A person holds at most one role of each category (N-02)."""

    ADMIN = "admin", _("Administrator")
    AGENT = "agent", _("Agent")
    INCENTIVES = "incentives", _("Incentives")
    REFERRALS = "referrals", _("Referrals and marketing")
    PROGRAMME = "programme", _("Programme staff")


class Role(TextChoices):
    """The roles of a work account."""

    GLOBAL_ADMIN = "global_admin", _("Global administrator")
    USER_ADMIN = "user_admin", _("User management admin")
    BILLING_ADMIN = "billing_admin", _("Billing admin")
    MEMBERSHIP_ADMIN = "membership_admin", _("Membership admin")
    ADMIN_AGENT = "admin_agent", _("Admin agent")
    SALES_AGENT = "sales_agent", _("Sales agent")
    HELPDESK_AGENT = "helpdesk_agent", _("Helpdesk agent")
    INCENTIVES_ADMIN = "incentives_admin", _("Incentives admin")
    INCENTIVES_USER = "incentives_user", _("Incentives user")
    REFERRAL_ADMIN = "referral_admin", _("Referral admin")
    BUSINESS_PROFILE_ADMIN = "business_profile_admin", _("Business profile admin")
    REVIEWER = "reviewer", _("Reviewer")
    PROGRAMME_MANAGER = "programme_manager", _("Programme manager")
    CATALOGUE_MANAGER = "catalogue_manager", _("Catalogue manager")
    PROGRAMME_SUPPORT = "programme_support", _("Programme support")


_CATEGORIES = {
    RoleCategory.ADMIN: (Role.GLOBAL_ADMIN, Role.USER_ADMIN, Role.BILLING_ADMIN, Role.MEMBERSHIP_ADMIN),
    RoleCategory.AGENT: (Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT),
    RoleCategory.INCENTIVES: (Role.INCENTIVES_ADMIN, Role.INCENTIVES_USER),
    RoleCategory.REFERRALS: (Role.REFERRAL_ADMIN, Role.BUSINESS_PROFILE_ADMIN),
    RoleCategory.PROGRAMME: (
        Role.REVIEWER,
        Role.PROGRAMME_MANAGER,
        Role.CATALOGUE_MANAGER,
        Role.PROGRAMME_SUPPORT,
    ),
}
CATEGORY_OF = {role: category for category, roles in _CATEGORIES.items() for role in roles}
CATEGORY_CAPACITIES: dict[RoleCategory, frozenset[Capacity]] = {
    RoleCategory.ADMIN: frozenset(),
    RoleCategory.AGENT: frozenset({Capacity.PROVIDER, Capacity.RESELLER}),
    RoleCategory.INCENTIVES: frozenset({Capacity.PROVIDER, Capacity.RESELLER}),
    RoleCategory.REFERRALS: frozenset({Capacity.PROVIDER, Capacity.RESELLER}),
    RoleCategory.PROGRAMME: frozenset({Capacity.OPERATOR}),
}


def roles_in(category: RoleCategory) -> tuple[Role, ...]:
    """The roles of a category, strongest first."""
    return _CATEGORIES[category]


class Permission(StrEnum):
    """One thing that somebody may be allowed to do."""

    ENROL = "enrol"
    HOME_VIEW = "home_view"
    OWN_PROFILE = "own_profile"
    PEOPLE_VIEW = "people_view"
    PEOPLE_MANAGE = "people_manage"
    ADMIN_ROLES_ASSIGN = "admin_roles_assign"
    AGENT_ROLES_ASSIGN = "agent_roles_assign"
    APPLICATIONS_MANAGE = "applications_manage"
    PARTNER_PROFILE_VIEW = "partner_profile_view"
    PARTNER_PROFILE_MANAGE = "partner_profile_manage"
    PARTNERSHIPS_VIEW = "partnerships_view"
    PARTNERSHIPS_INVITE = "partnerships_invite"
    PARTNERSHIPS_ACCEPT = "partnerships_accept"
    PARTNERSHIPS_END = "partnerships_end"
    CUSTOMERS_VIEW = "customers_view"
    RELATIONSHIPS_REQUEST = "relationships_request"
    RELATIONSHIPS_INVITE_BOTH = "relationships_invite_both"
    RELATIONSHIPS_ACCEPT = "relationships_accept"
    RELATIONSHIPS_REMOVE = "relationships_remove"
    ADMINISTER_ON_BEHALF = "administer_on_behalf"
    ACCESS_ASSIGN = "access_assign"
    GRANTS_VIEW = "grants_view"
    GRANTS_REMOVE = "grants_remove"
    CUSTOMERS_ADD = "customers_add"
    CUSTOMER_ACCOUNT_UPDATE = "customer_account_update"
    DEVICES_MANAGE = "devices_manage"
    CATALOGUE_VIEW = "catalogue_view"
    PRICE_RULES_MANAGE = "price_rules_manage"
    SUBSCRIPTIONS_VIEW = "subscriptions_view"
    SUBSCRIPTIONS_MANAGE = "subscriptions_manage"
    SUPPORT_CONTACT_CHOOSE = "support_contact_choose"
    SUBSCRIPTIONS_TRANSFER = "subscriptions_transfer"
    ORDERS_SUBMIT = "orders_submit"
    ORDERS_REQUEST = "orders_request"
    ORDER_REQUESTS_DECIDE = "order_requests_decide"
    AUTOMATIC_APPROVAL_SET = "automatic_approval_set"
    OWN_SUBSCRIPTIONS_VIEW = "own_subscriptions_view"
    OWN_LICENCES_MANAGE = "own_licences_manage"
    WISHES_MAKE = "wishes_make"
    TRANSFERS_ACCEPT = "transfers_accept"
    CUSTOMER_AGREEMENT_CONFIRM = "customer_agreement_confirm"
    CUSTOMER_AGREEMENT_ACCEPT = "customer_agreement_accept"
    CATALOGUE_MANAGE = "catalogue_manage"
    FULFILMENT_VIEW = "fulfilment_view"
    FULFILMENT_MANAGE = "fulfilment_manage"
    WEBHOOKS_VIEW = "webhooks_view"
    WEBHOOKS_MANAGE = "webhooks_manage"
    INVOICES_VIEW = "invoices_view"
    INVOICES_ISSUE = "invoices_issue"
    ACTIVITY_VIEW = "activity_view"
    PROGRAMME_VIEW = "programme_view"
    APPLICATIONS_REVIEW = "applications_review"
    PARTNERS_MANAGE = "partners_manage"
    PROGRAMME_MANAGE = "programme_manage"
    SANDBOX_MAKE = "sandbox_make"
    SANDBOX_CLOCK_MOVE = "sandbox_clock_move"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who holds a permission: any of these roles, in an organisation that is live in any of these capacities.

    Empty capacities: every organisation, also one that is only a customer. A suspended organisation keeps only what
    ``while_suspended`` marks: it may look at what it has and let go of it, and starts nothing new (I-09). What
    ``shared`` marks changes what all families of the installation share, and is not done from inside a sandbox.
    """

    label: Promise
    roles: frozenset[Role]
    capacities: frozenset[Capacity] = frozenset()
    while_suspended: bool = False
    shared: bool = False

    def allows(
        self, roles: Iterable[Role], capacities: Iterable[Capacity], suspended: Iterable[Capacity] = ()
    ) -> bool:
        """Whether these roles, in an organisation with these live and these suspended capacities, allow it."""
        usable = {*capacities, *suspended} if self.while_suspended else set(capacities)
        return bool(self.roles & set(roles)) and (not self.capacities or bool(self.capacities & usable))


_GA, _UA, _BA, _MA = roles_in(RoleCategory.ADMIN)
_AA, _SA, _HA = roles_in(RoleCategory.AGENT)
_EVERYBODY = frozenset(Role)
_PARTNERS = frozenset({Capacity.PROVIDER, Capacity.RESELLER})
_PROVIDER = frozenset({Capacity.PROVIDER})
_RESELLER = frozenset({Capacity.RESELLER})
_OPERATOR = frozenset({Capacity.OPERATOR})


def _rule(
    label: Promise,
    roles: set[Role] | frozenset[Role],
    capacities: frozenset[Capacity] = frozenset(),
    *,
    while_suspended: bool = False,
    shared: bool = False,
) -> Rule:
    return Rule(label, frozenset(roles), capacities, while_suspended, shared)


RULES: dict[Permission, Rule] = {
    Permission.ENROL: _rule(_("Enroll the organization as an indirect reseller"), {_GA}),
    Permission.HOME_VIEW: _rule(_("See the dashboard"), _EVERYBODY, _PARTNERS, while_suspended=True),
    Permission.OWN_PROFILE: _rule(_("See and change one's own profile"), _EVERYBODY),
    Permission.PEOPLE_VIEW: _rule(_("View users"), {_GA, _UA, _AA}),
    Permission.PEOPLE_MANAGE: _rule(_("Create and manage users"), {_GA, _UA, _AA}),
    Permission.ADMIN_ROLES_ASSIGN: _rule(_("Assign administrator roles"), {_GA}),
    Permission.AGENT_ROLES_ASSIGN: _rule(_("Assign agent roles"), {_GA, _UA, _AA}),
    Permission.APPLICATIONS_MANAGE: _rule(_("Register applications and manage their secrets"), {_GA}),
    Permission.PARTNER_PROFILE_VIEW: _rule(
        _("View the partner profile"), {_GA, _UA, _MA, _AA}, _PARTNERS, while_suspended=True
    ),
    Permission.PARTNER_PROFILE_MANAGE: _rule(_("Change the partner profile"), {_GA, _MA}, _PARTNERS),
    Permission.PARTNERSHIPS_VIEW: _rule(
        _("View partnerships"), {_GA, _AA, _SA, _HA}, _PARTNERS, while_suspended=True
    ),
    Permission.PARTNERSHIPS_INVITE: _rule(
        _("Request a partnership with a reseller"), {_GA, _AA, _SA}, _PROVIDER
    ),
    Permission.PARTNERSHIPS_ACCEPT: _rule(_("Authorize an indirect provider"), {_GA}, _RESELLER),
    Permission.PARTNERSHIPS_END: _rule(_("Remove a partnership"), {_GA}, _PARTNERS, while_suspended=True),
    Permission.CUSTOMERS_VIEW: _rule(
        _("Search and view customers"), {_GA, _AA, _SA, _HA}, _PARTNERS, while_suspended=True
    ),
    Permission.RELATIONSHIPS_REQUEST: _rule(_("Request a reseller relationship"), {_AA, _SA}, _PARTNERS),
    Permission.RELATIONSHIPS_INVITE_BOTH: _rule(
        _("Invite a customer for reseller and provider together"), {_GA, _AA}, _PARTNERS
    ),
    Permission.RELATIONSHIPS_ACCEPT: _rule(_("Consent to a reseller relationship"), {_GA}),
    Permission.RELATIONSHIPS_REMOVE: _rule(
        _("Remove a reseller relationship"), {_GA}, _PARTNERS, while_suspended=True
    ),
    Permission.ADMINISTER_ON_BEHALF: _rule(_("Administer on behalf of a customer"), {_AA, _HA}, _PARTNERS),
    Permission.ACCESS_ASSIGN: _rule(_("Choose which group may use granted access"), {_GA, _AA}, _PARTNERS),
    Permission.GRANTS_VIEW: _rule(_("See who has access to the organization"), {_GA, _UA}),
    Permission.GRANTS_REMOVE: _rule(_("Remove a partner's access to the organization"), {_GA}),
    Permission.CUSTOMERS_ADD: _rule(_("Add a customer"), {_GA, _UA, _AA, _SA}, _PROVIDER),
    Permission.CUSTOMER_ACCOUNT_UPDATE: _rule(
        _("Change a customer's billing and company data"), {_GA, _AA, _SA, _HA}, _PARTNERS
    ),
    Permission.DEVICES_MANAGE: _rule(
        _("See and keep the list of a customer's devices"), {_GA, _AA, _SA}, _PARTNERS
    ),
    Permission.CATALOGUE_VIEW: _rule(
        _("View the catalog, price lists and offers"), {_GA, _BA, _AA, _SA}, _PARTNERS, while_suspended=True
    ),
    Permission.PRICE_RULES_MANAGE: _rule(_("Set prices for one's own buyers"), {_GA, _AA}, _PARTNERS),
    Permission.SUBSCRIPTIONS_VIEW: _rule(
        _("View subscriptions and orders"), {_GA, _BA, _AA, _SA, _HA}, _PARTNERS, while_suspended=True
    ),
    # A suspended partner keeps managing what runs and sells nothing new (N-40); lifecycle.py draws the line.
    Permission.SUBSCRIPTIONS_MANAGE: _rule(
        _("Manage subscriptions"), {_GA, _AA, _SA}, _PARTNERS, while_suspended=True
    ),
    Permission.SUPPORT_CONTACT_CHOOSE: _rule(
        _("Choose the support contact of a subscription"), {_GA, _AA, _HA}, _PARTNERS, while_suspended=True
    ),
    Permission.SUBSCRIPTIONS_TRANSFER: _rule(
        _("Transfer subscriptions between partners"), {_GA, _AA}, _PROVIDER, while_suspended=True
    ),
    Permission.ORDERS_SUBMIT: _rule(_("Submit orders"), {_GA, _AA, _SA}, _PROVIDER),
    Permission.ORDERS_REQUEST: _rule(_("Ask an indirect provider to order"), {_GA, _AA, _SA}, _RESELLER),
    Permission.ORDER_REQUESTS_DECIDE: _rule(
        _("Approve, change and decline order requests"), {_GA, _AA, _SA}, _PROVIDER
    ),
    Permission.AUTOMATIC_APPROVAL_SET: _rule(
        _("Let order requests pass by themselves up to an amount"), {_GA, _AA}, _PROVIDER
    ),
    Permission.OWN_SUBSCRIPTIONS_VIEW: _rule(
        _("See the organization's subscriptions and licenses"), {_GA, _UA, _BA}
    ),
    Permission.OWN_LICENCES_MANAGE: _rule(_("Assign and revoke the organization's licenses"), {_GA, _UA}),
    Permission.WISHES_MAKE: _rule(_("Ask a partner to buy, change or cancel"), {_GA, _BA}),
    Permission.TRANSFERS_ACCEPT: _rule(
        _("Consent to the transfer of subscriptions to another partner"), {_GA}
    ),
    Permission.CUSTOMER_AGREEMENT_CONFIRM: _rule(
        _("Confirm that a customer has accepted the customer agreement"), {_GA, _AA, _SA}, _PROVIDER
    ),
    Permission.CUSTOMER_AGREEMENT_ACCEPT: _rule(
        _("Accept the customer agreement for the organization"), {_GA}
    ),
    Permission.CATALOGUE_MANAGE: _rule(
        _("Keep the catalog, price lists and promotions"), {_GA, Role.CATALOGUE_MANAGER}, _OPERATOR
    ),
    Permission.FULFILMENT_VIEW: _rule(
        _("See connectors and their queue"),
        {_GA, Role.CATALOGUE_MANAGER, Role.PROGRAMME_SUPPORT},
        _OPERATOR,
    ),
    Permission.FULFILMENT_MANAGE: _rule(
        _("Set up connectors, repeat and cancel their tasks"), {_GA, Role.CATALOGUE_MANAGER}, _OPERATOR
    ),
    Permission.WEBHOOKS_VIEW: _rule(
        _("See where events are sent, and what came of it"),
        {_GA, _BA, _AA, _SA, _HA},
        _PARTNERS,
        while_suspended=True,
    ),
    Permission.WEBHOOKS_MANAGE: _rule(
        _("Choose where events are sent, and send them again"), {_GA, _AA}, _PARTNERS, while_suspended=True
    ),
    Permission.INVOICES_VIEW: _rule(
        _("View the operator's invoices"), {_GA, _BA, _AA}, _PROVIDER | _OPERATOR, while_suspended=True
    ),
    Permission.INVOICES_ISSUE: _rule(_("Issue the operator's invoices"), {_GA, _BA}, _OPERATOR),
    Permission.ACTIVITY_VIEW: _rule(
        _("View the activity log"), {_GA, _AA, Role.PROGRAMME_SUPPORT, Role.REVIEWER}
    ),
    Permission.PROGRAMME_VIEW: _rule(
        _("View the operator console"), {_GA, _BA, *roles_in(RoleCategory.PROGRAMME)}, _OPERATOR
    ),
    Permission.APPLICATIONS_REVIEW: _rule(_("Review enrollments"), {_GA, Role.REVIEWER}, _OPERATOR),
    Permission.PARTNERS_MANAGE: _rule(
        _("Register, suspend and restore partners"), {_GA, Role.PROGRAMME_MANAGER}, _OPERATOR
    ),
    Permission.PROGRAMME_MANAGE: _rule(
        _("Change programme settings"), {_GA, Role.PROGRAMME_MANAGER}, _OPERATOR, shared=True
    ),
    Permission.SANDBOX_MAKE: _rule(_("Make, empty and delete a sandbox"), {_GA}, _PARTNERS, shared=True),
    Permission.SANDBOX_CLOCK_MOVE: _rule(_("Move the clock of a sandbox"), {_GA}, _PARTNERS),
}


class DirectoryRole(TextChoices):
    """What a delegated admin grant may contain: roles inside the granting organisation's directory."""

    DIRECTORY_READER = "directory_reader", _("Directory reader")
    HELPDESK_ADMINISTRATOR = "helpdesk_administrator", _("Helpdesk administrator")
    LICENSE_ADMINISTRATOR = "license_administrator", _("License administrator")
    USER_ADMINISTRATOR = "user_administrator", _("User administrator")
    GLOBAL_ADMINISTRATOR = "global_administrator", pgettext_lazy("delegated role", "Global administrator")


class DirectoryAction(StrEnum):
    """What somebody may do inside a tenant's directory."""

    READ_PEOPLE = "read_people"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (an act, not a secret)
    MANAGE_PEOPLE = "manage_people"
    ASSIGN_LICENCES = "assign_licences"


DIRECTORY_ACTIONS: dict[DirectoryRole, frozenset[DirectoryAction]] = {
    DirectoryRole.DIRECTORY_READER: frozenset({DirectoryAction.READ_PEOPLE}),
    DirectoryRole.HELPDESK_ADMINISTRATOR: frozenset(
        {DirectoryAction.READ_PEOPLE, DirectoryAction.RESET_PASSWORD}
    ),
    DirectoryRole.LICENSE_ADMINISTRATOR: frozenset(
        {DirectoryAction.READ_PEOPLE, DirectoryAction.ASSIGN_LICENCES}
    ),
    DirectoryRole.USER_ADMINISTRATOR: frozenset(
        {DirectoryAction.READ_PEOPLE, DirectoryAction.RESET_PASSWORD, DirectoryAction.MANAGE_PEOPLE}
    ),
    DirectoryRole.GLOBAL_ADMINISTRATOR: frozenset(DirectoryAction),
}
DIRECTORY_ROLE_POWERS: dict[DirectoryRole, Promise] = {
    DirectoryRole.DIRECTORY_READER: _("see your users and their roles"),
    DirectoryRole.HELPDESK_ADMINISTRATOR: _("reset passwords of users without administrator roles"),
    DirectoryRole.LICENSE_ADMINISTRATOR: _("assign and revoke licenses"),
    DirectoryRole.USER_ADMINISTRATOR: _("create, change and disable users without administrator roles"),
    DirectoryRole.GLOBAL_ADMINISTRATOR: _("everything that your own global administrator may do"),
}

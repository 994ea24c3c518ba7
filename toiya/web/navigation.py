"""The menus of the sites. An entry that the access table would refuse is not shown (S-051)."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.core.actor import Standing
from toiya.core.permissions import Capacity
from toiya.web.access import ACCESS, Level


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu; ``children`` are the pages that belong to it, ``customers:`` all of that name."""

    url_name: str
    label: str | Promise
    icon: str
    children: tuple[str, ...] = ()
    capacity: Capacity | None = None

    def holds(self, url_name: str) -> bool:
        """Whether the page with this name is the entry's own or one below it."""
        return url_name == self.url_name or any(
            url_name.startswith(child) if child.endswith(":") else url_name == child
            for child in self.children
        )

    def is_for(self, actor: Standing | None) -> bool:
        """Whether the access table lets somebody of this standing open it; None: nobody has signed in."""
        need = ACCESS.get(self.url_name, {}).get("GET")
        if need is None:
            return False
        if self.capacity and (actor is None or self.capacity not in actor.capacities | actor.suspended):
            return False
        if need.level in {Level.ANYBODY, Level.MEMBERSHIP}:
            return True
        if actor is None or not all(actor.may(entry) for entry in (need.site, need.permission) if entry):
            return False
        return need.capacity is None or need.capacity in actor.capacities | actor.suspended


SITES = (
    Entry("dashboard:home", _("Partner Dashboard"), "grid"),
    Entry("organization:home", _("Organization portal"), "building"),
    Entry("operator:home", _("Operator console"), "sliders"),
    *((Entry("mailbox:list", _("Mailbox"), "envelope"),) if settings.HAS_MAILBOX else ()),
)

CART = ("orders:choose", "orders:line", "orders:cart", "orders:checkout")
MENUS: dict[str, tuple[Entry, ...]] = {
    "": (
        Entry("public:become_reseller", _("Become an indirect reseller"), "shop"),
        Entry("public:providers", _("Find an indirect provider"), "search", ("public:provider",)),
        Entry("public:work_account_help", _("Do we have a work account?"), "question-circle"),
    ),
    "dashboard": (
        Entry("dashboard:home", pgettext_lazy("menu", "Home"), "house"),
        Entry("customers:list", _("Customers"), "people", ("customers:", "licences:", "devices:", *CART)),
        Entry("catalogue:browse", _("Catalog and prices"), "box", ("catalogue:", "pricing:")),
        Entry(
            "subscriptions:list",
            _("Subscriptions"),
            "box-seam",
            tuple(
                f"subscriptions:{name}"
                for name in (
                    "subscription",
                    "quantity",
                    "suspend",
                    "reactivate",
                    "cancel",
                    "auto_renew",
                    "schedule",
                    "name",
                    "support",
                    "reseller",
                    "upgrade",
                    "convert",
                )
            ),
        ),
        Entry("orders:list", _("Orders"), "receipt", ("orders:order",)),
        Entry("orders:requests", _("Order requests"), "inbox", ("orders:request", "orders:change")),
        Entry("billing:list", _("Invoices"), "file-earmark-ruled", ("billing:",)),
        Entry("partnerships:providers", _("Indirect providers"), "diagram-3"),
        Entry(
            "partnerships:resellers",
            _("Indirect resellers"),
            "shop",
            ("partnerships:request", "partnerships:draft", "orders:automatic"),
        ),
        Entry(
            "subscriptions:transfers",
            _("Transfers"),
            "arrow-left-right",
            ("subscriptions:transfer", "subscriptions:ask_transfer"),
        ),
        Entry("partnerships:access", _("Administrator access"), "shield-lock", ("partnerships:administer",)),
        Entry("radar:renewals", _("Renewals"), "calendar-check"),
        Entry("wishes:list", _("Customers' requests"), "chat-left-text", ("wishes:wish",)),
        Entry("bulk:list", _("Files with many rows"), "file-earmark-arrow-up", ("bulk:",)),
        Entry("activity:log", _("Activity log"), "clock-history"),
        Entry(
            "people:list",
            _("User management"),
            "person-gear",
            ("people:add", "people:person", "people:roles", "people:reset_password"),
        ),
        Entry(
            "applications:list",
            _("Applications"),
            "braces",
            tuple(
                f"applications:{name}"
                for name in ("register", "application", "add_secret", "remove_secret", "unregister")
            ),
        ),
        Entry("profile:partner", _("Partner profile"), "card-heading", ("profile:",)),
        Entry("webhooks:settings", _("Webhooks"), "broadcast", ("webhooks:",)),
        Entry("sandbox:home", _("Sandbox"), "bezier2", ("sandbox:",)),
    ),
    "organization": (
        Entry("organization:home", pgettext_lazy("menu", "Home"), "house"),
        Entry(
            "organization:people",
            _("Users"),
            "people",
            (
                "organization:add_person",
                "organization:person",
                "organization:person_reset_password",
                "organization:person_delete",
                "organization:deleted_people",
            ),
        ),
        Entry(
            "licences:own_pools",
            _("Licenses"),
            "person-badge",
            ("licences:own_users", "licences:own_many", "licences:own_holders"),
        ),
        Entry(
            "organization:subscriptions",
            _("Subscriptions"),
            "box-seam",
            ("organization:subscription", "organization:transfer"),
        ),
        Entry(
            "organization:partners",
            _("Partner relationships"),
            "link-45deg",
            ("organization:remove_access",),
        ),
        Entry("organization:agreement", _("Customer agreement"), "file-earmark-text"),
        Entry("organization:renewals", _("Renewals"), "calendar-check"),
        Entry(
            "organization:wishes",
            _("Requests to partners"),
            "chat-left-text",
            ("organization:make_wish",),
        ),
        Entry("organization:orders_list", _("Orders"), "receipt", ("organization:orders_order",)),
        Entry(
            "organization:applications_list",
            _("Applications"),
            "braces",
            tuple(
                f"organization:applications_{name}"
                for name in ("register", "application", "add_secret", "remove_secret", "unregister")
            ),
        ),
        Entry("organization:activity", _("Activity log"), "clock-history"),
    ),
    "operator": (
        Entry("operator:home", pgettext_lazy("menu", "Home"), "house"),
        Entry("operator:applications", _("Enrollments"), "inbox", ("operator:application",)),
        Entry("catalogue:products", _("Catalog"), "box", ("catalogue:", "pricing:")),
        Entry(
            "operator:partners",
            _("Partners"),
            "buildings",
            ("operator:partner", "operator:register_provider", "operator:suspend", "operator:entry"),
        ),
        Entry("operator:orders_list", _("Orders"), "receipt", ("operator:orders_order",)),
        Entry(
            "operator:invoices_list",
            _("Invoices"),
            "file-earmark-ruled",
            ("operator:invoices_invoice", "operator:invoices_run"),
        ),
        Entry("operator:entries", _("Directory entries"), "journal-text"),
        Entry(
            "operator:older_relationships",
            _("Older relationships"),
            "archive",
            ("operator:register_older_relationship",),
        ),
        Entry(
            "operator:agreements",
            _("Agreements"),
            "file-earmark-text",
            ("operator:agreement", "operator:publish_agreement"),
        ),
        Entry(
            "fulfilment:queue",
            _("Fulfillment"),
            "plug",
            ("fulfilment:task", "fulfilment:cancel", "fulfilment:connectors", "fulfilment:connector"),
        ),
        Entry("operator:programme", _("Programme settings"), "gear"),
        Entry(
            "operator:countries",
            _("Countries and regions"),
            "globe",
            ("operator:country", "operator:add_country"),
        ),
        Entry("operator:web_mail", _("Web-mail domains"), "envelope-x"),
        Entry("operator:activity", _("Activity log"), "clock-history"),
    ),
    "membership": (),
    "mailbox": (),
}

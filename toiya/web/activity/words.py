"""The reader's words for the fields and the values of the activity log."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.core.reader import day, when
from toiya.directory.models import Language
from toiya.enrolment.models import CheckKind, State
from toiya.fulfilment.models import ConnectorKind, TaskKind, TaskState
from toiya.partnerships.models import InvitationState
from toiya.programme.countries import country_name, language_name
from toiya.programme.models import AgreementKind
from toiya.relations.models import Channel, Origin

Labels = Mapping[str, str | Promise]


def _choices(*lists: Iterable[tuple[str, str | Promise]]) -> Labels:
    return {value: label for choices in lists for value, label in choices}


FIELDS: Labels = {
    "agreement": _("Agreement"),
    "capacity": _("Capacity"),
    "channel": _("How the customer was won"),
    "city": _("City"),
    "billing_name": _("Name on invoices"),
    "broker_user": _("User name at the broker"),
    "connector_kind": _("Kind"),
    "connector_name": _("Connector name"),
    "contact_email": _("Email address of the contact"),
    "contact_name": _("Name of the contact"),
    "contact_phone": _("Phone of the contact"),
    "countries": _("Countries and regions"),
    "country": _("Country or region"),
    "currency": _("Currency"),
    "disabled_plans": _("Service plans switched off"),
    "domain": _("Domain"),
    "domain_is_verified": _("Domain of the address is verified"),
    "email": _("Email address"),
    "evidence": _("Evidence"),
    "expires_at": _("Expires"),
    "financing": _("Financing or credit terms"),
    "financing_en": _("Financing in words, English"),
    "financing_ja": _("Financing in words, Japanese"),
    "grant_days": _("Days of administrator access"),
    "grantee": _("Access of"),
    "group": _("Group"),
    "imported_relationships": _("Imported relationships"),
    "is_open": _("Companies may enroll"),
    "is_reminder": _("Reminder"),
    "kind": _("Kind"),
    "kinds": _("Kinds"),
    "languages": _("Languages"),
    "legal_name": _("Legal name"),
    "lines": _("Lines"),
    "logo": _("Logo"),
    "marketing_help": _("Help with marketing"),
    "marketing_help_en": _("Help with marketing in words, English"),
    "marketing_help_ja": _("Help with marketing in words, Japanese"),
    "membership_id": _("Membership ID"),
    "month": _("Month"),
    "name": _("Full name"),
    "note": _("Note"),
    "number": _("Number"),
    "onboarding_days": _("Days until a new reseller can start"),
    "organizations": _("Organizations"),
    "origin": _("Origin"),
    "parties": _("Parties"),
    "passed": _("Passed"),
    "payment_days": _("Days to pay an invoice"),
    "portal": _("Portal"),
    "postal_code": _("Postal code"),
    "product": _("Product"),
    "provider": _("Indirect provider"),
    "purchase_order_number": _("Purchase order number"),
    "reason": _("Reason"),
    "reference": _("Reference"),
    "region": _("Prefecture or state"),
    "removes_access": _("Administrator access removed"),
    "reseller": _("Indirect reseller"),
    "roles": _("Roles"),
    "sales_region": _("Sales region"),
    "secret": _("Secret"),
    "sequence": _("Step of the subscription"),
    "since": _("Since"),
    "state": _("State"),
    "street": _("Street address"),
    "summary_en": _("Summary, English"),
    "summary_ja": _("Summary, Japanese"),
    "support_email": _("Support email address"),
    "support_hours_en": _("Support hours, English"),
    "support_hours_ja": _("Support hours, Japanese"),
    "support_phone": _("Support phone"),
    "support_website": _("Support website"),
    "task_kind": _("What was asked"),
    "task_state": _("State of the task"),
    "tax_basis_points": _("Tax on invoices, hundredths of a percent"),
    "technical_support": _("Technical support"),
    "technical_support_en": _("Technical support in words, English"),
    "technical_support_ja": _("Technical support in words, Japanese"),
    "timeout_hours": _("Hours until a task fails"),
    "title_en": _("Title, English"),
    "title_ja": _("Title, Japanese"),
    "url": pgettext_lazy("of a system", "Address"),
    "usage_country": _("Country or region of use"),
    "user_name": _("User name"),
    "verification_sent_at": _("Mailed"),
    "version": _("Version"),
    "website": _("Website"),
    "websites": _("Websites for one country or region"),
}
CODES: Mapping[str, Labels] = {
    "agreement": _choices(AgreementKind.choices),
    "capacity": _choices(Capacity.choices),
    "channel": _choices(Channel.choices),
    "connector_kind": _choices(ConnectorKind.choices),
    "contact_language": _choices(Language.choices),
    "group": _choices(Role.choices),
    "kind": _choices(CheckKind.choices),
    "origin": _choices(Origin.choices),
    "reason": {
        "seats_ended": _("The seats ended with a subscription"),
        "does_not_add_up": _("The charges do not add up"),
        "price_missing": _("A subscription has no price"),
    },
    "roles": _choices(DirectoryRole.choices, Role.choices),
    "state": _choices(InvitationState.choices, State.choices),
    "task_kind": _choices(TaskKind.choices),
    "task_state": _choices(TaskState.choices),
}
PLACES = frozenset({"country", "countries", "usage_country"})


def word(name: str, value: str) -> str:
    """The name of a field when no value is given; else the value as the reader writes it."""
    if not value:
        return str(FIELDS.get(name, name.replace("_", " ")))
    if name in CODES:
        return str(CODES[name].get(value, value))
    if name in PLACES:
        return country_name(value)
    if name == "languages":
        return pgettext("between names", ", ").join(language_name(code) for code in value.split(","))
    if name.endswith("_at") or name == "since":
        return _moment(value)
    return value


def _moment(value: str) -> str:
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    return when(found) if found.tzinfo else day(found.date())

"""The activity log: what happened to the partner and its customers, one record for each change."""

import datetime as dt
import enum
import json
import uuid
from collections.abc import Mapping

import msgspec
from django.utils.translation import gettext as _

from toiya.api.common import KeyValue
from toiya.api.errors import WireError
from toiya.api.filters import conditions
from toiya.api.operations import Call, SeekQuery, as_id, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.wire import Resource, SeekCollection, attributes_of, utc
from toiya.audit.actions import AuditAction
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.directory.activity import Told, activity_of, tell, told_entry

FILTERS = {"CompanyName": ("substring",), "CustomerId": ("equals",), "ResourceType": ("equals",)}
A_MONTH = dt.timedelta(days=30)
A_DAY = dt.timedelta(days=1)
A_MOMENT = dt.timedelta(microseconds=1)
EARLIEST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
MOST = 500
FORMS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")


class OperationType(enum.Enum):
    """What was done. What the language has no word for is undefined; our own word stands in customizedData."""

    UNDEFINED = "undefined"
    UPDATE_CUSTOMER_QUALIFICATION = "update_customer_qualification"
    UPDATE_SUBSCRIPTION = "update_subscription"
    UPGRADE_SUBSCRIPTION = "upgrade_subscription"
    CONVERT_TRIAL_SUBSCRIPTION = "convert_trial_subscription"
    ADD_CUSTOMER = "add_customer"
    UPDATE_CUSTOMER_BILLING_PROFILE = "update_customer_billing_profile"
    UPDATE_CUSTOMER_PARTNER_CONTRACT_COMPANY_NAME = "update_customer_partner_contract_company_name"
    UPDATE_CUSTOMER_SPENDING_BUDGET = "update_customer_spending_budget"
    DELETE_CUSTOMER = "delete_customer"
    REMOVE_PARTNER_CUSTOMER_RELATIONSHIP = "remove_partner_customer_relationship"
    CREATE_ORDER = "create_order"
    UPDATE_ORDER = "update_order"
    CREATE_CUSTOMER_USER = "create_customer_user"
    DELETE_CUSTOMER_USER = "delete_customer_user"
    UPDATE_CUSTOMER_USER = "update_customer_user"
    UPDATE_CUSTOMER_USER_LICENSES = "update_customer_user_licenses"
    RESET_CUSTOMER_USER_PASSWORD = "reset_customer_user_password"  # noqa: S105  (an act, not a secret)
    UPDATE_CUSTOMER_USER_PRINCIPAL_NAME = "update_customer_user_principal_name"
    RESTORE_CUSTOMER_USER = "restore_customer_user"
    CREATE_MPN_ASSOCIATION = "create_mpn_association"
    UPDATE_MPN_ASSOCIATION = "update_mpn_association"
    UPDATE_SFB_CUSTOMER_USER_LICENSES = "update_sfb_customer_user_licenses"
    UPDATE_TRANSFER = "update_transfer"
    CREATE_PARTNER_RELATIONSHIP = "create_partner_relationship"
    REGISTER_APPLICATION = "register_application"
    UNREGISTER_APPLICATION = "unregister_application"
    ADD_APPLICATION_CREDENTIAL = "add_application_credential"
    REMOVE_APPLICATION_CREDENTIAL = "remove_application_credential"
    CREATE_PARTNER_USER = "create_partner_user"
    UPDATE_PARTNER_USER = "update_partner_user"
    REMOVE_PARTNER_USER = "remove_partner_user"
    CREATE_REFERRAL = "create_referral"
    UPDATE_REFERRAL = "update_referral"
    GET_SOFTWARE_KEY = "get_software_key"
    GET_SOFTWARE_DOWNLOAD_LINK = "get_software_download_link"
    INCREASE_SPENDING_LIMIT = "increase_spending_limit"
    READY_INVOICE = "ready_invoice"
    CREATE_AGREEMENT = "create_agreement"
    EXTEND_RELATIONSHIP = "extend_relationship"
    CREATE_TRANSFER = "create_transfer"
    CREATE_SELF_SERVE_POLICY = "create_self_serve_policy"
    UPDATE_SELF_SERVE_POLICY = "update_self_serve_policy"
    DELETE_SELF_SERVE_POLICY = "delete_self_serve_policy"
    REMOVE_PARTNER_RELATIONSHIP = "remove_partner_relationship"
    DELETE_TIP_CUSTOMER = "delete_tip_customer"
    CREATE_RELATED_REFERRAL = "create_related_referral"
    UPDATE_RELATED_REFERRAL = "update_related_referral"
    GRANULAR_ADMIN_RELATIONSHIP_APPROVED = "granular_admin_relationship_approved"
    GRANULAR_ADMIN_RELATIONSHIP_ACTIVATED = "granular_admin_relationship_activated"
    GRANULAR_ADMIN_RELATIONSHIP_TERMINATION_REQUESTED = "granular_admin_relationship_termination_requested"
    GRANULAR_ADMIN_RELATIONSHIP_TERMINATED = "granular_admin_relationship_terminated"
    GRANULAR_ADMIN_RELATIONSHIP_EXPIRED = "granular_admin_relationship_expired"
    GRANULAR_ADMIN_ACCESS_ASSIGNMENT_CREATED = "granular_admin_access_assignment_created"
    GRANULAR_ADMIN_ACCESS_ASSIGNMENT_UPDATED = "granular_admin_access_assignment_updated"
    GRANULAR_ADMIN_ACCESS_ASSIGNMENT_DELETED = "granular_admin_access_assignment_deleted"
    DAP_ADMIN_RELATIONSHIP_APPROVED = "dap_admin_relationship_approved"
    DAP_ADMIN_RELATIONSHIP_TERMINATED = "dap_admin_relationship_terminated"
    CREATE_CREDIT = "create_credit"
    UPDATE_CREDIT = "update_credit"
    CANCEL_CREDIT = "cancel_credit"
    ADD_USER_MEMBER = "add_user_member"
    REMOVE_USER_MEMBER = "remove_user_member"
    GRANULAR_ADMIN_ACCESS_ASSIGNMENT_ACTIVATED = "granular_admin_access_assignment_activated"
    SOFTWARE_ATTESTATION = "software_attestation"
    GRANULAR_ADMIN_RELATIONSHIP_CLEANED_UP = "granular_admin_relationship_cleaned_up"
    UPDATE_COMPANY_INFO = "update_company_info"
    POLICY_CREATED = "policy_created"
    POLICY_UPDATED = "policy_updated"
    POLICY_DELETED = "policy_deleted"
    DEVICE_UPDATED = "device_updated"
    DEVICES_UPDATE_ATTEMPTED = "devices_update_attempted"
    DEVICE_DELETED = "device_deleted"
    DEVICES_UPLOAD_TO_NEW_BATCH_ATTEMPTED = "devices_upload_to_new_batch_attempted"
    DEVICES_UPLOAD_TO_EXISTING_BATCH_ATTEMPTED = "devices_upload_to_existing_batch_attempted"
    MANAGE_OVERAGE = "manage_overage"
    DAP_ADMIN_RELATIONSHIP_TERMINATED_BY_MICROSOFT = "dap_admin_relationship_terminated_by_microsoft"
    AZURE_FRAUD_EVENT_DETECTED = "azure_fraud_event_detected"
    CREATE_NEW_COMMERCE_MIGRATION = "create_new_commerce_migration"


class ResourceType(enum.Enum):
    """What it was done to."""

    UNDEFINED = "undefined"
    CUSTOMER = "customer"
    CUSTOMER_USER = "customer_user"
    ORDER = "order"
    SUBSCRIPTION = "subscription"
    LICENSE = "license"
    THIRD_PARTY_ADD_ON = "third_party_add_on"
    MPN_ASSOCIATION = "mpn_association"
    TRANSFER = "transfer"
    APPLICATION = "application"
    APPLICATION_CREDENTIAL = "application_credential"
    PARTNER_USER = "partner_user"
    PARTNER_RELATIONSHIP = "partner_relationship"
    REFERRAL = "referral"
    SOFTWARE_KEY = "software_key"
    SOFTWARE_DOWNLOAD_LINK = "software_download_link"
    SPENDING_LIMIT = "spending_limit"
    INVOICE = "invoice"
    AGREEMENT = "agreement"
    PARTNER_CUSTOMER_RELATIONSHIP = "partner_customer_relationship"
    SELF_SERVE_POLICY = "self_serve_policy"
    GRANULAR_ADMIN_RELATIONSHIP = "granular_admin_relationship"
    GRANULAR_ADMIN_ACCESS_ASSIGNMENT = "granular_admin_access_assignment"
    PARTNER_CUSTOMER_DAP = "partner_customer_dap"
    CREDIT = "credit"
    CUSTOMER_DIRECTORY_ROLE = "customer_directory_role"
    SOFTWARE_PAGE = "software_page"
    DEVICE = "device"
    POLICY = "policy"
    OVERAGE = "overage"
    NEW_COMMERCE_MIGRATION = "new_commerce_migration"
    AZURE_ENTITLEMENT = "azure_entitlement"
    INDIRECT_PROVIDER_INDIRECT_RESELLER_DAP = "indirect_provider_indirect_reseller_dap"


class OperationStatus(enum.Enum):
    """How it ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PROGRESS = "progress"
    DECLINE = "decline"


A, T, R = AuditAction, OperationType, ResourceType
# An action that is spelt as one of the language's words needs no line here.
OPERATION_OF: Mapping[AuditAction, OperationType] = {
    A.UPDATE_CUSTOMER_ACCOUNT: T.UPDATE_CUSTOMER_BILLING_PROFILE,
    A.REMOVE_RESELLER_RELATIONSHIP: T.REMOVE_PARTNER_CUSTOMER_RELATIONSHIP,
    A.CREATE_ADMINISTRATION_GRANT: T.GRANULAR_ADMIN_RELATIONSHIP_ACTIVATED,
    A.REMOVE_ADMINISTRATION_GRANT: T.GRANULAR_ADMIN_RELATIONSHIP_TERMINATED,
    A.ASSIGN_ACCESS: T.GRANULAR_ADMIN_ACCESS_ASSIGNMENT_UPDATED,
    A.CONFIRM_CUSTOMER_AGREEMENT: T.CREATE_AGREEMENT,
    A.UPDATE_PARTNER_PROFILE: T.UPDATE_COMPANY_INFO,
    A.UPDATE_PARTNER_BILLING: T.UPDATE_COMPANY_INFO,
    A.SET_TAX_NUMBER: T.UPDATE_COMPANY_INFO,
    A.DECLARE_TAX_EXEMPTION: T.UPDATE_COMPANY_INFO,
    A.COMPLETE_ORDER: T.UPDATE_ORDER,
    A.FAIL_ORDER: T.UPDATE_ORDER,
    A.ACTIVATE_SUBSCRIPTION: T.UPDATE_SUBSCRIPTION,
    A.SUSPEND_SUBSCRIPTION: T.UPDATE_SUBSCRIPTION,
    A.REACTIVATE_SUBSCRIPTION: T.UPDATE_SUBSCRIPTION,
    A.CANCEL_SUBSCRIPTION: T.UPDATE_SUBSCRIPTION,
    A.RENEW_SUBSCRIPTION: T.UPDATE_SUBSCRIPTION,
    A.EXPIRE_SUBSCRIPTION: T.UPDATE_SUBSCRIPTION,
    A.SCHEDULE_CHANGE: T.UPDATE_SUBSCRIPTION,
    A.CONVERT_SUBSCRIPTION: T.CONVERT_TRIAL_SUBSCRIPTION,
    A.ACCEPT_TRANSFER: T.UPDATE_TRANSFER,
    A.DECLINE_TRANSFER: T.UPDATE_TRANSFER,
    A.WITHDRAW_TRANSFER: T.UPDATE_TRANSFER,
    A.COMPLETE_TRANSFER: T.UPDATE_TRANSFER,
    A.ASSIGN_LICENSE: T.UPDATE_CUSTOMER_USER_LICENSES,
    A.UPDATE_LICENSE: T.UPDATE_CUSTOMER_USER_LICENSES,
    A.REVOKE_LICENSE: T.UPDATE_CUSTOMER_USER_LICENSES,
}
# Changes of people have two words each: for the reader's own, and for those of another organisation.
OF_PEOPLE: Mapping[AuditAction, tuple[OperationType, OperationType]] = {
    A.CREATE_USER: (T.CREATE_PARTNER_USER, T.CREATE_CUSTOMER_USER),
    A.UPDATE_USER: (T.UPDATE_PARTNER_USER, T.UPDATE_CUSTOMER_USER),
    A.DISABLE_USER: (T.UPDATE_PARTNER_USER, T.UPDATE_CUSTOMER_USER),
    A.ENABLE_USER: (T.UPDATE_PARTNER_USER, T.UPDATE_CUSTOMER_USER),
    A.ASSIGN_ROLES: (T.UPDATE_PARTNER_USER, T.UPDATE_CUSTOMER_USER),
    A.DELETE_USER: (T.REMOVE_PARTNER_USER, T.DELETE_CUSTOMER_USER),
    A.RESTORE_USER: (T.UPDATE_PARTNER_USER, T.RESTORE_CUSTOMER_USER),
    A.RESET_USER_PASSWORD: (T.UPDATE_PARTNER_USER, T.RESET_CUSTOMER_USER_PASSWORD),
}
ACTIONS_ON: Mapping[ResourceType, tuple[AuditAction, ...]] = {
    R.CUSTOMER: (A.ADD_CUSTOMER, A.UPDATE_CUSTOMER_ACCOUNT),
    R.PARTNER_CUSTOMER_RELATIONSHIP: (
        A.CREATE_RESELLER_RELATIONSHIP,
        A.IMPORT_RESELLER_RELATIONSHIP,
        A.ACCEPT_RELATIONSHIP_INVITATION,
        A.REMOVE_RESELLER_RELATIONSHIP,
    ),
    R.PARTNER_RELATIONSHIP: (
        A.CREATE_PARTNER_RELATIONSHIP,
        A.CONFIRM_PARTNER_RELATIONSHIP,
        A.REMOVE_PARTNER_RELATIONSHIP,
    ),
    R.GRANULAR_ADMIN_RELATIONSHIP: (A.CREATE_ADMINISTRATION_GRANT, A.REMOVE_ADMINISTRATION_GRANT),
    R.GRANULAR_ADMIN_ACCESS_ASSIGNMENT: (A.ASSIGN_ACCESS,),
    R.ORDER: (A.CREATE_ORDER, A.UPDATE_ORDER, A.COMPLETE_ORDER, A.FAIL_ORDER),
    R.SUBSCRIPTION: (
        A.CREATE_SUBSCRIPTION,
        A.ACTIVATE_SUBSCRIPTION,
        A.UPDATE_SUBSCRIPTION,
        A.SUSPEND_SUBSCRIPTION,
        A.REACTIVATE_SUBSCRIPTION,
        A.CANCEL_SUBSCRIPTION,
        A.RENEW_SUBSCRIPTION,
        A.EXPIRE_SUBSCRIPTION,
        A.CONVERT_SUBSCRIPTION,
        A.UPGRADE_SUBSCRIPTION,
        A.SCHEDULE_CHANGE,
    ),
    R.TRANSFER: (
        A.CREATE_TRANSFER,
        A.ACCEPT_TRANSFER,
        A.DECLINE_TRANSFER,
        A.WITHDRAW_TRANSFER,
        A.COMPLETE_TRANSFER,
    ),
    R.LICENSE: (A.ASSIGN_LICENSE, A.UPDATE_LICENSE, A.REVOKE_LICENSE),
    R.AGREEMENT: (A.ACCEPT_AGREEMENT, A.CONFIRM_CUSTOMER_AGREEMENT),
    R.MPN_ASSOCIATION: (A.LINK_MEMBERSHIP,),
    R.DEVICE: (
        A.DEVICES_UPLOAD_TO_NEW_BATCH_ATTEMPTED,
        A.DEVICES_UPLOAD_TO_EXISTING_BATCH_ATTEMPTED,
        A.DEVICES_UPDATE_ATTEMPTED,
        A.REGISTER_DEVICE,
        A.DEVICE_UPDATED,
        A.DEVICE_DELETED,
    ),
    R.POLICY: (A.POLICY_CREATED, A.POLICY_UPDATED, A.POLICY_DELETED),
}
RESOURCE_OF = {action: kind for kind, actions in ACTIONS_ON.items() for action in actions}
PEOPLE = frozenset({R.PARTNER_USER, R.CUSTOMER_USER})
RECORD = attributes_of("AuditRecord")


class AuditRecord(Resource):
    """One change. Values before and after are JSON texts; of people outside the own organization they say nothing."""

    id: str | None = None
    partner_id: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    user_principal_name: str | None = None
    application_id: str | None = None
    resource_type: ResourceType | None = None
    resource_old_value: str | None = None
    resource_new_value: str | None = None
    operation_type: OperationType | None = None
    original_correlation_id: str | None = None
    operation_date: dt.datetime | None = None
    operation_status: OperationStatus | None = None
    customized_data: list[KeyValue] | None = None
    participants: list[str] | None = None
    session_id: str | None = None


class AuditQuery(SeekQuery):
    """A span of time, the last 30 days by default; ``filter``: CompanyName contains, CustomerId or ResourceType is."""

    start_date: str | None = None
    end_date: str | None = None
    filter: str | None = None


class ServiceQuery(SeekQuery):
    """The same in the spelling of the service behind it; one simple filter, in three parts."""

    start_date: str | None = msgspec.field(default=None, name="auditRequest.startDate")
    end_date: str | None = msgspec.field(default=None, name="auditRequest.endDate")
    field: str | None = msgspec.field(default=None, name="auditRequest.filter.field")
    value: str | None = msgspec.field(default=None, name="auditRequest.filter.value")
    operator: str | None = msgspec.field(default=None, name="auditRequest.filter.operator")
    size: int | None = msgspec.field(default=None, name="auditRequest.size")


@operation("audit.list", "GET", "/v1/auditrecords", needs=Permission.ACTIVITY_VIEW)
def list_audit_records(call: Call, query: AuditQuery) -> SeekCollection[AuditRecord]:
    """What happened in a span of time, the latest first."""
    return _page(
        call,
        query,
        query.start_date,
        query.end_date,
        query.filter,
        at="/auditrecords",
        kept={"startDate": query.start_date, "endDate": query.end_date, "filter": query.filter},
    )


@operation("audit.list_service", "GET", "/auditactivity/v1/auditrecords", needs=Permission.ACTIVITY_VIEW)
def list_service_audit_records(call: Call, query: ServiceQuery) -> SeekCollection[AuditRecord]:
    """The same list by the address of the service behind it; the start must be given."""
    if query.start_date is None:
        raise WireError(
            400,
            800002,
            _("These properties are missing: %(names)s.") % {"names": "auditRequest.startDate"},
            "auditRequest.startDate",
        )
    asked = {"Field": query.field, "Value": query.value, "Operator": query.operator}
    return _page(
        call,
        query,
        query.start_date,
        query.end_date,
        json.dumps(asked) if query.field else None,
        at="/auditrecords",
        kept={"startDate": query.start_date, "endDate": query.end_date},
    )


@operation("audit.get", "GET", "/auditactivity/v1/auditrecords/{audit_id}", needs=Permission.ACTIVITY_VIEW)
def get_audit_record(call: Call, audit_id: str) -> AuditRecord:
    """One change; a change that concerns other organizations only does not exist."""
    return _record(call, told_entry(call.actor, audit_id))


def _page(
    call: Call,
    query: SeekQuery,
    start: str | None,
    end: str | None,
    filter_text: str | None,
    *,
    at: str,
    kept: Mapping[str, object],
) -> SeekCollection[AuditRecord]:
    since, until = _span(call, start, end)
    asked = {found.field: found.value for found in conditions(filter_text, FILTERS)}
    actions, is_own = _actions(asked.get("ResourceType"))
    rows = activity_of(
        call.actor,
        since=since,
        until=until,
        actions=actions,
        is_own=is_own,
        customer_id=_customer(asked.get("CustomerId")),
        company=asked.get("CompanyName", ""),
    )
    size = size_of(query, usual=MOST, most=MOST)
    page = page_by_key(rows, fields=("pk",), cursor=place_of(call, query), size=size, descending=True)
    told = tell(call.actor, page.rows)
    return seek_collection(page, lambda row: _record(call, told[row.pk]), at=at, size=query.size, **kept)


def _span(call: Call, start: str | None, end: str | None) -> tuple[dt.datetime, dt.datetime]:
    """A day as an end is the whole day; nothing means the last 30 days."""
    until = _moment("endDate", end, is_end=True) or call.actor.now + A_MOMENT
    since = _moment("startDate", start, is_end=False) or max(until, EARLIEST + A_MONTH) - A_MONTH
    if since > until:
        text = _("startDate is “%(start)s”; it must not be after endDate, “%(end)s”.")
        raise WireError(400, 800002, text % {"start": start, "end": end or until.isoformat()}, "startDate")
    return since, until


def _moment(name: str, text: str | None, *, is_end: bool) -> dt.datetime | None:
    """As clients write it: 2026-11-27, with a time and a zone or without, or 11/27/2026 23:59:59."""
    if not text or text.startswith("0001-01-01"):
        return None
    try:
        found = _read(text.strip())
        return found + A_DAY if is_end and _is_a_day(text) else found
    except (ValueError, OverflowError) as error:
        wrong = _("%(name)s is “%(found)s”; it must be a date such as 2026-04-01.")
        raise WireError(400, 800002, wrong % {"name": name, "found": text}, name) from error


def _read(text: str) -> dt.datetime:
    for form in FORMS:
        try:
            return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
    return utc(dt.datetime.fromisoformat(text.replace(" ", "+", 1) if "T" in text else text))


def _is_a_day(text: str) -> bool:
    return ":" not in text


def _customer(given: str | None) -> uuid.UUID | None:
    if given is None:
        return None
    found = as_id(given)
    if found is None:
        text = _("CustomerId is “%(found)s”; it must be a customer's id.") % {"found": given}
        raise WireError(400, 800002, text, "CustomerId")
    return found


def _actions(given: str | None) -> tuple[list[AuditAction] | None, bool | None]:
    """The actions on a kind of thing, and whether only the own organisation's; None: all."""
    if given is None:
        return None, None
    named = given.replace("_", "").lower()
    kind = next((kind for kind in ResourceType if kind.value.replace("_", "") == named), None)
    if kind is None:
        text = _("ResourceType is “%(found)s”; it must be one of %(known)s.")
        known = ", ".join(kind.value for kind in ResourceType)
        raise WireError(400, 800002, text % {"found": given, "known": known}, "ResourceType")
    if kind in PEOPLE:
        return list(OF_PEOPLE), kind is ResourceType.PARTNER_USER
    if kind is ResourceType.UNDEFINED:
        return [
            action for action in AuditAction if action not in RESOURCE_OF and action not in OF_PEOPLE
        ], None
    return list(ACTIONS_ON.get(kind, ())), None


def _record(call: Call, told: Told) -> AuditRecord:
    entry = told.record
    action = AuditAction(entry.action)
    customer_id = told.customer_id
    return AuditRecord(
        id=str(entry.pk),
        partner_id=str(call.actor.tenant_id),
        customer_id=str(customer_id) if customer_id else None,
        customer_name=reader_name(told.customer) if told.customer else None,
        user_principal_name=told.user_name or None,
        resource_type=_resource(told, action),
        resource_old_value=_text(told.before),
        resource_new_value=_text(told.after),
        operation_type=_operation(told, action),
        original_correlation_id=str(entry.correlation_id),
        operation_date=entry.at,
        operation_status=OperationStatus.SUCCEEDED,
        customized_data=[
            KeyValue(key="Operation", value=entry.action),
            KeyValue(key="ResourceId", value=entry.subject_id),
        ],
        participants=[str(party) for party in told.parties],
        attributes=RECORD,
    )


def _operation(told: Told, action: AuditAction) -> OperationType:
    if action in OF_PEOPLE:
        own, of_customer = OF_PEOPLE[action]
        return own if told.is_own else of_customer
    known = OPERATION_OF.get(action)
    return known or next((word for word in OperationType if word.value == action.value), T.UNDEFINED)


def _resource(told: Told, action: AuditAction) -> ResourceType:
    if action in OF_PEOPLE:
        return R.PARTNER_USER if told.is_own else R.CUSTOMER_USER
    return RESOURCE_OF.get(action, R.UNDEFINED)


def _text(values: Mapping[str, object]) -> str | None:
    return json.dumps(values, ensure_ascii=False) if values else None

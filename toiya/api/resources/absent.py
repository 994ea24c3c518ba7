"""Operations of the language that answer 501: not built yet, or without a meaning outside the cloud they come from."""

from toiya.api.operations import unbuilt

unbuilt(
    "Invoices, unbilled lines and service costs come with billing, which is not built yet.",
    ("invoices.list", "GET", "/v1/invoices"),
    ("invoices.get", "GET", "/v1/invoices/{invoice_id}"),
    ("invoices.list_line_items", "GET", "/v1/invoices/{invoice_id}/lineitems"),
    ("invoices.list_unbilled_line_items", "GET", "/v1/invoices/unbilled/lineitems"),
    (
        "invoices.list_line_items_by_path",
        "GET",
        "/v1/invoices/{invoice_id}/lineitems/{billing_provider}/{invoice_line_item_type}",
    ),
    ("invoices.get_summary", "GET", "/v1/invoices/summary"),
    ("invoices.list_summaries", "GET", "/v1/invoices/summaries"),
    ("invoices.get_statement", "GET", "/v1/invoices/{invoice_id}/documents/statement"),
    (
        "invoices.get_receipt_statement",
        "GET",
        "/v1/invoices/{invoice_id}/receipts/{receipt_id}/documents/statement",
    ),
    ("invoices.list_estimate_links", "GET", "/v1/invoices/estimates/links"),
    ("billing_recon.request_unbilled_usage", "POST", "/v1/unbilledusage"),
    ("billing_recon.request_billed_usage", "POST", "/v1/billedusage/invoices/{invoice_id}"),
    ("billing_recon.get_operation", "GET", "/v1/billingoperations/{operation_id}"),
    ("billing_recon.get_manifest", "GET", "/v1/billingmanifests/{manifest_id}"),
    ("service_costs.summary", "GET", "/v1/customers/{customer_id}/servicecosts/{billing_period}"),
    (
        "service_costs.list_line_items",
        "GET",
        "/v1/customers/{customer_id}/servicecosts/{billing_period}/lineitems",
    ),
)
unbuilt(
    "Service requests come with the support area, which is not built yet.",
    ("service_requests.list", "GET", "/v1/servicerequests"),
    ("service_requests.get", "GET", "/v1/servicerequests/{service_request_id}"),
    ("service_requests.create", "POST", "/v1/servicerequests/{agent_locale}"),
    ("service_requests.update", "PATCH", "/v1/servicerequests/{service_request_id}"),
    ("service_requests.list_customer", "GET", "/v1/customers/{customer_id}/servicerequests"),
    (
        "service_requests.get_customer",
        "GET",
        "/v1/customers/{customer_id}/servicerequests/{service_request_id}",
    ),
    (
        "service_requests.update_customer",
        "PATCH",
        "/v1/customers/{customer_id}/servicerequests/{service_request_id}",
    ),
    ("service_requests.list_support_topics", "GET", "/v1/servicerequests/supporttopics"),
)
unbuilt(
    "Usage, budgets and rate cards come with usage-based billing, which is not built yet.",
    ("usage.partner_summary", "GET", "/v1/usagesummary"),
    ("usage.list_customer_records", "GET", "/v1/customers/usagerecords"),
    ("usage.customer_summary", "GET", "/v1/customers/{customer_id}/usagesummary"),
    ("usage.list_subscription_records", "GET", "/v1/customers/{customer_id}/subscriptions/usagerecords"),
    (
        "usage.subscription_summary",
        "GET",
        "/v1/customers/{customer_id}/subscriptions/{subscription_id}/usagesummary",
    ),
    (
        "usage.list_by_resource",
        "GET",
        "/v1/customers/{customer_id}/subscriptions/{subscription_id}/resourceusagerecords",
    ),
    (
        "usage.list_by_meter",
        "GET",
        "/v1/customers/{customer_id}/subscriptions/{subscription_id}/meterusagerecords",
    ),
    (
        "usage.list_monthly_resources",
        "GET",
        "/v1/customers/{customer_id}/subscriptions/{subscription_id}/usagerecords/resources",
    ),
    (
        "usage.list_daily",
        "GET",
        "/v1/customers/{customer_id}/subscriptions/{subscription_id}/usagerecords/daily",
    ),
    ("usage.get_budget", "GET", "/v1/customers/{customer_id}/usagebudget"),
    ("usage.update_budget", "PATCH", "/v1/customers/{customer_id}/usagebudget"),
    (
        "usage.list_azure_utilization",
        "GET",
        "/v1/customers/{customer_id}/subscriptions/{subscription_id}/utilizations/azure",
    ),
    ("ratecards.azure", "GET", "/v1/ratecards/azure"),
    ("ratecards.azure_shared", "GET", "/v1/ratecards/azure-shared"),
)
unbuilt(
    "A customer consents to relationships and roles by a person on a page; no partner registers "
    "its own application in a customer.",
    ("application_consents.create", "POST", "/v1/customers/{customer_id}/applicationconsents"),
    (
        "application_consents.delete",
        "DELETE",
        "/v1/customers/{customer_id}/applicationconsents/{application_id}",
    ),
)
unbuilt(
    "They move subscriptions from an older commerce platform of the vendor's; Toiya has one platform.",
    ("migrations.validate", "POST", "/v1/customers/{customer_id}/migrations/newcommerce/validate"),
    ("migrations.create", "POST", "/v1/customers/{customer_id}/migrations/newcommerce"),
    ("migrations.get", "GET", "/v1/customers/{customer_id}/migrations/newcommerce/{migration_id}"),
    ("migrations.list", "GET", "/v1/migrations/newcommerce"),
    ("migrations.list_events", "GET", "/v1/customers/{customer_id}/migrations/newcommerce/events"),
    ("migration_schedules.create", "POST", "/v1/customers/{customer_id}/migrations/newcommerce/schedules"),
    (
        "migration_schedules.update",
        "PUT",
        "/v1/customers/{customer_id}/migrations/newcommerce/schedules/{schedule_id}",
    ),
    (
        "migration_schedules.get",
        "GET",
        "/v1/customers/{customer_id}/migrations/newcommerce/schedules/{schedule_id}",
    ),
    ("migration_schedules.list", "GET", "/v1/migrations/newcommerce/schedules"),
    (
        "migration_schedules.cancel",
        "POST",
        "/v1/customers/{customer_id}/migrations/newcommerce/schedules/{schedule_id}/cancel",
    ),
    ("product_upgrades.check_eligibility", "POST", "/v1/productUpgrades/eligibility"),
    ("product_upgrades.create", "POST", "/v1/productUpgrades"),
    ("product_upgrades.get_status", "POST", "/v1/productUpgrades/{upgrade_id}/status"),
)
unbuilt(
    "Incentives, margins and payouts of the vendor to partners are not part of a distribution "
    "programme; price lists are.",
    ("margins.list", "GET", "/v1/margins"),
    ("margins.download", "GET", "/v1/margins/download"),
    ("payouts.create_transaction_export", "POST", "/v1.0/payouts/transactionhistory"),
    ("payouts.get_transaction_export", "GET", "/v1.0/payouts/transactionhistory/{request_id}"),
    ("payouts.delete_transaction_export", "DELETE", "/v1.0/payouts/transactionhistory/{request_id}"),
    ("payouts.create_payment_export", "POST", "/v1.0/payouts/payments"),
    ("payouts.get_payment_export", "GET", "/v1.0/payouts/payments/{request_id}"),
    ("payouts.delete_payment_export", "DELETE", "/v1.0/payouts/payments/{request_id}"),
)
unbuilt(
    "Leads between partners and the vendor are not part of Toiya.",
    ("referrals.list", "GET", "/v1.0/engagements/referrals"),
    ("referrals.get", "GET", "/v1.0/engagements/referrals/{referral_id}"),
    ("referrals.create", "POST", "/v1.0/engagements/referrals"),
    ("referrals.update", "PATCH", "/v1.0/engagements/referrals/{referral_id}"),
)
unbuilt(
    "Analytics datasets are not built; lists and exports carry the same facts.",
    ("analytics.partner_license_deployment", "GET", "/v1/analytics/licenses/deployment"),
    ("analytics.partner_license_usage", "GET", "/v1/analytics/licenses/usage"),
    (
        "analytics.customer_license_deployment",
        "GET",
        "/v1/customers/{customer_id}/analytics/licenses/deployment",
    ),
    ("analytics.customer_license_usage", "GET", "/v1/customers/{customer_id}/analytics/licenses/usage"),
    ("analytics.commercial_license_deployment", "GET", "/v1/analytics/commercial/deployment/license/"),
    ("analytics.commercial_license_usage", "GET", "/v1/analytics/commercial/usage/license/"),
    ("analytics.azure_usage", "GET", "/partner/v1/analytics/usage/azure"),
    ("analytics.indirect_resellers", "GET", "/partner/v1/analytics/indirectresellers"),
    ("analytics.subscriptions", "GET", "/partner/v1/analytics/subscriptions"),
    ("analytics.referrals", "GET", "/partner/v1/analytics/referrals"),
    ("analytics.search", "GET", "/partner/v1/analytics/search"),
)
unbuilt(
    "Fraud events and sign-in statistics come from the vendor's own cloud; Toiya has no source for them.",
    ("security.list_partner_requests", "GET", "/v1/partnerRequests"),
    ("security.list_app_mfa_status", "GET", "/v1/applicationmfaadoptionstatus"),
    ("security.list_non_mfa_principals", "GET", "/v1/nonMfaCompliantPartnerPrincipals"),
    ("security.list_fraud_events", "GET", "/v1/fraudEvents"),
    ("security.update_fraud_event_status", "POST", "/v1/fraudEvents/subscription/{subscription_id}/status"),
)
unbuilt(
    "The health of the vendor's services is known to the vendor alone; connectors do not report it.",
    ("service_incidents.list", "GET", "/v1/serviceincidents/office"),
    ("service_incidents.count", "GET", "/v1/serviceincidents/office/count"),
    ("service_incidents.list_customer", "GET", "/v1/customers/{customer_id}/serviceincidents/office"),
)
unbuilt(
    "Insider programmes show parts of the vendor's own portal before their time; Toiya shows everybody the same.",
    ("store.list_insider_programs", "GET", "/v1/insiderprograms"),
    ("store.update_insider_program", "PUT", "/v1/insiderprograms"),
)
unbuilt(
    "Which offers somebody sells follows from the catalogue, its markets and price lists; there is no list of "
    "preferred ones.",
    ("store.list_preferred_offers", "GET", "/v1/preferences/catalog/offers"),
    ("store.update_preferred_offers", "PUT", "/v1/preferences/catalog/offers"),
)
unbuilt(
    "They take over customers of the vendor's former syndication partners; Toiya has had no such partners.",
    ("store.create_syndication_migration", "POST", "/v1/migrations/syndication"),
    ("store.get_syndication_migration", "GET", "/v1/migrations/syndication/{migration_batch_id}"),
    (
        "store.get_customer_syndication_migration",
        "GET",
        "/v1/migrations/syndication/{migration_batch_id}/{mosi_customer_id}",
    ),
)

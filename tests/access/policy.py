"""What each route is about. A route with an id in its address that is not listed here fails the matrix."""

KIND: dict[str, str] = {
    "public:provider": "listed provider",
    "mfa_remove": "factor",
    "enrolment:contact": "contact link",
    "enrolment:confirm": "contact link",
    "enrolment:deny": "contact link",
    "people:person": "person",
    "people:roles": "person",
    "people:disable": "person",
    "people:enable": "person",
    "people:reset_password": "person",
    "people:reset_factors": "person",
    "organization:person": "person",
    "organization:person_roles": "person",
    "organization:person_disable": "person",
    "organization:person_enable": "person",
    "organization:person_reset_password": "person",
    "organization:person_reset_factors": "person",
    "partnerships:export_resellers": "form",
    "partnerships:draft": "partner invitation",
    "partnerships:resend": "partner invitation",
    "partnerships:revoke": "partner invitation",
    "partnerships:confirm": "partnership of provider",
    "partnerships:shared_customers": "partnership",
    "partnerships:end": "partnership",
    "partnerships:assign_access": "grant received",
    "partnerships:administer": "administered tenant",
    "partnerships:reset_password": "administered person",
    "partnerships:invitation": "partner link",
    "partnerships:accept": "partner link",
    "partnerships:decline": "partner link",
    "organization:remove_access": "grant given",
    "customers:export": "form",
    "customers:account": "customer",
    "customers:services": "customer",
    "customers:users": "customer",
    "customers:licences": "customer",
    "customers:remove": "customer",
    "customers:invite_both": "provider of mine",
    "customers:invite_both_as_provider": "reseller of mine",
    "customers:draft": "relationship invitation",
    "customers:resend": "relationship invitation",
    "customers:revoke": "relationship invitation",
    "customers:invitation": "relationship link",
    "customers:invitation_continue": "relationship link",
    "customers:invitation_decline": "relationship link",
    "customers:invitation_account": "relationship link",
    "operator:application": "application",
    "operator:check": "check",
    "operator:ask": "application",
    "operator:approve": "application",
    "operator:reject": "application",
    "operator:partner": "partner",
    "operator:suspend": "capacity of partner",
    "operator:restore": "capacity of partner",
    "operator:entry": "provider",
    "operator:approve_entry": "provider",
    "operator:return_entry": "provider",
    "operator:withdraw_entry": "provider",
    "operator:remove_older_relationship": "older relationship",
    "operator:agreement": "agreement",
    "operator:country": "country",
    "operator:remove_web_mail": "web-mail domain",
    "mailbox:mail": "mail",
    "mailbox:html": "mail",
}

# Somebody who may come in and sees the object may still be refused by the rule of the use case.
RULE_MAY_REFUSE = {
    "people:add": "until set-up is finished, adding users needs an admin agent (Q-07)",
    "organization:add_person": "until set-up is finished, adding users needs an admin agent (Q-07)",
    "people:person": "nobody changes somebody with rights beyond their own",
    "partnerships:administer": "the group of the agent may have no role in the grant",
    "partnerships:reset_password": "the group of the agent may have no role in the grant",
    "partnerships:invitation": "who cannot authorize a provider is told who can (Q-19)",
    "mfa_add_webauthn": "who has a factor gives it before adding another",
}

# These need something that the visitor has begun elsewhere, and lead there.
LEADS_TO_SIGN_IN = {
    "mfa_authenticate": "no sign-in has been begun",
    "membership:password": "no membership user name was given",
    "membership:sign_out": "ends at the sign-in of the membership site",
}

# A GET of an answer leads back to the page of the link, which judges the link.
LEADS_TO_LINK_PAGE = {
    "customers:invitation_continue",
    "partnerships:accept",
    "partnerships:decline",
    "enrolment:confirm",
    "enrolment:deny",
}

# Without an application of one's own there is nothing to correct or to withdraw.
NEEDS_OWN_APPLICATION = {"enrolment:correct", "enrolment:withdraw", "enrolment:resend"}

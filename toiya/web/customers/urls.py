"""Routes of the pages: customers."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.customers import account_data, adding, agreements, consent, invitations, views
from toiya.web.licences import pools as licence_pools
from toiya.web.licences import users as licence_users

app_name = "customers"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/customers/", views.customers, name="list"),
    path("dashboard/customers/export.<str:form>", views.export, name="export"),
    path("dashboard/customers/add/", adding.add, name="add"),
    path(
        "dashboard/customers/<uuid:customer_id>/account/update/", account_data.update, name="update_account"
    ),
    path("dashboard/customers/request/", invitations.request_single, name="request"),
    path("dashboard/customers/invitations/", invitations.listing, name="invitations"),
    path("dashboard/customers/invitations/export.<str:form>", invitations.export, name="export_invitations"),
    path("dashboard/customers/invitations/replace-links/", invitations.replace_links, name="replace_links"),
    path("dashboard/customers/invitations/<uuid:invitation_id>/", invitations.draft, name="draft"),
    path(
        "dashboard/customers/invitations/<uuid:invitation_id>/resend/", invitations.send_again, name="resend"
    ),
    path(
        "dashboard/customers/invitations/<uuid:invitation_id>/revoke/", invitations.take_back, name="revoke"
    ),
    path("dashboard/customers/<uuid:customer_id>/account/", views.account, name="account"),
    path("dashboard/customers/<uuid:customer_id>/services/", views.services, name="services"),
    path("dashboard/customers/<uuid:customer_id>/users/", licence_users.users, name="users"),
    path("dashboard/customers/<uuid:customer_id>/licences/", licence_pools.pools, name="licences"),
    path("dashboard/customers/<uuid:customer_id>/agreement/", agreements.confirm, name="confirm_agreement"),
    path("dashboard/customers/<uuid:customer_id>/remove/", views.remove, name="remove"),
    path("dashboard/customers/<uuid:customer_id>/suspend-all/", views.suspend_everything, name="suspend_all"),
    path(
        "dashboard/indirect-providers/<uuid:provider_id>/invite/",
        invitations.invite_with_provider,
        name="invite_both",
    ),
    path(
        "dashboard/indirect-resellers/<uuid:reseller_id>/invite/",
        invitations.invite_with_reseller,
        name="invite_both_as_provider",
    ),
    path("invitations/customer/<str:token>/", consent.invitation, name="invitation"),
    path("invitations/customer/<str:token>/continue/", consent.carry_on, name="invitation_continue"),
    path("invitations/customer/<str:token>/decline/", consent.decline, name="invitation_decline"),
    path("invitations/customer/<str:token>/work-account/", consent.work_account, name="invitation_account"),
]

"""Routes of partnerships, of their invitations, and of administration on behalf of others."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.partnerships import administration, answers, ending, invitations, lists

app_name = "partnerships"
RESELLERS = "dashboard/indirect-resellers"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{RESELLERS}/", lists.resellers, name="resellers"),
    path(f"{RESELLERS}/export.<str:form>", lists.export_resellers, name="export_resellers"),
    path(f"{RESELLERS}/request/", invitations.request_partnership, name="request"),
    path(f"{RESELLERS}/invitations/<uuid:invitation_id>/", invitations.draft, name="draft"),
    path(f"{RESELLERS}/invitations/<uuid:invitation_id>/resend/", invitations.resend, name="resend"),
    path(f"{RESELLERS}/invitations/<uuid:invitation_id>/revoke/", invitations.revoke, name="revoke"),
    path("dashboard/indirect-providers/", lists.providers, name="providers"),
    path("dashboard/partnerships/<uuid:partnership_id>/confirm/", lists.confirm, name="confirm"),
    path("dashboard/partnerships/<uuid:partnership_id>/customers/", lists.customers, name="shared_customers"),
    path("dashboard/partnerships/<uuid:partnership_id>/remove/", ending.end, name="end"),
    path("dashboard/administrator-access/", administration.access, name="access"),
    path("dashboard/administrator-access/<uuid:grant_id>/", administration.assign, name="assign_access"),
    path("dashboard/administer/<uuid:tenant_id>/users/", administration.people, name="administer"),
    path(
        "dashboard/administer/<uuid:tenant_id>/users/<uuid:person_id>/reset-password/",
        administration.reset_password,
        name="reset_password",
    ),
    path("invitations/partnership/<str:token>/", answers.invitation, name="invitation"),
    path("invitations/partnership/<str:token>/accept/", answers.accept, name="accept"),
    path("invitations/partnership/<str:token>/decline/", answers.decline, name="decline"),
]

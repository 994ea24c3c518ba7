"""Routes of the pages about programs."""

from django.urls import URLPattern, URLResolver, include, path

from toiya.core.addresses import any_case
from toiya.web.tokens import applications, authorize, device
from toiya.web.tokens.applications import DASHBOARD, ORGANIZATION, Site


def application_routes(site: Site, prefix: str = "") -> list[URLPattern]:
    """App registrations, in either site."""
    here: dict[str, object] = {"site": site}
    one, views = "<uuid:application_id>/", applications
    return [
        path("", views.listing, here, name=f"{prefix}list"),
        path("new/", views.register, here, name=f"{prefix}register"),
        path(one, views.show, here, name=f"{prefix}application"),
        path(f"{one}roles/", views.roles, here, name=f"{prefix}roles"),
        path(f"{one}secrets/", views.new_secret, here, name=f"{prefix}add_secret"),
        path(f"{one}secrets/<uuid:secret_id>/remove/", views.old_secret, here, name=f"{prefix}remove_secret"),
        path(f"{one}disable/", views.disable, here, name=f"{prefix}disable"),
        path(f"{one}enable/", views.enable, here, name=f"{prefix}enable"),
        path(f"{one}remove/", views.unregister, here, name=f"{prefix}unregister"),
    ]


own_routes = application_routes(ORGANIZATION, "applications_")
app_name = "applications"
TENANT = "(?P<segment>[^/]+)"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/settings/applications/", include(application_routes(DASHBOARD))),
    path("account/applications/", applications.mine, name="mine"),
    path("account/applications/<uuid:authorization_id>/end/", applications.end, name="end"),
    path("device/", device.device, name="device"),
    any_case(f"{TENANT}/oauth2/authorize", authorize.authorize, {"version": 1}, name="authorize_v1"),
    any_case(rf"{TENANT}/oauth2/v2\.0/authorize", authorize.authorize, {"version": 2}, name="authorize"),
]

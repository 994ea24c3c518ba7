"""Routes of user management in the partner dashboard, and of one's own profile."""

from django.urls import URLPattern, URLResolver, include, path

from toiya.web.people import views
from toiya.web.people.site import DASHBOARD, Site


def person_routes(site: Site) -> list[URLPattern]:
    """What can be done to one person, in either site."""
    name = site.prefix
    here: dict[str, object] = {"site": site}
    return [
        path("<uuid:person_id>/", views.show, here, name="person"),
        path("<uuid:person_id>/roles/", views.roles, here, name=f"{name}roles"),
        path("<uuid:person_id>/disable/", views.disable, here, name=f"{name}disable"),
        path("<uuid:person_id>/enable/", views.enable, here, name=f"{name}enable"),
        path("<uuid:person_id>/password/", views.new_password, here, name=f"{name}reset_password"),
        path("<uuid:person_id>/factors/", views.no_factors, here, name=f"{name}reset_factors"),
        path("<uuid:person_id>/delete/", views.delete, here, name=f"{name}delete"),
        path("<uuid:person_id>/restore/", views.restore, here, name=f"{name}restore"),
    ]


app_name = "people"
_HERE: dict[str, object] = {"site": DASHBOARD}
_USERS: list[URLPattern] = [
    path("", views.list_people, _HERE, name="list"),
    path("add/", views.add, _HERE, name="add"),
    path("deleted/", views.deleted, _HERE, name="deleted"),
    path("agents/", views.agents_add_people, _HERE, name="agents_add_people"),
    *person_routes(DASHBOARD),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/settings/users/", include(_USERS)),
    path("account/profile/", views.profile, name="profile"),
]

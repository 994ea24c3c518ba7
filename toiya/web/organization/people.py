"""The organisation's people in its own portal: the pages of user management, for every tenant."""

from django.urls import URLPattern, path

from toiya.web.people import views
from toiya.web.people.site import ORGANIZATION
from toiya.web.people.urls import person_routes

_HERE: dict[str, object] = {"site": ORGANIZATION}
routes: list[URLPattern] = [
    path("", views.list_people, _HERE, name="people"),
    path("add/", views.add, _HERE, name="add_person"),
    path("deleted/", views.deleted, _HERE, name="deleted_people"),
    path("<uuid:person_id>/licences/", views.licences, _HERE, name="person_licences"),
    *person_routes(ORGANIZATION),
]

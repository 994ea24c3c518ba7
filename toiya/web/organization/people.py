"""The organisation's people in its own portal: the pages of user management, for every tenant."""

from django.urls import URLPattern, path

from toiya.web.people import views
from toiya.web.people.site import ORGANIZATION
from toiya.web.people.urls import person_routes

_HERE: dict[str, object] = {"site": ORGANIZATION}
routes: list[URLPattern] = [
    path("", views.list_people, _HERE, name="people"),
    path("add/", views.add, _HERE, name="add_person"),
    *person_routes(ORGANIZATION),
]

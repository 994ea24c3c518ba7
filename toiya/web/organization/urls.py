"""Routes of the organisation portal."""

from django.urls import URLPattern, URLResolver, include, path

from toiya.web.activity import views as activity
from toiya.web.organization import partners, people

app_name = "organization"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", partners.home, name="home"),
    path("people/", include(people.routes)),
    path("partners/", partners.relationships, name="partners"),
    path("partners/access/<uuid:grant_id>/remove/", partners.remove_access, name="remove_access"),
    path("activity/", activity.organization_log, name="activity"),
    path("activity/export/", activity.export, name="activity_export"),
]

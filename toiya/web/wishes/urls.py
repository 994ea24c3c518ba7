"""Routes of the pages: what customers ask, on the partner's side."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.wishes import views

app_name = "wishes"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/wishes/", views.received, name="list"),
    path("dashboard/wishes/<uuid:wish_id>/", views.wish, name="wish"),
]

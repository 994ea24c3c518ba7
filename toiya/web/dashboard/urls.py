"""Routes of the dashboard's own pages."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.dashboard import views

app_name = "dashboard"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("settings/", views.settings, name="settings"),
    path("setup/", views.setup, name="setup"),
]

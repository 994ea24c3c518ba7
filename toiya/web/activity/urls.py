"""Routes of the activity log on the dashboard; the portal and the console have their own."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.activity import views

app_name = "activity"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/activity/", views.dashboard_log, name="log"),
    path("dashboard/activity/export/", views.export, name="export"),
]

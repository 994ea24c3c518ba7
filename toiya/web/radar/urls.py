"""Routes of the pages: the renewal radar of partners."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.radar import views

app_name = "radar"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/renewals/", views.sold, name="renewals"),
    path("dashboard/renewals/digest/", views.digest, name="digest"),
    path("dashboard/renewals/export.<str:form>", views.export_sold, name="export"),
]

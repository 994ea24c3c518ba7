"""Routes of the pages: files with many rows."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.bulk import views

app_name = "bulk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/files/", views.files, name="list"),
    path("dashboard/files/new/<slug:kind>/", views.hand_in_file, name="hand_in"),
    path("dashboard/files/template/<slug:kind>.<str:form>", views.template, name="template"),
    path("dashboard/files/<uuid:file_id>/", views.file_page, name="file"),
    path("dashboard/files/<uuid:file_id>/confirm/", views.confirm, name="confirm"),
    path("dashboard/files/<uuid:file_id>/stop/", views.stop, name="stop"),
    path("dashboard/files/<uuid:file_id>/passwords/", views.passwords, name="passwords"),
    path("dashboard/files/<uuid:file_id>/failures.<str:form>", views.failed_rows, name="failures"),
]

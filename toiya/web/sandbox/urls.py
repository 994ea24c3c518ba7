"""Routes of the pages: the sandbox."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.sandbox import views

app_name = "sandbox"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/sandbox/", views.home, name="home"),
    path("dashboard/sandbox/make/", views.make, name="make"),
    path("dashboard/sandbox/reset/", views.reset, name="reset"),
    path("dashboard/sandbox/deletion/", views.delete, name="delete"),
    path("dashboard/sandbox/people/<uuid:person_id>/password/", views.password, name="password"),
    path("dashboard/sandbox/clock/", views.move, name="move"),
    path("dashboard/sandbox/clock/stop/", views.stop, name="stop"),
    path("dashboard/sandbox/clock/start/", views.start, name="start"),
    path("dashboard/sandbox/mailbox/", views.mails, name="mails"),
    path("dashboard/sandbox/mailbox/<uuid:mail_id>/", views.mail, name="mail"),
    path("dashboard/sandbox/mailbox/<uuid:mail_id>/html/", views.mail_html, name="mail_html"),
]

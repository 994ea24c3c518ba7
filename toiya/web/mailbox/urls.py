"""Routes of the mailbox: in the demo and in a sandbox only (toiya/urls.py)."""

from django.urls import path

from toiya.web.mailbox import receiver, views

app_name = "mailbox"
urlpatterns = [
    path("", views.list_mails, name="list"),
    path("events/", receiver.receive, name="receiver"),
    path("people/", views.list_people, name="people"),
    path("<uuid:mail_id>/", views.show_mail, name="mail"),
    path("<uuid:mail_id>/html/", views.show_html, name="html"),
]

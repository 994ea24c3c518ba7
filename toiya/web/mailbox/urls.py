"""Routes of the pages: mailbox."""

from django.urls import URLPattern, URLResolver

app_name = "mailbox"
urlpatterns: list[URLPattern | URLResolver] = []

"""Routes of the pages: profile."""

from django.urls import URLPattern, URLResolver

app_name = "profile"
urlpatterns: list[URLPattern | URLResolver] = []

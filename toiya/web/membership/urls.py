"""Routes of the pages: membership."""

from django.urls import URLPattern, URLResolver

app_name = "membership"
urlpatterns: list[URLPattern | URLResolver] = []

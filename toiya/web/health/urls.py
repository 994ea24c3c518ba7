"""Routes for probes and for the collector of figures."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.health import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]

"""Routes of the pages: webhooks."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.webhooks import certificates, views

app_name = "webhooks"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/settings/webhooks/", views.settings, name="settings"),
    path("dashboard/settings/webhooks/secret/", views.secret, name="secret"),
    path("dashboard/settings/webhooks/test/", views.test, name="test"),
    path("dashboard/settings/webhooks/removal/", views.remove, name="remove"),
    path("dashboard/settings/webhooks/events/", views.log, name="log"),
    path("dashboard/settings/webhooks/events/export.csv", views.export, name="log_export"),
    path("dashboard/settings/webhooks/events/replay/", views.replay_failed, name="replay_failed"),
    path("dashboard/settings/webhooks/events/<uuid:event_id>/", views.event, name="event"),
    path("dashboard/settings/webhooks/events/<uuid:event_id>/replay/", views.replay, name="replay"),
    path("certificates/<slug:thumbprint>.cer", certificates.certificate, name="certificate"),
]

"""Routes of the pages: webhooks."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.webhooks import certificates

app_name = "webhooks"
urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/certificates/<slug:thumbprint>.cer", certificates.certificate, name="certificate"),
]

"""The certificates by which receivers know that an event is ours. They are public."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from toiya.core.errors import NotVisible
from toiya.webhooks.keys import certificate_for

YEAR = 365 * 24 * 3600


@cache_control(public=True, max_age=YEAR, immutable=True)
def certificate(request: HttpRequest, thumbprint: str) -> HttpResponse:
    """In DER, by its SHA-256 thumbprint; the content of an address never changes."""
    found = certificate_for(thumbprint.lower())
    if found is None:
        raise NotVisible
    return HttpResponse(found, content_type="application/pkix-cert")

"""A program that listens, for the demo and for trying things out: it takes every event and forgets it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

TAKEN = 204


@csrf_exempt
def receive(_request: HttpRequest) -> HttpResponse:
    """What was sent stands in the log of deliveries of whoever sent it."""
    return HttpResponse(status=TAKEN)

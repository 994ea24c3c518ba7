"""What the views know about a request."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from toiya.core.actor import Actor


class PersonRequest(HttpRequest):
    """A request of a signed-in person; the access table has let it through."""

    actor: Actor
    htmx: HtmxDetails


class PublicRequest(HttpRequest):
    """A request of anybody; the actor is there when somebody has signed in with a second factor."""

    actor: Actor | None
    htmx: HtmxDetails

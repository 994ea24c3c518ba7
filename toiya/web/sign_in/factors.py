"""The second factor in a session: when it was given, and giving it."""

import datetime as dt

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.utils.translation import get_language

from toiya.core.actor import Actor
from toiya.directory.actors import actor_for, person_for_request
from toiya.directory.models import Person


def second_factor_at(request: HttpRequest) -> dt.datetime | None:
    """The real time of the latest second factor given in this session."""
    records = get_authentication_records(request, request.user)
    times = [record["at"] for record in records if record["method"] == "mfa"]
    return dt.datetime.fromtimestamp(max(times), dt.UTC) if times else None


def remember_factor(request: HttpRequest, person: Person, kind: str) -> None:
    """The session has seen a second factor just now; it goes on under a new id (T-24)."""
    record_authentication(request, person, "mfa", type=kind)
    request.session.cycle_key()


def person_acting(request: HttpRequest) -> Actor:
    """The signed-in person, also before the second factor: to change a password or add a first factor."""
    key = request.user.pk
    person = person_for_request(key) if key is not None else None
    assert person is not None, "the access table asked for somebody signed in"  # noqa: S101
    return actor_for(
        person, language=get_language() or person.language, second_factor_at=second_factor_at(request)
    )

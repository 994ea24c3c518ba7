"""When this session last saw a second factor."""

import datetime as dt

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest


def second_factor_at(request: HttpRequest) -> dt.datetime | None:
    """The real time of the latest second factor given in this session."""
    times = [record["at"] for record in get_authentication_records(request) if record["method"] == "mfa"]
    return dt.datetime.fromtimestamp(max(times), dt.UTC) if times else None

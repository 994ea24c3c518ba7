"""How a work account signs in."""
# ruff: noqa: ARG002  (the library decides the parameters)

import uuid

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from toiya.directory.actors import person_for_request
from toiya.directory.models import Person
from toiya.directory.sign_in import check_password


class WorkAccountBackend(ModelBackend):
    """Sign-in by user name and password; what may be wrong is never told (T-38)."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: object,
    ) -> Person | None:
        """The person, when name and password belong together."""
        if not username or not password:
            return None
        return check_password(username, password)

    def get_user(self, user_id: uuid.UUID) -> Person | None:
        """The person of the session with all that an actor needs, read once per request."""
        person = person_for_request(user_id)
        return person if person is not None and person.is_active else None

"""Sessions of browsers: Django's, in a table that also names the person (docs/adr, "Sessions name the person").

Reading a session reads whose it is, with the rights of this moment, in the same statement. Nothing of that is kept
beyond the request: the next one asks again (G-03).
"""

import datetime as dt
import hmac
from typing import Any, cast

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from toiya.core.clock import real_now
from toiya.core.keys import mac_of
from toiya.core.prepared import prepared
from toiya.directory.actors import held_by, rights_in
from toiya.directory.models import Person, Session

MAC_LETTERS = 64


@prepared
def _sessions(key: str, now: dt.datetime) -> QuerySet[Session]:
    rows: QuerySet[Session] = Session.objects.filter(session_key=key, expire_date__gt=now)
    return rows.select_related("person__tenant__family").annotate(**held_by("person_id", "person__tenant_id"))


def _whose(row: Session) -> Person | None:
    """The person of the session, with everything that an actor needs."""
    if row.person is not None:
        row.person.rights = rights_in(row)
    return row.person


class SessionStore(DatabaseStore):
    """One session; the settings name this module as SESSION_ENGINE."""

    _person: Person | None = None  # as the row named them when it was read

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Our own table."""
        return Session

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing where it has ended, or never was."""
        key = self.session_key or ""
        # Ours are letters and digits; anything else in the cookie is no question for the database.
        found = _sessions(key, real_now()) if key.isascii() and key.isalnum() else []
        if not found:
            self._session_key = None
            return {}
        self._person = _whose(found[0])
        return self.decode(found[0].session_data)

    def encode(self, session_dict: dict[str, Any]) -> str:
        """The content as text, sealed for this session: whoever can write to the database alone gives nobody a second
        factor, also not with what another session holds.
        """
        text: bytes = self.serializer().dumps(session_dict)
        return self._seal(text) + text.decode()

    def _seal(self, text: bytes) -> str:
        return mac_of("session", f"{self.session_key}\0".encode() + text).hex()

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """What was sealed; nothing where the seal is not ours."""
        told = session_data.encode() if isinstance(session_data, str) else session_data
        mac, text = told[:MAC_LETTERS], told[MAC_LETTERS:]
        if not hmac.compare_digest(mac, self._seal(text).encode()):
            return {}
        content: dict[str, Any] = self.serializer().loads(text)
        return content

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to be written: it names who has signed in."""
        row: Any = super().create_model_instance(data)
        row.person_id = data.get(SESSION_KEY)
        return cast("Session", row)

    def signed_in(self) -> Person | None:
        """Whose session it is; nobody where it has ended for them (G-17).

        A session that began before the password or a factor changed is emptied.
        """
        key, person = self.get(SESSION_KEY), self._person
        if key is None or person is None or str(person.pk) != key:
            return None
        if not person.is_active or person.is_application:
            return None
        if not constant_time_compare(self.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()):
            self.flush()
            return None
        return person


def forget_old_sessions() -> int:
    """Remove the sessions that nobody can use any more."""
    return Session.objects.filter(expire_date__lt=real_now()).delete()[0]

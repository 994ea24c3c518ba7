"""A program that speaks to the API, in the name of an application or of a person."""

import dataclasses
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.test import Client

from tests.api.tokens import let_in
from tests.cast import hire
from toiya.core.clock import real_now
from toiya.core.ids import new_id
from toiya.core.permissions import Role
from toiya.directory.models import Person, Tenant
from toiya.tokens.issue import issue_app_token, issue_user_token
from toiya.tokens.models import Application, Flow, Kind

TOKEN = 1  # statements with which every call begins: who speaks, with which rights


@dataclasses.dataclass(frozen=True)
class Told:
    """An answer: status, headers, and the body as JSON where it is any."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:  # noqa: ANN401  (JSON)
        """The body."""
        return json.loads(self.content) if self.content else None


@dataclasses.dataclass(frozen=True)
class Api:
    """Speaks with one token. Header names are as on the wire; a new MS-RequestId for each call unless one is given."""

    token: str
    language: str = "en-US"

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Told:
        """One request."""
        given = {
            "Authorization": f"Bearer {self.token}",
            "X-Locale": self.language,
            "MS-RequestId": str(uuid.uuid4()),
        }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = Client().generic(method, path, content, content_type="application/json", headers=given)
        return Told(response.status_code, dict(response.headers), response.content)

    def get(self, path: str, **headers: str) -> Told:
        """Read."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Told:
        """Create, or do."""
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Told:
        """Replace."""
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> Told:
        """Change."""
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Told:
        """Remove."""
        return self.call("DELETE", path, **headers)


def api_of(person: Person, *, language: str = "en-US") -> Api:
    """A program in the name of a person (App+User), who let it in with a second factor."""
    application = _application(person.tenant, person)
    return Api(issue_user_token(let_in(person, application)).text, language)


def api_of_application(tenant: Tenant, *roles: Role, language: str = "en-US") -> Api:
    """A program in its own name (app only), with these roles in the tenant."""
    account = hire(tenant, f"application-{new_id()}", *roles)
    Person.accounts.filter(pk=account.pk).update(is_application=True)
    return Api(issue_app_token(_application(tenant, account, account=account)).text, language)


def _application(tenant: Tenant, by: Person, account: Person | None = None) -> Application:
    return Application.objects.create(
        tenant=tenant,
        name="Nightly orders",
        kind=Kind.CONFIDENTIAL,
        flows=[Flow.CLIENT_CREDENTIALS, Flow.AUTHORIZATION_CODE],
        account=account,
        created_by_id=by.pk,
        created_at=real_now(),
    )

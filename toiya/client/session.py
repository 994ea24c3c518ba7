"""Speaking to an installation: tokens, calls, repeats, pages."""

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Self
from urllib.parse import quote

import httpx2
import stamina

from toiya.client.document import Operation, operations_in

RETRIED = frozenset({429, 502, 503, 504})
ATTEMPTS = 5
LONGEST_WAIT = 60.0
EARLY = 60  # seconds before its end a token is renewed
SCOPE = "https://api.partnercenter.microsoft.com/.default"


class ApiRefused(Exception):
    """The installation said no: its status, number, sentence, and the id under which its log knows the request."""

    def __init__(
        self, status: int, code: int | None, description: str, request_id: str, data: list[str]
    ) -> None:
        self.status = status
        self.code = code
        self.description = description
        self.request_id = request_id
        self.data = data
        super().__init__(f"{status} ({code}): {description}")


class Busy(Exception):
    """An answer that is worth asking for again; ``seconds``: how long the server wants us to wait."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        given = answer.headers.get("Retry-After", "")
        self.seconds = min(float(given), LONGEST_WAIT) if given.isdecimal() else None
        super().__init__(answer.status_code)


def _worth_it(error: Exception) -> bool | float:
    """Whether to ask again: the connection broke, or the server said later. The request id stays the same."""
    if isinstance(error, Busy):
        return error.seconds if error.seconds is not None else True
    return isinstance(error, httpx2.TransportError)


class Client:
    """An application that speaks to an installation.

    ``Client("https://partners.example.com", tenant="…", client_id="…", client_secret="…")`` speaks in its own name;
    with a ``refresh_token`` instead of, or beside, the secret it speaks in a person's. Not safe to share by threads.
    """

    def __init__(
        self,
        url: str,
        *,
        tenant: str = "organizations",
        client_id: str = "",
        client_secret: str = "",
        refresh_token: str = "",
        token: str = "",
        language: str = "en-US",
        verify: bool | str = True,
    ) -> None:
        self.tenant, self.client_id, self.language = tenant, client_id, language
        self._secret, self.refresh_token = client_secret, refresh_token
        self._token, self._until = token, float("inf") if token else 0.0
        self._http = httpx2.Client(base_url=url.rstrip("/"), timeout=60, verify=verify)
        self._operations: dict[str, Operation] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What the installation offers; its document is read once."""
        if not self._operations:
            answer = self._send("GET", "/openapi.json", {})
            self._operations = operations_in(answer.json())
        return self._operations

    def call(self, id: str, *path: str, body: object = None, **query: object) -> Any:  # noqa: ANN401  (JSON)
        """Call an operation: ``client.call("customers.get", customer_id)``. Raises ApiRefused, KeyError.

        The values for the names in its address come in their order; ``query`` has the names of the document.
        """
        operation = self.operations[id]
        names = operation.path_names
        if len(path) != len(names):
            raise TypeError(f"{id} takes {len(names)} values for its address: {', '.join(names) or 'none'}")
        address = operation.path
        for name, value in zip(names, path, strict=True):
            address = address.replace(f"{{{name}}}", quote(str(value), safe=""))
        given = {name: str(value) for name, value in query.items() if value is not None}
        answer = self._authorized(operation.method, address, {}, params=given, body=body)
        if "json" not in answer.headers.get("Content-Type", ""):
            return answer.content or None
        return answer.json()

    def pages(self, id: str, *path: str, **query: object) -> Iterator[Any]:
        """The pages of a list, one after the other, as long as there is a next one."""
        page = self.call(id, *path, **query)
        while True:
            yield page
            following = (page.get("links") or {}).get("next") if isinstance(page, dict) else None
            if following:
                headers = {one["key"]: one["value"] for one in following.get("headers", [])}
                page = self._authorized(following["method"], f"/v1{following['uri']}", headers).json()
            elif isinstance(page, dict) and page.get("@odata.nextLink"):
                page = self._authorized("GET", page["@odata.nextLink"], {}).json()
            else:
                return

    def sign_in(self, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Ask for a token with these fields, and keep it. Raises ApiRefused."""
        given = {"client_id": self.client_id, "scope": SCOPE, **fields}
        if self._secret:
            given["client_secret"] = self._secret
        answer = self._http.post(f"/{self.tenant}/oauth2/v2.0/token", data=given)
        told = _told(answer)
        if answer.status_code != httpx2.codes.OK:
            text = told.get("error_description", "") or told.get("error", "")
            raise ApiRefused(answer.status_code, None, text, "", [told.get("error", "")])
        self._token = told["access_token"]
        self._until = time.monotonic() + float(told["expires_in"]) - EARLY
        self.refresh_token = told.get("refresh_token") or self.refresh_token
        return told

    def start_device_sign_in(self) -> Mapping[str, Any]:
        """A code that a person types into a browser elsewhere. Raises ApiRefused."""
        fields = {"client_id": self.client_id, "scope": f"{SCOPE} offline_access"}
        answer = self._http.post(f"/{self.tenant}/oauth2/v2.0/devicecode", data=fields)
        told = _told(answer)
        if answer.status_code != httpx2.codes.OK:
            raise ApiRefused(
                answer.status_code, None, told.get("error_description", ""), "", [told.get("error", "")]
            )
        return told

    def _renew(self) -> None:
        if self.refresh_token:
            self.sign_in({"grant_type": "refresh_token", "refresh_token": self.refresh_token})
        else:
            self.sign_in({"grant_type": "client_credentials"})

    def _authorized(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> httpx2.Response:
        if time.monotonic() >= self._until:
            self._renew()
        given = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "X-Locale": self.language,
            "MS-RequestId": str(uuid.uuid4()),
            **headers,
        }
        answer = self._send(method, address, given, params=params, body=body)
        if answer.status_code >= httpx2.codes.BAD_REQUEST:
            raise _refused(answer)
        return answer

    def _send(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> httpx2.Response:
        def ask() -> httpx2.Response:
            answer = self._http.request(method, address, headers=headers, params=params, json=body)
            if answer.status_code in RETRIED:
                raise Busy(answer)
            return answer

        try:
            return stamina.RetryingCaller(attempts=ATTEMPTS, timeout=None)(_worth_it, ask)
        except Busy as busy:
            return busy.answer


def _told(answer: httpx2.Response) -> dict[str, Any]:
    """The answer's JSON; an address where no installation is answers something else."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        text = f"{answer.url.host} does not answer as an installation of Toiya"
        raise ApiRefused(answer.status_code, None, text, "", [])
    return told


def _refused(answer: httpx2.Response) -> ApiRefused:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    return ApiRefused(
        answer.status_code,
        told.get("code"),
        told.get("description") or told.get("message") or answer.reason_phrase,
        answer.headers.get("MS-RequestId", ""),
        told.get("data", []),
    )

"""``toiya customers list``: every operation of a remote installation from the command line."""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from toiya.client.document import Operation
from toiya.client.session import ApiRefused, Client
from toiya.client.tables import rows_of, sheet, table

KEEPER = "TOIYA_CREDENTIALS"
FROM_ENVIRONMENT = {
    "url": "TOIYA_API_URL",
    "tenant": "TOIYA_API_TENANT",
    "client_id": "TOIYA_CLIENT_ID",
    "client_secret": "TOIYA_CLIENT_SECRET",
    "refresh_token": "TOIYA_REFRESH_TOKEN",
}
OWN = ("login", "logout", "remote")
REFUSED, WRONG = 1, 2


class Wrong(Exception):
    """The command cannot be understood; the text says what would be."""


def credentials_file() -> Path:
    """Where signing in is remembered: for this user's eyes only."""
    given = os.environ.get(KEEPER)
    return Path(given) if given else Path.home() / ".config" / "toiya" / "credentials.json"


def main(arguments: Sequence[str]) -> int:
    """Carry the command out; the exit code: 0, 1 where the installation refused, 2 where it was not understood."""
    try:
        if arguments[0] == "login":
            return log_in(arguments[1:])
        if arguments[0] == "logout":
            credentials_file().unlink(missing_ok=True)
            print("Signed out.")
            return 0
        return speak(arguments[1:] if arguments[0] == "remote" else arguments)
    except ApiRefused as refused:
        number = f" {refused.code}" if refused.code else ""
        about = f" [{', '.join(refused.data)}]" if refused.data else ""
        print(f"refused ({refused.status}{number}): {refused.description}{about}", file=sys.stderr)
        if refused.request_id:
            print(f"request {refused.request_id}", file=sys.stderr)
        return REFUSED
    except httpx2.TransportError as error:
        print(f"no connection: {error}", file=sys.stderr)
        return REFUSED
    except Wrong as error:
        print(error, file=sys.stderr)
        return WRONG


# ---------------------------------------------------------------- signing in
def log_in(arguments: Sequence[str]) -> int:
    """Remember an installation and how to sign in there: with an application's secret, or as a person by a code."""
    given = argparse.ArgumentParser(prog="toiya login", description=log_in.__doc__)
    given.add_argument("url", help="the installation, like https://partners.example.com")
    given.add_argument("--tenant", default="organizations", help="the organization: its id or a domain of it")
    given.add_argument("--client-id", required=True, help="the application, from its registration")
    given.add_argument(
        "--as-person", action="store_true", help="sign in as a person, by a code in the browser"
    )
    options = given.parse_args(arguments)
    known = {"url": options.url, "tenant": options.tenant, "client_id": options.client_id}
    if options.as_person:
        with Client(**known) as client:
            known["refresh_token"] = _by_code(client)
    else:
        known["client_secret"] = _secret()
        with Client(**known) as client:
            client.sign_in({"grant_type": "client_credentials"})
    keep(known)
    print(f"Signed in at {options.url}.")
    return 0


def _secret() -> str:
    given = os.environ.get(FROM_ENVIRONMENT["client_secret"])
    if given:
        return given
    if sys.stdin.isatty():
        import getpass  # noqa: PLC0415  (only where somebody types)

        return getpass.getpass("Secret of the application: ")
    return sys.stdin.readline().strip()


def _by_code(client: Client) -> str:
    told = client.start_device_sign_in()
    print(told.get("message") or f"Open {told['verification_uri']} and type {told['user_code']}", flush=True)
    pause = float(told.get("interval", 5))
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": told["device_code"]}
    until = time.monotonic() + float(told.get("expires_in", 900))
    while time.monotonic() < until:
        time.sleep(pause)
        try:
            client.sign_in(grant)
        except ApiRefused as refused:
            if refused.data == ["slow_down"]:
                pause += 5
            elif refused.data != ["authorization_pending"]:
                raise
        else:
            return client.refresh_token
    raise Wrong("The code has expired; sign in again.")


def keep(known: Mapping[str, str]) -> None:
    """Write the file, readable by its owner alone."""
    file = credentials_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as target:
        json.dump(known, target)
    file.chmod(0o600)


def remembered() -> dict[str, str]:
    """What signing in has left, and what the environment says instead of it."""
    file = credentials_file()
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known |= {name: os.environ[place] for name, place in FROM_ENVIRONMENT.items() if os.environ.get(place)}
    if not known.get("url"):
        names = ", ".join(FROM_ENVIRONMENT.values())
        raise Wrong(f"Sign in first: toiya login URL --tenant … --client-id …, or set {names}.")
    return known


# ---------------------------------------------------------------- operations
def speak(arguments: Sequence[str]) -> int:
    """Call the operation that was named and show what it answers."""
    given = argparse.ArgumentParser(prog="toiya", add_help=False, allow_abbrev=False)
    given.add_argument("area", nargs="?", default="")
    given.add_argument("name", nargs="?", default="")
    given.add_argument("values", nargs="*")
    given.add_argument("--json", action="store_true", help="JSON, for programs")
    given.add_argument("--all", action="store_true", help="all pages of a list")
    given.add_argument("--columns", default="", help="which columns, by commas")
    given.add_argument("--body", default="", help="JSON, or @file, or - for standard input")
    given.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="one property of the body"
    )
    given.add_argument("--language", default="", help="en or ja")
    given.add_argument("--output", default="", help="write a file that the operation answers here")
    given.add_argument("-h", "--help", action="store_true")
    options, rest = given.parse_known_args(list(arguments))
    language = "ja-JP" if _is_japanese(options.language) else "en-US"
    with Client(**remembered(), language=language) as client:
        found = chosen(client, options.area, options.name, options.values)
        if isinstance(found, list) or options.help:
            print(overview(found if isinstance(found, list) else [found], given))
            return 0
        query = _query(found, rest)
        if options.all:
            answer = _together(list(client.pages(found.id, *options.values, **query)))
        else:
            answer = client.call(found.id, *options.values, body=_body(options), **query)
        _remember_refresh(client)
    show(answer, options)
    return 0


def _is_japanese(given: str) -> bool:
    return (given or os.environ.get("LANG", "")).lower().startswith("ja")


def _remember_refresh(client: Client) -> None:
    """A public client's refresh token is a new one after each use."""
    file = credentials_file()
    if client.refresh_token and file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        if known.get("refresh_token") not in {None, client.refresh_token}:
            keep({**known, "refresh_token": client.refresh_token})


def chosen(client: Client, area: str, name: str, values: Sequence[str]) -> Operation | list[Operation]:
    """The operation that is meant, or those that could be. Of two with the same name (orders of one customer, orders
    of all) it is the one that takes as many values; of two that do, the existing language's; ``own.customers`` is
    Toiya's.
    """
    is_own, wanted = area.startswith("own."), area.removeprefix("own.").replace("-", "_")
    built = [one for one in client.operations.values() if one.is_built]
    here = [one for one in built if one.area == wanted and (one.is_own or not is_own)]
    if not area:
        return built
    if not here:
        areas = ", ".join(sorted({one.area.replace("_", "-") for one in built}))
        raise Wrong(f"There is no “{area}” there. There are: {areas}.")
    if not name:
        return here
    named = [one for one in here if one.name == name.replace("-", "_")]
    fitting = [one for one in named if len(one.path_names) == len(values)]
    if fitting:
        return min(fitting, key=lambda one: one.is_own != is_own)
    if not named:
        names = ", ".join(sorted({one.name.replace("_", "-") for one in here}))
        raise Wrong(f"{area} has no “{name}”. It has: {names}.")
    needs = "; ".join(" ".join([area, name, *(f"<{each}>" for each in one.path_names)]) for one in named)
    raise Wrong(f"Say: toiya {needs}")


def overview(operations: Sequence[Operation], given: argparse.ArgumentParser) -> str:
    """What can be said, one line each; for one operation everything about it."""
    if len(operations) == 1:
        (one,) = operations
        options = "".join(f"\n  --{name} …" for name in one.query)
        body = "\n  --body or --set: see the reference at /docs/api" if one.reads_body else ""
        places = " ".join(f"<{name}>" for name in one.path_names)
        return f"toiya {one.area} {one.name} {places}\n\n{one.description}\n{options}{body}\n\n{given.format_help()}"
    lines = []
    for one in sorted(operations, key=lambda row: (row.area, row.name)):
        said = " ".join(
            [one.area.replace("_", "-"), one.name.replace("_", "-"), *(f"<{n}>" for n in one.path_names)]
        )
        lines.append(f"{said}\n    {one.summary}")
    return "\n".join(lines)


def _query(operation: Operation, rest: Sequence[str]) -> dict[str, str]:
    """``--size 5`` and ``--size=5``; names in any case, with hyphens, as the document has them."""
    known = {name.replace("_", "").replace("$", "").lower(): name for name in operation.query}
    found: dict[str, str] = {}
    pieces = list(rest)
    while pieces:
        piece = pieces.pop(0)
        if not piece.startswith("--"):
            raise Wrong(f"“{piece}” is one value too many for {operation.id}.")
        name, equals, value = piece.removeprefix("--").partition("=")
        wanted = known.get(name.replace("-", "").lower())
        if wanted is None:
            takes = ", ".join(f"--{each}" for each in operation.query) or "no options of its own"
            raise Wrong(f"{operation.id} has no --{name}; it takes {takes}.")
        if not equals and not pieces:
            raise Wrong(f"--{name} needs a value.")
        found[wanted] = value if equals else pieces.pop(0)
    return found


def _body(options: argparse.Namespace) -> Any:  # noqa: ANN401  (JSON)
    """The body that was given, with the single properties put in."""
    text = options.body
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise Wrong(f"The body cannot be read: {error}") from error
    try:
        body = json.loads(text) if text else None
    except ValueError as error:
        raise Wrong(f"The body is not JSON: {error}") from error
    for given in options.set:
        name, equals, value = given.partition("=")
        if not equals:
            raise Wrong(f"--set takes NAME=VALUE, not “{given}”.")
        body = _with(body or {}, name.split("."), value)
    return body


def _with(body: dict[str, Any], path: list[str], value: str) -> dict[str, Any]:
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    inner = body
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
    inner[path[-1]] = read
    return body


def _together(pages: Sequence[Any]) -> Any:  # noqa: ANN401  (JSON)
    """All pages as one list."""
    rows = [row for page in pages for row in rows_of(page) or []]
    return {"totalCount": len(rows), "items": rows}


def show(answer: Any, options: argparse.Namespace) -> None:  # noqa: ANN401  (JSON)
    """A table for people, JSON for programs, a file where the answer is one."""
    if isinstance(answer, bytes):
        if options.output:
            Path(options.output).write_bytes(answer)
        else:
            sys.stdout.buffer.write(answer)
        return
    if options.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    rows = rows_of(answer)
    if answer is None:
        print("Done.")
    elif rows is None:
        print(sheet(answer))
    elif not rows:
        print("Nothing.")
    else:
        columns = [name for name in options.columns.split(",") if name]
        print(table(rows, columns, room=shutil.get_terminal_size((160, 24)).columns))
        if not options.all and isinstance(answer, dict) and (answer.get("links") or {}).get("next"):
            print("… there are more: --all")

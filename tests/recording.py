"""Every POST of every story: what it changes stands in the activity log, written in the same transaction (G-37).

The stories fill in the forms of all routes with something sensible, which no generated form could; so the rule is
held over all of them: a transaction of a POST that changes a business table and writes no record fails the story.
Planted fault that this finds: any ``record(…)`` taken out of a use case that a page calls.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

import pytest
from django.db import connection, connections
from django.http.response import HttpResponseBase
from django.test.client import ClientHandler

Execute: TypeAlias = Callable[[str, Any, bool, dict[str, Any]], Any]
WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
BRACKET = re.compile(r'\s*(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\s+"?(\w+)', re.IGNORECASE)
LOG = "audit_auditrecord"
# What is no business of anybody: sessions and tokens, counted guesses, kept answers, mails (the record tells of their
# cause), the log itself. Who may have a token is recorded: applications, their secrets, and people letting them in.
BOOKKEEPING = re.compile(
    r"directory_session|toiya_cache|requests_limitcounter|membership_membershipsession|mail_outgoingmail|audit_"
    r"|requests_replay|tokens_(?:accesstoken|refreshtoken|authorizationcode|devicecode|signingkey)$"
)
EXCEPTIONS = {
    ("account_login", "directory_person"): "when somebody signed in last",
    ("mfa_authenticate", "directory_person"): "when somebody signed in last",
    ("mfa_authenticate", "mfa_authenticator"): "which step of a factor has been used",
    ("account_reauthenticate", "mfa_authenticator"): "which step of a factor has been used",
    (
        "customers:draft",
        "customers_relationshipinvitation",
    ): "words that nobody was sent yet; sending is recorded",
    ("catalogue:pin", "catalogue_pinnedproduct"): "a convenience of one's own",
    ("catalogue:unpin", "catalogue_pinnedproduct"): "a convenience of one's own",
    ("radar:digest", "subscriptions_renewaldigest"): "whether somebody wants a weekly mail to themself",
    **{
        (f"tokens:{route}", f"tokens_{table}"): "when a program came last"
        for route in ("token", "token_v1")
        for table in ("applicationsecret", "authorization")
    },
    ("fulfilment:call_back", "fulfilment_receivedcallback"): "what a vendor said stands in the task's calls",
    ("fulfilment:call_back", "fulfilment_taskcall"): "what a vendor said stands in the task's calls",
    ("fulfilment:call_back", "fulfilment_fulfilmenttask"): "what a vendor said stands in the task's calls",
}


@dataclass
class Noted:
    """The tables that the transactions of one request write."""

    outside: int  # the blocks in which the test itself stands
    open: list[str] = field(default_factory=list)
    written: list[list[tuple[int, str]]] = field(default_factory=list)
    latest: int | None = None

    def note(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: ANN401, FBT001
        result = execute(sql, params, many, context)
        text = str(sql)
        if bracket := BRACKET.match(text):
            self._bracket(bracket[1].upper(), bracket[2])
        elif write := WRITE.match(text):
            self._written(write[1].lower())
        return result

    def _written(self, table: str) -> None:
        blocks = connection.atomic_blocks
        transaction = id(blocks[self.outside]) if len(blocks) > self.outside else None
        if transaction is None or transaction != self.latest:
            self.written.append([])
        self.latest = transaction
        self.written[-1].append((len(self.open), table))

    def _bracket(self, word: str, name: str) -> None:
        if word == "SAVEPOINT":
            if len(connection.atomic_blocks) == self.outside:
                self.latest = None  # stands for the beginning of a transaction
            self.open.append(name)
            return
        depth = self.open.index(name) if name in self.open else 0
        if word.startswith("ROLLBACK") and self.written:
            self.written[-1] = [(at, table) for at, table in self.written[-1] if at <= depth]
        else:
            del self.open[depth:]

    def forget(self) -> None:
        """The transaction did not happen."""
        if self.written and self.latest is not None:
            self.written.pop()
        self.latest = None

    def unrecorded(self) -> set[str]:
        """Business tables that a transaction changed without a record."""
        return {
            table
            for transaction in self.written
            if LOG not in {table for _, table in transaction}
            for _, table in transaction
            if not BOOKKEEPING.match(table)
        }


POSTED: set[str] = set()  # routes at which a POST of a story was taken


def unposted(declared: Iterable[str]) -> list[str]:
    """Routes that change something and that no story has posted to: nothing held them to the rule."""
    return sorted(set(declared) - POSTED)


def watch_posts(patch: pytest.MonkeyPatch) -> None:
    """Every POST of a test's browser keeps the rule, or the test fails."""
    ask = ClientHandler.__call__

    def watched(self: ClientHandler, environ: dict[str, Any]) -> HttpResponseBase:
        if environ["REQUEST_METHOD"] != "POST":
            return ask(self, environ)
        noted = Noted(outside=len(connection.atomic_blocks))
        roll_back = connection.rollback

        def rolled_back() -> None:
            noted.forget()
            roll_back()

        with pytest.MonkeyPatch.context() as during, connection.execute_wrapper(noted.note):
            during.setattr(connections[connection.alias], "rollback", rolled_back)
            response = ask(self, environ)
        match = response.wsgi_request.resolver_match
        route = match.view_name if match else environ["PATH_INFO"]
        if response.status_code < HTTPStatus.BAD_REQUEST:
            POSTED.add(route)
        silent = {table for table in noted.unrecorded() if (route, table) not in EXCEPTIONS}
        assert not silent, (
            f"a POST to {route} changed {sorted(silent)} without a record in the same transaction"
        )
        return response

    patch.setattr(ClientHandler, "__call__", watched)

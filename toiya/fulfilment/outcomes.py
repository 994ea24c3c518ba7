"""What a call to another system came to, in the words that every connector shares (docs/connectors.md)."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from toiya.core.outbound import Answer, OutboundFailed, OutboundRefused
from toiya.fulfilment.models import CallKind, CallOutcome, Connector, FulfilmentTask, Trouble

LONGEST_SAID = 300
LONGEST_PAUSE = dt.timedelta(hours=1)
BUSY = frozenset({408, 425, 429})
NOT_LET_IN = frozenset({401, 403})
OK, CREATED, ACCEPTED = 200, 201, 202
NOT_FOUND, GONE, UNPROCESSABLE = 404, 410, 422
REDIRECTS, CLIENT_ERRORS, SERVER_ERRORS = range(300, 400), range(400, 500), range(500, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``reference``: what the system calls the thing; ``operation``: what it calls the work that it has begun;
    ``pause``: how long it asks to be left alone.
    """

    kind: CallKind
    outcome: CallOutcome
    trouble: Trouble = Trouble.NONE
    said: str = ""
    status: int | None = None
    reference: str = ""
    operation: str = ""
    pause: dt.timedelta | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """What a kind of connector has to know: to send a task, to ask whether it is done, to remove what a provisioning
    that was given up may have left, and to be tried out.
    """

    send: Callable[[Connector, FulfilmentTask], Outcome]
    ask: Callable[[Connector, FulfilmentTask], Outcome]
    clean_up: Callable[[Connector, FulfilmentTask], Outcome]
    try_out: Callable[[Connector], Outcome]


def without_answer(kind: CallKind, error: OutboundFailed | OutboundRefused) -> Outcome:
    """Nobody knows what happened there: the same call again, later."""
    trouble = Trouble.NOT_ALLOWED if isinstance(error, OutboundRefused) else Trouble.NO_ANSWER
    return Outcome(kind=kind, outcome=CallOutcome.AGAIN, trouble=trouble, said=str(error))


def not_done(kind: CallKind, answer: Answer) -> Outcome:
    """What every answer outside 2xx means, if the protocol has no meaning of its own for it.

    Who is not let in is tried again until the deadline: somebody may be changing the secret right now.
    """
    outcome, trouble = CallOutcome.AGAIN, Trouble.NOT_UNDERSTOOD
    if answer.status in SERVER_ERRORS:
        trouble = Trouble.SYSTEM_ERROR
    elif answer.status in BUSY:
        trouble = Trouble.BUSY
    elif answer.status in NOT_LET_IN:
        trouble = Trouble.NOT_LET_IN
    elif answer.status in CLIENT_ERRORS:
        outcome, trouble = CallOutcome.FAILED, Trouble.REFUSED
    return Outcome(
        kind=kind,
        outcome=outcome,
        trouble=trouble,
        said=words_of(answer),
        status=answer.status,
        pause=pause_of(answer),
    )


def done(kind: CallKind, answer: Answer, *, reference: str = "") -> Outcome:
    """It has happened."""
    return Outcome(kind=kind, outcome=CallOutcome.DONE, status=answer.status, reference=reference)


def accepted(kind: CallKind, answer: Answer, *, reference: str = "", operation: str = "") -> Outcome:
    """It will happen."""
    return Outcome(
        kind=kind,
        outcome=CallOutcome.ACCEPTED,
        status=answer.status,
        reference=reference,
        operation=operation,
        pause=pause_of(answer),
    )


def object_of(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a body; an empty one for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def text_in(values: Mapping[str, Any], *names: str) -> str:
    """The first of these members that is a text, short and on one line."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value.strip():
            return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())[
                :LONGEST_SAID
            ]
    return ""


def words_of(answer: Answer) -> str:
    """Why, in the system's own words, if it gave any in the member where they belong; never the answer itself."""
    return text_in(object_of(answer.body), "description", "error")


def pause_of(answer: Answer) -> dt.timedelta | None:
    """How many seconds the system asks for, an hour at most."""
    asked = answer.headers.get("retry-after", "")
    if not (asked.isascii() and asked.isdigit()):
        return None
    return min(dt.timedelta(seconds=int(asked[:6])), LONGEST_PAUSE)

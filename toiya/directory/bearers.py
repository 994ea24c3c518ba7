"""Whom a token of the API speaks for, read from the database at each call, never from claims."""

import uuid
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.errors import Refusal


@dataclass(frozen=True, slots=True)
class Bearer:
    """Somebody who may call the API now: an application in its own name, or in a person's."""

    actor: Actor
    application_id: uuid.UUID
    is_app_only: bool


class TokenRefused(Refusal):
    """There is no token, or none that is valid here."""

    code = "token_refused"
    status = 401
    message = _("The call needs a valid access token.")
    wire_code = 800001


def bearer_of(token: str, *, language: str) -> Bearer:
    """The bearer of the token. Raises TokenRefused."""
    del token, language
    raise TokenRefused

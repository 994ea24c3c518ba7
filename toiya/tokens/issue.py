"""Access tokens and ID tokens are written and signed here, and nowhere else.

What a token says about its bearer is for the program that holds it. Toiya itself reads from it only which row it
belongs to, and everything else from the database at each call (bearers.py).
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import jwt
from django.conf import settings
from django.db import transaction

from toiya.core.clock import real_now
from toiya.directory.models import Person
from toiya.tokens.keys import private_part, signing_key
from toiya.tokens.models import AccessToken, Application, ApplicationSecret, Authorization, SigningKey

ALGORITHM = "RS256"
ACCESS_LIFE = dt.timedelta(hours=1)
AUDIENCE = settings.ORIGIN


def issuer_of(tenant_id: uuid.UUID) -> str:
    """Who issued a token for an organisation, as its discovery documents say."""
    return f"{settings.ORIGIN}/{tenant_id}/v2.0"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token, and from when until when it works (real time)."""

    text: str
    issued_at: dt.datetime
    expires_at: dt.datetime


@transaction.atomic
def issue_app_token(application: Application, *, secret: ApplicationSecret | None = None) -> IssuedToken:
    """The program acts by itself, with its own roles. Whoever calls has seen the program prove itself.

    The token dies with the secret that was shown for it.
    """
    account = application.account
    assert account is not None, "only a confidential application acts by itself"  # noqa: S101
    claims: dict[str, object] = {
        "idtyp": "app",
        "oid": str(account.pk),
        "sub": str(account.pk),
        "roles": sorted(account.roles),
        "appidacr": "1",
    }
    return _issue(application, claims, secret=secret)


@transaction.atomic
def issue_user_token(authorization: Authorization) -> IssuedToken:
    """The program acts for a person who let it."""
    application, person = authorization.application, authorization.person
    claims: dict[str, object] = {
        **_about(person),
        "idtyp": "user",
        "scp": "user_impersonation",
        "upn": person.user_name,
        "unique_name": person.user_name,
        "amr": _methods(authorization),
        "appidacr": "1" if application.is_confidential else "0",
    }
    return _issue(application, claims, authorization=authorization)


def issue_id_token(
    authorization: Authorization, *, nonce: str = "", extra: dict[str, object] | None = None
) -> str:
    """Tells the program who signed in. It opens nothing: its audience is the program."""
    now = real_now()
    claims = {
        **_about(authorization.person),
        **_times(now, now + ACCESS_LIFE),
        "aud": str(authorization.application_id),
        "iss": issuer_of(authorization.tenant_id),
        "amr": _methods(authorization),
        "ver": "2.0",
        "auth_time": int((authorization.second_factor_at or authorization.at).timestamp()),
        **(extra or {}),
    }
    if nonce:
        claims["nonce"] = nonce
    return _signed(claims, signing_key())


def _about(person: Person) -> dict[str, object]:
    return {
        "oid": str(person.pk),
        "sub": str(person.pk),
        "tid": str(person.tenant_id),
        "name": person.name,
        "preferred_username": person.user_name,
    }


def _methods(authorization: Authorization) -> list[str]:
    return ["pwd", "mfa"] if authorization.second_factor_at else ["pwd"]


def _times(now: dt.datetime, until: dt.datetime) -> dict[str, object]:
    return {"iat": int(now.timestamp()), "nbf": int(now.timestamp()), "exp": int(until.timestamp())}


def _issue(
    application: Application,
    claims: dict[str, object],
    *,
    secret: ApplicationSecret | None = None,
    authorization: Authorization | None = None,
) -> IssuedToken:
    now, key = real_now().replace(microsecond=0), signing_key()
    row = AccessToken.objects.create(
        tenant_id=application.tenant_id,
        application=application,
        secret=secret,
        authorization=authorization,
        key=key,
        expires_at=now + ACCESS_LIFE,
    )
    text = _signed(
        {
            **claims,
            **_times(now, row.expires_at),
            "aud": AUDIENCE,
            "iss": issuer_of(application.tenant_id),
            "tid": str(application.tenant_id),
            "appid": str(application.pk),
            "azp": str(application.pk),
            "ver": "1.0",
            "jti": str(row.pk),
            "uti": str(row.pk),
        },
        key,
    )
    return IssuedToken(text, now, row.expires_at)


def _signed(claims: dict[str, object], key: SigningKey) -> str:
    return jwt.encode(claims, private_part(key.private), ALGORITHM, headers={"kid": str(key.pk)})

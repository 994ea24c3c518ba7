"""Who comes with a token: looked up at each call, in one statement, with the rights of this moment (I-20).

Of the token itself only the row that it names counts. That it was signed by our own key is remembered between calls,
because that never changes; whether it still opens anything is not.
"""

import datetime as dt
import functools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from django.db import connection

from toiya.core.actor import Actor
from toiya.core.clock import FamilyClock, real_now
from toiya.core.permissions import Capacity, Role
from toiya.tokens.errors import Reason, TokenRefused
from toiya.tokens.issue import ALGORITHM, AUDIENCE, issuer_of
from toiya.tokens.keys import public_part
from toiya.tokens.models import AccessToken

LONGEST = 8_000  # characters; ours have about a thousand
REMEMBERED = 4_096
PARTS = 3
SKEW = dt.timedelta(seconds=60)  # between the clocks of two servers


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who acts with a token, and through which program."""

    actor: Actor
    application_id: uuid.UUID
    is_app_only: bool


STATEMENT = """
SELECT t.application_id, t.authorization_id, t.expires_at, k.id, k.public,
       p.id, p.name, p.user_name,
       o.id, o.name, o.latin_name, f.id, f.clock_offset_seconds, f.clock_stopped_at,
       u.second_factor_at,
       a.disabled_at IS NULL AND a.unregistered_at IS NULL
         AND p.disabled_at IS NULL AND p.deleted_at IS NULL AND p.temporary_password_until IS NULL
         AND (u.id IS NULL OR (
           u.session_version = p.session_version AND (f.is_sandbox OR u.second_factor_at IS NOT NULL) AND (
             u.second_factor_at IS NULL
             OR EXISTS (SELECT 1 FROM mfa_authenticator m WHERE m.user_id = p.id AND m.type IN ('totp', 'webauthn'))
           ))),
       (SELECT {join}(r.role, ' ') FROM directory_roleassignment r WHERE r.person_id = p.id),
       (SELECT {join}(c.capacity, ' ') FROM directory_tenantcapacity c WHERE c.tenant_id = o.id),
       (SELECT {join}(s.capacity, ' ') FROM directory_suspension s
         WHERE s.tenant_id = o.id AND s.lifted_at IS NULL),
       f.is_sandbox
FROM tokens_accesstoken t
JOIN tokens_signingkey k ON k.id = t.key_id
JOIN tokens_application a ON a.id = t.application_id
LEFT JOIN tokens_authorization u ON u.id = t.authorization_id
JOIN directory_person p ON p.id = COALESCE(u.person_id, a.account_id)
JOIN directory_tenant o ON o.id = t.tenant_id
JOIN directory_family f ON f.id = o.family_id
WHERE t.id = %s
"""


def bearer_of(token: str, *, language: str) -> Bearer:
    """The actor of this moment. Raises TokenRefused with the reason."""
    if not token:
        raise TokenRefused(Reason.MISSING)
    header, claims = _read(token)
    if claims.get("aud") != AUDIENCE:
        raise TokenRefused(Reason.WRONG_AUDIENCE)
    row = _row(_jti(claims))
    if row is None:
        _must_be_unexpired(claims)
        raise TokenRefused(Reason.REVOKED)
    application_id, authorization_id, expires_at, key_id, public = row[:5]
    if header.get("kid") != str(_uuid(key_id)) or not _is_ours(token, public):
        raise TokenRefused(Reason.MALFORMED)
    _must_be_unexpired(claims, until=_instant(expires_at))
    bearer = _bearer(_uuid(application_id), authorization_id is None, row[5:], language)
    _must_match(claims, bearer)
    if not row[15]:
        raise TokenRefused(Reason.REVOKED)
    return bearer


def expiry_of(token: str) -> dt.datetime:
    """When a token ends that ``bearer_of`` has let in."""
    return dt.datetime.fromtimestamp(int(_unchecked(token)[1]["exp"]), dt.UTC)


@functools.lru_cache(maxsize=REMEMBERED)
def _unchecked(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims as they are written there; nothing is believed yet."""
    if len(token) > LONGEST or token.count(".") != PARTS - 1:
        raise TokenRefused(Reason.MALFORMED)
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise TokenRefused(Reason.MALFORMED) from error
    return parts["header"], parts["payload"]


def _read(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    header, claims = _unchecked(token)
    if header.get("alg") != ALGORITHM and claims.get("aud") == AUDIENCE:
        raise TokenRefused(Reason.MALFORMED)
    return header, claims


def _jti(claims: Mapping[str, Any]) -> uuid.UUID:
    try:
        found = uuid.UUID(claims["jti"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TokenRefused(Reason.MALFORMED) from error
    return found


@functools.lru_cache(maxsize=REMEMBERED)
def _is_ours(token: str, public: str) -> bool:
    """Whether this key signed exactly this text. Nothing else is checked here, and nothing else is remembered."""
    try:
        jwt.decode(
            token,
            public_part(public),
            algorithms=[ALGORITHM],
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except jwt.PyJWTError:
        return False
    return True


def _row(jti: uuid.UUID) -> tuple[Any, ...] | None:
    join = "string_agg" if connection.vendor == "postgresql" else "group_concat"
    with connection.cursor() as cursor:
        key = AccessToken._meta.pk.get_db_prep_value(jti, connection)
        cursor.execute(STATEMENT.format(join=join), [key])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _must_be_unexpired(claims: Mapping[str, Any], until: dt.datetime | None = None) -> None:
    now = real_now()
    try:
        begins, ends = (dt.datetime.fromtimestamp(int(claims[name]), dt.UTC) for name in ("nbf", "exp"))
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise TokenRefused(Reason.MALFORMED) from error
    if now >= min(ends, until or ends):
        raise TokenRefused(Reason.EXPIRED)
    if begins > now + SKEW:
        raise TokenRefused(Reason.MALFORMED)


def _must_match(claims: Mapping[str, Any], bearer: Bearer) -> None:
    """The token says what its row says; anything else was not written by issue.py."""
    tenant_id = bearer.actor.tenant_id
    said = [claims.get(name) for name in ("iss", "tid", "appid", "oid")]
    stands = [issuer_of(tenant_id), str(tenant_id), str(bearer.application_id), str(bearer.actor.person_id)]
    if said != stands:
        raise TokenRefused(Reason.MALFORMED)


def _bearer(application_id: uuid.UUID, is_app_only: bool, row: tuple[Any, ...], language: str) -> Bearer:  # noqa: FBT001
    person_id, name, user_name, tenant_id, tenant_name, latin_name, family_id, offset, stopped_at = row[:9]
    factor_at, _is_live, roles, capacities, suspended, in_sandbox = row[9:]
    held, stopped = _words(capacities), _words(suspended)
    actor = Actor(
        person_id=_uuid(person_id),
        name=name,
        user_name=user_name,
        tenant_id=_uuid(tenant_id),
        tenant_name=tenant_name,
        family_id=_uuid(family_id),
        roles=frozenset(map(Role, _words(roles))),
        capacities=frozenset(map(Capacity, held - stopped)),
        suspended=frozenset(map(Capacity, held & stopped)),
        now=FamilyClock(dt.timedelta(seconds=offset), _instant(stopped_at)).now(),
        language=language,
        second_factor_at=_instant(factor_at),
        tenant_latin_name=latin_name,
        application_id=application_id,
        in_sandbox=bool(in_sandbox),
    )
    return Bearer(actor, application_id, is_app_only)


def _words(joined: str | None) -> frozenset[str]:
    return frozenset((joined or "").split())


def _uuid(value: object) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def _instant(value: object) -> dt.datetime | None:
    """SQLite hands over an instant without its zone, which is always UTC."""
    if value is None:
        return None
    read = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)

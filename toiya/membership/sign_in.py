"""Sign-in to the membership site: own credentials, own cookie, own limits (S-015, S-028, S-029)."""

import datetime as dt
import functools
import hashlib
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from toiya.core.clock import real_now
from toiya.membership.errors import WrongCredentials
from toiya.membership.models import MembershipLogin, MembershipSession
from toiya.requests import limits

LIFETIME = dt.timedelta(minutes=30)
ATTEMPTS = 10
ATTEMPTS_PER = dt.timedelta(minutes=15)


@functools.cache
def _nobodys_password() -> str:
    """A hash to compare with when there is no such login, so that the answer takes as long."""
    return make_password(secrets.token_urlsafe())


def sign_in(*, user_name: str, password: str) -> str:
    """A new session; returns the token for the cookie, of which only the digest is stored.

    Raises WrongCredentials for a wrong password and for an unknown user name alike, TooManyAttempts for
    either. The attempt counts though nothing else is written, so this is not one transaction.
    """
    user_name = user_name.strip().lower()
    limits.take("membership-sign-in", user_name, limit=ATTEMPTS, per=ATTEMPTS_PER)
    login = MembershipLogin.objects.filter(user_name__iexact=user_name).first()
    if not check_password(password, login.password if login else _nobodys_password()) or login is None:
        raise WrongCredentials
    return _open_session(login)


@transaction.atomic
def _open_session(login: MembershipLogin) -> str:
    MembershipSession.objects.filter(login=login, expires_at__lte=real_now()).delete()
    token = secrets.token_urlsafe(32)
    MembershipSession.objects.create(
        token_digest=_digest(token), login=login, expires_at=real_now() + LIFETIME
    )
    return token


def login_of_session(token: str) -> MembershipLogin | None:
    """Who holds this session now; a session ends after 30 minutes of real time."""
    session = (
        MembershipSession.objects.filter(token_digest=_digest(token), expires_at__gt=real_now())
        .select_related("login")
        .first()
    )
    return session.login if session else None


@transaction.atomic
def sign_out(token: str) -> None:
    """The session is over at once, in every browser that holds its cookie."""
    MembershipSession.objects.filter(token_digest=_digest(token)).delete()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

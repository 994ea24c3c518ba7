"""People let programs act for them, and take it back; what programs hold because of it, and how they renew it.

Rules: G-18, T-20. Codes and device codes work once. A public application gets a new refresh token each time, and one
that comes back a second time ends everything that the sign-in led to. A confidential application keeps its refresh
token: it expires 90 days after its last use.
"""

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.directory.actors import bystander_for
from toiya.directory.factors import has_second_factor
from toiya.directory.models import Person
from toiya.directory.roles import PersonAct, may_change
from toiya.directory.sign_in import check_password
from toiya.requests import limits
from toiya.tokens.applications import password_flow_allowed
from toiya.tokens.errors import UnknownUserCode
from toiya.tokens.issue import IssuedToken, issue_user_token
from toiya.tokens.models import (
    Application,
    Authorization,
    AuthorizationCode,
    DeviceCode,
    Flow,
    RefreshToken,
)
from toiya.tokens.secrets import hash_of, new_secret

CODE_LIFE = dt.timedelta(minutes=5)
REFRESH_LIFE = dt.timedelta(days=90)
DEVICE_LIFE = dt.timedelta(minutes=15)
DEVICE_INTERVAL = 5
USER_CODE_TRIES = 10
WINDOW = dt.timedelta(minutes=15)
# Read from one screen and typed on another: no vowels, so no words; nothing that looks like something else.
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LENGTH = 9


@dataclass(frozen=True, slots=True)
class Handed:
    """What a program is handed for a person."""

    authorization: Authorization
    access: IssuedToken
    refresh: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the application must prove when it brings the code back (RFC 7636), and what it wants to see again."""

    code_challenge: str = ""
    method: str = ""
    nonce: str = ""


class AlreadySpent(Exception):
    """Somebody else was faster with the same code or token."""


# ---------------------------------------------------------------- a person lets a program in
@transaction.atomic
def let_application_in(actor: Actor, *, application: Application, scope: str) -> Authorization:
    """The person lets the program act for them. Raises PersonMissing, SecondFactorStale, NotVisible."""
    actor.must_be_here()
    if not Application.objects.visible_to(actor).live().filter(pk=application.pk).exists():
        raise NotVisible
    person = Person.objects.select_for_update(no_key=True).get(pk=actor.person_id)
    authorization = Authorization.objects.create(
        tenant_id=person.tenant_id,
        application=application,
        person=person,
        session_version=person.session_version,
        second_factor_at=actor.second_factor_at,
        scope=scope,
        at=actor.now,
    )
    record(
        actor,
        AuditAction.AUTHORIZE_APPLICATION,
        application,
        tenant_id=person.tenant_id,
        after={"application": application.name, "authorization": authorization.pk, "scope": scope},
    )
    return authorization


def code_for(authorization: Authorization, *, code: str, redirect_uri: str, challenge: Challenge) -> None:
    """The browser carries this code to the application; only its hash stays here."""
    AuthorizationCode.objects.create(
        tenant_id=authorization.tenant_id,
        authorization=authorization,
        hash=hash_of(code),
        redirect_uri=redirect_uri,
        challenge=challenge.code_challenge,
        challenge_method=challenge.method,
        nonce=challenge.nonce,
        expires_at=real_now() + CODE_LIFE,
    )


def standing(authorizations: QuerySet[Authorization]) -> QuerySet[Authorization]:
    """Those that still count: the person as then, active, and the application live (G-17)."""
    return authorizations.filter(
        Q(second_factor_at__isnull=False) | Q(tenant__family__is_sandbox=True),
        session_version=F("person__session_version"),
        person__disabled_at__isnull=True,
        person__deleted_at__isnull=True,
        application__disabled_at__isnull=True,
        application__unregistered_at__isnull=True,
    )


def acting_for(actor: Actor, person: Person) -> Sequence[Authorization]:
    """The programs that the person lets act for them now, the latest first."""
    own = Authorization.objects.filter(tenant_id=actor.tenant_id, person_id=person.pk)
    return list(standing(own).select_related("application").order_by("-at", "pk"))


def authorizations_of(actor: Actor, application: Application) -> Sequence[Authorization]:
    """Whom an application of the own organisation acts for now."""
    own = Authorization.objects.filter(tenant_id=actor.tenant_id, application_id=application.pk)
    return list(standing(own).select_related("person").order_by("person__name", "-at"))


@transaction.atomic
def end_authorization(actor: Actor, *, authorization_id: uuid.UUID) -> Authorization:
    """The program no longer acts for the person: by the person, or by somebody who could disable them or who manages
    applications. Raises NotVisible.
    """
    actor.must_be_here()
    found = Authorization.objects.filter(tenant_id=actor.tenant_id, pk=authorization_id)
    authorization = found.select_related("application", "person").first()
    if authorization is None or not _may_end(actor, authorization.person):
        raise NotVisible
    Authorization.objects.filter(pk=authorization.pk).delete()
    record(
        actor,
        AuditAction.END_AUTHORIZATION,
        authorization.application,
        tenant_id=authorization.tenant_id,
        before={"application": authorization.application.name, "authorization": authorization_id},
    )
    return authorization


def _may_end(actor: Actor, person: Person) -> bool:
    if person.pk == actor.person_id:
        return True
    return may_change(actor.roles, person.roles, PersonAct.DISABLE)


# ---------------------------------------------------------------- codes
def code_of(application: Application, code: str) -> AuthorizationCode | None:
    """The unspent code of this application. One that comes back a second time ends what it led to (T-20)."""
    of_application = AuthorizationCode.objects.filter(authorization__application=application)
    found = of_application.filter(hash=hash_of(code)).select_related("authorization").first()
    if found is None:
        return None
    if found.used_at is not None:
        forget(found.authorization)
        return None
    if found.expires_at <= real_now() or not _stands(found.authorization):
        return None
    return found


def _stands(authorization: Authorization) -> bool:
    if not standing(Authorization.objects.filter(pk=authorization.pk)).exists():
        return False
    if authorization.second_factor_at is None:
        return password_flow_allowed(authorization.tenant_id)
    return has_second_factor(authorization.person)


@transaction.atomic
def redeem_code(code: AuthorizationCode) -> Handed:
    """The code is spent, and the application gets its tokens. Raises AlreadySpent."""
    now = real_now()
    if not AuthorizationCode.objects.filter(pk=code.pk, used_at__isnull=True).update(used_at=now):
        raise AlreadySpent
    return hand(code.authorization)


def hand(authorization: Authorization) -> Handed:
    refresh = new_secret()
    RefreshToken.objects.create(
        tenant_id=authorization.tenant_id,
        authorization=authorization,
        hash=hash_of(refresh),
        expires_at=real_now() + REFRESH_LIFE,
    )
    return Handed(authorization, issue_user_token(authorization), refresh)


@transaction.atomic
def forget(authorization: Authorization) -> None:
    """Something was used twice that works once: whoever used it, everything it led to ends."""
    gone, _each = Authorization.objects.filter(pk=authorization.pk).delete()
    if gone:
        record(
            bystander_for(authorization.tenant, kind="worker"),
            AuditAction.END_AUTHORIZATION,
            authorization.application,
            tenant_id=authorization.tenant_id,
            before={"application": authorization.application.name, "authorization": authorization.pk},
        )


# ---------------------------------------------------------------- refresh tokens
def refresh_token_of(application: Application, text: str) -> RefreshToken | None:
    """The live refresh token of this application; a replaced one ends the whole family (G-18)."""
    of_application = RefreshToken.objects.filter(authorization__application=application)
    found = of_application.filter(hash=hash_of(text)).select_related("authorization").first()
    if found is None:
        return None
    if found.replaced_at is not None:
        forget(found.authorization)
        return None
    if found.expires_at <= real_now() or not _stands(found.authorization):
        return None
    return found


@transaction.atomic
def renew(token: RefreshToken, text: str) -> Handed:
    """Another access token. A public application also gets another refresh token. Raises AlreadySpent."""
    now, authorization = real_now(), token.authorization
    Authorization.objects.filter(pk=authorization.pk).update(last_used_at=now)
    mine = RefreshToken.objects.filter(pk=token.pk, replaced_at__isnull=True)
    if not authorization.application.is_confidential:
        if not mine.update(replaced_at=now):
            raise AlreadySpent
        return hand(authorization)
    if not mine.update(expires_at=now + REFRESH_LIFE):
        raise AlreadySpent
    return Handed(authorization, issue_user_token(authorization), text)


# ---------------------------------------------------------------- programs without a browser
@dataclass(frozen=True, slots=True)
class StartedDevice:
    """The long code that the program keeps, and the short one that a person types elsewhere."""

    device_code: str
    user_code: str


@transaction.atomic
def start_device(application: Application, *, scope: str) -> StartedDevice:
    """A program without a browser waits for a person."""
    device, user = new_secret(), "".join(secrets.choice(USER_CODE_LETTERS) for _ in range(USER_CODE_LENGTH))
    DeviceCode.objects.create(
        tenant_id=application.tenant_id,
        application=application,
        hash=hash_of(device),
        user_code_hash=hash_of(user),
        scope=scope,
        expires_at=real_now() + DEVICE_LIFE,
        interval_seconds=DEVICE_INTERVAL,
    )
    return StartedDevice(device, user)


def waiting_device(actor: Actor, user_code: str) -> DeviceCode:
    """The program that shows this code to a person of its own organisation. Raises UnknownUserCode, and
    TooManyAttempts after ten wrong ones; not one transaction, so that a wrong one stays counted.
    """
    typed = "".join(char for char in user_code.upper() if char in USER_CODE_LETTERS)
    limits.take("user code", str(actor.person_id), limit=USER_CODE_TRIES, per=WINDOW)
    waiting = DeviceCode.objects.filter(
        tenant_id=actor.tenant_id,
        user_code_hash=hash_of(typed),
        expires_at__gt=real_now(),
        authorization__isnull=True,
        declined_at__isnull=True,
        application__in=Application.objects.live(),
    )
    found = waiting.select_related("application").first()
    if found is None:
        raise UnknownUserCode(field="code")
    limits.give_back("user code", str(actor.person_id), per=WINDOW)
    return found


@transaction.atomic
def approve_device(actor: Actor, *, device: DeviceCode) -> None:
    """The waiting program may act for the person. Raises UnknownUserCode where somebody has answered before."""
    authorization = let_application_in(actor, application=device.application, scope=device.scope)
    open_ones = DeviceCode.objects.filter(
        pk=device.pk,
        tenant_id=actor.tenant_id,
        authorization__isnull=True,
        declined_at__isnull=True,
        expires_at__gt=real_now(),
    )
    if not open_ones.update(authorization=authorization):
        raise UnknownUserCode(field="code")


@transaction.atomic
def decline_device(actor: Actor, *, device: DeviceCode) -> None:
    """The waiting program is told no."""
    DeviceCode.objects.filter(
        pk=device.pk, tenant_id=actor.tenant_id, authorization__isnull=True, declined_at__isnull=True
    ).update(declined_at=real_now())


@transaction.atomic
def poll_device(application: Application, code: str) -> tuple[str, DeviceCode | None]:
    """How far it has come, in the words of RFC 8628; ``authorized`` comes with the row. Impatience costs time."""
    now = real_now()
    mine = DeviceCode.objects.select_for_update(of=("self",)).filter(application=application)
    device = mine.filter(hash=hash_of(code)).select_related("authorization").first()
    if device is None:
        return "unknown", None
    if device.expires_at <= now:
        return "expired_token", None
    if device.declined_at is not None:
        return "access_denied", None
    if device.authorization is not None:
        return ("authorized", device) if _stands(device.authorization) else ("access_denied", None)
    is_hasty = device.polled_at and now - device.polled_at < dt.timedelta(seconds=device.interval_seconds - 1)
    DeviceCode.objects.filter(pk=device.pk).update(
        polled_at=now, interval_seconds=F("interval_seconds") + (DEVICE_INTERVAL if is_hasty else 0)
    )
    return ("slow_down" if is_hasty else "authorization_pending"), None


@transaction.atomic
def redeem_device(device: DeviceCode) -> Handed:
    """The waiting program gets its tokens, once. Raises AlreadySpent."""
    gone, _each = DeviceCode.objects.filter(pk=device.pk).delete()
    if not gone or device.authorization is None:
        raise AlreadySpent
    return hand(device.authorization)


# ---------------------------------------------------------------- name and password, in a sandbox
def person_by_password(application: Application, user_name: str, password: str) -> Person | None:
    """The person of the application's own sandbox; never with a temporary password (G-19), never in production."""
    if Flow.PASSWORD not in application.flows or not password_flow_allowed(application.tenant_id):
        return None
    person = check_password(user_name, password)
    if person is None or person.tenant_id != application.tenant_id or person.must_change_password:
        return None
    return person


@transaction.atomic
def hand_by_password(application: Application, person: Person) -> Handed:
    """Tokens that know of no second factor; they open a sandbox only."""
    authorization = Authorization.objects.create(
        tenant_id=person.tenant_id,
        application=application,
        person=person,
        session_version=person.session_version,
        second_factor_at=None,
        scope="user_impersonation",
        at=person.tenant.family.clock.now(),
    )
    record(
        bystander_for(person.tenant, kind="self_service"),
        AuditAction.AUTHORIZE_APPLICATION,
        application,
        tenant_id=person.tenant_id,
        after={"application": application.name, "authorization": authorization.pk},
    )
    return hand(authorization)

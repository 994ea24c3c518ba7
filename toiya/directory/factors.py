"""Second factors: authenticator app, passkeys, recovery codes."""

import datetime as dt
import unicodedata
from collections.abc import Iterator

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible, Refusal
from toiya.directory.factor_secrets import decrypt, encrypt
from toiya.directory.models import Person
from toiya.mail import outbox
from toiya.requests import limits

CODE_CHECKS = 5
WINDOW = dt.timedelta(minutes=15)
STEP_SECONDS = 30
DRIFT = 1  # steps that the clock of a phone may be wrong
Kind = Authenticator.Type


class WrongCode(Refusal):
    """The code is wrong, expired, or was used before."""

    code = "wrong_code"
    message = _("This code is not right, or has been used already. Enter the code that the app shows now.")


class LastFactor(Refusal):
    """Nobody works without a second factor (G-14)."""

    code = "last_factor"
    message = _("This is your only second factor. Add another one first.")


class AppExists(Refusal):
    """There is one authenticator app per person."""

    code = "app_exists"
    message = _("An authenticator app is set up already. Remove it first.")


def factors_of(person: Person) -> list[Authenticator]:
    """The person's factors, recovery codes among them."""
    return list(Authenticator.objects.filter(user=person).order_by("pk"))


def has_second_factor(person: Person) -> bool:
    """Whether the person has an app or a passkey."""
    return bool(Authenticator.objects.filter(user=person, type__in=(Kind.TOTP, Kind.WEBAUTHN)).exists())


def new_secret() -> str:
    """A fresh seed for an authenticator app."""
    secret: str = generate_totp_secret()
    return secret


def limit_attempts(person: Person) -> None:
    """Five wrong second factors per 15 minutes (G-15); raises TooManyAttempts."""
    limits.take("second factor", str(person.pk), limit=CODE_CHECKS, per=WINDOW)


def forgive_attempt(person: Person) -> None:
    """The factor was right: it does not count."""
    limits.give_back("second factor", str(person.pk), per=WINDOW)


def check_code(person: Person, code: str) -> Authenticator:
    """The factor that this code belongs to; spends the code (T-20). Raises WrongCode and TooManyAttempts.

    Not one transaction: a refused try must stay counted.
    """
    limit_attempts(person)
    typed = unicodedata.normalize("NFKC", code)
    with transaction.atomic():
        factor = next((factor for factor in _locked(person) if _accepts(factor, typed)), None)
    if factor is None:
        raise WrongCode(field="code")
    forgive_attempt(person)
    return factor


def _locked(person: Person) -> Iterator[Authenticator]:
    factors = Authenticator.objects.select_for_update().filter(user=person).exclude(type=Kind.WEBAUTHN)
    yield from factors.order_by("-type")


def _accepts(factor: Authenticator, code: str) -> bool:
    if factor.type == Kind.RECOVERY_CODES:
        return bool(factor.wrap().validate_code(code))
    step = _matching_step(decrypt(factor.data["secret"]), code, after=factor.data.get("used_step", 0))
    if step is None:
        return False
    factor.data["used_step"] = step
    factor.save(update_fields=["data"])
    return True


def _matching_step(secret: str, code: str, *, after: int = 0) -> int | None:
    """The time step whose code this is: the present one or a neighbour, and later than the last one used."""
    now = _present_step()
    for step in range(max(now - DRIFT, after + 1), now + DRIFT + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


def _present_step() -> int:
    return int(real_now().timestamp()) // STEP_SECONDS


def current_code(person: Person) -> str | None:
    """The code that the person's app shows now, or the next one when that is spent; demo mode only."""
    if not settings.SHOWS_CODES:
        return None
    factor = Authenticator.objects.filter(user=person, type=Kind.TOTP).first()
    if factor is None:
        return None
    used = factor.data.get("used_step", 0)
    step = min(max(_present_step(), used + 1), _present_step() + DRIFT)
    code: str = format_hotp_value(hotp_value(decrypt(factor.data["secret"]), step))
    return code


def enrol_totp(person: Person, secret: str) -> None:
    """The person has this authenticator app already (seeding, imports); recovery codes come with it."""
    Authenticator.objects.create(
        user=person, type=Kind.TOTP, data={"secret": encrypt(secret)}, created_at=real_now()
    )
    RecoveryCodes.activate(person)


@transaction.atomic
def activate_totp(actor: Actor, *, secret: str, code: str) -> list[str]:
    """The person proves that the app shows the right codes; answers with the first recovery codes, else none.

    Raises WrongCode, AppExists.
    """
    person: Person = Person.objects.select_for_update().get(pk=actor.person_id)
    if Authenticator.objects.filter(user=person, type=Kind.TOTP).exists():
        raise AppExists
    step = _matching_step(secret, unicodedata.normalize("NFKC", code))
    if step is None:
        raise WrongCode(field="code")
    return _add(actor, person, Kind.TOTP, {"secret": encrypt(secret), "used_step": step})


@transaction.atomic
def add_passkey(actor: Actor, *, name: str, credential: dict[str, object]) -> list[str]:
    """A passkey or security key, checked by the door; answers with the first recovery codes, else none."""
    person: Person = Person.objects.select_for_update().get(pk=actor.person_id)
    return _add(actor, person, Kind.WEBAUTHN, {"name": name, "credential": credential})


def _add(actor: Actor, person: Person, kind: str, data: dict[str, object]) -> list[str]:
    factor = Authenticator.objects.create(user=person, type=kind, data=data, created_at=real_now())
    is_first = not Authenticator.objects.filter(user=person, type=Kind.RECOVERY_CODES).exists()
    codes: list[str] = RecoveryCodes.activate(person).get_unused_codes() if is_first else []
    _changed(actor, person, AuditAction.ADD_SECOND_FACTOR, factor)
    return codes


@transaction.atomic
def remove_factor(actor: Actor, *, factor_id: int) -> Person:
    """The person gives up an app or a passkey; one must remain. Raises LastFactor, NotVisible."""
    actor.must_be_here()
    person: Person = Person.objects.select_for_update().get(pk=actor.person_id)
    strong = Authenticator.objects.filter(user=person, type__in=(Kind.TOTP, Kind.WEBAUTHN))
    factor = strong.filter(pk=factor_id).first()
    if factor is None:
        raise NotVisible
    if strong.count() == 1:
        raise LastFactor
    _changed(actor, person, AuditAction.REMOVE_SECOND_FACTOR, factor)
    factor.delete()
    return person


@transaction.atomic
def renew_recovery_codes(actor: Actor) -> list[str]:
    """New recovery codes; the old ones are dead."""
    actor.must_be_here()
    person: Person = Person.objects.select_for_update().get(pk=actor.person_id)
    Authenticator.objects.filter(user=person, type=Kind.RECOVERY_CODES).delete()
    codes = RecoveryCodes.activate(person)
    _changed(actor, person, AuditAction.ADD_SECOND_FACTOR, codes.instance)
    renewed: list[str] = codes.get_unused_codes()
    return renewed


def _changed(actor: Actor, person: Person, action: AuditAction, factor: Authenticator) -> None:
    """Every other session of the person ends (G-17), the log knows, and the person is told by mail."""
    person.session_version += 1
    person.save(update_fields=["session_version"])
    record(actor, action, person, tenant_id=person.tenant_id, after={"kind": factor.type})
    message = "factor_added" if action is AuditAction.ADD_SECOND_FACTOR else "factor_removed"
    outbox.post(
        actor,
        f"directory/{message}",
        to=person.contact_email,
        language=person.language,
        subject_id=person.pk,
        context={"name": person.name, "user_name": person.user_name, "at": actor.now.isoformat()},
    )


def forget_factors(person: Person) -> list[str]:
    """Takes all factors away and answers with their kinds; the caller has checked, and records it."""
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted(factors.values_list("type", flat=True))
    factors.delete()
    return kinds

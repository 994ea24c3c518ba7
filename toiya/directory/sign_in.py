"""Passwords: checking them a limited number of times, temporary ones, changing one's own."""

import datetime as dt
import secrets

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import Refusal
from toiya.directory.models import Person
from toiya.mail import outbox
from toiya.requests import limits

PASSWORD_CHECKS = 10
WINDOW = dt.timedelta(minutes=15)
TEMPORARY_PASSWORD_LIFE = dt.timedelta(hours=24)
# No 0 O 1 I l: the password is read from one screen and typed into another.
READABLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
GROUPS, GROUP_LENGTH = 4, 4
LONGEST_PASSWORD = 256


class WrongPassword(Refusal):
    """The present password was not given."""

    code = "wrong_password"
    message = _("This is not your present password.")


class WeakPassword(Refusal):
    """The new password breaks a rule for passwords."""

    code = "weak_password"


def check_password(user_name: str, password: str) -> Person | None:
    """The active person with this user name and password; at most ten wrong tries per 15 minutes (G-15).

    Counted by the name that was typed, so that an unknown name is refused in the same words and at the same
    count as a known one (T-38). Not one transaction: a refused try must stay counted.
    """
    name = user_name.strip().lower()
    limits.take("password", name, limit=PASSWORD_CHECKS, per=WINDOW)
    person: Person | None = Person.objects.filter(user_name=name).first()
    # An unknown name costs the same time as a known one.
    is_right = (person or _nobody()).check_password(password)
    if person is None or not is_right or not person.is_active or not _is_usable(person):
        return None
    limits.give_back("password", name, per=WINDOW)
    return person


def _nobody() -> Person:
    # Django hashes once for an unusable password too.
    return Person(password=make_password(None))


def _is_usable(person: Person) -> bool:
    """A temporary password opens one session within 24 hours of real time (G-19)."""
    until = person.temporary_password_until
    return until is None or (person.temporary_password_used_at is None and real_now() < until)


def begin_session(person: Person) -> bool:
    """The sign-in is complete; spends a temporary password. False when it was spent meanwhile."""
    if person.temporary_password_until is None:
        return True
    unspent = Person.objects.filter(
        pk=person.pk, temporary_password_used_at__isnull=True, temporary_password_until__gt=real_now()
    )
    return bool(unspent.update(temporary_password_used_at=real_now()))


def set_temporary_password(person: Person, *, chosen: str | None = None) -> str:
    """A password for one sign-in within 24 hours; only its hash stays (S-054). The caller saves.

    A random one, unless whoever opens the account chose it. Raises WeakPassword.
    """
    if chosen is not None:
        _must_be_strong(chosen, person)
    groups = ("".join(secrets.choice(READABLE) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    password = "-".join(groups) if chosen is None else chosen
    person.set_password(password)
    person.temporary_password_until = real_now() + TEMPORARY_PASSWORD_LIFE
    person.temporary_password_used_at = None
    return password


def _must_be_strong(password: str, person: Person) -> None:
    if len(password) > LONGEST_PASSWORD:
        too_long = gettext("A password has at most %(limit)s characters.") % {"limit": LONGEST_PASSWORD}
        raise WeakPassword(too_long, field="new")
    try:
        validate_password(password, person)
    except ValidationError as problem:
        raise WeakPassword(" ".join(problem.messages), field="new") from problem


@transaction.atomic
def change_password(actor: Actor, *, new: str) -> Person:
    """The person chooses a new password; the old one, temporary or not, is dead (S-056). Raises WeakPassword.

    The door has asked for the present password before (``confirm_password``), outside this transaction.
    """
    person: Person = Person.objects.select_for_update().get(pk=actor.person_id)
    if person.check_password(new):
        raise WeakPassword(_("The new password must differ from the present one."), field="new")
    _must_be_strong(new, person)
    person.set_password(new)
    person.temporary_password_until = None
    person.temporary_password_used_at = None
    person.session_version += 1
    person.save(
        update_fields=[
            "password",
            "temporary_password_until",
            "temporary_password_used_at",
            "session_version",
        ]
    )
    record(actor, AuditAction.CHANGE_PASSWORD, person, tenant_id=person.tenant_id)
    outbox.post(
        actor,
        "directory/password_changed",
        to=person.contact_email,
        language=person.language,
        subject_id=person.pk,
        context={"name": person.name, "user_name": person.user_name, "at": actor.now.isoformat()},
    )
    return person


def confirm_password(person: Person, password: str) -> None:
    """The present password, before it is changed. Raises WrongPassword; TooManyAttempts after ten."""
    limits.take("password", person.user_name, limit=PASSWORD_CHECKS, per=WINDOW)
    if not person.check_password(password):
        raise WrongPassword(field="present")
    limits.give_back("password", person.user_name, per=WINDOW)

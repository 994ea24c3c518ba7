"""[今すぐ登録する]: the answers become an immutable submission with a reference; the contact is asked."""

import hashlib
import secrets
from collections.abc import Mapping

import rfc8785
from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.enrolment.agreements import accept_agreement
from toiya.enrolment.details import DETAILS, Section, as_kept, problems_in
from toiya.enrolment.drafts import EDITABLE, editable, must_not_be_enrolled, problems_of
from toiya.enrolment.errors import IncompleteDetails, SeenAnotherVersion
from toiya.enrolment.models import AgreementAcceptance, Application, State, Submission
from toiya.enrolment.profiles import must_be_choosable
from toiya.enrolment.status import move, review_days
from toiya.enrolment.verification import is_contact_verified, send_verification, waiting_for_contact
from toiya.programme.models import AgreementKind

# Without letters and digits that look alike when somebody reads the number out.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
REFERENCE_LETTERS = 6


@transaction.atomic
def submit_application(
    actor: Actor, *, application: Application, seen_version: int, agreement_version: int | None
) -> Submission:
    """Submit what the applicant saw on the review page (S-037). The contact hears of it, then must confirm.

    A contact who has confirmed this very address before is not asked again. Raises IncompleteDetails,
    SeenAnotherVersion, AgreementMissing, AgreementChanged, and what ``must_be_choosable`` raises.
    """
    actor.must(Permission.ENROL)
    must_not_be_enrolled(actor)
    application = editable(application)
    problems = [problem for section in problems_of(application).values() for problem in section.items()]
    if application.profile is None or problems:
        raise IncompleteDetails(dict(problems))
    must_be_choosable(application.profile, application.tenant)
    if application.version != seen_version:
        raise SeenAnotherVersion
    accept_agreement(actor, version=agreement_version)
    Application.objects.filter(pk=application.pk).update(
        reference=application.reference or new_reference(actor),
        submitted_at=actor.now,
        applicant_id=actor.person_id,
    )
    application.refresh_from_db()
    submission = take_snapshot(actor, application)
    already_verified = is_contact_verified(application)
    move(
        actor,
        application,
        allowed=EDITABLE,
        to=State.UNDER_REVIEW if already_verified else State.EMAIL_PENDING,
        message="received",
        facts={"must_confirm": 0 if already_verified else 1, **review_days()},
    )
    if not already_verified:
        send_verification(actor, application)
    record(
        actor,
        AuditAction.SUBMIT_ENROLLMENT,
        application,
        tenant_id=actor.tenant_id,
        after={"reference": application.reference, "number": submission.number, "digest": submission.digest},
    )
    return submission


def new_reference(actor: Actor) -> str:
    """A number to quote, like ER-2026-7KQ4MX: random, so that it tells nothing about how many applied."""
    while True:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LETTERS))
        reference = f"ER-{actor.now.year}-{letters}"
        if not Application.objects.filter(reference=reference).exists():
            return reference


def take_snapshot(actor: Actor, application: Application) -> Submission:
    """Everything the reviewer judges, word for word, and what the applicant changed (S-036)."""
    content = _content(actor, application)
    changes = {
        name: {"before": application.prefilled[name], "after": getattr(application, name)}
        for name in DETAILS
        if name in application.prefilled and application.prefilled[name] != getattr(application, name)
    }
    number = application.submissions.count() + 1
    return Submission.objects.create(
        tenant_id=application.tenant_id,
        application=application,
        number=number,
        content=content,
        changes=changes,
        digest=submission_digest(number, content, changes),
        submitted_at=actor.now,
    )


def submission_digest(number: int, content: Mapping[str, object], changes: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON (RFC 8785) of a submission."""
    whole = {"number": number, "content": content, "changes": changes}
    return hashlib.sha256(rfc8785.dumps(whole)).hexdigest()  # type: ignore[arg-type]


def _content(actor: Actor, application: Application) -> dict[str, object]:
    profile = application.profile
    accepted = (
        AgreementAcceptance.objects.filter(
            tenant_id=application.tenant_id, agreement__kind=AgreementKind.RESELLER
        )
        .select_related("agreement")
        .order_by("-agreement__version")
        .first()
    )
    return {
        **{name: getattr(application, name) for name in DETAILS},
        "reference": application.reference,
        "tenant": application.tenant.name,
        "domain": application.tenant.domain,
        "country": application.tenant.country_id,
        "applicant": actor.name,
        "applicant_user_name": actor.user_name,
        "membership_id": profile.membership_id if profile else "",
        "membership_name": profile.name if profile else "",
        "agreement_version": accepted.agreement.version if accepted else None,
    }


@transaction.atomic
def correct_contact(actor: Actor, *, application: Application, values: Mapping[str, str]) -> Submission:
    """A wrong primary contact is put right while nobody has answered: old links die, the new one is asked.

    What was submitted stays as it was: the correction is a submission of its own.
    """
    actor.must(Permission.ENROL)
    application = waiting_for_contact(application)
    kept = as_kept(Section.CONTACT, values, application.tenant.country_id)
    if problems := problems_in(Section.CONTACT, kept, application.tenant.country_id):
        raise IncompleteDetails(problems)
    before = {name: getattr(application, name) for name in Section.CONTACT.value}
    Application.objects.filter(pk=application.pk).update(**kept, version=F("version") + 1)
    application.refresh_from_db()
    submission = take_snapshot(actor, application)
    send_verification(actor, application)
    record(
        actor,
        AuditAction.UPDATE_ENROLLMENT,
        application,
        tenant_id=actor.tenant_id,
        before={name: value for name, value in before.items() if kept[name] != value},
        after={name: value for name, value in kept.items() if before[name] != value},
    )
    return submission

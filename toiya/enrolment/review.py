"""The operator's review of an application: checks with evidence, questions, and the decision."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Person
from toiya.enrolment.approval import make_reseller
from toiya.enrolment.errors import (
    ChecksMissing,
    ContactNotVerified,
    OwnApplication,
    ReasonMissing,
    StateChanged,
)
from toiya.enrolment.models import Application, Check, CheckKind, State, StatusChange
from toiya.enrolment.profiles import must_be_choosable
from toiya.enrolment.status import move
from toiya.enrolment.verification import is_contact_verified, is_denied

REVIEWED = (State.UNDER_REVIEW,)
UNDECIDED = (State.EMAIL_PENDING, State.UNDER_REVIEW, State.MORE_INFORMATION)


@transaction.atomic
def record_check(
    actor: Actor, *, application: Application, kind: CheckKind, passed: bool, evidence: str
) -> Check:
    """One of the two checks is decided, with what the decision rests on (S-018)."""
    application = _open_for_review(actor, application)
    _must_be_reachable(application)
    evidence = _something(evidence, field="evidence")
    submission = application.submissions.latest("number")
    earlier = application.checks.filter(kind=kind).first()
    check, _created = Check.objects.update_or_create(
        application=application,
        kind=kind,
        defaults={
            "tenant_id": application.tenant_id,
            "passed": passed,
            "evidence": evidence,
            "reviewer_id": actor.person_id,
            "submission_number": submission.number,
            "at": actor.now,
        },
    )
    Application.objects.filter(pk=application.pk).update(version=F("version") + 1)
    record(
        actor,
        AuditAction.RECORD_CHECK,
        check,
        tenant_id=application.tenant_id,
        counterparty_id=actor.tenant_id,
        before={"kind": kind, "passed": earlier.passed} if earlier else {},
        after={"kind": kind, "passed": passed, "evidence": evidence},
    )
    return check


def checks_in_force(application: Application) -> Sequence[Check]:
    """The decisions about the present submission; those about an earlier one no longer count."""
    latest = application.submissions.count()
    return list(
        application.checks.filter(submission_number=latest).select_related("reviewer").order_by("kind")
    )


@transaction.atomic
def request_information(actor: Actor, *, application: Application, question: str) -> StatusChange:
    """The form goes back to the applicant with a question (Q-20); also the way on after a denial."""
    application = _open_for_review(actor, application)
    allowed = (State.EMAIL_PENDING,) if is_denied(application) else REVIEWED
    question = _something(question, field="question")
    change = move(
        actor,
        application,
        allowed=allowed,
        to=State.MORE_INFORMATION,
        message="more_information",
        note=question,
        reviewer=_reviewer(actor),
        facts={"question_text": question},
    )
    _record(actor, AuditAction.REQUEST_INFORMATION, application, question=question)
    return change


@transaction.atomic
def approve_application(actor: Actor, *, application: Application, note: str = "") -> StatusChange:
    """The company becomes an indirect reseller, and its primary contact is told (S-020, S-032, S-079).

    Impossible before the contact confirmed (S-042) and before both checks passed (S-018).
    """
    application = _open_for_review(actor, application)
    _must_be_reachable(application)
    _must_have_passed(application)
    profile = application.profile
    if profile is None:
        raise ChecksMissing(missing=str(CheckKind.ORGANIZATION.label))
    must_be_choosable(profile, application.tenant)
    change = move(
        actor,
        application,
        allowed=REVIEWED,
        to=State.APPROVED,
        message="approved",
        note=note.strip(),
        reviewer=_reviewer(actor),
        facts={"membership_id": profile.membership_id, "note": note.strip()},
    )
    imported = make_reseller(actor, application, profile)
    _record(
        actor,
        AuditAction.APPROVE_ENROLLMENT,
        application,
        membership_id=profile.membership_id,
        imported_relationships=imported,
        note=note.strip(),
    )
    return change


@transaction.atomic
def reject_application(actor: Actor, *, application: Application, reason: str) -> StatusChange:
    """The company does not become a reseller; it is told why and may apply again (Q-20)."""
    application = _open_for_review(actor, application)
    reason = _something(reason, field="reason")
    change = move(
        actor,
        application,
        allowed=UNDECIDED,
        to=State.REJECTED,
        message="rejected",
        note=reason,
        reviewer=_reviewer(actor),
        facts={"reason": reason},
    )
    _record(actor, AuditAction.REJECT_ENROLLMENT, application, reason=reason)
    return change


def _open_for_review(actor: Actor, application: Application) -> Application:
    actor.must(Permission.APPLICATIONS_REVIEW)
    if application.tenant_id == actor.tenant_id:
        raise OwnApplication
    locked = Application.objects.select_for_update().get(pk=application.pk)
    if locked.state not in UNDECIDED:
        expected = ", ".join(str(state.label) for state in UNDECIDED)
        raise StateChanged(found=State(locked.state).label, expected=expected)
    return locked


def _must_be_reachable(application: Application) -> None:
    if not is_contact_verified(application):
        raise ContactNotVerified(email=application.contact_email)


def _must_have_passed(application: Application) -> None:
    passed = {check.kind for check in checks_in_force(application) if check.passed}
    missing = [str(kind.label) for kind in CheckKind if kind not in passed]
    if missing:
        raise ChecksMissing(missing=", ".join(missing))


def _reviewer(actor: Actor) -> Person:
    reviewer: Person = Person.accounts.visible_to(actor).get(pk=actor.person_id)
    return reviewer


def _something(text: str, *, field: str) -> str:
    text = text.strip()
    if not text:
        raise ReasonMissing(field=field)
    return text


def _record(actor: Actor, action: AuditAction, application: Application, **after: object) -> None:
    record(
        actor,
        action,
        application,
        tenant_id=application.tenant_id,
        counterparty_id=actor.tenant_id,
        after={"state": application.state, "reference": application.reference, **after},
    )

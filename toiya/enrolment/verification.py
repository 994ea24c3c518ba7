"""The mail to the primary contact: we reach the person, and the address is the company's (S-040 to S-042)."""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By, Bystander
from toiya.core.errors import InvalidLink
from toiya.core.links import Purpose, read_link_token
from toiya.core.permissions import Capacity, Permission, Role
from toiya.directory.actors import bystander_for
from toiya.directory.models import Domain, Person
from toiya.enrolment.errors import ContactDenied, LinkExpired, LinkOutdated, LinkUsed, StateChanged
from toiya.enrolment.models import Answer, Application, ContactVerification, State
from toiya.enrolment.status import company_name, mail_contact, move, review_days
from toiya.mail import outbox
from toiya.programme.models import Programme
from toiya.programme.web_mail import plain_domain
from toiya.requests import limits

LIFETIME = dt.timedelta(days=14)
LINK_VERSION = 1


def send_verification(by: By, application: Application) -> ContactVerification:
    """A new mail with a new link to the present address; every earlier link is dead."""
    limits.take(
        "enrolment-mail",
        str(application.tenant_id),
        limit=Programme.objects.get().mails_per_hour,
        per=dt.timedelta(hours=1),
    )
    application.verifications.filter(cancelled_at__isnull=True).update(cancelled_at=by.now)
    verification = ContactVerification.objects.create(
        tenant_id=application.tenant_id,
        application=application,
        email=application.contact_email,
        sent_at=by.now,
        expires_at=by.now + LIFETIME,
        domain_is_verified=is_company_domain(application),
    )
    mail_contact(
        by,
        application,
        "verify_contact",
        {
            "applicant": application.applicant.name,
            "applicant_user_name": application.applicant.user_name,
            "expires_at": verification.expires_at.isoformat(),
            "verify_link": {
                "purpose": Purpose.CONTACT_VERIFICATION.value,
                "id": str(verification.pk),
                "version": LINK_VERSION,
            },
        },
    )
    return verification


def is_company_domain(application: Application) -> bool:
    """Whether the address lies in a verified domain of the applicant's organisation, or below one (S-041)."""
    labels = plain_domain(application.contact_email).split(".")
    names = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    return Domain.objects.filter(tenant_id=application.tenant_id, name__in=names).exists()


def current_verification(application: Application) -> ContactVerification | None:
    """The mail that counts: the latest one that was not replaced."""
    return application.verifications.filter(cancelled_at__isnull=True).order_by("-sent_at", "-pk").first()


def is_contact_verified(application: Application) -> bool:
    """Whether the holder of the present address confirmed the application by the mailed link."""
    current = current_verification(application)
    return bool(current and current.answer == Answer.CONFIRMED and current.email == application.contact_email)


def is_denied(application: Application) -> bool:
    """Whether the contact said “this was not us”: the review has stopped until the operator decides."""
    current = current_verification(application)
    return bool(current and current.answer == Answer.DENIED)


@transaction.atomic
def resend_verification(actor: Actor, *, application: Application) -> ContactVerification:
    """The applicant has the mail sent again; the old link dies."""
    actor.must(Permission.ENROL)
    application = waiting_for_contact(application)
    verification = send_verification(actor, application)
    record(
        actor,
        AuditAction.UPDATE_ENROLLMENT,
        application,
        tenant_id=actor.tenant_id,
        after={"verification_sent_at": verification.sent_at, "contact_email": verification.email},
    )
    return verification


def waiting_for_contact(application: Application) -> Application:
    """The application, locked, while the contact has not answered."""
    locked = (
        Application.objects.select_for_update(of=("self",))
        .select_related("tenant", "applicant")
        .get(pk=application.pk)
    )
    if locked.state != State.EMAIL_PENDING:
        raise StateChanged(found=State(locked.state).label, expected=State.EMAIL_PENDING.label)
    if is_denied(locked):
        raise ContactDenied
    return locked


def verification_of_link(token: str) -> ContactVerification:
    """What the mailed link names; looking changes nothing. Raises InvalidLink."""
    subject, version = read_link_token(Purpose.CONTACT_VERIFICATION, token)
    found = (
        ContactVerification.objects.filter(pk=subject)
        .select_related("application__tenant__family", "application__applicant", "application__profile")
        .first()
    )
    if found is None or version != LINK_VERSION:
        raise InvalidLink
    return found


def must_be_answerable(verification: ContactVerification, now: dt.datetime) -> None:
    """Answered once, by the latest link, in time (expiry is this comparison, not a job)."""
    if verification.answered_at is not None:
        raise LinkUsed
    if verification.cancelled_at is not None or verification.application.state != State.EMAIL_PENDING:
        raise LinkOutdated
    if verification.expires_at <= now:
        raise LinkExpired


def link_holder(verification: ContactVerification) -> Bystander:
    """Whoever holds the mailed link, acting on this application and nothing else."""
    application = verification.application
    return bystander_for(application.tenant, kind="primary_contact", language=application.contact_language)


@transaction.atomic
def confirm_contact(*, token: str) -> Application:
    """The contact confirms: “we applied”; the review begins (S-041, S-042)."""
    verification = verification_of_link(token)
    by = link_holder(verification)
    application = _answer(by, verification, Answer.CONFIRMED)
    move(
        by,
        application,
        allowed=[State.EMAIL_PENDING],
        to=State.UNDER_REVIEW,
        message="email_verified",
        facts=review_days(),
    )
    _record(by, AuditAction.CONFIRM_CONTACT, verification)
    return application


@transaction.atomic
def deny_contact(*, token: str) -> Application:
    """The contact says “this was not us”: the review stops, reviewers and applicant are told (S-040).

    The application stays where it is. The operator rejects it, or gives it back with a question.
    """
    verification = verification_of_link(token)
    by = link_holder(verification)
    application = _answer(by, verification, Answer.DENIED)
    facts = {
        "company": company_name(application),
        "reference": application.reference,
        "applicant": application.applicant.name,
        "contact": application.contact_name,
        "contact_email": verification.email,
    }
    for reviewer in _reviewers(by):
        outbox.post(
            by,
            "enrolment/contact_denied_operator",
            to=reviewer.contact_email,
            language=reviewer.language,
            subject_id=application.pk,
            context={**facts, "application_link": {"path": f"/operator/applications/{application.pk}/"}},
        )
    outbox.post(
        by,
        "enrolment/contact_denied_applicant",
        to=application.applicant.contact_email,
        language=application.applicant.language,
        subject_id=application.pk,
        context={**facts, "status_link": {"path": "/dashboard/enrolment/status/"}},
    )
    _record(by, AuditAction.DENY_CONTACT, verification)
    return application


def _answer(by: Bystander, verification: ContactVerification, answer: Answer) -> Application:
    must_be_answerable(verification, by.now)
    answered = ContactVerification.objects.filter(
        pk=verification.pk, answered_at__isnull=True, cancelled_at__isnull=True, expires_at__gt=by.now
    ).update(answered_at=by.now, answer=answer)
    if not answered:
        raise LinkUsed
    verification.refresh_from_db(fields=["answered_at", "answer"])
    return verification.application


def _reviewers(by: Bystander) -> list[Person]:
    reviews = Q(role_assignments__role=Role.REVIEWER)
    of_operator = Q(tenant__family_id=by.family_id, tenant__tenant_capacities__capacity=Capacity.OPERATOR)
    return list(Person.objects.active().filter(reviews, of_operator).distinct().order_by("user_name"))


def _record(by: Bystander, action: AuditAction, verification: ContactVerification) -> None:
    record(
        by,
        action,
        verification,
        tenant_id=verification.tenant_id,
        after={
            "reference": verification.application.reference,
            "contact_email": verification.email,
            "domain_is_verified": verification.domain_is_verified,
        },
    )

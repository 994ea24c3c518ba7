"""An application moves from state to state: a row, and a mail to the primary contact."""

from collections.abc import Mapping, Sequence

from django.db.models import F

from toiya.core.actor import By
from toiya.directory.models import Person
from toiya.enrolment.errors import StateChanged
from toiya.enrolment.models import Application, State, StatusChange
from toiya.mail import outbox
from toiya.programme.models import Programme

STATUS_PAGE = "/dashboard/enrolment/status/"


def company_name(application: Application) -> str:
    """The company's name as the primary contact reads it."""
    latin = application.contact_language == "en" and application.latin_name
    return latin or application.legal_name or application.tenant.name


def mail_contact(by: By, application: Application, message: str, facts: Mapping[str, object]) -> str:
    """Post a named mail to the primary contact, in the contact's language (S-043)."""
    mail = outbox.post_addressed(
        by,
        f"enrolment/{message}",
        to=application.contact_email,
        language=application.contact_language,
        subject_id=application.pk,
        context={
            "company": company_name(application),
            "contact": application.contact_name,
            "reference": application.reference,
            "status_link": {"path": STATUS_PAGE},
            **facts,
        },
    )
    return mail.to


def review_days() -> Mapping[str, int]:
    """The range of working days that the operator names for a review (S-019)."""
    programme = Programme.objects.get()
    return {"days_from": programme.review_days_from, "days_to": programme.review_days_to}


def move(
    by: By,
    application: Application,
    *,
    allowed: Sequence[State],
    to: State,
    message: str,
    note: str = "",
    reviewer: Person | None = None,
    facts: Mapping[str, object] | None = None,
) -> StatusChange:
    """The application reaches a state, once however many try at the same moment; the contact is told."""
    moved = Application.objects.filter(pk=application.pk, state__in=allowed).update(
        state=to, version=F("version") + 1
    )
    if not moved:
        application.refresh_from_db(fields=["state"])
        raise StateChanged(
            found=State(application.state).label, expected=", ".join(str(state.label) for state in allowed)
        )
    application.refresh_from_db()
    mailed_to = (
        mail_contact(by, application, message, facts or {}) if message and application.contact_email else ""
    )
    return StatusChange.objects.create(
        tenant_id=application.tenant_id,
        application=application,
        state=to,
        note=note,
        reviewer=reviewer,
        mailed_to=mailed_to,
        at=by.now,
    )

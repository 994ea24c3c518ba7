"""The draft of an application: begun once per organisation, kept step by step, withdrawn if a mistake."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.directory.models import Person, Tenant
from toiya.enrolment.details import Problems, Section, as_kept, problems_in, too_long
from toiya.enrolment.errors import AlreadyEnrolled, IncompleteDetails, StateChanged
from toiya.enrolment.models import OPEN_STATES, Application, State
from toiya.enrolment.status import move

EDITABLE = (State.DRAFT, State.MORE_INFORMATION)


@transaction.atomic
def start_application(actor: Actor) -> Application:
    """The organisation's open application, begun now where there is none (S-023: one per organisation)."""
    actor.must(Permission.ENROL)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    must_not_be_enrolled(actor)
    application = Application.objects.visible_to(actor).filter(tenant=tenant).open().first()
    if application is None:
        application = Application.objects.create(
            tenant=tenant,
            applicant_id=actor.person_id,
            contact_language=Person.accounts.get(pk=actor.person_id).language,
            created_at=actor.now,
        )
        record(actor, AuditAction.START_ENROLLMENT, application, tenant_id=tenant.pk)
    return application


def must_not_be_enrolled(actor: Actor) -> None:
    """A reseller does not enrol again, a suspended one neither."""
    if Capacity.RESELLER in actor.capacities | actor.suspended:
        raise AlreadyEnrolled


def latest_application(actor: Actor) -> Application | None:
    """The organisation's present application, or the last one it made."""
    own = Application.objects.visible_to(actor).filter(tenant_id=actor.tenant_id)
    return own.select_related("tenant", "applicant", "profile").order_by("-created_at", "-pk").first()


def editable(application: Application) -> Application:
    """The application, locked, while the applicant may still change it."""
    locked = (
        Application.objects.select_for_update(of=("self",))
        .select_related("tenant", "profile")
        .get(pk=application.pk)
    )
    if locked.state not in EDITABLE:
        raise StateChanged(
            found=State(locked.state).label, expected=", ".join(str(state.label) for state in EDITABLE)
        )
    return locked


@transaction.atomic
def save_details(
    actor: Actor,
    *,
    application: Application,
    section: Section,
    values: Mapping[str, str],
    checked: bool = True,
) -> Application:
    """Keep a page of answers. ``checked`` is off for an unfinished page, to go on another day."""
    actor.must(Permission.ENROL)
    application = editable(application)
    kept = as_kept(section, values, application.tenant.country_id)
    problems: Problems = (
        problems_in(section, kept, application.tenant.country_id)
        if checked
        else {name: problem for name, value in kept.items() if (problem := too_long(name, value))}
    )
    if problems:
        raise IncompleteDetails(problems)
    before = {name: getattr(application, name) for name in section.value}
    changed = {name: value for name, value in kept.items() if value != before[name]}
    if changed:
        Application.objects.filter(pk=application.pk).update(**changed, version=F("version") + 1)
        application.refresh_from_db()
        record(
            actor,
            AuditAction.UPDATE_ENROLLMENT,
            application,
            tenant_id=actor.tenant_id,
            before={name: before[name] for name in changed},
            after=changed,
        )
    return application


def with_applicant(applicant: Person, values: Mapping[str, str]) -> dict[str, str]:
    """The applicant is the primary contact: the account's name and address fill what is empty (S-038)."""
    filled = {key: value for key, value in values.items() if value.strip()}
    return {
        **values,
        "contact_name": filled.get("contact_name", applicant.name),
        "contact_email": filled.get("contact_email", applicant.contact_email),
    }


@transaction.atomic
def withdraw_application(actor: Actor, *, application: Application) -> Application:
    """The applicant takes an undecided application back, or throws the draft away (Q-20)."""
    actor.must(Permission.ENROL)
    was_submitted = application.submitted_at is not None
    change = move(
        actor,
        application,
        allowed=OPEN_STATES,
        to=State.WITHDRAWN,
        message="withdrawn" if was_submitted else "",
    )
    application.verifications.filter(answered_at__isnull=True, cancelled_at__isnull=True).update(
        cancelled_at=actor.now
    )
    record(
        actor,
        AuditAction.WITHDRAW_ENROLLMENT,
        application,
        tenant_id=actor.tenant_id,
        after={"state": change.state, "reference": application.reference},
    )
    return application


def problems_of(application: Application) -> dict[Section, Problems]:
    """What still stands in the way of submitting, by page."""
    found = {}
    for section in Section:
        values = {name: getattr(application, name) for name in section.value}
        if problems := problems_in(section, values, application.tenant.country_id):
            found[section] = problems
    return found

"""A company already in the programme becomes a reseller with one form: its support contact (S-009, Q-14)."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.directory.models import Person, Tenant
from toiya.enrolment.agreements import accept_agreement
from toiya.enrolment.approval import make_reseller
from toiya.enrolment.details import Section, as_kept, problems_in
from toiya.enrolment.drafts import must_not_be_enrolled
from toiya.enrolment.errors import IncompleteDetails
from toiya.enrolment.models import OPEN_STATES, Application, State
from toiya.enrolment.profiles import known_answers
from toiya.enrolment.status import move
from toiya.enrolment.submission import new_reference, take_snapshot
from toiya.membership.models import OrganizationProfile, PartnerProfile


def held_profile(actor: Actor) -> OrganizationProfile | None:
    """The membership ID with which the short path is open to the organisation, else None.

    It is open to one that was approved before and is not suspended, holds an active membership ID of its own
    country, and has no application under way.
    """
    if Capacity.RESELLER in actor.capacities | actor.suspended:
        return None
    own = Application.objects.visible_to(actor).filter(tenant_id=actor.tenant_id)
    was_approved = Capacity.PROVIDER in actor.capacities or (
        not actor.suspended and own.filter(state=State.APPROVED).exists()
    )
    if not was_approved or own.filter(state__in=OPEN_STATES).exclude(state=State.DRAFT).exists():
        return None
    return (
        OrganizationProfile.objects.filter(owner_id=actor.tenant_id, inactive_since__isnull=True)
        .filter(country=F("owner__country"))
        .order_by("membership_id")
        .first()
    )


def held_answers(actor: Actor, profile: OrganizationProfile) -> dict[str, str]:
    """What the operator knows already: partner profile, else membership profile and work account."""
    tenant, person = Tenant.objects.get(pk=actor.tenant_id), Person.accounts.get(pk=actor.person_id)
    known = {
        "contact_name": person.name,
        "contact_email": person.contact_email,
        "contact_language": person.language,
        **known_answers(profile, tenant),
    }
    partner = PartnerProfile.objects.filter(tenant=tenant).first()
    if partner is not None:
        names = {field.name for field in PartnerProfile._meta.concrete_fields} - {"tenant", "version"}
        known |= {name: value for name in names if (value := getattr(partner, name))}
    return known


@transaction.atomic
def enrol_again(actor: Actor, *, values: Mapping[str, str], agreement_version: int | None) -> Application:
    """The reseller account exists at once: everything but the support contact was verified before (S-009)."""
    actor.must(Permission.ENROL)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    must_not_be_enrolled(actor)
    profile = held_profile(actor)
    if profile is None:
        raise NotVisible
    kept = as_kept(Section.SUPPORT, values, tenant.country_id)
    if problems := problems_in(Section.SUPPORT, kept, tenant.country_id):
        raise IncompleteDetails(problems)
    accept_agreement(actor, version=agreement_version)
    known = held_answers(actor, profile)
    draft = Application.objects.visible_to(actor).filter(tenant=tenant, state=State.DRAFT).first()
    application = draft or Application(tenant=tenant, created_at=actor.now)
    for name, value in (known | kept).items():
        setattr(application, name, value)
    application.applicant_id = actor.person_id
    application.profile, application.prefilled, application.is_short = profile, known, True
    application.reference, application.submitted_at = new_reference(actor), actor.now
    application.save()
    submission = take_snapshot(actor, application)
    move(
        actor,
        application,
        allowed=[State.DRAFT],
        to=State.APPROVED,
        message="approved",
        facts={"membership_id": profile.membership_id, "note": ""},
    )
    imported = make_reseller(actor, application, profile)
    record(
        actor,
        AuditAction.SUBMIT_ENROLLMENT,
        application,
        tenant_id=tenant.pk,
        after={
            "reference": application.reference,
            "digest": submission.digest,
            "imported_relationships": imported,
        },
    )
    return application

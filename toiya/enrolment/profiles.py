"""The organisation profile behind an application: which one may be chosen, and what is known from it."""

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible, Refusal
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.enrolment.details import DETAILS, Section, as_kept
from toiya.enrolment.drafts import editable
from toiya.enrolment.errors import ProfileElsewhere, ProfileInactive, ProfileInOtherCountry
from toiya.enrolment.models import Application
from toiya.membership.errors import ProfileTaken
from toiya.membership.models import MembershipLogin, OrganizationProfile, PartnerProfile
from toiya.programme.countries import country_name

FROM_PROFILE = ("reading", "latin_name", "postal_code", "region", "city", "street")


def must_be_choosable(profile: OrganizationProfile, tenant: Tenant) -> None:
    """Active, in the tenant's own country, and nobody else's (S-032, S-034, S-035); made-up ones are for their own
    sandbox, and real ones for no sandbox.
    """
    if profile.sandbox_id != (tenant.family_id if tenant.family.is_sandbox else None):
        raise ProfileElsewhere
    if not profile.is_active:
        raise ProfileInactive
    if profile.country_id != tenant.country_id:
        raise ProfileInOtherCountry(
            found=country_name(profile.country_id), expected=country_name(tenant.country_id)
        )
    if profile.owner_id not in {None, tenant.pk}:
        raise ProfileTaken


def reason_against(profile: OrganizationProfile, tenant: Tenant) -> str:
    """Why the profile cannot be chosen, or ''."""
    try:
        must_be_choosable(profile, tenant)
    except Refusal as refusal:
        return str(refusal)
    return ""


@transaction.atomic
def choose_profile(
    actor: Actor, *, application: Application, login: MembershipLogin, profile: OrganizationProfile
) -> Application:
    """The membership ID to link; what is known from it fills the answers that nobody has edited (S-036)."""
    actor.must(Permission.ENROL)
    application = editable(application)
    if not profile.administrators.filter(pk=login.pk).exists():
        raise NotVisible
    must_be_choosable(profile, application.tenant)
    known = known_answers(profile, application.tenant)
    before = application.profile.membership_id if application.profile else None
    untouched = {
        name for name in DETAILS if getattr(application, name) in {"", application.prefilled.get(name, "")}
    }
    Application.objects.filter(pk=application.pk).update(
        profile=profile,
        prefilled=known,
        version=F("version") + 1,
        **{name: value for name, value in known.items() if name in untouched},
    )
    application.refresh_from_db()
    record(
        actor,
        AuditAction.LINK_MEMBERSHIP,
        application,
        tenant_id=actor.tenant_id,
        before={"membership_id": before},
        after={"membership_id": profile.membership_id},
    )
    return application


def known_answers(profile: OrganizationProfile, tenant: Tenant) -> dict[str, str]:
    """What tenant and membership profile know already, in the spelling in which answers are kept."""
    known = {name: getattr(profile, name) for name in FROM_PROFILE}
    known["legal_name"] = profile.name or tenant.name
    known["reading"] = known["reading"] or tenant.reading
    known["latin_name"] = known["latin_name"] or tenant.latin_name
    legal = as_kept(Section.LEGAL_PROFILE, known, tenant.country_id)
    phones = {"contact_phone": profile.phone, "support_phone": profile.phone}
    kept = {
        **as_kept(Section.CONTACT, phones, tenant.country_id),
        **as_kept(Section.SUPPORT, phones, tenant.country_id),
    }
    return {name: value for name, value in (legal | kept).items() if value}


def write_partner_profile(application: Application) -> PartnerProfile:
    """What was approved is what the partner's profile says from now on."""
    names = [field.name for field in PartnerProfile._meta.concrete_fields if field.name in DETAILS]
    profile, _created = PartnerProfile.objects.update_or_create(
        tenant=application.tenant, defaults={name: getattr(application, name) for name in names}
    )
    return profile

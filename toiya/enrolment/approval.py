"""What an approval brings about, on the long path and on the short one."""

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Role, RoleCategory
from toiya.directory.models import Person
from toiya.directory.tenants import hold_role, vet
from toiya.enrolment.models import Application
from toiya.enrolment.older_relationships import import_older_relationships
from toiya.enrolment.profiles import write_partner_profile
from toiya.membership.models import OrganizationProfile
from toiya.membership.profiles import move_profile


def make_reseller(actor: Actor, application: Application, profile: OrganizationProfile) -> int:
    """Profile moved (S-032), capacity vetted, applicant made admin agent (Q-08), customers imported (S-079).

    Returns the number of imported customers. Raises ProfileTaken where another approval was quicker.
    """
    move_profile(profile, application.tenant)
    vet(application.tenant, Capacity.RESELLER, actor)
    write_partner_profile(application)
    _make_admin_agent(actor, application.applicant)
    return len(import_older_relationships(actor, application.tenant))


def _make_admin_agent(actor: Actor, applicant: Person) -> None:
    """The signed-in person who enrolled gets to work at once (Q-08), unless they chose another agent role."""
    if not applicant.is_active or applicant.role_assignments.filter(category=RoleCategory.AGENT).exists():
        return
    before = sorted(role.value for role in applicant.roles)
    hold_role(applicant, Role.ADMIN_AGENT, actor)
    record(
        actor,
        AuditAction.ASSIGN_ROLES,
        applicant,
        tenant_id=applicant.tenant_id,
        counterparty_id=actor.tenant_id,
        before={"roles": before},
        after={"roles": sorted([*before, Role.ADMIN_AGENT.value])},
    )

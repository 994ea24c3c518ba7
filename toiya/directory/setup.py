"""First-run set-up of a partner, and the organisation's own switches."""

from django.db import transaction
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import RoleMissing
from toiya.core.permissions import Capacity, Permission, Role
from toiya.directory.models import Language, Tenant

PARTNER_CAPACITIES = (Capacity.PROVIDER, Capacity.RESELLER)


def is_set_up(tenant: Tenant) -> bool:
    """Whether the first-run set-up of a partner is finished; nothing is to be set up for others."""
    unfinished = tenant.tenant_capacities.filter(
        capacity__in=PARTNER_CAPACITIES, setup_finished_at__isnull=True
    )
    return not unfinished.exists()


def must_be_able_to_set_up(actor: Actor) -> None:
    """Until the set-up is finished, adding users needs Admin agent, which a Global admin may take (S-045)."""
    if Role.ADMIN_AGENT not in actor.roles:
        raise RoleMissing(act=_("Finish setting up, including adding users"), roles=[Role.ADMIN_AGENT.label])


@transaction.atomic
def finish_setup(actor: Actor) -> None:
    """The first-run set-up is done; from now on administrators add users too (Q-07)."""
    actor.must(Permission.HOME_VIEW)
    must_be_able_to_set_up(actor)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    unfinished = tenant.tenant_capacities.filter(
        capacity__in=PARTNER_CAPACITIES, setup_finished_at__isnull=True
    )
    if unfinished.update(setup_finished_at=actor.now):
        after = {"setup_finished_at": actor.now.isoformat()}
        record(actor, AuditAction.UPDATE_TENANT, tenant, tenant_id=tenant.pk, after=after)


@transaction.atomic
def let_agents_add_people(actor: Actor, *, allowed: bool) -> Tenant:
    """The organisation's switch: may admin agents add users and give agent roles (Q-07)?"""
    actor.must(Permission.ADMIN_ROLES_ASSIGN)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    if tenant.agents_add_people != allowed:
        before = {"agents_add_people": tenant.agents_add_people}
        tenant.agents_add_people = allowed
        tenant.save(update_fields=["agents_add_people"])
        after = {"agents_add_people": allowed}
        record(actor, AuditAction.UPDATE_TENANT, tenant, tenant_id=tenant.pk, before=before, after=after)
    return tenant


@transaction.atomic
def set_language(actor: Actor, *, language: Language) -> Tenant:
    """The language in which the organisation is written to where no person's own language is known."""
    actor.must(Permission.PARTNER_PROFILE_MANAGE)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    if tenant.language != language:
        before = {"language": tenant.language}
        tenant.language = language
        tenant.save(update_fields=["language"])
        after = {"language": language.value}
        record(actor, AuditAction.UPDATE_TENANT, tenant, tenant_id=tenant.pk, before=before, after=after)
    return tenant

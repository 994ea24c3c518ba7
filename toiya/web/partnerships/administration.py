"""Administrator access that the organisation received: who may use it, and using it (S-070, relation 4)."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from toiya.core.errors import NotVisible
from toiya.core.permissions import DIRECTORY_ROLE_POWERS, DirectoryAction, DirectoryRole, Permission, Role
from toiya.core.reader import reader_name
from toiya.relations.administration import may_reset, people_of, reset_password_for
from toiya.relations.grants import AGENT_GROUPS, assign_access
from toiya.relations.models import AdministrationGrant
from toiya.relations.rights import must_administer, rights_in
from toiya.web.http import PersonRequest


def access(request: PersonRequest) -> HttpResponse:
    """Every live grant that the organisation received, with what each group of agents may use of it."""
    actor = request.actor
    grants = (
        AdministrationGrant.objects.visible_to(actor)
        .live(actor.now)
        .filter(grantee_id=actor.tenant_id)
        .select_related("tenant")
        .prefetch_related("roles", "assignments")
        .order_by("tenant__sort_key", "id")
    )
    rows = [
        {
            "grant": grant,
            "groups": [(group, _choices(grant, group)) for group in AGENT_GROUPS],
            "may_open": DirectoryAction.READ_PEOPLE in rights_in(actor, grant.tenant_id),
        }
        for grant in grants
    ]
    context = {"rows": rows, "may_give_up": actor.may(Permission.GRANTS_REMOVE)}
    return render(request, "partnerships/access.html", context)


def _choices(grant: AdministrationGrant, group: Role) -> list[dict[str, object]]:
    used = {row.role for row in grant.assignments.all() if row.group == group}
    return [
        {"role": role, "power": DIRECTORY_ROLE_POWERS[role], "checked": role in used}
        for role in grant.directory_roles
    ]


@require_POST
def assign(request: PersonRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Choose for each group of agents the roles that it may use."""
    received = AdministrationGrant.objects.visible_to(request.actor).filter(
        grantee_id=request.actor.tenant_id
    )
    grant = received.select_related("tenant").filter(pk=grant_id).first()
    if grant is None:
        raise NotVisible
    chosen = {
        group: [role for role in DirectoryRole if role.value in request.POST.getlist(group.value)]
        for group in AGENT_GROUPS
    }
    assign_access(request.actor, grant=grant, access=chosen)
    messages.success(request, _("Access to %(name)s is assigned.") % {"name": reader_name(grant.tenant)})
    return redirect("partnerships:access")


def people(request: PersonRequest, tenant_id: uuid.UUID) -> HttpResponse:
    """The people of an organisation that lends at least reading; without a grant there is no such page."""
    found = people_of(request.actor, tenant_id=tenant_id)
    grant = must_administer(request.actor, tenant_id, DirectoryAction.READ_PEOPLE)
    can_reset = DirectoryAction.RESET_PASSWORD in rights_in(request.actor, tenant_id)
    context = {
        "grant": grant,
        "tenant": grant.tenant,
        "can_reset": can_reset,
        "rows": [(person, can_reset and may_reset(request.actor, person)) for person in found],
    }
    return render(request, "partnerships/administer.html", context)


@require_POST
def reset_password(request: PersonRequest, tenant_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """A temporary password, on this page and nowhere else."""
    password = reset_password_for(request.actor, tenant_id=tenant_id, person_id=person_id)
    grant = must_administer(request.actor, tenant_id, DirectoryAction.READ_PEOPLE)
    person = people_of(request.actor, tenant_id=tenant_id).get(pk=person_id)
    context = {"grant": grant, "tenant": grant.tenant, "person": person, "password": password}
    return render(request, "partnerships/password.html", context)

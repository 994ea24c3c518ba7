"""What a partner's agent does inside another organisation with an administration grant (S-070)."""

import uuid

from django.db import transaction
from django.db.models import QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.holding import Strength, hold
from toiya.core.permissions import DirectoryAction
from toiya.directory.models import Person
from toiya.directory.sign_in import set_temporary_password
from toiya.mail import outbox
from toiya.relations.errors import BeyondReach, GrantMissing
from toiya.relations.models import AdministrationGrant
from toiya.relations.rights import must_administer, reaches, roles_in
from toiya.relations.watch import watched


def people_of(actor: Actor, *, tenant_id: uuid.UUID) -> QuerySet[Person]:
    """The active people of an organisation that lends the actor at least reading."""
    must_administer(actor, tenant_id, DirectoryAction.READ_PEOPLE)
    people: QuerySet[Person] = Person.objects.active().filter(tenant_id=tenant_id)
    return people.prefetch_related("role_assignments").order_by("user_name")


def may_reset(actor: Actor, person: Person) -> bool:
    """Whether the page offers the reset: the grant allows it, and it reaches this person (rule (d))."""
    roles = roles_in(actor, person.tenant_id)
    return reaches(roles, person.roles)


def hold_grant(actor: Actor, tenant_id: uuid.UUID, action: DirectoryAction) -> AdministrationGrant:
    """The grant that allows the act, held until the transaction ends; others may act by it at the same time.

    A removal that is under way is waited for here, and wins (T-48). Raises NotVisible, RoleMissing.
    """
    grant = must_administer(actor, tenant_id, action)
    if not hold(AdministrationGrant.objects.live(actor.now).filter(pk=grant.pk), Strength.UNCHANGED):
        raise GrantMissing
    return grant


@watched
@transaction.atomic
def reset_password_for(
    actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, password: str | None = None
) -> str:
    """A temporary password for a person of the other organisation, shown once to the agent, who may choose it.

    Their log names the agent, the agent's organisation and the grant. Raises NotVisible, RoleMissing,
    BeyondReach, SecondFactorStale, WeakPassword.
    """
    grant = hold_grant(actor, tenant_id, DirectoryAction.RESET_PASSWORD)
    actor.must_be_fresh()
    person = Person.objects.active().select_for_update().filter(tenant_id=tenant_id, pk=person_id).first()
    if person is None:
        raise NotVisible
    if not may_reset(actor, person):
        raise BeyondReach
    temporary = set_temporary_password(person, chosen=password)
    person.session_version += 1
    person.save(
        update_fields=[
            "password",
            "temporary_password_until",
            "temporary_password_used_at",
            "session_version",
        ]
    )
    record(
        actor,
        AuditAction.RESET_USER_PASSWORD,
        person,
        tenant_id=tenant_id,
        counterparty_id=actor.tenant_id,
        grant_id=grant.pk,
        after={"user_name": person.user_name},
    )
    outbox.post(
        actor,
        "relations/password_reset",
        to=person.contact_email,
        language=person.language,
        subject_id=person.pk,
        context={
            "recipient": person.name,
            "user_name": person.user_name,
            "agent": actor.name,
            "grantee": grant.grantee.name_in(person.language),
            "tenant": grant.tenant.name_in(person.language),
            "reset_at": actor.now.isoformat(),
        },
    )
    return temporary


def touched_with(actor: Actor, *, grant: AdministrationGrant) -> QuerySet[Person]:
    """The own people who were added or given roles with a grant: whoever takes it back looks at them too (T-14)."""
    entries = AuditRecord.objects.visible_to(actor).filter(
        tenant_id=actor.tenant_id,
        grant_id=grant.pk,
        action__in=[AuditAction.CREATE_USER, AuditAction.ASSIGN_ROLES],
    )
    found = {uuid.UUID(subject) for subject in entries.values_list("subject_id", flat=True)}
    people: QuerySet[Person] = Person.objects.visible_to(actor).filter(pk__in=found)
    return people.prefetch_related("role_assignments").order_by("name", "id")

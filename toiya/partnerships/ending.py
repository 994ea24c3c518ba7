"""A partnership is confirmed, looked at before it ends, and ended by either side (Q-20, C-13)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Capacity, Permission
from toiya.directory.models import Tenant
from toiya.mail import outbox
from toiya.partnerships.errors import AlreadyConfirmed, PartnershipEnded
from toiya.relations.grants import administrators_of, remove_grant
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship


@transaction.atomic
def confirm_partnership(actor: Actor, *, partnership: Partnership) -> Partnership:
    """The provider confirms that the reseller who used an open link is the one it meant (T-06)."""
    if actor.tenant_id != partnership.provider_id:
        raise NotVisible
    actor.must(Permission.PARTNERSHIPS_INVITE)
    unconfirmed = Partnership.objects.live().filter(pk=partnership.pk, confirmed_at__isnull=True)
    if not unconfirmed.update(confirmed_at=actor.now):
        raise AlreadyConfirmed
    record(
        actor,
        AuditAction.CONFIRM_PARTNER_RELATIONSHIP,
        partnership,
        tenant_id=partnership.provider_id,
        counterparty_id=partnership.reseller_id,
    )
    partnership.confirmed_at = actor.now
    return partnership


@dataclass(frozen=True, slots=True)
class Impact:
    """Who loses what when the partnership ends, and what stays (C-13)."""

    shared_customers: Sequence[Tenant]
    grants: Sequence[AdministrationGrant]


def shared_customers(partnership: Partnership) -> QuerySet[Tenant]:
    """Exactly the customers that both serve through live reseller relationships of their own (S-073)."""
    live = ResellerRelationship.objects.live()
    return Tenant.objects.filter(
        pk__in=live.filter(partner_id=partnership.provider_id).values("customer")
    ).filter(pk__in=live.filter(partner_id=partnership.reseller_id).values("customer"))


def access_between(actor: Actor, partnership: Partnership) -> QuerySet[AdministrationGrant]:
    """The provider's live administrator access in the reseller's organisation."""
    return (
        AdministrationGrant.objects.live(actor.now)
        .filter(
            tenant_id=partnership.reseller_id, grantee_id=partnership.provider_id, capacity=Capacity.PROVIDER
        )
        .prefetch_related("roles")
        .order_by("expires_at", "id")
    )


def impact_of_ending(actor: Actor, *, partnership: Partnership) -> Impact:
    """What the page shows before somebody ends the partnership; nothing changes."""
    _must_be_party(actor, partnership)
    return Impact(
        list(shared_customers(partnership).order_by("sort_key", "id")),
        list(access_between(actor, partnership)),
    )


@transaction.atomic
def end_partnership(
    actor: Actor, *, partnership: Partnership, reason: str, removes_access: bool
) -> Partnership:
    """Either partner ends it, or the operator does. Relationships with customers stay.

    The administrator access is a relation of its own: it ends here only when asked for (rules (a) and
    (b)). Open invitations that need the partnership are refused from now on. Raises PartnershipEnded.
    """
    _must_be_party(actor, partnership)
    ended = (
        Partnership.objects.live()
        .filter(pk=partnership.pk)
        .update(ended_at=actor.now, ended_by_tenant_id=actor.tenant_id, end_reason=reason.strip())
    )
    if not ended:
        raise PartnershipEnded
    partnership.refresh_from_db()
    record(
        actor,
        AuditAction.REMOVE_PARTNER_RELATIONSHIP,
        partnership,
        tenant_id=partnership.reseller_id,
        counterparty_id=partnership.provider_id,
        before={"since": partnership.since.isoformat()},
        after={"reason": partnership.end_reason, "removes_access": removes_access},
    )
    if removes_access:
        for grant in access_between(actor, partnership):
            remove_grant(actor, grant=grant)
    for tenant in (partnership.provider, partnership.reseller):
        if tenant.pk != actor.tenant_id:
            _tell(actor, partnership, tenant)
    return partnership


def _must_be_party(actor: Actor, partnership: Partnership) -> None:
    if actor.tenant_id in {partnership.provider_id, partnership.reseller_id}:
        actor.must(Permission.PARTNERSHIPS_END)
    elif Capacity.OPERATOR in actor.capacities:
        actor.must(Permission.PARTNERS_MANAGE)
    else:
        raise NotVisible


def _tell(actor: Actor, partnership: Partnership, tenant: Tenant) -> None:
    ender = Tenant.objects.get(pk=actor.tenant_id)
    for person in administrators_of(tenant):
        outbox.post(
            actor,
            "partnerships/ended",
            to=person.contact_email,
            language=person.language,
            subject_id=partnership.pk,
            context={
                "recipient": person.name,
                "provider": partnership.provider.name_in(person.language),
                "reseller": partnership.reseller.name_in(person.language),
                "ended_by": ender.name_in(person.language),
                "reason": partnership.end_reason,
                "access_remains": int(access_between(actor, partnership).exists()),
                "partners_link": {"path": "/organization/partners/"},
            },
        )

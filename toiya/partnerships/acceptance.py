"""A reseller answers an invitation: with consent, or not."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import InvalidLink, TooManyAttempts
from toiya.core.permissions import Capacity, DirectoryRole, Permission, Role
from toiya.core.reader import reader_name
from toiya.directory.models import Domain, Person, Tenant
from toiya.events.models import Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.mail import outbox
from toiya.partnerships.errors import (
    AlreadyPartners,
    CountryClosed,
    NotEnrolled,
    OwnInvitation,
    RolesNotOffered,
    WrongOrganization,
)
from toiya.partnerships.models import InvitationState, PartnerInvitation
from toiya.partnerships.standing import is_live, must_be_open, wrong_with_inviter
from toiya.relations.events import raise_events
from toiya.relations.grants import grant_administration, names_of
from toiya.relations.models import Partnership
from toiya.relations.rights import are_partners
from toiya.requests import limits


def accept_invitation(
    actor: Actor, *, invitation: PartnerInvitation, version: int, roles: Iterable[DirectoryRole]
) -> Partnership:
    """The reseller authorises the provider; both see each other at once (S-066 to S-070).

    ``roles`` is the administrator access that the reseller agrees to: all that was asked for, less, or
    none (Q-10). Everything is checked again here, whatever the page showed. When the invitation names
    another organisation, its inviter is told (T-06).
    """
    # Whoever comes too late is told so without waiting for a lock; the answer that counts is given under it.
    must_be_open(invitation, version, actor.now)
    try:
        with transaction.atomic():
            return _accept(actor, invitation, version, frozenset(roles))
    except WrongOrganization:
        _tell_inviter(actor, invitation)
        raise


def _accept(
    actor: Actor, invitation: PartnerInvitation, version: int, roles: frozenset[DirectoryRole]
) -> Partnership:
    invitation = PartnerInvitation.objects.select_for_update().get(pk=invitation.pk)
    _must_be_allowed(actor, invitation)
    must_be_open(invitation, version, actor.now)
    provider, reseller = _lock_both(invitation, actor)
    _must_still_hold(invitation, provider, reseller)
    if not roles <= set(invitation.directory_roles):
        raise RolesNotOffered(field="roles")
    is_named = _must_be_named(invitation, reseller)
    taken = PartnerInvitation.objects.filter(
        pk=invitation.pk, state=InvitationState.OPEN, version=version, expires_at__gt=actor.now
    ).update(
        state=InvitationState.ACCEPTED,
        answered_at=actor.now,
        answered_by_id=actor.person_id,
        answered_by_tenant_id=actor.tenant_id,
    )
    if not taken:
        must_be_open(PartnerInvitation.objects.get(pk=invitation.pk), version, actor.now)
    partnership = Partnership.objects.create(
        provider=provider,
        reseller=reseller,
        since=actor.now,
        invitation_id=invitation.pk,
        confirmed_at=actor.now if is_named else None,
    )
    record(
        actor,
        AuditAction.CREATE_PARTNER_RELATIONSHIP,
        partnership,
        tenant_id=reseller.pk,
        counterparty_id=provider.pk,
        after={"provider": provider.name, "reseller": reseller.name, "invitation": str(invitation.pk)},
    )
    raise_events(actor, *_told(partnership))
    if roles:
        grant_administration(
            actor,
            tenant=reseller,
            grantee=provider,
            capacity=Capacity.PROVIDER,
            roles=roles,
            expires_at=actor.now + dt.timedelta(days=invitation.grant_days),
            consented_by_id=actor.person_id,
            invitation_id=invitation.pk,
        )
    _tell_both(actor, invitation, partnership, [role for role in DirectoryRole if role in roles])
    return partnership


def _told(partnership: Partnership) -> list[Happening]:
    """Each side hears that it works with the other now."""
    sides = (partnership.provider_id, partnership.reseller_id)
    return [
        Happening(
            name=EventName.PARTNERSHIP_ACCEPTED,
            object_id=partnership.pk,
            tenants=(own,),
            tie=Tie.PARTNERSHIP,
            other_id=other,
        )
        for own, other in (sides, sides[::-1])
    ]


def _must_be_allowed(actor: Actor, invitation: PartnerInvitation) -> None:
    """The reseller's own global administrator, second factor at hand (Q-19, T-10); its company enrolled
    (N-11).
    """
    if actor.family_id != invitation.tenant.family_id:
        raise InvalidLink
    if actor.tenant_id == invitation.tenant_id:
        raise OwnInvitation
    if Role.GLOBAL_ADMIN in actor.roles and Capacity.RESELLER not in actor.capacities:
        raise NotEnrolled
    actor.must(Permission.PARTNERSHIPS_ACCEPT)
    actor.must_be_here()


def _lock_both(invitation: PartnerInvitation, actor: Actor) -> tuple[Tenant, Tenant]:
    """Both organisations stay as they are until this is over: suspending one waits, or has happened
    already.
    """
    tenants = Tenant.objects.select_for_update().filter(pk__in=[invitation.tenant_id, actor.tenant_id])
    found = {tenant.pk: tenant for tenant in tenants.order_by("pk")}
    people = Person.accounts.select_for_update().filter(pk__in=[invitation.inviter_id, actor.person_id])
    list(people.order_by("pk").values_list("pk"))
    return found[invitation.tenant_id], found[actor.tenant_id]


def _must_still_hold(invitation: PartnerInvitation, provider: Tenant, reseller: Tenant) -> None:
    """What may have changed since the invitation was sent (G-12)."""
    refusal = wrong_with_inviter(invitation)
    if refusal is not None:
        raise refusal
    if not is_live(reseller.pk, Capacity.RESELLER):
        raise NotEnrolled
    for tenant in (provider, reseller):
        if not tenant.country.is_open:
            raise CountryClosed(
                _(
                    "The programme does not operate in the country or region of %(name)s (%(country)s) "
                    "at present."
                )
                % {"name": reader_name(tenant), "country": tenant.country_id}
            )
    if are_partners(provider.pk, reseller.pk):
        raise AlreadyPartners


def _must_be_named(invitation: PartnerInvitation, reseller: Tenant) -> bool:
    """Whether the invitation is bound to this organisation; raises WrongOrganization when it is bound to
    another.
    """
    if not invitation.named_domain:
        return False
    if not Domain.objects.filter(tenant=reseller, name=invitation.named_domain).exists():
        raise WrongOrganization
    return True


def _tell_both(
    actor: Actor, invitation: PartnerInvitation, partnership: Partnership, roles: list[DirectoryRole]
) -> None:
    accepter = Person.accounts.get(pk=actor.person_id)
    for person, message, path in (
        (invitation.inviter, "partnerships/accepted", "/dashboard/indirect-resellers/"),
        (accepter, "partnerships/authorized", "/dashboard/indirect-providers/"),
    ):
        outbox.post(
            actor,
            message,
            to=person.contact_email,
            language=person.language,
            subject_id=partnership.pk,
            context={
                "recipient": person.name,
                "provider": partnership.provider.name_in(person.language),
                "reseller": partnership.reseller.name_in(person.language),
                "accepter": accepter.name,
                "roles": names_of(roles, person.language),
                "grant_days": invitation.grant_days,
                "to_confirm": int(partnership.confirmed_at is None),
                "list_link": {"path": path},
            },
        )


@transaction.atomic
def _tell_inviter(actor: Actor, invitation: PartnerInvitation) -> None:
    """Somebody holds a link that was meant for another organisation. Told once a day for each who tries."""
    try:
        limits.take(
            "wrong-organization", f"{invitation.pk}:{actor.tenant_id}", limit=1, per=dt.timedelta(days=1)
        )
    except TooManyAttempts:
        return
    inviter = invitation.inviter
    outbox.post(
        actor,
        "partnerships/wrong_organization",
        to=inviter.contact_email,
        language=inviter.language,
        subject_id=invitation.pk,
        context={
            "recipient": inviter.name,
            "named": invitation.named_domain,
            "other": Tenant.objects.get(pk=actor.tenant_id).name_in(inviter.language),
            "list_link": {"path": "/dashboard/indirect-resellers/"},
        },
    )


@transaction.atomic
def decline_invitation(
    actor: Actor, *, invitation: PartnerInvitation, version: int, reason: str = ""
) -> PartnerInvitation:
    """The reseller says no, with or without a reason; the inviter is told (Q-20)."""
    invitation = PartnerInvitation.objects.select_for_update().get(pk=invitation.pk)
    _must_be_allowed(actor, invitation)
    must_be_open(invitation, version, actor.now)
    reseller = Tenant.objects.get(pk=actor.tenant_id)
    _must_be_named(invitation, reseller)
    invitation.state = InvitationState.DECLINED
    invitation.answered_at = actor.now
    invitation.answered_by_id, invitation.answered_by_tenant_id = actor.person_id, actor.tenant_id
    invitation.decline_reason = reason.strip()
    invitation.save(
        update_fields=["state", "answered_at", "answered_by_id", "answered_by_tenant_id", "decline_reason"]
    )
    record(
        actor,
        AuditAction.DECLINE_PARTNER_INVITATION,
        invitation,
        tenant_id=invitation.tenant_id,
        counterparty_id=actor.tenant_id,
        after={"reseller": reseller.name, "reason": invitation.decline_reason},
    )
    inviter = invitation.inviter
    outbox.post(
        actor,
        "partnerships/declined",
        to=inviter.contact_email,
        language=inviter.language,
        subject_id=invitation.pk,
        context={
            "recipient": inviter.name,
            "reseller": reseller.name_in(inviter.language),
            "reason": invitation.decline_reason,
            "list_link": {"path": "/dashboard/indirect-resellers/"},
        },
    )
    return invitation

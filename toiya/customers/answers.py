"""The customer's answer to an invitation: consent, or no.

Everything is examined again in the transaction of the consent, under locks (reliability.md section 3): what
was true when the invitation was sent may have ended since.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import pgettext

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import InvalidLink, Refusal, TooManyAttempts
from toiya.core.links import Purpose, read_link_token
from toiya.core.permissions import RULES, Capacity, DirectoryRole, Permission
from toiya.core.reader import reader_name
from toiya.customers.errors import (
    AdministeredElsewhere,
    ConsentRequired,
    CountryClosed,
    InvitationClosed,
    InvitationDeclined,
    InvitationExpired,
    InvitationRevoked,
    InvitationUsed,
    InviterGone,
    OwnInvitation,
    PartnershipEnded,
    PartyNotActive,
    RolesNotOffered,
    WrongCustomer,
)
from toiya.customers.models import CustomerAccount, RelationshipInvitation, RequestedRole
from toiya.customers.notices import tell_accepted, tell_declined, tell_wrong_customer
from toiya.customers.relationship_requests import LONGEST_VALIDITY_DAYS, keep_draft, record_issue
from toiya.customers.standing_links import kept, read_standing, shown, who_stands_behind
from toiya.directory.models import Person, Tenant
from toiya.events.models import Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.partnerships.models import InvitationState
from toiya.partnerships.standing import is_live, may_still
from toiya.relations.channels import administration_elsewhere
from toiya.relations.events import raise_events
from toiya.relations.grants import grant_administration
from toiya.relations.models import AdministrationGrant, Origin, Partnership, ResellerRelationship
from toiya.relations.rights import are_partners
from toiya.requests.limits import take

LAPSES_AFTER = dt.timedelta(days=LONGEST_VALIDITY_DAYS)
Consent = Mapping[uuid.UUID, Collection[DirectoryRole]]


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A genuine link and the invitation behind it; ``obstacle`` says why nothing can be accepted through
    it.
    """

    invitation: RelationshipInvitation
    obstacle: InvitationClosed | None


def open_link(token: str) -> OpenedLink:
    """What the link leads to; reading changes nothing. Raises InvalidLink for anything that Toiya did not
    make.
    """
    if standing := read_standing(token):
        asked, generation = standing
        return OpenedLink(shown(asked), None if generation == asked.generation else InvitationRevoked())
    subject, version = read_link_token(Purpose.RELATIONSHIP_INVITATION, token)
    invitation = (
        RelationshipInvitation.objects.filter(pk=subject)
        .select_related("tenant__family", "reseller__country", "provider__country", "inviter")
        .prefetch_related("requested_roles")
        .first()
    )
    if invitation is None:
        raise InvalidLink
    return OpenedLink(invitation, _obstacle(invitation, version, invitation.tenant.family.clock.now()))


def _obstacle(invitation: RelationshipInvitation, version: int, now: dt.datetime) -> InvitationClosed | None:
    if invitation.state == InvitationState.ACCEPTED:
        return InvitationUsed()
    if invitation.state == InvitationState.DECLINED:
        return InvitationDeclined()
    if invitation.state == InvitationState.REVOKED or invitation.version != version:
        return InvitationRevoked()
    return InvitationExpired() if invitation.expires_at <= now else None


def accept_invitation(
    actor: Actor, *, token: str, consent: Consent, agreed: bool
) -> list[ResellerRelationship]:
    """The customer authorises every party the invitation names, all or none (S-102), and lends the chosen
    roles.

    When the invitation was bound to another organisation, the inviter is told of the attempt (T-06). Raises
    what ``examine`` and the link raise, ConsentRequired, RolesNotOffered and AdministeredElsewhere.
    """
    try:
        return _accept(actor, token=token, consent=consent, agreed=agreed)
    except WrongCustomer:
        _report_wrong_customer(actor, token)
        raise


@transaction.atomic
def _accept(actor: Actor, *, token: str, consent: Consent, agreed: bool) -> list[ResellerRelationship]:
    actor.must(Permission.RELATIONSHIPS_ACCEPT)
    actor.must_be_here()
    if not agreed:
        raise ConsentRequired(field="agree")
    invitation = _lock(actor, token)
    customer = examine(actor, invitation)
    chosen = _narrowed(invitation, consent)
    _must_be_of_one_channel(actor, invitation, chosen)

    _settle(actor, invitation, InvitationState.ACCEPTED)
    CustomerAccount.objects.get_or_create(tenant=customer)
    relationships = [_relate(actor, invitation, party, customer) for party in invitation.parties]
    raise_events(actor, *_acceptances(invitation, customer))
    for party in invitation.parties:
        if chosen[party.pk]:
            grant_administration(
                actor,
                tenant=customer,
                grantee=party,
                capacity=invitation.capacity_of(party),
                roles=chosen[party.pk],
                expires_at=actor.now + invitation.granted_for,
                consented_by_id=actor.person_id,
                invitation_id=invitation.pk,
            )
    tell_accepted(actor, invitation, chosen)
    return relationships


def _lock(actor: Actor, token: str) -> RelationshipInvitation:
    """The invitation behind the link, open at this instant, locked with everything that its examination
    reads. The row of the actor's organisation is what two invitations of two partners have in common (N-18).
    """
    standing = read_standing(token)
    if standing is not None:
        invitation = kept(standing[0])
        version = invitation.version
    else:
        subject, version = read_link_token(Purpose.RELATIONSHIP_INVITATION, token)
        found = RelationshipInvitation.objects.select_for_update().filter(pk=subject).first()
        if found is None:
            raise InvalidLink
        invitation = found
    concerned = {invitation.tenant_id, actor.tenant_id, *(party.pk for party in invitation.parties)}
    locked = {
        tenant.pk: tenant
        for tenant in Tenant.objects.select_for_update(no_key=True).filter(pk__in=concerned).order_by("pk")
    }
    list(Person.accounts.select_for_update(no_key=True).filter(pk=invitation.inviter_id))
    list(
        Partnership.objects.live()
        .select_for_update(no_key=True)
        .filter(provider__in=concerned, reseller__in=concerned)
    )
    if locked[invitation.tenant_id].family_id != actor.family_id:
        raise InvalidLink
    obstacle = _obstacle(invitation, version, actor.now)
    if obstacle is not None:
        raise obstacle
    if standing is not None and standing[1] != standing[0].generation:
        raise InvitationRevoked
    if invitation.is_standing:
        _stand_behind(invitation)
    return invitation


def _stand_behind(invitation: RelationshipInvitation) -> None:
    """A standing link is its organisation's: when whoever stood behind it may not any more, a colleague does."""
    if may_still(Person.accounts.get(pk=invitation.inviter_id), _permission(invitation)):
        return
    colleague = who_stands_behind(invitation.tenant_id, is_for_both=invitation.is_combined)
    if colleague is None:
        raise InviterGone
    invitation.inviter = colleague
    invitation.save(update_fields=["inviter"])


def examine(actor: Actor, invitation: RelationshipInvitation) -> Tenant:
    """Whether the actor's organisation may accept it now; the page asks the same before it shows the form.

    Raises OwnInvitation, WrongCustomer, CountryClosed, InviterGone, PartyNotActive, PartnershipEnded.
    """
    customer = Tenant.objects.select_related("country").get(pk=actor.tenant_id)
    if customer.pk in {invitation.tenant_id, invitation.reseller_id, invitation.provider_id}:
        raise OwnInvitation
    if not _is_meant(invitation, customer):
        raise WrongCustomer
    if not customer.country.is_open:
        raise CountryClosed(customer.country_id)
    _examine_inviter(invitation)
    for party in invitation.parties:
        _examine_party(invitation, party)
    return customer


def may_still_ask(invitation: RelationshipInvitation) -> bool:
    """Whether the asking side could ask now: nobody is mailed about what could not be accepted (T-04, T-18)."""
    try:
        _examine_inviter(invitation)
        for party in invitation.parties:
            _examine_party(invitation, party)
    except Refusal:
        return False
    return True


def _is_meant(invitation: RelationshipInvitation, customer: Tenant) -> bool:
    if invitation.named_customer_id is not None and invitation.named_customer_id != customer.pk:
        return False
    named = invitation.named_domain
    return not named or customer.domains.filter(name__iexact=named).exists()


def _examine_inviter(invitation: RelationshipInvitation) -> None:
    permission = _permission(invitation)
    if not any(is_live(invitation.tenant_id, capacity) for capacity in RULES[permission].capacities):
        raise PartyNotActive(reader_name(invitation.tenant))
    if invitation.is_standing:
        if who_stands_behind(invitation.tenant_id, is_for_both=invitation.is_combined) is None:
            raise InviterGone
    elif not may_still(Person.accounts.get(pk=invitation.inviter_id), permission):
        raise InviterGone


def _permission(invitation: RelationshipInvitation) -> Permission:
    """What it takes to ask for this."""
    for_both = invitation.is_combined or invitation.instead_of_id is not None
    return Permission.RELATIONSHIPS_INVITE_BOTH if for_both else Permission.RELATIONSHIPS_REQUEST


def _examine_party(invitation: RelationshipInvitation, party: Tenant) -> None:
    capacity = invitation.capacity_of(party)
    if not is_live(party.pk, capacity):
        raise PartyNotActive(party.name)
    if party.pk == invitation.tenant_id:
        return
    pair = (
        (party.pk, invitation.tenant_id)
        if capacity is Capacity.PROVIDER
        else (invitation.tenant_id, party.pk)
    )
    if not are_partners(*pair):
        raise PartnershipEnded


def _narrowed(invitation: RelationshipInvitation, consent: Consent) -> dict[uuid.UUID, set[DirectoryRole]]:
    chosen = {party.pk: set(consent.get(party.pk, ())) for party in invitation.parties}
    offered = {party.pk: set(invitation.roles_for(party)) for party in invitation.parties}
    if set(consent) - set(offered) or any(chosen[party] - offered[party] for party in chosen):
        raise RolesNotOffered
    return chosen


def held_elsewhere(
    actor: Actor, invitation: RelationshipInvitation
) -> dict[uuid.UUID, list[AdministrationGrant]]:
    """The parties that ask for administrator access which the actor's organisation cannot give, with the access of
    the other channel that stands in the way (N-18).
    """
    found = {
        party.pk: administration_elsewhere(
            customer_id=actor.tenant_id,
            party_id=party.pk,
            capacity=invitation.capacity_of(party),
            now=actor.now,
        )
        for party in invitation.parties
        if invitation.roles_for(party)
    }
    return {party_id: held for party_id, held in found.items() if held}


def _must_be_of_one_channel(
    actor: Actor, invitation: RelationshipInvitation, chosen: Mapping[uuid.UUID, Collection[DirectoryRole]]
) -> None:
    elsewhere = held_elsewhere(actor, invitation)
    for party in invitation.parties:
        if chosen[party.pk] and party.pk in elsewhere:
            names = {reader_name(grant.grantee) for grant in elsewhere[party.pk]}
            raise AdministeredElsewhere(
                party=reader_name(party),
                holders=pgettext("between names", ", ").join(sorted(names)),
            )


def _settle(actor: Actor, invitation: RelationshipInvitation, state: InvitationState) -> None:
    """From open to the answer in one conditional statement: of two answers at the same moment one wins
    (G-09). A standing link stays open for the next customer.
    """
    if invitation.is_standing:
        return
    invitation.state = state
    invitation.answered_at = actor.now
    invitation.answered_by_id, invitation.answered_by_tenant_id = actor.person_id, actor.tenant_id
    won = RelationshipInvitation.objects.filter(
        pk=invitation.pk, state=InvitationState.OPEN, version=invitation.version
    ).update(
        state=invitation.state,
        answered_at=actor.now,
        answered_by_id=actor.person_id,
        answered_by_tenant_id=actor.tenant_id,
        decline_reason=invitation.decline_reason,
    )
    if not won:
        raise InvitationUsed


def _relate(
    actor: Actor, invitation: RelationshipInvitation, party: Tenant, customer: Tenant
) -> ResellerRelationship:
    """A relationship from now on; one that lives already is kept as it is, with its older date (N-17)."""
    present = ResellerRelationship.objects.live().filter(partner=party, customer=customer).first()
    relationship = present or ResellerRelationship.objects.create(
        partner=party,
        customer=customer,
        **ResellerRelationship.keys_of(customer),
        since=actor.now,
        origin=Origin.INVITATION,
        channel=invitation.channel,
        invitation_id=invitation.pk,
    )
    record(
        actor,
        AuditAction.ACCEPT_RELATIONSHIP_INVITATION if present else AuditAction.CREATE_RESELLER_RELATIONSHIP,
        relationship,
        tenant_id=party.pk,
        counterparty_id=customer.pk,
        customer_id=customer.pk,
        after={"invitation": str(invitation.pk), "channel": invitation.channel},
    )
    return relationship


def _acceptances(invitation: RelationshipInvitation, customer: Tenant) -> list[Happening]:
    """Every party hears that the customer has accepted; the provider of a combined invitation also by the name that
    says that a reseller stands between.
    """
    parties = {EventName.RELATIONSHIP_ACCEPTED: [party.pk for party in invitation.parties]}
    if invitation.is_combined and invitation.provider_id:
        parties[EventName.INDIRECT_RELATIONSHIP_ACCEPTED] = [invitation.provider_id]
    return [
        Happening(
            name=name,
            object_id=customer.pk,
            tenants=tenants,
            tie=Tie.CUSTOMER,
            other_id=customer.pk,
        )
        for name, tenants in parties.items()
    ]


def _report_wrong_customer(actor: Actor, token: str) -> None:
    """Tell the inviter once a day that somebody else holds the link. The refusal itself has changed
    nothing.
    """
    invitation = open_link(token).invitation
    try:
        with transaction.atomic():
            take("wrong_customer", str(invitation.pk), limit=1, per=dt.timedelta(days=1))
            tell_wrong_customer(actor, invitation)
    except TooManyAttempts:
        return


@transaction.atomic
def decline_invitation(
    actor: Actor, *, token: str, reason: str, reseller_only: bool = False
) -> RelationshipInvitation | None:
    """The customer says no. With ``reseller_only`` a combined request becomes a new one for the reseller
    alone (Q-18).

    Returns the new invitation, which is not accepted by this. Raises what the link raises, OwnInvitation,
    WrongCustomer.
    """
    actor.must(Permission.RELATIONSHIPS_ACCEPT)
    invitation = _lock(actor, token)
    customer = Tenant.objects.get(pk=actor.tenant_id)
    if customer in invitation.parties:
        raise OwnInvitation
    if not _is_meant(invitation, customer):
        raise WrongCustomer
    invitation.decline_reason = reason.strip()
    _settle(actor, invitation, InvitationState.DECLINED)
    record(
        actor,
        AuditAction.DECLINE_RELATIONSHIP_INVITATION,
        invitation,
        tenant_id=invitation.tenant_id,
        counterparty_id=actor.tenant_id,
        customer_id=actor.tenant_id,
        before={"state": InvitationState.OPEN.value},
        after={"state": str(invitation.state), "reason": invitation.decline_reason},
    )
    tell_declined(actor, invitation)
    return _for_reseller_alone(actor, invitation) if reseller_only and invitation.is_combined else None


def _for_reseller_alone(actor: Actor, declined: RelationshipInvitation) -> RelationshipInvitation:
    """A request of its own, with the reseller's part of the declined one, for this customer only."""
    single = RelationshipInvitation.objects.create(
        tenant=declined.tenant,
        inviter=declined.inviter,
        reseller=declined.reseller,
        named_customer_id=actor.tenant_id,
        customer_name=declined.customer_name,
        email=declined.email,
        language=declined.language,
        channel=declined.channel,
        grant_days=declined.grant_days,
        created_at=actor.now,
        expires_at=min(declined.expires_at, actor.now + LAPSES_AFTER),
        instead_of_id=declined.pk,
    )
    RequestedRole.objects.bulk_create(
        RequestedRole(tenant=declined.tenant, invitation=single, grantee_id=row.grantee_id, role=row.role)
        for row in declined.requested_roles.filter(grantee=declined.reseller)
    )
    keep_draft(single)
    record_issue(actor, single)
    return single

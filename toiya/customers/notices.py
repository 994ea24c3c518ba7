"""Mails about customer relationships, each in its recipient's language."""

import uuid
from collections.abc import Collection, Mapping

from toiya.core.actor import Actor
from toiya.core.permissions import DirectoryRole
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person, Tenant
from toiya.mail import outbox
from toiya.relations.grants import administrators_of, names_of
from toiya.relations.models import ResellerRelationship

INVITATIONS = {"path": "/dashboard/customers/invitations/"}
CUSTOMERS = {"path": "/dashboard/customers/"}
PARTNERS = {"path": "/organization/partners/"}


def tell_accepted(
    actor: Actor, invitation: RelationshipInvitation, chosen: Mapping[uuid.UUID, Collection[DirectoryRole]]
) -> None:
    """Inviter and customer are told at once (T-06), and so are the administrators of a party that did not
    invite.
    """
    told = [invitation.inviter]
    for party in invitation.parties:
        if party.pk != invitation.tenant_id:
            told += administrators_of(party)
    for person in told:
        _post(
            actor,
            "customers/accepted",
            person,
            invitation,
            consents=_consents(invitation, chosen, person.language),
            customers_link=CUSTOMERS,
        )
    acceptor = Person.accounts.get(pk=actor.person_id)
    _post(
        actor,
        "customers/consent_given",
        acceptor,
        invitation,
        consents=_consents(invitation, chosen, acceptor.language),
        partners_link=PARTNERS,
    )


def tell_declined(actor: Actor, invitation: RelationshipInvitation) -> None:
    """The inviter learns that the customer said no, and why."""
    _post(
        actor,
        "customers/declined",
        invitation.inviter,
        invitation,
        reason=" ".join(invitation.decline_reason.split()),
        invitations_link=INVITATIONS,
    )


def tell_wrong_customer(actor: Actor, invitation: RelationshipInvitation) -> None:
    """The inviter learns that another organisation tried to accept; its name stays untold."""
    _post(actor, "customers/wrong_customer", invitation.inviter, invitation, invitations_link=INVITATIONS)


def tell_removed(actor: Actor, relationship: ResellerRelationship, *, grants_removed: int) -> None:
    """Both sides learn that the relationship has ended, and that administrator access is a separate thing."""
    for tenant in (relationship.partner, relationship.customer):
        for person in administrators_of(tenant):
            outbox.post(
                actor,
                "customers/relationship_removed",
                to=person.contact_email,
                language=person.language,
                subject_id=relationship.pk,
                context={
                    "recipient": person.name,
                    "partner": relationship.partner.name_in(person.language),
                    "customer": relationship.customer.name_in(person.language),
                    "reason": " ".join(relationship.end_reason.split()),
                    "ended_at": actor.now.isoformat(),
                    "grants_removed": grants_removed,
                    "details_link": CUSTOMERS if tenant.pk == relationship.partner_id else PARTNERS,
                },
            )


def _consents(
    invitation: RelationshipInvitation, chosen: Mapping[uuid.UUID, Collection[DirectoryRole]], language: str
) -> list[dict[str, str]]:
    return [
        {"party": party.name_in(language), "roles": names_of(_in_order(chosen[party.pk]), language)}
        for party in invitation.parties
    ]


def _in_order(roles: Collection[DirectoryRole]) -> list[DirectoryRole]:
    return [role for role in DirectoryRole if role in roles]


def _post(
    actor: Actor, message: str, person: Person, invitation: RelationshipInvitation, **context: object
) -> None:
    customer = Tenant.objects.get(pk=actor.tenant_id)
    outbox.post(
        actor,
        message,
        to=person.contact_email,
        language=person.language,
        subject_id=invitation.pk,
        context={
            "recipient": person.name,
            "parties": [party.name_in(person.language) for party in invitation.parties],
            "customer": customer.name_in(person.language),
            "answered_at": actor.now.isoformat(),
            **context,
        },
    )

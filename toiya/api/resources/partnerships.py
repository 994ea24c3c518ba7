"""Toiya's own: enrolment, partnerships of providers and resellers, and the invitations that lead to them."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from toiya.api.common import within
from toiya.api.errors import WireError
from toiya.api.operations import Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import relationship_in
from toiya.api.wire import Link, Links, Resource, SeekCollection, Wire, attributes_of
from toiya.core.errors import NotVisible
from toiya.core.links import Purpose, link_url
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, DirectoryRole, Permission
from toiya.customers.drafts import link_of, with_link
from toiya.customers.invitations import invitation_of, invitations_of
from toiya.customers.models import RelationshipInvitation, RelationshipSending
from toiya.customers.relationship_requests import Wish, invite_for_both, request_relationship, revoke
from toiya.customers.sending import resend, send_invitation
from toiya.directory.models import Language
from toiya.enrolment.models import Application
from toiya.partnerships import invitations as partner_invitations
from toiya.partnerships.models import InvitationSending, PartnerInvitation
from toiya.partnerships.standing import Standing, standing_of
from toiya.programme.models import Programme
from toiya.relations.grants import LEAST_PRIVILEGE
from toiya.relations.models import Channel, Partnership

LATEST = ("created_at", "id")


class Organization(Wire):
    """One side of a partnership."""

    id: uuid.UUID
    name: str
    latin_name: str | None = None
    country: str | None = None


class StatusEntry(Wire):
    """A state that the enrolment reached, and what the reviewer wrote to the company."""

    status: str
    date: dt.datetime
    note: str | None = None


class Enrollment(Resource):
    """Where the organisation's enrolment as indirect reseller stands."""

    reference: str | None = None
    status: str | None = None
    submitted_date: dt.datetime | None = None
    history: list[StatusEntry] | None = None


@operation("toiya.enrollment.get", "GET", "/v1/toiya/enrollment", needs=Permission.ENROL, errors=(1000,))
def get_enrollment(call: Call) -> Enrollment:
    """The organisation's latest enrolment: its reference number, its state, and how it got there."""
    own = Application.objects.visible_to(call.actor).filter(tenant_id=call.actor.tenant_id)
    found = own.prefetch_related("status_changes").order_by("-created_at", "-id").first()
    if found is None:
        raise NotVisible
    changes = sorted(found.status_changes.all(), key=lambda change: change.at)
    return Enrollment(
        reference=found.reference or None,
        status=found.state,
        submitted_date=found.submitted_at,
        history=[StatusEntry(status=one.state, date=one.at, note=one.note or None) for one in changes],
        links=Links(self=Link(uri="/toiya/enrollment")),
        attributes=attributes_of("Enrollment", found.version),
    )


# ---------------------------------------------------------------- partnerships
class PartnershipItem(Resource):
    """A provider and a reseller that work together. ``confirmedDate``: the provider knows who used an open link."""

    id: uuid.UUID | None = None
    provider: Organization | None = None
    reseller: Organization | None = None
    since: dt.datetime | None = None
    confirmed_date: dt.datetime | None = None
    invitation_id: uuid.UUID | None = None


@operation("toiya.partnerships.list", "GET", "/v1/toiya/partnerships", needs=Permission.PARTNERSHIPS_VIEW)
def list_partnerships(call: Call, query: SeekQuery) -> SeekCollection[PartnershipItem]:
    """The live partnerships of the organisation, on either side, the latest first."""
    live = Partnership.objects.visible_to(call.actor).live().select_related("provider", "reseller")
    page = page_by_key(
        live, fields=("since", "id"), cursor=place_of(call, query), size=size_of(query), descending=True
    )
    return seek_collection(page, _partnership, at="/toiya/partnerships", size=query.size)


def _partnership(row: Partnership) -> PartnershipItem:
    provider, reseller = (
        Organization(id=one.pk, name=one.name, latin_name=one.latin_name or None, country=one.country_id)
        for one in (row.provider, row.reseller)
    )
    return PartnershipItem(
        id=row.pk,
        provider=provider,
        reseller=reseller,
        since=row.since,
        confirmed_date=row.confirmed_at,
        invitation_id=row.invitation_id,
        links=Links(self=Link(uri=f"/toiya/partnerships/{row.pk}")),
        attributes=attributes_of("Partnership"),
    )


@operation(
    "toiya.partnerships.get",
    "GET",
    "/v1/toiya/partnerships/{partnership_id}",
    needs=Permission.PARTNERSHIPS_VIEW,
    errors=(1000,),
)
def get_partnership(call: Call, partnership_id: uuid.UUID) -> PartnershipItem:
    """One live partnership of the organisation."""
    live = Partnership.objects.visible_to(call.actor).live().select_related("provider", "reseller")
    found = live.filter(pk=partnership_id).first()
    if found is None:
        raise NotVisible
    return _partnership(found)


# ---------------------------------------------------------------- invitations of both kinds
class Sending(Wire):
    """The system mailed the invitation."""

    to: str
    date: dt.datetime
    is_reminder: bool


class InvitationRequest(Wire):
    """What is asked for. ``roles``: administrator access by its directory roles; ``send``: Toiya mails it at once."""

    email: str | None = None
    named_domain: str | None = None
    language: Language | None = None
    roles: list[DirectoryRole] | None = None
    grant_days: int | None = None
    send: bool | None = None


class Invitation(Resource):
    """What both kinds have in common. ``url`` is the link that whoever is asked opens, while it is open."""

    id: uuid.UUID | None = None
    status: Standing | None = None
    email: str | None = None
    named_domain: str | None = None
    language: str | None = None
    grant_days: int | None = None
    created_date: dt.datetime | None = None
    expiration_date: dt.datetime | None = None
    answered_date: dt.datetime | None = None
    decline_reason: str | None = None
    url: str | None = None
    sendings: list[Sending] | None = None


def _in_common(
    call: Call, row: PartnerInvitation | RelationshipInvitation, at: str, url: str, needed: Permission
) -> dict[str, Any]:
    """The properties of both kinds; the link only for who may ask, and while it leads anywhere."""
    standing = standing_of(row.state, row.expires_at, call.actor.now)
    sendings: Iterable[InvitationSending | RelationshipSending] = row.sendings.all()
    return {
        "id": row.pk,
        "status": standing,
        "email": row.email or None,
        "named_domain": row.named_domain or None,
        "language": row.language,
        "grant_days": row.grant_days,
        "created_date": row.created_at,
        "expiration_date": row.expires_at,
        "answered_date": row.answered_at,
        "decline_reason": row.decline_reason or None,
        "url": url if standing is Standing.OPEN and call.actor.may(needed) else None,
        "sendings": [
            Sending(to=one.to, date=one.at, is_reminder=one.is_reminder)
            for one in sorted(sendings, key=lambda one: one.at)
        ],
        "links": Links(self=Link(uri=f"{at.removeprefix('/v1')}/{row.pk}")),
    }


class PartnershipInvitation(Invitation):
    """A provider asks a reseller to authorise it."""

    roles: list[str] | None = None


PARTNERSHIP_INVITATIONS = "/v1/toiya/partnershipInvitations"


@operation(
    "toiya.partnership_invitations.list",
    "GET",
    PARTNERSHIP_INVITATIONS,
    needs=Permission.PARTNERSHIPS_VIEW,
    capacity=Capacity.PROVIDER,
)
def list_partnership_invitations(call: Call, query: SeekQuery) -> SeekCollection[PartnershipInvitation]:
    """The provider's invitations, the latest first, with where each one stands."""
    rows = PartnerInvitation.objects.visible_to(call.actor).prefetch_related("sendings")
    page = page_by_key(
        rows, fields=LATEST, cursor=place_of(call, query), size=size_of(query), descending=True
    )
    return seek_collection(
        page,
        lambda row: _partnership_invitation(call, row),
        at="/toiya/partnershipInvitations",
        size=query.size,
    )


@operation(
    "toiya.partnership_invitations.get",
    "GET",
    f"{PARTNERSHIP_INVITATIONS}/{{invitation_id}}",
    needs=Permission.PARTNERSHIPS_VIEW,
    errors=(1000,),
)
def get_partnership_invitation(call: Call, invitation_id: uuid.UUID) -> PartnershipInvitation:
    """One invitation of the provider."""
    return _partnership_invitation(call, _own_invitation(call, invitation_id))


def _own_invitation(call: Call, invitation_id: uuid.UUID) -> PartnerInvitation:
    found = PartnerInvitation.objects.visible_to(call.actor).filter(pk=invitation_id).first()
    if found is None:
        raise NotVisible
    return found


@operation(
    "toiya.partnership_invitations.create",
    "POST",
    PARTNERSHIP_INVITATIONS,
    needs=Permission.PARTNERSHIPS_INVITE,
    status=201,
    example={
        "email": "it@reseller.example.com",
        "language": "ja",
        "roles": ["helpdesk_administrator"],
        "send": True,
    },
)
def create_partnership_invitation(call: Call, body: InvitationRequest) -> PartnershipInvitation:
    """Invite a reseller. Without ``send`` the answer's ``url`` is the provider's own to pass on (S-062)."""
    made = partner_invitations.invite_reseller(
        call.actor,
        language=body.language.value if body.language else call.actor.language,
        email=within(body.email, 254, "email"),
        named_domain=within(body.named_domain, 253, "namedDomain"),
        grant_days=_positive(body.grant_days),
        roles=LEAST_PRIVILEGE if body.roles is None else body.roles,
    )
    if body.send:
        partner_invitations.send_invitation(call.actor, invitation=made, email=made.email)
    return _partnership_invitation(call, _own_invitation(call, made.pk))


def _positive(days: int | None) -> int | None:
    if days is not None and not 1 <= days <= 730:
        raise WireError(
            400, 800002, _("grantDays is %(found)s; it must be 1 to 730.") % {"found": days}, "grantDays"
        )
    return days


@operation(
    "toiya.partnership_invitations.resend",
    "POST",
    f"{PARTNERSHIP_INVITATIONS}/{{invitation_id}}/resend",
    needs=Permission.PARTNERSHIPS_INVITE,
    errors=(1000,),
)
def resend_partnership_invitation(call: Call, invitation_id: uuid.UUID) -> PartnershipInvitation:
    """Mail it once more, to the same address."""
    partner_invitations.resend_invitation(call.actor, invitation=_own_invitation(call, invitation_id))
    return _partnership_invitation(call, _own_invitation(call, invitation_id))


@operation(
    "toiya.partnership_invitations.revoke",
    "DELETE",
    f"{PARTNERSHIP_INVITATIONS}/{{invitation_id}}",
    needs=Permission.PARTNERSHIPS_INVITE,
    status=204,
    errors=(1000,),
)
def revoke_partnership_invitation(call: Call, invitation_id: uuid.UUID) -> None:
    """Its link stops working at once."""
    partner_invitations.revoke_invitation(call.actor, invitation=_own_invitation(call, invitation_id))


def _partnership_invitation(call: Call, row: PartnerInvitation) -> PartnershipInvitation:
    url = link_url(Purpose.PARTNER_INVITATION, row.pk, row.version)
    return PartnershipInvitation(
        roles=list(row.roles),
        attributes=attributes_of("PartnershipInvitation", row.version),
        **_in_common(call, row, PARTNERSHIP_INVITATIONS, url, Permission.PARTNERSHIPS_INVITE),
    )


class RelationshipRequestBody(InvitationRequest):
    """A customer is asked for a relationship: with the caller alone, or with the partnership's two sides together.

    ``roles`` are for the caller; in a combined request ``resellerRoles`` and ``providerRoles`` say it for each side.
    ``askedAs``: who is both provider and reseller says as which it asks.
    """

    partnership_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    customer_name: str | None = None
    channel: Channel | None = None
    valid_days: int | None = None
    reseller_roles: list[DirectoryRole] | None = None
    provider_roles: list[DirectoryRole] | None = None
    asked_as: Capacity | None = None


class RelationshipInvitationItem(Invitation):
    """A customer is asked for a reseller relationship, and where that stands."""

    reseller_id: uuid.UUID | None = None
    provider_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    customer_name: str | None = None
    channel: str | None = None
    reseller_roles: list[str] | None = None
    provider_roles: list[str] | None = None


RELATIONSHIP_INVITATIONS = "/v1/toiya/relationshipInvitations"


@operation(
    "toiya.relationship_invitations.list", "GET", RELATIONSHIP_INVITATIONS, needs=Permission.CUSTOMERS_VIEW
)
def list_relationship_invitations(call: Call, query: SeekQuery) -> SeekCollection[RelationshipInvitationItem]:
    """The organisation's invitations to customers, the latest first."""
    rows = invitations_of(call.actor)
    page = page_by_key(
        rows, fields=LATEST, cursor=place_of(call, query), size=size_of(query), descending=True
    )
    return seek_collection(
        page,
        lambda row: _relationship_invitation(call, row),
        at="/toiya/relationshipInvitations",
        size=query.size,
    )


@operation(
    "toiya.relationship_invitations.get",
    "GET",
    f"{RELATIONSHIP_INVITATIONS}/{{invitation_id}}",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(1000,),
)
def get_relationship_invitation(call: Call, invitation_id: uuid.UUID) -> RelationshipInvitationItem:
    """One invitation of the organisation."""
    return _relationship_invitation(call, invitation_of(call.actor, invitation_id))


@operation(
    "toiya.relationship_invitations.create",
    "POST",
    RELATIONSHIP_INVITATIONS,
    needs=Permission.CUSTOMERS_VIEW,
    status=201,
    example={
        "email": "it@customer.example.com",
        "channel": "own_marketing",
        "roles": ["user_administrator"],
        "send": True,
    },
)
def create_relationship_invitation(call: Call, body: RelationshipRequestBody) -> RelationshipInvitationItem:
    """Ask a customer. With ``partnershipId`` one consent is asked for both sides (S-074); without ``send`` the
    answer's ``url`` is the caller's own to pass on.
    """
    wish, capacity = _wish(call, body)
    if body.partnership_id is not None:
        live = Partnership.objects.visible_to(call.actor).live().filter(pk=body.partnership_id).first()
        if live is None:
            raise NotVisible
        made = invite_for_both(call.actor, partnership=live, wish=wish)
    else:
        known = None if body.customer_id is None else relationship_in(call, body.customer_id).customer
        made = request_relationship(call.actor, capacity=capacity, wish=wish, customer=known)
    if body.send:
        send_invitation(call.actor, invitation=made, text=with_link(made), email=made.email)
    return _relationship_invitation(call, invitation_of(call.actor, made.pk))


def _wish(call: Call, body: RelationshipRequestBody) -> tuple[Wish, Capacity]:
    """What is asked for, and as what; what was not said is the programme's usual."""
    programme = Programme.objects.get()
    held = [one for one in (Capacity.RESELLER, Capacity.PROVIDER) if one in call.actor.capacities]
    capacity = body.asked_as or (held[0] if held else Capacity.RESELLER)
    usual = Channel.PROVIDER if capacity is Capacity.PROVIDER else Channel.OWN_MARKETING
    roles = {capacity: frozenset(body.roles or ())}
    if body.partnership_id is not None:
        roles = {
            Capacity.RESELLER: frozenset(body.reseller_roles or ()),
            Capacity.PROVIDER: frozenset(body.provider_roles or ()),
        }
    wish = Wish(
        language=body.language.value if body.language else call.actor.language,
        channel=body.channel or usual,
        grant_days=body.grant_days or programme.grant_days,
        valid_days=body.valid_days or programme.invitation_days,
        roles=roles,
        customer_name=within(body.customer_name, 200, "customerName"),
        email=within(body.email, 254, "email"),
        named_domain=within(body.named_domain, 253, "namedDomain"),
    )
    return wish, capacity


@operation(
    "toiya.relationship_invitations.resend",
    "POST",
    f"{RELATIONSHIP_INVITATIONS}/{{invitation_id}}/resend",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(1000,),
)
def resend_relationship_invitation(call: Call, invitation_id: uuid.UUID) -> RelationshipInvitationItem:
    """Mail the same text once more, to the same address."""
    resend(call.actor, invitation=invitation_of(call.actor, invitation_id))
    return _relationship_invitation(call, invitation_of(call.actor, invitation_id))


@operation(
    "toiya.relationship_invitations.revoke",
    "DELETE",
    f"{RELATIONSHIP_INVITATIONS}/{{invitation_id}}",
    needs=Permission.CUSTOMERS_VIEW,
    status=204,
    errors=(1000,),
)
def revoke_relationship_invitation(call: Call, invitation_id: uuid.UUID) -> None:
    """Its link is dead from now on."""
    revoke(call.actor, invitation=invitation_of(call.actor, invitation_id))


def _relationship_invitation(call: Call, row: RelationshipInvitation) -> RelationshipInvitationItem:
    asked = {party.pk: [role.value for role in row.roles_for(party)] for party in row.parties}
    needed = Permission.RELATIONSHIPS_INVITE_BOTH if row.is_combined else Permission.RELATIONSHIPS_REQUEST
    return RelationshipInvitationItem(
        reseller_id=row.reseller_id,
        provider_id=row.provider_id,
        customer_id=row.named_customer_id,
        customer_name=row.customer_name or None,
        channel=row.channel,
        reseller_roles=asked.get(row.reseller_id) if row.reseller_id else None,
        provider_roles=asked.get(row.provider_id) if row.provider_id else None,
        attributes=attributes_of("RelationshipInvitation", row.version),
        **_in_common(call, row, RELATIONSHIP_INVITATIONS, link_of(row), needed),
    )

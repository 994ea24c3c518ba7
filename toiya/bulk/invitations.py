"""Rows that ask customers for a reseller relationship, with or without a partner (C-08)."""

from django.utils.translation import gettext as _

from toiya.bulk.cells import Cells, CellWrong
from toiya.bulk.models import BulkFile, BulkKind, BulkRow
from toiya.bulk.outcome import Outcome
from toiya.core.actor import Actor
from toiya.core.errors import TooManyAttempts
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.customers.models import RelationshipInvitation
from toiya.customers.relationship_requests import (
    RESELLER_DEFAULT,
    Wish,
    invite_for_both,
    request_relationship,
)
from toiya.customers.sending import send_invitation
from toiya.directory.models import Domain, Language
from toiya.partnerships.models import InvitationState
from toiya.relations.models import Channel, Partnership, ResellerRelationship

GRANT_DAYS, VALID_DAYS = 365, 30
MAIL_WAITS = "mail_waits"


def invite(actor: Actor, file: BulkFile, row: BulkRow, *, rehearse: bool) -> Outcome:
    """The invitation of a row. Who serves the customer already, or has asked it, asks no second time."""
    del file
    cells = Cells(BulkKind.INVITATIONS, row.cells)
    partnership = _partnership(actor, cells.text("partner_domain").lower())
    capacity = _capacity(actor)
    wish = _wish(cells, capacity)
    known = _served(actor, wish.named_domain) or _asked(actor, wish, partnership)
    if known:
        return Outcome(is_new=False, text=known)
    if partnership is not None:
        made = invite_for_both(actor, partnership=partnership, wish=wish)
    else:
        made = request_relationship(actor, capacity=capacity, wish=wish)
    if not wish.email or rehearse:
        return Outcome(is_new=True, subject_id=made.pk)
    try:
        send_invitation(actor, invitation=made, text=made.message, email=wish.email)
    except TooManyAttempts:
        text = _("The invitation is made; its mail waits for the hourly limit.")
        return Outcome(is_new=True, text=text, code=MAIL_WAITS, subject_id=made.pk)
    return Outcome(is_new=True, subject_id=made.pk)


def _capacity(actor: Actor) -> Capacity:
    return Capacity.RESELLER if Capacity.RESELLER in actor.capacities else Capacity.PROVIDER


def _wish(cells: Cells, capacity: Capacity) -> Wish:
    roles = cells.words("roles", [role.value for role in DirectoryRole])
    if roles is None:
        chosen = frozenset(RESELLER_DEFAULT if capacity is Capacity.RESELLER else ())
    else:
        chosen = frozenset(DirectoryRole(role) for role in roles)
    return Wish(
        language=cells.choice("language", Language.values, Language.JAPANESE),
        channel=Channel(cells.choice("channel", Channel.values, Channel.OWN_MARKETING)),
        grant_days=cells.number("grant_days", GRANT_DAYS),
        valid_days=cells.number("valid_days", VALID_DAYS),
        roles={capacity: chosen},
        customer_name=cells.text("customer_name", longest=200),
        email=cells.email("email").lower(),
        named_domain=cells.text("domain", longest=253).lower(),
    )


def _partnership(actor: Actor, domain: str) -> Partnership | None:
    if not domain:
        return None
    live = Partnership.objects.visible_to(actor).live().select_related("provider", "reseller")
    for side in ("provider", "reseller"):
        found = live.filter(**{f"{side}__domains__name": domain}).exclude(**{f"{side}_id": actor.tenant_id})
        if partnership := found.first():
            return partnership
    raise CellWrong(_("No partner of yours has the domain “%(found)s”.") % {"found": domain})


def _served(actor: Actor, domain: str) -> str:
    """Why there is nothing to ask: the organisation with this domain is a customer already."""
    owner = Domain.objects.filter(name=domain).values("tenant_id") if domain else None
    live = ResellerRelationship.objects.of_partner(actor).live()
    if owner is None or not live.filter(customer_id__in=owner).exists():
        return ""
    return _("This organization is your customer already.")


def _asked(actor: Actor, wish: Wish, partnership: Partnership | None) -> str:
    waiting = RelationshipInvitation.objects.visible_to(actor).filter(
        state=InvitationState.OPEN, expires_at__gt=actor.now, tenant_id=actor.tenant_id
    )
    if partnership is not None:
        waiting = waiting.filter(provider_id=partnership.provider_id, reseller_id=partnership.reseller_id)
    same = (
        waiting.filter(email=wish.email)
        if wish.email
        else waiting.filter(customer_name=wish.customer_name, named_domain=wish.named_domain)
    )
    return _("An invitation to this customer waits for its answer already.") if same.exists() else ""

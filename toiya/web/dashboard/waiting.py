"""What waits on the home page: for this person's answer, or for somebody else's."""

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.customers.models import RelationshipInvitation
from toiya.partnerships.models import InvitationState, PartnerInvitation
from toiya.relations.models import Partnership

Entry = dict[str, str]


def waiting(actor: Actor) -> list[Entry]:
    """One line for each kind that this actor may open."""
    entries = []
    if actor.may(Permission.PARTNERSHIPS_INVITE):
        entries += [_unconfirmed(actor), _partner_invitations(actor)]
    if actor.may(Permission.CUSTOMERS_VIEW):
        entries.append(_customer_invitations(actor))
    return [entry for entry in entries if entry is not None]


def _unconfirmed(actor: Actor) -> Entry | None:
    count = (
        Partnership.objects.visible_to(actor)
        .live()
        .filter(provider_id=actor.tenant_id, confirmed_at=None)
        .count()
    )
    text = ngettext(
        "%(n)s reseller waits for your confirmation", "%(n)s resellers wait for your confirmation", count
    )
    return _entry(count, text, "partnerships:resellers", "person-check")


def _partner_invitations(actor: Actor) -> Entry | None:
    invitations = PartnerInvitation.objects.visible_to(actor)
    count = invitations.filter(state=InvitationState.OPEN, expires_at__gt=actor.now).count()
    text = ngettext(
        "%(n)s partnership request waits for its answer",
        "%(n)s partnership requests wait for their answer",
        count,
    )
    return _entry(count, text, "partnerships:resellers", "envelope-open")


def _customer_invitations(actor: Actor) -> Entry | None:
    invitations = RelationshipInvitation.objects.visible_to(actor)
    count = invitations.filter(state=InvitationState.OPEN, expires_at__gt=actor.now).count()
    text = ngettext(
        "%(n)s invitation to a customer waits for its answer",
        "%(n)s invitations to customers wait for their answer",
        count,
    )
    return _entry(count, text, "customers:invitations", "envelope-open")


def _entry(count: int, text: str, url_name: str, icon: str) -> Entry | None:
    if not count:
        return None
    try:
        url = reverse(url_name)
    except NoReverseMatch:
        url = ""
    return {"text": text % {"n": count}, "url": url, "icon": icon}


def tile_texts() -> dict[str, str]:
    """What stands behind each entry of the dashboard's menu."""
    return {
        "customers:list": _("Find a customer, see account, services, users and licenses."),
        "partnerships:providers": _("The providers you work with; invite customers together."),
        "partnerships:resellers": _("The resellers you work with; request a partnership."),
        "radar:renewals": _("What renews soon, what nobody uses, what is at stake."),
        "bulk:list": _("Invite, license and order many at once from a CSV file or Excel."),
        "wishes:list": _("What customers ask you to buy, change or cancel."),
        "activity:log": _("Who did what, and when."),
        "people:list": _("Add users, give roles, reset passwords."),
        "applications:list": _("Applications that use the API: roles, secrets, whom they act for."),
        "profile:partner": _("Legal profile, primary contact, support contact."),
        "webhooks:settings": _("Tell your own program what happened, within seconds."),
    }


def capacities_of(actor: Actor) -> list[str]:
    """As what the organisation takes part."""
    return [str(Capacity(entry).label) for entry in Capacity if entry in actor.capacities | actor.suspended]

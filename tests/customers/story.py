"""How the stories about customers begin: an invitation goes out through the pages, and a link comes in."""

import re
import uuid

from django.test import Client
from django.urls import reverse

from tests.cast import browser_of
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import DirectoryRole
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person, Tenant

LINK = re.compile(r"https?://[^\s<>\"]+/invitations/customer/[A-Za-z0-9_-]+/")
USUAL = [DirectoryRole.LICENSE_ADMINISTRATOR, DirectoryRole.USER_ADMINISTRATOR]


def wish(**changes: object) -> dict[str, object]:
    """The form of a request, filled in as most are."""
    return {
        "language": "en",
        "customer_name": "Aoba Industries",
        "email": "",
        "channel": "own_marketing",
        "grant_days": 365,
        "valid_days": 30,
        "named_domain": "",
        "roles": USUAL,
        "roles_reseller": USUAL,
        "roles_provider": [],
        **changes,
    }


def invited(by: Person, **changes: object) -> RelationshipInvitation:
    """The person asks a customer for its own organisation, through the page."""
    return _made(browser_of(by).post(reverse("customers:request"), wish(**changes)).headers["Location"])


def invited_for_both(
    by: Person, other: Tenant, *, from_provider: bool = False, **changes: object
) -> RelationshipInvitation:
    """The person asks a customer for both partners, from the other's row."""
    name = "customers:invite_both_as_provider" if from_provider else "customers:invite_both"
    return _made(browser_of(by).post(reverse(name, args=[other.pk]), wish(**changes)).headers["Location"])


def _made(url: str) -> RelationshipInvitation:
    return RelationshipInvitation.objects.get(pk=uuid.UUID(url.rstrip("/").rsplit("/", 1)[1]))


def draft_path(invitation: RelationshipInvitation) -> str:
    """The page of the draft."""
    return reverse("customers:draft", args=[invitation.pk])


def link_path(invitation: RelationshipInvitation) -> str:
    """The path of the link as the customer holds it."""
    token = link_token(Purpose.RELATIONSHIP_INVITATION, invitation.pk, invitation.version)
    return reverse("customers:invitation", args=[token])


def consent_to(invitation: RelationshipInvitation, **changes: object) -> dict[str, object]:
    """The consent form with everything ticked that is asked for."""
    roles = {f"roles_{party.pk.hex}": invitation.roles_for(party) for party in invitation.parties}
    return {**roles, "agree": "on", **changes}


def accepted(by: Person, invitation: RelationshipInvitation, **changes: object) -> Client:
    """The customer's administrator accepts in the browser; the browser is returned."""
    browser = browser_of(by)
    answer = browser.post(link_path(invitation), consent_to(invitation, **changes))
    assert answer.status_code == 302, answer.content.decode()
    return browser


def customers_seen_by(person: Person, **filters: str) -> list[str]:
    """The customers that the person's list shows, from top to bottom."""
    page = browser_of(person).get(reverse("customers:list"), filters).content.decode()
    return re.findall(r'<th scope="row"><a href="/dashboard/customers/[0-9a-f-]+/account/">([^<]+)</a>', page)

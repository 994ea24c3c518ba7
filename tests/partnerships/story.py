"""What the stories of partnerships do again and again, through the pages."""

import re

from django.http import HttpResponse
from django.test import Client

from tests.cast import Cast, browser_of
from toiya.core.links import Purpose, link_url
from toiya.core.permissions import DirectoryRole
from toiya.partnerships.models import PartnerInvitation
from toiya.relations.models import Partnership

REQUEST = "/dashboard/indirect-resellers/request/"
RESELLERS = "/dashboard/indirect-resellers/"
PROVIDERS = "/dashboard/indirect-providers/"
HELPDESK = DirectoryRole.HELPDESK_ADMINISTRATOR.value


def form_of(**changes: object) -> dict[str, object]:
    """The request form as it stands on the page, with changes."""
    return {
        "language": "ja",
        "email": "",
        "named_domain": "",
        "roles": [HELPDESK],
        "grant_days": 365,
        **changes,
    }


def invite(cast: Cast, browser: Client | None = None, **changes: object) -> PartnerInvitation:
    """Hinode's Mei requests a partnership; the invitation that came of it."""
    answer = (browser or browser_of(cast.mei)).post(REQUEST, form_of(**changes))
    assert answer.status_code == 302, answer.content.decode()
    found = re.search(r"/invitations/([0-9a-f-]{36})/", answer["Location"])
    assert found
    return PartnerInvitation.objects.get(pk=found[1])


def path_of(invitation: PartnerInvitation, version: int = 0) -> str:
    """The path of the invitation's link."""
    url = link_url(Purpose.PARTNER_INVITATION, invitation.pk, version or invitation.version)
    return url.removeprefix("http://localhost:8000")


def accept(
    browser: Client, invitation: PartnerInvitation, *, roles: list[str] | None = None, agree: str = "on"
) -> HttpResponse:
    """Tick the box and press the button; ``roles`` are those left ticked, all of them by default."""
    kept = invitation.roles if roles is None else roles
    answer = browser.post(f"{path_of(invitation)}accept/", {"roles": kept, "agree": agree})
    assert isinstance(answer, HttpResponse)
    return answer


def become_partners(cast: Cast) -> Partnership:
    """Hinode and Kawase, by invitation and acceptance."""
    invitation = invite(cast)
    assert accept(browser_of(cast.kai), invitation).status_code == 302
    return Partnership.objects.get(invitation_id=invitation.pk)

"""The draft of an invitation mail: generated, edited by the inviter, and only complete with its link."""

from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from toiya.core.links import Purpose, link_url
from toiya.core.permissions import DIRECTORY_ROLE_POWERS
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Language, Person
from toiya.programme.models import Programme

LINK_MARK = "{link}"
"""Stands in the stored text where the link belongs, so that the database holds nothing that opens anything.
"""


def link_of(invitation: RelationshipInvitation) -> str:
    """The link that the inviter sends; it stops working when the version is raised."""
    return link_url(Purpose.RELATIONSHIP_INVITATION, invitation.pk, invitation.version)


def write_draft(invitation: RelationshipInvitation, inviter: Person, programme: Programme) -> str:
    """The text in the chosen language: who asks for what, each administration role, the link, until when
    (S-085).
    """
    with translation.override(invitation.language):
        names = [party.name_in(invitation.language) for party in invitation.parties]
        paragraphs = [
            _("Dear %(customer)s,") % {"customer": invitation.customer_name}
            if invitation.customer_name
            else _("Hello,"),
            _request(invitation, names, programme),
            *_powers(invitation),
            _(
                "Please open this link, sign in as a global administrator of your organization, read what "
                "is asked, "
                "and accept it there:"
            )
            + "\n"
            + LINK_MARK,
            _lapse(invitation),
            f"{inviter.name}\n{invitation.tenant.name_in(invitation.language)}",
        ]
    return "\n\n".join(paragraphs)


def _request(invitation: RelationshipInvitation, names: list[str], programme: Programme) -> str:
    if not invitation.is_combined:
        return _(
            "%(partner)s asks your organization for a reseller relationship in the %(programme)s. "
            "With it, %(partner)s can arrange and manage subscriptions and services for you."
        ) % {"partner": names[0], "programme": programme.name}
    return _(
        "%(reseller)s asks your organization for a reseller relationship in the %(programme)s with "
        "%(reseller)s "
        "and with its indirect provider %(provider)s, both at once. %(provider)s can then submit orders for "
        "you "
        "when you buy new subscriptions or add licenses to existing ones."
    ) % {"reseller": names[0], "provider": names[1], "programme": programme.name}


def _powers(invitation: RelationshipInvitation) -> list[str]:
    paragraphs = []
    for party in invitation.parties:
        roles = invitation.roles_for(party)
        if not roles:
            continue
        lines = [
            _("%(partner)s also asks for administrator access to your work account for %(days)s days:")
            % {"partner": party.name_in(invitation.language), "days": invitation.grant_days}
        ]
        lines += [
            _("- %(role)s: %(power)s") % {"role": role.label, "power": DIRECTORY_ROLE_POWERS[role]}
            for role in roles
        ]
        lines.append(_("You may leave out any of these roles, and take them back at any time."))
        paragraphs.append("\n".join(lines))
    return paragraphs


def _lapse(invitation: RelationshipInvitation) -> str:
    if invitation.is_standing:
        return _("The link is the same for every organization and can be used at any time.")
    return _("The link is meant for your organization alone, works once, and expires on %(day)s.") % {
        "day": _day(invitation)
    }


def _day(invitation: RelationshipInvitation) -> str:
    local = timezone.localtime(invitation.expires_at, ZoneInfo(settings.READER_TIME_ZONE))
    return format_date(local, "Y年n月j日" if invitation.language == Language.JAPANESE else "j F Y")


def with_link(invitation: RelationshipInvitation) -> str:
    """The text as the customer will read it."""
    return invitation.message.replace(LINK_MARK, link_of(invitation))


def without_link(invitation: RelationshipInvitation, text: str) -> str:
    """The edited text as it is stored: the link again only a mark."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return unified.replace(link_of(invitation), LINK_MARK)


def has_link(stored: str) -> bool:
    """Whether the customer would find the link in it (S-088)."""
    return LINK_MARK in stored


def subject_of(invitation: RelationshipInvitation) -> str:
    """The subject of a self-sent mail, in the invitation's language."""
    with translation.override(invitation.language):
        names = [party.name_in(invitation.language) for party in invitation.parties]
        if invitation.is_combined:
            return _("Request to authorize %(reseller)s and %(provider)s as your resellers") % {
                "reseller": names[0],
                "provider": names[1],
            }
        return _("Request for a reseller relationship with %(partner)s") % {"partner": names[0]}


def mailto_url(invitation: RelationshipInvitation) -> str:
    """Opens the draft in the inviter's own mail program (S-086); line ends as RFC 6068 wants them."""
    body = with_link(invitation).replace("\n", "\r\n")
    return f"mailto:{quote(invitation.email)}?subject={quote(subject_of(invitation))}&body={quote(body)}"

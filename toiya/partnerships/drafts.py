"""The text of an invitation: drafted in its language, edited by the sender, kept without a usable link."""

import re
import uuid
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from toiya.core.links import PATHS, Purpose, link_token, link_url
from toiya.partnerships.errors import LinkMissing
from toiya.partnerships.models import PartnerInvitation
from toiya.relations.grants import names_of

LINK_PLACE = "{link}"  # the renderer of mails puts the link here


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that a person sends (S-085, N-10): subject and text with the whole link."""

    subject: str
    text: str

    def mailto(self, email: str = "") -> str:
        """What [Open in email] opens."""
        body = self.text.replace("\n", "\r\n")
        return f"mailto:{quote(email, safe='@')}?subject={quote(self.subject)}&body={quote(body)}"


def without_link(text: str, purpose: Purpose, subject: uuid.UUID, version: int) -> str:
    """The text as the database keeps it: a placeholder instead of the link. Raises LinkMissing."""
    token = link_token(purpose, subject, version)
    pattern = re.compile(rf"(?:https?://[^\s<>\"]*{re.escape(PATHS[purpose])})?{re.escape(token)}/?")
    kept, links = pattern.subn(LINK_PLACE, text.replace("\r\n", "\n"))
    if not links or link_url(purpose, subject, version) not in text:
        raise LinkMissing(field="text")
    return kept


def with_link(kept: str, purpose: Purpose, subject: uuid.UUID, version: int) -> str:
    """The kept text with its link, for the page of the organisation that sends it."""
    return kept.replace(LINK_PLACE, link_url(purpose, subject, version))


def day_of(invitation: PartnerInvitation) -> str:
    """The last day of the invitation, as its own language writes it."""
    last = timezone.localtime(invitation.expires_at, ZoneInfo(settings.READER_TIME_ZONE)).date()
    with translation.override(invitation.language):
        return date_format(last, "Y年n月j日" if invitation.language == "ja" else "j F Y")


def draft_of(invitation: PartnerInvitation) -> Draft:
    """The draft in the invitation's language, or the text that the sender made of it."""
    link = link_url(Purpose.PARTNER_INVITATION, invitation.pk, invitation.version)
    names = {
        "provider": invitation.tenant.name_in(invitation.language),
        "inviter": invitation.inviter.name,
        "link": link,
        "until": day_of(invitation),
        "roles": names_of(invitation.directory_roles, invitation.language),
    }
    with translation.override(invitation.language):
        subject = _("Invitation from %(provider)s: authorize us as your indirect provider") % names
        if invitation.message:
            return Draft(subject, invitation.message.replace(LINK_PLACE, link))
        access = (
            _(
                "It also gives us this administrator access to your work account, "
                "which you can leave out: %(roles)s."
            )
            if invitation.roles
            else _("It gives us no administrator access to your work account.")
        )
        paragraphs = (
            _("Hello,"),
            _("%(provider)s would like to work with your company as your indirect provider."),
            _("To accept, open this link and follow the instructions. You may need to sign in again:"),
            "%(link)s",
            _(
                "By accepting you authorize %(provider)s to submit orders and subscriptions "
                "on behalf of your customers."
            ),
            access,
            _(
                "The invitation can be accepted once, by a global administrator of your company, "
                "until %(until)s."
            ),
            _("%(inviter)s\n%(provider)s"),
        )
        return Draft(subject, "\n\n".join(paragraph % names for paragraph in paragraphs) + "\n")

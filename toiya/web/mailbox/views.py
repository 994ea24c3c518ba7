"""The mailbox: every mail that the system sent, and in the demo what everybody signs in with."""

import re
import uuid
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.directory.demo import DEMO_PASSWORD, demo_people, demo_tenants
from toiya.mail.mailbox import caught_mails
from toiya.mail.models import Delivery, OutgoingMail
from toiya.mail.render import RenderedMail
from toiya.mail.render import render as render_mail
from toiya.programme.words import current_programme
from toiya.web.http import PublicRequest
from toiya.web.paging import cursor_of, pager_of

PAGE = 30
OWN_LINK = re.compile(re.escape(settings.ORIGIN) + r"[^\s<>\"]*")
# The HTML version styles itself, and may do nothing else.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def list_mails(request: PublicRequest) -> HttpResponse:
    """All mails, the newest first, found by recipient or subject."""
    mails = caught_mails(family_id=_family(request), text=text_of(request))
    context = {**listed(request, mails, "mailbox:mail"), "tabs": _tabs("list")}
    return render(request, "mailbox/list.html", context)


def text_of(request: HttpRequest) -> str:
    """What is looked for."""
    return request.GET.get("q", "").strip()


def listed(request: HttpRequest, mails: QuerySet[OutgoingMail], opens: str) -> dict[str, Any]:
    """A page of these mails, each of which ``opens`` on a page of its own; also for the mailbox of a sandbox."""
    page = page_by_key(
        mails,
        fields=["posted_at", "due_at", "id"],
        cursor=cursor_of(request),
        size=PAGE,
        descending=True,
    )
    rows = [
        {
            "mail": mail,
            "url": reverse(opens, args=[mail.pk]),
            "subject": mail.subject or _subject(mail),
            "state": _state(mail),
        }
        for mail in page.rows
    ]
    return {"rows": rows, "text": text_of(request), "pager": pager_of(request, page)}


def show_mail(request: PublicRequest, mail_id: uuid.UUID) -> HttpResponse:
    """One mail as text, with links that work."""
    return render(request, "mailbox/mail.html", opened(_mail(request, mail_id), "mailbox:html"))


def opened(mail: OutgoingMail, as_html: str) -> dict[str, Any]:
    """The mail as it reads now, and where it is shown ``as_html``."""
    rendered = _rendered(mail)
    return {
        "mail": mail,
        "html_url": reverse(as_html, args=[mail.pk]),
        "rendered": rendered,
        "body": _with_links(rendered.text) if rendered else "",
        "state": _state(mail),
    }


def show_html(request: PublicRequest, mail_id: uuid.UUID) -> HttpResponse:
    """The HTML version, exactly as it was sent."""
    return html_of(_mail(request, mail_id))


def html_of(mail: OutgoingMail) -> HttpResponse:
    """The HTML version under a policy that lets it do nothing."""
    rendered = _rendered(mail)
    if rendered is None:
        raise NotVisible
    response = HttpResponse(rendered.html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def list_people(request: PublicRequest) -> HttpResponse:
    """Who can sign in as what, with password and present code; in the demo only."""
    tenants = demo_tenants()
    if not tenants:
        raise NotVisible
    groups = [{"tenant": tenant, "people": demo_people(tenant)} for tenant in tenants]
    context = {
        "groups": [group for group in groups if group["people"]],
        "password": DEMO_PASSWORD,
        "tabs": _tabs("people"),
    }
    template = "mailbox/_codes.html" if request.htmx else "mailbox/people.html"
    return render(request, template, context)


def _tabs(current: str) -> list[dict[str, Any]]:
    tabs = [{"url": reverse("mailbox:list"), "label": _("Mail"), "current": current == "list"}]
    if settings.SHOWS_CODES:
        people = {"url": reverse("mailbox:people"), "label": _("People and codes")}
        tabs.append({**people, "current": current == "people"})
    return tabs


def _family(request: PublicRequest) -> uuid.UUID | None:
    """In the demo everybody reads everything; in a sandbox people read their own family's mails."""
    return request.actor.family_id if request.actor and not settings.SHOWS_CODES else None


def _mail(request: PublicRequest, mail_id: uuid.UUID) -> OutgoingMail:
    mail = caught_mails(family_id=_family(request)).filter(pk=mail_id).first()
    if mail is None:
        raise NotVisible
    return mail


def _rendered(mail: OutgoingMail) -> RenderedMail | None:
    """The mail as it reads now; None where it cannot be written, which the state then says."""
    try:
        return render_mail(mail, programme=current_programme())
    except Exception:  # noqa: BLE001  (a page that shows broken mails must not break with them)
        return None


def _subject(mail: OutgoingMail) -> str:
    rendered = _rendered(mail)
    return rendered.subject if rendered else mail.message


def _state(mail: OutgoingMail) -> dict[str, str]:
    if mail.failed_at:
        return {"tone": "danger", "label": _("Given up"), "why": mail.last_error}
    if mail.delivery == Delivery.SMTP:
        return {"tone": "success", "label": _("Sent"), "why": ""}
    if mail.sent_at:
        return {"tone": "neutral", "label": _("Caught here"), "why": ""}
    return {"tone": "waiting", "label": _("Waiting"), "why": mail.last_error}


def _with_links(text: str) -> SafeString:
    """The text, escaped; only addresses of this site can be clicked."""
    parts, end = [], 0
    for found in OWN_LINK.finditer(text):
        url = conditional_escape(found[0])
        parts += [conditional_escape(text[end : found.start()]), f'<a href="{url}">{url}</a>']
        end = found.end()
    return mark_safe("".join([*parts, conditional_escape(text[end:])]))  # noqa: S308 (escaped piece by piece)

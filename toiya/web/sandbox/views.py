"""A partner's sandbox: who is in it, what time it is there, and which mails it wrote."""

import calendar
import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.core.permissions import Permission
from toiya.core.reader import reader_zone
from toiya.mail.mailbox import mails_of_sandbox
from toiya.mail.models import OutgoingMail
from toiya.sandbox.clock import find_sandbox, foresee, move_clock, sandbox_of, start_clock, stop_clock
from toiya.sandbox.closing import delete_sandbox, reset_sandbox
from toiya.sandbox.errors import SandboxGone
from toiya.sandbox.making import MadeSandbox, make_sandbox
from toiya.sandbox.models import Sandbox
from toiya.sandbox.people import OpenedAccount, OpenedApplication, new_password, people_of
from toiya.web.http import PersonRequest
from toiya.web.mailbox.views import html_of, listed, opened, text_of
from toiya.web.sandbox.forms import MoveForm

REFUSED_PLAINLY = frozenset({403, 404})


def home(request: PersonRequest) -> HttpResponse:
    """The sandbox as it stands, or what one is good for."""
    found = find_sandbox(request.actor)
    if found is None:
        may_make = request.actor.may(Permission.SANDBOX_MAKE)
        return render(request, "sandbox/none.html", {"may_make": may_make})
    if request.htmx:
        return render(request, "sandbox/_clock.html", _clock(found))
    return render(request, "sandbox/home.html", _page(request, found))


def _page(request: PersonRequest, found: Sandbox) -> dict[str, Any]:
    is_own = found.tenant_id == request.actor.tenant_id
    return {
        **_clock(found),
        "groups": people_of(request.actor, found) if is_own else [],
        "is_own": is_own,
        "may_make": request.actor.may(Permission.SANDBOX_MAKE),
    }


def _clock(found: Sandbox) -> dict[str, Any]:
    now = found.family.clock.now()
    today = now.astimezone(reader_zone()).date()
    return {
        "sandbox": found,
        "now": now,
        "is_stopped": found.family.clock_stopped_at is not None,
        "steps": [
            {"label": _("a day"), "to": today + dt.timedelta(days=1)},
            {"label": _("a week"), "to": today + dt.timedelta(days=7)},
            {"label": _("a month"), "to": _months_on(today, 1)},
            {"label": _("a year"), "to": _months_on(today, 12)},
        ],
    }


def _months_on(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# ---------------------------------------------------------------- made, emptied, deleted
def make(request: PersonRequest) -> HttpResponse:
    """Everything new; the answer shows the passwords once."""
    return _show_accounts(request, make_sandbox(request.actor))


def _show_accounts(request: PersonRequest, made: MadeSandbox) -> HttpResponse:
    return _show_passwords(request, made.accounts, made.applications)


def _show_passwords(
    request: PersonRequest,
    accounts: Sequence[OpenedAccount],
    applications: Sequence[OpenedApplication] = (),
) -> HttpResponse:
    """The only page that ever shows these secrets: the answer to the POST that made them."""
    context = {"accounts": accounts, "applications": applications}
    return render(request, "sandbox/passwords.html", context)


def reset(request: PersonRequest) -> HttpResponse:
    """Asked first, since everything in it goes."""
    if request.method != "POST":
        return render(request, "sandbox/reset.html", {"sandbox": sandbox_of(request.actor)})
    try:
        made = reset_sandbox(request.actor, sandbox_id=_seen(request))
    except Refusal as refusal:
        return _told(request, refusal)
    return _show_accounts(request, made)


def delete(request: PersonRequest) -> HttpResponse:
    """Asked first, since everything in it goes."""
    if request.method != "POST":
        return render(request, "sandbox/delete.html", {"sandbox": sandbox_of(request.actor)})
    try:
        delete_sandbox(request.actor, sandbox_id=_seen(request))
    except Refusal as refusal:
        return _told(request, refusal)
    messages.success(request, _("The sandbox was deleted."))
    return redirect("sandbox:home")


def _seen(request: PersonRequest) -> uuid.UUID:
    """The sandbox that the form was about."""
    try:
        return uuid.UUID(request.POST.get("sandbox", ""))
    except ValueError as error:
        sandbox_of(request.actor)
        raise SandboxGone from error


def _told(request: PersonRequest, refusal: Refusal) -> HttpResponse:
    """A second click is no fault of anybody's: the page says what is there now."""
    if refusal.status in REFUSED_PLAINLY:
        raise refusal
    messages.warning(request, str(refusal))
    return redirect("sandbox:home")


def password(request: PersonRequest, person_id: uuid.UUID) -> HttpResponse:
    """A one-time password for somebody in there whose password is gone; the answer shows it."""
    return _show_passwords(request, [new_password(request.actor, person_id=person_id)])


# ---------------------------------------------------------------- the clock
def move(request: PersonRequest) -> HttpResponse:
    """First what will happen until then, then the move."""
    found = sandbox_of(request.actor)
    now = found.family.clock.now()
    form = MoveForm(request.POST if request.method == "POST" else request.GET)
    context = {**_clock(found), "form": form}
    if not form.is_valid():
        return render(request, "sandbox/move.html", context, status=400)
    to = form.instant(now)
    try:
        if request.method == "POST":
            move_clock(request.actor, to=to)
            messages.success(request, _("The clock is on its way."))
            return redirect("sandbox:home")
        happenings = foresee(request.actor, to=to, language=get_language() or "")
    except Refusal as refusal:
        if refusal.status in REFUSED_PLAINLY:
            raise
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return render(request, "sandbox/move.html", context, status=refusal.status)
    context |= {"day": form.cleaned_data["to"], "happenings": happenings}
    return render(request, "sandbox/move.html", context)


def stop(request: PersonRequest) -> HttpResponse:
    """Time stands still there."""
    try:
        stop_clock(request.actor)
    except Refusal as refusal:
        return _told(request, refusal)
    return redirect("sandbox:home")


def start(request: PersonRequest) -> HttpResponse:
    """Time runs on there."""
    try:
        start_clock(request.actor)
    except Refusal as refusal:
        return _told(request, refusal)
    return redirect("sandbox:home")


# ---------------------------------------------------------------- the mailbox
def mails(request: PersonRequest) -> HttpResponse:
    """Every mail that was written in the sandbox; none left it."""
    return render(
        request, "sandbox/mails.html", listed(request, _mails(request, text_of(request)), "sandbox:mail")
    )


def _mails(request: PersonRequest, text: str = "") -> QuerySet[OutgoingMail]:
    return mails_of_sandbox(sandbox_of(request.actor).family_id, text=text)


def _mail(request: PersonRequest, mail_id: uuid.UUID) -> OutgoingMail:
    found = _mails(request).filter(pk=mail_id).first()
    if found is None:
        raise NotVisible
    return found


def mail(request: PersonRequest, mail_id: uuid.UUID) -> HttpResponse:
    """One mail as text, with links that work."""
    return render(request, "sandbox/mail.html", opened(_mail(request, mail_id), "sandbox:mail_html"))


def mail_html(request: PersonRequest, mail_id: uuid.UUID) -> HttpResponse:
    """The HTML version, exactly as it was written."""
    return html_of(_mail(request, mail_id))

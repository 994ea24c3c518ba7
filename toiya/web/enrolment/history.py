"""What happened to an application, newest first: states, mails to the contact, and the contact's answers."""

import datetime as dt
from collections.abc import Mapping

from django.utils.translation import gettext as _

from toiya.enrolment.models import Answer, Application, State

SIGNS = {
    State.EMAIL_PENDING: ("info", "send"),
    State.UNDER_REVIEW: ("info", "search"),
    State.MORE_INFORMATION: ("warning", "question-circle"),
    State.APPROVED: ("success", "check-circle"),
    State.REJECTED: ("danger", "x-octagon"),
    State.WITHDRAWN: ("neutral", "dash-circle"),
}


def history_of(application: Application) -> list[dict[str, object]]:
    """The rows of the timeline (S-043: every status mail is listed)."""
    rows: list[tuple[dt.datetime, int, Mapping[str, object]]] = []
    for change in application.status_changes.all():
        tone, icon = SIGNS.get(State(change.state), ("neutral", "circle"))
        mailed = _("Mail to %(email)s") % {"email": change.mailed_to} if change.mailed_to else ""
        row = {
            "title": _("Enrollment received")
            if change.state == State.EMAIL_PENDING
            else State(change.state).label,
            "who": mailed,
            "text": change.note,
            "tone": tone,
            "icon": icon,
        }
        rows.append((change.at, change.pk, row))
    for sending in application.verifications.all():
        until = _("Mail to %(email)s") % {"email": sending.email}
        row = {"title": _("Confirmation requested"), "who": until, "tone": "waiting", "icon": "envelope"}
        rows.append((sending.sent_at, 0, row))
        if sending.answered_at is not None:
            denied = sending.answer == Answer.DENIED
            row = {
                "title": _("Primary contact answered: %(answer)s") % {"answer": Answer(sending.answer).label},
                "who": sending.email,
                "tone": "danger" if denied else "success",
                "icon": "x-octagon" if denied else "envelope-check",
            }
            rows.append((sending.answered_at, 0, row))
    rows.sort(key=lambda entry: entry[:2], reverse=True)
    return [{"when": at, **row} for at, _order, row in rows]

"""How the application stands, for the applicant: steps, mails, and what can still be done."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible, Refusal
from toiya.enrolment.details import Section
from toiya.enrolment.drafts import latest_application, withdraw_application
from toiya.enrolment.errors import IncompleteDetails
from toiya.enrolment.models import Application, CheckKind, State
from toiya.enrolment.review import checks_in_force
from toiya.enrolment.status import review_days
from toiya.enrolment.submission import correct_contact
from toiya.enrolment.verification import (
    current_verification,
    is_contact_verified,
    is_denied,
    resend_verification,
)
from toiya.relations.models import Origin, ResellerRelationship
from toiya.web.enrolment.details import initial_of
from toiya.web.enrolment.forms import ContactForm
from toiya.web.enrolment.history import history_of
from toiya.web.http import PersonRequest

TONES = {
    State.DRAFT: "neutral",
    State.EMAIL_PENDING: "waiting",
    State.UNDER_REVIEW: "info",
    State.MORE_INFORMATION: "warning",
    State.APPROVED: "success",
    State.REJECTED: "danger",
    State.WITHDRAWN: "neutral",
}


def show(request: PersonRequest) -> HttpResponse:
    """S-019, S-043: state, submitted-at, the expected range, and every mail."""
    application = latest_application(request.actor)
    if application is None or application.state == State.DRAFT:
        return redirect("enrolment:welcome")
    state = State(application.state)
    context = {
        "application": application,
        "tone": TONES[state],
        "steps": steps_of(application),
        "history": history_of(application),
        "days": review_days(),
        "is_denied": is_denied(application),
        "verification": current_verification(application),
        "may_withdraw": state in {State.EMAIL_PENDING, State.UNDER_REVIEW, State.MORE_INFORMATION},
        "latest_note": application.status_changes.order_by("-at", "-pk").first(),
        "imported": imported_customers(request.actor) if state is State.APPROVED else [],
        "navigation": (),
        "settings_url": None,
    }
    return render(request, "enrolment/status.html", context)


def steps_of(application: Application) -> list[dict[str, object]]:
    """Submitted, address confirmed, two checks, decision: where the review stands."""
    state = State(application.state)
    checks = {check.kind: check for check in checks_in_force(application)}
    is_over = state in {State.APPROVED, State.REJECTED, State.WITHDRAWN}
    verified = application.is_short or is_contact_verified(application)
    rows: list[tuple[str, str, str]] = [(_("Submitted"), "done", application.reference)]
    contact = "done" if verified else "refused" if is_denied(application) else "waiting"
    rows.append((_("Primary contact confirms"), contact, application.contact_email))
    for kind, label in ((CheckKind.ORGANIZATION, _("Organization")), (CheckKind.AUTHORITY, _("Authority"))):
        check = checks.get(kind)
        passed = check.passed if check else application.is_short
        rows.append((label, "done" if passed else "refused" if check else "waiting", str(kind.label)))
    decision = {State.APPROVED: "done", State.REJECTED: "refused"}.get(state, "waiting")
    rows.append((_("Decision"), decision, str(state.label) if is_over else ""))
    current = -1 if is_over else next(i for i, row in enumerate(rows) if row[1] == "waiting")
    return [
        {"label": label, "state": "current" if i == current else stands, "note": note}
        for i, (label, stands, note) in enumerate(rows)
    ]


def imported_customers(actor: Actor) -> list[ResellerRelationship]:
    """Customers that came over from older portals, with their origin (S-079)."""
    relationships = ResellerRelationship.objects.of_partner(actor).live().filter(origin=Origin.OLDER_PORTAL)
    return list(relationships.select_related("customer").order_by("customer_sort_key", "pk")[:50])


def _present(request: PersonRequest) -> Application:
    application = latest_application(request.actor)
    if application is None:
        raise NotVisible
    return application


def resend(request: PersonRequest) -> HttpResponse:
    """Send the contact's mail again."""
    try:
        verification = resend_verification(request.actor, application=_present(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The mail was sent again to %(email)s.") % {"email": verification.email})
    return redirect("enrolment:status")


def correct(request: PersonRequest) -> HttpResponse:
    """Put the primary contact right while nobody has answered."""
    application = _present(request)
    if application.state != State.EMAIL_PENDING or is_denied(application):
        return redirect("enrolment:status")
    form, status = (
        ContactForm(
            request.POST if request.method == "POST" else None,
            initial=initial_of(application, Section.CONTACT),
        ),
        200,
    )
    del form.fields["applicant_is_contact"]
    if form.is_bound:
        try:
            correct_contact(request.actor, application=application, values=form.data)
        except IncompleteDetails as refusal:
            form.refuse(refusal.problems)
            status = refusal.status
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("The primary contact was corrected, and asked by mail."))
            return redirect("enrolment:status")
    context = {
        "form": form,
        "application": application,
        "back_url": reverse("enrolment:status"),
        "navigation": (),
        "settings_url": None,
    }
    return render(request, "enrolment/correct.html", context, status=status)


def withdraw(request: PersonRequest) -> HttpResponse:
    """Take the application back; the page before the act says what it means."""
    application = _present(request)
    if request.method == "POST":
        withdraw_application(request.actor, application=application)
        messages.success(request, _("The application was withdrawn."))
        return redirect("enrolment:welcome")
    return render(
        request,
        "enrolment/withdraw.html",
        {"application": application, "navigation": (), "settings_url": None},
    )

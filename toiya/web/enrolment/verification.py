"""Where the primary contact's mailed link leads. Looking changes nothing; each answer is its own POST."""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from toiya.core.errors import Refusal
from toiya.enrolment.models import Answer, ContactVerification
from toiya.enrolment.status import company_name, review_days
from toiya.enrolment.verification import (
    confirm_contact,
    deny_contact,
    link_holder,
    must_be_answerable,
    verification_of_link,
)
from toiya.web.http import PublicRequest

GONE = 410


def show(request: PublicRequest, token: str) -> HttpResponse:
    """Who applied for whom, and the two answers (S-040, Q-04)."""
    verification = verification_of_link(token)
    try:
        must_be_answerable(verification, link_holder(verification).now)
    except Refusal as refusal:
        return _answered(request, verification, refusal)
    application = verification.application
    context = {
        "verification": verification,
        "application": application,
        "company": company_name(application),
        "token": token,
    }
    return render(request, "enrolment/verify.html", context)


def confirm(request: PublicRequest, token: str) -> HttpResponse:
    """The contact says “we applied”. Coming back to the address of the answer leads to the link's page."""
    if request.method != "POST":
        return redirect("enrolment:contact", token=token)
    return _answer(request, token, Answer.CONFIRMED)


def deny(request: PublicRequest, token: str) -> HttpResponse:
    """The contact says “this was not us”."""
    if request.method != "POST":
        return redirect("enrolment:contact", token=token)
    return _answer(request, token, Answer.DENIED)


def _answer(request: PublicRequest, token: str, answer: Answer) -> HttpResponse:
    verification = verification_of_link(token)
    try:
        (confirm_contact if answer is Answer.CONFIRMED else deny_contact)(token=token)
    except Refusal as refusal:
        return _answered(request, verification, refusal)
    context = {
        "application": verification.application,
        "company": company_name(verification.application),
        "is_confirmed": answer is Answer.CONFIRMED,
        "days": review_days(),
    }
    return render(request, "enrolment/verified.html", context)


def _answered(request: PublicRequest, verification: ContactVerification, refusal: Refusal) -> HttpResponse:
    context = {"message": str(refusal), "verification": verification, "code": refusal.code}
    return render(request, "enrolment/verify_closed.html", context, status=GONE)

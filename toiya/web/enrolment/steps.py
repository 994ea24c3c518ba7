"""The steps of the wizard, computed from the data: where somebody stands, and where to go on."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.enrolment.details import Section
from toiya.enrolment.drafts import EDITABLE, latest_application, problems_of
from toiya.enrolment.models import Application, State
from toiya.web.http import PersonRequest, PublicRequest


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the wizard."""

    url_name: str
    label: Promise
    section: Section | None = None


WELCOME = Step("enrolment:welcome", _("Welcome"))
WORK_ACCOUNT = Step("enrolment:work_account", _("Work account"))
MEMBERSHIP = Step("enrolment:membership", _("Membership sign-in"))
ORGANIZATION = Step("enrolment:organization", _("Organization profile"))
LEGAL_PROFILE = Step("enrolment:legal_profile", _("Legal profile"), Section.LEGAL_PROFILE)
CONTACT = Step("enrolment:primary_contact", _("Primary contact"), Section.CONTACT)
SUPPORT = Step("enrolment:support", _("Customer support"), Section.SUPPORT)
REVIEW = Step("enrolment:review", _("Review"))
STEPS = (WELCOME, WORK_ACCOUNT, MEMBERSHIP, ORGANIZATION, LEGAL_PROFILE, CONTACT, SUPPORT, REVIEW)


def finished_steps(actor: Actor | None, application: Application | None) -> set[Step]:
    """The steps that need no more work."""
    done = {WELCOME, WORK_ACCOUNT} if actor else set()
    if application is None or application.profile_id is None:
        return done
    open_sections = problems_of(application)
    sections = {step for step in STEPS if step.section and step.section not in open_sections}
    return done | {MEMBERSHIP, ORGANIZATION} | sections


def resume_at(application: Application) -> str:
    """The first step that still needs work."""
    done = finished_steps(None, application) | {WELCOME, WORK_ACCOUNT}
    return reverse(next(step.url_name for step in STEPS if step not in done))


def wizard_page(
    request: PersonRequest | PublicRequest,
    template: str,
    step: Step,
    application: Application | None,
    *,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """A page of the wizard with its steps; finished ones are links."""
    return render(request, template, {**shell(request, step, application), **context}, status=status)


def shell(
    request: PersonRequest | PublicRequest, step: Step, application: Application | None
) -> dict[str, object]:
    """What every page of the wizard shows around its own content; the menu waits for the approval."""
    done = finished_steps(request.actor, application)
    position = STEPS.index(step)
    done |= set(STEPS[:position])
    steps = [
        {
            "label": entry.label,
            "state": "current" if entry is step else "done" if entry in done else "waiting",
            "url": reverse(entry.url_name) if entry in done and entry is not step else "",
        }
        for entry in STEPS
    ]
    back = reverse(STEPS[position - 1].url_name) if position else ""
    return {
        "steps": steps,
        "back_url": back,
        "navigation": (),
        "settings_url": None,
        "application": application,
    }


def with_draft(
    view: Callable[[PersonRequest, Application], HttpResponse],
) -> Callable[[PersonRequest], HttpResponse]:
    """The page needs an application that the applicant may change; else it leads to where things stand."""

    @functools.wraps(view)
    def inner(request: PersonRequest) -> HttpResponse:
        application = latest_application(request.actor)
        if application is None or application.state in {State.REJECTED, State.WITHDRAWN}:
            return redirect("enrolment:membership")
        if application.state not in EDITABLE:
            return redirect("enrolment:status")
        return view(request, application)

    return inner


def with_profile(
    view: Callable[[PersonRequest, Application], HttpResponse],
) -> Callable[[PersonRequest], HttpResponse]:
    """As ``with_draft``, and a membership ID must have been chosen (S-015)."""

    @functools.wraps(view)
    def inner(request: PersonRequest, application: Application) -> HttpResponse:
        return view(request, application) if application.profile_id else redirect("enrolment:membership")

    return with_draft(inner)

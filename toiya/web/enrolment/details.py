"""The pages of answers, the review page, and the one form of the short path."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import Refusal
from toiya.directory.models import Person
from toiya.enrolment.agreements import agreement_to_accept
from toiya.enrolment.details import Section, region_choices
from toiya.enrolment.drafts import problems_of, save_details, with_applicant
from toiya.enrolment.errors import IncompleteDetails
from toiya.enrolment.models import Application
from toiya.enrolment.short_path import enrol_again, held_answers, held_profile
from toiya.enrolment.submission import submit_application
from toiya.web.enrolment.forms import (
    AgreementForm,
    Answers,
    ContactForm,
    LegalProfileForm,
    ShortForm,
    SupportForm,
)
from toiya.web.enrolment.steps import (
    CONTACT,
    LEGAL_PROFILE,
    REVIEW,
    STEPS,
    SUPPORT,
    Step,
    with_profile,
    wizard_page,
)
from toiya.web.http import PersonRequest


def initial_of(application: Application, section: Section) -> dict[str, str]:
    """The answers as they are kept."""
    return {name: getattr(application, name) for name in section.value}


@with_profile
def legal_profile(request: PersonRequest, application: Application) -> HttpResponse:
    """Legal name and address, prefilled from the membership profile and the work account (S-036)."""
    form = LegalProfileForm(
        request.POST if request.method == "POST" else None,
        initial=initial_of(application, Section.LEGAL_PROFILE),
        country=application.tenant.country_id,
    )
    return _answer_page(request, application, LEGAL_PROFILE, form)


@with_profile
def contact(request: PersonRequest, application: Application) -> HttpResponse:
    """The primary contact: the applicant or somebody else of the company (S-038)."""
    data = request.POST.copy()
    if data.get("applicant_is_contact"):
        applicant = Person.objects.visible_to(request.actor).get(pk=request.actor.person_id)
        typed = {name: data.get(name, "") for name in Section.CONTACT.value}
        for name, value in with_applicant(applicant, typed).items():
            data[name] = value
    form = ContactForm(data or None, initial=initial_of(application, Section.CONTACT))
    return _answer_page(request, application, CONTACT, form)


@with_profile
def support(request: PersonRequest, application: Application) -> HttpResponse:
    """Where the company's customers find help."""
    form = SupportForm(
        request.POST if request.method == "POST" else None, initial=initial_of(application, Section.SUPPORT)
    )
    return _answer_page(request, application, SUPPORT, form)


def _answer_page(
    request: PersonRequest,
    application: Application,
    step: Step,
    form: Answers,
) -> HttpResponse:
    section = step.section
    assert section is not None, "a page of answers has its section"  # noqa: S101
    later = "later" in request.POST
    if form.is_bound:
        try:
            save_details(
                request.actor, application=application, section=section, values=form.data, checked=not later
            )
        except IncompleteDetails as refusal:
            form.refuse(refusal.problems)
        else:
            if later:
                messages.success(request, _("Your draft is saved. Come back whenever you like."))
                return redirect("enrolment:welcome")
            return redirect(STEPS[STEPS.index(step) + 1].url_name)
    template = f"enrolment/{step.url_name.partition(':')[2]}.html"
    status = 400 if form.is_bound and form.errors else 200
    return wizard_page(request, template, step, application, form=form, status=status)


@with_profile
def review(request: PersonRequest, application: Application) -> HttpResponse:
    """レビュー: everything once more, the agreement, and [今すぐ登録する] (S-037)."""
    agreement = agreement_to_accept(application.tenant_id)
    form, status = AgreementForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        try:
            submit_application(
                request.actor,
                application=application,
                seen_version=_number(request.POST.get("seen_version")) or 0,
                agreement_version=_accepted(request),
            )
        except IncompleteDetails as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
            status = refusal.status
        else:
            return redirect("enrolment:status")
        application.refresh_from_db()
        agreement = agreement_to_accept(application.tenant_id)
    return wizard_page(
        request,
        "enrolment/review.html",
        REVIEW,
        application,
        status=status,
        form=form,
        agreement=agreement,
        sections=_sections(application),
    )


def _accepted(request: PersonRequest) -> int | None:
    return _number(request.POST.get("agreement_version")) if request.POST.get("agree") else None


def _number(typed: str | None) -> int | None:
    return int(typed) if typed and typed.isascii() and typed.isdigit() else None


def _sections(application: Application) -> list[dict[str, object]]:
    problems = problems_of(application)
    forms: Mapping[Section, Answers] = {
        Section.LEGAL_PROFILE: LegalProfileForm(country=application.tenant.country_id),
        Section.CONTACT: ContactForm(),
        Section.SUPPORT: SupportForm(),
    }
    return [
        {
            "label": step.label,
            "url": reverse(step.url_name),
            "rows": [
                {
                    "term": field.label,
                    "value": answer_as_read(application, name),
                    "note": problems.get(step.section, {}).get(name, ""),
                }
                for name, field in forms[step.section].fields.items()
                if name in step.section.value
            ],
            "is_incomplete": step.section in problems,
        }
        for step in STEPS
        if step.section
    ]


def answer_as_read(application: Application, name: str) -> str:
    """An answer in the reader's words."""
    value = str(getattr(application, name))
    if name == "region":
        return dict(region_choices(application.tenant.country_id)).get(value, value)
    return str(application.get_contact_language_display()) if name == "contact_language" else value


def short(request: PersonRequest) -> HttpResponse:
    """One form for a company that is in the programme already; all else is shown as held (S-009)."""
    profile = held_profile(request.actor)
    if profile is None:
        return redirect("enrolment:welcome")
    known = held_answers(request.actor, profile)
    agreement = agreement_to_accept(request.actor.tenant_id)
    form, status = ShortForm(request.POST if request.method == "POST" else None, initial=known), 200
    if form.is_bound:
        try:
            enrol_again(request.actor, values=form.data, agreement_version=_accepted(request))
        except IncompleteDetails as refusal:
            form.refuse(refusal.problems)
            status = refusal.status
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
            status = refusal.status
        else:
            return redirect("enrolment:status")
    steps = [
        {
            "label": step.label,
            "state": "current" if step is SUPPORT else "waiting" if step is REVIEW else "done",
            "note": "" if step in {SUPPORT, REVIEW} else _("already held"),
        }
        for step in STEPS
    ]
    return wizard_page(
        request,
        "enrolment/short.html",
        SUPPORT,
        None,
        status=status,
        steps=steps,
        form=form,
        agreement=agreement,
        profile=profile,
        known=known,
    )

"""The membership ID: why it is linked, sign-in to the membership site, and the choice of the profile."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import Refusal
from toiya.enrolment.drafts import EDITABLE, latest_application, start_application
from toiya.enrolment.errors import AlreadyEnrolled
from toiya.enrolment.models import Application, State
from toiya.enrolment.profiles import choose_profile, reason_against
from toiya.enrolment.short_path import held_profile
from toiya.membership.profiles import profiles_of
from toiya.programme.countries import country_name
from toiya.web.enrolment.steps import MEMBERSHIP, ORGANIZATION, shell, with_draft, wizard_page
from toiya.web.http import PersonRequest
from toiya.web.membership.sessions import drop_session, membership_login
from toiya.web.membership.sign_in import password_page, user_name_page


def explain(request: PersonRequest) -> HttpResponse:
    """Why the membership ID is linked (S-016, S-027); [サインイン] begins the draft (S-023)."""
    if held_profile(request.actor):
        return redirect("enrolment:short")
    application = latest_application(request.actor)
    if application and application.state in {State.EMAIL_PENDING, State.UNDER_REVIEW}:
        return redirect("enrolment:status")
    if request.method == "POST":
        try:
            start_application(request.actor)
        except AlreadyEnrolled as refusal:
            messages.info(request, str(refusal))
            return redirect("dashboard:home")
        return redirect("enrolment:user_name")
    draft = application if application and application.state in EDITABLE else None
    return wizard_page(request, "enrolment/membership.html", MEMBERSHIP, draft)


@with_draft
def user_name(request: PersonRequest, application: Application) -> HttpResponse:
    """Step 5 of the founding document."""
    back = {"back_url": reverse("enrolment:membership")}
    return user_name_page(
        request,
        template="enrolment/user_name.html",
        following="enrolment:password",
        context={**shell(request, MEMBERSHIP, application), **back},
    )


@with_draft
def password(request: PersonRequest, application: Application) -> HttpResponse:
    """Step 6 of the founding document."""
    back = {"back_url": reverse("enrolment:user_name")}
    return password_page(
        request,
        template="enrolment/password.html",
        before="enrolment:user_name",
        following="enrolment:organization",
        context={**shell(request, MEMBERSHIP, application), **back},
    )


@with_draft
def cancel(request: PersonRequest, application: Application) -> HttpResponse:
    """[キャンセル]: the wanted ID is not listed; sign in with another user name, the draft stays (S-033)."""
    response = redirect("enrolment:user_name")
    drop_session(request, response)
    return response


@with_draft
def organization(request: PersonRequest, application: Application) -> HttpResponse:
    """Step 7: every profile of the login, and why some cannot be chosen (S-030, S-031, S-034, S-035)."""
    login = membership_login(request)
    if login is None:
        messages.info(request, _("Sign in to the membership site to choose an organization profile."))
        return redirect("enrolment:user_name")
    profiles = profiles_of(login)
    problem, status, wanted = "", 200, request.POST.get("profile", "")
    if request.method == "POST":
        chosen = next((profile for profile in profiles if str(profile.pk) == wanted), None)
        if chosen is None:
            problem = _("Choose an organization profile.")
        else:
            try:
                choose_profile(request.actor, application=application, login=login, profile=chosen)
            except Refusal as refusal:
                problem, status = str(refusal), refusal.status
            else:
                return redirect("enrolment:legal_profile")
    rows = [
        {
            "profile": profile,
            "country": country_name(profile.country_id),
            "reason": reason_against(profile, application.tenant),
            "checked": str(profile.pk) == (wanted or str(application.profile_id)),
        }
        for profile in profiles
    ]
    return wizard_page(
        request,
        "enrolment/organization.html",
        ORGANIZATION,
        application,
        status=status,
        rows=rows,
        login=login,
        problem=problem,
        country=country_name(application.tenant.country_id),
    )

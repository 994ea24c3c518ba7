"""Welcome, and the work account with which a company enrols (S-021 to S-026)."""

from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from toiya.core.errors import Refusal
from toiya.core.permissions import Permission
from toiya.enrolment.drafts import EDITABLE, latest_application
from toiya.enrolment.errors import IncompleteDetails
from toiya.enrolment.models import State
from toiya.enrolment.status import review_days
from toiya.enrolment.work_accounts import create_work_account
from toiya.web.enrolment.forms import WorkAccountForm
from toiya.web.enrolment.steps import WELCOME, WORK_ACCOUNT, resume_at, wizard_page
from toiya.web.http import PublicRequest

NEW_USER_NAME = "enrolment_user_name"


def sign_in_url() -> str:
    """Where [ログイン] leads: to the sign-in, and from there to the next step."""
    return f"{reverse('account_login')}?{urlencode({'next': reverse('enrolment:membership')})}"


def welcome(request: PublicRequest) -> HttpResponse:
    """[ようこそ]: what to have ready (S-011). Who has applied already sees how it stands (S-010)."""
    application = latest_application(request.actor) if request.actor else None
    may_enrol = request.actor is not None and request.actor.may(Permission.ENROL)
    if application and may_enrol and application.state not in {*EDITABLE, State.REJECTED, State.WITHDRAWN}:
        return redirect("enrolment:status")
    resume = resume_at(application) if application and application.state in EDITABLE and may_enrol else ""
    return wizard_page(
        request, "enrolment/welcome.html", WELCOME, application, resume_url=resume, days=review_days()
    )


def work_account(request: PublicRequest) -> HttpResponse:
    """[ログイン] or [作成する] (S-022, S-023, S-025)."""
    application = latest_application(request.actor) if request.actor else None
    return wizard_page(
        request, "enrolment/work_account.html", WORK_ACCOUNT, application, sign_in_url=sign_in_url()
    )


def create(request: PublicRequest) -> HttpResponse:
    """A new work account. Whoever was signed in is signed out: the new account must sign in (S-026)."""
    form = WorkAccountForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        answers = dict(form.cleaned_data)
        try:
            user_name = create_work_account(
                password_again=answers.pop("password_again"),
                values=answers,
                language=request.LANGUAGE_CODE or "en",
                source=request.META.get("REMOTE_ADDR", ""),
            )
        except IncompleteDetails as refusal:
            form.refuse(refusal.problems)
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
            status = refusal.status
        else:
            logout(request)
            request.session[NEW_USER_NAME] = user_name
            return redirect("enrolment:created")
    return wizard_page(request, "enrolment/create.html", WORK_ACCOUNT, None, form=form, status=status)


def created(request: PublicRequest) -> HttpResponse:
    """The new user name, and the way to sign in with it."""
    user_name = request.session.get(NEW_USER_NAME)
    if not user_name:
        return redirect("enrolment:work_account")
    return wizard_page(
        request, "enrolment/created.html", WORK_ACCOUNT, None, user_name=user_name, sign_in_url=sign_in_url()
    )

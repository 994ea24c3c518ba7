"""Signing in and out, and confirming that it is still you."""

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.logout import logout as end_session
from allauth.account.views import LoginView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import auth as webauthn
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator

from toiya.core.errors import TooManyAttempts
from toiya.directory.factors import Kind, factors_of, has_second_factor
from toiya.directory.models import Person
from toiya.web.http import PersonRequest
from toiya.web.sign_in.destinations import CARRIED, carried_by, home_of, next_of
from toiya.web.sign_in.forms import CodeForm, ConfirmCodeForm, ConfirmPasskeyForm, PasskeyForm, SignInForm


class SignIn(LoginView):  # type: ignore[misc]
    """User name and password (S-024, S-055)."""

    template_name = "sign_in/sign_in.html"
    form_class = SignInForm

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        """The same page for every reason; 429 when the tries are used up."""
        status = TooManyAttempts.status if form.is_limited else 200
        return render(self.request, self.template_name, self.get_context_data(form=form), status=status)


@method_decorator(
    login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login"), name="dispatch"
)
class GiveFactor(AuthenticateView):  # type: ignore[misc]
    """The second factor, after the password."""

    template_name = "sign_in/second_factor.html"
    form_class = CodeForm
    webauthn_form_class = PasskeyForm

    def form_invalid(self, form: CodeForm | PasskeyForm) -> HttpResponse:
        """What was wrong; 429 when the tries are used up."""
        status = TooManyAttempts.status if form.is_limited else 200
        return render(self.request, self.template_name, self.get_context_data(), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Which factors this person has."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, **_kinds(self.stage.login.user)}


def _kinds(person: Person) -> dict[str, bool]:
    kinds = {factor.type for factor in factors_of(person)}
    return {"has_app": Kind.TOTP in kinds, "has_passkey": Kind.WEBAUTHN in kinds}


def sign_out(request: HttpRequest) -> HttpResponse:
    """The session ends on the server (G-17)."""
    end_session(request, show_message=False)
    request.session.flush()
    target = next_of(request)
    return HttpResponseRedirect(target or "/")


def confirm(request: PersonRequest) -> HttpResponse:
    """A weighty act needs a second factor younger than 15 minutes; what was typed comes along."""
    target = next_of(request) or home_of(request.user)
    person = request.user
    assert isinstance(person, Person), "the access table asked for somebody signed in"  # noqa: S101
    if not has_second_factor(person):
        return HttpResponseRedirect(target)
    is_answer = request.method == "POST" and ("code" in request.POST or "credential" in request.POST)
    by_code = is_answer and "code" in request.POST
    code_form = ConfirmCodeForm(request.POST if by_code else None, user=person)
    passkey_form = ConfirmPasskeyForm(request.POST if is_answer and not by_code else None, user=person)
    posted = code_form if by_code else passkey_form
    carried = carried_by(request)
    if is_answer and posted.is_valid():
        posted.save()
        request.session.cycle_key()
        if carried:
            fields = [(key.removeprefix(CARRIED), value) for key, value in carried]
            return render(request, "sign_in/confirmed.html", {"target": target, "fields": fields})
        return HttpResponseRedirect(target)
    context = {
        "form": code_form,
        "passkey_form": passkey_form,
        "next": target,
        "carried": carried,
        "request_options": webauthn.begin_authentication(person),
        **_kinds(person),
    }
    status = TooManyAttempts.status if is_answer and posted.is_limited else 200
    return render(request, "sign_in/confirm.html", context, status=status)

"""The two pages of the membership sign-in, as the membership site and the enrolment both use them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from toiya.core.errors import TooManyAttempts
from toiya.membership.errors import WrongCredentials
from toiya.membership.sign_in import sign_in
from toiya.web.membership.forms import PasswordForm, UserNameForm
from toiya.web.membership.sessions import USER_NAME, drop_session, keep_session


def user_name_page(
    request: HttpRequest, *, template: str, following: str, context: dict[str, object]
) -> HttpResponse:
    """The user name; whether it exists is not told here or later (S-028)."""
    form = UserNameForm(
        request.POST if request.method == "POST" else None,
        initial={"user_name": request.session.get(USER_NAME, "")},
    )
    if form.is_valid():
        request.session[USER_NAME] = form.cleaned_data["user_name"].strip()
        return redirect(following)
    return render(request, template, {"form": form, **context})


def password_page(
    request: HttpRequest, *, template: str, before: str, following: str, context: dict[str, object]
) -> HttpResponse:
    """The password; a wrong one costs an attempt and nothing else (S-029)."""
    user_name = request.session.get(USER_NAME)
    if not user_name:
        return redirect(before)
    form, status = PasswordForm(request.POST if request.method == "POST" else None), 200
    if form.is_valid():
        try:
            token = sign_in(user_name=user_name, password=form.cleaned_data["password"])
        except (WrongCredentials, TooManyAttempts) as refusal:
            form.add_error("password", str(refusal))
            status = refusal.status
        else:
            response = redirect(following)
            drop_session(request, response)
            keep_session(response, token)
            return response
    return render(request, template, {"form": form, "user_name": user_name, **context}, status=status)

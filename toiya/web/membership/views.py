"""The membership site: own sign-in, and the organisation profiles that a login administers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from toiya.membership.profiles import profiles_of
from toiya.programme.countries import country_name
from toiya.web.context import Account
from toiya.web.membership.sessions import drop_session, membership_login
from toiya.web.membership.sign_in import password_page, user_name_page


def sign_in(request: HttpRequest) -> HttpResponse:
    """First page: the user name."""
    return user_name_page(
        request,
        template="membership/sign_in.html",
        following="membership:password",
        context={"signed_in": None},
    )


def password(request: HttpRequest) -> HttpResponse:
    """Second page: the password."""
    return password_page(
        request,
        template="membership/password.html",
        before="membership:sign_in",
        following="membership:home",
        context={"signed_in": None},
    )


def home(request: HttpRequest) -> HttpResponse:
    """Every organisation profile of the login, with what hangs on it."""
    login = membership_login(request)
    if login is None:
        return redirect("membership:sign_in")
    signed_in = Account(login.name, login.user_name, sign_out_url=reverse("membership:sign_out"))
    rows = [
        {"profile": profile, "country": country_name(profile.country_id)} for profile in profiles_of(login)
    ]
    context = {"rows": rows, "signed_in": signed_in}
    return render(request, "membership/home.html", context)


def sign_out(request: HttpRequest) -> HttpResponse:
    """The session is over at once."""
    response = redirect("membership:sign_in")
    drop_session(request, response)
    return response

"""The membership site's own cookie: it has nothing to do with work accounts."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from toiya.membership.models import MembershipLogin
from toiya.membership.sign_in import LIFETIME, login_of_session, sign_out

COOKIE = "__Host-toiya-membership" if settings.IS_TLS else "toiya-membership"
USER_NAME = "membership_user_name"


def membership_login(request: HttpRequest) -> MembershipLogin | None:
    """The login that this browser is signed in with on the membership site."""
    token = request.COOKIES.get(COOKIE, "")
    return login_of_session(token) if token else None


def keep_session(response: HttpResponse, token: str) -> None:
    """Hand the browser its cookie."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LIFETIME.total_seconds()),
        secure=settings.IS_TLS,
        httponly=True,
        samesite="Lax",
    )


def drop_session(request: HttpRequest, response: HttpResponse) -> None:
    """End the session on both sides."""
    sign_out(request.COOKIES.get(COOKIE, ""))
    response.delete_cookie(COOKIE, samesite="Lax")
    request.session.pop(USER_NAME, None)

"""Where allauth's sign-in meets this product."""
# ruff: noqa: ARG002  (the library decides the parameters)

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from toiya.core.clock import real_now
from toiya.directory.models import Person
from toiya.directory.sign_in import begin_session
from toiya.web.sign_in.destinations import home_of, is_own_path


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """No sign-up, no mails, no messages; sessions begin here."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Work accounts come from enrolment or from an administrator."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Pages only."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """``next`` leads to this site or nowhere (T-30)."""
        return is_own_path(url)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The limits are our own, exact ones (directory/sign_in.py)."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where a signed-in person begins."""
        return home_of(request.user)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """After signing out."""
        return "/"

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:
        """Disabled between password and second factor: back to the start, without a word."""
        return HttpResponseRedirect(reverse("account_login"))

    def login(self, request: HttpRequest, user: Person) -> None:
        """The session begins under a new id (T-24), and a temporary password is spent (G-19)."""
        if not begin_session(user):
            clear_login(request)
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))
        login(request, user, backend="toiya.web.sign_in.backend.WorkAccountBackend")
        request.session["started_at"] = request.session["seen_at"] = real_now().timestamp()

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The page that follows says enough."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Use cases post their own mails."""

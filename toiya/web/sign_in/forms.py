"""Forms of signing in, second factors and one's own password."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.fernet import InvalidToken
from django import forms
from django.utils.translation import gettext_lazy as _

from allauth.core import context  # isort: skip
from toiya.core.errors import Refusal, TooManyAttempts
from toiya.directory.factor_secrets import decrypt, encrypt
from toiya.directory.factors import check_code, forgive_attempt, limit_attempts, new_secret
from toiya.directory.models import Person

SECRET_SECONDS = 3600
MAXIMUM_PASSWORD = 200
CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "input-code"}


class CodeField(forms.CharField):
    """Where a code is typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, widget=forms.TextInput(attrs=CODE), **kwargs)


class PasswordField(forms.CharField):
    """Where a password is typed; never echoed."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, max_length=MAXIMUM_PASSWORD, widget=widget, **kwargs)


class LimitedForm(forms.Form):
    """A form whose tries are counted; ``is_limited`` when they are used up."""

    is_limited = False

    def refuse(self, refusal: Refusal) -> forms.ValidationError:
        """The refusal as an error of the form."""
        self.is_limited = isinstance(refusal, TooManyAttempts)
        return forms.ValidationError(str(refusal), code=refusal.code)


class SignInForm(LimitedForm, LoginForm):  # type: ignore[misc]
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("User name"),
            max_length=254,
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "username",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                    "autofocus": True,
                }
            ),
            help_text=_("Like an email address: name@company.example"),
        )
        self.fields["password"] = PasswordField(label=_("Password"), autocomplete="current-password")
        self.order_fields(["login", "password"])

    def _clean_with_password(self, credentials: dict[str, Any]) -> dict[str, Any]:
        try:
            person = get_adapter().authenticate(self.request, **credentials)
        except Refusal as refusal:
            raise self.refuse(refusal) from refusal
        if person is None:
            raise forms.ValidationError(
                _("This user name and password do not belong together, or the password has expired."),
                code="wrong_credentials",
            )
        self._login = Login(user=person)
        self.user = person
        return self.cleaned_data


class CodeForm(LimitedForm):
    """A code of the authenticator app, or a recovery code."""

    code = CodeField(label=_("Code"))
    reauthenticated = False

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        """Spend the code."""
        code: str = self.cleaned_data["code"]
        try:
            self.factor = check_code(self.user, code)
        except Refusal as refusal:
            raise self.refuse(refusal) from refusal
        return code

    def save(self) -> None:
        """The session has seen the factor."""
        post_authentication(context.request, self.factor, reauthenticated=self.reauthenticated)


class PasskeyForm(LimitedForm):
    """The answer of a passkey, put in by the page's script."""

    credential = forms.JSONField(widget=forms.HiddenInput)
    reauthenticated = False

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_credential(self) -> Authenticator:
        """Check it against the challenge of this session."""
        try:
            limit_attempts(self.user)
        except TooManyAttempts as refusal:
            raise self.refuse(refusal) from refusal
        credential = self.cleaned_data["credential"]
        webauthn.parse_authentication_response(credential)
        factor = webauthn.complete_authentication(self.user, credential)
        forgive_attempt(self.user)
        return factor

    def save(self) -> None:
        """The session has seen the factor."""
        post_authentication(
            context.request, self.cleaned_data["credential"], reauthenticated=self.reauthenticated
        )


class ConfirmCodeForm(CodeForm):
    """It is still you: by code."""

    reauthenticated = True


class ConfirmPasskeyForm(PasskeyForm):
    """It is still you: by passkey."""

    reauthenticated = True


class ActivateAppForm(LimitedForm):
    """The first code of a new app. The seed travels in the form, sealed for this person, for an hour."""

    sealed = forms.CharField(widget=forms.HiddenInput)
    code = CodeField(label=_("Code that the app shows"))

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.secret = self._opened(self.data.get("sealed", "")) if self.is_bound else ""
        if not self.secret:
            self.secret = new_secret()
            self.initial["sealed"] = encrypt(f"{user.pk}:{self.secret}")

    def _opened(self, sealed: str) -> str:
        try:
            owner, _colon, secret = decrypt(sealed, seconds=SECRET_SECONDS).partition(":")
        except (InvalidToken, ValueError):
            return ""
        return secret if owner == str(self.user.pk) else ""

    def clean_sealed(self) -> str:
        """A seed that this person was shown within the hour."""
        sealed: str = self.cleaned_data["sealed"]
        if not self._opened(sealed):
            raise forms.ValidationError(
                _("The page was open for too long. Load it again and scan the new picture.")
            )
        return sealed


class AddPasskeyForm(LimitedForm):
    """A new passkey or security key."""

    name = forms.CharField(label=_("Name of this passkey"), max_length=60)
    credential = forms.JSONField(widget=forms.HiddenInput)

    def clean_credential(self) -> dict[str, Any]:
        """Check it against the challenge of this session."""
        credential: dict[str, Any] = self.cleaned_data["credential"]
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
        return credential


class ChangePasswordForm(LimitedForm):
    """One's own password."""

    present = PasswordField(label=_("Present password"), autocomplete="current-password")
    new = PasswordField(
        label=_("New password"),
        autocomplete="new-password",
        help_text=_("At least 12 characters; not your name, and not a common password."),
    )
    again = PasswordField(label=_("New password again"), autocomplete="new-password")

    def clean(self) -> dict[str, Any]:
        """Typed twice the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("This differs from the new password above."))
        return cleaned

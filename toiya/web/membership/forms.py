"""User name and password of the membership site, each on its own page (S-028, S-029)."""

from django import forms
from django.utils.translation import gettext_lazy as _


class UserNameForm(forms.Form):
    """Who is signing in."""

    user_name = forms.CharField(
        label=_("User name"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "section-membership username", "autocapitalize": "none"}
        ),
    )


class PasswordForm(forms.Form):
    """The password that goes with the user name of the page before."""

    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "section-membership current-password"}),
    )

"""Forms about applications."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.permissions import Role
from toiya.tokens.applications import password_flow_allowed
from toiya.tokens.models import Application, Flow, Kind
from toiya.web.people.forms import RolesForm

KINDS = [
    (Kind.CONFIDENTIAL, _("Confidential: it runs on a server and keeps a secret")),
    (Kind.PUBLIC, _("Public: it runs on people’s own machines and can keep no secret")),
]
FLOWS = [
    (Flow.CLIENT_CREDENTIALS, _("It acts by itself, with roles of its own (client credentials)")),
    (Flow.AUTHORIZATION_CODE, _("People sign in in the browser (authorization code)")),
    (Flow.DEVICE_CODE, _("People sign in on another device (device code)")),
    (Flow.PASSWORD, _("It sends user name and password (sandbox only)")),
]
LIVES = [(90, _("90 days")), (180, _("180 days")), (365, _("1 year")), (730, _("2 years"))]


class ApplicationForm(forms.Form):
    """What a program is called, and how it may get tokens."""

    name = forms.CharField(
        label=_("Name of the application"),
        max_length=100,
        help_text=_("People read it before they let the application act for them, and in the activity log."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    flows = forms.MultipleChoiceField(
        label=_("How it gets tokens"), choices=FLOWS, widget=forms.CheckboxSelectMultiple, required=False
    )
    redirect_uris = forms.CharField(
        label=_("Redirect addresses"),
        required=False,
        max_length=40_000,
        help_text=_(
            "One a line, letter by letter as the application sends them. They begin with https://; "
            "http://localhost stands for any port of the person’s own machine."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        possible = [
            entry for entry in FLOWS if entry[0] != Flow.PASSWORD or password_flow_allowed(actor.tenant_id)
        ]
        self.fields["flows"] = forms.MultipleChoiceField(
            label=_("How it gets tokens"),
            choices=possible,
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        self.order_fields(["name", "kind", "flows", "redirect_uris"])

    def clean_redirect_uris(self) -> list[str]:
        """Lines that are not empty, each once."""
        lines = (line.strip() for line in self.cleaned_data["redirect_uris"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def clean_flows(self) -> list[Flow]:
        """As the business knows them."""
        return [Flow(value) for value in self.cleaned_data["flows"]]


class RegisterForm(ApplicationForm):
    """A new program; whether it keeps a secret stays as it is."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=KINDS, widget=forms.RadioSelect, initial=Kind.CONFIDENTIAL
    )

    def clean_kind(self) -> Kind:
        """As the business knows it."""
        return Kind(self.cleaned_data["kind"])


class ApplicationRolesForm(RolesForm):
    """One choice for each category, as for people."""

    @classmethod
    def of(cls, actor: Actor, application: Application | None = None) -> "ApplicationRolesForm":
        """Filled with what the program holds."""
        held: frozenset[Role] = application.roles if application else frozenset()
        return cls(actor=actor, held=held)


class SecretForm(forms.Form):
    """How long a new secret works."""

    days = forms.TypedChoiceField(label=_("The secret works for"), choices=LIVES, coerce=int, initial=180)

    @property
    def life(self) -> dt.timedelta:
        """What was chosen."""
        return dt.timedelta(days=self.cleaned_data["days"])


class DeviceForm(forms.Form):
    """The code that a program shows."""

    code = forms.CharField(
        label=_("Code that the application shows"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

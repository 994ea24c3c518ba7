"""Forms of the operator's connectors and their queue."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.fulfilment.connectors import ConnectorDetails
from toiya.fulfilment.models import Connector, ConnectorKind, TaskState

MOST_HOURS = 720
STATES = [
    ("", _("All")),
    ("stuck", _("In trouble or late")),
    ("open", _("Unfinished")),
    *((state.value, state.label) for state in TaskState),
]


class ConnectorChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the operator's connectors, by name."""

    def label_from_instance(self, obj: Connector) -> str:
        """Its name."""
        return obj.name


class QueueForm(forms.Form):
    """Filters of the queue."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    connector = ConnectorChoice(
        label=_("Connector"), required=False, queryset=None, empty_label=_("All")
    )  # the view says whose
    customer = forms.CharField(
        label=_("Customer, or the ID of a customer or subscription"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "spellcheck": "false"}),
    )


class ConnectorForm(forms.Form):
    """What a connector needs to reach the other system."""

    name = forms.CharField(label=_("Connector name"), max_length=100)
    code = forms.SlugField(
        label=_("Code"),
        max_length=40,
        help_text=_("Small letters, digits and hyphens. Price lists and files name the connector by it."),
    )
    kind = forms.TypedChoiceField(
        label=_("Kind"), choices=ConnectorKind.choices, coerce=ConnectorKind, widget=forms.RadioSelect
    )
    url = forms.CharField(
        label=pgettext_lazy("of a system", "Address"),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"inputmode": "url", "spellcheck": "false"}),
        help_text=_(
            "https, on port 443 or 8443, reachable from the public network. Not for a connector that works at once."
        ),
    )
    user_name = forms.CharField(
        label=_("User name at the broker"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Only for a service broker."),
    )
    password = forms.CharField(
        label=_("Password at the broker"),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "Only for a service broker. It is stored encrypted and never shown; empty keeps the stored one."
        ),
    )
    timeout_hours = forms.IntegerField(
        label=_("Hours until a task fails"),
        min_value=1,
        max_value=MOST_HOURS,
        initial=72,
        help_text=_("A task that is not done by then fails, and its order is told."),
    )

    @property
    def details(self) -> ConnectorDetails:
        """What was typed, for the use case."""
        typed = self.cleaned_data
        return ConnectorDetails(
            code=typed["code"],
            name=typed["name"],
            kind=typed["kind"],
            url=typed["url"].strip(),
            user_name=typed["user_name"],
            password=typed["password"],
            timeout_hours=typed["timeout_hours"],
        )


def stored(connector: Connector) -> dict[str, object]:
    """The form as the table has it."""
    names = ("name", "code", "kind", "url", "user_name", "timeout_hours")
    return {name: getattr(connector, name) for name in names}

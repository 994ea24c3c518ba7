"""Forms of a partner's webhooks."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.events.models import EventState
from toiya.events.names import EventName
from toiya.webhooks.log import TRYING
from toiya.webhooks.models import WebhookRegistration
from toiya.webhooks.registration import WebhookDetails, names_of

STATES = [
    ("", _("All")),
    (TRYING, _("Tried in vain so far")),
    *((state.value, state.label) for state in EventState),
]
NAMES = [(name.value, name.label) for name in EventName]
NOTES = {name.value: name.value for name in EventName}
STANDARD, OWN = "standard", "own"
HEADERS = [
    (STANDARD, _("In the header “Authorization”")),
    (OWN, _("In the header “x-ms-signature”")),
]
HEADER_NOTES = {
    STANDARD: _("What receivers expect unless they say otherwise."),
    OWN: _("For receivers behind a gateway that keeps “Authorization” for itself."),
}


class WebhookForm(forms.Form):
    """Where a program listens, and of what it wants to hear."""

    url = forms.CharField(
        label=pgettext_lazy("of a program", "Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("https, on port 443 or 8443, reachable from the public network."),
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=NAMES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one event.")},
    )
    header = forms.ChoiceField(
        label=_("Where the signature goes"), choices=HEADERS, widget=forms.RadioSelect, initial=STANDARD
    )

    def details_with(self, registration: WebhookRegistration | None) -> WebhookDetails:
        """What was typed, for the use case; properties, which only programs set, stay."""
        typed = self.cleaned_data
        return WebhookDetails(
            url=typed["url"].strip(),
            events=typed["events"],
            has_own_header=typed["header"] == OWN,
            properties=registration.properties if registration else {},
        )


def stored(registration: WebhookRegistration) -> dict[str, object]:
    """The form as the table has it."""
    return {
        "url": registration.url,
        "events": [name.value for name in names_of(registration)],
        "header": OWN if registration.has_own_header else STANDARD,
    }


class LogForm(forms.Form):
    """Filters of the log of deliveries."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    event = forms.ChoiceField(label=_("Event"), required=False, choices=[("", _("All")), *NAMES])
    id = forms.UUIDField(
        label=_("ID of an event or object"),
        required=False,
        error_messages={"invalid": _("An ID looks like 2f0c1f5e-8d4b-4c6a-9b1d-0a7e3f5c2b11.")},
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )

"""Forms about devices and their policies."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from toiya.devices.devices import NO_POLICY
from toiya.devices.models import Batch, Policy, PolicySetting
from toiya.devices.policies import LONGEST


def _policy_choices(policies: Iterable[Policy]) -> list[tuple[str, str]]:
    return [(str(policy.pk), policy.name) for policy in policies]


class SearchForm(forms.Form):
    """The filters above the list of devices."""

    q = forms.CharField(
        label=gettext_lazy("Serial number, product key or model"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    batch = forms.ChoiceField(label=gettext_lazy("Batch"), required=False)
    policy = forms.ChoiceField(label=gettext_lazy("Policy"), required=False)

    def __init__(
        self, *args: Any, batches: Iterable[Batch], policies: Iterable[Policy], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        everything = ("", pgettext("devices", "All"))
        names = [(batch.name, batch.name) for batch in batches]
        self.fields["batch"].choices = [everything, *names]  # type: ignore[attr-defined]
        self.fields["policy"].choices = [  # type: ignore[attr-defined]
            everything,
            (NO_POLICY, _("Without a policy")),
            *_policy_choices(policies),
        ]

    def filters(self) -> dict[str, str]:
        """What to look for; a value that is none of the choices filters nothing."""
        self.is_valid()
        return {
            "search": self.cleaned_data.get("q", ""),
            "batch": self.cleaned_data.get("batch", ""),
            "policy": self.cleaned_data.get("policy", ""),
        }


class AssignForm(forms.Form):
    """The policy of one device, or of those that are ticked."""

    policy = forms.ChoiceField(label=gettext_lazy("Policy"), required=False)

    def __init__(self, *args: Any, policies: Iterable[Policy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [*_policy_choices(policies), ("", _("No policy"))]
        self.fields["policy"].choices = choices  # type: ignore[attr-defined]


class PolicyForm(forms.Form):
    """How a device greets its first user."""

    name = forms.CharField(
        label=gettext_lazy("Name of the policy"),
        max_length=LONGEST["name"],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=LONGEST["description"],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    settings = forms.MultipleChoiceField(
        label=gettext_lazy("At the first start"),
        choices=PolicySetting.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Devices that have the policy follow it when they are started for the first time."
        ),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_settings(self) -> list[PolicySetting]:
        """As the business knows them."""
        return [PolicySetting(value) for value in self.cleaned_data["settings"]]

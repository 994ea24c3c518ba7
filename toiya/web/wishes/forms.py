"""Forms of what customers ask."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.orders.models import WishKind, WishState
from toiya.subscriptions.models import Subscription

HIGHEST = 1_000_000


class WishForm(forms.Form):
    """What a customer wants its partner to do."""

    kind = forms.ChoiceField(
        label=_("What do you want?"),
        choices=WishKind.choices,
        widget=forms.RadioSelect,
        initial=WishKind.MORE.value,
    )
    subscription = forms.ChoiceField(
        label=_("Subscription"),
        required=False,
        help_text=_("For something new, leave this empty and write below what you need."),
    )
    quantity = forms.IntegerField(
        label=_("How many licenses shall there be afterwards?"),
        required=False,
        min_value=1,
        max_value=HIGHEST,
    )
    text = forms.CharField(
        label=_("Message to the partner"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    partner = forms.ChoiceField(label=_("Partner"))

    def __init__(
        self, *args: Any, partners: Sequence[Tenant], subscriptions: Sequence[Subscription], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.partners = {str(row.pk): row for row in partners}
        self.subscriptions = {str(row.pk): row for row in subscriptions}
        named = [(key, reader_name(row)) for key, row in self.partners.items()]
        owned = [
            (key, f"{row.title} ({row.quantity}) – {reader_name(row.reseller or row.tenant)}")
            for key, row in self.subscriptions.items()
        ]
        for name, choices in (("partner", named), ("subscription", [("", "–"), *owned])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            field.choices = choices

    def wish(self) -> dict[str, Any]:
        """What the use case takes."""
        data = self.cleaned_data
        return {
            "partner": self.partners[data["partner"]],
            "kind": WishKind(data["kind"]),
            "subscription": self.subscriptions.get(data["subscription"]),
            "quantity": data["quantity"],
            "text": data["text"],
        }


class WishesForm(forms.Form):
    """Which requests the partner looks at."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *WishState.choices])


class AnswerForm(forms.Form):
    """The partner's answer."""

    answer = forms.CharField(
        label=_("Answer to the customer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when you decline."),
    )

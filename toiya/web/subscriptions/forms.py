"""Forms about subscriptions. Each carries the version that its page showed (``acts.py``)."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Availability
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.subscriptions.history import offer_name
from toiya.subscriptions.models import Subscription, SubscriptionState
from toiya.web.filters import Choice

MOST = 1_000_000
SOON = (30, 60, 90)


class FilterForm(forms.Form):
    """What the list is narrowed by. Whether a reseller is a partner, the database is asked."""

    q = forms.CharField(label=_("Customer or domain"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All states")),
            ("live", _("Not ended")),
            *((state.value, state.label) for state in SubscriptionState),
        ],
    )
    product = forms.ChoiceField(label=_("Product"), required=False)
    ends = forms.TypedChoiceField(
        label=_("Term ends"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("At any time")), *((days, _("within %s days") % days) for days in SOON)],
    )
    reseller = forms.UUIDField(label=_("Reseller"), required=False, widget=Choice)

    def __init__(
        self, *args: Any, products: Iterable[tuple[str, str]], by_reseller: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = [("", _("All products")), *products]  # type: ignore[attr-defined]
        if not by_reseller:
            del self.fields["reseller"]


class NothingForm(forms.Form):
    """An act that needs no more than the button."""


class QuantityForm(forms.Form):
    """How many licences there shall be."""

    quantity = forms.IntegerField(
        label=_("Quantity"),
        min_value=1,
        max_value=MOST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class SuspendForm(forms.Form):
    """Why the service stops."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The customer and the other partner read it in the notice."),
    )


class CancelForm(forms.Form):
    """A last look before everything is given back."""

    agree = forms.BooleanField(
        label=_("I understand that users lose their licenses and that this cannot be undone."),
        error_messages={"required": _("Tick the box to say that you have read what ends.")},
    )


class AutoRenewForm(forms.Form):
    """Whether another term follows by itself."""

    auto_renew = forms.TypedChoiceField(
        label=_("Automatic renewal"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "on",
        choices=[
            ("on", _("On: another term follows by itself")),
            ("off", _("Off: it expires at the end of the term")),
        ],
    )


class NameForm(forms.Form):
    """What partner and customer call it."""

    friendly_name = forms.CharField(label=_("Name"), max_length=200)


def _offers(availabilities: Iterable[Availability]) -> list[tuple[str, str]]:
    return [(str(row.pk), offer_name(row)) for row in availabilities]


class OfferForm(forms.Form):
    """To which offer a subscription is upgraded."""

    availability = forms.ChoiceField(label=_("Becomes"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, offers: list[Availability], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers = {str(row.pk): row for row in offers}
        self.fields["availability"].choices = _offers(offers)  # type: ignore[attr-defined]
        if len(offers) == 1:
            self.fields["availability"].initial = str(offers[0].pk)

    def clean_availability(self) -> Availability:
        return self.offers[self.cleaned_data["availability"]]


class ConvertForm(OfferForm, QuantityForm):
    """What the trial becomes: offer, billing frequency and quantity (N-30)."""

    field_order = ("availability", "quantity")


class ScheduleForm(forms.Form):
    """What the renewal does instead of repeating the term; what is left empty stays."""

    quantity = forms.IntegerField(
        label=_("Quantity from the renewal on"),
        required=False,
        min_value=1,
        max_value=MOST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    availability = forms.ChoiceField(label=_("Offer from the renewal on"), required=False)
    end = forms.ChoiceField(
        label=_("Ends together with another subscription"),
        required=False,
        help_text=_("The next term is shorter, and both renew on the same day from then on."),
    )

    def __init__(
        self,
        *args: Any,
        subscription: Subscription,
        offers: list[Availability],
        ends: list[Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offers = {str(row.pk): row for row in offers}
        self.ends = {day.isoformat(): day for day in ends}
        others = [row for row in offers if row.pk != subscription.availability_id]
        self.fields["availability"].choices = [  # type: ignore[attr-defined]
            ("", _("As now")),
            *_offers(others),
        ]
        self.fields["end"].choices = [  # type: ignore[attr-defined]
            ("", _("After a whole term")),
            *((text, text) for text in self.ends),
        ]
        if not ends:
            del self.fields["end"]

    def clean_availability(self) -> Availability | None:
        return self.offers.get(self.cleaned_data["availability"])

    def clean_end(self) -> Any:  # noqa: ANN401  (a day or nothing)
        return self.ends.get(self.cleaned_data["end"])


class TenantForm(forms.Form):
    """One of some organisations."""

    tenant = forms.ChoiceField(label=_("Organization"), required=False, widget=forms.RadioSelect)

    def __init__(
        self, *args: Any, tenants: list[Tenant], label: str, nobody: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tenants = {str(row.pk): row for row in tenants}
        field = self.fields["tenant"]
        field.label = label
        field.required = nobody is None
        nothing = [("", nobody)] if nobody is not None else []
        field.choices = [*nothing, *((key, reader_name(row)) for key, row in self.tenants.items())]  # type: ignore[attr-defined]

    def clean_tenant(self) -> Tenant | None:
        return self.tenants.get(self.cleaned_data["tenant"])


class AskTransferForm(forms.Form):
    """Whose subscriptions are asked for, and through whom they would run."""

    customer = forms.ChoiceField(label=_("Customer"))
    source = forms.ChoiceField(label=_("Present provider"))
    reseller = forms.ChoiceField(label=_("Reseller afterwards"), required=False)
    message = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The present provider and the customer read it."),
    )

    def __init__(
        self,
        *args: Any,
        customers: list[Tenant],
        sources: list[Tenant],
        resellers: list[Tenant],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.found = {str(row.pk): row for row in (*customers, *sources, *resellers)}
        for name, rows, nothing in (
            ("customer", customers, _("Choose a customer")),
            ("source", sources, _("Choose a provider")),
            ("reseller", resellers, _("Nobody")),
        ):
            self.fields[name].choices = [  # type: ignore[attr-defined]
                ("", nothing),
                *((str(row.pk), reader_name(row)) for row in rows),
            ]

    def tenant(self, name: str) -> Tenant | None:
        """The organisation that was chosen in a field."""
        return self.found.get(self.cleaned_data[name])


class AcceptTransferForm(forms.Form):
    """Which subscriptions move; fixed once one side has chosen."""

    subscriptions = forms.MultipleChoiceField(
        label=_("Subscriptions that move"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one subscription.")},
    )
    agree = forms.BooleanField(label=_("I agree to the transfer on behalf of my organization."))

    def __init__(self, *args: Any, rows: list[Subscription], is_fixed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        if is_fixed:
            del self.fields["subscriptions"]
            return
        self.fields["subscriptions"].choices = [  # type: ignore[attr-defined]
            (str(row.pk), f"{row.title} ({row.quantity})") for row in rows
        ]

    def chosen(self) -> list[uuid.UUID]:
        """The subscriptions that were ticked, or those that stand already."""
        if "subscriptions" not in self.fields:
            return [row.pk for row in self.rows]
        return [uuid.UUID(value) for value in self.cleaned_data["subscriptions"]]


class DeclineForm(forms.Form):
    """No, and why."""

    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )

"""Forms of carts, orders and order requests."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Availability
from toiya.core.money import UnitPrice, WrongPrice, read_price
from toiya.core.reader import reader_name
from toiya.core.terms import BillingCycle
from toiya.directory.models import Tenant
from toiya.orders.carts import LARGEST_QUANTITY
from toiya.orders.models import Line, OrderRequestState, OrderState

SUBSCRIPTION, LINE = "subscription:", "line:"


def offer(field: forms.Field, choices: Sequence[tuple[str, Any]]) -> None:
    """What can be chosen in the field of this form."""
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


class ChooseForm(forms.Form):
    """Billing frequency first, then the catalogue (N-27)."""

    frequency = forms.ChoiceField(label=_("Billing frequency"), choices=BillingCycle.choices, required=False)
    partner = forms.ChoiceField(label=_("Partner"), required=False)
    q = forms.CharField(label=_("Search the catalog"), required=False)

    def __init__(self, *args: Any, partners: Sequence[Tenant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["partner"], [("", "―"), *((str(row.pk), reader_name(row)) for row in partners)])


class LineForm(forms.Form):
    """One line of a cart: how many, and what belongs to it."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=LARGEST_QUANTITY)
    friendly_name = forms.CharField(
        label=_("Name of the subscription"),
        max_length=200,
        required=False,
        help_text=_("The customer sees it; empty: the name of the offer."),
    )
    parent = forms.ChoiceField(label=_("Belongs to"), required=False)
    custom_term_end = forms.ChoiceField(
        label=_("Ends together with"),
        required=False,
        help_text=_("The first term is shortened, so that it ends with another subscription."),
    )
    attributes = forms.CharField(
        label=_("What the vendor needs to know"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One attribute a line, as name: value."),
    )

    def __init__(
        self,
        *args: Any,
        parents: Sequence[tuple[str, str]],
        ends: Sequence[tuple[str, str]],
        is_addition: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("parent", parents), ("custom_term_end", ends)):
            if choices and not is_addition:
                offer(self.fields[name], [("", "―"), *choices])
            else:
                del self.fields[name]
        if is_addition:
            del self.fields["friendly_name"]
            del self.fields["attributes"]

    def clean_attributes(self) -> dict[str, str]:
        """The lines as pairs."""
        pairs = {}
        for row in self.cleaned_data["attributes"].splitlines():
            if not row.strip():
                continue
            name, sign, value = row.replace("\uff1a", ":").partition(":")
            if not sign or not name.strip():
                raise ValidationError(gettext("Write each attribute as name: value."))
            pairs[name.strip()] = value.strip()
        return pairs

    @property
    def parent_id(self) -> uuid.UUID | None:
        """The chosen running subscription."""
        chosen = self.cleaned_data.get("parent", "")
        return uuid.UUID(chosen.removeprefix(SUBSCRIPTION)) if chosen.startswith(SUBSCRIPTION) else None

    @property
    def parent_position(self) -> int | None:
        """The chosen line of the same cart."""
        chosen = self.cleaned_data.get("parent", "")
        return int(chosen.removeprefix(LINE)) if chosen.startswith(LINE) else None

    @property
    def end(self) -> dt.date | None:
        """The chosen end."""
        chosen = self.cleaned_data.get("custom_term_end", "")
        return dt.date.fromisoformat(chosen) if chosen else None


def line_initial(line: Line) -> dict[str, object]:
    """What is in the cart now."""
    parent = (
        f"{SUBSCRIPTION}{line.parent_id}"
        if line.parent_id
        else f"{LINE}{line.parent_position}"
        if line.parent_position
        else ""
    )
    return {
        "quantity": line.quantity,
        "friendly_name": line.friendly_name,
        "parent": parent,
        "custom_term_end": line.custom_term_end.isoformat() if line.custom_term_end else "",
        "attributes": "\n".join(f"{name}: {value}" for name, value in line.attributes.items()),
    }


class VersionForm(forms.Form):
    """An act on something that was read at a version."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class PartiesForm(VersionForm):
    """Through whom it is sold or asked for, and who supports the customer (N-15)."""

    partner = forms.ChoiceField(label=_("Reseller"), required=False)
    support = forms.ChoiceField(label=_("Support contact"), required=False)

    def __init__(
        self,
        *args: Any,
        partners: Sequence[Tenant],
        supporters: Sequence[Tenant],
        is_reseller: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(row.pk), reader_name(row)) for row in partners]
        if is_reseller:
            self.fields["partner"].label = gettext("Indirect provider")
            self.fields["partner"].required = True
            offer(self.fields["partner"], named)
        else:
            offer(self.fields["partner"], [("", gettext("None: sold directly")), *named])
        offer(
            self.fields["support"],
            [
                ("", gettext("The indirect provider")),
                *((str(row.pk), reader_name(row)) for row in supporters),
            ],
        )


class CheckoutForm(VersionForm):
    """Submit once; the key makes a second click the same submission."""

    cart = forms.UUIDField(widget=forms.HiddenInput)
    key = forms.CharField(widget=forms.HiddenInput, max_length=100)
    note = forms.CharField(
        label=_("Note to the provider"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SearchForm(forms.Form):
    """The filter of the lists."""

    q = forms.CharField(label=_("Search by number, customer or partner"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, states: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["state"], [("", gettext("All")), *states])


def order_search(data: Mapping[str, Any] | None) -> SearchForm:
    """The filter of orders."""
    return SearchForm(data, states=OrderState.choices)


class RequestSearchForm(SearchForm):
    """The filter of order requests: a provider that resells too has those that it made and those that it received."""

    side = forms.ChoiceField(
        label=_("Made or received"),
        required=False,
        choices=[("", _("All")), ("received", _("Received")), ("made", _("Sent by us"))],
    )


def request_search(data: Mapping[str, Any] | None) -> RequestSearchForm:
    """The filter of order requests."""
    return RequestSearchForm(data, states=OrderRequestState.choices)


class ReasonForm(VersionForm):
    """No, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class ChangeForm(VersionForm):
    """The provider's counter-offer: a quantity and an offer for each line; 0 takes the line out."""

    note = forms.CharField(
        label=_("Note to the reseller"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, lines: Sequence[Line], offers: Mapping[int, Sequence[Availability]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            self.fields[f"quantity_{line.position}"] = forms.IntegerField(
                label=gettext("Quantity (0 removes the line)"),
                min_value=0,
                max_value=LARGEST_QUANTITY,
                initial=line.quantity,
            )
            choices = [(str(row.pk), str(row.sku.name)) for row in offers.get(line.position, ())]
            if choices:
                self.fields[f"offer_{line.position}"] = forms.ChoiceField(
                    label=gettext("Offer"), choices=choices, initial=str(line.availability_id)
                )

    def rows(self) -> list[tuple[Line, list[Any]]]:
        """Each line with its fields."""
        names = ("quantity", "offer")
        return [
            (
                line,
                [
                    self[f"{name}_{line.position}"]
                    for name in names
                    if f"{name}_{line.position}" in self.fields
                ],
            )
            for line in self.lines
        ]


class AutomaticForm(VersionForm):
    """The amount up to which order requests pass by themselves; empty: none does."""

    limit = forms.CharField(
        label=_("Up to this amount for the first billing period"),
        required=False,
        help_text=_("Empty: you decide on every request yourself."),
    )
    currency = forms.ChoiceField(label=_("Currency"))

    def __init__(self, *args: Any, currencies: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["currency"], [(code, code) for code in currencies])

    def clean(self) -> dict[str, Any]:
        """The amount in its currency."""
        data: dict[str, Any] = super().clean() or {}
        text = str(data.get("limit") or "").strip()
        data["amount"] = None
        if text and data.get("currency"):
            try:
                data["amount"] = read_price(text, data["currency"])
            except WrongPrice as refusal:
                self.add_error("limit", str(refusal))
        return data

    @property
    def amount(self) -> UnitPrice | None:
        """What was typed."""
        found: UnitPrice | None = self.cleaned_data["amount"]
        return found

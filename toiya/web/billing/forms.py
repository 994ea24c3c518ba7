"""What the reader of invoices looks for, and the month that the operator closes."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Months = list[tuple[str, str]]


def month_name(month: dt.date) -> str:
    """A month as the reader writes it."""
    return date_format(month, gettext("F Y"))


def month_choices(months: Iterable[dt.date]) -> Months:
    """Months to choose from, in their order."""
    return [(f"{month:%Y-%m}", month_name(month)) for month in months]


def as_month(text: object) -> dt.date | None:
    """The first day of the month that was chosen."""
    return dt.date.fromisoformat(f"{text}-01") if text else None


class InvoiceSearchForm(forms.Form):
    """The filter of the lists."""

    q = forms.CharField(label=_("Search by number or provider"), required=False, max_length=200)
    month = forms.TypedChoiceField(label=_("Month"), required=False, coerce=as_month, empty_value=None)
    currency = forms.ChoiceField(label=_("Currency"), required=False)

    def __init__(
        self,
        *args: Any,
        months: Iterable[dt.date],
        currencies: Iterable[str],
        is_operator: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        month, currency = self.fields["month"], self.fields["currency"]
        assert isinstance(month, forms.ChoiceField)  # noqa: S101
        assert isinstance(currency, forms.ChoiceField)  # noqa: S101
        month.choices = [("", gettext("All")), *month_choices(months)]
        currency.choices = [("", gettext("All")), *((code, code) for code in currencies)]
        if not is_operator:
            self.fields["q"].label = gettext("Search by number")


class RunForm(forms.Form):
    """The month to look at, or to invoice."""

    month = forms.TypedChoiceField(label=_("Month"), coerce=as_month, empty_value=None)

    def __init__(self, *args: Any, months: Iterable[dt.date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        month = self.fields["month"]
        assert isinstance(month, forms.ChoiceField)  # noqa: S101
        month.choices = month_choices(months)

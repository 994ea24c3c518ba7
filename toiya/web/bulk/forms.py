"""Forms of files with many rows."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.bulk.tables import LARGEST_MB, MOST_ROWS


class FileForm(forms.Form):
    """A file, and for some kinds the customer to which all its rows belong."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        max_length=200,
        help_text=_("CSV (UTF-8 or Shift_JIS) or Excel (.xlsx), at most 10,000 rows and 8 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    customer = forms.CharField(
        label=_("Customer's domain"),
        max_length=253,
        help_text=_("All rows of the file belong to this customer."),
    )

    def __init__(self, *args: Any, of_customer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not of_customer:
            del self.fields["customer"]


assert (LARGEST_MB, MOST_ROWS) == (8, 10_000)  # noqa: S101  (the help text says so)

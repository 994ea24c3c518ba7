"""Forms of the sandbox."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.core.reader import reader_zone


class MoveForm(forms.Form):
    """To which day the clock moves; it keeps the time of day."""

    to = forms.DateField(
        label=_("Move the clock to"),
        widget=forms.DateInput(attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )

    def instant(self, now: dt.datetime) -> dt.datetime:
        """The chosen day at the present time of day, both as the reader's clock shows them."""
        local = now.astimezone(reader_zone())
        day: dt.date = self.cleaned_data["to"]
        return dt.datetime.combine(day, local.timetz()).astimezone(dt.UTC)

"""Which part of the log somebody wants to see."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ActivityForm(forms.Form):
    """Days from and to, both included, and one kind of change (N-42)."""

    since = forms.DateField(label=_("From"), widget=DAY, required=False)
    until = forms.DateField(label=_("To"), widget=DAY, required=False)
    action = forms.ChoiceField(label=_("Action"), required=False)

    def __init__(
        self, data: Mapping[str, str], *, actions: list[tuple[str, str]], first: dt.date, last: dt.date
    ) -> None:
        super().__init__({"since": first.isoformat(), "until": last.isoformat(), **data})
        self.fields["action"] = forms.ChoiceField(
            label=_("Action"), required=False, choices=[("", _("Every action")), *actions]
        )
        self.first, self.last = first, last

    def clean(self) -> dict[str, Any]:
        """The span must not run backwards."""
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            message = _("“To” is %(until)s; it cannot be before “From”, %(since)s.")
            self.add_error("until", message % {"until": until, "since": since})
        return cleaned

    @property
    def span(self) -> tuple[dt.date, dt.date]:
        """First and last day; the default where a day is missing or wrong."""
        found = self.cleaned_data if self.is_valid() else {}
        return found.get("since") or self.first, found.get("until") or self.last

"""What visitors of the public pages may ask for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.membership.provider_entry import FACETS
from toiya.programme.countries import by_name, language_name, programme_countries

LANGUAGES = ("ja", "en", "zh", "ko", "vi", "th", "id", "pt", "es", "fr", "de")


def country_choices() -> list[tuple[str, str]]:
    """Every country of the programme, and none."""
    return [("", str(_("Every country or region"))), *by_name([row.code for row in programme_countries()])]


def language_choices() -> list[tuple[str, str]]:
    """The languages in which a provider may serve, and none."""
    return [("", str(_("Every language"))), *((code, language_name(code)) for code in LANGUAGES)]


class ProviderSearchForm(forms.Form):
    """The facets by which a reseller compares providers (S-005, S-006)."""

    q = forms.CharField(
        label=_("Search by name"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    country = forms.ChoiceField(label=_("Country or region"), required=False, choices=country_choices)
    language = forms.ChoiceField(label=_("Language"), required=False, choices=language_choices)
    technical_support = forms.BooleanField(label=_("Technical support"), required=False)
    marketing_help = forms.BooleanField(label=_("Help with marketing"), required=False)
    financing = forms.BooleanField(label=_("Financing or credit terms"), required=False)

    @property
    def facets(self) -> tuple[str, ...]:
        """The facets that were ticked."""
        return tuple(name for name in FACETS if self.cleaned_data.get(name))

"""What a partner may change about itself."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.programme.countries import by_name, language_name, programme_countries
from toiya.web.enrolment.forms import ContactForm, LegalProfileForm, SupportForm
from toiya.web.public.forms import LANGUAGES

LEGAL = ("legal_name", "postal_code", "region", "city", "street")
CONTACT = ("contact_name", "contact_email", "contact_phone")
SUPPORT = ("support_website", "support_email", "support_phone")


class ProfileForm(SupportForm, ContactForm, LegalProfileForm):
    """Legal profile, primary contact and support contact, as in the enrolment (S-017, N-07)."""

    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - {*LEGAL, *CONTACT, *SUPPORT, "version"}:
            del self.fields[name]


def _countries() -> list[tuple[str, str]]:
    return by_name([row.code for row in programme_countries()])


def _languages() -> list[tuple[str, str]]:
    return [(code, language_name(code)) for code in LANGUAGES]


class EntryForm(forms.Form):
    """A provider's entry in the public directory."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    summary_ja = forms.CharField(
        label=_("Summary, Japanese"), max_length=600, widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    summary_en = forms.CharField(
        label=_("Summary, English"), max_length=600, widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    website = forms.URLField(label=_("Website"), max_length=200, assume_scheme="https")
    contact_email = forms.EmailField(label=_("Email address for resellers"))
    contact_phone = forms.CharField(label=_("Phone for resellers"), max_length=30)
    countries = forms.MultipleChoiceField(
        label=_("Countries and regions"), widget=forms.CheckboxSelectMultiple, choices=_countries
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), widget=forms.CheckboxSelectMultiple, choices=_languages
    )
    support_hours_ja = forms.CharField(label=_("Support hours, Japanese"), max_length=200, required=False)
    support_hours_en = forms.CharField(label=_("Support hours, English"), max_length=200, required=False)
    technical_support = forms.BooleanField(label=_("Technical support"), required=False)
    technical_support_ja = forms.CharField(label=_("In words, Japanese"), max_length=300, required=False)
    technical_support_en = forms.CharField(label=_("In words, English"), max_length=300, required=False)
    marketing_help = forms.BooleanField(label=_("Help with marketing"), required=False)
    marketing_help_ja = forms.CharField(label=_("In words, Japanese"), max_length=300, required=False)
    marketing_help_en = forms.CharField(label=_("In words, English"), max_length=300, required=False)
    financing = forms.BooleanField(label=_("Financing or credit terms"), required=False)
    financing_ja = forms.CharField(label=_("In words, Japanese"), max_length=300, required=False)
    financing_en = forms.CharField(label=_("In words, English"), max_length=300, required=False)
    onboarding_days = forms.IntegerField(
        label=_("Days until a new reseller can start"), min_value=0, max_value=365, required=False
    )

    @property
    def values(self) -> dict[str, object]:
        """The entry in the form in which a proposal is kept."""
        found = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return {
            **found,
            "languages": ",".join(found["languages"]),
            "countries": sorted(found["countries"]),
        }


class TaxForm(forms.Form):
    """Tax number, and exemption as long as nothing has been sold."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    tax_number = forms.CharField(
        label=_("Tax number"),
        max_length=40,
        required=False,
        help_text=_("VAT or corporate number; in Japan with a T as a qualified invoice issuer."),
    )
    is_tax_exempt = forms.BooleanField(label=_("We are exempt from tax"), required=False)

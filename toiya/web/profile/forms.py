"""What a partner may change about itself."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.membership.errors import LogoWrong
from toiya.membership.logos import LARGEST_BYTES, logo_of
from toiya.programme.countries import by_name, language_name, programme_countries
from toiya.web.enrolment.forms import ContactForm, LegalProfileForm, SupportForm, line
from toiya.web.public.forms import LANGUAGES

LEGAL = ("legal_name", "postal_code", "region", "city", "street")
CONTACT = ("contact_name", "contact_email", "contact_phone")
OF_COUNTRY = "website_of_"
ASIDE = frozenset({"version", "logo_file", "without_logo"})
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
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_(
            "A PNG picture of at most 300 × 300 pixels and 100 kB. Without a file the logo stays as it is."
        ),
        widget=forms.FileInput(attrs={"accept": "image/png"}),
    )
    without_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, name in _countries():
            self.fields[f"{OF_COUNTRY}{code}"] = forms.URLField(
                label=name, max_length=200, assume_scheme="https", required=False
            )

    def clean_logo_file(self) -> str:
        """The picture as it is kept; empty where no file was chosen."""
        file = self.cleaned_data["logo_file"]
        try:
            return logo_of(file.read(LARGEST_BYTES), weight=file.size) if file else ""
        except LogoWrong as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        """A website for a country needs the country."""
        data = super().clean() or self.cleaned_data
        served = data.get("countries", [])
        for name in [name for name in data if name.startswith(OF_COUNTRY)]:
            if data[name] and name.removeprefix(OF_COUNTRY) not in served:
                self.add_error(
                    name, _("You serve no resellers there. Tick the country or region, or leave this empty.")
                )
        return data

    @property
    def websites(self) -> list[forms.BoundField]:
        """The fields of the websites for one country."""
        return [self[name] for name in self.fields if name.startswith(OF_COUNTRY)]

    def values(self, *, logo: str) -> dict[str, object]:
        """The entry in the form in which a proposal is kept; ``logo`` is the picture that it has so far."""
        found = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ASIDE and not name.startswith(OF_COUNTRY)
        }
        kept = "" if self.cleaned_data["without_logo"] else logo
        own = sorted((field.name, self.cleaned_data[field.name]) for field in self.websites)
        return {
            **found,
            "logo": self.cleaned_data["logo_file"] or kept,
            "websites": "\n".join(f"{name.removeprefix(OF_COUNTRY)} {url}" for name, url in own if url),
            "languages": ",".join(found["languages"]),
            "countries": sorted(found["countries"]),
        }


class BillingForm(LegalProfileForm):
    """Where the operator's invoices go."""

    billing_name = forms.CharField(label=_("Name on invoices"), widget=line("organization"))
    contact_name = forms.CharField(label=_("Contact person"), required=False, widget=line("name"))
    contact_email = forms.CharField(label=_("Email address"), required=False, widget=forms.EmailInput)
    contact_phone = forms.CharField(label=_("Phone number"), required=False, widget=line("tel"))
    purchase_order_number = forms.CharField(
        label=_("Purchase order number"),
        required=False,
        help_text=_("Your own number for these purchases; it stands on the invoices."),
        widget=line(),
    )
    version = forms.CharField(widget=forms.HiddenInput)
    field_order = ("billing_name", *LEGAL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("legal_name", "reading", "latin_name"):
            del self.fields[name]


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

"""The pages of answers. They read what was typed; whether it is acceptable, the use case alone decides."""

from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from toiya.directory.models import Language
from toiya.enrolment.addresses import PARTS, address_rule
from toiya.enrolment.details import Problems, region_choices
from toiya.programme.countries import open_countries


class Answers(forms.Form):
    """``required`` on a field marks it on the page; the rule and its sentence stand in the business."""

    use_required_attribute = False

    def full_clean(self) -> None:
        """Take what was typed as it is."""
        self._errors = ErrorDict()
        if self.is_bound:
            self.cleaned_data = {name: self[name].data or "" for name in self.fields}

    def refuse(self, problems: Problems) -> None:
        """Write each problem beside its field."""
        for name, problem in problems.items():
            self.add_error(name if name in self.fields else None, str(problem))


def line(autocomplete: str = "off") -> forms.TextInput:
    """A line of text; what the browser may fill in."""
    return forms.TextInput(attrs={"autocomplete": autocomplete})


class LegalProfileForm(Answers):
    """The organisation as it is registered; the parts of the address are those of its country (S-017)."""

    legal_name = forms.CharField(label=_("Legal business name"), widget=line("organization"))
    reading = forms.CharField(label=_("Reading of the name (kana)"), required=False, widget=line())
    latin_name = forms.CharField(label=_("Name in Latin letters"), required=False, widget=line())
    postal_code = forms.CharField(label=_("Postal code"), widget=line("postal-code"))
    region = forms.CharField(label=_("Prefecture, state or province"), widget=line("address-level1"))
    city = forms.CharField(label=_("City"), widget=line("address-level2"))
    street = forms.CharField(label=_("Street, number and building"), widget=line("street-address"))

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = address_rule(country)
        for name in PARTS:
            self.fields[name].required = name in rule.required
            if name not in rule.used:
                del self.fields[name]
        choices = region_choices(country)
        if choices and "region" in self.fields:
            widget = forms.Select(choices=[("", "―"), *choices], attrs={"autocomplete": "address-level1"})
            self.fields["region"].widget = widget


class ContactForm(Answers):
    """The person in the company whom the operator asks and tells (S-038)."""

    applicant_is_contact = forms.BooleanField(
        label=_("I am the primary contact"),
        required=False,
        help_text=_("Empty fields below are filled with your name and contact address."),
    )
    contact_name = forms.CharField(label=_("Full name"), widget=line("name"))
    contact_email = forms.CharField(
        label=_("Email address"),
        help_text=_("An address in a domain of your company; web-based email services are not accepted."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    contact_phone = forms.CharField(
        label=_("Phone number"), widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"})
    )
    contact_language = forms.ChoiceField(label=_("Language of the mails"), choices=Language.choices)


class SupportForm(Answers):
    """Where customers find help (N-07)."""

    support_website = forms.CharField(
        label=_("Support website"),
        widget=forms.URLInput(attrs={"autocomplete": "url", "placeholder": "https://"}),
    )
    support_email = forms.CharField(
        label=_("Support email address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    support_phone = forms.CharField(
        label=_("Support phone number"),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )


class WorkAccountForm(Answers):
    """The organisation and its first global administrator (S-025)."""

    company = forms.CharField(label=_("Company name"), widget=line("organization"))
    reading = forms.CharField(label=_("Reading of the name (kana)"), required=False, widget=line())
    latin_name = forms.CharField(label=_("Name in Latin letters"), required=False, widget=line())
    country = forms.ChoiceField(label=_("Country or region"))
    domain = forms.CharField(
        label=_("Domain of the company"),
        help_text=_("For example company.example. User names lie in this domain."),
        widget=line(),
    )
    name = forms.CharField(label=_("Your full name"), widget=line("name"))
    contact_email = forms.CharField(
        label=_("Your email address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    user = forms.CharField(
        label=_("User name (the part before @)"),
        help_text=_("You sign in as this name, followed by @ and the domain."),
        widget=line(),
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters, not a common password, and not like your name."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=_("Password again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].widget.choices = [("", "―"), *open_countries()]


class AgreementForm(Answers):
    """Acceptance of the version on the page."""

    agree = forms.BooleanField(label=_("I have read the agreement and accept it for my company."))


class ShortForm(SupportForm):
    """The support contact, all that the short path asks (S-009)."""

    agree = forms.BooleanField(label=_("I have read the agreement and accept it for my company."))

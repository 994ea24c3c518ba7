"""What the operator types."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.core.permissions import Capacity
from toiya.directory.models import Language
from toiya.enrolment.models import State
from toiya.programme.countries import known_countries, open_countries, programme_countries
from toiya.web.public.forms import country_choices

LINES = forms.Textarea(attrs={"rows": 3})
QUEUE_STATES = [state for state in State if state is not State.DRAFT]
PARTNER_CAPACITIES = (Capacity.PROVIDER, Capacity.RESELLER)


SEARCH = forms.TextInput(attrs={"type": "search"})


class QueueForm(forms.Form):
    """Filters of the review queue."""

    q = forms.CharField(
        label=_("Company, domain or reference"), required=False, max_length=100, widget=SEARCH
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("waiting", _("Waiting for a decision")),
            ("all", _("All")),
            *((s.value, s.label) for s in QUEUE_STATES),
        ],
    )
    country = forms.ChoiceField(label=_("Country or region"), required=False, choices=country_choices)


class CheckForm(forms.Form):
    """One of the two decisions of a review (S-018)."""

    passed = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("yes", pgettext_lazy("check", "Passed")), ("no", pgettext_lazy("check", "Not passed"))],
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        help_text=_("What you looked at, and what you found."),
        widget=LINES,
        max_length=4000,
    )


class QuestionForm(forms.Form):
    """What the applicant should add or correct."""

    question = forms.CharField(label=_("Question to the applicant"), widget=LINES, max_length=4000)


class ApprovalForm(forms.Form):
    """A word that goes with the approval."""

    note = forms.CharField(label=_("Note to the applicant"), widget=LINES, max_length=4000, required=False)


class ReasonForm(forms.Form):
    """Why something is refused, stopped or taken back; the partner reads it."""

    reason = forms.CharField(
        label=_("Reason"), help_text=_("The partner reads this text."), widget=LINES, max_length=4000
    )


class PartnersForm(forms.Form):
    """Filters of the list of partners."""

    q = forms.CharField(label=_("Name or domain"), required=False, max_length=100, widget=SEARCH)
    capacity = forms.ChoiceField(
        label=_("Capacity"),
        required=False,
        choices=[("", _("All")), *((c.value, c.label) for c in PARTNER_CAPACITIES)],
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), ("live", _("Active")), ("suspended", _("Suspended"))],
    )


class ProviderForm(forms.Form):
    """A new indirect provider and the person who will run it."""

    name = forms.CharField(label=_("Company name"), max_length=200)
    reading = forms.CharField(label=_("Reading (kana)"), max_length=200, required=False)
    latin_name = forms.CharField(label=_("Name in Latin letters"), max_length=200, required=False)
    domain = forms.CharField(
        label=_("Domain"),
        max_length=253,
        help_text=_("User names of its people end with it, like example.com."),
    )
    country = forms.ChoiceField(label=_("Country or region"), choices=open_countries)
    language = forms.ChoiceField(label=_("Language of its mails"), choices=Language.choices)
    website = forms.URLField(label=_("Website"), max_length=200, assume_scheme="https")
    phone = forms.CharField(label=_("Phone"), max_length=30)
    administrator_name = forms.CharField(label=_("Full name of the global administrator"), max_length=100)
    administrator_user = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        label=_("User name before the @"),
        max_length=60,
        error_messages={"invalid": _("Use letters, digits, dots, hyphens and underscores only.")},
    )
    administrator_email = forms.EmailField(label=_("Email address of the global administrator"))


class ProgrammeForm(forms.Form):
    """The operator's own words, limits and rules."""

    name_ja = forms.CharField(label=_("Name of the programme, Japanese"), max_length=100)
    name_en = forms.CharField(label=_("Name of the programme, English"), max_length=100)
    operator_name_ja = forms.CharField(label=_("Name of the operator, Japanese"), max_length=100)
    operator_name_en = forms.CharField(label=_("Name of the operator, English"), max_length=100)
    membership_id_ja = forms.CharField(label=_("What the membership ID is called, Japanese"), max_length=60)
    membership_id_en = forms.CharField(label=_("What the membership ID is called, English"), max_length=60)
    membership_site_ja = forms.CharField(
        label=_("What the membership site is called, Japanese"), max_length=60
    )
    membership_site_en = forms.CharField(
        label=_("What the membership site is called, English"), max_length=60
    )
    support_email = forms.EmailField(label=_("Email address for questions"))
    review_days_from = forms.IntegerField(
        label=_("Working days of a review, at least"), min_value=1, max_value=60
    )
    review_days_to = forms.IntegerField(
        label=_("Working days of a review, at most"), min_value=1, max_value=60
    )
    invitation_days = forms.IntegerField(
        label=_("Days until an invitation expires"), min_value=1, max_value=90
    )
    grant_days = forms.IntegerField(
        label=_("Days until administrator access expires, usually"), min_value=1, max_value=730
    )
    mails_per_hour = forms.IntegerField(
        label=_("Invitation mails of one organization per hour, at most"), min_value=1, max_value=10000
    )
    sandbox_partners = forms.IntegerField(
        label=_("Providers, and as many resellers, of a sandbox at most"), min_value=1, max_value=1000
    )
    sandbox_customers = forms.IntegerField(
        label=_("Customers of a sandbox at most"), min_value=1, max_value=100000
    )
    sandbox_subscriptions = forms.IntegerField(
        label=_("Subscriptions of one customer of a sandbox at most"), min_value=1, max_value=100000
    )
    sandbox_licences = forms.IntegerField(
        label=_("Licenses of one subscription of a sandbox at most"), min_value=1, max_value=1000000
    )
    payment_days = forms.IntegerField(
        label=_("Days to pay an invoice"),
        min_value=0,
        max_value=365,
        help_text=_("From the day it is issued."),
    )
    one_channel_administers = forms.BooleanField(
        label=_("Only one channel administers a customer"),
        required=False,
        help_text=_(
            "A channel is an indirect provider together with its indirect resellers. While one channel has "
            "administrator access to a customer, the customer can give none to a partner of another channel until it "
            "has removed that access. Reseller relationships with several channels stay possible."
        ),
    )
    allows_password_flow = forms.BooleanField(
        label=_("Applications in a sandbox may sign people in by password"),
        required=False,
        help_text=_(
            "The password grant of OAuth knows no second factor. It works in sandboxes only, never with rows of "
            "production, and only while this is on."
        ),
    )
    orders_need_agreement = forms.BooleanField(
        label=_("Orders wait for the customer agreement"),
        required=False,
        help_text=_(
            "Once you have published a customer agreement, nothing can be ordered for a customer that has not accepted "
            "it: its provider confirms that it has, or it accepts by itself in its portal. Any version counts."
        ),
    )


class CountryForm(forms.Form):
    """Currency and region of a country, and whether companies there may enrol."""

    currency = forms.CharField(
        label=_("Currency"), max_length=3, min_length=3, help_text=_("Three letters, like JPY.")
    )
    sales_region = forms.CharField(label=_("Sales region"), max_length=40)
    is_open = forms.BooleanField(label=_("Companies may enroll"), required=False)
    tax = forms.DecimalField(
        label=_("Tax on invoices, percent"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=2,
        help_text=_(
            "Consumption tax or VAT on what you charge a provider there; only in your own country. Empty: none."
        ),
    )


def basis_points(percent: Decimal | None) -> int:
    """A rate as it is kept: hundredths of a percent."""
    return int((percent or Decimal()) * 100)


def _countries_to_add() -> list[tuple[str, str]]:
    present = {row.code for row in programme_countries()}
    known = [(code, name) for code, name in known_countries() if code not in present]
    return [("", "―"), *known]


class NewCountryForm(CountryForm):
    """A country or region that the programme did not know yet."""

    code = forms.ChoiceField(label=_("Country or region"), choices=_countries_to_add)
    field_order = ("code", "currency", "sales_region", "tax", "is_open")


class WebMailForm(forms.Form):
    """A web-mail domain to refuse."""

    name = forms.CharField(label=_("Domain to add"), max_length=253)


class AgreementForm(forms.Form):
    """The words of a new version."""

    title_ja = forms.CharField(label=_("Title, Japanese"), max_length=200)
    title_en = forms.CharField(label=_("Title, English"), max_length=200)
    text_ja = forms.CharField(label=_("Text, Japanese"), widget=forms.Textarea(attrs={"rows": 10}))
    text_en = forms.CharField(label=_("Text, English"), widget=forms.Textarea(attrs={"rows": 10}))


class OlderForm(forms.Form):
    """A relationship made in an older portal."""

    partner_domain = forms.CharField(
        label=_("Domain of the partner"),
        max_length=253,
        help_text=_("The partner must not be approved yet; its approval imports the register."),
    )
    customer_domain = forms.CharField(label=_("Domain of the customer"), max_length=253)
    portal = forms.CharField(label=_("Portal in which it was made"), max_length=100)
    since = forms.DateField(
        label=_("Since"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

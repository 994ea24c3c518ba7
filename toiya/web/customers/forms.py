"""Forms of the customer pages."""

import re
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toiya.core.permissions import Capacity, DirectoryRole
from toiya.core.reader import reader_name
from toiya.core.terms import Segment
from toiya.customers.invitations import EXPIRED
from toiya.customers.models import RelationshipInvitation
from toiya.customers.relationship_requests import (
    LONGEST_GRANT_DAYS,
    LONGEST_VALIDITY_DAYS,
    RESELLER_DEFAULT,
    Wish,
)
from toiya.directory.models import Language, Tenant
from toiya.enrolment.addresses import PARTS, address_rule
from toiya.enrolment.details import Problems, region_choices
from toiya.partnerships.models import InvitationState
from toiya.programme.countries import open_countries
from toiya.relations.grants import powers_of
from toiya.relations.models import AdministrationGrant, Channel
from toiya.web.enrolment.forms import Answers
from toiya.web.filters import Choice

DOMAIN = RegexValidator(
    r"^(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
    _("Enter a domain like example.co.jp, without https:// and without a path."),
    flags=re.IGNORECASE,
)
Label = Any  # a text, translated when it is shown
ROLE_ORDER = list(DirectoryRole)


class RolesField(forms.MultipleChoiceField):
    """Directory roles, each ticked by name."""

    widget = forms.CheckboxSelectMultiple

    def __init__(
        self, *, label: Label, offered: Collection[DirectoryRole] = ROLE_ORDER, **kwargs: Any
    ) -> None:
        choices = [(role.value, role.label) for role in ROLE_ORDER if role in offered]
        super().__init__(label=label, choices=choices, required=False, **kwargs)


class RequestForm(forms.Form):
    """What the inviter decides about an invitation; the link and the text are made from it."""

    language = forms.ChoiceField(
        label=_("Language of the message"), choices=Language.choices, widget=forms.RadioSelect
    )
    customer_name = forms.CharField(
        label=_("Customer's name"),
        max_length=200,
        required=False,
        help_text=_("For the salutation and for your list of invitations."),
    )
    email = forms.EmailField(
        label=_("Customer's email address"),
        max_length=254,
        required=False,
        help_text=_("Only needed if the system shall send the invitation."),
    )
    channel = forms.ChoiceField(
        label=_("How was this customer won?"), choices=Channel.choices, widget=forms.RadioSelect
    )
    grant_days = forms.IntegerField(
        label=_("Administrator access lasts (days)"), min_value=1, max_value=LONGEST_GRANT_DAYS
    )
    valid_days = forms.IntegerField(
        label=_("The invitation can be accepted for (days)"), min_value=1, max_value=LONGEST_VALIDITY_DAYS
    )
    named_domain = forms.CharField(
        label=_("Only for the organization with this domain"),
        required=False,
        help_text=_("If you know it: then nobody else can accept, even with the link."),
        validators=[DOMAIN],
    )

    def clean_named_domain(self) -> str:
        return str(self.cleaned_data["named_domain"]).lower()

    def wish(self, roles: Mapping[Capacity, frozenset[DirectoryRole]]) -> Wish:
        """What the use case takes."""
        data = self.cleaned_data
        return Wish(
            language=data["language"],
            channel=Channel(data["channel"]),
            grant_days=data["grant_days"],
            valid_days=data["valid_days"],
            roles=roles,
            customer_name=data["customer_name"],
            email=data["email"],
            named_domain=data["named_domain"],
        )

    def chosen(self, name: str) -> frozenset[DirectoryRole]:
        """The roles ticked in a field."""
        return frozenset(DirectoryRole(value) for value in self.cleaned_data[name])


class SingleRequestForm(RequestForm):
    """A request for oneself. Who is both provider and reseller says as which it asks."""

    roles = RolesField(label=_("Administrator access that you ask for"))

    def __init__(self, *args: Any, capacities: frozenset[Capacity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.capacities = [
            capacity for capacity in (Capacity.RESELLER, Capacity.PROVIDER) if capacity in capacities
        ]
        if len(self.capacities) > 1:
            self.fields["capacity"] = forms.ChoiceField(
                label=_("You ask as"),
                choices=[(capacity.value, capacity.label) for capacity in self.capacities],
                widget=forms.RadioSelect,
                initial=Capacity.RESELLER.value,
            )
        if Capacity.RESELLER in self.capacities:
            self.fields["roles"].initial = [role.value for role in RESELLER_DEFAULT]

    def asked_as(self) -> Capacity:
        """As what the organisation asks."""
        return Capacity(self.cleaned_data.get("capacity") or self.capacities[0])


class CombinedRequestForm(RequestForm):
    """A request for both. The provider gets no administrator access unless it is asked for here (Q-17)."""

    roles_reseller = RolesField(
        label=_("Administrator access for the reseller"), initial=[role.value for role in RESELLER_DEFAULT]
    )
    roles_provider = RolesField(
        label=_("Administrator access for the provider"),
        help_text=_("Not needed for orders. Ask only if the provider supports the customer directly."),
    )


class DraftForm(forms.Form):
    """The text of the mail, and whom the system shall send it to."""

    message = forms.CharField(
        label=_("Text of the message"),
        widget=forms.Textarea(attrs={"rows": 16}),
        max_length=20_000,
        strip=False,
    )
    email = forms.EmailField(label=_("Customer's email address"), max_length=254, required=False)


class ConsentForm(forms.Form):
    """The customer's consent: the act as a whole, and each administration role by itself."""

    agree = forms.BooleanField(error_messages={"required": _("Tick the box to say that you agree.")})

    def __init__(self, *args: Any, invitation: RelationshipInvitation, agreement: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parties = invitation.parties
        self.fields["agree"].label = agreement
        for party in self.parties:
            offered = invitation.roles_for(party)
            if offered:
                self.fields[self.field_of(party)] = RolesField(
                    label=_("Administrator access"),
                    offered=offered,
                    initial=[
                        role.value for role in offered if role is not DirectoryRole.GLOBAL_ADMINISTRATOR
                    ],
                    help_text=gettext("Untick what you do not want to allow."),
                )
        self.powers = {value: power for value, _label, power in powers_of(DirectoryRole)}

    @staticmethod
    def field_of(party: Tenant) -> str:
        """The name of a party's field."""
        return f"roles_{party.pk.hex}"

    def consent(self) -> dict[uuid.UUID, list[DirectoryRole]]:
        """What is consented to, party by party."""
        return {
            party.pk: [DirectoryRole(value) for value in self.cleaned_data.get(self.field_of(party), [])]
            for party in self.parties
        }


class DeclineForm(forms.Form):
    """Why not."""

    reason = forms.CharField(
        label=_("Reason (the sender will read it)"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=1000,
    )


class SearchForm(forms.Form):
    """What the list is narrowed by. Whether a reseller is a partner, the database is asked."""

    q = forms.CharField(label=_("Name or domain"), required=False, max_length=100)
    reseller = forms.UUIDField(label=_("Reseller"), required=False, widget=Choice)

    def __init__(self, *args: Any, by_reseller: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by_reseller:
            del self.fields["reseller"]


class InvitationSearchForm(forms.Form):
    """What the list of invitations is narrowed by."""

    q = forms.CharField(label=_("Name, address or domain"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), *InvitationState.choices, (EXPIRED, _("Expired"))],
    )


class RemoveForm(forms.Form):
    """Why the relationship ends, and which administrator access is given up with it."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=_("The customer reads it in the notice."),
    )
    give_up = forms.MultipleChoiceField(
        label=_("Give up this administrator access as well"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    agree = forms.BooleanField(
        label=_("I understand what ends and what stays."),
        error_messages={"required": _("Tick the box to say that you have read what ends.")},
    )

    def __init__(self, *args: Any, grants: list[AdministrationGrant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not grants:
            del self.fields["give_up"]
            return
        separator = gettext(", ")
        self.fields["give_up"].choices = [  # type: ignore[attr-defined]
            (str(grant.pk), separator.join(str(role.label) for role in grant.directory_roles))
            for grant in grants
        ]

    def grants(self) -> list[uuid.UUID]:
        """The access that is given up."""
        return [uuid.UUID(value) for value in self.cleaned_data.get("give_up", [])]


class WorkAccountForm(forms.Form):
    """A new organisation and its first global administrator."""

    name = forms.CharField(label=_("Organization name"), max_length=200)
    reading = forms.CharField(label=_("Reading (kana)"), max_length=200, required=False)
    latin_name = forms.CharField(label=_("Name in Latin letters"), max_length=200, required=False)
    country = forms.ChoiceField(label=_("Country or region"))
    domain = forms.CharField(
        label=_("Domain"), validators=[DOMAIN], help_text=_("User names of your organization end in it.")
    )
    administrator = forms.CharField(label=_("Your full name"), max_length=100)
    user_name = forms.CharField(
        label=_("User name (the part before @)"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
        validators=[
            RegexValidator(r"^[A-Za-z0-9._-]+$", _("Use letters, digits, dots, hyphens and underscores."))
        ],
    )
    contact_email = forms.EmailField(label=_("Your email address"), max_length=254)
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("Password, once more"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, countries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries  # type: ignore[attr-defined]

    def clean_domain(self) -> str:
        return str(self.cleaned_data["domain"]).lower()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password and data.get("again") and password != data["again"]:
            self.add_error("again", _("The two passwords differ."))
        if password:
            try:
                validate_password(password)
            except ValidationError as error:
                self.add_error("password", error)
        return data


class AccountForm(Answers):
    """A customer's company and billing data; the parts of the address are those of its country (N-23)."""

    version = forms.CharField(widget=forms.HiddenInput)
    billing_name = forms.CharField(label=_("Name on invoices"), max_length=200)
    postal_code = forms.CharField(label=_("Postal code"))
    region = forms.CharField(label=_("Prefecture, state or province"))
    city = forms.CharField(label=_("City"))
    street = forms.CharField(label=_("Street, number and building"))
    street_more = forms.CharField(label=_("Second line of the address"), required=False)
    contact_name = forms.CharField(label=_("Contact person"), required=False)
    contact_email = forms.CharField(label=_("Email address"), required=False, widget=forms.EmailInput)
    contact_phone = forms.CharField(label=_("Phone number"), required=False)
    segment = forms.ChoiceField(
        label=_("Segment"),
        choices=Segment.choices,
        required=False,
        help_text=_("Decides which offers the customer may buy."),
    )

    def __init__(self, *args: Any, country: str, is_provider: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = address_rule(country)
        for name in PARTS:
            self.fields[name].required = name in rule.required
            if name not in rule.used:
                del self.fields[name]
        choices = region_choices(country)
        if choices and "region" in self.fields:
            self.fields["region"].widget = forms.Select(choices=[("", "―"), *choices])
        if not is_provider:
            del self.fields["segment"]


class AgreementForm(forms.Form):
    """Who of the customer accepted the agreement, and when."""

    contact_name = forms.CharField(label=_("Who accepted it"), max_length=100)
    contact_email = forms.EmailField(label=_("Email address"), max_length=254)
    contact_phone = forms.CharField(label=_("Phone number"), max_length=30, required=False)
    agreed_on = forms.DateField(label=_("Accepted on"), widget=forms.DateInput(attrs={"type": "date"}))

    def refuse(self, problems: Problems) -> None:
        """Write each problem beside its field."""
        places = {"agreed_at": "agreed_on"}
        for name, problem in problems.items():
            place = places.get(name, name)
            self.add_error(place if place in self.fields else None, str(problem))


class NewCustomerForm(forms.Form):
    """Details of a customer that a provider adds, and what its reseller gets (N-13, N-15)."""

    reseller = forms.ChoiceField(label=_("Reseller"), required=False)
    company = forms.CharField(label=_("Company name"), max_length=200)
    reading = forms.CharField(label=_("Reading of the name (kana)"), max_length=200, required=False)
    latin_name = forms.CharField(label=_("Name in Latin letters"), max_length=200, required=False)
    country = forms.ChoiceField(label=_("Country or region"))
    segment = forms.ChoiceField(
        label=_("Segment"), choices=Segment.choices, help_text=_("Decides which offers the customer may buy.")
    )
    domain = forms.CharField(
        label=_("Domain of the customer"),
        max_length=253,
        help_text=_("For example company.example. User names lie in this domain."),
    )
    registration_number = forms.CharField(
        label=_("Registration number"),
        max_length=22,
        required=False,
        help_text=_("Only in countries whose register of organizations gives one, such as India and Brazil."),
    )
    name = forms.CharField(label=_("Full name of the first global administrator"), max_length=100)
    contact_phone = forms.CharField(label=_("Phone number"), max_length=30, required=False)
    contact_email = forms.EmailField(
        label=_("Email address of the administrator"),
        help_text=_("A message there says what was set up. The temporary password is not mailed."),
    )
    user = forms.CharField(label=_("User name (the part before @)"), max_length=64)
    language = forms.ChoiceField(label=_("Language of the mails"), choices=Language.choices)
    roles = RolesField(label=_("Administrator access for the reseller"))
    on_subscriptions = forms.BooleanField(
        label=_("Name the reseller on the subscriptions: it resells them and earns its incentives"),
        required=False,
    )
    is_support_contact = forms.BooleanField(
        label=_("Make the reseller the support contact of the subscriptions"), required=False
    )

    def __init__(self, *args: Any, resellers: Collection[Tenant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(row.pk), reader_name(row)) for row in resellers]
        for name, choices in (
            ("reseller", [("", gettext("None: a customer of your own")), *named]),
            ("country", [("", "―"), *open_countries()]),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices

    def refuse(self, problems: Mapping[str, object]) -> None:
        """Write each problem beside its field, once."""
        for name, problem in problems.items():
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, str(problem))

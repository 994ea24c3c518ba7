"""Forms about people."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.core.actor import Actor
from toiya.core.permissions import CATEGORY_OF, Role, RoleCategory, roles_in
from toiya.directory.accounts import LOCAL_PART
from toiya.directory.models import Language, Person, Tenant
from toiya.directory.roles import giveable, offered_categories

NAME = forms.TextInput(attrs={"autocomplete": "off"})
NO_ROLE = {
    RoleCategory.ADMIN: pgettext_lazy("no role of this category", "No administrator role"),
    RoleCategory.AGENT: pgettext_lazy("no role of this category", "No agent role"),
    RoleCategory.INCENTIVES: pgettext_lazy("no role of this category", "No incentives role"),
    RoleCategory.REFERRALS: pgettext_lazy("no role of this category", "No referrals role"),
    RoleCategory.PROGRAMME: pgettext_lazy("no role of this category", "No programme role"),
}


class RolesForm(forms.Form):
    """One choice for each category of roles (S-050, N-02): only what the actor may give, and what is held."""

    def __init__(self, *args: Any, actor: Actor, held: frozenset[Role] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = held
        yours = giveable(actor.roles)
        for category in offered_categories(actor.capacities | actor.suspended):
            present = next((role for role in held if CATEGORY_OF[role] is category), None)
            offered = [role for role in roles_in(category) if role in yours or role is present]
            self.fields[category.value] = forms.ChoiceField(
                label=category.label,
                required=False,
                widget=forms.RadioSelect,
                choices=[("", NO_ROLE[category]), *((role.value, role.label) for role in offered)],
                initial=present.value if present else "",
                disabled=not yours.intersection(roles_in(category)),
                help_text=""
                if yours.intersection(roles_in(category))
                else _("A global administrator gives these roles."),
            )

    @property
    def role_fields(self) -> list[forms.BoundField]:
        """The choices, for the template."""
        return [self[category.value] for category in RoleCategory if category.value in self.fields]

    @property
    def roles(self) -> frozenset[Role]:
        """What was chosen."""
        chosen = (self.cleaned_data.get(category.value) for category in RoleCategory)
        return frozenset(Role(value) for value in chosen if value)


class AddPersonForm(RolesForm):
    """A new work account (S-049)."""

    name = forms.CharField(label=_("Full name"), max_length=100, widget=NAME)
    contact_email = forms.EmailField(
        label=_("Email address"),
        help_text=_("For contact. Each user has an address of their own."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "data-fills": "id_local_part"}),
    )
    local_part = forms.CharField(
        label=_("User name, before the @"),
        required=False,
        max_length=64,
        validators=[
            RegexValidator(
                LOCAL_PART,
                _("Use letters a to z, digits, and . _ - in between; no spaces, and no @."),
            )
        ],
        help_text=_("For signing in. Left empty, it is the part before the @ of the email address."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    domain = forms.ChoiceField(label=_("User name, after the @"))
    language = forms.ChoiceField(label=_("Language of mails and pages"), choices=Language.choices)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        own = Tenant.objects.visible_to(actor).get(pk=actor.tenant_id)
        domains = own.domains.order_by("-is_primary", "name")
        choices = [(domain.name, f"@{domain.name}") for domain in domains]
        self.fields["domain"] = forms.ChoiceField(label=_("User name, after the @"), choices=choices)
        self.fields["language"].initial = actor.language

    def clean(self) -> dict[str, Any]:
        """The user name follows the e-mail address when none was typed."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("local_part") and cleaned.get("contact_email") and "local_part" not in self.errors:
            taken = cleaned["contact_email"].partition("@")[0]
            field = self.fields["local_part"]
            try:
                cleaned["local_part"] = field.clean(taken)
            except forms.ValidationError as problem:
                self.add_error("local_part", problem)
        return cleaned


class PersonForm(forms.Form):
    """Name, address and language of a person."""

    name = forms.CharField(label=_("Full name"), max_length=100)
    contact_email = forms.EmailField(
        label=_("Email address"), help_text=_("For contact. Each user has an address of their own.")
    )
    language = forms.ChoiceField(label=_("Language of mails and pages"), choices=Language.choices)

    @classmethod
    def of(cls, person: Person, data: QueryDict | None = None) -> "PersonForm":
        """The form, filled with what is known."""
        return cls(
            data,
            initial={
                "name": person.name,
                "contact_email": person.contact_email,
                "language": person.language,
            },
        )

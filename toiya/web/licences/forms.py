"""Forms about an organisation's users and their licences."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from toiya.core.permissions import CATEGORY_OF, Role, RoleCategory
from toiya.directory.accounts import LOCAL_PART
from toiya.directory.models import Language, Person, Tenant
from toiya.licences.assignment import Choice
from toiya.licences.customer_users import DIRECTORY_ROLES, NAME_LENGTH
from toiya.licences.listing import NO_LICENCE, Selected
from toiya.licences.models import Licence, SeatPool
from toiya.programme.countries import open_countries

NO_ROLE = pgettext_lazy("no role of this category", "No administrator role")
KEEP, ASSIGN, REVOKE = "keep", "assign", "revoke"


class UserSearchForm(forms.Form):
    """The filters above the list of users."""

    q = forms.CharField(
        label=gettext_lazy("Name, user name or email"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    licence = forms.ChoiceField(label=gettext_lazy("License"), required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", pgettext_lazy("states", "All")),
            ("active", gettext_lazy("Active")),
            ("temporary", gettext_lazy("Temporary password")),
            ("disabled", gettext_lazy("Disabled")),
        ],
    )

    def __init__(self, *args: Any, pools: Sequence[SeatPool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = [(str(pool.sku_id), pool.sku.name) for pool in pools]
        self.fields["licence"].choices = [  # type: ignore[attr-defined]
            ("", _("All users")),
            *products,
            (NO_LICENCE, _("Without any license")),
        ]
        roles = [role for role in Role if CATEGORY_OF[role] is RoleCategory.ADMIN]
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            ("", _("All roles")),
            *((role.value, role.label) for role in roles),
        ]

    def filters(self) -> dict[str, str]:
        """What to look for; a value that is none of the choices filters nothing."""
        self.is_valid()
        cleaned = self.cleaned_data if self.is_bound else {}
        return {
            "search": cleaned.get("q", ""),
            "licence": cleaned.get("licence", ""),
            "role": cleaned.get("role", ""),
            "state": cleaned.get("state", ""),
        }


class UserForm(forms.Form):
    """What a partner knows about a customer's user."""

    name = forms.CharField(
        label=gettext_lazy("Full name"),
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact_email = forms.EmailField(
        label=gettext_lazy("Email address"),
        help_text=gettext_lazy("For contact. Each user has an address of their own."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of mails and pages"), choices=Language.choices)
    usage_country = forms.ChoiceField(label=gettext_lazy("Country or region of use"))

    def __init__(self, *args: Any, tenant: Tenant, person: Person | None = None, **kwargs: Any) -> None:
        initial = {"language": tenant.language, "usage_country": tenant.country_id}
        if person is not None:
            initial = {
                "name": person.name,
                "contact_email": person.contact_email,
                "language": person.language,
                "usage_country": person.usage_country or tenant.country_id,
            }
        super().__init__(*args, **{**kwargs, "initial": initial})
        self.fields["usage_country"].choices = open_countries()  # type: ignore[attr-defined]


class UserNameField(forms.CharField):
    """What stands before the @."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("User name, before the @"),
            max_length=64,
            validators=[
                RegexValidator(
                    LOCAL_PART,
                    gettext_lazy("Use letters a to z, digits, and . _ - in between; no spaces, and no @."),
                )
            ],
            widget=forms.TextInput(
                attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
            ),
        )


def _domain_choices(tenant: Tenant) -> list[tuple[str, str]]:
    domains = tenant.domains.order_by("-is_primary", "name")
    return [(domain.name, f"@{domain.name}") for domain in domains]


class AddUserForm(UserForm):
    """A new work account in a customer's organisation (N-24)."""

    local_part = UserNameField()
    domain = forms.ChoiceField(label=gettext_lazy("User name, after the @"))
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)

    def __init__(self, *args: Any, tenant: Tenant, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, tenant=tenant, **kwargs)
        self.fields["domain"].choices = _domain_choices(tenant)  # type: ignore[attr-defined]
        self.fields["role"].choices = _role_choices(roles)  # type: ignore[attr-defined]


class RenameForm(forms.Form):
    """Another name for a user to sign in with."""

    local_part = UserNameField()
    domain = forms.ChoiceField(label=gettext_lazy("User name, after the @"))

    def __init__(self, *args: Any, tenant: Tenant, person: Person, **kwargs: Any) -> None:
        local_part, _at, domain = person.user_name.rpartition("@")
        super().__init__(*args, **{**kwargs, "initial": {"local_part": local_part, "domain": domain}})
        self.fields["domain"].choices = _domain_choices(tenant)  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """The administrator role of a customer's user."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: Sequence[Role], person: Person, **kwargs: Any) -> None:
        held = next((role for role in person.roles if role in DIRECTORY_ROLES), None)
        super().__init__(*args, **{**kwargs, "initial": {"role": held.value if held else ""}})
        offered = [role for role in DIRECTORY_ROLES if role in roles or role is held]
        self.fields["role"].choices = _role_choices(offered)  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Role | None:
        """What was chosen."""
        value = self.cleaned_data["role"]
        return Role(value) if value else None


def _role_choices(roles: Sequence[Role]) -> list[tuple[str, str | Promise]]:
    return [("", NO_ROLE), *((role.value, role.label) for role in roles)]


class LicencesForm(forms.Form):
    """For each product: assign it with these service plans, revoke it, or leave it as it is (N-26)."""

    def __init__(
        self, *args: Any, selected: Sequence[Selected], held: Sequence[Licence] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.selected = selected
        off = {licence.pool_id: set(licence.disabled_plans) for licence in held}
        for row in selected:
            plans = [(plan.code, plan.name) for plan in row.pool.sku.service_plans.all()]
            self.fields[wish_of(row.pool)] = forms.ChoiceField(
                label=_("License"),
                widget=forms.RadioSelect,
                choices=_wishes(row),
                initial=_present(row),
                required=False,
            )
            self.fields[plans_of(row.pool)] = forms.MultipleChoiceField(
                label=_("Service plans"),
                widget=forms.CheckboxSelectMultiple,
                choices=plans,
                required=False,
                initial=[code for code, _name in plans if code not in off.get(row.pool.pk, ())],
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The products with their fields, for the template."""
        return [
            {
                "pool": row.pool,
                "is_mixed": row.is_mixed,
                "needs_more": row.pool.free < row.of - row.holding,
                "wish": self[wish_of(row.pool)],
                "plans": self[plans_of(row.pool)] if self.fields[plans_of(row.pool)].choices else None,  # type: ignore[attr-defined]
            }
            for row in self.selected
        ]

    @property
    def choices(self) -> list[Choice]:
        """What was chosen; products that stay as they are are left out."""
        return [choice for row in self.selected if (choice := self._choice(row.pool)) is not None]

    def _choice(self, pool: SeatPool) -> Choice | None:
        wish = self.cleaned_data[wish_of(pool)]
        if wish not in {ASSIGN, REVOKE}:
            return None
        codes = [plan.code for plan in pool.sku.service_plans.all()]
        on = self.cleaned_data[plans_of(pool)]
        off = tuple(code for code in codes if code not in on)
        return Choice(pool.sku_id, assign=wish == ASSIGN, disabled_plans=off if wish == ASSIGN else None)


def wish_of(pool: SeatPool) -> str:
    """The field for what is to happen with a product."""
    return f"wish-{pool.sku_id}"


def plans_of(pool: SeatPool) -> str:
    """The field for its service plans."""
    return f"plans-{pool.sku_id}"


def _wishes(row: Selected) -> list[tuple[str, str]]:
    if row.of == 1:
        return [(ASSIGN, _("Assigned")), (REVOKE, _("Not assigned"))]
    keep = {
        0: _("Leave it: none of them has it"),
        row.of: _("Leave it: all of them have it"),
    }.get(
        row.holding,
        ngettext("Leave it: %(count)s of %(of)s has it", "Leave it: %(count)s of %(of)s have it", row.holding)
        % {"count": row.holding, "of": row.of},
    )
    return [(KEEP, keep), (ASSIGN, _("Assign to all of them")), (REVOKE, _("Revoke from all of them"))]


def _present(row: Selected) -> str:
    if row.of != 1:
        return KEEP
    return ASSIGN if row.holding else REVOKE


def ids(values: Sequence[str]) -> list[uuid.UUID]:
    """The identifiers among what came from a form or a session; others are passed over."""
    found = []
    for value in values:
        try:
            found.append(uuid.UUID(value))
        except ValueError:
            continue
    return found

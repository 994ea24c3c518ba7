"""Forms of the catalogue."""

import re
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Category, Sku, SkuKind
from toiya.catalogue.skus import COMBINATIONS, PlanLine, combination_label
from toiya.catalogue.words import Phase
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.fulfilment.models import Connector
from toiya.programme.countries import by_name, programme_countries
from toiya.web.editing import RowField, RowsField

CODE_PATTERN = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
CODE = RegexValidator(CODE_PATTERN, _("Use small letters, digits and single hyphens, like “office-premium”."))
PLAN_CELLS = 3
AREA = forms.Textarea(attrs={"rows": 3})


def code_field(length: int) -> forms.CharField:
    """The name of a thing in files."""
    return forms.CharField(
        label=_("Code"),
        max_length=length,
        validators=[CODE],
        help_text=_("Names it in files. Small letters, digits, hyphens."),
    )


class Versioned(forms.Form):
    """A form that knows what its writer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=0)

    def clean_version(self) -> int:
        """0 where the page carried none."""
        return int(self.cleaned_data.get("version") or 0)

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, without the version."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class CategoryForm(Versioned):
    """A category."""

    code = code_field(40)
    name_ja = forms.CharField(label=_("Name, Japanese"), max_length=200)
    name_en = forms.CharField(label=_("Name, English"), max_length=200)
    position = forms.IntegerField(
        label=_("Place"), min_value=0, max_value=9999, initial=0, help_text=_("Smaller numbers come first.")
    )


class ProductForm(Versioned):
    """A product."""

    code = code_field(60)
    category = RowField(label=_("Category"))
    name_ja = forms.CharField(label=_("Name, Japanese"), max_length=200)
    name_en = forms.CharField(label=_("Name, English"), max_length=200)
    publisher = forms.CharField(label=_("Publisher"), max_length=100, required=False)
    description_ja = forms.CharField(
        label=_("Description, Japanese"), max_length=2000, widget=AREA, required=False
    )
    description_en = forms.CharField(
        label=_("Description, English"), max_length=2000, widget=AREA, required=False
    )

    def __init__(self, *args: Any, categories: list[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].offer(categories)  # type: ignore[attr-defined]


class ProductSearchForm(forms.Form):
    """Search and filters of the operator's list."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    category = RowField(label=_("Category"), required=False, empty=_("All categories"))
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *SkuKind.choices]
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Phase.choices]
    )

    def __init__(self, *args: Any, categories: list[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].offer(categories)  # type: ignore[attr-defined]


class SkuForm(Versioned):
    """A SKU with what stands around it."""

    kind = forms.ChoiceField(label=_("Kind"), choices=SkuKind.choices)
    code = code_field(60)
    name_ja = forms.CharField(label=_("Name, Japanese"), max_length=200)
    name_en = forms.CharField(label=_("Name, English"), max_length=200)
    unit_ja = forms.CharField(label=_("Unit, Japanese"), max_length=30, required=False)
    unit_en = forms.CharField(label=_("Unit, English"), max_length=30, required=False)
    min_quantity = forms.IntegerField(label=_("Least quantity"), min_value=1, max_value=1_000_000, initial=1)
    max_quantity = forms.IntegerField(
        label=_("Largest quantity"), min_value=1, max_value=1_000_000, initial=10_000
    )
    max_per_customer = forms.IntegerField(
        label=_("Subscriptions per customer"),
        min_value=1,
        max_value=1000,
        required=False,
        help_text=_("Empty: as many as it likes."),
    )
    cancel_days = forms.IntegerField(
        label=_("Days in which it can be canceled"), min_value=0, max_value=90, initial=7
    )
    trial_days = forms.IntegerField(
        label=_("Days of the trial"),
        min_value=1,
        max_value=90,
        initial=30,
        help_text=_("Of trials only; a trial has 25 licenses."),
    )
    converts_to = RowField(label=_("The trial becomes"), required=False, empty=_("Nothing; it just ends"))
    connector = RowField(
        label=_("Connector"),
        required=False,
        empty=_("At once, without another system"),
        help_text=_("The system that provides it."),
    )
    connector_reference = forms.CharField(label=_("Reference in that system"), max_length=200, required=False)
    plans = forms.CharField(
        label=_("Service plans"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "One a line: code, Japanese name, English name. They can be switched off for single users."
        ),
    )
    prerequisites = RowsField(
        label=_("Needs one of"), required=False, help_text=_("An add-on’s parent is one of these.")
    )
    upgrades = RowsField(label=_("May be upgraded to"), required=False)

    def __init__(
        self, *args: Any, skus: list[Sku], connectors: list[Connector], own: Sku | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        others = [sku for sku in skus if own is None or sku.pk != own.pk]
        licences = [sku for sku in others if sku.kind == SkuKind.LICENSE]
        for name, rows in (
            ("converts_to", licences),
            ("connector", connectors),
            ("prerequisites", [sku for sku in others if sku.kind != SkuKind.TRIAL]),
            ("upgrades", licences),
        ):
            self.fields[name].offer(rows, _sku_label if name != "connector" else str)  # type: ignore[attr-defined]
        if own is not None:
            del self.fields["kind"]

    def clean_plans(self) -> list[PlanLine]:
        """The lines as service plans."""
        plans = []
        for number, line in enumerate(self.cleaned_data["plans"].splitlines(), start=1):
            cells = [cell.strip() for cell in line.split(",")]
            if not any(cells):
                continue
            if len(cells) != PLAN_CELLS or not all(cells) or not CODE_PATTERN.fullmatch(cells[0]):
                raise forms.ValidationError(
                    gettext("Line %(line)s is not “code, Japanese name, English name”.") % {"line": number}
                )
            plans.append(PlanLine(*cells))
        return plans


def _sku_label(sku: Sku) -> str:
    return f"{sku.product.name} – {sku.name}"


def plan_text(plans: list[PlanLine]) -> str:
    """Service plans as they are typed."""
    return "\n".join(f"{plan.code}, {plan.name_ja}, {plan.name_en}" for plan in plans)


class AvailabilitiesForm(forms.Form):
    """Where, for whom and for how long a SKU may be bought."""

    countries = forms.MultipleChoiceField(
        label=_("Countries and regions"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The country decides the currency."),
    )
    segments = forms.MultipleChoiceField(
        label=_("Segments"), widget=forms.CheckboxSelectMultiple, choices=Segment.choices
    )
    combinations = forms.MultipleChoiceField(
        label=_("Terms and billing"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, kind: SkuKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = {row.code: row.currency for row in programme_countries()}
        self.fields["countries"].choices = [  # type: ignore[attr-defined]
            (code, f"{name} ({currency[code]})") for code, name in by_name(list(currency))
        ]
        self.fields["combinations"].choices = [  # type: ignore[attr-defined]
            (f"{term}/{cycle}", combination_label(term, cycle)) for term, cycle in COMBINATIONS[kind]
        ]

    def clean_combinations(self) -> list[tuple[str, str]]:
        """Pairs of term and billing cycle."""
        pairs = []
        for value in self.cleaned_data["combinations"]:
            term, _slash, cycle = value.partition("/")
            pairs.append((term, cycle))
        return pairs


class BrowseForm(forms.Form):
    """Search and filters of the partners' catalogue."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    country = forms.ChoiceField(label=_("Country or region"), required=False)
    category = RowField(label=_("Category"), required=False, empty=_("All categories"))
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *SkuKind.choices]
    )
    segment = forms.ChoiceField(
        label=_("Segment"), required=False, choices=[("", _("All segments")), *Segment.choices]
    )
    term = forms.ChoiceField(
        label=_("Term"),
        required=False,
        choices=[("", _("All terms")), *((value or "none", label) for value, label in Term.choices)],
    )
    billing = forms.ChoiceField(
        label=_("Billing"), required=False, choices=[("", _("All billing cycles")), *BillingCycle.choices]
    )

    def __init__(self, *args: Any, categories: list[Category], countries: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].offer(categories)  # type: ignore[attr-defined]
        self.fields["country"].choices = by_name(countries)  # type: ignore[attr-defined]

"""Forms of price lists, promotions, price rules and exchange rates."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Availability, Category, Product, Sku
from toiya.core.money import UnitPrice, WrongPrice, read_price
from toiya.core.permissions import Capacity
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.pricing.models import PriceBasis, PriceList
from toiya.pricing.price_files import label_of
from toiya.pricing.rules import is_currency
from toiya.programme.countries import by_name, programme_countries
from toiya.web.catalogue.forms import AREA, Versioned, code_field
from toiya.web.editing import RowField

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
BASIS_POINTS = 100
ONE_DAY = dt.timedelta(days=1)
DECIMALS = 2


def day_field(label: Any, **kwargs: Any) -> forms.DateField:  # noqa: ANN401  (a text, translated when shown)
    """A calendar day."""
    return forms.DateField(label=label, widget=DATE, **kwargs)


def country_choices() -> list[tuple[str, str]]:
    """Countries with their currency."""
    currency = {row.code: row.currency for row in programme_countries()}
    return [(code, f"{name} ({currency[code]})") for code, name in by_name(list(currency))]


def currency_choices() -> list[tuple[str, str]]:
    """Currencies of the programme's countries."""
    return [(code, code) for code in sorted({row.currency for row in programme_countries()})]


class CurrencyField(forms.CharField):
    """A currency by its three letters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=3, max_length=3, **kwargs)

    def clean(self, value: Any) -> str:  # noqa: ANN401  (what the browser sent)
        code = str(super().clean(value)).upper()
        if code and not is_currency(code):
            raise forms.ValidationError(
                gettext("“%(code)s” is not the three-letter code of a currency, like JPY.") % {"code": code}
            )
        return code


# ---------------------------------------------------------------- price lists
class NewListForm(forms.Form):
    """A draft of a price list."""

    country = forms.ChoiceField(label=_("Country or region"), choices=country_choices)
    name = forms.CharField(label=_("Name"), max_length=100)
    valid_from = day_field(_("Valid from"))
    like = RowField(label=_("Begin with the prices of"), required=False, empty=_("An empty list"))

    def __init__(self, *args: Any, lists: Sequence[PriceList], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["like"]
        field.offer(lists, lambda row: f"{row.country_id} – {row.name}")

    def clean(self) -> dict[str, Any]:
        """A list begins with the prices of its own country."""
        given: dict[str, Any] = super().clean() or {}
        like = given.get("like")
        if like is not None and like.country_id != given.get("country"):
            self.add_error("like", gettext("Choose a list of the same country."))
        return given


class ListForm(Versioned):
    """Name and first day of a draft."""

    name = forms.CharField(label=_("Name"), max_length=100)
    valid_from = day_field(_("Valid from"))


class ListFilterForm(forms.Form):
    """The operator's lists of a country."""

    country = forms.ChoiceField(
        label=_("Country or region"),
        required=False,
        choices=lambda: [("", _("All countries and regions")), *country_choices()],
    )


class LinesFilterForm(forms.Form):
    """Search within a price list."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    mark = forms.ChoiceField(
        label=_("Change"),
        required=False,
        choices=[
            ("", _("All offers")),
            ("ADD", _("ADD – new")),
            ("CHG", _("CHG – changed")),
            ("DEL", _("DEL – no longer sold")),
            ("UNC", _("UNC – unchanged")),
        ],
    )


class FileForm(forms.Form):
    """A file with prices."""

    file = forms.FileField(
        label=_("File (CSV or XLSX)"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"})
    )
    replace = forms.BooleanField(
        label=_("Take offers that the file does not name off the list"), required=False
    )


# ---------------------------------------------------------------- promotions
class PercentField(forms.DecimalField):
    """A percentage with two decimals; cleaned, it is hundredths of a percent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(decimal_places=DECIMALS, max_digits=7, **kwargs)

    def clean(self, value: Any) -> Any:  # noqa: ANN401  (None where nothing was typed)
        found = super().clean(value)
        return None if found is None else int(found * BASIS_POINTS)


def percent_text(basis_points: int) -> str:
    """Hundredths of a percent as people type them."""
    whole, rest = divmod(abs(basis_points), BASIS_POINTS)
    sign = "-" if basis_points < 0 else ""
    return f"{sign}{whole}.{rest:02d}".removesuffix(".00")


class PromotionForm(Versioned):
    """A promotion."""

    code = code_field(40)
    name_ja = forms.CharField(label=_("Name, Japanese"), max_length=200)
    name_en = forms.CharField(label=_("Name, English"), max_length=200)
    description_ja = forms.CharField(
        label=_("Description, Japanese"), max_length=2000, widget=AREA, required=False
    )
    description_en = forms.CharField(
        label=_("Description, English"), max_length=2000, widget=AREA, required=False
    )
    sku = RowField(label=_("SKU"))
    discount = PercentField(
        label=_("Percent off the list price"), min_value=0, max_value=100, help_text=_("For example 12.5")
    )
    country = forms.ChoiceField(
        label=_("Country or region"),
        required=False,
        choices=lambda: [("", _("Every one")), *country_choices()],
    )
    segment = forms.ChoiceField(
        label=_("Segment"), required=False, choices=[("", _("Every one")), *Segment.choices]
    )
    term = forms.ChoiceField(
        label=_("Term"),
        required=False,
        choices=[("", _("Every one")), *(pair for pair in Term.choices if pair[0])],
    )
    billing_cycle = forms.ChoiceField(
        label=_("Billing"), required=False, choices=[("", _("Every one")), *BillingCycle.choices]
    )
    min_quantity = forms.IntegerField(label=_("From units"), min_value=1, initial=1)
    max_quantity = forms.IntegerField(
        label=_("Up to units"), min_value=1, required=False, help_text=_("Empty: no limit.")
    )
    new_customers_only = forms.BooleanField(
        label=_("Only for customers who have not had the product"), required=False
    )
    valid_from = day_field(_("First day"))
    last_day = day_field(_("Last day"))

    def __init__(self, *args: Any, skus: Sequence[Sku], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sku"]
        field.offer(skus, lambda row: row.name, lambda row: row.product.name)

    def clean_discount(self) -> int:
        """More than nothing."""
        points: int = self.cleaned_data["discount"]
        if not points:
            raise forms.ValidationError(gettext("Enter more than 0 %."))
        return points

    @property
    def values(self) -> dict[str, Any]:
        """As the use case wants it: the day after the last one ends it."""
        given = super().values
        countries = {row.code: row for row in programme_countries()}
        return {
            **{name: value for name, value in given.items() if name not in {"discount", "last_day"}},
            "country": countries.get(given["country"]),
            "discount_basis_points": given["discount"],
            "valid_until": given["last_day"] + ONE_DAY,
        }


class EligibilityForm(forms.Form):
    """For which sale a partner asks about promotions."""

    offer = RowField(label=_("Offer"), empty=_("Choose an offer"))
    quantity = forms.IntegerField(label=_("Units"), min_value=1, max_value=1_000_000, initial=1)
    returning = forms.BooleanField(label=_("The customer has had the product before"), required=False)

    def __init__(self, *args: Any, offers: Sequence[Availability], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["offer"]
        field.offer(offers, offer_label, _product_name)


def offer_label(row: Availability) -> str:
    """An offer with its country."""
    return f"{row.country_id} – {label_of(row)}"


def _product_name(row: Availability) -> str:
    return row.sku.product.name


# ---------------------------------------------------------------- price rules
def _target_groups(
    categories: Sequence[Category], products: Sequence[Product], offers: Sequence[Availability]
) -> tuple[list[tuple[Any, Any]], dict[str, dict[str, Any]]]:
    """What a rule may be about: everything, a category, or under each product's name all of it, one of its SKUs, or one
    offer; and the field that each choice fills.
    """
    skus: dict[uuid.UUID, dict[uuid.UUID, Sku]] = {}
    for offer in offers:
        skus.setdefault(offer.sku.product_id, {})[offer.sku_id] = offer.sku
    groups: list[tuple[Any, list[tuple[str, Any, Any]]]] = [
        (_("Categories"), [("category", row, row.name) for row in categories])
    ]
    for product in products:
        everything = gettext("All of “%(product)s”") % {"product": product.name}
        groups.append((product.name, [("product", product, everything)]))
        for sku in skus.get(product.pk, {}).values():
            every_offer = gettext("%(sku)s: every offer") % {"sku": sku.name}
            groups[-1][1].append(("sku", sku, every_offer))
            groups[-1][1].extend(
                ("availability", row, offer_label(row)) for row in offers if row.sku_id == sku.pk
            )
    listed = {product.pk for product in products}
    groups += [
        (row.sku.product.name, [("availability", row, offer_label(row))])
        for row in offers
        if row.sku.product_id not in listed
    ]
    choices: list[tuple[Any, Any]] = [("", _("Everything"))]
    fills: dict[str, dict[str, Any]] = {"": {}}
    for title, rows in groups:
        fills |= {f"{field}:{row.pk}": {field: row} for field, row, _label in rows}
        choices.append((title, [(f"{field}:{row.pk}", label) for field, row, label in rows]))
    return choices, fills


class RuleForm(Versioned):
    """A price rule."""

    sells_as = forms.ChoiceField(label=_("You sell as"))
    buyer = forms.CharField(
        label=_("Buyer’s domain"),
        max_length=253,
        required=False,
        help_text=_("Of a partner or customer of yours. Empty: for all of them."),
    )
    target = forms.ChoiceField(label=_("For"), required=False)
    basis = forms.ChoiceField(label=_("Start from"), choices=PriceBasis.choices, widget=forms.RadioSelect)
    percent = PercentField(
        label=_("Percent on it"),
        required=False,
        min_value=-100,
        max_value=10_000,
        help_text=_("20 is dearer by a fifth, -10 cheaper by a tenth. Empty: as it is."),
    )
    fixed = forms.CharField(label=_("Fixed price of a unit"), max_length=30, required=False)
    currency = CurrencyField(
        label=_("Currency"), help_text=_("In which this buyer pays you. Another one needs an exchange rate.")
    )
    valid_from = day_field(_("First day"))
    last_day = day_field(_("Last day"), required=False, help_text=_("Empty: until you change it."))

    def __init__(
        self,
        *args: Any,
        capacities: Sequence[Capacity],
        categories: Sequence[Category],
        products: Sequence[Product],
        offers: Sequence[Availability],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices, self.fills = _target_groups(categories, products, offers)
        fields: Mapping[str, Any] = self.fields
        fields["target"].choices = choices
        fields["sells_as"].choices = [(capacity.value, capacity.label) for capacity in capacities]

    def clean(self) -> dict[str, Any]:
        """The fixed price in the currency of the edge."""
        given: dict[str, Any] = super().clean() or {}
        given["fixed_price"] = None
        if given.get("basis") == PriceBasis.FIXED and given.get("fixed") and given.get("currency"):
            try:
                given["fixed_price"] = read_price(given["fixed"], given["currency"])
            except WrongPrice as wrong:
                self.add_error("fixed", str(wrong))
        return given

    @property
    def terms(self) -> dict[str, Any]:
        """For RuleTerms."""
        given = self.cleaned_data
        return {
            "sells_as": Capacity(given["sells_as"]),
            "buyer_domain": given["buyer"],
            "basis": PriceBasis(given["basis"]),
            "percent": given["percent"] or 0,
            "fixed": given["fixed_price"],
            "currency": given["currency"],
            "valid_from": given["valid_from"],
            "valid_until": given["last_day"] + ONE_DAY if given["last_day"] else None,
            **self.fills[given["target"]],
        }


class TryForm(forms.Form):
    """A buyer and an offer to try the rules on."""

    as_ = forms.ChoiceField(label=_("You sell as"))
    buyer = forms.CharField(label=_("Buyer’s domain"), max_length=253, required=False)
    offer = RowField(label=_("Offer"), empty=_("Choose an offer"))

    def __init__(
        self, *args: Any, capacities: Sequence[Capacity], offers: Sequence[Availability], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Mapping[str, Any] = self.fields
        fields["offer"].offer(offers, offer_label, _product_name)
        fields["as_"].choices = [(capacity.value, capacity.label) for capacity in capacities]


class FixedFileForm(forms.Form):
    """A file with fixed prices."""

    sells_as = forms.ChoiceField(label=_("You sell as"))
    buyer = forms.CharField(
        label=_("Buyer’s domain"), max_length=253, required=False, help_text=_("Empty: for all of them.")
    )
    currency = CurrencyField(label=_("Currency"))
    file = forms.FileField(
        label=_("File (CSV or XLSX)"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"})
    )

    def __init__(self, *args: Any, capacities: Sequence[Capacity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sells_as"]
        field.choices = [(capacity.value, capacity.label) for capacity in capacities]


class RateForm(forms.Form):
    """An exchange rate."""

    base = CurrencyField(label=_("From currency"))
    quoted = CurrencyField(label=_("To currency"))
    rate = forms.CharField(
        label=_("Rate"),
        max_length=30,
        help_text=_("One unit of the first currency in the second, for example 0.0067"),
    )
    valid_from = day_field(_("From the day"))

    def clean(self) -> dict[str, Any]:
        """A rate is a price of money: exact, more than nothing."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("rate") and given.get("quoted"):
            try:
                found: UnitPrice = read_price(given["rate"], given["quoted"])
            except WrongPrice:
                found = UnitPrice(0, 0, given["quoted"])
            if not found.units:
                self.add_error("rate", gettext("Enter a number above 0 with at most six decimals."))
            given["rate"] = found
        return given

"""What the reader of the radar looks for."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Product
from toiya.core.reader import reader_name
from toiya.core.text import fold
from toiya.directory.models import Tenant
from toiya.subscriptions.radar import Watched

RENEWS, ENDS = "on", "off"


class RadarForm(forms.Form):
    """Filters of the radar; a partner has all of them, a customer those that make sense to it."""

    q = forms.CharField(label=_("Customer"), required=False, max_length=200)
    reseller = forms.TypedChoiceField(
        label=_("Indirect reseller"), required=False, coerce=uuid.UUID, empty_value=None
    )
    product = forms.TypedChoiceField(label=_("Product"), required=False, coerce=uuid.UUID, empty_value=None)
    auto = forms.ChoiceField(
        label=_("Automatic renewal"),
        required=False,
        choices=[("", _("All")), (RENEWS, _("Renews by itself")), (ENDS, _("Ends"))],
    )
    month = forms.RegexField(r"^\d{4}-(0[1-9]|1[0-2])$", required=False, widget=forms.HiddenInput)
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        products: Iterable[Product],
        resellers: Iterable[Tenant] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        product, reseller = self.fields["product"], self.fields["reseller"]
        assert isinstance(product, forms.TypedChoiceField)  # noqa: S101
        assert isinstance(reseller, forms.TypedChoiceField)  # noqa: S101
        product.choices = [("", _("All")), *((str(row.pk), row.name) for row in products)]
        if resellers is None:
            del self.fields["reseller"]
        else:
            reseller.choices = [("", _("All")), *((str(row.pk), reader_name(row)) for row in resellers)]

    def watched(self) -> Watched:
        """What to look at; a value that is no choice keeps everything."""
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        month = data.get("month")
        auto = data.get("auto")
        return Watched(
            month=dt.date.fromisoformat(f"{month}-01") if month else None,
            reseller_id=data.get("reseller"),
            customer_id=data.get("customer"),
            customer_key=fold(data.get("q", "")),
            product_id=data.get("product"),
            auto_renew={RENEWS: True, ENDS: False}.get(auto) if auto else None,
        )

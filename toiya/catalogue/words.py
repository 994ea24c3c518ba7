"""The phases of what is sold, in words."""

import datetime as dt
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.catalogue.models import Product


class Phase(TextChoices):
    """Where a product stands."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", pgettext_lazy("state", "Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Withdrawable(Protocol):
    """A product, SKU or availability."""

    withdrawn_at: dt.datetime | None


def phase_of(product: Product) -> Phase:
    """Draft until it is published; withdrawn until it is restored."""
    if product.withdrawn_at is not None:
        return Phase.WITHDRAWN
    return Phase.PUBLISHED if product.published_at is not None else Phase.DRAFT


def phase_word(product: Product) -> str:
    """The phase in the reader's language."""
    return str(phase_of(product).label)

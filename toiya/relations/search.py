"""A partner's customers by any part of their names, through the index of character pairs (docs/adr, the same title)."""

import uuid

from django.db import connection
from django.db.models import BooleanField, Func, TextField, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from toiya.relations.models import ResellerRelationshipQuerySet


def that_contain(
    rows: ResellerRelationshipQuerySet, folded: str, *, partner_id: uuid.UUID
) -> ResellerRelationshipQuerySet:
    """Live relationships of the partner whose customer's search key contains the folded text. SQLite reads them all."""
    own = rows.filter(partner_id=partner_id)
    if connection.vendor != "postgresql":
        return own.filter(customer_search_key__contains=folded)
    words = Func("partner_id", "customer_search_key", function="toiya_words", output_field=TextField())
    sought = Value([f"@{partner_id}", *grams_of(folded)])
    return own.filter(
        Func(words, sought, template="%(expressions)s", arg_joiner=" @> ", output_field=BooleanField()),
        # LIKE takes several times as long for Japanese text.
        GreaterThan(StrIndex("customer_search_key", Value(folded)), 0),
    )


def grams_of(folded: str) -> list[str]:
    """The pairs of neighbouring characters; a single character stands for itself."""
    if len(folded) == 1:
        return [folded]
    return list(dict.fromkeys(folded[place : place + 2] for place in range(len(folded) - 1)))

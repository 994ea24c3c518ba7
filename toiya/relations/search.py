"""A partner's customers by any part of their names, through the index of character pairs (docs/adr, the same title)."""

import uuid
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet, TextField
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from toiya.core.actor import Actor
from toiya.core.search import as_expression
from toiya.relations.models import ResellerRelationship, ResellerRelationshipQuerySet


class Text(NamedTuple):
    """What a partner looks for in its customers' names: the folded text, and the words that the index has of it."""

    folded: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, partner_id: uuid.UUID, folded: str) -> "Text":
        """A folded text; an empty one looks for nothing."""
        return cls(folded, (f"@{partner_id}", *grams_of(folded)))


def that_contain(rows: ResellerRelationshipQuerySet, text: Text) -> ResellerRelationshipQuerySet:
    """Those of a partner's live relationships whose customer's key contains its text. SQLite reads them all."""
    if connection.vendor != "postgresql":
        return rows.filter(customer_search_key__contains=text.folded)
    words = Func("partner_id", "customer_search_key", function="toiya_words", output_field=TextField())
    sought = Func(
        *map(as_expression, text.words), template="ARRAY[%(expressions)s]", output_field=TextField()
    )
    return rows.filter(
        Func(words, sought, template="%(expressions)s", arg_joiner=" @> ", output_field=BooleanField()),
        # LIKE takes several times as long for Japanese text.
        GreaterThan(StrIndex("customer_search_key", as_expression(text.folded)), 0),
    )


def keys_by_chance(actor: Actor) -> QuerySet[Any, Any]:
    """The search keys of the actor's customers as ``sought``, in the order of random numbers."""
    return (
        ResellerRelationship.objects.of_partner(actor)
        .live()
        .order_by("id")
        .values(sought=F("customer_search_key"))
    )


def grams_of(folded: str) -> list[str]:
    """The pairs of neighbouring characters; a single character stands for itself."""
    if len(folded) == 1:
        return [folded]
    return list(dict.fromkeys(folded[place : place + 2] for place in range(len(folded) - 1)))

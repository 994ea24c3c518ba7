"""The five products that a person keeps at the top of the catalogue (N-32)."""

from django.db import transaction

from toiya.catalogue.errors import TooManyPinned
from toiya.catalogue.models import PinnedProduct, Product
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Person

MOST_PINNED = 5


@transaction.atomic
def pin_product(actor: Actor, *, product: Product) -> None:
    """The product stands at the top for this person. A convenience of one's own, so nothing is logged.

    Raises TooManyPinned.
    """
    actor.must(Permission.CATALOGUE_VIEW)
    Person.accounts.select_for_update().get(pk=actor.person_id)  # two clicks at once do not make six
    pinned = PinnedProduct.objects.filter(person_id=actor.person_id)
    if pinned.filter(product=product).exists():
        return
    if pinned.count() >= MOST_PINNED:
        raise TooManyPinned(most=MOST_PINNED)
    PinnedProduct.objects.create(
        tenant_id=actor.tenant_id, person_id=actor.person_id, product=product, at=actor.now
    )


@transaction.atomic
def unpin_product(actor: Actor, *, product: Product) -> None:
    """It goes back among the others."""
    actor.must(Permission.CATALOGUE_VIEW)
    PinnedProduct.objects.filter(person_id=actor.person_id, product=product).delete()

"""Rows that assign licences to a customer's users, or take them back (C-08)."""

import uuid

from django.db.models import Q
from django.utils.translation import gettext as _

from toiya.bulk.cells import Cells, CellWrong
from toiya.bulk.models import BulkFile, BulkKind, BulkRow
from toiya.bulk.outcome import Outcome
from toiya.catalogue.models import Sku
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.directory.models import Person
from toiya.licences.access import must_read
from toiya.licences.assignment import Done, assign_licence, revoke_licence

ASSIGN, REVOKE = "assign", "revoke"


def change_licence(actor: Actor, file: BulkFile, row: BulkRow, *, rehearse: bool) -> Outcome:
    """One user, one product: assigned or revoked. Whoever has it already keeps it."""
    del rehearse
    cells = Cells(BulkKind.LICENCES, row.cells)
    tenant_id = file.customer_id
    if tenant_id is None:
        raise NotVisible
    must_read(actor, tenant_id)
    person = _person(tenant_id, cells.text("user_name").lower())
    sku = sku_named(file.tenant.family_id, cells.text("product"))
    if cells.choice("action", [ASSIGN, REVOKE], ASSIGN) == REVOKE:
        done = revoke_licence(actor, tenant_id=tenant_id, person_id=person.pk, sku_id=sku.pk)
    else:
        plans = cells.words("plans_off")
        done = assign_licence(
            actor, tenant_id=tenant_id, person_id=person.pk, sku_id=sku.pk, disabled_plans=plans
        )
    return Outcome(is_new=done is not Done.UNCHANGED, text=str(done.label), subject_id=person.pk)


def _person(tenant_id: uuid.UUID, user_name: str) -> Person:
    found: Person | None = Person.objects.present().filter(tenant_id=tenant_id, user_name=user_name).first()
    if found is None:
        raise CellWrong(_("The customer has no user “%(found)s”.") % {"found": user_name})
    return found


def sku_named(family_id: uuid.UUID, text: str) -> Sku:
    """The SKU by ``product/sku``, or by its name in either language where only one has it."""
    skus = Sku.objects.filter(tenant__family_id=family_id)
    product, slash, code = text.partition("/")
    if slash:
        skus = skus.filter(product__code=product.strip(), code=code.strip())
    else:
        skus = skus.filter(Q(name_ja=text) | Q(name_en=text) | Q(code=text))
    found = list(skus[:2])
    if len(found) != 1:
        raise CellWrong(
            _("“%(found)s” names no product. Write the code of product and SKU, like office/standard.")
            % {"found": text}
            if not found
            else _(
                "“%(found)s” names several products. Write the code of product and SKU, like office/standard."
            )
            % {"found": text}
        )
    return found[0]

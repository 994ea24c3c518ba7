"""The catalogue that partners see, once more: for the operator of a sandbox. No real connector is behind it."""

import uuid
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import models

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Availability, Category, Product, ServicePlan, Sku, SkuLink
from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.fulfilment.instant import instant_connector

Row = TypeVar("Row", bound=models.Model)
Values = dict[str, object]
Ids = dict[uuid.UUID, uuid.UUID]


@dataclass(slots=True)
class Copies:
    """What became of each row: the id of the original, and that of its copy."""

    skus: Ids = field(default_factory=dict)
    offers: Ids = field(default_factory=dict)


def copy_catalogue(actor: Actor, *, source: Tenant) -> Copies:
    """The actor's empty catalogue becomes what partners of ``source`` may buy today: published, not withdrawn.

    Everything is provided at once, by the built-in connector, whatever provides the original.
    """
    actor.must(Permission.CATALOGUE_MANAGE)
    copies = Copies()
    owner: Values = {"tenant_id": actor.tenant_id}
    connector = instant_connector(actor)
    categories = copy_rows(Category.objects.filter(tenant=source), owner)
    products = copy_rows(Product.objects.filter(tenant=source).live(), owner, category_id=categories)
    skus = Sku.objects.filter(tenant=source).live()
    converts = dict(skus.filter(converts_to__isnull=False).values_list("pk", "converts_to_id"))
    built_in: Values = {"converts_to_id": None, "connector_id": connector.pk, "connector_reference": ""}
    copies.skus = copy_rows(skus, owner | built_in, product_id=products)
    for sku, other in converts.items():
        Sku.objects.filter(pk=copies.skus[sku]).update(converts_to_id=copies.skus.get(other))
    copy_rows(ServicePlan.objects.filter(sku__in=copies.skus), owner, sku_id=copies.skus)
    links = SkuLink.objects.filter(sku__in=copies.skus, other__in=copies.skus)
    copy_rows(links, owner, sku_id=copies.skus, other_id=copies.skus)
    copies.offers = copy_rows(Availability.objects.filter(tenant=source).live(), owner, sku_id=copies.skus)
    record(
        actor,
        AuditAction.COPY_CATALOGUE,
        source,
        tenant_id=actor.tenant_id,
        after={"products": len(products), "skus": len(copies.skus), "availabilities": len(copies.offers)},
    )
    return copies


def copy_rows(rows: models.QuerySet[Row], values: Values, **renamed: Ids) -> Ids:
    """New rows with these values; references named in ``renamed`` lead to the copies. Returns the new ids."""
    made: Ids = {}
    fresh: list[Row] = []
    for row in rows.order_by("pk"):
        if isinstance(row.pk, uuid.UUID):
            made[row.pk] = new_id()
            row.pk = made[row.pk]
        else:
            row.pk = None
        for column, ids in renamed.items():
            setattr(row, column, ids[getattr(row, column)])
        for column, value in values.items():
            setattr(row, column, value)
        row._state.adding = True
        fresh.append(row)
    rows.model._default_manager.bulk_create(fresh, batch_size=500)
    return made

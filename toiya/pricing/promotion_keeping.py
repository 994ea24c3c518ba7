"""The operator drafts, publishes and ends promotions."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.errors import CodeTaken, WrongBounds
from toiya.catalogue.models import Sku
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.permissions import Permission
from toiya.core.reader import day
from toiya.pricing.errors import DatesReversed, PromotionIsPublished, PromotionNotRunning
from toiya.pricing.models import Promotion
from toiya.programme.models import Country

PROMOTION_FIELDS = (
    "code",
    "name_ja",
    "name_en",
    "description_ja",
    "description_en",
    "sku",
    "discount_basis_points",
    "country",
    "segment",
    "term",
    "billing_cycle",
    "min_quantity",
    "max_quantity",
    "new_customers_only",
    "valid_from",
    "valid_until",
)


def _checked(actor: Actor, values: Mapping[str, object], own: Promotion | None) -> dict[str, object]:
    fields = {name: values[name] for name in PROMOTION_FIELDS}
    same = Promotion.objects.filter(tenant_id=actor.tenant_id, code=fields["code"])
    if (same.exclude(pk=own.pk) if own else same).exists():
        raise CodeTaken(code=str(fields["code"]))
    sku, country = fields["sku"], fields["country"]
    if not isinstance(sku, Sku) or sku.tenant_id != actor.tenant_id:
        raise NotVisible
    if country is not None and not isinstance(country, Country):
        raise NotVisible
    least, most = int(str(fields["min_quantity"])), fields["max_quantity"]
    if most is not None and int(str(most)) < least:
        raise WrongBounds(least=least, most=int(str(most)))
    first, until = fields["valid_from"], fields["valid_until"]
    if not isinstance(first, dt.date) or not isinstance(until, dt.date):
        raise TypeError(first, until)
    if until <= first:
        raise DatesReversed(first=day(first), last=day(until - dt.timedelta(days=1)))
    return fields


def _logged(fields: Mapping[str, object]) -> dict[str, object]:
    told = {name: value for name, value in fields.items() if not name.startswith("description")}
    return {
        **told,
        "sku": getattr(fields["sku"], "code", ""),
        "country": getattr(fields["country"], "pk", ""),
    }


@transaction.atomic
def create_promotion(actor: Actor, *, values: Mapping[str, object]) -> Promotion:
    """A draft that nobody else sees. Raises CodeTaken, WrongBounds, DatesReversed."""
    actor.must(Permission.CATALOGUE_MANAGE)
    fields = _checked(actor, values, None)
    promotion = Promotion.objects.create(tenant_id=actor.tenant_id, **fields)
    record(actor, AuditAction.CREATE_PROMOTION, promotion, tenant_id=actor.tenant_id, after=_logged(fields))
    return promotion


def _must_keep(actor: Actor, promotion: Promotion) -> Promotion:
    actor.must(Permission.CATALOGUE_MANAGE)
    if promotion.tenant_id != actor.tenant_id:
        raise NotVisible
    return Promotion.objects.select_for_update().get(pk=promotion.pk)


@transaction.atomic
def update_promotion(
    actor: Actor, *, promotion: Promotion, version: int, values: Mapping[str, object]
) -> Promotion:
    """Another draft. Raises PromotionIsPublished, ChangedMeanwhile and what create_promotion raises."""
    former = _must_keep(actor, promotion)
    if former.published_at is not None:
        raise PromotionIsPublished(name=former.name)
    fields = _checked(actor, values, former)
    drafts = Promotion.objects.filter(pk=promotion.pk, version=version, published_at__isnull=True)
    if not drafts.update(version=F("version") + 1, **fields):
        raise ChangedMeanwhile
    before = _logged({name: getattr(former, name) for name in fields})
    after = _logged(fields)
    changed = [name for name in after if before[name] != after[name]]
    record(
        actor,
        AuditAction.UPDATE_PROMOTION,
        promotion,
        tenant_id=actor.tenant_id,
        before={name: before[name] for name in changed},
        after={**{name: after[name] for name in changed}, "version": version + 1},
    )
    return Promotion.objects.get(pk=promotion.pk)


@transaction.atomic
def publish_promotion(actor: Actor, *, promotion: Promotion, version: int) -> Promotion:
    """Partners see it, and sales of its days get it by themselves (N-31). It does not change any more.

    Raises PromotionIsPublished, ChangedMeanwhile.
    """
    former = _must_keep(actor, promotion)
    if former.published_at is not None:
        raise PromotionIsPublished(name=former.name)
    drafts = Promotion.objects.filter(pk=promotion.pk, version=version, published_at__isnull=True)
    if not drafts.update(version=F("version") + 1, published_at=actor.now):
        raise ChangedMeanwhile
    record(
        actor,
        AuditAction.PUBLISH_PROMOTION,
        promotion,
        tenant_id=actor.tenant_id,
        after={"code": former.code, "sku": former.sku.code, "valid_from": former.valid_from},
    )
    return Promotion.objects.get(pk=promotion.pk)


@transaction.atomic
def end_promotion(actor: Actor, *, promotion: Promotion) -> Promotion:
    """Nobody gets it from now on; subscriptions that have it keep it until their renewal (N-31).

    Raises PromotionNotRunning.
    """
    former = _must_keep(actor, promotion)
    running = Promotion.objects.filter(pk=promotion.pk, published_at__isnull=False, ended_at__isnull=True)
    if not running.update(version=F("version") + 1, ended_at=actor.now):
        raise PromotionNotRunning(name=former.name)
    record(
        actor, AuditAction.END_PROMOTION, promotion, tenant_id=actor.tenant_id, after={"code": former.code}
    )
    return Promotion.objects.get(pk=promotion.pk)

"""SKUs and where they may be bought: bounds, trials, plans, prerequisites, upgrade targets, availabilities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.errors import CodeTaken, NotInThisPhase, WrongBounds, WrongCombination, WrongTarget
from toiya.catalogue.models import (
    Availability,
    Product,
    ServicePlan,
    Sku,
    SkuKind,
    SkuLink,
    SkuLinkKind,
)
from toiya.catalogue.products import refresh_search
from toiya.catalogue.words import Phase
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.permissions import Permission
from toiya.core.terms import CYCLES_OF, BillingCycle, Term
from toiya.fulfilment.instant import instant_connector
from toiya.fulfilment.models import Connector
from toiya.programme.models import Country

Combination = tuple[Term, BillingCycle]
_COMMITTED: tuple[Combination, ...] = tuple(
    (Term(term), cycle) for term, cycles in CYCLES_OF.items() if term for cycle in cycles
)
COMBINATIONS: dict[SkuKind, tuple[Combination, ...]] = {
    SkuKind.LICENSE: _COMMITTED,
    SkuKind.ADD_ON: _COMMITTED,
    SkuKind.TRIAL: ((Term.MONTH, BillingCycle.MONTHLY),),
    SkuKind.ONE_TIME: ((Term.NONE, BillingCycle.ONE_TIME),),
    SkuKind.USAGE: ((Term.NONE, BillingCycle.NONE),),
}
TRIAL_SEATS = 25
SKU_FIELDS = (
    "code",
    "name_ja",
    "name_en",
    "unit_ja",
    "unit_en",
    "min_quantity",
    "max_quantity",
    "max_per_customer",
    "cancel_days",
    "trial_days",
    "converts_to",
    "connector",
    "connector_reference",
)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A service plan as it is typed."""

    code: str
    name_ja: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside the columns of a SKU."""

    plans: Sequence[PlanLine] = ()
    prerequisites: Sequence[Sku] = ()
    upgrades: Sequence[Sku] = ()


def combination_label(term: str, cycle: str) -> str:
    """A term and its billing in words."""
    return f"{Term(term).label} / {BillingCycle(cycle).label}"


def _must_keep(actor: Actor, row: Product | Sku | Availability) -> None:
    actor.must(Permission.CATALOGUE_MANAGE)
    if row.tenant_id != actor.tenant_id:
        raise NotVisible


def _checked(
    actor: Actor, product: Product, kind: SkuKind, values: Mapping[str, object], own: Sku | None
) -> dict[str, object]:
    fields = {name: values[name] for name in SKU_FIELDS}
    same_code = Sku.objects.filter(product=product, code=fields["code"])
    if (same_code.exclude(pk=own.pk) if own else same_code).exists():
        raise CodeTaken(code=str(fields["code"]))
    if kind == SkuKind.TRIAL:
        fields |= {"min_quantity": TRIAL_SEATS, "max_quantity": TRIAL_SEATS}
    least, most = int(str(fields["min_quantity"])), int(str(fields["max_quantity"]))
    if most < least:
        raise WrongBounds(least=least, most=most)
    target, connector = fields["converts_to"], fields["connector"] or instant_connector(actor)
    fields["connector"] = connector
    if not isinstance(connector, Connector) or connector.tenant_id != actor.tenant_id:
        raise NotVisible
    if target is not None and (
        kind != SkuKind.TRIAL
        or not isinstance(target, Sku)
        or target.tenant_id != actor.tenant_id
        or target.kind != SkuKind.LICENSE
    ):
        raise WrongTarget(field="converts_to")
    return fields


@transaction.atomic
def create_sku(
    actor: Actor, *, product: Product, kind: SkuKind, values: Mapping[str, object], around: Around
) -> Sku:
    """One more form in which the product is sold. A trial has 25 seats (N-30); without a connector it is provided at
    once.

    Raises CodeTaken, WrongBounds, WrongTarget, NotVisible.
    """
    _must_keep(actor, product)
    fields = _checked(actor, product, kind, values, None)
    sku = Sku.objects.create(tenant_id=actor.tenant_id, product=product, kind=kind, **fields)
    _put_around(actor, sku, around)
    refresh_search(product)
    record(
        actor,
        AuditAction.CREATE_SKU,
        sku,
        tenant_id=actor.tenant_id,
        after={"product": product.code, "kind": kind.value, **_logged(sku)},
    )
    return sku


@transaction.atomic
def update_sku(actor: Actor, *, sku: Sku, version: int, values: Mapping[str, object], around: Around) -> Sku:
    """Other bounds or words; what was sold keeps its own. The kind never changes.

    Raises CodeTaken, WrongBounds, WrongTarget, ChangedMeanwhile.
    """
    _must_keep(actor, sku)
    former = Sku.objects.select_related("connector", "converts_to", "product").get(pk=sku.pk)
    fields = _checked(actor, former.product, SkuKind(former.kind), values, former)
    if not Sku.objects.filter(pk=sku.pk, version=version).update(version=F("version") + 1, **fields):
        raise ChangedMeanwhile
    fresh = Sku.objects.select_related("connector", "converts_to", "product").get(pk=sku.pk)
    before_around = _around_words(fresh)
    _put_around(actor, fresh, around)
    refresh_search(fresh.product)
    before, after = _logged(former) | before_around, _logged(fresh) | _around_words(fresh)
    changed = [name for name in after if before[name] != after[name]]
    record(
        actor,
        AuditAction.UPDATE_SKU,
        fresh,
        tenant_id=actor.tenant_id,
        before={name: before[name] for name in changed},
        after={**{name: after[name] for name in changed}, "version": fresh.version},
    )
    return fresh


def _logged(sku: Sku) -> dict[str, object]:
    names = [name for name in SKU_FIELDS if name not in {"connector", "converts_to"}]
    return {
        **{name: getattr(sku, name) for name in names},
        "connector": sku.connector.code,
        "converts_to": sku.converts_to.code if sku.converts_to else "",
    }


def _around_words(sku: Sku) -> dict[str, object]:
    links = list(SkuLink.objects.filter(sku=sku).select_related("other").order_by("other__code"))
    return {
        "service_plans": ", ".join(
            ServicePlan.objects.filter(sku=sku).order_by("position", "code").values_list("code", flat=True)
        ),
        "prerequisites": ", ".join(row.other.code for row in links if row.kind == SkuLinkKind.PREREQUISITE),
        "upgrades": ", ".join(row.other.code for row in links if row.kind == SkuLinkKind.UPGRADE),
    }


def _put_around(actor: Actor, sku: Sku, around: Around) -> None:
    codes = [plan.code for plan in around.plans]
    if len(set(codes)) != len(codes):
        raise CodeTaken(code=next(code for code in codes if codes.count(code) > 1))
    ServicePlan.objects.filter(sku=sku).exclude(code__in=codes).delete()
    for position, plan in enumerate(around.plans):
        ServicePlan.objects.update_or_create(
            sku=sku,
            code=plan.code,
            defaults={
                "tenant_id": sku.tenant_id,
                "name_ja": plan.name_ja,
                "name_en": plan.name_en,
                "position": position,
            },
        )
    for kind, others in (
        (SkuLinkKind.PREREQUISITE, around.prerequisites),
        (SkuLinkKind.UPGRADE, around.upgrades),
    ):
        wanted = {other.pk: other for other in others if other.pk != sku.pk}
        if any(other.tenant_id != actor.tenant_id for other in wanted.values()):
            raise NotVisible
        links = SkuLink.objects.filter(sku=sku, kind=kind)
        links.exclude(other_id__in=wanted).delete()
        present = set(links.values_list("other_id", flat=True))
        SkuLink.objects.bulk_create(
            SkuLink(tenant_id=sku.tenant_id, sku=sku, other_id=other_id, kind=kind)
            for other_id in wanted
            if other_id not in present
        )


@transaction.atomic
def withdraw_sku(actor: Actor, *, sku: Sku) -> None:
    """Nobody can buy it any more; what was sold goes on."""
    _must_keep(actor, sku)
    moved = Sku.objects.filter(pk=sku.pk, withdrawn_at__isnull=True)
    if not moved.update(withdrawn_at=actor.now, version=F("version") + 1):
        raise NotInThisPhase(name=sku.name, found=str(Phase.WITHDRAWN.label))
    record(actor, AuditAction.WITHDRAW_SKU, sku, tenant_id=actor.tenant_id, after={"code": sku.code})


@transaction.atomic
def restore_sku(actor: Actor, *, sku: Sku) -> None:
    """It can be bought again, where its product can."""
    _must_keep(actor, sku)
    moved = Sku.objects.filter(pk=sku.pk, withdrawn_at__isnull=False)
    if not moved.update(withdrawn_at=None, version=F("version") + 1):
        raise NotInThisPhase(name=sku.name, found=str(Phase.PUBLISHED.label))
    record(actor, AuditAction.RESTORE_OFFER, sku, tenant_id=actor.tenant_id, after={"code": sku.code})


@transaction.atomic
def add_availabilities(
    actor: Actor,
    *,
    sku: Sku,
    countries: Iterable[str],
    segments: Iterable[str],
    combinations: Iterable[tuple[str, str]],
) -> int:
    """The SKU may be bought there, by them, for these terms; the country decides the currency (N-44).

    What is there already stays as it is. Returns how many are new. Raises WrongCombination, NotVisible.
    """
    _must_keep(actor, sku)
    kind, allowed = SkuKind(sku.kind), COMBINATIONS[SkuKind(sku.kind)]
    wanted, codes = list(combinations), set(countries)
    for term, cycle in wanted:
        if (term, cycle) not in allowed:
            raise WrongCombination(
                term=str(Term(term).label),
                cycle=str(BillingCycle(cycle).label),
                kind=str(kind.label),
                expected=", ".join(combination_label(*one) for one in allowed),
            )
    known = list(Country.objects.filter(code__in=codes).order_by("code"))
    if len(known) != len(codes):
        raise NotVisible
    present = set(sku.availabilities.values_list("country_id", "segment", "term", "billing_cycle"))
    made = [
        Availability(
            tenant_id=sku.tenant_id,
            sku=sku,
            country=country,
            currency=country.currency,
            segment=segment,
            term=term,
            billing_cycle=cycle,
        )
        for country in known
        for segment in segments
        for term, cycle in wanted
        if (country.code, segment, term, cycle) not in present
    ]
    for row in Availability.objects.bulk_create(made):
        record(
            actor,
            AuditAction.CREATE_AVAILABILITY,
            row,
            tenant_id=actor.tenant_id,
            after={"sku": sku.code, **_availability_words(row)},
        )
    return len(made)


def _availability_words(row: Availability) -> dict[str, object]:
    return {
        "country": row.country_id,
        "segment": row.segment,
        "term": row.term,
        "billing_cycle": row.billing_cycle,
    }


@transaction.atomic
def withdraw_availability(actor: Actor, *, availability: Availability) -> None:
    """It cannot be bought there any more; what was sold keeps it."""
    _must_keep(actor, availability)
    rows = Availability.objects.filter(pk=availability.pk, withdrawn_at__isnull=True)
    if not rows.update(withdrawn_at=actor.now):
        raise NotInThisPhase(name=availability.sku.name, found=str(Phase.WITHDRAWN.label))
    record(
        actor,
        AuditAction.WITHDRAW_AVAILABILITY,
        availability,
        tenant_id=actor.tenant_id,
        after={"sku": availability.sku.code, **_availability_words(availability)},
    )


@transaction.atomic
def restore_availability(actor: Actor, *, availability: Availability) -> None:
    """It can be bought there again."""
    _must_keep(actor, availability)
    rows = Availability.objects.filter(pk=availability.pk, withdrawn_at__isnull=False)
    if not rows.update(withdrawn_at=None):
        raise NotInThisPhase(name=availability.sku.name, found=str(Phase.PUBLISHED.label))
    record(
        actor,
        AuditAction.RESTORE_OFFER,
        availability,
        tenant_id=actor.tenant_id,
        after={"sku": availability.sku.code, **_availability_words(availability)},
    )

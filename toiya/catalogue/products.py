"""Categories and products: the operator drafts, publishes, withdraws and restores."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F, Q, QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.errors import CodeTaken, NothingToSell, NotInThisPhase
from toiya.catalogue.models import Availability, Category, Product, Sku
from toiya.catalogue.words import phase_word
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.permissions import Permission
from toiya.core.text import fold, search_key

PRODUCT_FIELDS = ("category", "code", "name_ja", "name_en", "publisher", "description_ja", "description_en")
CATEGORY_FIELDS = ("code", "name_ja", "name_en", "position")


def _must_keep(actor: Actor, row: Category | Product | Sku | Availability) -> None:
    actor.must(Permission.CATALOGUE_MANAGE)
    if row.tenant_id != actor.tenant_id:
        raise NotVisible


def search_products(rows: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Those whose name in either language, code, publisher or SKUs contain every word, in any script."""
    for word in fold(text).split():
        rows = rows.filter(search_key__contains=word)
    return rows


def refresh_search(product: Product) -> None:
    """Products are found by the names of their SKUs too."""
    names = [product.name_ja, product.name_en, product.code, product.publisher]
    for sku in Sku.objects.filter(product=product).order_by("code"):
        names += [sku.name_ja, sku.name_en, sku.code]
    Product.objects.filter(pk=product.pk).update(search_key=search_key(*names))


@transaction.atomic
def create_category(actor: Actor, *, code: str, name_ja: str, name_en: str, position: int) -> Category:
    """A new kind of products. Raises CodeTaken."""
    actor.must(Permission.CATALOGUE_MANAGE)
    if Category.objects.filter(tenant_id=actor.tenant_id, code=code).exists():
        raise CodeTaken(code=code)
    values = {"code": code, "name_ja": name_ja, "name_en": name_en, "position": position}
    category = Category.objects.create(tenant_id=actor.tenant_id, **values)
    record(actor, AuditAction.CREATE_CATEGORY, category, tenant_id=actor.tenant_id, after=_told(values))
    return category


@transaction.atomic
def update_category(
    actor: Actor, *, category: Category, version: int, code: str, name_ja: str, name_en: str, position: int
) -> Category:
    """Other words or another place for a category. Raises CodeTaken, ChangedMeanwhile."""
    _must_keep(actor, category)
    taken = Category.objects.filter(tenant_id=actor.tenant_id, code=code).exclude(pk=category.pk)
    if taken.exists():
        raise CodeTaken(code=code)
    values = {"code": code, "name_ja": name_ja, "name_en": name_en, "position": position}
    before = {name: getattr(category, name) for name in values}
    if not Category.objects.filter(pk=category.pk, version=version).update(
        version=F("version") + 1, **values
    ):
        raise ChangedMeanwhile
    record(
        actor,
        AuditAction.UPDATE_CATEGORY,
        category,
        tenant_id=actor.tenant_id,
        before=_told(before),
        after={**_told(values), "version": version + 1},
    )
    return Category.objects.get(pk=category.pk)


def _told(values: Mapping[str, object]) -> dict[str, object]:
    """As the log keeps it: descriptions are texts to read on the page, not in the log."""
    return {name: value for name, value in values.items() if not name.startswith("description")}


def _product_values(values: Mapping[str, object]) -> dict[str, object]:
    return {name: values[name] for name in PRODUCT_FIELDS}


@transaction.atomic
def create_product(actor: Actor, *, values: Mapping[str, object]) -> Product:
    """A draft; partners do not see it yet. Raises CodeTaken, NotVisible."""
    actor.must(Permission.CATALOGUE_MANAGE)
    fields = _product_values(values)
    _category_must_be_own(actor, fields["category"])
    if Product.objects.filter(tenant_id=actor.tenant_id, code=fields["code"]).exists():
        raise CodeTaken(code=str(fields["code"]))
    product = Product.objects.create(tenant_id=actor.tenant_id, created_at=actor.now, search_key="", **fields)
    refresh_search(product)
    record(actor, AuditAction.CREATE_PRODUCT, product, tenant_id=actor.tenant_id, after=_logged(fields))
    return product


def _category_must_be_own(actor: Actor, category: object) -> None:
    if not isinstance(category, Category) or category.tenant_id != actor.tenant_id:
        raise NotVisible


def _logged(fields: Mapping[str, object]) -> dict[str, object]:
    told = {name: value for name, value in _told(fields).items() if name != "category"}
    return {**told, "category": getattr(fields["category"], "code", "")}


@transaction.atomic
def update_product(actor: Actor, *, product: Product, version: int, values: Mapping[str, object]) -> Product:
    """Other words for a product, published or not. Raises CodeTaken, ChangedMeanwhile."""
    _must_keep(actor, product)
    fields = _product_values(values)
    _category_must_be_own(actor, fields["category"])
    taken = Product.objects.filter(tenant_id=actor.tenant_id, code=fields["code"]).exclude(pk=product.pk)
    if taken.exists():
        raise CodeTaken(code=str(fields["code"]))
    former = Product.objects.select_related("category").get(pk=product.pk)
    if not Product.objects.filter(pk=product.pk, version=version).update(version=F("version") + 1, **fields):
        raise ChangedMeanwhile
    fresh = Product.objects.get(pk=product.pk)
    refresh_search(fresh)
    before, after = _logged({name: getattr(former, name) for name in fields}), _logged(fields)
    changed = [name for name in after if before[name] != after[name]]
    record(
        actor,
        AuditAction.UPDATE_PRODUCT,
        fresh,
        tenant_id=actor.tenant_id,
        before={name: before[name] for name in changed},
        after={**{name: after[name] for name in changed}, "version": fresh.version},
    )
    return fresh


@transaction.atomic
def publish_product(actor: Actor, *, product: Product) -> Product:
    """Partners see it from now on. Raises NothingToSell, NotInThisPhase."""
    _must_keep(actor, product)
    sold = Availability.objects.filter(
        sku__product=product, withdrawn_at__isnull=True, sku__withdrawn_at__isnull=True
    )
    if not sold.exists():
        raise NothingToSell
    _move(product, Q(published_at__isnull=True), published_at=actor.now)
    record(
        actor, AuditAction.PUBLISH_PRODUCT, product, tenant_id=actor.tenant_id, after={"code": product.code}
    )
    return Product.objects.get(pk=product.pk)


@transaction.atomic
def withdraw_product(actor: Actor, *, product: Product) -> Product:
    """Nobody can buy it any more; what was sold goes on."""
    _must_keep(actor, product)
    _move(product, Q(published_at__isnull=False, withdrawn_at__isnull=True), withdrawn_at=actor.now)
    record(
        actor, AuditAction.WITHDRAW_PRODUCT, product, tenant_id=actor.tenant_id, after={"code": product.code}
    )
    return Product.objects.get(pk=product.pk)


@transaction.atomic
def restore_product(actor: Actor, *, product: Product) -> Product:
    """It can be bought again."""
    _must_keep(actor, product)
    _move(product, Q(withdrawn_at__isnull=False), withdrawn_at=None)
    record(actor, AuditAction.RESTORE_OFFER, product, tenant_id=actor.tenant_id, after={"code": product.code})
    return Product.objects.get(pk=product.pk)


def _move(product: Product, origin: Q, **fields: object) -> None:
    moved = Product.objects.filter(origin, pk=product.pk).update(version=F("version") + 1, **fields)
    if not moved:
        fresh = Product.objects.get(pk=product.pk)
        raise NotInThisPhase(name=fresh.name, found=phase_word(fresh))

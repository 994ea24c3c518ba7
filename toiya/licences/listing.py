"""Lists of users, seats and who has them, for the organisation itself and for partners that may read there."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Prefetch, Q

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Role
from toiya.core.text import spellings
from toiya.directory.models import Person, PersonQuerySet
from toiya.licences.access import must_read
from toiya.licences.models import Licence, LicenceQuerySet, SeatPool, SeatPoolQuerySet

NO_LICENCE = "none"
STATES = ("active", "disabled", "temporary")


def users_of(
    actor: Actor,
    *,
    tenant_id: uuid.UUID,
    search: str = "",
    role: str = "",
    state: str = "",
    licence: str = "",
) -> PersonQuerySet:
    """The users of an organisation with roles and licences, found by any part of name, user name or address.

    ``licence`` is a SKU, or ``none``. Raises NotVisible, RoleMissing.
    """
    must_read(actor, tenant_id)
    people = Person.objects.present().filter(tenant_id=tenant_id)
    if search.strip():
        people = people.filter(_named(search))
    if role in Role:
        people = people.with_role(Role(role))
    if state == "disabled":
        people = people.filter(disabled_at__isnull=False)
    elif state in STATES:
        people = people.active().filter(temporary_password_until__isnull=state == "active")
    if licence:
        held = Licence.objects.filter(person=OuterRef("pk"))
        people = (
            people.filter(~Exists(held))
            if licence == NO_LICENCE
            else people.filter(Exists(held.filter(pool__sku_id=licence)))
        )
    return with_licences(people)


def _named(search: str) -> Q:
    """Katakana or hiragana, full or half width: the spelling does not matter."""
    found = Q()
    for spelling in spellings(search):
        for column in ("name", "user_name", "contact_email"):
            found |= Q(**{f"{column}__icontains": spelling})
    return found


def with_licences(people: PersonQuerySet) -> PersonQuerySet:
    """The people with what the pages show beside their names, in two statements more."""
    licences = Licence.objects.select_related("pool__sku").order_by("pool__sku__name_en", "id")
    return people.prefetch_related("role_assignments", Prefetch("licences", licences))


def user_of(actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Person:
    """One user, not deleted. Raises NotVisible, RoleMissing."""
    people = with_licences(Person.objects.present().filter(tenant_id=tenant_id))
    must_read(actor, tenant_id)
    found: Person | None = people.filter(pk=person_id).first()
    if found is None:
        raise NotVisible
    return found


def members_of(actor: Actor, *, tenant_id: uuid.UUID, role: Role) -> PersonQuerySet:
    """Who holds an administrator role, also those who are disabled. Raises NotVisible, RoleMissing."""
    must_read(actor, tenant_id)
    people: PersonQuerySet = Person.objects.present().filter(tenant_id=tenant_id).with_role(role)
    return people


def licences_of(actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID) -> LicenceQuerySet:
    """The licences of one user, with all that is told of their products. Raises NotVisible, RoleMissing."""
    must_read(actor, tenant_id)
    if not Person.objects.present().filter(tenant_id=tenant_id, pk=person_id).exists():
        raise NotVisible
    held: LicenceQuerySet = Licence.objects.filter(tenant_id=tenant_id, person_id=person_id)
    return (
        held.select_related("pool__sku")
        .prefetch_related("pool__sku__service_plans")
        .order_by("pool__sku__name_en", "id")
    )


def pools_of(actor: Actor, *, tenant_id: uuid.UUID) -> SeatPoolQuerySet:
    """The seats of an organisation, a row for each SKU. Raises NotVisible, RoleMissing."""
    must_read(actor, tenant_id)
    pools = SeatPool.objects.filter(tenant_id=tenant_id).filter(Q(seats__gt=0) | Q(assigned__gt=0))
    return (
        pools.select_related("sku__product")
        .prefetch_related("sku__service_plans")
        .order_by("sku__name_en", "id")
    )


def holders_of(actor: Actor, *, tenant_id: uuid.UUID, sku_id: uuid.UUID, search: str = "") -> LicenceQuerySet:
    """Who has a licence of a SKU. Raises NotVisible, RoleMissing."""
    must_read(actor, tenant_id)
    held = Licence.objects.filter(tenant_id=tenant_id, pool__sku_id=sku_id).select_related(
        "person", "pool__sku"
    )
    if search.strip():
        named = Person.objects.filter(_named(search), tenant_id=tenant_id)
        held = held.filter(person__in=named.values("pk"))
    return held


@dataclass(frozen=True, slots=True)
class Selected:
    """The seats of a SKU as the chosen users see them: how many of them have one."""

    pool: SeatPool
    holding: int
    of: int

    @property
    def is_mixed(self) -> bool:
        """Whether some of the chosen users have it and some have not."""
        return 0 < self.holding < self.of


def chosen_users(actor: Actor, *, tenant_id: uuid.UUID, person_ids: Iterable[uuid.UUID]) -> PersonQuerySet:
    """Those of the chosen who are users of the organisation. Raises NotVisible, RoleMissing."""
    must_read(actor, tenant_id)
    people: PersonQuerySet = Person.objects.present().filter(tenant_id=tenant_id, pk__in=list(person_ids))
    return people.order_by("name", "id")


def holdings_of(actor: Actor, *, tenant_id: uuid.UUID, person_ids: Iterable[uuid.UUID]) -> list[Selected]:
    """For each product: checked, mixed or unchecked among the chosen users (N-26)."""
    chosen = list(person_ids)
    counted = (
        Licence.objects.filter(tenant_id=tenant_id, person_id__in=chosen)
        .order_by()
        .values_list("pool_id")
        .annotate(Count("pk"))
    )
    holding = dict(counted)
    return [
        Selected(pool, holding.get(pool.pk, 0), len(chosen)) for pool in pools_of(actor, tenant_id=tenant_id)
    ]

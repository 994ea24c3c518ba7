"""Users get licences, lose them, and have service plans switched off; one by one or many at once (N-26)."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Sku
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible, Refusal
from toiya.core.permissions import DirectoryAction
from toiya.directory.models import Person
from toiya.licences.access import Authority, must_act, must_read
from toiya.licences.errors import NoPlanLeft, NoSuchSeats, PlansNotPossible, TooManyAtOnce, UserDisabled
from toiya.licences.models import Licence, SeatPool
from toiya.licences.pools import give_seat_back, hold_pools, take_seat
from toiya.relations.watch import watched

MOST_AT_ONCE = 200


class Done(TextChoices):
    """What an act came to. Doing it twice changes nothing the second time."""

    ASSIGNED = "assigned", gettext_lazy("License assigned")
    PLANS_CHANGED = "plans_changed", gettext_lazy("Service plans changed")
    REVOKED = "revoked", gettext_lazy("License revoked")
    UNCHANGED = "unchanged", gettext_lazy("Already so")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done with one product: assign it (with these plans off) or revoke it.

    ``disabled_plans`` None leaves the plans of those who have the licence as they are.
    """

    sku_id: uuid.UUID
    assign: bool
    disabled_plans: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one choice for one user: what was done, or the sentence that says why not."""

    person: Person
    product: str
    done: Done | None
    problem: str = ""


@watched
@transaction.atomic
def assign_licence(
    actor: Actor,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    sku_id: uuid.UUID,
    disabled_plans: Collection[str] | None = None,
) -> Done:
    """The user has a seat of the product from now on; who has one already gets these service plans.

    Raises NotVisible, RoleMissing, NoSuchSeats, NoSeatFree, UserDisabled, PlansNotPossible, NoPlanLeft.
    """
    return _assign(actor, tenant_id, person_id, sku_id, disabled_plans)


@watched
@transaction.atomic
def revoke_licence(actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, sku_id: uuid.UUID) -> Done:
    """The user has no seat of the product any more; somebody else may get it. Raises NotVisible, RoleMissing."""
    return _revoke(actor, tenant_id, person_id, sku_id)


@watched
@transaction.atomic
def update_licences(
    actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, choices: Sequence[Choice]
) -> list[tuple[Choice, Done]]:
    """Several products for one user in one act, all of them or none; what is revoked frees its seat first.

    Raises NotVisible, RoleMissing, NoSuchSeats, NoSeatFree, UserDisabled, PlansNotPossible, NoPlanLeft.
    """
    authority = must_act(actor, tenant_id, DirectoryAction.ASSIGN_LICENCES)
    person = _user(tenant_id, person_id)
    pools = hold_pools(tenant_id)
    wanted = {(choice.assign, choice.sku_id): choice for choice in choices}
    done = []
    for choice in sorted(wanted.values(), key=lambda choice: choice.assign):
        if choice.assign:
            done.append((choice, _give(authority, person, choice.sku_id, choice.disabled_plans)))
        elif choice.sku_id in pools:
            done.append((choice, _take(authority, person, choice.sku_id)))
        else:
            done.append((choice, Done.UNCHANGED))
    return done


@watched
def change_licences(
    actor: Actor, *, tenant_id: uuid.UUID, person_ids: Sequence[uuid.UUID], choices: Sequence[Choice]
) -> list[Outcome]:
    """The same choices for many users. Each is carried out or refused by itself, with the rights of its moment
    (T-48).

    Raises NotVisible and RoleMissing where the actor may not look at all, TooManyAtOnce.
    """
    must_read(actor, tenant_id)
    wanted = list(dict.fromkeys(person_ids))
    if len(wanted) > MOST_AT_ONCE:
        raise TooManyAtOnce(found=len(wanted), limit=MOST_AT_ONCE)
    people = Person.objects.present().filter(tenant_id=tenant_id, pk__in=wanted).order_by("name", "id")
    products = {sku.pk: str(sku) for sku in Sku.objects.filter(pk__in=[choice.sku_id for choice in choices])}
    return [
        _try(actor, tenant_id, person, choice, products.get(choice.sku_id, ""))
        for person in people
        for choice in choices
    ]


def _try(actor: Actor, tenant_id: uuid.UUID, person: Person, choice: Choice, product: str) -> Outcome:
    try:
        with transaction.atomic():
            if choice.assign:
                done = _assign(actor, tenant_id, person.pk, choice.sku_id, choice.disabled_plans)
            else:
                done = _revoke(actor, tenant_id, person.pk, choice.sku_id)
    except NotVisible:
        return Outcome(person, product, None, _("The user, or your access to the organization, is gone."))
    except Refusal as refusal:
        return Outcome(person, product, None, str(refusal))
    return Outcome(person, product, done)


def _assign(
    actor: Actor,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    sku_id: uuid.UUID,
    disabled_plans: Collection[str] | None,
) -> Done:
    authority = must_act(actor, tenant_id, DirectoryAction.ASSIGN_LICENCES)
    return _give(authority, _user(tenant_id, person_id), sku_id, disabled_plans)


def _give(
    authority: Authority, person: Person, sku_id: uuid.UUID, disabled_plans: Collection[str] | None
) -> Done:
    if not person.is_active:
        raise UserDisabled(name=person.name)
    of_organisation = SeatPool.objects.select_related("sku").filter(tenant_id=authority.tenant_id)
    pool = of_organisation.filter(sku_id=sku_id).first()
    if pool is None:
        raise NoSuchSeats
    plans = None if disabled_plans is None else _plans(pool.sku, disabled_plans)
    held = _held(pool, person)
    if held is None and give_licence(authority, person, pool, plans or []):
        return Done.ASSIGNED
    held = held or _held(pool, person)
    return _switch_plans(authority, held, pool.sku, plans) if held else Done.UNCHANGED


def _held(pool: SeatPool, person: Person) -> Licence | None:
    found: Licence | None = Licence.objects.select_for_update().filter(pool=pool, person=person).first()
    return found


def give_licence(authority: Authority, person: Person, pool: SeatPool, plans: list[str]) -> bool:
    """One more seat is in use, by this user. The caller holds the user's row. Raises NoSeatFree.

    False where the user has a licence already: it came a moment ago, when a subscription became this product.
    """
    take_seat(pool)
    if Licence.objects.filter(pool=pool, person=person).exists():
        give_seat_back(pool)
        return False
    licence = Licence.objects.create(
        tenant_id=pool.tenant_id,
        pool=pool,
        person=person,
        disabled_plans=plans,
        assigned_at=authority.actor.now,
    )
    after = {"product": pool.sku.name_en, "user_name": person.user_name, "disabled_plans": plans}
    record(authority.actor, AuditAction.ASSIGN_LICENSE, licence, after=after, **authority.where)
    return True


def _switch_plans(authority: Authority, held: Licence, sku: Sku, plans: list[str] | None) -> Done:
    if plans is None or plans == held.disabled_plans:
        return Done.UNCHANGED
    before = {"product": sku.name_en, "disabled_plans": held.disabled_plans}
    held.disabled_plans = plans
    held.version += 1
    held.save(update_fields=["disabled_plans", "version"])
    after = {"disabled_plans": plans}
    record(authority.actor, AuditAction.UPDATE_LICENSE, held, before=before, after=after, **authority.where)
    return Done.PLANS_CHANGED


def _revoke(actor: Actor, tenant_id: uuid.UUID, person_id: uuid.UUID, sku_id: uuid.UUID) -> Done:
    authority = must_act(actor, tenant_id, DirectoryAction.ASSIGN_LICENCES)
    return _take(authority, _user(tenant_id, person_id), sku_id)


def _take(authority: Authority, person: Person, sku_id: uuid.UUID) -> Done:
    taken = take_licences(authority, person, Licence.objects.filter(person=person, pool__sku_id=sku_id))
    return Done.REVOKED if taken else Done.UNCHANGED


def take_licences(authority: Authority, person: Person, licences: Iterable[Licence]) -> list[Licence]:
    """These licences of the user end and their seats are free. The caller holds the user's row, and the pools where
    there may be more than one.
    """
    taken = []
    for licence in sorted(licences, key=lambda licence: licence.pool_id):
        # The pool first, then the licence: the same order everywhere, so that nobody waits in a circle, and a licence
        # that went away with its seats meanwhile is not given back twice.
        pool = (
            SeatPool.objects.select_for_update(no_key=True, of=("self",))
            .select_related("sku")
            .get(pk=licence.pool_id)
        )
        still = Licence.objects.filter(pk=licence.pk)
        if not still.exists():
            continue
        still.delete()
        give_seat_back(pool)
        before = {
            "product": pool.sku.name_en,
            "user_name": person.user_name,
            "disabled_plans": licence.disabled_plans,
        }
        record(authority.actor, AuditAction.REVOKE_LICENSE, licence, before=before, **authority.where)
        taken.append(licence)
    return taken


def _user(tenant_id: uuid.UUID, person_id: uuid.UUID) -> Person:
    """The user, held until the transaction ends. Raises NotVisible."""
    found: Person | None = (
        Person.objects.present()
        .select_for_update(no_key=True)
        .filter(tenant_id=tenant_id, pk=person_id)
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def _plans(sku: Sku, disabled: Collection[str]) -> list[str]:
    """The plans to switch off, in the product's order."""
    codes = list(sku.service_plans.order_by("position", "code").values_list("code", flat=True))
    unknown = sorted(set(disabled) - set(codes))
    if unknown:
        raise PlansNotPossible(product=sku.name, found=unknown, expected=codes)
    if codes and set(disabled) == set(codes):
        raise NoPlanLeft(product=sku.name)
    return [code for code in codes if code in disabled]

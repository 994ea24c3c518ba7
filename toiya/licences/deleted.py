"""Deleted users: shown for 30 days, then erased (N-24)."""

import datetime as dt
import uuid
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Min, ProtectedError

from toiya.audit.actions import AuditAction
from toiya.audit.record import at_home, record
from toiya.core.actor import Actor, By
from toiya.core.permissions import Permission
from toiya.directory.actors import bystander_for
from toiya.directory.factors import forget_factors
from toiya.directory.models import RESTORABLE, Family, Person, PersonQuerySet
from toiya.licences.access import must_read

ERASED = "@erased.invalid"


def deleted_users(actor: Actor, *, tenant_id: uuid.UUID) -> PersonQuerySet:
    """Users of the organisation who can still be restored. Raises NotVisible, RoleMissing."""
    if tenant_id == actor.tenant_id:
        actor.must(Permission.PEOPLE_VIEW)
    else:
        must_read(actor, tenant_id)
    deleted: PersonQuerySet = Person.objects.deleted_of(tenant_id, actor.now)
    return deleted


def users_to_erase(family: Family) -> Iterator[Person]:
    """Users who were deleted more than 30 days ago by the clock of the family."""
    gone = _deleted(family).filter(deleted_at__lte=family.clock.now() - RESTORABLE)
    yield from gone.select_related("tenant__family").order_by("pk")


def next_erasure(family: Family) -> dt.datetime | None:
    """When the next 30 days are over, after the present moment of the family."""
    waiting = _deleted(family).filter(deleted_at__gt=family.clock.now() - RESTORABLE)
    first: dt.datetime | None = waiting.aggregate(first=Min("deleted_at"))["first"]
    return first + RESTORABLE if first is not None else None


def erase_family_users(family: Family) -> int:
    """Everybody of the family whose 30 days are over; says how many."""
    return sum(1 for person in users_to_erase(family) if erase_user(_worker(person), person=person))


def erase_deleted_users() -> int:
    """What the worker does, in every family."""
    return sum(erase_family_users(family) for family in Family.objects.open())


def _deleted(family: Family) -> PersonQuerySet:
    deleted: PersonQuerySet = Person.objects.filter(tenant__family=family, deleted_at__isnull=False)
    return deleted.exclude(user_name__endswith=ERASED)


def _worker(person: Person) -> By:
    return bystander_for(person.tenant, kind="worker")


@transaction.atomic
def erase_user(by: By, *, person: Person) -> bool:
    """The user's name, addresses, password and second factors are erased. Where others refer to the person (an order,
    an invitation), a row without any of these stays. False where the user was restored or erased meanwhile.
    """
    gone = Person.objects.select_for_update(no_key=True).filter(
        pk=person.pk, deleted_at__lte=by.now - RESTORABLE
    )
    found: Person | None = gone.exclude(user_name__endswith=ERASED).first()
    if found is None:
        return False
    record(by, AuditAction.PURGE_USER, found, **at_home(found.tenant_id))
    try:
        with transaction.atomic():
            found.delete()
    except ProtectedError:
        found.role_assignments.all().delete()
        forget_factors(found)
        found.set_unusable_password()
        found.name, found.user_name = "–", f"{found.pk}{ERASED}"
        found.first_name, found.last_name = "", ""
        found.contact_email, found.usage_country = found.user_name, ""
        found.save()
    return True

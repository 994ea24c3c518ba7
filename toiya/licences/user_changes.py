"""What a program changes about a customer's user in one act: back from the deleted, names, user name, password."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from toiya.core.actor import Actor
from toiya.directory.models import Person
from toiya.licences.customer_users import rename_user, reset_user_password, restore_user, update_user
from toiya.licences.deleted import deleted_users
from toiya.licences.listing import user_of


@dataclass(frozen=True, slots=True)
class Changes:
    """What is wanted. ``resets_password`` with ``password`` None: a random one."""

    wanted: Mapping[str, str] = field(default_factory=dict)
    user_name: str = ""
    resets_password: bool = False
    password: str | None = None
    restores: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """The user as they are now, and the temporary password where there is a new one; it is told once."""

    person: Person
    password: str | None = None


@transaction.atomic
def change_user(actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, changes: Changes) -> Changed:
    """All of it or nothing. Raises what the single acts raise; NotVisible for a deleted user who is not restored."""
    where = {"tenant_id": tenant_id, "person_id": person_id}
    password = None
    if changes.restores and deleted_users(actor, tenant_id=tenant_id).filter(pk=person_id).exists():
        restore_user(actor, **where)
    if changes.wanted:
        update_user(actor, **where, wanted=changes.wanted)
    if changes.user_name:
        local_part, _at, domain = changes.user_name.rpartition("@")
        rename_user(actor, **where, local_part=local_part, domain=domain)
    if changes.resets_password:
        password = reset_user_password(actor, **where, password=changes.password).password
    return Changed(user_of(actor, **where), password)

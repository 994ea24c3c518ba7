"""Rows that add users to a customer's organisation, with temporary passwords that are downloaded once (N-25)."""

import uuid

from django.utils.translation import gettext as _

from toiya.bulk.cells import Cells
from toiya.bulk.models import BulkFile, BulkKind, BulkRow
from toiya.bulk.outcome import Outcome, secret_of
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.directory.models import Language, Person, Tenant
from toiya.licences.access import must_read
from toiya.licences.customer_users import NAME_LENGTH, add_user


def create_user(actor: Actor, file: BulkFile, row: BulkRow, *, rehearse: bool) -> Outcome:
    """One work account; who is there already stays as they are."""
    del rehearse
    cells = Cells(BulkKind.USERS, row.cells)
    if file.customer_id is None:
        raise NotVisible
    must_read(actor, file.customer_id)
    local_part, domain = _split(cells.text("user_name").lower(), file.customer_id)
    user_name = f"{local_part}@{domain}"
    present = Person.objects.present().filter(tenant_id=file.customer_id, user_name=user_name).first()
    if present is not None:
        return Outcome(is_new=False, text=_("This user is there already."), subject_id=present.pk)
    added = add_user(
        actor,
        tenant_id=file.customer_id,
        name=cells.text("name", longest=NAME_LENGTH),
        contact_email=cells.email("contact_email").lower(),
        local_part=local_part,
        domain=domain,
        language=cells.choice("language", Language.values, Language.JAPANESE),
        usage_country=cells.text("country", longest=2).upper(),
    )
    secret = secret_of(added.person.name, added.person.user_name, added.password)
    return Outcome(is_new=True, subject_id=added.person.pk, secret=secret)


def _split(user_name: str, tenant_id: uuid.UUID) -> tuple[str, str]:
    """A user name without a domain gets the customer's."""
    local_part, at, domain = user_name.partition("@")
    if at:
        return local_part, domain
    return local_part, Tenant.objects.prefetch_related("domains").get(pk=tenant_id).domain

"""What watches over all stories, and what tidies up after them, works."""

import uuid

import pytest
from django.db import DatabaseError, connection, models, transaction

from tests.cast import actor_of, build_cast
from tests.emptying import KEPT, empty_database
from tests.questions import ASKED, COMPARED, ONE_IN
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.audit.record import record
from toiya.core.prepared import prepared
from toiya.directory.models import Person, Tenant


def _write_a_record() -> None:
    cast = build_cast()
    record(
        actor_of(cast.ren),
        AuditAction.UPDATE_PARTNER_PROFILE,
        cast.kawase,
        tenant_id=cast.kawase.pk,
        before={"name": "Old"},
        after={"name": "New"},
    )


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_of_a_test_that_commits() -> None:
    """Every table is empty but those of the migrations, and the log still lets nobody take a row away."""
    _write_a_record()

    empty_database()

    with connection.cursor() as cursor:
        filled = set()
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}")')  # noqa: S608  (the database's own names)
            filled |= {table} if cursor.fetchone()[0] else set()
    assert filled <= KEPT
    _write_a_record()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditRecord.objects.all().delete()


def test_a_question_that_looks_at_a_value_is_found(db: None) -> None:
    """The planted fault of ``tests/questions.py``."""

    @prepared
    def people_of(tenant_id: uuid.UUID) -> models.QuerySet[Person]:
        people: models.QuerySet[Person] = Person.objects.order_by("pk")
        if tenant_id != hidden:
            people = people.filter(tenant=tenant_id)
        return people

    hidden = uuid.uuid4()
    for _ in range(ONE_IN):  # one is compared, and the one that comes next
        people_of(uuid.uuid4())
    with pytest.raises(AssertionError):
        people_of(hidden)


def test_the_first_question_of_each_shape_is_compared_and_some_later_ones(db: None) -> None:
    """Of fifteen calls of one shape two are compared, of one call of another shape that one."""

    @prepared
    def named(name: str, tenant_id: uuid.UUID | None = None) -> models.QuerySet[Tenant]:
        found = Tenant.objects.filter(name=name)
        return found if tenant_id is None else found.filter(pk=tenant_id)

    asked, compared = ASKED.total(), COMPARED.total()
    for number in range(15):
        named(f"Tenant {number}")
    named("Tenant", uuid.uuid4())

    assert (ASKED.total() - asked, COMPARED.total() - compared) == (16, 3)

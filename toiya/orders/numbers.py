"""Order and request numbers: counted through for each organisation."""

import uuid

from django.db import connection

from toiya.orders.models import NumberSeries, Series

NEXT = (
    "INSERT INTO orders_numberseries (tenant_id, series, last) VALUES (%s, %s, 1) "
    "ON CONFLICT (tenant_id, series) DO UPDATE SET last = orders_numberseries.last + 1 RETURNING last"
)


def next_number(tenant_id: uuid.UUID, series: Series) -> int:
    """The next number, taken with the transaction. The row stays locked until it ends, so take it last."""
    owner = NumberSeries._meta.get_field("tenant").get_db_prep_value(tenant_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [owner, series.value])
        return int(cursor.fetchall()[0][0])

"""Order and request numbers: counted through for each organisation."""

import uuid

from django.db.models import F

from toiya.orders.models import NumberSeries, Series


def next_number(tenant_id: uuid.UUID, series: Series) -> int:
    """The next number, taken with the transaction. The row stays locked until it ends, so take it last."""
    NumberSeries.objects.get_or_create(tenant_id=tenant_id, series=series)
    row = NumberSeries.objects.filter(tenant_id=tenant_id, series=series)
    row.update(last=F("last") + 1)
    return row.values_list("last", flat=True).get()

"""Synthetic data of a size: what the benchmark looks at is what the pages show."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from tests.cast import Cast, actor_of, browser_of
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Domain, Person, Tenant
from toiya.orders.models import Order
from toiya.relations.models import ResellerRelationship
from toiya.subscriptions.models import Subscription


@pytest.mark.django_db(transaction=True)
def test_synthetic_customers_are_found_like_real_ones(capsys: pytest.CaptureFixture[str], cast: Cast) -> None:
    """Planted fault: the search key of a loaded row is written without its reading."""
    call_command("load", customers=60, subscriptions_each=2, orders_each=3, resellers=2, with_users=True)

    told = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("agent"))
    agent = Person.objects.get(pk=told["agent"])
    made = ResellerRelationship.objects.filter(partner=agent.tenant)
    assert made.count() == Domain.objects.filter(tenant_id__in=made.values("customer_id")).count() == 60
    assert Subscription.objects.filter(tenant=agent.tenant).count() == 120
    assert Subscription.objects.filter(customer__family=agent.tenant.family).count() == 120
    orders = Order.objects.visible_to(actor_of(agent))
    assert orders.count() == orders.values("number").distinct().count() == 180
    assert orders.filter(lines__state="completed").count() == 180
    resold = Subscription.objects.filter(tenant=agent.tenant, reseller__isnull=False)
    assert resold.count() == 24
    assert Person.objects.filter(tenant_id__in=made.values("customer_id")).count() == 60
    assert CustomerAccount.objects.filter(tenant_id__in=made.values("customer_id")).count() == 60
    rare = Tenant.objects.filter(name__contains="雲雀", family=agent.tenant.family).get()
    answer = browser_of(agent).get(reverse("customers:list"), {"q": "ヒバ"}).content.decode()
    assert str(rare.pk) in answer
    assert answer.count("<tr") == 2

"""Synthetic data of a size: what the benchmark looks at is what the pages show."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from tests.cast import Cast, browser_of
from toiya.directory.models import Domain, Person, Tenant
from toiya.relations.models import ResellerRelationship
from toiya.subscriptions.models import Subscription


@pytest.mark.django_db(transaction=True)
def test_synthetic_customers_are_found_like_real_ones(capsys: pytest.CaptureFixture[str], cast: Cast) -> None:
    """Planted fault: the search key of a loaded row is written without its reading."""
    call_command("load", customers=60, subscriptions_each=2)

    agent = Person.objects.get(pk=capsys.readouterr().out.strip().splitlines()[-1].split()[1])
    made = ResellerRelationship.objects.filter(partner=agent.tenant)
    assert made.count() == Domain.objects.filter(tenant_id__in=made.values("customer_id")).count() == 60
    assert Subscription.objects.filter(tenant=agent.tenant).count() == 120
    assert Subscription.objects.filter(customer__family=agent.tenant.family).count() == 120
    rare = Tenant.objects.filter(name__contains="雲雀", family=agent.tenant.family).get()
    answer = browser_of(agent).get(reverse("customers:list"), {"q": "ヒバ"}).content.decode()
    assert str(rare.pk) in answer
    assert answer.count("<tr") == 2

"""Who may buy for whom: relation 2 for everybody who sells, relation 1 as well where a reseller is named.

Asked of the database in the transaction of the order, by one statement (S-069, S-076, S-077, S-078, S-095, S-096).
"""

import uuid
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from toiya.core.permissions import Capacity
from toiya.core.prepared import prepared
from toiya.core.reader import reader_name
from toiya.customers.models import CustomerAccount, CustomerAgreement
from toiya.directory.models import Tenant, TenantCapacity
from toiya.enrolment.models import AgreementAcceptance
from toiya.orders.errors import (
    AccountMissing,
    AgreementNotConfirmed,
    CustomerIsPartner,
    MarketClosed,
    PartnershipMissing,
    RelationshipMissing,
)
from toiya.partnerships.standing import live_in
from toiya.programme.models import Agreement, AgreementKind, Programme
from toiya.relations.models import ResellerRelationship
from toiya.relations.rights import partnership_of
from toiya.subscriptions.errors import PartnerStopped


def must_reach(*, provider: Tenant, reseller: Tenant | None, customer: Tenant) -> CustomerAccount:
    """Whether the chain may trade now; answers with the customer's account.

    Raises PartnerStopped, PartnershipMissing, RelationshipMissing, AccountMissing, CustomerIsPartner and MarketClosed,
    each naming who lacks what.
    """
    (found,) = _standing(provider.pk, reseller.pk if reseller else None, customer.pk)
    _must_be_live(provider, is_live=found.provider_is_live)
    if reseller is not None:
        _must_be_live(reseller, is_live=found.reseller_is_live)
        _must_be_partners(provider, reseller, are_partners=found.are_partners)
    _must_be_related(provider, customer, is_related=found.provider_is_related)
    if reseller is not None:
        _must_be_related(reseller, customer, is_related=found.reseller_is_related)
    if found.is_partner:
        raise CustomerIsPartner(customer=reader_name(customer))
    account: CustomerAccount | None = getattr(found, "customer_account", None)
    if account is None:
        raise AccountMissing(customer=reader_name(customer))
    region = found.country.sales_region
    if not found.country.is_open or region != provider.country.sales_region:
        raise MarketClosed(found=region, expected=provider.country.sales_region)
    return account


@prepared
def _standing(
    provider_id: uuid.UUID, reseller_id: uuid.UUID | None, customer_id: uuid.UUID
) -> QuerySet[Any, Any]:
    """The customer with its country and account, and what holds between it and those who sell."""
    related = ResellerRelationship.objects.live().filter(customer_id=OuterRef("pk"))
    told = {
        "provider_is_live": Exists(live_in(provider_id, Capacity.PROVIDER)),
        "provider_is_related": Exists(related.filter(partner_id=provider_id)),
        "is_partner": Exists(TenantCapacity.objects.filter(tenant_id=OuterRef("pk"))),
    }
    if reseller_id is not None:
        told |= {
            "reseller_is_live": Exists(live_in(reseller_id, Capacity.RESELLER)),
            "reseller_is_related": Exists(related.filter(partner_id=reseller_id)),
            "are_partners": Exists(partnership_of(provider_id, reseller_id)),
        }
    rows = Tenant.objects.filter(pk=customer_id).select_related("country", "customer_account")
    return rows.annotate(**told)


def lacks_agreement(provider_id: uuid.UUID, customer_id: uuid.UUID) -> bool:
    """Whether an order waits for the customer agreement: the operator has published one and asks for it, the customer
    has not accepted any version by itself, and this provider has confirmed none.
    """
    return bool(_asked_for(provider_id, customer_id))


@prepared
def _asked_for(provider_id: uuid.UUID, customer_id: uuid.UUID) -> QuerySet[Programme]:
    published = Agreement.objects.filter(kind=AgreementKind.CUSTOMER)
    accepted = AgreementAcceptance.objects.filter(tenant_id=customer_id, agreement__in=published)
    confirmed = CustomerAgreement.objects.filter(tenant_id=provider_id, customer_id=customer_id)
    asked = Programme.objects.filter(orders_need_agreement=True)
    return asked.filter(Exists(published), ~Exists(accepted), ~Exists(confirmed))


def must_have_agreed(provider: Tenant, customer: Tenant) -> None:
    """Raises AgreementNotConfirmed."""
    if lacks_agreement(provider.pk, customer.pk):
        raise AgreementNotConfirmed(provider=reader_name(provider), customer=reader_name(customer))


def may_be_sold_to(customer: Tenant) -> bool | None:
    """Whether the customer may buy at all, whoever sells (S-077, N-16, N-44); None while it has no account."""
    if not CustomerAccount.objects.filter(tenant=customer).exists():
        return None
    return customer.country.is_open and not TenantCapacity.objects.filter(tenant=customer).exists()


def _must_be_live(partner: Tenant, *, is_live: bool) -> None:
    if not is_live:
        raise PartnerStopped(partner=reader_name(partner))


def _must_be_partners(provider: Tenant, reseller: Tenant, *, are_partners: bool) -> None:
    if not are_partners:
        raise PartnershipMissing(provider=reader_name(provider), reseller=reader_name(reseller))


def _must_be_related(partner: Tenant, customer: Tenant, *, is_related: bool) -> None:
    if not is_related:
        raise RelationshipMissing(partner=reader_name(partner), customer=reader_name(customer))

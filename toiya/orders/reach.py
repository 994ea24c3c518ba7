"""Who may buy for whom: relation 2 for everybody who sells, relation 1 as well where a reseller is named.

Asked of the database in the transaction of the order (S-069, S-076, S-077, S-078, S-095, S-096).
"""

import uuid

from django.db.models import Exists

from toiya.core.permissions import Capacity
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
from toiya.partnerships.standing import is_live
from toiya.programme.models import Agreement, AgreementKind, Programme
from toiya.relations.models import ResellerRelationship
from toiya.relations.rights import are_partners
from toiya.subscriptions.errors import PartnerStopped


def must_reach(*, provider: Tenant, reseller: Tenant | None, customer: Tenant) -> CustomerAccount:
    """Whether the chain may trade now; answers with the customer's account.

    Raises PartnerStopped, PartnershipMissing, RelationshipMissing, AccountMissing, CustomerIsPartner and MarketClosed,
    each naming who lacks what.
    """
    _must_be_live(provider, Capacity.PROVIDER)
    if reseller is not None:
        _must_be_live(reseller, Capacity.RESELLER)
        if not are_partners(provider.pk, reseller.pk):
            raise PartnershipMissing(provider=reader_name(provider), reseller=reader_name(reseller))
    for partner in (provider, reseller):
        if partner is not None and not _is_related(partner.pk, customer.pk):
            raise RelationshipMissing(partner=reader_name(partner), customer=reader_name(customer))
    if TenantCapacity.objects.filter(tenant=customer).exists():
        raise CustomerIsPartner(customer=reader_name(customer))
    account = CustomerAccount.objects.filter(tenant=customer).first()
    if account is None:
        raise AccountMissing(customer=reader_name(customer))
    if not customer.country.is_open or customer.country.sales_region != provider.country.sales_region:
        raise MarketClosed(found=customer.country.sales_region, expected=provider.country.sales_region)
    return account


def lacks_agreement(provider_id: uuid.UUID, customer_id: uuid.UUID) -> bool:
    """Whether an order waits for the customer agreement: the operator has published one and asks for it, the customer
    has not accepted any version by itself, and this provider has confirmed none.
    """
    published = Agreement.objects.filter(kind=AgreementKind.CUSTOMER)
    accepted = AgreementAcceptance.objects.filter(tenant_id=customer_id, agreement__in=published)
    confirmed = CustomerAgreement.objects.filter(tenant_id=provider_id, customer_id=customer_id)
    asked = Programme.objects.filter(orders_need_agreement=True)
    return asked.filter(Exists(published), ~Exists(accepted), ~Exists(confirmed)).exists()


def must_have_agreed(provider: Tenant, customer: Tenant) -> None:
    """Raises AgreementNotConfirmed."""
    if lacks_agreement(provider.pk, customer.pk):
        raise AgreementNotConfirmed(provider=reader_name(provider), customer=reader_name(customer))


def may_be_sold_to(customer: Tenant) -> bool | None:
    """Whether the customer may buy at all, whoever sells (S-077, N-16, N-44); None while it has no account."""
    if not CustomerAccount.objects.filter(tenant=customer).exists():
        return None
    return customer.country.is_open and not TenantCapacity.objects.filter(tenant=customer).exists()


def _must_be_live(partner: Tenant, capacity: Capacity) -> None:
    if not is_live(partner.pk, capacity):
        raise PartnerStopped(partner=reader_name(partner))


def _is_related(partner_id: uuid.UUID, customer_id: uuid.UUID) -> bool:
    live = ResellerRelationship.objects.live()
    return live.filter(partner_id=partner_id, customer_id=customer_id).exists()

"""Mails about subscriptions, each in its recipient's language; never a price in one."""

import uuid

from toiya.catalogue.models import Sku
from toiya.core.actor import By
from toiya.customers.drafts import name_in
from toiya.directory.models import Language, Person, Tenant
from toiya.mail import outbox
from toiya.relations.grants import administrators_of
from toiya.subscriptions.models import Subscription, Transfer

DASHBOARD, PORTAL = "/dashboard/subscriptions", "/organization/subscriptions"


def tell(by: By, subscription: Subscription, kind: str, **facts: object) -> None:
    """Customer and partners learn what happened; not the organisation that did it.

    A SKU or an organisation among the facts is named in the reader's language. ``kind`` chooses the sentence:
    suspended, reactivated, cancelled, expired, reduced, data_deleted, converted,
    upgraded, support_contact.
    """
    for tenant in (subscription.customer, subscription.tenant, subscription.reseller):
        if tenant is None or (tenant.pk == by.tenant_id and by.person_id is not None):
            continue
        site = PORTAL if tenant.pk == subscription.customer_id else DASHBOARD
        for person in administrators_of(tenant):
            _post(
                by,
                "subscriptions/changed",
                person,
                subscription.pk,
                kind=kind,
                product=subscription.title_in(person.language),
                customer=name_in(subscription.customer, person.language),
                provider=name_in(subscription.tenant, person.language),
                support=name_in(subscription.support_contact, person.language),
                details_link={"path": f"{site}/{subscription.pk}/"},
                **{name: _fact(value, person.language) for name, value in facts.items()},
            )


def _fact(value: object, language: str) -> object:
    if isinstance(value, Tenant):
        return name_in(value, language)
    if isinstance(value, Sku):
        return value.name_ja if language == Language.JAPANESE else value.name_en
    return value


def tell_transfer(by: By, transfer: Transfer, kind: str, tenants: list[Tenant], **facts: object) -> None:
    """The named parties learn how the transfer stands: asked, accepted, declined, withdrawn, completed."""
    for tenant in tenants:
        site = PORTAL if tenant.pk == transfer.customer_id else "/dashboard"
        for person in administrators_of(tenant):
            _post(
                by,
                "subscriptions/transfer",
                person,
                transfer.pk,
                kind=kind,
                customer=name_in(transfer.customer, person.language),
                source=name_in(transfer.tenant, person.language),
                target=name_in(transfer.target, person.language),
                expires_at=transfer.expires_at.isoformat(),
                details_link={"path": f"{site}/transfers/{transfer.pk}/"},
                **{name: _fact(value, person.language) for name, value in facts.items()},
            )


def tell_partnership_ended(
    by: By, *, customer: Tenant, provider: Tenant, reseller: Tenant, subscriptions: int
) -> None:
    """A shared customer learns that its two partners work together no longer, and who supports it now (C-13)."""
    for person in administrators_of(customer):
        _post(
            by,
            "subscriptions/partnership_ended",
            person,
            customer.pk,
            provider=name_in(provider, person.language),
            reseller=name_in(reseller, person.language),
            subscriptions=subscriptions,
            details_link={"path": f"{PORTAL}/"},
        )


def _post(by: By, message: str, person: Person, subject_id: uuid.UUID, **context: object) -> None:
    outbox.post(
        by,
        message,
        to=person.contact_email,
        language=person.language,
        subject_id=subject_id,
        context={"recipient": person.name, **context},
    )

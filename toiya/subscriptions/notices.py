"""Mails about subscriptions, each in its recipient's language; never a price in one."""

import uuid

from toiya.catalogue.models import Sku
from toiya.core.actor import By
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
                customer=subscription.customer.name_in(person.language),
                provider=subscription.tenant.name_in(person.language),
                support=subscription.support_contact.name_in(person.language),
                details_link={"path": f"{site}/{subscription.pk}/"},
                **{name: _fact(value, person.language) for name, value in facts.items()},
            )


def _fact(value: object, language: str) -> object:
    if isinstance(value, Tenant):
        return value.name_in(language)
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
                customer=transfer.customer.name_in(person.language),
                source=transfer.tenant.name_in(person.language),
                target=transfer.target.name_in(person.language),
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
            provider=provider.name_in(person.language),
            reseller=reseller.name_in(person.language),
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

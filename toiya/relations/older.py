"""The register of relationships made in older portals, imported once at approval (S-079, S-082, Q-13)."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Domain, Tenant
from toiya.relations.errors import AlreadyImported, NoSuchOrganization, NotRegistrable
from toiya.relations.models import OlderRelationship


def _of_domain(actor: Actor, name: str, field: str) -> Tenant:
    domain = Domain.objects.filter(name=name.strip().lower(), tenant__family_id=actor.family_id).first()
    if domain is None:
        raise NoSuchOrganization(
            _("No organization has a work account with the domain “%(domain)s”.") % {"domain": name},
            field=field,
        )
    return domain.tenant


@transaction.atomic
def register_older_relationship(
    actor: Actor, *, partner_domain: str, customer_domain: str, portal: str, since: dt.date
) -> OlderRelationship:
    """A relationship made elsewhere waits for the partner's approval, which imports it.

    For an approved reseller the import has happened, so nothing can be added: it invites its customer.
    Raises NoSuchOrganization, NotRegistrable.
    """
    actor.must(Permission.PARTNERS_MANAGE)
    partner = _of_domain(actor, partner_domain, "partner_domain")
    customer = _of_domain(actor, customer_domain, "customer_domain")
    Tenant.objects.select_for_update().get(pk=partner.pk)
    if partner.pk == customer.pk:
        raise NotRegistrable(_("Partner and customer must be two organizations."), field="customer_domain")
    if partner.tenant_capacities.filter(capacity=Capacity.RESELLER).exists():
        raise NotRegistrable(
            _("%(partner)s is approved already; the register was imported then. It can invite the customer.")
            % {"partner": reader_name(partner)},
            field="partner_domain",
        )
    if since > actor.now.date():
        raise NotRegistrable(_("The relationship cannot begin in the future."), field="since")
    if OlderRelationship.objects.filter(partner=partner, customer=customer, portal=portal).exists():
        raise NotRegistrable(_("This relationship is in the register already."), field="customer_domain")
    entry = OlderRelationship.objects.create(partner=partner, customer=customer, portal=portal, since=since)
    record(
        actor,
        AuditAction.REGISTER_OLDER_RELATIONSHIP,
        entry,
        tenant_id=actor.tenant_id,
        counterparty_id=partner.pk,
        customer_id=customer.pk,
        after={"portal": portal, "since": since},
    )
    return entry


@transaction.atomic
def remove_older_relationship(actor: Actor, *, entry_id: uuid.UUID) -> None:
    """Take an entry out of the register while it waits. Raises AlreadyImported."""
    actor.must(Permission.PARTNERS_MANAGE)
    entry = OlderRelationship.objects.visible_to(actor).select_for_update().get(pk=entry_id)
    if entry.imported_at is not None:
        raise AlreadyImported
    record(
        actor,
        AuditAction.REMOVE_OLDER_RELATIONSHIP,
        entry,
        tenant_id=actor.tenant_id,
        counterparty_id=entry.partner_id,
        customer_id=entry.customer_id,
        before={"portal": entry.portal, "since": entry.since},
    )
    entry.delete()
